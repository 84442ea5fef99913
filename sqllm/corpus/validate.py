"""What is missing or wrong in a corpus, downloaded or simulated, and what its splits share: in sentences."""

from __future__ import annotations

import hashlib
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import soundfile

from sqllm.corpus.nisqa_layout import (
    COLUMNS,
    DEGRADATION_COLUMNS,
    INDEX_NAME,
    SCORE_COLUMNS,
    SIMULATED,
    TRUTH_NAME,
    read_rows,
    split_of,
)
from sqllm.corpus.sources import SPLITS
from sqllm.scores import HIGHEST, LOWEST
from sqllm.signal.audio import SAMPLE_RATE

NISQA_SUBSETS = {
    "NISQA_TRAIN_SIM": 10_000,
    "NISQA_TRAIN_LIVE": 1_020,
    "NISQA_VAL_SIM": 2_500,
    "NISQA_VAL_LIVE": 200,
    "NISQA_TEST_FOR": 240,
    "NISQA_TEST_LIVETALK": 232,
    "NISQA_TEST_P501": 240,
}
WHERE_NISQA_IS = (
    "The NISQA corpus is NISQA_Corpus.zip of https://zenodo.org/records/4728081 (its description: "
    "https://github.com/gabrielmittag/NISQA/wiki/NISQA-Corpus); unpack it and give the folder that holds the index."
)
NEEDED = ("db", "filepath_deg", "mos")
TEACHERS_RANGE = (0.0, 5.5)  # teachers' labels run a little past the ends of the scale
SAMPLED = 24
NAMED = 3

Row = dict[str, str]
Record = tuple[Row, Mapping[str, Any]]


def check_corpus(folder: Path) -> list[str]:
    """What is missing or wrong in a corpus in the NISQA layout, a sentence each; an empty list when nothing is.

    Audio is read on a sample of each subset; everything else is looked at for every clip.
    """
    try:
        records = read_rows(folder)
    except FileNotFoundError:
        return [_no_index(folder)]
    except (ValueError, KeyError) as problem:
        return [f"{TRUTH_NAME} can't be read ({problem}): make the corpus again or delete that file."]
    rows = [row for row, _ in records]
    if not rows:
        return [f"{INDEX_NAME} lists no clip."]
    missing = [column for column in COLUMNS if column not in rows[0]]
    problems = [f"{INDEX_NAME} lacks the columns {', '.join(missing)}."] if missing else []
    if set(NEEDED) & set(missing):
        return problems
    subsets = group_by_subset(rows)
    problems += _wrong_subsets(subsets)
    for name, group in subsets.items():
        problems += [*_missing_files(folder, name, group), *_faulty_audio(folder, name, group)]
        problems += _wrong_ratings(name, group)
    return [*problems, *_wrong_records(records)]


def group_by_subset(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The index's rows by the name of their database, in the index's order."""
    subsets: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        subsets[row["db"]].append(row)
    return dict(subsets)


def find_leaks(folder: Path) -> list[str]:
    """What TRAIN, VAL and TEST share and should not: talkers, noises, rooms, references; a sentence for each pair.

    Talkers, noises and rooms are those that the truth says were drawn; older corpora name the talker in the index and
    the room with the reverberation. In a corpus rated by people `source` names a collection of speech, no talker, and
    is not looked at. References count as shared by their path or by their bytes (SHA-256).

    Raises `FileNotFoundError` when there is no index.
    """
    used: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row, truth in read_rows(folder):
        split = split_of(row["db"])
        for kind, names in drawn_sources(row, truth).items():
            used[kind][split] |= names
        if row.get("filepath_ref"):
            used["reference files"][split].add(row["filepath_ref"])
    used["recordings as reference (the same bytes)"] = _digests(folder, used["reference files"])
    return [sentence for kind, by_split in used.items() for sentence in _shared(kind, by_split)]


def drawn_sources(row: Mapping[str, str], truth: Mapping[str, Any]) -> dict[str, set[str]]:
    """The names of the talkers, noises and rooms that went into a clip, as far as the corpus tells."""
    drawn = truth.get("drawn", {})
    talkers, noises, rooms = ({str(name) for name in drawn.get(kind, ())} for kind in ("talkers", "noises", "rooms"))
    if row["db"].startswith(SIMULATED) and row.get("source"):
        talkers.add(row["source"])
    if not drawn:
        parameters = (artifact.get("parameters", {}) for artifact in truth.get("artifacts", ()))
        rooms = {str(p["room"]) for p in parameters if "room" in p}
    return {"talkers": talkers, "noises": noises, "rooms": rooms}


def _shared(kind: str, by_split: Mapping[str, set[str]]) -> Iterator[str]:
    for one, other in combinations(SPLITS, 2):
        both = sorted(by_split.get(one, set()) & by_split.get(other, set()))
        if both:
            yield f"{one} and {other} share {len(both):,} {kind}: {_name_some(both)}."


def _digests(folder: Path, references: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """SHA-256 (its start) of the references that have another split's reference of the same size, by split."""
    sizes: dict[int, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for split, names in references.items():
        for path in (folder / name for name in sorted(names)):
            if path.is_file():
                sizes[path.stat().st_size][split].append(path)
    digests: dict[str, set[str]] = defaultdict(set)
    for by_split in sizes.values():
        if len(by_split) > 1:
            for split, paths in by_split.items():
                digests[split] |= {hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in paths}
    return digests


def _no_index(folder: Path) -> str:
    if not folder.is_dir():
        return f"{folder} is not there. {WHERE_NISQA_IS}"
    below = next(iter(sorted(folder.glob(f"*/{INDEX_NAME}"))), None)
    if below:
        return f"{folder} holds no {INDEX_NAME}, but {below.parent} does: give that folder."
    return f"{folder} holds no {INDEX_NAME}. {WHERE_NISQA_IS}"


def _wrong_subsets(subsets: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """Databases of no split, and where it is the NISQA corpus, subsets that are absent or not whole."""
    for name in subsets:
        if not split_of(name):
            yield f"The database {name!r} is in no split: a database's name must hold TRAIN, VAL or TEST."
    if not any(name.startswith("NISQA_") for name in subsets):
        return
    for name, expected in NISQA_SUBSETS.items():
        found = len(subsets.get(name, ()))
        if not found:
            yield f"{name} of the NISQA corpus is absent: {expected:,} clips expected, 0 in the index."
        elif found != expected:
            yield f"{name} of the NISQA corpus is not whole: {expected:,} clips expected, {found:,} in the index."


def _missing_files(folder: Path, name: str, rows: Sequence[Row]) -> Iterator[str]:
    gone = [row["filepath_deg"] for row in rows if not (folder / row["filepath_deg"]).is_file()]
    if len(gone) == len(rows):
        yield f"{name} is listed with {len(rows):,} clips, but none of its files is there: {_name_some(gone)}."
        return
    if gone:
        yield f"{name}: {len(gone):,} of {len(rows):,} clips are missing: {_name_some(gone)}."
    if "LIVETALK" in name:  # recorded from telephone lines, without references
        return
    references = sorted({row["filepath_ref"] for row in rows if row.get("filepath_ref")})
    gone = [path for path in references if not (folder / path).is_file()]
    if gone:
        yield f"{name}: {len(gone):,} of {len(references):,} references are missing: {_name_some(gone)}."


def _faulty_audio(folder: Path, name: str, rows: Sequence[Row]) -> Iterator[str]:
    """Files of a drawn sample that can't be read, are empty, or have another sampling rate than they should."""
    listed = sorted({row[column] for row in rows for column in ("filepath_deg", "filepath_ref") if row.get(column)})
    there = [path for path in listed if (folder / path).is_file()]
    sample = random.Random(0).sample(there, min(SAMPLED, len(there)))
    faults: dict[str, list[str]] = defaultdict(list)
    for path in sorted(sample):
        if fault := _fault(folder / path, name.startswith(SIMULATED)):
            faults[fault].append(path)
    for fault, paths in faults.items():
        yield f"{name}: {len(paths)} of {len(sample)} sampled files {fault}: {_name_some(paths)}."


def _fault(path: Path, simulated: bool) -> str | None:
    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (soundfile.SoundFileError, OSError):
        return "can't be read as audio"
    if not len(samples):
        return "hold no samples"
    if simulated and rate != SAMPLE_RATE:
        return f"have a sampling rate of {rate:,} Hz instead of {SAMPLE_RATE:,} Hz"
    return f"have a sampling rate of only {rate:,} Hz" if rate < SAMPLE_RATE else None


def _wrong_ratings(name: str, rows: Sequence[Row]) -> Iterator[str]:
    """Ratings that are no numbers or off the scale, and clips without a MOS."""
    low, high = TEACHERS_RANGE if name.startswith(SIMULATED) else (LOWEST, HIGHEST)
    for column in (*SCORE_COLUMNS.values(), *DEGRADATION_COLUMNS.values()):
        values = {row["filepath_deg"]: as_number(row.get(column)) for row in rows}
        without = [path for path, value in values.items() if value is None]
        numbers = {path: value for path, value in values.items() if value is not None}
        outside = [f"{value:g} ({path})" for path, value in numbers.items() if not low <= value <= high]
        if without and column == "mos":
            yield f"{name}: {len(without):,} of {len(rows):,} clips have no mos: {_name_some(without)}."
        if outside:
            yield f"{name}: {len(outside):,} ratings in {column} are outside {low:g}-{high:g}: {_name_some(outside)}."


def as_number(text: str | None) -> float | None:
    """The number that a cell of the index holds; None for an empty cell, "nan" or a word."""
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _wrong_records(records: Sequence[Record]) -> Iterator[str]:
    """Clips that are listed twice, and simulated ones whose truth is not told."""
    listed = Counter(row["filepath_deg"] for row, _ in records)
    twice = [path for path, times in listed.items() if times > 1]
    if twice:
        yield f"{len(twice):,} clips are listed more than once: {_name_some(twice)}."
    untold = [row["filepath_deg"] for row, truth in records if row["db"].startswith(SIMULATED) and not truth]
    if untold:
        yield f"{TRUTH_NAME} says nothing of {len(untold):,} simulated clips: {_name_some(untold)}."


def _name_some(names: Sequence[str]) -> str:
    """The first three names, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
