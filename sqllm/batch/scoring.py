"""`score_many`: a table of clips in, a table of scores out, a row a row, in order, also where a clip fails."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqllm.batch.columns import Layout, Wanted, judged_cells
from sqllm.batch.progress import watched
from sqllm.judge.hearing import describe_profile
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.listening import read_together
from sqllm.listeners.profiles import ListenerProfile, as_taught, get_profile
from sqllm.signal.audio import SAMPLE_RATE, SHORTEST_SECONDS, AudioError, Clip, load_clip
from sqllm.signal.decode import RawSamples

if TYPE_CHECKING:
    import pandas as pd

CLIPS_A_BATCH = 8
MOST_SECONDS_A_BATCH = 1200.0  # of decoded sound, so that memory is bounded for long clips too
MOST_BESIDE_A_PART = 1.0  # seconds by which a reference that was made for a part may be longer

Record = Mapping[Any, Any]


def score_many(
    judge: SpeechQualityLLM,
    table: pd.DataFrame | Sequence[str],
    profile: str | ListenerProfile | None = None,
    rationale: bool = False,
    progress: bool = False,
    raw: RawSamples | None = None,
    faults: bool = False,
    votes: bool = False,
) -> pd.DataFrame:
    """Score clips named by a table (column file; ref, and start and end in seconds, where wanted) or a list of paths;
    `raw` says what files without a header hold.

    Returns one row a row, in order: the table's own columns (see `Layout`), five means, five standard deviations,
    profile, seconds, speech (its share of the clip, 0-1), revision, warnings (joined by "; "), error (empty where the
    clip was scored), and what else is wanted (see `Wanted`). A clip without speech has no scores; its warnings say why.
    """
    import pandas as pd

    rows = table if isinstance(table, pd.DataFrame) else pd.DataFrame({"file": list(map(str, table))})
    layout = Layout.of([str(name) for name in rows.columns], Wanted(faults, rationale, votes))
    scored = score_rows(judge, rows.to_dict("records"), layout, profile, raw)
    return pd.DataFrame(list(watched(scored, len(rows)) if progress else scored), columns=layout.columns)


def revision_of(judge: SpeechQualityLLM) -> str:
    """What a row says of the model: all that moves its scores and isn't told by another column."""
    return judge.name["revision"]


def score_rows(
    judge: SpeechQualityLLM,
    records: Sequence[Record],
    layout: Layout,
    profile: str | ListenerProfile | None = None,
    raw: RawSamples | None = None,
    done: int = 0,
) -> Iterator[dict[str, Any]]:
    """`score_many` a row at a time, as each is made, so that what is done can be kept whatever happens next.

    The first `done` rows are left out. Batches are the same whatever was done: a row is the same to the last digit.
    """
    listener, loader = as_taught(get_profile(profile), judge.model.config.profiles), _Loader(raw)
    said = {"profile": describe_profile(listener), "revision": revision_of(judge), "warnings": "", "error": ""}
    for start in range(done - done % CLIPS_A_BATCH, len(records), CLIPS_A_BATCH):
        number = start
        for loaded in _batches(records[start : start + CLIPS_A_BATCH], loader):
            pairs = [(row.clip, row.reference) for row in loaded if row.clip is not None]
            heard = judge.listen_many(pairs)
            read_together(heard, listener, layout.wanted.faults or layout.wanted.rationale)
            hearings = iter(heard)
            for row in loaded:
                hearing = None if row.clip is None else next(hearings)
                if number >= done:
                    cells = {"error": row.error}
                    if hearing is not None:
                        cells |= judged_cells(hearing.rate(listener, layout.wanted.rationale), layout.wanted)
                    yield {**layout.own_cells(row.record), **said, **cells}
                number += 1


@dataclass(frozen=True)
class _Loaded:
    """A row with its clip and reference, or why there is none."""

    record: Record
    clip: Clip | None = None
    reference: Clip | None = None
    error: str = ""

    @property
    def seconds(self) -> float:
        return sum(clip.seconds for clip in (self.clip, self.reference) if clip is not None)


def _batches(records: Sequence[Record], loader: _Loader) -> Iterator[list[_Loaded]]:
    """Rows with their clips, as many at once as memory is meant for."""
    batch: list[_Loaded] = []
    for record in records:
        batch.append(loader.load(record))
        if sum(row.seconds for row in batch) > MOST_SECONDS_A_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class _Loader:
    """Decodes the clips of rows; parts of one file, and rows with one reference, decode it once when they follow."""

    def __init__(self, raw: RawSamples | None) -> None:
        self._clip = lru_cache(maxsize=1)(lambda path: load_clip(path, raw=raw))
        self._reference = lru_cache(maxsize=1)(lambda path: load_clip(path, raw=raw))

    def load(self, record: Record) -> _Loaded:
        try:
            if (file := _path(record.get("file"))) is None:
                raise AudioError("This row names no file.")
            start, end = _seconds(record, "start"), _seconds(record, "end")
            clip, named = self._clip(file), _path(record.get("ref"))
            reference = None if named is None else self._reference(named)
            if start is None and end is None:
                return _Loaded(record, clip, reference)
            part = cut_clip(clip, start, end)
            # A reference longer than the part runs beside the whole file; any other was made for the part.
            if reference is not None and reference.seconds > part.seconds + MOST_BESIDE_A_PART:
                reference = cut_clip(reference, start, end)
            return _Loaded(record, part, reference)
        except AudioError as problem:
            return _Loaded(record, error=str(problem))


def _path(value: object) -> str | None:
    """A cell that names a file; None for an empty one."""
    return os.fspath(value) if isinstance(value, str | os.PathLike) and str(value).strip() else None


def _seconds(record: Record, name: str) -> float | None:
    """A time of a row in seconds; None for an empty cell."""
    value = record.get(name)
    if value is None or value != value or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < float("inf"):
        raise AudioError(f"{name} is {str(value)!r}: it is to be a time in seconds, such as 12.5.")
    return number


def cut_clip(clip: Clip, start: float | None, end: float | None) -> Clip:
    """The part of a clip from `start` to `end`, in seconds; without one, from its beginning, or to its end.

    Raises `AudioError` with a sentence where that is not in the clip, or too short to rate.
    """
    first, last = start or 0.0, clip.seconds if end is None else min(end, clip.seconds)
    if first >= clip.seconds:
        raise AudioError(f"{clip.name} lasts {clip.seconds:.2f} s: nothing is left from {first:g} s on.")
    if last - first < SHORTEST_SECONDS - 1e-9:
        raise AudioError(
            f"{clip.name} from {first:g} to {last:g} s is {max(0.0, last - first):.2f} s long; "
            f"at least {SHORTEST_SECONDS:g} s is needed."
        )
    return replace(clip, samples=clip.samples[round(first * SAMPLE_RATE) : round(last * SAMPLE_RATE)])
