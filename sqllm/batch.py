"""`score_many`: a table of clips in, a table of scores out, a row a row, in order, also where a clip fails."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.profiles import ListenerProfile
from sqllm.manifest import read_manifest
from sqllm.scores import DIMENSIONS, clamp
from sqllm.signal.audio import AudioError, Clip, load_clip
from sqllm.signal.decode import RawSamples
from sqllm.signal.folder import media_files

if TYPE_CHECKING:
    import pandas as pd

SCORE_COLUMNS = [*DIMENSIONS, *(f"{dimension}_std" for dimension in DIMENSIONS)]
COLUMNS = ["file", "condition", *SCORE_COLUMNS, "warnings", "error"]
CLIPS_A_BATCH = 8


def list_clips(source: Path) -> pd.DataFrame:
    """The table to score: a folder's audio and video files by name, or a CSV with columns file[,ref][,condition] (as
    `sqllm.manifest.read_manifest` reads it). Raises `ValueError` with a sentence when there is nothing.
    """
    import pandas as pd

    if source.is_dir():
        if not (files := media_files(source)):
            raise ValueError(f"{source} holds no audio files.")
        return pd.DataFrame({"file": [str(path) for path in files]})
    if not source.is_file():
        raise ValueError(f"There is no folder or CSV file at {source}.")
    manifest = read_manifest(source)
    return pd.DataFrame(manifest.rows, columns=list(manifest.columns), dtype=str)


def score_many(
    judge: SpeechQualityLLM,
    table: pd.DataFrame | Sequence[str],
    profile: str | ListenerProfile | None = None,
    rationale: bool = False,
    progress: bool = False,
    raw: RawSamples | None = None,
) -> pd.DataFrame:
    """Score clips named by a table (columns file[, ref][, condition]) or a list of paths; `raw` says what files without
    a header hold.

    Returns one row a row, in order: file, condition, five means, five standard deviations, warnings (joined by "; "),
    error (empty where the clip was scored), and `rationale` if wanted. A clip without speech has no scores; its
    warnings say why.
    """
    import pandas as pd

    rows = table if isinstance(table, pd.DataFrame) else pd.DataFrame({"file": list(map(str, table))})
    scored = list(score_rows(judge, rows.to_dict("records"), profile, rationale, progress, raw))
    return pd.DataFrame(scored, columns=columns_of(rationale))


def columns_of(rationale: bool = False) -> list[str]:
    """The columns of what `score_many` gives."""
    return [*COLUMNS, *(["rationale"] if rationale else [])]


def score_rows(
    judge: SpeechQualityLLM,
    records: Sequence[dict[Any, Any]],
    profile: str | ListenerProfile | None = None,
    rationale: bool = False,
    progress: bool = False,
    raw: RawSamples | None = None,
) -> Iterator[dict[str, Any]]:
    """`score_many` a row at a time, as each is made, so that what is done can be kept whatever happens next."""
    from tqdm import tqdm

    with tqdm(total=len(records), unit="clip", disable=not progress) as bar:
        for start in range(0, len(records), CLIPS_A_BATCH):
            for row in _score_batch(judge, records[start : start + CLIPS_A_BATCH], profile, rationale, raw):
                yield row
                bar.update()


def write_scores(out: Path, rows: Iterable[dict[str, Any]], rationale: bool = False) -> None:
    """Write rows to a CSV file as they come: one that ends early, also by Ctrl-C, leaves those that are done."""
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns_of(rationale), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            file.flush()


def _score_batch(
    judge: SpeechQualityLLM,
    records: Sequence[dict[Any, Any]],
    profile: str | ListenerProfile | None,
    rationale: bool,
    raw: RawSamples | None,
) -> list[dict[str, Any]]:
    scored = [{"file": r["file"], "condition": r.get("condition", ""), "warnings": "", "error": ""} for r in records]
    loaded: list[tuple[dict[str, Any], Clip, Clip | None]] = []
    for row, record in zip(scored, records, strict=True):
        try:
            if not record["file"]:
                raise AudioError("This row names no file.")
            reference = record.get("ref")
            clip = load_clip(record["file"], raw=raw)
            loaded.append((row, clip, load_clip(reference, raw=raw) if reference else None))
        except AudioError as problem:
            row["error"] = str(problem)
    hearings = judge.listen_many([(clip, reference) for _, clip, reference in loaded])
    for (row, _, _), hearing in zip(loaded, hearings, strict=True):
        judgement = hearing.rate(profile, rationale)
        for name, score in (judgement.scores or {}).items():
            row[name] = round(score.mean, 3)
            row[f"{name}_std"] = round(score.std, 3)
        row["warnings"] = "; ".join(judgement.warnings)
        if rationale:
            row["rationale"] = judgement.rationale
    return scored


def read_scores(path: Path) -> pd.DataFrame:
    """A table that `write_scores` wrote: scores as numbers, all else as text."""
    import pandas as pd

    empty = {name: [""] for name in SCORE_COLUMNS}
    texts = {name: str for name in ("file", "condition", "warnings", "error", "rationale")}
    return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=empty)


def summarise(scored: pd.DataFrame) -> Iterator[str]:
    """Lines for the end of a run: counts, and MOS mean, sd and 95% interval, overall and a condition.

    The interval tells how the mean would vary with the choice of clips (Student's t, kept on the scale); what each
    clip's own score is uncertain by stands behind it.
    """
    good = scored[scored["mos"].notna()]
    speechless = len(scored) - len(good) - int((scored["error"] != "").sum())
    without = f"; {speechless} without speech" if speechless else ""
    yield f"{len(good)} of {len(scored)} clips scored{without}."
    if good.empty:
        return
    groups = [("all clips", good)]
    if (good["condition"] != "").any():
        groups += [(str(name), group) for name, group in good.groupby("condition")]
    for name, group in groups:
        mos, own = group["mos"], float(np.sqrt(np.mean(np.square(group["mos_std"]))))
        spread = f"MOS {mos.mean():.2f}, sd {mos.std(ddof=0):.2f}, n {len(mos)}"
        yield f"{name}: {spread}{_interval_over_clips(mos)}; each clip's score +-{own:.2f}"


def _interval_over_clips(values: pd.Series) -> str:
    from scipy.stats import t

    if len(values) < 2:
        return ""
    half = float(t.ppf(0.975, len(values) - 1) * values.std() / len(values) ** 0.5)
    return f", 95% interval over clips {clamp(values.mean() - half):.2f} to {clamp(values.mean() + half):.2f}"
