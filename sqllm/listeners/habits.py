"""How a listener rates what they hear: sensitivities and strictness, as monotone maps of the scale onto itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sqllm.scores import DIMENSIONS, GRID, HIGHEST, LOWEST, Score, clamp

TOLERATED = 4.2  # a dimension's score from which nobody minds anything: what teachers give intact recordings
MOS_SHARE = 0.5  # of what a dimension loses or gains, that the overall score does too
MOST = 2.0  # factor of a sensitivity
STRICTEST = 0.5  # points that a strictness of 1 takes where it takes most, at 2.3
FROM_THE_END = 0.1  # points that it takes from a perfect clip, and a strictness of -1 gives the worst one
_PEAK = 6.75  # of u (1 - u)^2 on 0 ... 1 the inverse of its largest value


def judged(score: float, strictness: float) -> float:
    """A score 1-5 as one who is so strict gives it (-1 the most lenient, 1 the strictest), 1-5.

    A strict listener punishes faults, half a point for bad clips, and is hardly below the others on an intact one; a
    lenient one forgives them, most where the faults are slight. It rises with the score and falls with the strictness
    all over the scale, so that of two listeners the stricter is below everywhere.
    """
    u = (score - LOWEST) / (HIGHEST - LOWEST)
    if strictness >= 0:
        return clamp(score - strictness * (STRICTEST * _PEAK * u * (1 - u) ** 2 + FROM_THE_END * u))
    return clamp(score - strictness * (STRICTEST * _PEAK * u**2 * (1 - u) + FROM_THE_END * (1 - u)))


@dataclass(frozen=True)
class Habits:
    """How one rates. `sensitivity` multiplies how far a dimension falls short of `TOLERATED` (1.4: minds it more, 0.6:
    hardly minds it); half of that is the overall score's too. `strictness` is -1 ... 1 (`judged`), on all five.
    """

    sensitivity: Mapping[str, float] = field(default_factory=dict)
    strictness: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.sensitivity or self.strictness)

    def rate(self, scores: Mapping[str, float]) -> dict[str, float]:
        """Five scores 1-5 of this listener from those that a listener without habits gives."""
        rated = dict(scores)
        for dimension, factor in self.sensitivity.items():
            lost = (factor - 1) * max(0.0, TOLERATED - scores[dimension])
            rated[dimension] -= lost
            rated["mos"] -= MOS_SHARE * lost
        return {name: judged(clamp(value), self.strictness) for name, value in rated.items()}

    def apply(self, scores: Mapping[str, Score]) -> dict[str, Score]:
        """The same for scores with what they may be: each distribution is mapped as its mean is."""
        if not self:
            return dict(scores)
        rated = self.rate({name: score.mean for name, score in scores.items()})
        return {name: _moved(scores[name], rated[name]) for name in scores}

    def beside(self, other: Habits) -> Habits:
        """Both habits in one listener: sensitivities multiply, to twice as much at most, strictness adds up to 1."""
        factors = {d: min(MOST, self.sensitivity.get(d, 1.0) * other.sensitivity.get(d, 1.0)) for d in DIMENSIONS}
        strictness = min(1.0, max(-1.0, self.strictness + other.strictness))
        return Habits({d: factor for d, factor in factors.items() if abs(factor - 1) > 1e-9}, strictness)


def _moved(score: Score, mean: float) -> Score:
    """A score whose mean is elsewhere: its distribution stretched on the side that has room, ends kept."""
    if not len(score.probabilities):
        return Score(mean, score.std)
    if mean <= score.mean:
        values = LOWEST + (GRID - LOWEST) * (mean - LOWEST) / max(score.mean - LOWEST, 1e-9)
    else:
        values = HIGHEST - (HIGHEST - GRID) * (HIGHEST - mean) / max(HIGHEST - score.mean, 1e-9)
    # Linear maps keep means, and so does splitting each value's probability between its two neighbours on the grid.
    place = np.clip((values - LOWEST) / (GRID[1] - GRID[0]), 0, len(GRID) - 1)
    below = np.minimum(place.astype(int), len(GRID) - 2)
    upper = place - below
    moved = np.zeros(len(GRID))
    np.add.at(moved, below, score.probabilities * (1 - upper))
    np.add.at(moved, below + 1, score.probabilities * upper)
    return Score.from_probabilities(moved)
