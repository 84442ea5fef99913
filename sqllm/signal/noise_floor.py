"""What is under and around the speech, read from short-time spectra: noise floor, signal-to-noise ratio, bandwidth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.spans import Span
from sqllm.signal.speech_level import HANGOVER, MARGIN

FRAME, HOP = 512, 256  # samples: 32 ms every 16 ms
HERTZ_A_BIN = SAMPLE_RATE / FRAME
BLOCK_SECONDS = 30  # over which noise is taken to be steady
SILENT = 1e-10  # power, -100 dBov
NOISE_REACH = 1.5  # times the noise, up to which a bin's power is counted as noise
QUIET_FRAME = 1.25  # of the noise's mean to the quietest twentieth of its frames, at most
FEWEST_FRAMES = 8
BEFORE_SPEECH, AFTER_SPEECH = 0.15, 0.2  # s around speech that are no pause
LOUDER_SNR, QUIETER_SNR = 18.0, 25.0  # dB, from where on pauses are less and less, and no more, taken for noise: breath
HIGHEST_SNR = 60.0  # dB; more is below what 16 bits hold
WIDEST = 7400.0  # Hz; above, what resampling to 16 kHz takes away can't be told from what was missing before
LOUD = 0.95  # the quantile over frames that stands for the speech at a frequency: among them the fricatives
EDGE_DB, LOW_EDGE_DB = 18.0, 30.0  # how far the spectrum falls at an edge; below 2.5 kHz speech falls by itself
LOW_EDGE_HERTZ = 2500.0


@dataclass(frozen=True)
class Spectrum:
    """What short-time spectra say of a clip: `noise` and `frames`, mean squares of the noise (a frame, [frames]) and of
    everything ([frames]); `loud`, the mean square a bin reaches when it is loud, [257 bins].
    """

    noise: np.ndarray
    frames: np.ndarray
    loud: np.ndarray

    @classmethod
    def of(cls, samples: np.ndarray) -> Spectrum:
        """From [n] samples at 16 kHz, half a minute at a time: linear time, bounded memory."""
        width = BLOCK_SECONDS * SAMPLE_RATE
        starts = range(0, max(1, len(samples) - width // 2), width)  # a short rest belongs to the block before
        noise, frames, loud = [], [], []
        for start in starts:
            end = len(samples) if start == starts[-1] else start + width + FRAME - HOP
            power = short_time_power(samples[start:end])
            steady = steady_noise(power)
            frames.append(power.sum(axis=1))
            noise.append(np.full(len(power), min(steady, float(np.mean(frames[-1])))))
            loud.append(_quantile(power, LOUD))
        return cls(np.concatenate(noise), np.concatenate(frames), np.max(loud, axis=0))


def short_time_power(samples: np.ndarray) -> np.ndarray:
    """Power spectra of [n] samples, Hann window, [frames, 257 bins]; a frame's bins add up to its mean square.

    A constant does not count.
    """
    from scipy.fft import rfft

    padded = np.pad(samples, (0, max(0, FRAME - len(samples)))).astype(np.float32)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    bins = rfft((cut - padded.mean(dtype=np.float64).astype(np.float32)) * window, axis=1)
    power = np.square(bins.real) + np.square(bins.imag)
    power *= 2 / (FRAME * float(np.square(window).sum()))
    power[:, 0] = 0
    power[:, -1] /= 2
    return power


def steady_noise(power: np.ndarray) -> float:
    """Power of the steady noise under [frames, bins] power spectra; digital silence is left out.

    Noise of power N has exponentially distributed power in a bin; those values up to 1.5 N have a known mean, and
    speech, which is sparse in time and frequency, seldom lies among them. N is the fixed point, reached from the
    lowest tenth of the values. Where there are pauses, the quietest frames bound the sum over the bins.
    """
    frames = power.sum(axis=1)
    if np.count_nonzero(frames > SILENT) < FEWEST_FRAMES:
        return 0.0
    power, frames = power[frames > SILENT], frames[frames > SILENT]
    noise = _quantile(power, 0.1) / -np.log(0.9)
    correction = 1 - NOISE_REACH * np.exp(-NOISE_REACH) / (1 - np.exp(-NOISE_REACH))
    for _ in range(10):
        low = power < np.float32(NOISE_REACH) * noise
        noise = np.einsum("fb,fb->b", power, low) / np.maximum(low.sum(axis=0), 1) / np.float32(correction)
    return min(float(noise.sum()), QUIET_FRAME * float(np.quantile(frames, 0.05)))


def _quantile(power: np.ndarray, share: float) -> np.ndarray:
    """The value below which that share of [frames, bins] lies, a bin."""
    rank = int(share * (len(power) - 1))
    return np.asarray(np.partition(power, rank, axis=0)[rank])


def noise_floor(spectrum: Spectrum) -> float:
    """Level of the steady noise in dBov, -100 for none: within 1.5 dB of noise that is steady, whether there are pauses
    or not. Noise that comes and goes (passing trains, voices, clatter) counts with what is always there of it.
    """
    return float(10 * np.log10(spectrum.noise.mean() + SILENT))


def speech_to_noise(spectrum: Spectrum, speech: Sequence[Span] | None = None) -> float | None:
    """Active speech level over noise in dB, at most 60 (which stands for more); None where it can't be told: no noise
    and no speech, or nothing that stands out of the noise.

    The speech level is that of ITU-T P.56, found on what frames hold beyond the noise; below the noise's own
    fluctuation a frame is no speech. Within 2 dB from 0 to 40 dB for speech in steady noise. Noise that comes and goes
    (voices, clatter, barking) counts with its mean in the pauses where `speech` says when there is speech, (start, end)
    in s: off by 5 dB on average. Without, only what is always there of it counts, and the ratio is too high.
    """
    noise = spectrum.noise
    level = _level_above_noise(spectrum.frames, noise)
    pauses = None if speech is None or level is None else _noise_in_pauses(spectrum, speech)
    if pauses and level is not None:
        steady = float(noise.mean()) + SILENT
        trust = np.clip((QUIETER_SNR - (level - 10 * np.log10(pauses))) / (QUIETER_SNR - LOUDER_SNR), 0, 1)
        noise = noise * max(1.0, pauses / steady) ** trust
        level = _level_above_noise(spectrum.frames, noise) or level
    floor = float(10 * np.log10(noise.mean() + SILENT))
    if level is None or level < floor - 4:
        return None
    return min(HIGHEST_SNR, level - floor)


def _noise_in_pauses(spectrum: Spectrum, speech: Sequence[Span]) -> float | None:
    """Mean power of the frames that are clear of speech; None where they make up less than .2 s."""
    middles = (np.arange(len(spectrum.frames)) * HOP + FRAME / 2) / SAMPLE_RATE
    quiet = np.ones(len(middles), bool)
    for start, end in speech:
        quiet &= (middles < start - BEFORE_SPEECH) | (middles > end + AFTER_SPEECH)
    if np.count_nonzero(quiet) * HOP < 0.2 * SAMPLE_RATE:
        return None
    return float(spectrum.frames[quiet].mean()) + SILENT


def _level_above_noise(frames: np.ndarray, noise: np.ndarray) -> float | None:
    """The active level in dBov of what there is beyond the noise, both mean squares, [frames]."""
    beyond = frames - noise
    energy, hangover = float(beyond.sum()), round(HANGOVER * SAMPLE_RATE / HOP)
    if energy <= SILENT * len(beyond):
        return None
    smooth = np.convolve(beyond, np.full(3, 1 / 3), "same")
    lowest = max(float(0.35 * noise.max()), SILENT)
    for threshold in lowest * 10 ** np.arange(0, 12, 0.1):
        above = np.flatnonzero(smooth >= threshold)
        if not len(above):
            return None
        active = len(above) + np.minimum(np.diff(above) - 1, hangover).sum()
        active += min(len(beyond) - 1 - above[-1], hangover)
        level = 10 * np.log10(energy / active)
        if level - 10 * np.log10(threshold) <= MARGIN:
            return float(level)
    return None


def bandwidth(spectrum: Spectrum) -> float | None:
    """The frequency in Hz at which the clip's spectrum ends, None where it goes on to the 7.4 kHz that can be told.

    The lowest edge above which nothing is louder than 18 dB below what lies beneath it (30 dB where speech falls by
    itself), at the frequency where 8 dB are lost. Within 300 Hz for steep filters, as codecs and resamplers have them
    (60 dB an octave and more); gentler ones have no edge. Noise added behind the filter fills the band, and counts.
    """
    from scipy.ndimage import median_filter, uniform_filter1d

    levels = uniform_filter1d(10 * np.log10(spectrum.loud + 1e-13), 3)
    wide, guard = round(400 / HERTZ_A_BIN), round(300 / HERTZ_A_BIN)
    loudest_above = np.maximum.accumulate(levels[::-1])[::-1]
    bins = np.arange(wide, len(levels) - guard - 2)
    below = median_filter(levels, wide)[bins - wide // 2]
    fall = below - loudest_above[bins + guard]
    edges = fall >= np.where(bins * HERTZ_A_BIN < LOW_EDGE_HERTZ, LOW_EDGE_DB, EDGE_DB)
    if not edges.any() or levels.max() < -90:
        return None
    first = int(np.argmax(edges))
    place = first + int(np.argmax(fall[first : first + wide]))
    passed = max(below[place] - 8, (below[place] + loudest_above[bins[place] + guard]) / 2)
    last = bins[place] - wide // 2 + np.flatnonzero(levels[bins[place] - wide // 2 :] >= passed)[-1]
    hertz = float((last + 0.5) * HERTZ_A_BIN)
    return hertz if hertz < WIDEST else None
