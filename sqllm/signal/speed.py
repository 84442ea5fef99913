"""Whether speech plays at a half, a third, double or triple speed, as under a wrong sampling rate in a header."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE

LONGEST_SECONDS, SHORTEST_SECONDS = 10, 1.5
QUIETEST_PEAK = 1e-4
FRAME, HOP, BINS = 1024, 256, 2048
BAND_EDGES = 100 * 2 ** (np.arange(20) / 3)  # Hz, thirds of an octave up to 8 kHz
ACTIVE_DB = 25  # below the loudest twentieth of the frames
PITCH_HERTZ = (30, 1000)
MODULATION_EDGES = np.array([0.5, 1, 2, 4, 8, 16, 30])  # Hz, of envelopes: syllables come at 3 to 6
ENVELOPE_BANDS = ((0, 6), (6, 12), (12, 19))
TOO_SLOW, TOO_FAST = -0.65, 0.4  # of `speed_evidence`
WEIGHTS = Path(__file__).with_name("speed_weights.json")


def suspected_speed(samples: np.ndarray) -> str:
    """A sentence where [n] samples of speech at 16 kHz sound much too slow or too fast, else nothing.

    Of 101 clips by speakers that the weights were not fitted to, treated by filters, noise, rooms, clipping or changes
    of voice and tempo in six of ten cases, 99% are told at a third of their speed, 97% at a half, 92% at double and all
    at triple; wrongly .7% of 297 at their own speed, and none of 438 clips of listening tests. Only for speech: barking
    or birdsong are no slow or fast talkers. The factor itself is not told, and what is nearer to 1 than voices differ
    among each other (44.1 for 48 kHz) can't be.
    """
    evidence = speed_evidence(samples)
    if evidence is None or TOO_SLOW <= evidence <= TOO_FAST:
        return ""
    how, times = ("slow", "a half or a third of") if evidence < 0 else ("fast", "two or three times")
    return f"The speech sounds much too {how}, as if at {times} its speed: the file's sampling rate may be wrong."


def speed_evidence(samples: np.ndarray) -> float | None:
    """How [n] samples of speech at 16 kHz play: about 0 at their speed, -1 at half of it or less, 1 at double or more;
    None below 1.5 s, and for silence.
    """
    if len(samples) < SHORTEST_SECONDS * SAMPLE_RATE or np.abs(samples).max() < QUIETEST_PEAK:
        return None
    weights = _weights()
    return float(speed_features(samples) @ weights[1:] + weights[0])


@cache
def _weights() -> np.ndarray:
    return np.array(json.loads(WEIGHTS.read_text(encoding="utf-8")))


def speed_features(samples: np.ndarray) -> np.ndarray:
    """What tells the speed of [n] samples at 16 kHz, [65], from the loudest 10 s: mean and deviation of the level in 19
    bands over active frames (vocal tract), quantiles and clarity of the pitch, and the modulation spectra of three
    broad bands (syllables).
    """
    from scipy.fft import rfft

    heard = _loudest(samples.astype(np.float32))
    frames = np.lib.stride_tricks.sliding_window_view(heard - heard.mean(), FRAME)[::HOP]
    power = np.abs(rfft(frames * np.hanning(FRAME).astype(np.float32), BINS, axis=1)) ** 2
    edges = np.searchsorted(np.arange(BINS // 2 + 1) * SAMPLE_RATE / BINS, BAND_EDGES)
    edges[-1] = BINS // 2
    bands = np.add.reduceat(power, edges, axis=1)[:, :-1]  # [frames, 19]
    energy = bands.sum(axis=1)
    active = energy >= np.quantile(energy, 0.95) * 10 ** (-ACTIVE_DB / 10)
    levels = 10 * np.log10(bands[active] + 1e-9 * energy.max() + 1e-12)
    mean = levels.mean(axis=0)
    return np.concatenate(
        [
            mean - mean.mean(),
            levels.std(axis=0),
            _pitch(power[active]),
            *(_modulation(bands, *b) for b in ENVELOPE_BANDS),
        ]
    )


def _loudest(samples: np.ndarray) -> np.ndarray:
    """The 10 s with the highest energy, in steps of a second."""
    length = LONGEST_SECONDS * SAMPLE_RATE
    if len(samples) <= length:
        return samples
    count = len(samples) // SAMPLE_RATE
    seconds = np.square(samples[: count * SAMPLE_RATE]).reshape(count, -1).sum(axis=1, dtype=np.float64)
    start = int(np.argmax(np.convolve(seconds, np.ones(LONGEST_SECONDS), "valid"))) * SAMPLE_RATE
    return samples[start : start + length]


def _pitch(power: np.ndarray) -> np.ndarray:
    """Quantiles of the pitch in octaves over 100 Hz, and how clear it is, of [frames, bins] power spectra: [6].

    By autocorrelation of the compressed spectrum (Tolonen and Karjalainen 2000), behind its first zero.
    """
    from scipy.fft import irfft

    hertz = np.arange(power.shape[1]) * SAMPLE_RATE / BINS
    compressed = np.where((hertz >= 30) & (hertz <= 4000), power, 0) ** 0.35
    shortest, longest = (round(SAMPLE_RATE / limit) for limit in reversed(PITCH_HERTZ))
    similarity = irfft(compressed, axis=1)[:, :longest]
    similarity /= np.maximum(similarity[:, :1], 1e-12)
    behind = np.arange(longest) >= np.argmax(similarity < 0, axis=1)[:, None]
    lags = shortest + np.argmax(np.where(behind, similarity, -1)[:, shortest:], axis=1)
    clear = similarity[np.arange(len(lags)), lags]
    octaves = np.log2(SAMPLE_RATE / lags / 100)[clear >= np.median(clear)]
    return np.append(np.quantile(octaves, [0.1, 0.25, 0.5, 0.75, 0.9]), np.median(clear))


def _modulation(bands: np.ndarray, lowest: int, highest: int) -> np.ndarray:
    """The modulation spectrum of some bands' envelope: shares of octaves (log10), and its centre in log2 Hz: [7]."""
    from scipy.fft import rfft

    envelope = np.sqrt(bands[:, lowest:highest].sum(axis=1))
    envelope = envelope / (envelope.mean() + 1e-12) - 1
    spectrum = np.zeros(513)
    for start in range(0, max(1, len(envelope) - 128), 256):
        piece = envelope[start : start + 512]
        spectrum += np.abs(rfft((piece - piece.mean()) * np.hanning(len(piece)), 1024)) ** 2
    hertz = np.arange(513) * SAMPLE_RATE / HOP / 1024
    places = np.searchsorted(hertz, MODULATION_EDGES)
    total = spectrum[places[0] : places[-1]].sum() + 1e-12
    shares = np.add.reduceat(spectrum, places)[:-1] / total
    centre = (spectrum * hertz)[places[0] : places[-1]].sum() / total
    return np.append(np.log10(shares + 1e-4), np.log2(centre + 1e-6))
