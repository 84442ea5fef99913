"""Twenty-four things that go wrong with a clip, each in three strengths, and five clips with which nothing is wrong.

What a clip is damaged with is drawn from the seed alone, not from the strength: a stronger clip has the same noise,
room or lost packets, and more of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, fftconvolve, sosfiltfilt

from sqllm.corpus import degradations as damage
from sqllm.corpus import disturbances, enhancement, terminals, timing, vocoders
from sqllm.corpus.codecs import CODECS, transcode
from sqllm.corpus.degradations import Artifact, Rng, Wave
from sqllm.evaluation.degradation_ladders import lose_opus_packets
from sqllm.scores import SEVERITIES
from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, active_level, set_level

STRENGTHS = ("weak", "clear", "strong")
INTACT = "as recorded"
ROOMS = range(2000, 2030)  # that no training heard
PACKET_SECONDS = 0.02

Setting = float | str
Degrade = Callable[[Wave, Setting, Rng, Wave], Wave]  # of a clip, by a setting and chance, with another talker's clip


@dataclass(frozen=True)
class Damage:
    """A degradation: the kinds by which it is rightly named (any of them), those that may be named beside, and its
    settings from weak (but heard) by clear to strong.
    """

    name: str
    kinds: tuple[str, ...]
    settings: tuple[Setting, Setting, Setting]
    degrade: Degrade
    beside: tuple[str, ...] = ()

    def strengths(self, clean: Wave, other: Wave, seed: int) -> list[Wave]:
        """The clip at -26 dBov in three strengths, [n] each; `other` is speech of another talker."""
        level = set_level(clean, NOMINAL_DBOV)
        made = (self.degrade(level, setting, np.random.default_rng(seed), other) for setting in self.settings)
        return [np.clip(wave, -1, 1).astype(np.float32) for wave in made]


def _drawn(degradation: Callable[[Wave, Rng, str], tuple[Wave, Artifact]]) -> Degrade:
    """A degradation of the corpus, whose setting is a severity."""
    return lambda wave, severity, rng, _: degradation(wave, rng, str(severity))[0]


def _add_noise(wave: Wave, snr: Setting, rng: Rng, other: Wave) -> Wave:
    return damage.mix_at_snr(wave, rng.standard_normal(len(wave)).astype(np.float32), float(snr))


def _add_talker(wave: Wave, snr: Setting, rng: Rng, other: Wave) -> Wave:
    return damage.mix_at_snr(wave, np.resize(other, len(wave)), float(snr))


def _add_hum(wave: Wave, snr: Setting, rng: Rng, other: Wave) -> Wave:
    time, mains = np.arange(len(wave)) / SAMPLE_RATE, float(rng.choice([50, 60]))
    overtones = [np.sin(2 * np.pi * mains * n * time + rng.uniform(0, 6)) / n**0.6 for n in range(1, 10)]
    return damage.mix_at_snr(wave, np.sum(overtones, axis=0).astype(np.float32), float(snr))


def _reverberate(wave: Wave, tail: Setting, rng: Rng, other: Wave) -> Wave:
    """A live room, all but its direct sound `tail` dB weaker than it is."""
    response, _ = damage.room_response(int(rng.integers(ROOMS.start, ROOMS.stop)), "strong")
    response = response.copy()
    response[24:] *= np.float32(10 ** (-float(tail) / 20))
    return set_level(fftconvolve(wave, response)[8 : 8 + len(wave)].astype(np.float32), active_level(wave))


def _echo(wave: Wave, attenuation: Setting, rng: Rng, other: Wave) -> Wave:
    shift, echoed = round(float(rng.uniform(0.15, 0.35)) * SAMPLE_RATE), wave.copy()
    echoed[shift:] += wave[:-shift] * np.float32(10 ** (-float(attenuation) / 20))
    return echoed


def _limit_band(wave: Wave, hertz: Setting, rng: Rng, other: Wave) -> Wave:
    low_pass = butter(8, float(hertz), fs=SAMPLE_RATE, output="sos")
    return set_level(sosfiltfilt(low_pass, wave).astype(np.float32), active_level(wave))


def _switch_band(wave: Wave, hertz: Setting, rng: Rng, other: Wave) -> Wave:
    """The band falls half-way and stays narrow."""
    limited, half = _limit_band(wave, hertz, rng, other), len(wave) // 2
    later = np.clip((np.arange(len(wave)) - half) / 320, 0, 1)
    return (limited * later + wave * (1 - later)).astype(np.float32)


def _clip_peaks(wave: Wave, share: Setting, rng: Rng, other: Wave) -> Wave:
    return set_level(damage.clip_share(wave, float(share)), active_level(wave))


def _overdrive(wave: Wave, decibels: Setting, rng: Rng, other: Wave) -> Wave:
    return np.clip(wave * np.float32(10 ** (float(decibels) / 20)), -1, 1)


def _play_at(wave: Wave, dbov: Setting, rng: Rng, other: Wave) -> Wave:
    return set_level(wave, float(dbov))


def _code_opus(wave: Wave, bit_rate: Setting, rng: Rng, other: Wave) -> Wave:
    return transcode(wave, CODECS["opus"], int(bit_rate))[0]


def _lose_packets(wave: Wave, percent: Setting, rng: Rng, other: Wave) -> Wave:
    """Packets of G.722 are gone, those of the weaker strengths among them, and nothing fills the gaps."""
    lost = rng.random(int(len(wave) / SAMPLE_RATE / PACKET_SECONDS) + 8) < float(percent) / 100
    return transcode(wave, CODECS["g722"], 64_000, lost, "zero")[0]


def _lose_opus_packets(wave: Wave, percent: Setting, rng: Rng, other: Wave) -> Wave:
    return lose_opus_packets(wave, float(percent), rng)


def _over_suppress(wave: Wave, power: Setting, rng: Rng, other: Wave) -> Wave:
    """Noise at 15 dB, and a denoiser that takes ever more of the speech with it."""
    noisy = damage.mix_at_snr(wave, damage.coloured_noise(rng, len(wave)), 15)
    if rng.random() < 0.5:
        return enhancement.rnnoise(noisy, 1.0, float(power))
    return enhancement.subtract_spectrum(noisy, 6 * float(power), 0.0)


DAMAGES = (
    Damage("white noise", ("background-noise",), (30, 18, 6), _add_noise),
    Damage("hum", ("hum",), (24, 12, 0), _add_hum, ("background-noise",)),
    Damage("competing talker", ("competing-speaker",), (22, 12, 2), _add_talker),
    Damage("room", ("reverberation",), (12, 6, 0), _reverberate),
    Damage("echo", ("echo",), (22, 14, 5), _echo),
    Damage("low-pass", ("band-limited",), (5000, 3400, 2000), _limit_band),
    Damage("bandwidth switch", ("band-limited",), (5000, 3400, 2000), _switch_band),
    Damage("peaks clipped", ("amplitude-clipping",), (0.04, 0.15, 0.45), _clip_peaks),
    Damage("overdriven", ("amplitude-clipping",), (13, 17, 22), _overdrive, ("too-loud",)),
    Damage("too loud", ("too-loud",), (-18, -15, -11), _play_at, ("amplitude-clipping",)),
    Damage("too quiet", ("too-quiet",), (-38, -46, -54), _play_at),
    Damage("Opus", ("codec",), (12_000, 8_000, 6_000), _code_opus, ("band-limited",)),
    Damage("vocoder", ("codec",), SEVERITIES, _drawn(vocoders.vocode), ("band-limited",)),
    Damage("lost packets, concealed", ("packet-loss",), (3, 10, 25), _lose_opus_packets, ("time-clipping",)),
    Damage("lost packets, silent", ("packet-loss",), (2, 6, 20), _lose_packets, ("time-clipping",)),
    Damage("onsets cut", ("time-clipping",), SEVERITIES, _drawn(terminals.clip_onsets), ("packet-loss",)),
    Damage("stretch muted", ("time-clipping", "packet-loss"), SEVERITIES, _drawn(timing.mute_stretch)),
    Damage("noise suppression", ("noise-suppression",), (2, 4, 8), _over_suppress, ("background-noise",)),
    Damage("level jumps", ("level-change",), SEVERITIES, _drawn(damage.change_level)),
    Damage("gain pumps", ("level-change",), SEVERITIES, _drawn(terminals.pump_gain), ("background-noise",)),
    Damage("clicks", ("clicks",), SEVERITIES, _drawn(disturbances.add_clicks)),
    Damage("interference", ("interference",), SEVERITIES, _drawn(disturbances.add_interference)),
    Damage("wow and flutter", ("time-warp",), SEVERITIES, _drawn(timing.swing_speed)),
    Damage("no name", ("unknown",), SEVERITIES, _drawn(disturbances.disturb)),
)


def clean_neighbours(clean: Wave, seed: int) -> dict[str, Wave]:
    """Clips in which nobody hears a fault: as recorded, 6 dB from the usual level, in a good room, from a codec of a
    bit rate at which it is transparent. [n] each, by name.
    """
    level, room = set_level(clean, NOMINAL_DBOV), int(np.random.default_rng(seed).integers(ROOMS.start, ROOMS.stop))
    response, _ = damage.room_response(room, "slight")
    dry = response.copy()
    dry[24:] *= np.float32(0.5)
    good = set_level(fftconvolve(level, dry)[8 : 8 + len(level)].astype(np.float32), NOMINAL_DBOV)
    return {
        INTACT: level,
        "at -20 dBov": set_level(clean, -20),
        "at -32 dBov": set_level(clean, -32),
        "good room": good,
        "Opus at 64 kbit/s": transcode(level, CODECS["opus"], 64_000)[0],
    }
