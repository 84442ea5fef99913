"""Degradations in the sample domain. Each returns the degraded clip and the artifact it made.

A degradation draws its parameter inside the band of the wanted severity, so that every severity occurs.
Waveforms are [n] float32, mono, 16 kHz; spans are in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from sqllm.signal.audio import SAMPLE_RATE, active_level, set_level
from sqllm.signal.spans import merge_spans

Wave = np.ndarray
Rng = np.random.Generator


@dataclass(frozen=True)
class Artifact:
    """What was done to a clip: kind and severity of the closed sets, where (empty: all along), and how."""

    kind: str
    severity: str
    spans: list[tuple[float, float]] = field(default_factory=list)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def within(rng: Rng, severity: str, bands: Mapping[str, tuple[float, float]]) -> float:
    """A parameter drawn from a severity's band."""
    return float(rng.uniform(*bands[severity]))


def mix_at_snr(speech: Wave, noise: Wave, snr: float) -> Wave:
    """Speech plus noise at `snr` dB, by the speech's active level and the noise's mean level."""
    power = float(np.mean(np.square(noise, dtype=np.float64)))
    if power < 1e-12:
        return speech
    gain = 10 ** ((active_level(speech) - snr) / 20) / np.sqrt(power)
    return (speech + gain * noise).astype(np.float32)


def coloured_noise(rng: Rng, samples: int) -> Wave:
    """Noise with a random spectral slope (white to brown), like fans, cabins and office hum."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    slope = rng.uniform(0, 2.2) / 2
    spectrum *= np.maximum(np.arange(len(spectrum)), samples * 40 / SAMPLE_RATE) ** -slope
    return np.fft.irfft(spectrum, samples).astype(np.float32)


SNR_BANDS = {"slight": (24, 38), "moderate": (13, 24), "strong": (-3, 13)}


def add_noise(wave: Wave, rng: Rng, severity: str, noise: Wave, source: str) -> tuple[Wave, Artifact]:
    snr = within(rng, severity, SNR_BANDS)
    return mix_at_snr(wave, noise, snr), Artifact("background-noise", severity, [], {"snr": snr, "source": source})


def add_competing_speaker(wave: Wave, rng: Rng, severity: str, talker: Wave) -> tuple[Wave, Artifact]:
    snr = within(rng, severity, {"slight": (24, 36), "moderate": (7, 24), "strong": (-6, 7)})
    return mix_at_snr(wave, talker, snr), Artifact("competing-speaker", severity, [], {"snr": snr})


def add_hum(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    mains, time = float(rng.choice([50, 60])), np.arange(len(wave)) / SAMPLE_RATE
    harmonics = np.arange(1, int(rng.integers(4, 16)))
    weights = rng.uniform(0.1, 1, len(harmonics)) / harmonics ** rng.uniform(0.2, 1)
    phases = rng.uniform(0, 2 * np.pi, len(harmonics))
    hum = (weights[:, None] * np.sin(2 * np.pi * mains * harmonics[:, None] * time + phases[:, None])).sum(axis=0)
    snr = within(rng, severity, {"slight": (18, 32), "moderate": (6, 18), "strong": (-10, 6)})
    return mix_at_snr(wave, hum.astype(np.float32), snr), Artifact("hum", severity, [], {"snr": snr, "hertz": mains})


@lru_cache(maxsize=64)
def room_response(room: int, strength: str) -> tuple[Wave, float]:
    """The impulse response of simulated room number `room` and its reverberation time (s), direct path at time 0."""
    import pyroomacoustics as pra

    rng = np.random.default_rng([0x700, room])
    size = rng.uniform([2.5, 2.5, 2.3], [9, 8, 4])
    t60 = within(rng, strength, {"slight": (0.12, 0.3), "moderate": (0.25, 0.5), "strong": (0.5, 1.4)})
    try:
        absorption, order = pra.inverse_sabine(t60, size)
    except ValueError:
        absorption, order = 0.9, 6
    shoebox = pra.ShoeBox(size, fs=SAMPLE_RATE, materials=pra.Material(absorption), max_order=min(order, 30))
    microphone = rng.uniform(0.3, size - 0.3)
    distance = within(rng, strength, {"slight": (0.15, 0.5), "moderate": (0.5, 1.5), "strong": (1.2, 4.0)})
    direction = rng.standard_normal(3) * [1, 1, 0.3]
    talker = np.clip(microphone + distance * direction / np.linalg.norm(direction), 0.2, size - 0.2)
    shoebox.add_source(talker)
    shoebox.add_microphone(microphone)
    shoebox.compute_rir()
    response = np.asarray(shoebox.rir[0][0], dtype=np.float32)
    direct = int(np.argmax(np.abs(response)))
    return response[max(0, direct - 8) :] / np.abs(response).max(), t60


def add_reverberation(wave: Wave, rng: Rng, severity: str, rooms: range) -> tuple[Wave, Artifact]:
    room = int(rng.integers(rooms.start, rooms.stop))
    response, t60 = room_response(room, severity)
    wet = fftconvolve(wave, response)[8 : 8 + len(wave)].astype(np.float32)
    return set_level(wet, active_level(wave)), Artifact("reverberation", severity, [], {"t60": t60, "room": room})


def add_echo(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    delay = float(rng.uniform(0.08, 0.4))
    attenuation = within(rng, severity, {"slight": (20, 30), "moderate": (9, 20), "strong": (0, 9)})
    shift = round(delay * SAMPLE_RATE)
    echoed = wave.copy()
    echoed[shift:] += wave[: len(wave) - shift] * np.float32(10 ** (-attenuation / 20))
    return echoed, Artifact("echo", severity, [], {"delay": delay, "attenuation": attenuation})


def clip_share(wave: Wave, share: float) -> Wave:
    """The clip with a share (0-1) of its active part's samples cut off at the top."""
    loud = np.abs(wave)[np.abs(wave) > 10 ** ((active_level(wave) - 25) / 20)]
    limit = np.float32(np.quantile(loud, 1 - share)) if len(loud) else np.float32(1)
    return np.clip(wave, -limit, limit)


def clip_amplitude(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    share = within(rng, severity, {"slight": (0.01, 0.05), "moderate": (0.05, 0.25), "strong": (0.25, 0.7)})
    return clip_share(wave, share), Artifact("amplitude-clipping", severity, [], {"share": share})


def limit_band(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    high = within(rng, severity, {"slight": (5500, 7400), "moderate": (3100, 5500), "strong": (1000, 3100)})
    low = within(rng, severity, {"slight": (40, 120), "moderate": (100, 350), "strong": (250, 700)})
    if rng.random() < 0.3:
        low = 20.0
    sections = butter(int(rng.integers(4, 11)), (low, high), btype="bandpass", fs=SAMPLE_RATE, output="sos")
    limited = set_level(sosfilt(sections, wave).astype(np.float32), active_level(wave))
    return limited, Artifact("band-limited", severity, [], {"low": low, "high": high})


def clip_time(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Cut-outs of 0.04 to 0.4 s, as a voice switch or a stalled buffer makes them, inside the speech."""
    count = int(rng.integers(*{"slight": (1, 3), "moderate": (3, 8), "strong": (8, 24)}[severity]))
    cut, spans = wave.copy(), []
    envelope = np.abs(wave) > 10 ** ((active_level(wave) - 15) / 20)
    spoken = np.flatnonzero(envelope)
    for _ in range(count if len(spoken) else 0):
        start = int(spoken[int(rng.integers(len(spoken)))])
        stop = min(len(wave), start + int(rng.uniform(0.04, 0.4 if severity != "slight" else 0.15) * SAMPLE_RATE))
        cut[start:stop] = 0
        spans.append((start / SAMPLE_RATE, stop / SAMPLE_RATE))
    return cut, Artifact("time-clipping", severity, merge_spans(spans), {"count": count})


def set_too_quiet(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    level = within(rng, severity, {"slight": (-40, -35), "moderate": (-48, -40), "strong": (-58, -48)})
    return set_level(wave, level), Artifact("too-quiet", severity, [], {"level": level})


def set_too_loud(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    level = within(rng, severity, {"slight": (-18.5, -16), "moderate": (-16, -12), "strong": (-12, -7)})
    return np.clip(set_level(wave, level), -1, 1), Artifact("too-loud", severity, [], {"level": level})


OVERLOADED = {"slight": 0.003, "moderate": 0.02, "strong": 0.12}  # shares of the active samples at full scale, at least


def overload(wave: Wave) -> list[Artifact]:
    """The clipping of a clip that was played beyond full scale; none where hardly a peak was cut."""
    magnitude = np.abs(wave)
    active = magnitude[magnitude > 10 ** ((active_level(wave) - 25) / 20)]
    share = float(np.mean(active >= 0.999)) if len(active) else 0.0
    severity = next((name for name in reversed(OVERLOADED) if share >= OVERLOADED[name]), "")
    return [Artifact("amplitude-clipping", severity, [], {"share": share})] if severity else []


def swing_level(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Gain that pumps: it swings by `swing` dB every .3 to 3 s, smoothly or in steps, through speech and pauses."""
    swing = within(rng, severity, {"slight": (5, 9), "moderate": (9, 16), "strong": (16, 32)})
    seconds = len(wave) / SAMPLE_RATE
    count = max(3, int(seconds / float(rng.uniform(0.3, 3.0))))
    knots = np.sort(rng.uniform(0, seconds, count))
    gains = -swing * (np.arange(count) % 2) * rng.uniform(0.7, 1.0, count)
    ramp = 0.02 if rng.random() < 0.3 else float(rng.uniform(0.1, 1.0))
    grid = np.arange(round(seconds / 0.005) + 2) * 0.005
    stepped = gains[np.clip(np.searchsorted(knots, grid) - 1, 0, count - 1)]
    width = max(1, round(ramp / 0.005))
    smooth = np.convolve(np.pad(stepped, width, mode="edge"), np.ones(width) / width, mode="same")[width:-width]
    gained = wave * 10 ** (np.interp(np.arange(len(wave)) / SAMPLE_RATE, grid, smooth) / 20)
    swung = np.clip(set_level(gained.astype(np.float32), active_level(wave)), -1, 1)
    return swung, Artifact("level-change", severity, [], {"swing": swing, "changes": count})


def switch_band(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """A call that falls from the full band to a narrower one, from some moment on or up to it."""
    limited, artifact = limit_band(wave, rng, severity)
    seconds = len(wave) / SAMPLE_RATE
    moment = float(rng.uniform(0.25, 0.75) * seconds)
    narrow_first = rng.random() < 0.3
    span = (0.0, moment) if narrow_first else (moment, seconds)
    later = np.clip((np.arange(len(wave)) / SAMPLE_RATE - moment) / 0.02, 0, 1).astype(np.float32)
    share = 1 - later if narrow_first else later
    switched = (limited * share + wave * (1 - share)).astype(np.float32)
    return switched, Artifact("band-limited", severity, [span], {**artifact.parameters, "moment": moment})


def change_level(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """The level jumps to another one and back, with short ramps."""
    drop = within(rng, severity, {"slight": (5, 9), "moderate": (9, 15), "strong": (15, 28)})
    seconds = len(wave) / SAMPLE_RATE
    start = float(rng.uniform(0.1, 0.5) * seconds)
    stop = float(min(seconds, start + rng.uniform(0.25, 0.45) * seconds))
    knots = np.array([0, start, start + 0.1, stop, stop + 0.1, seconds + 1])
    gain = np.interp(np.arange(len(wave)) / SAMPLE_RATE, knots, [0, 0, -drop, -drop, 0, 0])
    changed = (wave * 10 ** (gain / 20)).astype(np.float32)
    return changed, Artifact("level-change", severity, [(start, stop)], {"drop": drop})
