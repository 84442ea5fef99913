"""Clipping: the share of samples that were cut off at a ceiling."""

from __future__ import annotations

import numpy as np

LEVELS = 1 << 15  # amplitudes are counted in steps of 16-bit samples
FULL_RANGE = 4.0  # beyond which amplitudes are not counted
QUIETEST_CEILING = 100  # steps; what never comes near is not judged
CEILING_WIDTHS = (0.0005, 0.02)  # of the ceiling: as it was cut, and after resampling
FEWEST_CLIPPED = 6
SPIKE = (4.0, 2.5)  # how much denser amplitudes lie at a ceiling than below it, for each width


class ClippingMeter:
    """Counts amplitudes, as samples come in at any rate, and tells how many lie at a ceiling.

    Fed with each channel at the file's own rate it is exact: a ceiling then is one amplitude that many samples share,
    wherever it lies (also below full scale, where a recording was clipped and turned down afterwards), on one side of
    the waveform or on both. What was resampled after it was clipped has smeared ceilings: a crowd of amplitudes there
    is still told from the tail of a distribution once .2% of the samples are in it, and its size to .2 points up to 1%
    of clipped samples, to a quarter of it beyond; a lossy codec hides more. Peak-normalised speech touches its highest
    amplitude once or twice and is not clipped.
    """

    def __init__(self) -> None:
        self._counts = np.zeros((2, round(FULL_RANGE * LEVELS) + 1), np.int64)
        self._total, self._too_large = 0, False

    def add(self, samples: np.ndarray) -> None:
        """Count [n] samples, full scale +-1."""
        if not len(samples):
            return
        if not float(np.abs(samples).max()) <= FULL_RANGE:
            self._too_large = True
            return
        steps = np.rint(samples * np.float32(LEVELS)).astype(np.int32)
        for side, half in enumerate((steps[steps > 0], -steps[steps < 0])):
            counted = np.bincount(half)
            self._counts[side, : len(counted)] += counted
        self._total += len(samples)

    def share(self) -> float | None:
        """The share of clipped samples, 0-1; None where samples went beyond +-4, or were no numbers."""
        if self._too_large:
            return None
        return min(1.0, sum(map(_at_ceiling, self._counts)) / max(1, self._total))


def _at_ceiling(counts: np.ndarray) -> float:
    """How many samples lie at a ceiling, of counts by amplitude."""
    occupied = np.flatnonzero(counts)
    if not len(occupied) or occupied[-1] < QUIETEST_CEILING:
        return 0.0
    exact = _crowd(counts, occupied, int(occupied[-1]), max(1, round(CEILING_WIDTHS[0] * occupied[-1])), SPIKE[0])
    return exact or _smeared(counts, occupied)


def _crowd(counts: np.ndarray, occupied: np.ndarray, top: int, width: int, spike: float) -> float:
    """Samples from `top` down over `width`, if they are a crowd: many, and more than anywhere just below."""
    crowd = int(counts[top - width + 1 :].sum())
    lower = occupied[(occupied <= top - width) & (occupied > 0.9 * top)]
    beside = int(counts[lower].max()) if len(lower) else 0  # also of companded samples, whose levels lie far apart
    for start in range(top - width, max(0, top - 5 * width), -width):
        beside = max(beside, int(counts[max(0, start - width + 1) : start + 1].sum()))
    return float(crowd) if crowd >= FEWEST_CLIPPED and crowd >= spike * beside else 0.0


def _smeared(counts: np.ndarray, occupied: np.ndarray) -> float:
    """Samples at a ceiling that resampling has widened to two bands of 2%, with some overshoot beyond."""
    top = int(occupied[-1])
    cumulated = np.concatenate([[0], np.cumsum(counts[: top + 1])])
    if cumulated[round(0.6 * top)] < 0.5 * cumulated[-1]:
        return 0.0  # a tone, which is near its highest amplitude most of the time
    best = 0.0
    for ceiling in np.linspace(0.6 * top, 0.99 * top, 60):
        edges = (np.array([0.88, 0.96, 1.04]) * ceiling).astype(int).clip(0, top + 1)
        below, crowd = np.diff(cumulated[edges])
        beyond = cumulated[-1] - cumulated[edges[2]]
        usual = below / 2
        if crowd >= max(SPIKE[1] * usual, usual + 5 * np.sqrt(usual + 4)) and beyond <= 0.25 * crowd:
            best = max(best, crowd + beyond - usual)
    return float(best)
