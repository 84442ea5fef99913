"""HASQI v2 (Kates and Arehart, JAES 62, 2014): the quality of speech for an ear with a hearing loss and a hearing aid.

The parts are pyclarity's. Composed here are the ear, once for each signal and from one seed, and what it does segment
by segment, in arrays: the published function loops over segments in Python and takes five times as long, moves the
envelopes of every band (clips of a corpus are aligned) and draws other noise every time. Both ears of the comparison
wear the aid: the reference and the clip are amplified alike, by NAL-R for the audiogram.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sqllm.listeners.chains import AUDIOGRAM_HERTZ, AUDIOGRAMS, Wave
from sqllm.signal.audio import SAMPLE_RATE, active_level

INSTALL = "pip install --no-deps pyclarity==0.9.0"
EAR_RATE = 24_000
BANDS = 32
SPEECH_SPL = 65.0  # dB SPL of the reference
SEGMENT = 384  # samples: 16 ms
MOST_LAG = 24  # samples by which fine structure may be off: 1 ms
THRESHOLD = 2.5  # dB SL from which a segment counts
NOISE_SL = -10.0  # dB, of the noise that is the ear's own threshold
NOISE_SEED = 0
PIECE, MOST_PIECES = SAMPLE_RATE // 2, 6  # a long clip is heard in so many pieces
AID_HERTZ = (250, 500, 1000, 2000, 4000, 6000)
AID_TAPS = 140


@dataclass(frozen=True)
class Ear:
    """What an audiogram does in each of the bands, and the aid that makes up for it."""

    centre: np.ndarray
    widest: np.ndarray
    outer_loss: np.ndarray
    width: np.ndarray
    knee: np.ndarray
    ratio: np.ndarray
    inner_loss: np.ndarray
    aid: np.ndarray


@dataclass(frozen=True)
class Nerve:
    """What leaves an ear: `envelopes` in dB SL and `motion` of the membrane, [bands, samples]; `spectrum` in dB SL and
    filter `widths`, [bands].
    """

    envelopes: np.ndarray
    motion: np.ndarray
    spectrum: np.ndarray
    widths: np.ndarray


def _clarity() -> tuple[Any, Any, Any]:
    """pyclarity's parts of the ear, its aid, and its audiograms; raises `ImportError` with how to install it."""
    try:
        from clarity.enhancer.nalr import NALR
        from clarity.evaluator.haspi import eb
        from clarity.utils.audiogram import Audiogram
    except ImportError as problem:
        raise ImportError(f"HASQI needs the package {problem.name}: {INSTALL}.", name=problem.name) from problem
    return eb, NALR, Audiogram


def hasqi(reference: Wave, degraded: Wave, audiogram: str = "") -> float:
    """Quality 0-1, 1 for a clip that is its reference, for ears with an audiogram (empty: normal hearing).

    Both are [n] float32 at 16 kHz, of the same length and aligned. The reference is played at 65 dB SPL, the clip as
    much above or below it as it is. A clip of more than 3 s is heard in pieces with speech, evenly over it.
    """
    ear, pieces = _ear(audiogram), _pieces(reference)
    gain = 10 ** (-active_level(reference) / 20)
    known, heard = (_hear(gain * wave[pieces].astype(np.float64), ear) for wave in (reference, degraded))
    return _compare(known, _delayed(heard, known.widths, ear), _delayed(known, known.widths, ear))


def _pieces(reference: Wave) -> np.ndarray:
    """The samples to hear, as indices: all, or as many pieces as are allowed, evenly over those with speech."""
    count = len(reference) // PIECE
    if count <= MOST_PIECES:
        return np.arange(len(reference))
    levels = np.square(reference[: count * PIECE].astype(np.float64)).reshape(count, PIECE).mean(axis=1)
    spoken = np.flatnonzero(levels > 1e-3 * levels.max())
    if len(spoken) > MOST_PIECES:
        spoken = spoken[np.linspace(0, len(spoken) - 1, MOST_PIECES).round().astype(int)]
    return (spoken[:, None] * PIECE + np.arange(PIECE)).ravel()


@cache
def _ear(audiogram: str) -> Ear:
    eb, aid_of, audiogram_of = _clarity()
    levels = AUDIOGRAMS[audiogram] if audiogram else (0.0,) * len(AUDIOGRAM_HERTZ)
    thresholds = np.array([levels[AUDIOGRAM_HERTZ.index(hertz)] for hertz in AID_HERTZ], dtype=float)
    centre = eb.center_frequency(BANDS)
    _, widest, *_ = eb.loss_parameters(np.full(len(AID_HERTZ), 100.0), centre)
    aid, _ = aid_of(AID_TAPS, EAR_RATE).build(audiogram_of(levels=thresholds, frequencies=np.array(AID_HERTZ)))
    outer, width, knee, ratio, inner = eb.loss_parameters(thresholds, centre)
    return Ear(centre, widest, outer, width, knee, ratio, inner, aid)


def _hear(samples: np.ndarray, ear: Ear) -> Nerve:
    """One ear of pyclarity's `ear_model`, with the aid before it; `samples` at 16 kHz, 1 being 65 dB SPL."""
    from scipy.signal import resample_poly

    eb, _, _ = _clarity()
    aided = np.convolve(resample_poly(samples, 3, 2), ear.aid)[AID_TAPS // 2 :][: len(samples) * 3 // 2]
    middle = eb.middle_ear(aided, EAR_RATE)
    shape = (BANDS, len(middle))
    envelopes, motion = np.zeros(shape), np.zeros(shape)
    averages, controls, widths = np.zeros(BANDS), np.zeros(BANDS), np.zeros(BANDS)
    for band in range(BANDS):
        carrier = _carrier(band, len(middle))
        control, _ = _gammatone(middle, carrier, ear.centre[band], ear.widest[band])
        widths[band] = eb.bandwidth_adjust(control, ear.width[band], ear.widest[band], SPEECH_SPL)
        envelope, moved = _gammatone(middle, carrier, ear.centre[band], widths[band])
        averages[band], controls[band] = (float(np.sqrt(np.mean(np.square(x)))) for x in (envelope, control))
        compressed = eb.env_compress_basilar_membrane(
            envelope, moved, control, ear.outer_loss[band], ear.knee[band], ear.ratio[band], EAR_RATE, SPEECH_SPL
        )
        audible = eb.envelope_sl(*compressed, ear.inner_loss[band], SPEECH_SPL)
        envelopes[band], motion[band] = eb.inner_hair_cell_adaptation(*audible, 2.0, EAR_RATE)
    motion += 10 ** ((NOISE_SL - SPEECH_SPL) / 20) * _own_noise(shape)
    spectrum = eb.convert_rms_to_sl(averages, controls, ear.outer_loss, ear.knee, ear.ratio, ear.inner_loss, SPEECH_SPL)
    return Nerve(envelopes, motion, spectrum, widths)


@lru_cache(maxsize=2 * BANDS)
def _carrier(band: int, length: int) -> np.ndarray:
    """What brings a band down to 0 Hz, [length]; most clips are heard in pieces, as long together."""
    return np.asarray(np.exp(-2j * np.pi * _ear("").centre[band] / EAR_RATE * np.arange(length)))


@lru_cache(maxsize=2)
def _own_noise(shape: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(NOISE_SEED).standard_normal(shape, dtype=np.float32)


def _gammatone(samples: np.ndarray, carrier: np.ndarray, hertz: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """The envelope and the motion of a band of a gammatone filter, as `eb.gammatone_basilar_membrane` has them."""
    from scipy.signal import lfilter

    a = float(np.exp(-2 * np.pi / EAR_RATE * width * (24.7 + hertz / 9.26449) * 1.019))
    numerator, denominator = [1, 4 * a, 4 * a * a], [1, -4 * a, 6 * a**2, -4 * a**3, a**4]
    gain = 2 * sum(denominator) / sum(numerator)
    low = gain * lfilter(numerator, denominator, samples * carrier)
    return np.abs(low), (low * carrier.conj()).real


def _delayed(nerve: Nerve, widths: np.ndarray, ear: Ear) -> Nerve:
    """The bands moved so that their filters' delays are alike."""
    eb, _, _ = _clarity()
    envelopes, motion = (
        eb.group_delay_compensate(x, widths, ear.centre, EAR_RATE) for x in (nerve.envelopes, nerve.motion)
    )
    return Nerve(envelopes, motion, nerve.spectrum, nerve.widths)


def _compare(reference: Nerve, heard: Nerve, known: Nerve) -> float:
    """HASQI v2 from what leaves both ears."""
    eb, _, _ = _clarity()
    cepstral, _ = eb.mel_cepstrum_correlation(_smoothed(known.envelopes), _smoothed(heard.envelopes), THRESHOLD, 0.0)
    loud, _, slope = eb.spectrum_diff(reference.spectrum.copy(), heard.spectrum.copy())
    covariance, power = _covariances(known.motion, heard.motion)
    _, synchronous = eb.ave_covary2(covariance, power, THRESHOLD)
    linear = 0.579 * np.clip(1 - loud[1] / 2.5, 0, 1) + 0.421 * np.clip(1 - slope[1], 0, 1)
    return float(np.nan_to_num(cepstral**2 * synchronous[4] * linear))


def _segments(rows: np.ndarray) -> np.ndarray:
    """Windowed segments of half overlap, [bands, segments, SEGMENT], as a view that is multiplied out."""
    cut = sliding_window_view(rows, SEGMENT, axis=1)[:, :: SEGMENT // 2]
    return cut * np.hanning(SEGMENT)


def _smoothed(envelopes: np.ndarray) -> np.ndarray:
    """`eb.env_smooth`, but for the half segments at both ends: [bands, segments]."""
    return np.asarray(_segments(envelopes).sum(axis=2) / np.hanning(SEGMENT).sum())


def _covariances(reference: np.ndarray, heard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`eb.bm_covary`, but for the half segments at both ends: covariances 0-1 and the reference's power, [bands,
    segments] each.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    window = np.hanning(SEGMENT)
    size, lags = next_fast_len(SEGMENT + MOST_LAG, real=True), np.arange(-MOST_LAG, MOST_LAG + 1)
    share = np.array([window[: SEGMENT - abs(lag)] @ window[abs(lag) :] for lag in lags])
    covariances, powers = [], []
    for band, other in zip(reference, heard, strict=True):
        x, y = (_segments(row[None])[0] for row in (band, other))  # [segments, SEGMENT]
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        own, others = (np.square(part).sum(axis=1) / np.square(window).sum() for part in (x, y))
        crossed = irfft(rfft(x, size) * rfft(y, size).conj(), size)[:, lags]
        covariances.append(np.abs(crossed / share).max(axis=1) / np.sqrt(np.maximum(own * others, 1e-60)))
        powers.append(2 * own)
    return np.clip(covariances, 0, 1), np.array(powers)
