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

from sqllm.listeners.sampling import Estimate, VotedSample, Votes
from sqllm.scores import clamp

FEWEST_TO_BORROW = 5  # conditions with votes
SCATTERS = np.linspace(0.01, 1.5, 75)  # standard deviations of conditions around the line that are weighed


@dataclass(frozen=True)
class ConditionMean:
    """A condition: its `clips`, those with votes (`voted`) and the `votes`; the mean prediction; the combined `mean`
    with its 95% interval, and that of votes alone, `votes_mean` with `votes_low` and `votes_high`.

    Not a number where no clip of the condition has votes and nothing was borrowed.
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
    """The conditions in their order, how many votes there are, and how many alone would give intervals as narrow."""

    conditions: tuple[ConditionMean, ...]
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


def combine(predicted: np.ndarray, condition: np.ndarray, votes: Votes, borrow: bool = False) -> Combined:
    """Means of conditions from predicted MOS and names of conditions, [clips] each, and votes on some of the clips.

    The clips with votes have to be drawn at random from their condition. `borrow`: each mean also leans on the line of
    votes on predictions through all conditions (`borrowed`), also where a condition has no votes. Raises `ValueError`
    where no condition has votes on two of its clips, where fewer than five have any to borrow from, or where a
    prediction is missing.
    """
    sample = VotedSample.of(predicted, condition, votes)
    alone, with_scores = sample.estimate(0.0, 0.0), sample.estimate(*sample.slope())
    if borrow:
        with_scores = borrowed(with_scores, sample.predicted_means)
    conditions = [
        ConditionMean(
            name,
            int(sample.clips[c]),
            int(sample.voted[c]),
            int(sample.votes[c]),
            float(sample.predicted_means[c]),
            *_interval(with_scores, c),
            *_interval(alone, c),
        )
        for c, name in enumerate(sample.names)
    ]
    known = sample.voted > 0
    gain = np.square(alone.half[known] / np.maximum(with_scores.half[known], 1e-6))
    return Combined(tuple(conditions), len(votes.value), float(sample.votes[known] @ gain))


def _interval(estimate: Estimate, condition: int) -> tuple[float, float, float]:
    mean, half = float(estimate.mean[condition]), float(estimate.half[condition])
    return (clamp(mean), clamp(mean - half), clamp(mean + half)) if np.isfinite(mean) else (np.nan, np.nan, np.nan)


def borrowed(estimate: Estimate, predicted: np.ndarray) -> Estimate:
    """Means that lean on predictions [conditions] as far as conditions in general lie by the line through them (Fay and
    Herriot, JASA 74, 1979), averaged over how far that may be, every standard deviation being as likely beforehand.

    The intervals hold on average over the conditions. Of one that the predictions misjudge far more than the others
    they may not.
    """
    known = np.isfinite(estimate.mean)
    if known.sum() < FEWEST_TO_BORROW:
        raise ValueError(f"Borrowing takes votes on {FEWEST_TO_BORROW} conditions or more.")
    line = np.stack([np.ones(len(predicted)), predicted - predicted[known].mean()], axis=1)  # [conditions, 2]
    seen, noise, own = estimate.mean[known], estimate.variance[known], line[known]
    likely, means, variances = [], [], []
    for scatter in np.square(SCATTERS):
        weight = 1 / (scatter + noise)
        precision = own.T @ (weight[:, None] * own) + 1e-9 * np.eye(2)
        spread = np.linalg.inv(precision)
        through = spread @ own.T @ (weight * seen)
        left = seen - own @ through
        likely.append(0.5 * (np.log(weight).sum() - np.linalg.slogdet(precision)[1] - weight @ np.square(left)))
        trust = np.zeros(len(predicted))
        trust[known] = scatter * weight
        at_line = line @ through
        means.append(at_line + trust * np.where(known, estimate.mean - at_line, 0))
        unknown = np.where(known, trust * np.where(known, estimate.variance, 0), scatter)
        variances.append(unknown + np.square(1 - trust) * np.einsum("ci,ij,cj->c", line, spread, line))
    share = np.exp(np.array(likely) - max(likely))
    share = share / share.sum()
    mean = share @ np.array(means)
    return Estimate(mean, share @ (np.array(variances) + np.square(np.array(means) - mean)), estimate.freedom)
