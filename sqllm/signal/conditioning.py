"""What is done to a clip before it is heard, where it could not be heard as it is, and a sentence about each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SAMPLE_RATE = 16_000
LEAST_DC, DC_SHARE = 0.002, 0.2  # of full scale, and of the rest's root mean square: less is left as it is
RUMBLE_FRAME = SAMPLE_RATE // 40  # its mean holds what is below 20 Hz
RUMBLE_RATIO = 1.5  # of the power above 20 Hz
RUMBLE_HERTZ = 30
HIGHEST_PEAK = 4.0  # what a loud float recording may reach
LOUD_PEAK = 1.5  # from here on, a mean level over full scale means another scale
INTEGER_BITS = (16, 24, 32)
QUIETEST_INTEGER = 0.003  # of full scale (-50 dB): a peak below is no integer of that width
SPARE = 2.0  # by which resampled or processed integers may lie over their range
NOMINAL_RMS = 10 ** (-26 / 20)


@dataclass(frozen=True)
class Conditioned:
    """Samples to hear, [n] float32 at 16 kHz, the mean `dc` that was taken from them, and what was done, in `notes`.

    What is ordinary comes back as it was, bit for bit.
    """

    samples: np.ndarray
    dc: float = 0.0
    notes: tuple[str, ...] = ()


def condition(samples: np.ndarray) -> Conditioned:
    """Bring [n] finite samples at 16 kHz into the range in which clips are heard: scale, then DC, then rumble."""
    if not len(samples):
        return Conditioned(samples)
    samples, scaled = _to_full_scale(samples)
    samples, dc, freed = _without_dc(samples)
    samples, filtered = _without_rumble(samples)
    return Conditioned(samples, dc, tuple(note for note in (scaled, freed, filtered) if note))


def _to_full_scale(samples: np.ndarray) -> tuple[np.ndarray, str]:
    """Samples on another scale than +-1, divided by it.

    Peaks up to 4 are a loud recording, as long as the level stays below full scale. Beyond, a peak between -50 dB and
    +6 dB of the range of 16, 24 or 32 bits is taken for such integers. Any other scale (samples of unit variance, as
    models are fed with, reach 5 to 20) says nothing of the level: it is set to -26 dBov, the nominal one.
    """
    peak = float(np.abs(samples).max())
    if peak <= LOUD_PEAK:
        return samples, ""
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)) - np.mean(samples, dtype=np.float64) ** 2))
    if peak <= HIGHEST_PEAK and rms < 0.99:
        return samples, ""
    for bits in INTEGER_BITS:
        scale = 2.0 ** (bits - 1)
        if QUIETEST_INTEGER * scale <= peak <= SPARE * scale:
            note = f"The samples go up to {peak:,.0f}, as {bits}-bit integers do: they were divided by {scale:,.0f}."
            return samples / np.float32(scale), note
    if rms <= 0:
        rms = peak
    note = f"The samples go up to {_number(peak)}, on a scale that isn't known: the clip was set to an ordinary level."
    return (samples.astype(np.float64) * (NOMINAL_RMS / rms)).astype(np.float32), note


def _without_dc(samples: np.ndarray) -> tuple[np.ndarray, float, str]:
    """Samples freed of a mean that would be heard as level: from .2% of full scale and a fifth of the rest on."""
    mean = float(samples.mean(dtype=np.float64))
    if abs(mean) < LEAST_DC:
        return samples, 0.0, ""
    rest = np.sqrt(max(0.0, float(np.mean(np.square(samples, dtype=np.float64))) - mean**2))
    if abs(mean) < DC_SHARE * rest:
        return samples, 0.0, ""
    note = f"A constant offset (DC) of {100 * mean:.1f}% of full scale was removed before listening."
    return (samples - np.float32(mean)).astype(np.float32), mean, note


def _without_rumble(samples: np.ndarray) -> tuple[np.ndarray, str]:
    """Samples freed of an offset that wanders, jumps or swings below 20 Hz, where it holds more power than all else."""
    count = len(samples) // RUMBLE_FRAME
    if count < 4:
        return samples, ""
    slow = float(samples[: count * RUMBLE_FRAME].reshape(count, -1).mean(axis=1, dtype=np.float64).var())
    rest = float(np.mean(np.square(samples, dtype=np.float64))) - float(samples.mean(dtype=np.float64)) ** 2 - slow
    if slow < LEAST_DC**2 or slow < RUMBLE_RATIO * rest:
        return samples, ""
    from scipy.signal import butter, sosfiltfilt

    high = butter(2, RUMBLE_HERTZ, "highpass", fs=SAMPLE_RATE, output="sos")
    note = "Strong swings below 20 Hz, which can't be heard, were filtered out before listening."
    return sosfiltfilt(high, samples).astype(np.float32), note


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
