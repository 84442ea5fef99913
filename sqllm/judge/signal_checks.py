"""What the signal itself says before the model is asked: warnings, silence, and whether a reference matches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sqllm.signal.alignment import Alignment, align_reference
from sqllm.signal.audio import SAMPLE_RATE, SILENCE_DBOV, Clip, active_level, frame_energies

UNCERTAIN_SECONDS = 1.0
MOSTLY_MATCHED = 0.5  # share of the speech below which a reference says little of the rest
STEADY_DECIBELS, LIVELY_DECIBELS = 6.0, 12.0
LIVELY_HERTZ = (1000, 4000)  # where speech comes and goes above steady hum and most of steady noise


def prepare_reference(clip: Clip, reference: Clip | None) -> tuple[Alignment | None, tuple[str, ...]]:
    """The reference's alignment, whatever it holds, and the warnings that need no model."""
    warnings = list(_signal_warnings(clip))
    if reference is None:
        return None, tuple(warnings)
    alignment = align_reference(reference.samples, clip.samples)
    if alignment.match.state == "identical":
        warnings.append("The clip and its reference are identical: nothing was changed.")
    elif is_silent(reference.samples):
        warnings.append("The reference is silent: the clip was rated without it.")
    elif alignment.same_speech and alignment.match.matched < MOSTLY_MATCHED:
        share = f"{alignment.match.matched:.0%}"
        warnings.append(f"Only {share} of the speech matches the reference: the comparison holds for that part alone.")
    elif not alignment.same_speech and not is_silent(clip.samples):
        warnings.append("The reference does not seem to be the same speech: the clip was rated without it.")
    return alignment, tuple(warnings)


def _signal_warnings(clip: Clip) -> Iterator[str]:
    if clip.seconds < UNCERTAIN_SECONDS:
        yield f"The clip lasts only {clip.seconds:.2f} s: scores of clips under 1 s are uncertain."
    if is_silent(clip.samples):
        yield "The clip is silent: there is nothing to rate."
    peak = float(np.abs(clip.samples).max())
    if peak >= 0.98 and float(np.mean(np.abs(clip.samples) >= 0.98 * peak)) > 0.05:
        yield "The clip is at full scale for much of its length: it is overloaded."
    if clip.source_rate < SAMPLE_RATE:
        yield f"The file is sampled at {clip.source_rate} Hz: it holds nothing above {clip.source_rate / 2000:g} kHz."


def is_silent(samples: np.ndarray) -> bool:
    return active_level(samples) < SILENCE_DBOV


def level_spread(samples: np.ndarray) -> float:
    """How far the level between 1 and 4 kHz comes and goes, in dB between its 5% and 95%: speech pauses and bursts,
    tones, hum and stationary noise do not. Infinite for clips too short to tell.
    """
    from scipy.signal import butter, sosfilt

    band = butter(4, LIVELY_HERTZ, "bandpass", fs=SAMPLE_RATE, output="sos")
    energies = frame_energies(sosfilt(band, samples))
    if len(energies) < 15:
        return float("inf")
    return float(np.percentile(energies, 95) - np.percentile(energies, 5))
