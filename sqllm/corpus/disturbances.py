"""What comes on top of a call and is neither speech nor steady noise: clicks, interference, and what has no name.

Waveforms are [n] float32, mono, 16 kHz; the output has the length and the time axis of the input; spans are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfilt

from sqllm.corpus.degradations import Artifact, Rng, Wave, coloured_noise, within
from sqllm.corpus.filters import through
from sqllm.signal.audio import SAMPLE_RATE, active_level, frame_energies, set_level
from sqllm.signal.spans import merge_spans

Span = tuple[float, float]
CLICK_REACH = 0.02  # s, how long a click is heard
CLICK_PEAKS = {"slight": (-12, -3), "moderate": (-3, 6), "strong": (3, 14)}  # dB over the speech's active level + 6
CLICKS_A_SECOND = {"slight": (0.3, 2), "moderate": (0.8, 8), "strong": (2, 25)}
DISTURBED_SNRS = {"slight": (14, 24), "moderate": (4, 14), "strong": (-12, 4)}  # dB, speech over the burst itself
DISTURBED_SHARES = {"slight": (0.05, 0.2), "moderate": (0.1, 0.4), "strong": (0.2, 0.7)}  # of the clip's time


def add_clicks(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Pops and clicks: single samples, bursts of under 5 ms, or the ringing of a contact."""
    rate = within(rng, severity, CLICKS_A_SECOND)
    count = max(1, int(rng.poisson(rate * len(wave) / SAMPLE_RATE)))
    peak = 10 ** ((active_level(wave) + 6 + within(rng, severity, CLICK_PEAKS)) / 20)
    shape = str(rng.choice(["sample", "burst", "ringing"]))
    starts = np.sort(rng.integers(0, max(1, len(wave) - 400), count))
    clicked, spans = wave.copy(), []
    for start in starts.tolist():
        click = _click(rng, shape) * np.float32(peak * rng.uniform(0.5, 1.0))
        stop = min(len(wave), start + len(click))
        clicked[start:stop] += click[: stop - start]
        spans.append((start / SAMPLE_RATE, start / SAMPLE_RATE + CLICK_REACH))
    parameters = {"clicks": count, "shape": shape}
    return np.clip(clicked, -1, 1), Artifact("clicks", severity, merge_spans(spans), parameters)


def _click(rng: Rng, shape: str) -> Wave:
    """One click with a peak of 1, [samples]."""
    if shape == "sample":
        return rng.choice([-1.0, 1.0], int(rng.integers(1, 4))).astype(np.float32)
    time = np.arange(int(rng.uniform(0.0005, 0.005) * SAMPLE_RATE) + 8) / SAMPLE_RATE
    decay = np.exp(-time / rng.uniform(0.0003, 0.0015))
    if shape == "burst":
        body = rng.standard_normal(len(time))
    else:
        body = np.sin(2 * np.pi * float(rng.uniform(300, 5000)) * time + float(rng.uniform(0, 6.3)))
    click = decay * body
    return (click / np.abs(click).max()).astype(np.float32)


def add_interference(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Gusts of wind, buzz, static or beeps, in bursts; or comfort noise that comes in the pauses."""
    kind = str(rng.choice(list(_SOUNDS)))
    share, snr = within(rng, severity, DISTURBED_SHARES), within(rng, severity, DISTURBED_SNRS)
    sound = _SOUNDS[kind](rng, len(wave))
    spans = _pauses(wave, share, rng) if kind == "comfort noise" else _bursts(rng, len(wave) / SAMPLE_RATE, share, kind)
    gate = _gate(spans, len(wave))
    heard = sound * gate
    power = float(np.mean(np.square(heard[gate > 0.5], dtype=np.float64))) if (gate > 0.5).any() else 0.0
    if power < 1e-12:
        return wave, Artifact("interference", "", [], {"sound": kind})
    gain = 10 ** ((active_level(wave) - snr) / 20) / np.sqrt(power)
    mixed = np.clip(wave + np.float32(gain) * heard, -1, 1).astype(np.float32)
    return mixed, Artifact("interference", severity, merge_spans(spans), {"sound": kind, "snr": snr})


def _bursts(rng: Rng, seconds: float, share: float, kind: str) -> list[Span]:
    """When an interference comes: bursts of a length usual for its kind that cover a share of the clip."""
    shortest, longest = {"wind": (0.4, 2.5), "beep": (0.08, 0.6), "static": (0.04, 0.5)}.get(kind, (0.2, 1.5))
    spans: list[Span] = []
    while not spans or sum(stop - start for start, stop in merge_spans(spans)) < share * seconds:
        length = float(rng.uniform(shortest, longest))
        start = float(rng.uniform(0, max(0.01, seconds - length)))
        spans.append((start, min(seconds, start + length)))
    return merge_spans(spans)


def _pauses(wave: Wave, share: float, rng: Rng) -> list[Span]:
    """Pauses of the speech, some of them: where a terminal that sends nothing lets comfort noise be heard."""
    quiet = np.pad(frame_energies(wave) < active_level(wave) - 20, 1)
    edges = np.flatnonzero(np.diff(quiet.astype(int))).reshape(-1, 2) * 0.02
    pauses = [(float(start), float(stop)) for start, stop in edges if stop - start >= 0.1]
    kept = [span for span in pauses if rng.random() < max(0.4, share * 2)]
    return kept or pauses[:1] or [(0.0, min(0.3, len(wave) / SAMPLE_RATE))]


def _gate(spans: list[Span], samples: int, ramp: float = 0.008) -> Wave:
    """1 inside the spans, 0 outside, with short ramps: [samples]."""
    gate = np.zeros(samples, np.float32)
    width = round(ramp * SAMPLE_RATE)
    for start, stop in spans:
        gate[round(start * SAMPLE_RATE) : round(stop * SAMPLE_RATE)] = 1
    return np.convolve(gate, np.ones(width, np.float32) / width, mode="same")


def _wind(rng: Rng, samples: int) -> Wave:
    """Turbulence at a microphone: noise below some 300 Hz that gusts, at times overloading."""
    low = sosfilt(butter(2, float(rng.uniform(80, 400)), fs=SAMPLE_RATE, output="sos"), rng.standard_normal(samples))
    knots = rng.gamma(1.0, 1.0, max(4, int(samples / SAMPLE_RATE * rng.uniform(2, 8))))
    gusts = np.interp(np.arange(samples), np.linspace(0, samples, len(knots)), knots)
    wind = low / (np.std(low) + 1e-9) * gusts
    return np.tanh(wind * float(rng.uniform(0.3, 1.5))).astype(np.float32)


def _buzz(rng: Rng, samples: int) -> Wave:
    """A mobile phone beside an amplifier (pulses at 217 Hz), or a bad contact on the mains: harmonics, as pulses."""
    pitch = 216.7 if rng.random() < 0.5 else float(rng.choice([100.0, 120.0, 400.0]))
    time = np.arange(samples) / SAMPLE_RATE
    pulses = ((time * pitch) % 1 < float(rng.uniform(0.05, 0.3))).astype(np.float32) - 0.1
    low, high = float(rng.uniform(100, 400)), float(rng.uniform(2000, 7000))
    return sosfilt(butter(2, (low, high), "bandpass", fs=SAMPLE_RATE, output="sos"), pulses).astype(np.float32)


def _static(rng: Rng, samples: int) -> Wave:
    """Radio static: noise whose level crackles."""
    noise = coloured_noise(rng, samples)
    knots = rng.uniform(0.1, 1.0, max(4, int(samples / SAMPLE_RATE * 60))) ** 2
    return (noise * np.interp(np.arange(samples), np.linspace(0, samples, len(knots)), knots)).astype(np.float32)


def _beep(rng: Rng, samples: int) -> Wave:
    """A tone, two tones as of a keypad, or a chirp."""
    time = np.arange(samples) / SAMPLE_RATE
    low, high = float(rng.uniform(350, 1200)), float(rng.uniform(1200, 3400))
    style = rng.random()
    if style < 0.4:
        return np.sin(2 * np.pi * (low if rng.random() < 0.5 else high) * time).astype(np.float32)
    if style < 0.8:
        return (np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)).astype(np.float32)
    swept = low + (high - low) * (0.5 + 0.5 * np.sin(2 * np.pi * float(rng.uniform(1, 8)) * time))
    return np.sin(2 * np.pi * np.cumsum(swept) / SAMPLE_RATE).astype(np.float32)


_SOUNDS: dict[str, Callable[[Rng, int], Wave]] = {
    "wind": _wind,
    "buzz": _buzz,
    "static": _static,
    "beep": _beep,
    "comfort noise": coloured_noise,
}


def disturb(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Damage that none of the closed set's names fits: modulation, frequency shift, crushed bits, robots, reversals."""
    name = str(rng.choice(list(_ODDITIES)))
    strength = within(rng, severity, {"slight": (0.1, 0.35), "moderate": (0.35, 0.7), "strong": (0.7, 1.0)})
    odd = _ODDITIES[name](wave, rng, strength)
    return set_level(odd, active_level(wave)), Artifact("unknown", severity, [], {"oddity": name, "strength": strength})


def _modulate_ring(wave: Wave, rng: Rng, strength: float) -> Wave:
    carrier = np.sin(2 * np.pi * float(rng.uniform(30, 400)) * np.arange(len(wave)) / SAMPLE_RATE)
    return (wave * (1 - strength + strength * carrier)).astype(np.float32)


def _reverse_pieces(wave: Wave, rng: Rng, strength: float) -> Wave:
    turned, width = wave.copy(), round(float(rng.uniform(0.05, 0.2)) * SAMPLE_RATE)
    for start in range(0, len(wave) - width, width):
        if rng.random() < 0.6 * strength:
            turned[start : start + width] = turned[start : start + width][::-1]
    return turned


def _robot(wave: Wave, rng: Rng, strength: float) -> Wave:
    size = int(rng.choice([256, 512, 1024]))
    phase = "real='hypot(re,im)':imag='0'"
    odd = through(wave, ("afftfilt", f"{phase}:win_size={size}:overlap=0.75"))
    return (strength * set_level(odd, active_level(wave)) + (1 - strength) * wave).astype(np.float32)


def _shift_frequency(wave: Wave, rng: Rng, strength: float) -> Wave:
    return through(wave, ("afreqshift", f"shift={float(rng.choice([-1, 1])) * 150 * strength:.1f}"))


def _crush_bits(wave: Wave, rng: Rng, strength: float) -> Wave:
    return through(set_level(wave, -20), ("acrusher", f"bits={7 - 4.5 * strength:.2f}:mode=lin:mix=1"))


def _flange(wave: Wave, rng: Rng, strength: float) -> Wave:
    swing = f"delay={rng.uniform(1, 8):.2f}:depth={1 + 8 * strength:.2f}:speed={rng.uniform(0.2, 3):.2f}"
    return through(wave, ("flanger", f"{swing}:regen={60 * strength:.0f}"))


def _phase(wave: Wave, rng: Rng, strength: float) -> Wave:
    return through(wave, ("aphaser", f"speed={rng.uniform(0.2, 2):.2f}:decay={0.3 + 0.65 * strength:.2f}"))


def _tremble(wave: Wave, rng: Rng, strength: float) -> Wave:
    return through(wave, ("tremolo", f"f={rng.uniform(8, 60):.1f}:d={0.4 + 0.6 * strength:.2f}"))


_ODDITIES: dict[str, Callable[[Wave, Rng, float], Wave]] = {
    "ring modulation": _modulate_ring,
    "reversed pieces": _reverse_pieces,
    "robot": _robot,
    "frequency shift": _shift_frequency,
    "crushed bits": _crush_bits,
    "flanger": _flange,
    "phaser": _phase,
    "tremolo": _tremble,
}
