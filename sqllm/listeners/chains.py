"""What a clip goes through before it reaches a listener: device, room and ears, as signal processing.

Every chain takes [n] float32 at 16 kHz and gives as many; it is the same for the same clip, and only labels are made
with it: the model hears every clip as it was uploaded. SciPy is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE, active_level, set_level

Wave = np.ndarray

# Hearing thresholds in dB HL at these frequencies: standard audiograms of Bisgaard, Vlaming and Dahlquist (Trends in
# Amplification 14, 2010), flat to moderately sloping (N) and steeply sloping (S); also in IEC 60118-15.
AUDIOGRAM_HERTZ = (250, 375, 500, 750, 1000, 1500, 2000, 3000, 4000, 6000)
AUDIOGRAMS: dict[str, tuple[float, ...]] = {
    "N1": (10, 10, 10, 10, 10, 10, 15, 20, 30, 40),
    "N2": (20, 20, 20, 22.5, 25, 30, 35, 40, 45, 50),
    "N3": (35, 35, 35, 35, 40, 45, 50, 55, 60, 65),
    "N4": (55, 55, 55, 55, 55, 60, 65, 70, 75, 80),
    "S1": (10, 10, 10, 10, 10, 10, 15, 30, 55, 70),
    "S2": (20, 20, 20, 22.5, 25, 35, 55, 75, 95, 95),
    "S3": (30, 30, 35, 47.5, 60, 70, 75, 80, 80, 85),
}

HANDSET_BAND = (300.0, 3400.0)
# A laptop's loudspeakers: nothing below, a box that rings, a panel in the way of the highest tones. Centre (Hz), gain
# (dB) and quality of each resonance.
LAPTOP_LOWEST = 250.0
LAPTOP_RESONANCES = ((420.0, 5.0, 2.0), (1100.0, -4.0, 1.5), (2600.0, 5.0, 2.5), (5200.0, -5.0, 2.0))
STREET_DBOV = -46.0  # 20 dB below speech at the usual -26 dBov, whatever the clip's own level is
STREET_SEED = 7


@dataclass(frozen=True)
class Chain:
    """A chain by name: what it is in words, and what it does to a wave."""

    name: str
    title: str
    hear: Callable[[Wave], Wave]


def through_handset(samples: Wave) -> Wave:
    """A telephone handset: 300-3400 Hz."""
    from scipy.signal import butter, sosfiltfilt

    sections = butter(10, HANDSET_BAND, btype="bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfiltfilt(sections, samples), dtype=np.float32)


def through_laptop(samples: Wave) -> Wave:
    """A laptop's loudspeakers, turned up to the clip's own level."""
    from scipy.signal import butter, sosfilt

    heard = sosfilt(butter(4, LAPTOP_LOWEST, btype="highpass", fs=SAMPLE_RATE, output="sos"), samples)
    for hertz, decibels, quality in LAPTOP_RESONANCES:
        heard = sosfilt(_peak(hertz, decibels, quality), heard)
    return set_level(np.asarray(heard, dtype=np.float32), active_level(samples))


def in_street(samples: Wave) -> Wave:
    """Beside traffic: the clip with street noise that is as loud whatever the clip's level, none where it is silent."""
    if not np.any(samples):
        return np.asarray(samples, dtype=np.float32)
    return np.asarray(samples + street_noise(len(samples)), dtype=np.float32)


def street_noise(length: int) -> Wave:
    """Traffic, [length] at `STREET_DBOV`: noise that falls by 6 dB an octave above 200 Hz, in slow swells of passing
    cars. A short one is the beginning of a long one.
    """
    from scipy.signal import butter, sosfilt

    rng = np.random.default_rng(STREET_SEED)
    whole = max(length, 12 * SAMPLE_RATE)
    noise = sosfilt(butter(1, 200, fs=SAMPLE_RATE, output="sos"), rng.standard_normal(whole))
    noise = sosfilt(butter(2, 40, btype="highpass", fs=SAMPLE_RATE, output="sos"), noise)
    seconds = np.arange(whole) / SAMPLE_RATE
    swells = sum(np.cos(2 * np.pi * (seconds / period + phase)) for period, phase in ((3.1, 0.2), (5.7, 0.6)))
    noise = noise * 10 ** (2.0 * swells / 20)
    return np.asarray(noise[:length] * 10 ** (STREET_DBOV / 20) / np.sqrt(np.mean(np.square(noise))), np.float32)


def through_ears(audiogram: str) -> Callable[[Wave], Wave]:
    """Ears with a hearing loss, as a filter, turned up to the clip's own level, as such a listener would."""

    def hear(samples: Wave) -> Wave:
        from scipy.signal import fftconvolve, firwin2

        loss = np.array(AUDIOGRAMS[audiogram], dtype=float)
        grid = np.array([0, *AUDIOGRAM_HERTZ, SAMPLE_RATE / 2])
        gain = 10 ** (-np.array([loss[0], *loss, loss[-1]]) / 20)
        heard = fftconvolve(samples, firwin2(257, grid, gain / gain.max(), fs=SAMPLE_RATE), mode="same")
        return set_level(np.asarray(heard, dtype=np.float32), active_level(samples))

    return hear


def _peak(hertz: float, decibels: float, quality: float) -> Wave:
    """A second-order section that lifts or lowers a band, [1, 6] (Bristow-Johnson's audio equaliser cookbook)."""
    lift, omega = 10 ** (decibels / 40), 2 * np.pi * hertz / SAMPLE_RATE
    alpha, cosine = np.sin(omega) / (2 * quality), np.cos(omega)
    first = 1 + alpha / lift
    section = [1 + alpha * lift, -2 * cosine, 1 - alpha * lift, first, -2 * cosine, 1 - alpha / lift]
    return np.array([section]) / first


CHAINS: dict[str, Chain] = {
    chain.name: chain
    for chain in (
        Chain("handset", "a telephone handset, 300 to 3400 Hz", through_handset),
        Chain("laptop", "a laptop's loudspeakers", through_laptop),
        Chain("street", "a street with traffic", in_street),
        *(
            Chain(f"ears-{name}", f"ears with a hearing loss by audiogram {name}", through_ears(name))
            for name in AUDIOGRAMS
        ),
    )
}
