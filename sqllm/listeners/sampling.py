"""Means of conditions estimated from votes on a random sample of their clips, with predictions of all clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sqllm.listeners.votes import LABORATORY

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
class Estimate:
    """Means of conditions, [conditions], and their variances, told from residuals with `freedom` degrees of freedom;
    not a number where nothing is known.
    """

    mean: np.ndarray
    variance: np.ndarray
    freedom: int

    @property
    def half(self) -> np.ndarray:
        """Half widths of the 95% intervals (Student's t)."""
        from scipy.stats import t

        return float(t.ppf((1 + COVERAGE) / 2, self.freedom)) * np.sqrt(self.variance)


@dataclass(frozen=True)
class VotedSample:
    """By condition how many clips there are, how many have votes, how many votes, the mean prediction of all clips, and
    the variance that `shared` listeners add; of each clip with votes its condition's number, prediction, mean vote and
    `counts` of votes; `disagreement` is the sum of squares of votes around their clips' means.
    """

    names: tuple[str, ...]
    clips: np.ndarray
    voted: np.ndarray
    votes: np.ndarray
    predicted_means: np.ndarray
    index: np.ndarray
    predicted: np.ndarray
    mean_vote: np.ndarray
    counts: np.ndarray
    disagreement: float
    shared: np.ndarray

    @classmethod
    def of(cls, predicted: np.ndarray, condition: np.ndarray, votes: Votes) -> VotedSample:
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
            counts[rows],
            float(np.sum(np.square(votes.value - mean_vote[np.searchsorted(rows, votes.clip)]))),
            _shared_bias(votes, counts, number, size, voted),
        )

    def slope(self) -> tuple[float, float]:
        """The slope of votes on predictions within conditions, and its variance; shrunk by how surely it is one, to
        zero where it might as well be chance.
        """
        x, y = self._within(self.predicted), self._within(self.mean_vote)
        spread, freedom = float(x @ x), int(np.clip(self.voted - 1, 0, None).sum())
        if spread < 1e-9 or freedom < 2:
            return 0.0, 0.0
        slope = float(np.clip(x @ y / spread, 0, STEEPEST))
        left = y - slope * x
        variance = float(left @ left) / (freedom - 1) / spread
        sure = max(0.0, 1 - variance / slope**2) if slope else 0.0
        return sure * slope, sure**2 * variance

    def _within(self, values: np.ndarray) -> np.ndarray:
        """Values [clips with votes] less their condition's mean."""
        return values - (np.bincount(self.index, values, len(self.names)) / np.maximum(self.voted, 1))[self.index]

    def _mean(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.bincount(self.index, values, len(self.names)) / np.where(self.voted, self.voted, np.nan)

    def usual(self) -> np.ndarray:
        """The MOS that a condition's predictions usually go with, by a line through all conditions, [conditions]: surer
        than a few votes where it comes to how much votes scatter.
        """
        known, votes = self.voted > 0, self._mean(self.mean_vote)
        if np.ptp(self.predicted_means[known]) < 0.1:
            return np.full(len(known), float(votes[known].mean()))
        return np.polyval(np.polyfit(self.predicted_means[known], votes[known], 1), self.predicted_means)

    def vote_noise(self) -> np.ndarray:
        """The variance of each clip's mean vote, [clips with votes]: from clips that have several votes, by the share
        of (MOS - 1)(5 - MOS) that it takes up; where most have one, a laboratory's.
        """
        usual = self.usual()[self.index]
        shape, freedom = _shape(usual), self.counts - 1
        if freedom.sum() >= len(freedom) / 2:
            return self.disagreement / float(freedom @ shape) * shape / self.counts
        return LABORATORY.variance(np.clip(usual, *ENDS)) / self.counts

    def estimate(self, slope: float, slope_variance: float) -> Estimate:
        """Means and their variances by condition. How clips scatter around their condition is told from all conditions
        together, by the share of (MOS - 1)(5 - MOS) that it takes up (as votes do); of a finite set of clips only those
        without votes add to it, the noise of votes always.
        """
        moved = self.predicted_means - self._mean(self.predicted)
        mean = self._mean(self.mean_vote) + slope * moved
        shape = _shape(self.usual())
        left = self._within(self.mean_vote) - slope * self._within(self.predicted)
        freedom = int(np.clip(self.voted - 1, 0, None).sum()) - (slope_variance > 0)
        scatter = float(np.sum(np.square(left) / shape[self.index])) / freedom * shape
        with np.errstate(divide="ignore"):
            variance = (1 - self.voted / self.clips) * scatter / np.where(self.voted, self.voted, np.nan)
        variance = variance + self._mean(self.vote_noise()) / self.clips + self.shared
        variance = variance + slope_variance * np.square(moved)
        return Estimate(mean, variance, freedom)


def _shape(mos: np.ndarray) -> np.ndarray:
    kept = np.clip(mos, *ENDS)
    return (kept - 1) * (5 - kept)


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
