"""What is done to a clip before its reference is looked for, with account of where each sample came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.signal import butter, fftconvolve, sosfilt

from sqllm.corpus import degradations, terminals
from sqllm.corpus.codecs import CODECS, draw_codec, draw_losses, transcode
from sqllm.corpus.degradations import Rng, Wave, coloured_noise, mix_at_snr
from sqllm.corpus.enhancement import spectral_gate, subtract_spectrum
from sqllm.corpus.vocoders import vocode
from sqllm.signal.audio import SAMPLE_RATE, active_level, set_level


@dataclass(frozen=True)
class Traced:
    """A clip, [n] at 16 kHz, and the place in its source that sounds at each sample, [n] in samples; NaN where what
    sounds is no part of it.
    """

    samples: Wave
    places: np.ndarray


@dataclass(frozen=True)
class Material:
    """What is mixed into a clip: recorded noise and other talkers, [n] each, and at least one of both."""

    noises: tuple[Wave, ...]
    talkers: tuple[Wave, ...]


Damage = Callable[[Traced, Rng, Material], Traced]


def _in_place(change: Callable[[Wave, Rng], Wave]) -> Damage:
    """A damage that leaves the time axis as it is."""
    return lambda clip, rng, _: replace(clip, samples=change(clip.samples, rng).astype(np.float32))


def _by_severity(change: Callable[..., tuple[Wave, object]], *severities: str) -> Damage:
    """A degradation of the corpus at one of these severities."""
    return _in_place(lambda wave, rng: change(wave, rng, str(rng.choice(severities or ("strong",))))[0])


def _span(clip: Traced, rng: Rng, shortest: float, longest: float) -> slice:
    width = min(round(float(rng.uniform(shortest, longest)) * SAMPLE_RATE), len(clip.samples) // 2)
    start = int(rng.integers(len(clip.samples) - width + 1))
    return slice(start, start + width)


def _joined(*parts: Traced) -> Traced:
    return Traced(np.concatenate([part.samples for part in parts]), np.concatenate([part.places for part in parts]))


def _cut(clip: Traced, start: int | None, stop: int | None) -> Traced:
    return Traced(clip.samples[start:stop], clip.places[start:stop])


def _foreign(samples: Wave) -> Traced:
    return Traced(samples.astype(np.float32), np.full(len(samples), np.nan))


def _resampled(clip: Traced, at: np.ndarray) -> Traced:
    """The clip read at fractional samples: pitch and tempo move together, as when a clock or a tape is wrong."""
    read = map_coordinates(clip.samples.astype(np.float64), [at], order=5, mode="constant")
    return Traced(read.astype(np.float32), np.interp(at, np.arange(len(clip.places)), clip.places))


def _static(clip: Traced, rng: Rng, _: Material) -> Traced:
    wave, level = clip.samples.copy(), 10 ** (active_level(clip.samples) / 20)
    for _burst in range(int(rng.integers(3, 9))):
        span = _span(clip, rng, 0.1, 0.6)
        wave[span] += rng.standard_normal(span.stop - span.start) * level * 10 ** (float(rng.uniform(0, 15)) / 20)
    return replace(clip, samples=np.clip(wave, -1, 1).astype(np.float32))


def _wind(clip: Traced, rng: Rng, _: Material) -> Traced:
    samples = len(clip.samples)
    rumble = sosfilt(butter(1, rng.uniform(60, 250), fs=SAMPLE_RATE, output="sos"), rng.standard_normal(samples))
    gusts = np.interp(
        np.arange(samples) / 8000, np.arange(samples // 8000 + 2), rng.uniform(0.02, 1, samples // 8000 + 2)
    )
    return replace(clip, samples=mix_at_snr(clip.samples, rumble * gusts**2, float(rng.uniform(-15, 0))))


def _stutter(clip: Traced, rng: Rng, _: Material) -> Traced:
    """Pieces of 40 to 250 ms are played once to three times more."""
    for _repeat in range(int(rng.integers(2, 7))):
        span = _span(clip, rng, 0.04, 0.25)
        again = [_foreign(clip.samples[span])] * int(rng.integers(1, 4))
        clip = _joined(_cut(clip, None, span.stop), *again, _cut(clip, span.stop, None))
    return clip


def _stretched(clip: Traced, rate: float) -> Traced:
    import librosa

    wave = librosa.effects.time_stretch(clip.samples, rate=rate, n_fft=1024, hop_length=256)
    at = np.minimum(np.arange(len(wave)) * rate, len(clip.samples) - 1)
    return Traced(wave.astype(np.float32), np.interp(at, np.arange(len(clip.places)), clip.places))


def _stretch_pieces(clip: Traced, rng: Rng, _: Material) -> Traced:
    """As a jitter buffer does it: pieces of .3 to 1 s in .75 to 1.35 of their time, the others as they were."""
    parts, start = [], 0
    while start < len(clip.samples):
        stop = start + round(float(rng.uniform(0.3, 1.0)) * SAMPLE_RATE)
        piece = _cut(clip, start, stop)
        changed = rng.random() < 0.4 and len(piece.samples) > 4096
        parts.append(_stretched(piece, 1 / float(rng.uniform(0.75, 1.35))) if changed else piece)
        start = stop
    return _joined(*parts)


def _stretch(clip: Traced, rng: Rng, _: Material) -> Traced:
    return _stretched(clip, float(rng.uniform(0.97, 1.03)))


def _speed(clip: Traced, rng: Rng, _: Material) -> Traced:
    return _resampled(clip, np.arange(0, len(clip.samples) - 1, float(rng.uniform(0.97, 1.03))))


def _clock_drift(clip: Traced, rng: Rng, _: Material) -> Traced:
    step = 1 + float(rng.choice([-1, 1])) * 10 ** float(rng.uniform(-4.3, -2.5))
    return _resampled(clip, np.arange(0, len(clip.samples) - 1, step))


def _wow_and_flutter(clip: Traced, rng: Rng, _: Material) -> Traced:
    time = np.arange(len(clip.samples)) / SAMPLE_RATE
    wow, flutter = rng.uniform(0.4, 2), rng.uniform(5, 12)
    bend = rng.uniform(0.005, 0.02) / wow * np.sin(2 * np.pi * wow * time + rng.uniform(0, 6))
    bend += rng.uniform(0.001, 0.005) / flutter * np.sin(2 * np.pi * flutter * time)
    at = np.clip((time + bend / (2 * np.pi)) * SAMPLE_RATE, 0, len(time) - 1)
    return _resampled(clip, at)


def _drop_samples(clip: Traced, rng: Rng, _: Material) -> Traced:
    for _drop in range(int(rng.integers(3, 16))):
        span = _span(clip, rng, 0.005, 0.15)
        clip = _joined(_cut(clip, None, span.start), _cut(clip, span.stop, None))
    return clip


def _insert_gap(clip: Traced, rng: Rng, _: Material) -> Traced:
    at = int(rng.uniform(0.2, 0.8) * len(clip.samples))
    gap = _foreign(np.zeros(round(2.5 * SAMPLE_RATE)))
    return _joined(_cut(clip, None, at), gap, _cut(clip, at, None))


def _mute(clip: Traced, rng: Rng, _: Material) -> Traced:
    wave = clip.samples.copy()
    wave[_span(clip, rng, 0.9, 1.1)] = 0
    return replace(clip, samples=wave)


def _long_gap(clip: Traced, rng: Rng, _: Material) -> Traced:
    """2.5 s muted where they are: the time goes on."""
    wave = clip.samples.copy()
    wave[_span(clip, rng, 2.4, 2.6)] = 0
    return replace(clip, samples=wave)


def _losses(wave: Wave, rng: Rng) -> Wave:
    codec = CODECS[str(rng.choice(["opus", "amr-nb", "g722", "g711-a"]))]
    lost = draw_losses(rng, 1000, float(rng.uniform(0.15, 0.4)), float(rng.uniform(1, 5)))
    return transcode(
        wave, codec, max(codec.bit_rates["moderate" if "moderate" in codec.bit_rates else "slight"]), lost
    )[0]


def _low_rate(wave: Wave, rng: Rng) -> Wave:
    codec, bit_rate = draw_codec(rng, "strong")
    return transcode(wave, codec, bit_rate)[0]


def _noise(kind: str) -> Damage:
    """Noise at 0 to -5 dB SNR: white, recorded, babble of other talkers, or one competing talker."""

    def add(clip: Traced, rng: Rng, material: Material) -> Traced:
        samples = len(clip.samples)
        if kind == "white":
            noise = rng.standard_normal(samples)
        elif kind == "recorded":
            noise = np.resize(np.roll(_drawn(material.noises, rng), int(rng.integers(SAMPLE_RATE))), samples)
        elif kind == "babble":
            noise = np.sum([_level(_drawn(material.talkers, rng), samples, rng) for _ in range(8)], axis=0)
        else:
            noise = _level(_drawn(material.talkers, rng), samples, rng)
        return replace(clip, samples=mix_at_snr(clip.samples, noise, float(rng.uniform(-5, 0))))

    return add


def _drawn(waves: tuple[Wave, ...], rng: Rng) -> Wave:
    return waves[int(rng.integers(len(waves)))]


def _level(wave: Wave, samples: int, rng: Rng) -> Wave:
    return np.resize(np.roll(set_level(wave, -26), int(rng.integers(len(wave)))), samples)


def _denoised(clip: Traced, rng: Rng, material: Material) -> Traced:
    noisy = mix_at_snr(clip.samples, coloured_noise(rng, len(clip.samples)), float(rng.uniform(-3, 8)))
    if rng.random() < 0.5:
        return replace(clip, samples=spectral_gate(noisy, float(rng.uniform(20, 40)), float(rng.uniform(1, 3))))
    return replace(clip, samples=subtract_spectrum(noisy, float(rng.uniform(2, 5)), float(rng.uniform(0.01, 0.1))))


def _jitter(clip: Traced, rng: Rng, _: Material) -> Traced:
    """Playout 30 to 60 ms behind now and then; when is not accounted for."""
    return _foreign(terminals.jitter_time(clip.samples, rng, "strong")[0])


def _levels(wave: Wave, rng: Rng) -> Wave:
    return set_level(wave, float(rng.choice([rng.uniform(-60, -45), rng.uniform(-15, -8)])))


def _dc(wave: Wave, rng: Rng) -> Wave:
    return wave + float(rng.choice([-1, 1]) * rng.uniform(0.05, 0.5))


def _clicks(wave: Wave, rng: Rng) -> Wave:
    clicked, count = wave.copy(), int(rng.uniform(2, 30) * len(wave) / SAMPLE_RATE)
    clicked[rng.integers(len(wave), size=count)] = rng.choice([-1, 1], count) * rng.uniform(0.3, 1, count)
    return clicked


def _hum(wave: Wave, rng: Rng) -> Wave:
    return degradations.add_hum(wave, rng, "strong")[0]


def _long_reverberation(wave: Wave, rng: Rng) -> Wave:
    tail = rng.standard_normal(round(1.2 * SAMPLE_RATE)) * 10 ** (
        -3 * np.arange(round(1.2 * SAMPLE_RATE)) / SAMPLE_RATE / rng.uniform(0.5, 1.2)
    )
    response = tail * 0.06
    response[0] = 1
    return set_level(fftconvolve(wave, response)[: len(wave)].astype(np.float32), active_level(wave))


def _padded(clip: Traced, rng: Rng, _: Material) -> Traced:
    """Longer than its source: a second or more of faint noise before and behind."""
    sides = [_foreign(1e-3 * rng.standard_normal(round(float(rng.uniform(0.3, 4)) * SAMPLE_RATE))) for _ in range(2)]
    return _joined(sides[0], clip, sides[1])


def _shortened(clip: Traced, rng: Rng, _: Material) -> Traced:
    """Only a part of its source, at least 45% of it."""
    samples = len(clip.samples)
    width = int(rng.uniform(0.45, 0.9) * samples)
    start = int(rng.integers(min(samples - width, 5 * SAMPLE_RATE) + 1))
    return _cut(clip, start, start + width)


DAMAGES: Mapping[str, Damage] = {
    "none": _in_place(lambda wave, rng: wave),
    "static": _static,
    "wind": _wind,
    "stutter": _stutter,
    "stretched-pieces": _stretch_pieces,
    "stretched": _stretch,
    "speed": _speed,
    "clock-drift": _clock_drift,
    "wow-and-flutter": _wow_and_flutter,
    "dropped-samples": _drop_samples,
    "packet-loss": _in_place(_losses),
    "jitter-buffer": _jitter,
    "gap-inserted": _insert_gap,
    "gap-muted": _long_gap,
    "second-muted": _mute,
    "white-noise": _noise("white"),
    "recorded-noise": _noise("recorded"),
    "babble": _noise("babble"),
    "competing-talker": _noise("talker"),
    "hum": _in_place(_hum),
    "codec": _in_place(_low_rate),
    "vocoder": _by_severity(vocode, "moderate", "strong"),
    "mnru": _by_severity(terminals.add_mnru, "strong"),
    "clipping": _by_severity(degradations.clip_amplitude, "strong"),
    "band-limited": _by_severity(degradations.limit_band, "strong"),
    "device": _by_severity(terminals.limit_device, "strong"),
    "reverberation": _in_place(_long_reverberation),
    "echo": _by_severity(degradations.add_echo, "strong"),
    "denoised": _denoised,
    "level": _in_place(_levels),
    "pumping": _by_severity(terminals.pump_gain, "strong"),
    "level-change": _by_severity(degradations.change_level, "strong"),
    "dc": _in_place(_dc),
    "inverted": _in_place(lambda wave, rng: -wave),
    "onsets-cut": _by_severity(terminals.clip_onsets, "strong"),
    "clicks": _in_place(_clicks),
    "longer": _padded,
    "shorter": _shortened,
}
