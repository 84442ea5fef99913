"""Condition means from few votes and many predictions: prediction-powered inference for a listening test.

The mean of a condition is that of its clips' MOS, all of those that have a prediction. Votes on some of them, drawn at
random, would do alone; the predictions of all make the mean surer: (mean prediction of all clips) x slope + (mean of
votes - slope x prediction over the clips with votes). What the predictions get wrong the votes put right, so that the
interval holds whatever they are worth; `slope` is how far they are followed, the one that serves best, and near zero
where they tell nothing (PPI++: Angelopoulos, Duchi and Zrnic 2023; the regression estimator of survey sampling:
Cochran 1977, 7).

The package ppi-python was not taken: its intervals are normal ones of a single large sample, too narrow for a handful
of clips a condition, they know no finite set of clips, and it brings statsmodels, numba and a downloader along.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sqllm.listeners.votes import LABORATORY
from sqllm.scores import clamp

COVERAGE = 0.95
STEEPEST = 1.5  # slope up to which predictions are followed
ENDS = (1.3, 4.7)  # nearer the ends of the scale, variances are not taken to shrink any further


@dataclass(frozen=True)
class Votes:
    """Single votes, [votes] each: the number of the clip, of the listener (-1 where not known), and the vote."""

    clip: np.ndarray
    listener: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class ConditionMean:
    """A condition: its `clips`, those with votes (`voted`) and the `votes`; the mean prediction; the combined `mean`
    with its 95% interval, and that of votes alone, `votes_mean` with `votes_low` and `votes_high`.

    Not a number where no clip of the condition has votes.
    """

    condition: str
    clips: int
    voted: int
    votes: int
    predicted: float
    mean: float
    low: float
    high: float
    votes_mean: float
    votes_low: float
    votes_high: float


@dataclass(frozen=True)
class Combined:
    """The conditions in their order, the slope by which predictions are followed, and how many votes alone would give
    intervals as narrow, with how many there are.
    """

    conditions: tuple[ConditionMean, ...]
    slope: float
    votes: int
    votes_alone: float

    @property
    def saved(self) -> float:
        """Votes that the predictions stand for."""
        return max(0.0, self.votes_alone - self.votes)

    def in_words(self) -> str:
        """A sentence on what the predictions were worth."""
        if self.saved < 1:
            return f"The scores add nothing to these {self.votes} votes: within conditions they don't follow them."
        return (
            f"Votes alone would take {self.votes_alone:.0f} for intervals as narrow as these {self.votes} give with "
            f"the scores: {self.saved:.0f} saved."
        )


def combine(predicted: np.ndarray, condition: np.ndarray, votes: Votes) -> Combined:
    """Means of conditions from predicted MOS and names of conditions, [clips] each, and votes on some of the clips.

    The clips with votes have to be drawn at random from their condition. Raises `ValueError` where no condition has
    votes on two of its clips, or a prediction is missing.
    """
    sample = _Sample.of(predicted, condition, votes)
    slope, slope_variance = sample.slope()
    with_scores = sample.estimate(slope, slope_variance)
    alone = sample.estimate(0.0, 0.0)
    known = sample.voted > 0
    conditions = [
        ConditionMean(
            name,
            int(sample.clips[c]),
            int(sample.voted[c]),
            int(sample.votes[c]),
            float(sample.predicted_means[c]),
            *with_scores.row(c),
            *alone.row(c),
        )
        for c, name in enumerate(sample.names)
    ]
    gain = alone.half[known] ** 2 / np.maximum(with_scores.half[known] ** 2, 1e-12)
    return Combined(tuple(conditions), slope, len(votes.value), float(sample.votes[known] @ gain))


@dataclass(frozen=True)
class _Estimate:
    mean: np.ndarray
    half: np.ndarray

    def row(self, condition: int) -> tuple[float, float, float]:
        mean, half = float(self.mean[condition]), float(self.half[condition])
        return (clamp(mean), clamp(mean - half), clamp(mean + half)) if np.isfinite(mean) else (np.nan,) * 3


@dataclass(frozen=True)
class _Sample:
    """Clips with votes: their condition's number, prediction and mean vote, [clips with votes]; and by condition how
    many clips there are, how many have votes, and how many votes.
    """

    names: tuple[str, ...]
    clips: np.ndarray
    voted: np.ndarray
    votes: np.ndarray
    predicted_means: np.ndarray
    index: np.ndarray
    predicted: np.ndarray
    mean_vote: np.ndarray
    vote_noise: np.ndarray
    shared: np.ndarray

    @classmethod
    def of(cls, predicted: np.ndarray, condition: np.ndarray, votes: Votes) -> _Sample:
        if not np.isfinite(predicted).all():
            raise ValueError("Every clip needs a score: leave out those without speech.")
        names, first, number = np.unique(condition, return_index=True, return_inverse=True)
        order = np.argsort(first)  # the conditions as they come
        number = np.argsort(order)[number]
        counts = np.bincount(votes.clip, minlength=len(predicted))
        rows = np.flatnonzero(counts)
        mean_vote = np.bincount(votes.clip, votes.value, len(predicted))[rows] / counts[rows]
        index, size = number[rows], len(names)
        voted = np.bincount(index, minlength=size)
        if voted.max(initial=0) < 2:
            raise ValueError("No condition has votes on two of its clips: their scatter can't be told from one.")
        clips = np.bincount(number, minlength=size)
        return cls(
            tuple(names[order].tolist()),
            clips,
            voted,
            np.bincount(index, counts[rows], size).astype(int),
            np.bincount(number, predicted, size) / clips,
            index,
            predicted[rows],
            mean_vote,
            _vote_variance(votes, mean_vote, rows) / counts[rows],
            _shared_bias(votes, counts, number, size, voted),
        )

    def slope(self) -> tuple[float, float]:
        """The slope of votes on predictions within conditions, and its variance."""
        x, y = self._within(self.predicted), self._within(self.mean_vote)
        spread, freedom = float(x @ x), int(np.clip(self.voted - 1, 0, None).sum())
        if spread < 1e-9 or freedom < 2:
            return 0.0, 0.0
        slope = float(np.clip(x @ y / spread, 0, STEEPEST))
        left = y - slope * x
        return slope, float(left @ left) / (freedom - 1) / spread

    def _within(self, values: np.ndarray) -> np.ndarray:
        """Values [clips with votes] less their condition's mean."""
        return values - (np.bincount(self.index, values, len(self.names)) / np.maximum(self.voted, 1))[self.index]

    def _mean(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.bincount(self.index, values, len(self.names)) / np.where(self.voted, self.voted, np.nan)

    def estimate(self, slope: float, slope_variance: float) -> _Estimate:
        """Means and half widths by condition. How clips scatter around their condition is told from all conditions
        together, by the share of (MOS - 1)(5 - MOS) that it takes up (as votes do); of a finite set of clips only those
        without votes add to it, the noise of votes always.
        """
        from scipy.stats import t

        moved = self.predicted_means - self._mean(self.predicted)
        mean = self._mean(self.mean_vote) + slope * moved
        shape = _shape(np.where(np.isfinite(mean), mean, 3.0))
        left = self._within(self.mean_vote) - slope * self._within(self.predicted)
        freedom = int(np.clip(self.voted - 1, 0, None).sum()) - (slope_variance > 0)
        scatter = float(np.sum(np.square(left) / shape[self.index])) / freedom * shape
        with np.errstate(divide="ignore"):
            variance = (1 - self.voted / self.clips) * scatter / np.where(self.voted, self.voted, np.nan)
        variance = variance + self._mean(self.vote_noise) / self.clips + self.shared
        variance = variance + slope_variance * np.square(moved)
        return _Estimate(mean, float(t.ppf((1 + COVERAGE) / 2, freedom)) * np.sqrt(variance))


def _shape(mos: np.ndarray) -> np.ndarray:
    kept = np.clip(mos, *ENDS)
    return (kept - 1) * (5 - kept)


def _vote_variance(votes: Votes, mean_vote: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The variance of a single vote on each clip with votes, from clips that have several; else a laboratory's."""
    place = np.searchsorted(rows, votes.clip)
    left = votes.value - mean_vote[place]
    freedom = len(left) - len(rows)
    if freedom >= len(rows) / 2:
        return float(left @ left) / freedom * np.ones(len(rows))
    shares, points = LABORATORY.probabilities(mean_vote), np.arange(1.0, 6.0)
    return shares @ np.square(points) - np.square(shares @ points)


def _shared_bias(votes: Votes, counts: np.ndarray, number: np.ndarray, size: int, voted: np.ndarray) -> np.ndarray:
    """What the listeners' biases add to the variance of each condition's mean, where one votes on several of its clips:
    clips then err together. Nothing where listeners aren't known.
    """
    named = votes.listener >= 0
    if not named.any():
        return np.zeros(size)
    clip, listener = votes.clip[named], votes.listener[named]
    weight = 1 / counts[clip] / np.maximum(voted[number[clip]], 1)
    totals = np.zeros((listener.max() + 1, size))
    np.add.at(totals, (listener, number[clip]), weight)
    together = np.square(totals).sum(axis=0) - np.bincount(number[clip], np.square(weight), size)
    return _bias_variance(votes, counts) * np.clip(together, 0, None)


def _bias_variance(votes: Votes, counts: np.ndarray) -> float:
    """Variance of the listeners' biases, from products of a listener's deviations from the others on two clips."""
    totals = np.bincount(votes.clip, votes.value, len(counts))
    several = (votes.listener >= 0) & (counts[votes.clip] > 1)
    clip, listener, value = votes.clip[several], votes.listener[several], votes.value[several]
    if not len(clip):
        return LABORATORY.bias**2
    deviation = value - (totals[clip] - value) / (counts[clip] - 1)
    sums = np.bincount(listener, deviation)
    pairs = float(np.square(sums).sum() - np.square(deviation).sum())
    many = np.bincount(listener)
    count = float((many * (many - 1)).sum())
    others = 1 + 1 / float(np.mean(counts[clip] - 1))  # the others' own biases are in it too
    return max(0.0, pairs / count / others) if count else LABORATORY.bias**2
