"""Reference conditions made of clean clips: they span the scale, tie a test to others, and supply gold clips.

MNRU: ITU-T P.810, at the steps common in P.800 tests. P.835: speech through a MNRU of Q dB in noise at an SNR, the
twelve conditions and the clean one that the P.808 toolkit rates its listeners with. P.804: each dimension impaired
alone, in two strengths, and one condition with all; the dimensions are the Recommendation's, the strengths ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE, active_level
from sqllm.signal.mnru import modulate_noise

FRAME = 0.02  # s, what a lost packet takes away


@dataclass(frozen=True)
class ReferenceCondition:
    """What is done to a clean clip, in this order; None or 0 leaves a step out.

    `reverberation`: decay time in s (60 dB). `band`: pass band in Hz. `mnru`: Q in dB. `snr`: dB below the active
    speech level. `lost`: share of 20 ms frames that are mute. `gain`: dB.
    """

    name: str
    reverberation: float = 0.0
    band: tuple[float, float] | None = None
    mnru: float | None = None
    snr: float | None = None
    lost: float = 0.0
    gain: float = 0.0

    def make(
        self, wave: np.ndarray, rate: int, rng: np.random.Generator, noise: np.ndarray | None = None
    ) -> np.ndarray:
        """The condition of a clean clip [n] at `rate` Hz, float32 within +-1; `noise` at the same rate, else Hoth's."""
        out = np.asarray(wave, np.float32)
        if self.reverberation:
            out = _reverberate(out, rate, self.reverberation, rng)
        if self.band is not None:
            out = _limit(out, rate, self.band)
        if self.mnru is not None:
            out = modulate_noise(out, self.mnru, rng)
        if self.snr is not None:
            out = out + _at_snr(wave, rate, self.snr, hoth_noise(len(wave), rate, rng) if noise is None else noise)
        if self.lost:
            out = _lose(out, rate, self.lost, rng)
        return np.clip(out * 10 ** (self.gain / 20), -1, 1).astype(np.float32)


CLEAN = ReferenceCondition("clean")
WORST = ReferenceCondition("mnru-00", mnru=0)  # a gold clip for the answer 1, rated in no condition
MNRU = (CLEAN, *(ReferenceCondition(f"mnru-{q:02d}", mnru=q) for q in (8, 16, 24, 32)))
P835 = (
    CLEAN,
    *(
        ReferenceCondition(f"snr-{snr:02d}-mnru-{q:02d}", mnru=q, snr=snr)
        for snr, q in (
            *((40, q) for q in (8, 16, 24, 32, 40)),
            *((snr, 40) for snr in (0, 10, 20, 30)),
            *((10, 16), (20, 24), (30, 32)),
        )
    ),
)
P804 = (
    CLEAN,
    ReferenceCondition("noise-20", snr=20),
    ReferenceCondition("noise-05", snr=5),
    ReferenceCondition("coloration-slight", band=(300, 3400)),
    ReferenceCondition("coloration-strong", band=(500, 1800)),
    ReferenceCondition("discontinuity-slight", lost=0.05),
    ReferenceCondition("discontinuity-strong", lost=0.25),
    ReferenceCondition("loudness-slight", gain=-15),
    ReferenceCondition("loudness-strong", gain=-30),
    ReferenceCondition("reverberation-slight", reverberation=0.6),
    ReferenceCondition("reverberation-strong", reverberation=1.6),
    ReferenceCondition("all-strong", reverberation=1.0, band=(500, 1800), snr=5, lost=0.25, gain=-15),
)
ANCHORS = (ReferenceCondition("anchor-35", band=(0, 3500)), ReferenceCondition("anchor-70", band=(0, 7000)))
# What each design is anchored with; webMUSHRA makes BS.1534's low-pass anchors itself, others need them as clips.
OF_DESIGN: Mapping[str, tuple[ReferenceCondition, ...]] = {
    "acr": MNRU,
    "dcr": MNRU,
    "ccr": MNRU,
    "p835": P835,
    "p804": P804,
    "mushra": ANCHORS,
    "pairs": (),
}


def hoth_noise(samples: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Room noise after Hoth (ITU-T P.800, annex A): falling 5 dB an octave from 100 Hz on, unit power, [samples]."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hertz = np.maximum(np.fft.rfftfreq(samples, 1 / rate), 100)
    noise = np.fft.irfft(spectrum * hertz ** (-5 / 6.02), samples)
    return noise / max(float(np.sqrt(np.mean(np.square(noise)))), 1e-12)


def speech_level(wave: np.ndarray, rate: int) -> float:
    """Active level in dBov at any rate: a picked sample has the power of its neighbours."""
    return active_level(np.asarray(wave[:: max(1, round(rate / SAMPLE_RATE))], np.float32))


def _at_snr(wave: np.ndarray, rate: int, snr: float, noise: np.ndarray) -> np.ndarray:
    noise = np.resize(noise, len(wave))
    wanted = 10 ** ((speech_level(wave, rate) - snr) / 20)
    return noise * wanted / max(float(np.sqrt(np.mean(np.square(noise)))), 1e-12)


def _limit(wave: np.ndarray, rate: int, band: tuple[float, float]) -> np.ndarray:
    from scipy.signal import butter, sosfiltfilt

    low, high = band[0], min(band[1], 0.49 * rate)
    filtered = butter(6, high, "lowpass", fs=rate, output="sos")
    wave = sosfiltfilt(filtered, wave)
    return sosfiltfilt(butter(4, low, "highpass", fs=rate, output="sos"), wave) if low else wave


def _reverberate(wave: np.ndarray, rate: int, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """The clip with a diffuse tail as strong as itself that decays by 60 dB in `seconds`; length and level kept."""
    from scipy.signal import fftconvolve

    times = np.arange(round(seconds * rate)) / rate
    tail = rng.standard_normal(len(times)) * 10 ** (-3 * times / seconds)
    tail /= np.sqrt(np.square(tail).sum())
    tail[0] += 1
    wet = fftconvolve(wave, tail)[: len(wave)]
    return wet * 10 ** ((speech_level(wave, rate) - speech_level(wet, rate)) / 20)


def _lose(wave: np.ndarray, rate: int, share: float, rng: np.random.Generator) -> np.ndarray:
    frame = round(FRAME * rate)
    lost = np.repeat(rng.random(-(-len(wave) // frame)) < share, frame)[: len(wave)]
    return np.where(lost, 0, wave)


def joined(first: np.ndarray, second: np.ndarray, rate: int, pause: float = 0.5) -> np.ndarray:
    """Two clips one after the other with a pause of `pause` s, as ITU-T P.800 (annexes D, E) presents pairs."""
    return np.concatenate([first, np.zeros(round(pause * rate)), second]).astype(np.float32)


def trapping_clip(wave: np.ndarray, rate: int, answer: int) -> np.ndarray:
    """The first 3 s of a clip, then as many beeps as the points to give: a trap without words of any language.

    The platform's instructions must say that the number of beeps is the answer.
    """
    beep = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(round(0.25 * rate)) / rate) * np.hanning(round(0.25 * rate))
    gap = np.zeros(round(0.25 * rate))
    return np.concatenate([wave[: 3 * rate], gap, *([beep, gap] * answer)]).astype(np.float32)
