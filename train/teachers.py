"""Measure the teachers and their fusion on speech that people rated.

    python -m train.teachers train/configs/teachers.yaml ratings=CSV nisqa_weights=DIR [out=TABLE.md]

Prints Markdown: Pearson r, Spearman rho and MAE after a first-order fit (ITU-T P.1401) a set, with and without the
clips that are their own reference, of the teachers, the single-ended label and the double-ended one; then the same of
the dimensions that were rated. Settings and their meaning: `train/configs/teachers.yaml`.
"""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sqllm.corpus.fusion import DOUBLE_VOICES, VOICES, Fused, Voice, fuse, fuse_beside
from sqllm.corpus.nisqa_layout import CorpusClip, read_ratings
from sqllm.corpus.teachers import TEACHERS, ask_all, load_teachers
from sqllm.scores import DIMENSIONS
from sqllm.training.settings import read_settings, run_command

FIGURES = ("r", "rho", "mae_fit")
# Weights that the double-ended label could have had, beside NISQA v2's of 1.
WEIGHTS = {"Distill-MOS": (0.0, 0.5, 1.0), "PESQ": (0.5, 1.0, 1.5, 2.0), "ViSQOL": (0.0, 0.5, 1.0)}
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
    """A clip that people rated, overall and in some dimensions; `anchor`: it is the reference itself, so that teachers
    with a reference hear no damage. The reference, too, has a name under which its figures are known.
    """

    name: str
    group: str
    scores: Mapping[str, float]
    anchor: bool
    degraded: Path
    reference: Path | None
    reference_name: str = ""

    @property
    def rating(self) -> float:
        return self.scores["mos"]


def rated_clips(ratings: Path) -> list[RatedClip]:
    """The clips of a CSV of ratings; one that is another clip's reference is its own."""
    clips = read_ratings(ratings)
    anchors = {clip.reference for clip in clips}

    def name(path: Path | None) -> str:
        return path.relative_to(ratings.parent).as_posix() if path else ""

    def rated(clip: CorpusClip) -> RatedClip:
        anchor = clip.degraded in anchors
        reference = clip.degraded if anchor else clip.reference
        return RatedClip(name(clip.degraded), clip.db, clip.scores, anchor, clip.degraded, reference, name(reference))

    return [rated(clip) for clip in clips]


def unrated_references(clips: Sequence[RatedClip]) -> list[RatedClip]:
    """The references of some clips that nobody rated, as clips that are their own reference."""
    names = {clip.name for clip in clips}
    paths = {clip.reference_name: clip.reference for clip in clips if clip.reference}
    return [
        RatedClip(name, "", {"mos": np.nan}, True, path, path, name)
        for name, path in paths.items()
        if name not in names
    ]


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


def double_labels(
    clips: Sequence[RatedClip], known: Mapping[str, Figures], voices: Mapping[str, Voice] = DOUBLE_VOICES
) -> list[Fused]:
    """The double-ended label of every clip, by the figures of clips and references; empty without a reference."""
    return [
        fuse_beside(known[clip.name], known[clip.reference_name], voices=voices)
        if clip.reference
        else Fused({}, {}, 0.0)
        for clip in clips
    ]


def chosen_elsewhere(clips: Sequence[RatedClip], known: Mapping[str, Figures]) -> tuple[np.ndarray, dict[str, str]]:
    """The double-ended MOS, [clips], with the weights of `WEIGHTS` that have the best mean r on the other sets rated on
    the opinion scale; and which these are, a set each.
    """
    from sqllm.evaluation.metrics import HIGHEST_OPINION

    voices = {name: VOICES[name] for name in ("NISQA v2", "Distill-MOS")} | {
        "PESQ": DOUBLE_VOICES["PESQ"],
        "ViSQOL": replace(VOICES["with a reference"], maps={"visqol": VOICES["with a reference"].maps["visqol"]}),
    }
    rows = list(itertools.product(*WEIGHTS.values()))
    choices = [
        voices | {name: replace(voices[name], weight=weight) for name, weight in zip(WEIGHTS, row, strict=True)}
        for row in rows
    ]
    mos = [_overall(double_labels(clips, known, choice)) for choice in choices]
    groups, rating = np.array([clip.group for clip in clips]), np.array([clip.rating for clip in clips])
    fits = {name: [_figures(one, rating, groups == name) for one in mos] for name in dict.fromkeys(groups.tolist())}
    chosen, weights = np.full(len(clips), np.nan), {}
    for name, own in fits.items():
        others = [other for other in fits if other != name and rating[groups == other].max() <= HIGHEST_OPINION]
        known_r = [[fit["r"] for fit in fits[other]] for other in others if all(fits[other])]
        if all(own) and known_r:
            best = int(np.argmax(np.mean(known_r, axis=0)))
            chosen[groups == name] = mos[best][groups == name]
            weights[name] = ", ".join(f"{voice} {weight:g}" for voice, weight in zip(WEIGHTS, rows[best], strict=True))
    return chosen, weights


def _overall(labels: Sequence[Fused]) -> np.ndarray:
    return np.array([label.scores.get("mos", np.nan) for label in labels])


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

    known = chosen & np.isfinite(predicted) & np.isfinite(rating)
    return fit_figures(predicted[known], rating[known]) if known.sum() > 2 else {}


def teacher_table(clips: Sequence[RatedClip], known: Mapping[str, Figures]) -> str:
    """A Markdown table: a row a teacher's figure and the labels, a column a set, and a set without its anchors; below
    it the weights that the double-ended label would have without each set.
    """
    figures = [known[clip.name] for clip in clips]
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
    pair = {name: replace(DOUBLE_VOICES[name], weight=1.0) for name in ("NISQA v2", "PESQ")}
    rows["mean of NISQA v2 and PESQ"] = np.where([c.reference is None for c in clips], np.nan, fused_mos(figures, pair))
    rows["**double-ended**"] = _overall(double_labels(clips, known))
    rows["double-ended, weights chosen on the other sets"], weights = chosen_elsewhere(clips, known)
    rating = np.array([clip.rating for clip in clips])
    told = [f"- without {name}: {chosen}" for name, chosen in weights.items()]
    lines = _table("figure", rows, dict.fromkeys(rows, rating), _subsets(clips))
    return "\n".join(
        [
            f"Cells: {' / '.join(FIGURES)}.",
            "",
            *lines,
            *(["", "Weights beside NISQA v2's of 1:", "", *told] if told else []),
        ]
    )


def dimension_table(clips: Sequence[RatedClip], known: Mapping[str, Figures]) -> str:
    """A Markdown table of the dimensions that were rated: NISQA v2 and both labels; empty where none was."""
    figures = [known[clip.name] for clip in clips]
    labels = {
        "single-ended": [fuse(one).scores for one in figures],
        "double-ended": [label.scores for label in double_labels(clips, known)],
    }
    rows: dict[str, np.ndarray] = {}
    ratings: dict[str, np.ndarray] = {}
    for dimension in DIMENSIONS[1:]:
        rated = np.array([clip.scores.get(dimension, np.nan) for clip in clips])
        said = {"nisqa": np.array([one.get(f"nisqa_{dimension}", np.nan) for one in figures])}
        said |= {name: np.array([one.get(dimension, np.nan) for one in row]) for name, row in labels.items()}
        rows |= {f"{dimension}, {name}": values for name, values in said.items()}
        ratings |= {f"{dimension}, {name}": rated for name in said}
    known_rows = np.array([len(clip.scores) > 1 for clip in clips])
    subsets = {name: chosen for name, chosen in _subsets(clips).items() if (chosen & known_rows).sum() > 2}
    return "\n".join(_table("dimension", rows, ratings, subsets)) if subsets else ""


def _subsets(clips: Sequence[RatedClip]) -> dict[str, np.ndarray]:
    """Which clips, [clips], belong to each set, and to a set without its anchors."""
    groups, anchors = (np.array([getattr(clip, name) for clip in clips]) for name in ("group", "anchor"))
    subsets = {}
    for group in dict.fromkeys(groups.tolist()):
        subsets[group] = groups == group
        if anchors[groups == group].any():
            subsets[f"{group}, no anchors"] = (groups == group) & ~anchors
    return subsets


def _table(
    head: str, rows: Mapping[str, np.ndarray], ratings: Mapping[str, np.ndarray], subsets: Mapping[str, np.ndarray]
) -> list[str]:
    """The lines of a table of figures: a row each, [clips], with its ratings, [clips]; a column a subset."""
    from sqllm.evaluation.tables import markdown_table

    lines = []
    for name, predicted in rows.items():
        measured = [_figures(predicted, ratings[name], chosen) for chosen in subsets.values()]
        lines.append(
            [name, *(" / ".join(f"{one[figure]:.3f}" for figure in FIGURES) if one else "-" for one in measured)]
        )
    return markdown_table([head, *(f"{name} ({chosen.sum()})" for name, chosen in subsets.items())], lines)


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
    asked = [*clips, *unrated_references(clips)]
    known = {clip.name: figures for clip, figures in zip(asked, ask_teachers(asked, settings), strict=True)}
    table = "\n\n".join(filter(None, (teacher_table(clips, known), dimension_table(clips, known))))
    print(table)
    if settings.out:
        settings.out.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], measure_teachers)
