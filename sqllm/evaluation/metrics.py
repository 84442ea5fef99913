"""Evaluation: scores read from a model against labels, per dimension, and the figures that P.1401 asks for."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.features.token_set import TokenSet
from sqllm.judge.readout import Heard, Reading, Vocabulary, read_tokens
from sqllm.listeners.profiles import TYPICAL, ListenerProfile
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, HIGHEST, LOWEST, Score

DRAWS = 1000
NOMINAL_COVERAGES = np.round(np.arange(0.10, 0.951, 0.05), 2)
INTERVAL = 0.9
HIGHEST_OPINION = 6.0  # labels above it are of another scale than 1-5, such as MUSHRA's 0-100
HALF_STEP = 0.05  # of the grid of scores
FEWEST = 3  # clips that a figure needs


@dataclass(frozen=True)
class Fit:
    """How predictions follow the labels of `clips` clips: the figures of ITU-T P.1401, errors as means over the clips.

    `r` is Pearson's, with its 95% bootstrap interval from `r_low` to `r_high`; `rho` is Spearman's. `mae` and `rmse`
    are raw, None where labels are of another scale than 1-5; `mae_fit` and `rmse_fit` follow the first-order fit
    label = `slope` x prediction + `offset`. `coverage` is the share of labels in the 90% interval of the predicted
    distribution and `width` the interval's mean width, None where a model predicts no distribution.
    """

    clips: int
    r: float
    r_low: float
    r_high: float
    rho: float
    mae: float | None
    rmse: float | None
    mae_fit: float
    rmse_fit: float
    slope: float
    offset: float
    coverage: float | None = None
    width: float | None = None


@dataclass(frozen=True)
class Ratings:
    """What one model says of the clips of a set: means by dimension, [clips], not a number where it says nothing.

    `scores` are the distributions behind the means, of a model that has them.
    """

    model: str
    means: Mapping[str, np.ndarray]
    scores: Mapping[str, Sequence[Score]] = field(default_factory=dict)

    @classmethod
    def of(cls, model: str, heard: Sequence[Heard]) -> Ratings:
        """Of what our model read for the first listener it was asked for."""
        scores = {d: [one.scores[0][d] for one in heard] for d in DIMENSIONS}
        return cls(model, {d: np.array([score.mean for score in row]) for d, row in scores.items()}, scores)

    def chosen(self, rows: Sequence[int]) -> Ratings:
        """What it says of the clips of some rows."""
        means = {d: values[list(rows)] for d, values in self.means.items()}
        return Ratings(self.model, means, {d: [values[row] for row in rows] for d, values in self.scores.items()})


@dataclass(frozen=True)
class Measured:
    """One figure of a report: what `model` says of a `dimension` of the clips of a `group`.

    `by` is what the clips are grouped by: all (one group), kind (what was done to them) or language.
    """

    by: str
    group: str
    model: str
    dimension: str
    fit: Fit


@dataclass(frozen=True)
class Calibration:
    """`observed` shares of labels in the central intervals that should hold `nominal` shares of them, [18] each."""

    model: str
    dimension: str
    observed: np.ndarray
    nominal: np.ndarray = field(default_factory=lambda: NOMINAL_COVERAGES)


@dataclass(frozen=True)
class Labels:
    """The labels of a set by dimension, [clips], not a number where a clip has none.

    `opinion` tells whether they are opinion scores, 1-5; they are then clamped to that scale.
    """

    values: Mapping[str, np.ndarray]
    opinion: bool

    @classmethod
    def of(cls, clips: Sequence[CorpusClip], reference: bool = False) -> Labels:
        """The labels of clips alone or, where they have such, beside their `reference`."""
        rows = [clip.labels(reference) for clip in clips]
        values = {d: np.array([row.get(d, np.nan) for row in rows], dtype=float) for d in DIMENSIONS}
        known = {d: labels for d, labels in values.items() if np.isfinite(labels).any()}
        opinion = all(np.nanmax(labels) <= HIGHEST_OPINION for labels in known.values())
        return cls({d: np.clip(v, LOWEST, HIGHEST) for d, v in known.items()} if opinion else known, opinion)

    def chosen(self, rows: Sequence[int]) -> Labels:
        """The labels of some rows."""
        return Labels({d: values[list(rows)] for d, values in self.values.items()}, self.opinion)


def read_token_set(
    model: SpeechQualityModel,
    tokens: TokenSet,
    with_reference: bool = False,
    profiles: Sequence[ListenerProfile] = (TYPICAL,),
    faults: Sequence[str] = (),
) -> list[Heard]:
    """What the model reads of every clip of a set."""
    reading = Reading.of(Vocabulary.of(model), profiles, faults)
    return read_tokens(model, reading, tokens.degraded, tokens.reference if with_reference else None, batch=16)


def fit_figures(predicted: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Pearson r, Spearman rho, MAE and RMSE raw and after a first-order fit (ITU-T P.1401), the fit, and the count."""
    from scipy.stats import pearsonr, spearmanr

    slope, offset = np.polyfit(predicted, label, 1)
    raw, fitted = predicted - label, slope * predicted + offset - label
    return {
        "r": float(pearsonr(predicted, label).statistic),
        "rho": float(spearmanr(predicted, label).statistic),
        "mae": float(np.abs(raw).mean()),
        "rmse": float(np.sqrt(np.square(raw).mean())),
        "mae_fit": float(np.abs(fitted).mean()),
        "rmse_fit": float(np.sqrt(np.square(fitted).mean())),
        "slope": float(slope),
        "offset": float(offset),
        "clips": float(len(label)),
    }


def r_interval(predicted: np.ndarray, label: np.ndarray, draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
    """The 95% percentile interval of Pearson's r when clips are drawn anew with replacement, [clips] each.

    The draws depend on the seed and on how many clips there are, so that models rated on the same clips meet the same
    draws. Draws without any spread are left out.
    """
    from scipy.stats import DegenerateDataWarning, bootstrap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)
        result = bootstrap(
            (predicted, label),
            _correlation,
            n_resamples=draws,
            batch=100,
            paired=True,
            vectorized=True,
            method="percentile",
            rng=np.random.default_rng(seed),
        )
    low, high = np.nanquantile(result.bootstrap_distribution, [0.025, 0.975])
    return float(low), float(high)


def _correlation(one: np.ndarray, other: np.ndarray, axis: int = -1) -> np.ndarray:
    """Pearson's r along an axis, not a number where one side has no spread."""
    one, other = (x - x.mean(axis=axis, keepdims=True) for x in (one, other))
    spread = np.sqrt(np.square(one).sum(axis=axis) * np.square(other).sum(axis=axis))
    product = (one * other).sum(axis=axis)
    return np.divide(product, spread, out=np.full_like(product, np.nan), where=spread > 1e-12)


def coverage(scores: Sequence[Score], label: np.ndarray, nominal: float = INTERVAL) -> tuple[float, float]:
    """The share of labels, [clips], in the central interval that should hold `nominal` of them; its mean width.

    A score of the grid 1.0, 1.1, ... 5.0 that distributions are made of stands for all that rounds to it.
    """
    low, high = np.array([score.interval(nominal) for score in scores]).T
    inside = (low - HALF_STEP <= label) & (label <= high + HALF_STEP)
    return float(inside.mean()), float(np.mean(high - low))


def calibration(scores: Sequence[Score], label: np.ndarray) -> np.ndarray:
    """Observed shares of labels in the central intervals of 10, 15, ... 95%, [18]."""
    return np.array([coverage(scores, label, nominal)[0] for nominal in NOMINAL_COVERAGES.tolist()])


def measure(ratings: Ratings, labels: Labels, dimension: str, draws: int = DRAWS) -> Fit | None:
    """What the ratings of a dimension are worth; None with fewer than three clips or without any spread."""
    if dimension not in labels.values or dimension not in ratings.means:
        return None
    predicted, label = ratings.means[dimension], labels.values[dimension]
    rows = np.flatnonzero(np.isfinite(predicted) & np.isfinite(label)).tolist()
    predicted, label = predicted[rows], label[rows]
    if len(rows) < FEWEST or np.ptp(predicted) < 1e-9 or np.ptp(label) < 1e-9:
        return None
    figures: dict[str, Any] = {**fit_figures(predicted, label), "clips": len(rows)}
    figures["r_low"], figures["r_high"] = r_interval(predicted, label, draws)
    if not labels.opinion:
        figures |= {"mae": None, "rmse": None}
    elif scores := ratings.scores.get(dimension):
        figures["coverage"], figures["width"] = coverage([scores[row] for row in rows], label)
    return Fit(**figures)


def measure_groups(
    by: str, groups: Mapping[str, Sequence[int]], ratings: Sequence[Ratings], labels: Labels
) -> Iterator[Measured]:
    """Every figure there is, a group of rows at a time, within it a dimension at a time."""
    for group, rows in groups.items():
        chosen, known = [one.chosen(rows) for one in ratings], labels.chosen(rows)
        for dimension in labels.values:
            for one in chosen:
                if fit := measure(one, known, dimension):
                    yield Measured(by, group, one.model, dimension, fit)


def kind_of(clip: CorpusClip) -> str:
    """What was done to a clip: "clean", the one artifact kind, "2 kinds" ...; empty where it is not known."""
    if clip.artifacts is None:
        return ""
    kinds = {artifact.kind for artifact in clip.artifacts}
    return f"{len(kinds)} kinds" if len(kinds) > 1 else next(iter(kinds), "clean")


def by_kind(clips: Sequence[CorpusClip]) -> dict[str, list[int]]:
    """Rows by what was done to the clips: clean ones, then single kinds, then how many together."""
    kinds = [kind_of(clip) for clip in clips]
    order = ["clean", *ARTIFACT_KINDS, *sorted({kind for kind in kinds if kind.endswith(" kinds")})]
    return {kind: rows for kind in order if (rows := [row for row, one in enumerate(kinds) if one == kind])}


def by_language(clips: Sequence[CorpusClip]) -> dict[str, list[int]]:
    """Rows by language; none where all clips share one."""
    known = sorted({clip.lang for clip in clips})
    return {lang or "unknown": [r for r, clip in enumerate(clips) if clip.lang == lang] for lang in known if known[1:]}


def accuracy(
    clips: Sequence[CorpusClip], heard: Sequence[Heard], reference: bool = False
) -> dict[str, dict[str, float]]:
    """Figures a dimension, over the clips that hold speech; labels of the 1-5 scale clamped to it, those of the clips
    alone or beside their `reference`, as they were heard.
    """
    rows = [(clip.labels(reference), h.scores[0]) for clip, h in zip(clips, heard, strict=True) if clip.speech]
    figures = {}
    for dimension in DIMENSIONS:
        known = [(said[dimension].mean, labels[dimension]) for labels, said in rows if dimension in labels]
        if len(known) > 2:
            predicted, label = np.array(known).T
            figures[dimension] = fit_figures(predicted, np.clip(label, 1, 5) if label.max() <= 6 else label)
    return figures


def table(rows: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """A Markdown table: one row a model, one column a dimension, r / MAE."""
    figures = ("r", "mae")
    lines = ["| model | " + " | ".join(DIMENSIONS) + " | mean |", "|---" * (len(DIMENSIONS) + 2) + "|"]
    for name, dimensions in rows.items():
        cells = ["/".join(f"{dimensions[d][f]:.3f}" for f in figures) if d in dimensions else "-" for d in DIMENSIONS]
        mean = "/".join(f"{np.mean([v[f] for v in dimensions.values()]):.3f}" for f in figures)
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {mean} |")
    return "\n".join(lines)
