"""The NISQA corpus's own layout, written by the simulator and read by training and evaluation.

A corpus is a folder with `NISQA_corpus_file.csv` and, beside it, the clips it names (`filepath_deg`, `filepath_ref`).
Ours adds `truth.jsonl`, one line a clip, with its artifacts, the labels of listeners who hear it otherwise and what the
teachers say of its reference; and columns of double-ended labels (`dmos`, `dmos_std` ...): the clip judged beside its
reference, as in the degradation category rating of ITU-T P.800, Annex D. What was done to the NISQA corpus's own
simulated clips is read from its tables of parameters.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqllm.corpus.nisqa_parameters import read_parameters
from sqllm.scores import DIMENSIONS, HeardArtifact

INDEX_NAME = "NISQA_corpus_file.csv"
TRUTH_NAME = "truth.jsonl"
SIMULATED = "SQLLM_"  # how the simulator's databases begin; their labels are teachers', not people's
COLUMNS = [
    "db",
    "con",
    "file",
    "con_description",
    "filename_deg",
    "filename_ref",
    "source",
    "lang",
    "votes",
    "mos",
    "noi",
    "col",
    "dis",
    "loud",
    "mos_std",
    "noi_std",
    "col_std",
    "dis_std",
    "loud_std",
    "filepath_deg",
    "filepath_ref",
]
SCORE_COLUMNS = dict(zip(DIMENSIONS, ("mos", "noi", "col", "dis", "loud"), strict=True))
DEGRADATION_COLUMNS = {dimension: f"d{column}" for dimension, column in SCORE_COLUMNS.items()}


@dataclass(frozen=True)
class CorpusClip:
    """One row: where the clip and its reference lie, its ratings (1-5), and, where known, what was done to it.

    `level_of` is a recording that was heard at the nominal level, and the clip with the same gain (`at_nominal_level`);
    without it the clip is heard as it is. `recorded` are faults that the clean recording came with.
    `degradation_scores` rate the clip beside its reference (5: nothing differs), where such labels are known; `lost` is
    the share of the reference's speech that is not in the clip.
    """

    degraded: Path
    reference: Path | None
    db: str
    condition: str
    lang: str
    votes: int
    scores: Mapping[str, float]
    stds: Mapping[str, float] = field(default_factory=dict)
    profile_scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    artifacts: tuple[HeardArtifact, ...] | None = None
    speech: bool = True
    level_of: Path | None = None
    recorded: tuple[HeardArtifact, ...] = ()
    degradation_scores: Mapping[str, float] = field(default_factory=dict)
    degradation_stds: Mapping[str, float] = field(default_factory=dict)
    lost: float = 0.0

    def labels(self, reference: bool = False) -> Mapping[str, float]:
        """The labels of the clip alone or beside its reference; the same where a corpus has no others."""
        return (self.degradation_scores if reference else None) or self.scores

    def label_stds(self, reference: bool = False) -> Mapping[str, float]:
        """The standard deviation of a listener's vote about each of `labels`, as far as it is known."""
        return self.degradation_stds if reference and self.degradation_scores else self.stds

    def faults(self, reference: bool = False) -> tuple[HeardArtifact, ...]:
        """What a listener hears wrong with the clip: what was done to it and, unless a reference tells better, what its
        recording came with. Empty where neither is known.
        """
        return (self.artifacts or ()) if reference else (*self.recorded, *(self.artifacts or ()))

    @property
    def split(self) -> str:
        """TRAIN, VAL or TEST, by the name of the database, as in the NISQA corpus."""
        return split_of(self.db)


def split_of(db: str) -> str:
    """The split that a database's name holds: TRAIN, VAL or TEST; empty where it holds none."""
    return next((split for split in ("TRAIN", "VAL", "TEST") if split in db), "")


def read_corpus(folder: Path, split: str | None = None) -> list[CorpusClip]:
    """The clips of a corpus in the NISQA layout, those of one split or all.

    Raises `FileNotFoundError` when the index is not there, `ValueError` when it lacks the MOS or the file names.
    """
    columns, rows = _read_index(folder)
    missing = {"db", "filepath_deg", "mos"} - set(columns)
    if missing:
        raise ValueError(f"{folder / INDEX_NAME} lacks the columns {', '.join(sorted(missing))}.")
    truths, listed = _read_truth(folder / TRUTH_NAME), read_parameters(folder)
    names = (row["filepath_deg"] for row in rows)
    clips = [
        _clip_of_row(folder, row, truths.get(name, {}), listed.get(name)) for row, name in zip(rows, names, strict=True)
    ]
    return [clip for clip in clips if split is None or clip.split == split]


def _read_index(folder: Path) -> tuple[Sequence[str], list[dict[str, str]]]:
    """The index's columns and rows; a cell that a row lacks is empty."""
    index = folder / INDEX_NAME
    if not index.is_file():
        raise FileNotFoundError(f"{folder} is not a corpus: it holds no {INDEX_NAME}.")
    with index.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, restval="")
        return reader.fieldnames or (), list(reader)


def read_ratings(path: Path) -> list[CorpusClip]:
    """Clips of a CSV of ratings: file[, ref][, set][, lang], mos or overall, and the dimensions that were rated.

    Files are relative to the CSV's folder; dimensions have the NISQA corpus's names (noi, col, dis, loud) or ours.

    A reference that is the clip itself counts as none. Raises `ValueError` when a needed column is missing.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    column = next((name for name in ("mos", "overall") if rows and name in rows[0]), None)
    if column is None or "file" not in rows[0]:
        raise ValueError(f"{path} needs the columns file, and mos or overall.")
    clips = []
    for row in rows:
        reference = row.get("ref") or ""
        paired = path.parent / reference if reference and reference != row["file"] else None
        name, condition, lang = row.get("set") or path.stem, row.get("condition") or "", row.get("lang") or ""
        scores = _numbers(row, {d: d for d in DIMENSIONS}) | _numbers(row, SCORE_COLUMNS) | {"mos": float(row[column])}
        clips.append(CorpusClip(path.parent / row["file"], paired, name, condition, lang, 0, scores))
    return clips


def at_nominal_level(clips: Sequence[CorpusClip]) -> list[CorpusClip]:
    """Clips as a panel heard them: each with the gain that brings its reference to -26 dBov, whatever the files' level.

    A clip that is another's reference is its own; one without any reference stays as it is.
    """
    anchors = {clip.reference for clip in clips}
    return [
        replace(clip, level_of=clip.reference or (clip.degraded if clip.degraded in anchors else None))
        for clip in clips
    ]


def _numbers(row: Mapping[str, str], columns: Mapping[str, str], suffix: str = "") -> dict[str, float]:
    """A row's ratings by dimension, those that it has, from the columns that hold them."""
    cells = ((dimension, row.get(column + suffix)) for dimension, column in columns.items())
    return {dimension: float(value) for dimension, value in cells if value not in (None, "", "nan")}


def _clip_of_row(
    folder: Path, row: Mapping[str, str], truth: Mapping[str, Any], listed: tuple[HeardArtifact, ...] | None
) -> CorpusClip:
    """`listed` are the faults by the NISQA corpus's parameters, for a clip without `truth`."""
    return CorpusClip(
        folder / row["filepath_deg"],
        folder / row["filepath_ref"] if row.get("filepath_ref") else None,
        row["db"],
        row.get("con_description") or row.get("con") or "",
        row.get("lang") or "",
        int(float(row.get("votes") or 0)),
        _numbers(row, SCORE_COLUMNS),
        _numbers(row, SCORE_COLUMNS, "_std"),
        truth.get("profile_scores", {}),
        _artifacts(truth["artifacts"]) if truth.get("artifacts") is not None else listed,
        truth.get("speech", True),
        recorded=_artifacts(truth.get("recorded", ())),
        degradation_scores=_numbers(row, DEGRADATION_COLUMNS),
        degradation_stds=_numbers(row, DEGRADATION_COLUMNS, "_std"),
        lost=truth.get("lost", 0.0),
    )


def _artifacts(values: Iterable[Mapping[str, Any]]) -> tuple[HeardArtifact, ...]:
    return tuple(HeardArtifact(a["kind"], a["severity"], tuple(map(tuple, a["spans"]))) for a in values)


def _read_truth(path: Path) -> dict[str, Mapping[str, Any]]:
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {record["file"]: record for record in map(json.loads, lines)}


def read_rows(folder: Path) -> list[tuple[dict[str, str], Mapping[str, Any]]]:
    """The index's rows as they are written, each with its line of truth (empty where there is none).

    Raises `FileNotFoundError` when the index is not there, `ValueError` when the truth can't be read.
    """
    truths = _read_truth(folder / TRUTH_NAME)
    return [(row, truths.get(row.get("filepath_deg", ""), {})) for row in _read_index(folder)[1]]


def write_index(folder: Path, rows: Sequence[Mapping[str, object]], truths: Iterable[Mapping[str, object]]) -> None:
    """Write the index and the truth of a corpus, in the order given; our own columns stand behind NISQA's."""
    own = sorted({name for row in rows for name in row} - set(COLUMNS))
    with (folder / INDEX_NAME).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *own], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    write_truth(folder, truths)


def write_truth(folder: Path, truths: Iterable[Mapping[str, object]]) -> None:
    """Write the truth of a corpus, whole or not at all."""
    partial = folder / (TRUTH_NAME + ".partial")
    partial.write_text("".join(json.dumps(truth, sort_keys=True) + "\n" for truth in truths), encoding="utf-8")
    partial.replace(folder / TRUTH_NAME)


def comparable(clip: CorpusClip) -> bool:
    """Whether a clip can be compared with another: it holds speech and has all five scores."""
    return clip.speech and set(clip.scores) == set(DIMENSIONS)
