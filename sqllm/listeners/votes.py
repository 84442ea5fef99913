"""Votes of listeners: a clip's score, a listener's bias and use of the scale, and noise, to whole points 1-5.

A score says where the mean of many votes lies; votes scatter around it because people differ. A listener's opinion of a
clip is the clip's place on a line, plus the listener's bias, plus the listener's slope (how much of the scale they
use), plus noise; the vote is the nearest whole point of the scale. The place is the one from which the mean of
everybody's votes is the score: at the ends, where opinions beyond the scale are cut off, it lies outside.

The deviations of the line are those from which the votes' own statistics come out as published (`python -m train.votes`
fits them and prints both).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sqllm.scores import HIGHEST, LOWEST

CENTRE = 3.0  # of the scale, around which slopes turn
POINTS = np.arange(LOWEST, HIGHEST + 1)  # [5]
EDGES = POINTS[:-1] + 0.5  # between neighbouring points, [4]
HALVINGS = 40
FARTHEST = 5.0  # standard deviations by which a clip's place may lie outside the scale


@dataclass(frozen=True)
class VoteModel:
    """How listeners differ, as standard deviations in points before votes are rounded: of their `bias`, of their
    `slope` around 1, and of the `noise` of a single vote.
    """

    bias: float
    slope: float
    noise: float

    def spread(self, means: np.ndarray) -> np.ndarray:
        """Standard deviation of opinions of a clip, over listeners and votes, from its score."""
        return np.sqrt(self.bias**2 + np.square(self.slope * (np.asarray(means) - CENTRE)) + self.noise**2)

    def places(self, means: np.ndarray) -> np.ndarray:
        """Where opinions centre so that votes have these means, by bisection; scores of any shape, 1-5."""
        means = np.clip(np.asarray(means, float), LOWEST, HIGHEST)
        spread = self.spread(means)
        low, high = LOWEST - FARTHEST * spread, HIGHEST + FARTHEST * spread
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = _shares(middle, spread) @ POINTS < means
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return (low + high) / 2

    def probabilities(self, means: np.ndarray) -> np.ndarray:
        """How likely a listener drawn at random votes 1, 2, 3, 4 and 5: [..., 5] from scores [...]."""
        return _shares(self.places(means), self.spread(means))

    def variance(self, means: np.ndarray) -> np.ndarray:
        """The variance of votes on clips of these scores, of any shape."""
        shares = self.probabilities(means)
        return np.asarray(shares @ np.square(POINTS) - np.square(shares @ POINTS))


# Between listeners of a laboratory ACR test of 384 telephony clips, all heard by 24 (Hossfeld, Schatz, Egger, QoMEX
# 2011: SOS a = .207), and of a crowdsourced P.835 test of 280 enhanced clips, 10 listeners, 5 votes a clip.
LABORATORY = VoteModel(bias=0.283, slope=0.186, noise=0.793)
CROWD = VoteModel(bias=0.396, slope=0.186, noise=0.572)


@dataclass(frozen=True)
class Listeners:
    """Drawn listeners: each one's `bias` in points and `slope`, [listeners]. They stay theirs over all clips."""

    bias: np.ndarray
    slope: np.ndarray
    model: VoteModel = LABORATORY

    @classmethod
    def drawn(cls, count: int, rng: np.random.Generator, model: VoteModel = LABORATORY) -> Listeners:
        """Listeners as they come."""
        return cls(rng.normal(0, model.bias, count), rng.normal(1, model.slope, count), model)

    def vote(self, means: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Whole-point votes 1-5, [listeners, clips], from scores [clips], or [listeners, clips] where listeners hear
        otherwise.
        """
        means = np.asarray(means, float)
        stretched = (self.slope - 1)[:, None] * (means - CENTRE)
        opinions = self.model.places(means) + stretched + self.bias[:, None]
        opinions = opinions + rng.normal(0, self.model.noise, opinions.shape)
        return np.clip(np.rint(opinions), LOWEST, HIGHEST).astype(int)


def draw_votes(
    means: np.ndarray, listeners: int, rng: np.random.Generator, model: VoteModel = LABORATORY
) -> np.ndarray:
    """Whole-point votes 1-5 of a panel that hears every clip, [listeners, clips], from the clips' scores [clips]."""
    return Listeners.drawn(listeners, rng, model).vote(means, rng)


def _shares(places: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """P(1) ... P(5) of a normal opinion rounded to the scale, [..., 5]."""
    from scipy.special import ndtr

    below = ndtr((EDGES - np.asarray(places)[..., None]) / np.asarray(spread)[..., None])
    return np.diff(below, prepend=0.0, append=1.0, axis=-1)
