"""What goes wrong with time: stretched pieces, wow and flutter, wrong speed, stutter, and stretches that are muted.

Waveforms are [n] float32, mono, 16 kHz; the output has the length of the input (what a slower clip would add is cut
off, a faster one ends in silence); spans are in seconds of the output.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sqllm.corpus.degradations import Artifact, Rng, Wave, coloured_noise, within
from sqllm.corpus.filters import through
from sqllm.signal.audio import SAMPLE_RATE, active_level, frame_energies, set_level
from sqllm.signal.differences import FRAME, SPOKEN_DB
from sqllm.signal.spans import merge_spans

FADE = 80  # samples of a cross-fade, 5 ms
STRETCHES = {"slight": (0.08, 0.15), "moderate": (0.15, 0.25), "strong": (0.25, 0.38)}  # away from 1
SPEED_SWINGS = {"slight": (0.008, 0.015), "moderate": (0.015, 0.035), "strong": (0.035, 0.09)}
MUTED_SECONDS = {"slight": (0.12, 0.3), "moderate": (0.3, 0.8), "strong": (0.8, 2.5)}
WRONG_SPEEDS = {"slight": (0.06, 0.10), "moderate": (0.10, 0.18), "strong": (0.18, 0.4)}


def stretch_pieces(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """A jitter buffer that plays pieces slower and faster in turn, .62 to 1.38 times as long, their pitch kept."""
    count = int(rng.integers(*{"slight": (1, 3), "moderate": (2, 4), "strong": (2, 6)}[severity]))
    cuts = np.sort(rng.choice(np.arange(1, 20), size=min(2 * count, 18), replace=False)) * len(wave) // 20
    parts: list[Wave] = []
    spans: list[tuple[float, float]] = []
    done = 0
    for index, (start, stop) in enumerate(zip([0, *cuts], [*cuts, len(wave)], strict=True)):
        piece = wave[start:stop]
        if index % 2 and len(piece) > 1600:
            away = within(rng, severity, STRETCHES) * (1 if len(spans) % 2 == 0 else -1)
            piece = through(piece, ("atempo", f"{1 / (1 + away):.4f}"))
            spans.append((done / SAMPLE_RATE, (done + len(piece)) / SAMPLE_RATE))
        parts.append(piece)
        done += len(piece)
    inside = [(start, min(stop, len(wave) / SAMPLE_RATE)) for start, stop in spans if start < len(wave) / SAMPLE_RATE]
    warped = _fit(_joined(parts), len(wave))
    return warped, Artifact("time-warp", severity, merge_spans(inside), {"way": "stretched pieces"})


def swing_speed(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Wow (under 4 Hz) or flutter (up to 20 Hz) of a tape or a wandering clock: speed and pitch swing together."""
    depth = within(rng, severity, SPEED_SWINGS)
    hertz = float(rng.uniform(0.4, 4) if rng.random() < 0.6 else rng.uniform(5, 20))
    time = np.arange(len(wave)) / SAMPLE_RATE
    late = depth / (2 * np.pi * hertz) * np.sin(2 * np.pi * hertz * time + float(rng.uniform(0, 6.3)))
    swung = _read_at(wave, (time + late) * SAMPLE_RATE)
    return swung, Artifact("time-warp", severity, [], {"way": "wow and flutter", "hertz": hertz, "depth": depth})


def play_at_wrong_speed(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """The whole clip too slow or too fast, pitch and all, as with a wrong sampling rate in its header."""
    away = within(rng, severity, WRONG_SPEEDS)
    speed = 1 / (1 + away) if rng.random() < 0.5 else 1 + away
    if severity == "strong" and rng.random() < 0.4:
        speed = 0.5 if rng.random() < 0.5 else 2.0
    played = _read_at(wave, np.arange(round(len(wave) / speed)) * speed)
    return _fit(played, len(wave)), Artifact("time-warp", severity, [], {"way": "wrong speed", "speed": speed})


def stutter(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """The last 30 to 200 ms are played again, once or several times, in place of what should come."""
    count = int(rng.integers(*{"slight": (1, 3), "moderate": (3, 7), "strong": (7, 16)}[severity]))
    again, spans = wave.copy(), []
    spoken = 160 * np.flatnonzero(frame_energies(wave, 0.01) >= active_level(wave) - 15)
    for _ in range(count if len(spoken) else 0):
        width = round(float(rng.uniform(0.03, 0.2)) * SAMPLE_RATE)
        start, times = int(rng.choice(spoken)), int(rng.integers(1, 4))
        stop = min(len(wave), start + times * width)
        if start >= width:
            again[start:stop] = np.tile(again[start - width : start], times)[: stop - start]
            spans.append((start / SAMPLE_RATE, stop / SAMPLE_RATE))
    severity = severity if spans else ""
    return again, Artifact("packet-loss", severity, merge_spans(spans), {"concealment": "stutter", "times": len(spans)})


def mute_stretch(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """One stretch of the speech is gone: a muted word or second, a late begin or an early end, silent or in comfort
    noise.
    """
    seconds = len(wave) / SAMPLE_RATE
    length = min(0.5 * seconds, within(rng, severity, MUTED_SECONDS))
    spoken = np.flatnonzero(frame_energies(wave) >= active_level(wave) - 15) * 0.02
    if not len(spoken):
        return wave, Artifact("time-clipping", "", [], {"way": "muted"})
    first, last = float(spoken[0]), float(spoken[-1]) + 0.02
    place = rng.random()
    if place < 0.2:
        start, stop = 0.0, first + length
    elif place < 0.4:
        start, stop = last - length, seconds
    else:
        whole = spoken[spoken <= last - length]  # so much speech is lost as the severity says
        start = float(rng.choice(whole if len(whole) else spoken[:1]))
        stop = start + length
    one, other = max(0, round(start * SAMPLE_RATE)), min(len(wave), round(stop * SAMPLE_RATE))
    muted = wave.copy()
    muted[one:other] = 0
    if rng.random() < 0.3:
        muted[one:other] = set_level(coloured_noise(rng, other - one + 320), active_level(wave) - 35)[: other - one]
    heard = (max(start, first), min(stop, last))  # what was silent already is not lost
    return muted, Artifact("time-clipping", severity, merge_spans([heard]), {"way": "muted", "length": length})


def share_lost(reference: Wave, artifacts: Iterable[Artifact]) -> float:
    """The share of the reference's speech that was cut out of its clip, 0 to 1: what is in the spans of time clipping,
    as it was made. Unlike `signal.differences` it also knows of speech that is lost under noise, or on a time axis that
    was bent later.
    """
    spoken = frame_energies(reference, FRAME) >= active_level(reference) - SPOKEN_DB
    gone = np.zeros_like(spoken)
    for artifact in artifacts:
        for start, stop in artifact.spans if artifact.kind == "time-clipping" else ():
            gone[round(start / FRAME) : round(stop / FRAME)] = True
    return float((gone & spoken).sum() / max(1, spoken.sum()))


def _read_at(wave: Wave, places: np.ndarray) -> Wave:
    """The wave at fractional sample places, by cubic interpolation of a copy at twice the rate."""
    from scipy.ndimage import map_coordinates
    from scipy.signal import resample_poly

    finer = resample_poly(wave.astype(np.float64), 2, 1)
    return map_coordinates(finer, [2 * places], order=3, mode="constant").astype(np.float32)


def _joined(parts: list[Wave]) -> Wave:
    """Parts one behind the other, with cross-fades."""
    whole = parts[0]
    for part in parts[1:]:
        fade = min(FADE, len(whole), len(part))
        weight = np.linspace(0, 1, fade, dtype=np.float32)
        mixed = whole[len(whole) - fade :] * (1 - weight) + part[:fade] * weight
        whole = np.concatenate([whole[: len(whole) - fade], mixed, part[fade:]])
    return whole.astype(np.float32)


def _fit(wave: Wave, samples: int) -> Wave:
    return np.pad(wave[:samples], (0, max(0, samples - len(wave)))).astype(np.float32)
