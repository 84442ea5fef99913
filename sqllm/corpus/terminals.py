"""What devices and terminals do to speech: gain control, band, voice switches, buffers, and the reference noise unit.

Waveforms are [n] float32, mono, 16 kHz; the output has the length and the time axis of the input; spans are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sqllm.corpus.degradations import Artifact, Rng, Wave, within
from sqllm.signal.audio import SAMPLE_RATE, active_level, frame_energies, set_level
from sqllm.signal.mnru import modulate_noise
from sqllm.signal.spans import merge_spans


def pump_gain(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Automatic gain control that pumps: up to `gain` dB more in the pauses, so that their noise swells and breathes.

    The gain falls within `attack` s when speech begins and creeps up again with `release` s; speech keeps its level.
    """
    lift = within(rng, severity, {"slight": (5, 9), "moderate": (9, 15), "strong": (15, 26)})
    attack, release = float(rng.uniform(0.02, 0.12)), float(rng.uniform(0.15, 0.6))
    frame = 0.005
    # Digital silence has no noise to raise; the gain waits there at its highest, and the next word begins too loud.
    below = np.maximum(0, active_level(wave) - 3 - frame_energies(wave, frame))
    wanted = np.minimum(lift, below)  # full gain once the input is `lift` dB below the speech
    gains = np.empty_like(wanted)
    gain = float(wanted[0])
    for index, target in enumerate(wanted):
        gain += (target - gain) * (1 - np.exp(-frame / (release if target > gain else attack)))
        gains[index] = gain
    times = (np.arange(len(gains)) + 0.5) * frame * SAMPLE_RATE
    gained = wave * 10 ** (np.interp(np.arange(len(wave)), times, gains) / 20)
    pumped = np.clip(set_level(gained.astype(np.float32), active_level(wave)), -1, 1)
    return pumped, Artifact("level-change", severity, [], {"gain": lift, "attack": attack, "release": release})


# Sending sensitivities, dB at Hz. The old telephone follows the nominal sending end of ITU-T P.48 (IRS), narrow band;
# the others are typical of their kind: presence peaks, small enclosures, grilles, and the low end that is missing.
DEVICES: dict[str, dict[int, float]] = {
    "headset": {50: -22, 100: -9, 200: -1, 1000: 0, 2500: 3, 4000: 5, 5500: 2, 6500: -3, 7500: -22},
    "laptop": {60: -30, 150: -16, 300: -5, 600: 2, 1000: 0, 1800: -4, 2600: 3, 4500: 0, 6000: -8, 7400: -25},
    "speakerphone": {80: -40, 200: -18, 350: -6, 700: 4, 1100: -3, 1700: 3, 2400: -4, 3200: 1, 4200: -12, 5500: -40},
    "mobile-narrow-band": {100: -45, 200: -14, 300: -3, 700: 0, 1500: 1, 2500: 4, 3200: 2, 3500: -8, 3900: -45},
    "old-telephone": {
        100: -46,
        160: -26,
        200: -19,
        250: -14,
        300: -11,
        400: -8,
        600: -6,
        1000: -4,
        1600: -1,
        2500: 2,
        3150: 2,
        3500: -7,
        4000: -37,
        5000: -52,
    },
    "intercom": {200: -45, 400: -20, 600: -6, 900: 3, 1300: 6, 1800: 1, 2200: -10, 2700: -30, 3300: -50},
}
DEVICE_SEVERITIES = {
    "slight": ("headset", "laptop"),
    "moderate": ("laptop", "speakerphone", "mobile-narrow-band"),
    "strong": ("old-telephone", "intercom"),
}
UNEVENNESS = {"slight": 1.0, "moderate": 2.5, "strong": 4.0}  # dB, from one specimen to another


def limit_device(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """A clip through the microphone and band of a real kind of device, uneven by a few dB as specimens are."""
    from scipy.signal import fftconvolve, firwin2

    device = str(rng.choice(DEVICE_SEVERITIES[severity]))
    hertz = np.array([0, *DEVICES[device], SAMPLE_RATE / 2])
    decibels = np.array(list(DEVICES[device].values()))
    decibels = decibels + rng.uniform(-1, 1, len(decibels)) * UNEVENNESS[severity]
    gains = 10 ** (np.array([-60, *decibels, -60]) / 20)
    taps = firwin2(513, hertz, gains, fs=SAMPLE_RATE)  # linear phase: late by 256 samples, which are cut off again
    filtered = fftconvolve(wave, taps)[256 : 256 + len(wave)].astype(np.float32)
    return set_level(filtered, active_level(wave)), Artifact("band-limited", severity, [], {"device": device})


def add_mnru(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """The modulated noise reference unit of ITU-T P.810: noise in proportion to each sample, `mnru_q` dB below it."""
    q = within(rng, severity, {"slight": (28, 38), "moderate": (18, 28), "strong": (5, 18)})
    return modulate_noise(wave, q, rng), Artifact("codec", severity, [], {"mnru_q": q})


JITTER_DELAYS = {"slight": (0.01, 0.025), "moderate": (0.02, 0.045), "strong": (0.03, 0.06)}  # s
FADE = 80  # samples of a cross-fade, 5 ms


@dataclass(frozen=True)
class _Change:
    """From sample `at` on, the output is `delay` samples late."""

    at: int
    delay: int


def jitter_time(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """An adaptive jitter buffer at work: playout falls 10 to 60 ms behind and catches up again, again and again.

    `splice` is how: "stretch" repeats or drops a piece where both sides fit best, with a cross-fade, as time-scaling
    buffers do (NetEQ); "slip" leaves a gap when the buffer runs dry and drops what is too old. Spans hold the
    changes; between a delay and its catching up the clip is late by the delay, outside it is on time.
    """
    pairs = int(rng.integers(*{"slight": (1, 3), "moderate": (3, 6), "strong": (6, 13)}[severity]))
    splice = str(rng.choice(["stretch", "slip"]))
    changes = _draw_changes(wave, rng, pairs, JITTER_DELAYS[severity], splice == "stretch")
    late, delay, spans = wave.copy(), 0, []
    for change, end in zip(changes, [*(later.at for later in changes[1:]), len(wave)], strict=False):
        at, step = change.at, change.delay - delay
        stop = at + max(step, FADE)
        late[at:end] = wave[at - change.delay : end - change.delay]
        if splice == "stretch":
            weight = np.linspace(1, 0, FADE, dtype=np.float32)
            late[at : at + FADE] += weight * (wave[at - delay : at - delay + FADE] - late[at : at + FADE])
        elif step > 0:
            late[at:stop] = 0
        spans.append((at / SAMPLE_RATE, stop / SAMPLE_RATE))
        delay = change.delay
    longest = max((change.delay for change in changes), default=0) / SAMPLE_RATE
    parameters = {"concealment": "jitter", "splice": splice, "changes": len(changes), "longest": longest}
    return late, Artifact("packet-loss", severity, merge_spans(spans), parameters)


def _draw_changes(wave: Wave, rng: Rng, pairs: int, delays: tuple[float, float], fit: bool) -> list[_Change]:
    """Delays (s) and their catching up, in turn, in speech and 100 ms apart at least: none in a clip too short.

    With `fit` they move a little to where the two sides of the splice are alike, as time-scaling does (WSOLA).
    """
    apart = round(0.1 * SAMPLE_RATE)
    spoken = 160 * np.flatnonzero(frame_energies(wave, 0.01) >= active_level(wave) - 15)
    spoken = spoken[(spoken >= apart) & (spoken <= len(wave) - apart)]
    places: list[int] = []
    for place in rng.permutation(spoken):
        if len(places) < 2 * pairs and all(abs(int(place) - other) >= apart for other in places):
            places.append(int(place))
    places = sorted(places)[: len(places) // 2 * 2]
    changes = []
    for at, back in zip(places[::2], places[1::2], strict=True):
        delay = round(float(rng.uniform(*delays)) * SAMPLE_RATE)
        if fit:
            near = range(max(160, delay - FADE), min(960, delay + FADE) + 1)
            delay = max(near, key=lambda late, at=at: _alike(wave, at, late))  # type: ignore[misc]
            back = max(range(back - 240, back + 241, 4), key=lambda at, late=delay: _alike(wave, at, late))  # type: ignore[misc]
        changes += [_Change(at, delay), _Change(back, 0)]
    return changes


def _alike(wave: Wave, at: int, delay: int) -> float:
    """Correlation (-1 to 1) of the 10 ms after `at` with those `delay` samples before them."""
    one, other = wave[at : at + 160], wave[at - delay : at - delay + 160]
    return float(one @ other) / (float(np.linalg.norm(one) * np.linalg.norm(other)) + 1e-9)


def clip_onsets(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """A voice switch that opens late: words after a pause lose their first `late` seconds (+-30%).

    Speech is told from its background half-way (in dB) between the clip's quiet and its active level.
    """
    late = within(rng, severity, {"slight": (0.02, 0.05), "moderate": (0.05, 0.12), "strong": (0.12, 0.3)})
    share = within(rng, severity, {"slight": (0.3, 0.6), "moderate": (0.6, 0.9), "strong": (0.9, 1.0)})
    onsets = find_onsets(wave)
    kept = np.sort(rng.permutation(onsets)[: max(1, round(share * len(onsets)))])
    clipped, spans = wave.copy(), []
    for start in kept:
        stop = min(len(wave), int(start) + round(late * float(rng.uniform(0.7, 1.3)) * SAMPLE_RATE))
        clipped[start:stop] = 0
        spans.append((float(start) / SAMPLE_RATE, stop / SAMPLE_RATE))
    return clipped, Artifact("time-clipping", severity, merge_spans(spans), {"late": late, "onsets": len(kept)})


def find_onsets(wave: Wave, pause: float = 0.1) -> np.ndarray:
    """Samples at which speech begins after a pause of at least `pause` s, in 10 ms steps; at least one."""
    energies = frame_energies(wave, 0.01)
    quiet, loud = float(np.quantile(energies, 0.1)), active_level(wave)
    speech = energies >= max((quiet + loud) / 2, loud - 25)
    spoken = np.flatnonzero(speech)
    if not len(spoken):
        return np.zeros(1, int)
    gaps = np.diff(spoken, prepend=-1_000_000)
    return 160 * spoken[gaps > round(pause / 0.01)]
