"""Measure the teachers and their fusion on speech that people rated.

    python -m train.teachers train/configs/teachers.yaml ratings=CSV nisqa_weights=DIR [out=TABLE.md]

Prints Markdown: Pearson r, Spearman rho and MAE after a first-order fit (ITU-T P.1401) a set, with and without the
clips that are their own reference. Settings and their meaning: `train/configs/teachers.yaml`.
"""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sqllm.corpus.fusion import VOICES, Voice, fuse
from sqllm.corpus.nisqa_layout import CorpusClip, read_ratings
from sqllm.corpus.teachers import TEACHERS, ask_all, load_teachers
from sqllm.training.settings import read_settings, run_command

FIGURES = ("r", "rho", "mae_fit")
Figures = dict[str, float]


@dataclass(frozen=True)
class TeacherSettings:
    """Which teachers to measure on which rated clips; `figures` is a CSV that keeps what they said.

    `nominal_level`: panels hear references at -26 dBov, whatever level the files have, and so do the teachers; clips
    without a reference stay as they are.
    """

    ratings: Path
    nisqa_weights: Path | None = None
    teachers: tuple[str, ...] = TEACHERS
    nominal_level: bool = True
    figures: Path | None = None
    out: Path | None = None


@dataclass(frozen=True)
class RatedClip:
    """A clip that people rated; `anchor`: it is the reference itself, so teachers with a reference hear no damage."""

    name: str
    group: str
    rating: float
    anchor: bool
    degraded: Path
    reference: Path | None


def rated_clips(ratings: Path) -> list[RatedClip]:
    """The clips of a CSV of ratings; one that is another clip's reference is its own."""
    clips = read_ratings(ratings)
    anchors = {clip.reference for clip in clips}

    def rated(clip: CorpusClip) -> RatedClip:
        anchor = clip.degraded in anchors
        name = clip.degraded.relative_to(ratings.parent).as_posix()
        reference = clip.degraded if anchor else clip.reference
        return RatedClip(name, clip.db, clip.scores["mos"], anchor, clip.degraded, reference)

    return [rated(clip) for clip in clips]


def ask_teachers(clips: Sequence[RatedClip], settings: TeacherSettings) -> list[Figures]:
    """What the teachers say of the first 10 s of every clip, kept in `settings.figures` and read from there again."""
    from tqdm import tqdm

    from sqllm.features.read_pair import read_pair

    kept = _read_figures(settings.figures) if settings.figures else {}
    missing = [clip for clip in clips if clip.name not in kept]
    teachers = load_teachers(settings.teachers, settings.nisqa_weights) if missing else []
    for clip in tqdm(missing, desc="teachers", unit="clip", mininterval=2, disable=not missing):
        level_of = clip.reference if settings.nominal_level else None
        kept[clip.name] = ask_all(teachers, *read_pair(clip.degraded, clip.reference, level_of))
    if settings.figures and missing:
        columns = list(dict.fromkeys(name for figures in kept.values() for name in figures))
        with settings.figures.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["file", *columns], restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows({"file": name} | figures for name, figures in kept.items())
    return [kept[clip.name] for clip in clips]


def _read_figures(path: Path) -> dict[str, Figures]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = [(row.pop("file"), row) for row in csv.DictReader(file)]
    return {name: {column: float(value) for column, value in row.items() if value} for name, row in rows}


def fused_mos(figures: Sequence[Figures], voices: Mapping[str, Voice] = VOICES) -> np.ndarray:
    """The fused MOS of every clip, [clips]; not a number where no teacher speaks."""
    return np.array([fuse(one, voices).scores.get("mos", np.nan) for one in figures])


def left_out(clips: Sequence[RatedClip], figures: Sequence[Figures]) -> np.ndarray:
    """The fused MOS with weights chosen on the other sets: the best mean Spearman of weights 0, 1/2, 1 beside NISQA v2.

    [clips]; tells how much of the fusion's figures is due to its weights having been chosen on the same clips.
    """
    groups = np.array([clip.group for clip in clips])
    rating = np.array([clip.rating for clip in clips])
    names = [name for name in VOICES if name != "NISQA v2"]
    weights = itertools.product((0, 0.5, 1), repeat=len(names))
    choices = [VOICES | {n: replace(VOICES[n], weight=w) for n, w in zip(names, row, strict=True)} for row in weights]
    mos = [fused_mos(figures, voices) for voices in choices]
    rho = {name: [_figures(one, rating, groups == name)["rho"] for one in mos] for name in sorted(set(groups))}
    chosen = np.full(len(clips), np.nan)
    for name in rho:
        elsewhere = [rho[other] for other in rho if other != name]
        if elsewhere:
            chosen[groups == name] = mos[int(np.argmax(np.mean(elsewhere, axis=0)))][groups == name]
    return chosen


def _figures(predicted: np.ndarray, rating: np.ndarray, chosen: np.ndarray) -> dict[str, float]:
    from sqllm.evaluation.metrics import fit_figures

    known = chosen & np.isfinite(predicted)
    return fit_figures(predicted[known], rating[known]) if known.sum() > 2 else {}


def teacher_table(clips: Sequence[RatedClip], figures: Sequence[Figures]) -> str:
    """A Markdown table: a row a teacher's figure and the fusion, a column a set, and a set without its anchors."""
    rows = {name: np.array([one.get(name, np.nan) for one in figures]) for name in _columns(figures)}
    alone = {name: voice for name, voice in VOICES.items() if name != "with a reference"}
    level_free = [
        one | {"nisqa_mos": one.get("nisqa_mos_nominal", np.nan), "nisqa_mos_later": np.nan} for one in figures
    ]
    rows |= {
        "**fused**": fused_mos(figures),
        "fused, every clip at -26 dBov": fused_mos(level_free),
        "fused, without a reference": fused_mos(figures, alone),
    }
    rows["fused, weights chosen on the other sets"] = left_out(clips, figures)
    groups, anchors = (np.array([getattr(clip, name) for clip in clips]) for name in ("group", "anchor"))
    columns = {}
    for group in dict.fromkeys(groups.tolist()):
        columns[group] = groups == group
        if anchors[groups == group].any():
            columns[f"{group}, no anchors"] = (groups == group) & ~anchors
    rating = np.array([clip.rating for clip in clips])
    lines = [
        "| figure | " + " | ".join(f"{name} ({chosen.sum()})" for name, chosen in columns.items()) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, predicted in rows.items():
        measured = [_figures(predicted, rating, chosen) for chosen in columns.values()]
        cells = [" / ".join(f"{one[figure]:.3f}" for figure in FIGURES) if one else "-" for one in measured]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([f"Cells: {' / '.join(FIGURES)}.", "", *lines])


def _columns(figures: Sequence[Figures]) -> list[str]:
    overall = (
        "nisqa_mos",
        "nisqa_mos_later",
        "nisqa_mos_nominal",
        "distillmos",
        "distillmos_whole",
        "dnsmos_ovr",
        "plcmos",
        "pesq",
        "visqol",
    )
    return [name for name in overall if any(name in one for one in figures)]


def measure_teachers(arguments: Sequence[str]) -> None:
    """Print (and write) the table that the settings ask for."""
    settings = read_settings(TeacherSettings, arguments)
    clips = rated_clips(settings.ratings)
    table = teacher_table(clips, ask_teachers(clips, settings))
    print(table)
    if settings.out:
        settings.out.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], measure_teachers)
