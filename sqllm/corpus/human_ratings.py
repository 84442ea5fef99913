"""What many ratings look like together: mean, spread, correlations and a histogram; the NISQA corpus's are stored.

`human_ratings.csv` beside this file was made by `write_summaries(summarise_nisqa(labels), path)` from the ratings of
the NISQA corpus. It holds shares and moments of thousands of clips, no rating of any clip.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sqllm.corpus.nisqa_layout import SCORE_COLUMNS
from sqllm.scores import DIMENSIONS

STORED = Path(__file__).with_name("human_ratings.csv")
CENTRES = np.round(np.arange(1.0, 5.1, 0.2), 1)  # a bin for each value that five votes can average to
HALF_BIN = 0.1
MOS_SET = "NISQA_TRAIN_SIM"
DIMENSIONS_SET = "NISQA_TEST"


@dataclass(frozen=True)
class RatingSummary:
    """One dimension's ratings over many clips (1-5, 5 = best): moments, correlations to the others, histogram.

    `correlations` are Pearson's r to the other dimensions; `shares` is the share of clips per bin of .2 around 1.0,
    1.2, ... 5.0, shape [21], what lies outside counted into the outer bins.
    """

    ratings: str
    dimension: str
    clips: int
    mean: float
    sd: float
    correlations: Mapping[str, float]
    shares: np.ndarray


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's r of two [clips] arrays over the clips that both have; NaN with fewer than three or no spread."""
    known = np.isfinite(one) & np.isfinite(other)
    one, other = one[known], other[known]
    if len(one) < 3 or not one.std() or not other.std():
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def summarise(ratings: str, scores: Mapping[str, np.ndarray]) -> dict[str, RatingSummary]:
    """Summaries of [clips] arrays of ratings by dimension, without dimensions that have none; NaN is no rating."""
    summaries = {}
    for dimension, values in scores.items():
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        bins = np.clip(np.rint((known - CENTRES[0]) / (2 * HALF_BIN)), 0, len(CENTRES) - 1).astype(int)
        shares = np.bincount(bins, minlength=len(CENTRES)) / len(known)
        others = {name: correlation(values, scores[name]) for name in scores if name != dimension}
        mean, sd = float(known.mean()), float(known.std())
        summaries[dimension] = RatingSummary(ratings, dimension, len(known), mean, sd, others, shares)
    return summaries


def human_ratings() -> dict[str, RatingSummary]:
    """How people rated the NISQA corpus: the MOS of NISQA_TRAIN_SIM, the four dimensions of its three test sets.

    The correlations, those of the MOS too, are of the test sets, the only ones with ratings of all five at hand.
    """
    stored = {(summary.ratings, summary.dimension): summary for summary in _read_summaries(STORED)}
    mos, test_mos = stored[MOS_SET, "mos"], stored[DIMENSIONS_SET, "mos"]
    mos = RatingSummary(MOS_SET, "mos", mos.clips, mos.mean, mos.sd, test_mos.correlations, mos.shares)
    return {"mos": mos} | {name: stored[DIMENSIONS_SET, name] for name in DIMENSIONS[1:]}


def summarise_nisqa(labels: Path) -> list[RatingSummary]:
    """The summaries that are stored, from a folder with the NISQA corpus's ratings as two CSV files."""
    everything = _read_columns(labels / "nisqa_corpus_mos_no_audio.csv", {"mos": "mos"}, "NISQA_TRAIN_SIM/")
    tests = _read_columns(labels / "nisqa_test_human_no_audio.csv", SCORE_COLUMNS)
    return [*summarise(MOS_SET, everything).values(), *summarise(DIMENSIONS_SET, tests).values()]


def write_summaries(summaries: Iterable[RatingSummary], path: Path) -> None:
    """Write summaries as a CSV, a line each."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        correlations, shares = [f"r_{name}" for name in DIMENSIONS], [f"share_{centre}" for centre in CENTRES]
        writer.writerow(["ratings", "dimension", "clips", "mean", "sd", *correlations, *shares])
        for s in summaries:
            known = [f"{s.correlations[name]:.4f}" if name in s.correlations else "" for name in DIMENSIONS]
            moments = [f"{s.mean:.4f}", f"{s.sd:.4f}"]
            writer.writerow([s.ratings, s.dimension, s.clips, *moments, *known, *(f"{x:.4f}" for x in s.shares)])


def _read_columns(path: Path, columns: Mapping[str, str], prefix: str = "") -> dict[str, np.ndarray]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows: Sequence[Mapping[str, str]] = [r for r in csv.DictReader(file) if r["filepath_deg"].startswith(prefix)]
    return {name: np.array([float(row[column]) for row in rows]) for name, column in columns.items()}


def _read_summaries(path: Path) -> list[RatingSummary]:
    with path.open(newline="", encoding="utf-8") as file:
        return [
            RatingSummary(
                row["ratings"],
                row["dimension"],
                int(row["clips"]),
                float(row["mean"]),
                float(row["sd"]),
                {name: float(row[f"r_{name}"]) for name in DIMENSIONS if row[f"r_{name}"]},
                np.array([float(row[f"share_{centre}"]) for centre in CENTRES]),
            )
            for row in csv.DictReader(file)
        ]
