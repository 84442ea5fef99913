"""Active speech level by ITU-T P.56 (12/2011), method B: the level of speech while there is some."""

from __future__ import annotations

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE

TIME_CONSTANT = 0.03  # s, of each of the two exponential averages that make the envelope (clause 5.2)
HANGOVER = 0.2  # s, for which activity goes on once the envelope has fallen below a threshold
MARGIN = 15.9  # dB between the active level and the threshold that belongs to it
THRESHOLDS = 2.0 ** np.arange(-15, 0)  # of the envelope, an octave apart, as in ITU-T G.191's sv56
_BLOCK = 60 * SAMPLE_RATE


def speech_level(samples: np.ndarray) -> tuple[float, float] | None:
    """Active speech level in dBov and activity factor (0-1) of [n] samples at 16 kHz; None where there is no speech.

    The envelope is the rectified signal averaged twice; a sample is active for a threshold from the moment the envelope
    reaches it until 0.2 s after it fell below. The level is that at which energy per active sample lies 15.9 dB above
    the threshold, found between octaves by linear interpolation. Nothing is filtered beforehand but a constant: noise
    counts as the standard's meter counts it, and raises the level where it comes near the speech. Within .1 dB of
    ITU-T G.191's own program for levels from -60 dBov on. Linear time, a minute of samples in memory.
    """
    from scipy.signal import lfilter

    pole = np.exp(-1 / (SAMPLE_RATE * TIME_CONSTANT))
    smooth = np.array([1 - pole]), np.array([1.0, -pole])
    hangover, total = round(HANGOVER * SAMPLE_RATE), len(samples)
    active = np.zeros(len(THRESHOLDS))
    last = np.full(len(THRESHOLDS), -1)
    states = [np.zeros(1), np.zeros(1)]
    mean, energy = samples.mean(dtype=np.float64) if total else 0.0, 0.0
    for start in range(0, total, _BLOCK):
        block = samples[start : start + _BLOCK].astype(np.float64) - mean
        energy += float(block @ block)
        envelope, states[0] = lfilter(*smooth, np.abs(block), zi=states[0])
        envelope, states[1] = lfilter(*smooth, envelope, zi=states[1])
        for index in range(int(np.searchsorted(THRESHOLDS, envelope.max(), side="right"))):
            above = envelope >= THRESHOLDS[index]
            edges = np.flatnonzero(above[1:] != above[:-1]) + 1
            begins, ends = edges[above[edges]], edges[~above[edges]]
            begins = np.append(0, begins) if above[0] else begins
            ends = np.append(ends, len(above)) if above[-1] else ends
            pauses = begins + start - np.append(last[index], ends[:-1] + start - 1) - 1
            if last[index] < 0:  # before the first activity nothing hangs over
                pauses = pauses[1:]
            active[index] += np.count_nonzero(above) + np.minimum(pauses, hangover).sum()
            last[index] = start + ends[-1] - 1
    heard = last >= 0
    active[heard] += np.minimum(total - 1 - last[heard], hangover)
    return _level_at_margin(energy, active, total)


def _level_at_margin(energy: float, active: np.ndarray, total: int) -> tuple[float, float] | None:
    """Where the active level lies `MARGIN` above its threshold: (dBov, activity), from energy and active samples."""
    if not active[0]:
        return None
    known = active > 0
    levels = 10 * np.log10(energy / active[known])
    distances = levels - 20 * np.log10(THRESHOLDS[known])
    over = np.flatnonzero(distances <= MARGIN)
    if not len(over) or over[0] == 0:
        return None
    upper = over[0]
    share = (distances[upper - 1] - MARGIN) / (distances[upper - 1] - distances[upper])
    level = float(levels[upper - 1] + share * (levels[upper] - levels[upper - 1]))
    return level, min(1.0, energy / total / 10 ** (level / 10))
