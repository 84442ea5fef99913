"""Kinds of sound to try a speech detector on: speech as life damages it, and what is no speech, made or recorded."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from sqllm.corpus.codecs import CODECS, draw_losses, transcode
from sqllm.corpus.degradations import Rng, Wave, add_reverberation, clip_share, coloured_noise, mix_at_snr
from sqllm.corpus.sources import SourceFile, draw_utterance, list_recordings, read_recording
from sqllm.evaluation.voices import resung, spoken_by_machine, whispered
from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, set_level

SECONDS = 7.0
SAMPLES = round(SECONDS * SAMPLE_RATE)
SNRS = (10.0, 5.0, 0.0)
BABBLE_TALKERS = 12
ROOMS = range(30)
NOT_SPOKEN = ("*silence*", "*beep*", "*tone*")  # among Asterisk's prompts
MELODY = (0, 2, 4, 5, 7, 9, 11, 12)  # semitones of a major scale
DTMF = ((697, 770, 852, 941), (1209, 1336, 1477, 1633))  # Hz (ITU-T Q.23)


@dataclass(frozen=True)
class Recordings:
    """What sounds are made from: talkers by name, each with recordings of one language, noises and music."""

    talkers: dict[str, list[SourceFile]]
    noises: list[SourceFile]
    music: list[SourceFile]

    @classmethod
    def of(cls, speech: Sequence[Path], noise: Path, music: Path) -> Recordings:
        """Read folders, as `sqllm.corpus.sources.list_recordings` does; of `speech` there may be several, those without
        an index of one talker each.
        """
        talkers: dict[str, list[SourceFile]] = {}
        for folder in speech:
            for file in list_recordings(folder):
                name = f"{file.lang} {file.speaker}" if file.lang else folder.name
                if not any(fnmatch(str(file.path.relative_to(folder)), pattern) for pattern in NOT_SPOKEN):
                    talkers.setdefault(name, []).append(file)
        return cls(talkers, list_recordings(noise), list_recordings(music))

    def utterance(self, rng: Rng, number: int) -> Wave:
        """Clean speech of 7 s at -26 dBov; languages take turns by `number`."""
        langs = sorted({name.split()[0] for name in self.talkers})
        names = sorted(name for name in self.talkers if name.split()[0] == langs[number % len(langs)])
        return set_level(draw_utterance(self.talkers[str(rng.choice(names))], rng, SECONDS), NOMINAL_DBOV)

    def babble(self, rng: Rng, talkers: int) -> Wave:
        """Several talkers at once."""
        names = rng.choice(sorted(self.talkers), talkers, replace=False)
        voices = [draw_utterance(self.talkers[str(name)], rng, SECONDS) for name in names]
        return np.sum([set_level(np.resize(voice, SAMPLES), NOMINAL_DBOV) for voice in voices], axis=0)

    def recorded(self, rng: Rng, number: int, *patterns: str) -> Wave:
        """A stretch of a recorded noise whose file name fits a pattern; patterns, and their files, take turns."""
        pattern = patterns[number % len(patterns)]
        files = [file for file in self.noises if fnmatch(file.path.name, pattern)]
        if not files:
            raise ValueError(f"The folder of noises holds no {pattern}.")
        return _loudest(read_recording(files[number // len(patterns) % len(files)].path), rng)


Make = Callable[[Recordings, Rng, int], Wave]


def clips_of(kind: str, make: Make, recordings: Recordings, count: int = 10) -> Iterator[Wave]:
    """So many clips of a kind of sound, [samples] each, the same every time."""
    for number in range(count):
        rng = np.random.default_rng([zlib.crc32(kind.encode()), number])
        yield make(recordings, rng, number).astype(np.float32)


def _loudest(recording: Wave, rng: Rng) -> Wave:
    """Of five stretches of 7 s, the loudest (recordings of animals are mostly pauses), at a drawn level."""
    starts = rng.integers(0, max(1, len(recording) - SAMPLES), 5)
    stretches = [recording[start : start + SAMPLES] for start in starts]
    return set_level(max(stretches, key=lambda wave: float(np.square(wave).mean())), float(rng.uniform(-35, -15)))


def _in_noise(noise: Callable[[Recordings, Rng, int], Wave], snrs: Sequence[float] = SNRS) -> Make:
    def make(recordings: Recordings, rng: Rng, number: int) -> Wave:
        speech = recordings.utterance(rng, number)
        return mix_at_snr(speech, np.resize(noise(recordings, rng, number), len(speech)), snrs[number % len(snrs)])

    return make


def _white(recordings: Recordings, rng: Rng, number: int) -> Wave:
    return rng.standard_normal(SAMPLES)


def _pink(recordings: Recordings, rng: Rng, number: int) -> Wave:
    spectrum = np.fft.rfft(rng.standard_normal(SAMPLES))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), SAMPLES)


def _traffic(recordings: Recordings, rng: Rng, number: int) -> Wave:
    return recordings.recorded(rng, number, "city-traffic*", "train*", "car-engine*", "helicopter*")


def _changed(change: Callable[[Wave, Rng], Wave]) -> Make:
    return lambda recordings, rng, number: change(recordings.utterance(rng, number), rng)


def _lossy(speech: Wave, rng: Rng) -> Wave:
    """A third to a half of the packets lost in bursts, not concealed."""
    lost = draw_losses(rng, 1000, float(rng.uniform(0.3, 0.5)), 3.0)
    return transcode(speech, CODECS["g711-a"], 64_000, lost, "zero")[0]


def _low_rate(speech: Wave, rng: Rng) -> Wave:
    """AMR at 4.75 kbit/s twice over, in the telephone band."""
    coded = transcode(_telephone(speech), CODECS["amr-nb"], 4_750)[0]
    return transcode(coded, CODECS["amr-nb"], 4_750, draw_losses(rng, 1000, 0.1, 2.0))[0]


def _telephone(speech: Wave) -> Wave:
    from scipy.signal import butter, sosfilt

    sections = butter(10, (300, 3400), "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfilt(sections, speech), np.float32)


def _with_gaps(speech: Wave, rng: Rng) -> Wave:
    """Muted for .1 to .6 s again and again, half of the time."""
    cut, at = speech.copy(), 0.0
    while at < SECONDS:
        start, at = at + float(rng.uniform(0.1, 0.6)), at + float(rng.uniform(0.7, 1.2))
        cut[round(start * SAMPLE_RATE) : round(at * SAMPLE_RATE)] = 0
    return cut


def _stretched(speech: Wave, rng: Rng) -> Wave:
    import librosa

    return librosa.effects.time_stretch(speech, rate=float(rng.choice([0.6, 0.75, 1.35, 1.6])))


def _child_like(speech: Wave, rng: Rng) -> Wave:
    """Pitch and formants 1.35 to 1.6 times higher, in the same time."""
    import librosa
    import soxr

    higher = float(rng.uniform(1.35, 1.6))
    return soxr.resample(librosa.effects.time_stretch(speech, rate=1 / higher), higher * SAMPLE_RATE, SAMPLE_RATE)


def _time() -> np.ndarray:
    return np.arange(SAMPLES) / SAMPLE_RATE


def _hum(recordings: Recordings, rng: Rng, number: int) -> Wave:
    mains, harmonics = (50, 60)[number % 2], np.arange(1, 12)[:, None]
    weights = rng.uniform(0, 1, harmonics.shape) / harmonics
    return set_level((weights * np.sin(2 * np.pi * mains * harmonics * _time())).sum(axis=0), -20)


def _tone(recordings: Recordings, rng: Rng, number: int) -> Wave:
    """A tone, a sweep over four octaves, or one that warbles."""
    hertz, time = rng.uniform(100, 3000), _time()
    frequency = (hertz, 200 * 2 ** (4 * time / SECONDS), hertz * (1 + 0.1 * np.sin(2 * np.pi * 5 * time)))[number % 3]
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(frequency, time.shape)) / SAMPLE_RATE
    return set_level(np.sin(phase), float(rng.uniform(-35, -10)))


def _dtmf(recordings: Recordings, rng: Rng, number: int) -> Wave:
    """Digits dialled, .1 to .3 s each."""
    wave, time, at = np.zeros(SAMPLES), _time(), 0.1
    while at < SECONDS - 0.5:
        pressed = slice(round(at * SAMPLE_RATE), round((at + rng.uniform(0.1, 0.3)) * SAMPLE_RATE))
        wave[pressed] = sum(np.sin(2 * np.pi * rng.choice(group) * time[pressed]) for group in DTMF)
        at = pressed.stop / SAMPLE_RATE + rng.uniform(0.05, 0.4)
    return set_level(wave, float(rng.uniform(-30, -15)))


def _call_tone(recordings: Recordings, rng: Rng, number: int) -> Wave:
    """Ringing, busy, congestion and dial tones of some networks (ITU-T E.180): frequencies, seconds on and off."""
    frequencies, on, off = (
        ((440, 480), 2.0, 4.0),
        ((480, 620), 0.5, 0.5),
        ((425,), 1.0, 4.0),
        ((425,), 0.48, 0.48),
        ((400, 450), 0.4, 0.2),
        ((425,), 0.24, 0.24),
        ((350, 440), 99.0, 0.0),
    )[number % 7]
    tone = sum(np.sin(2 * np.pi * hertz * _time()) for hertz in frequencies)
    return set_level(tone * ((_time() + rng.uniform(0, 1)) % (on + off) < on), float(rng.uniform(-35, -12)))


def _clicks(recordings: Recordings, rng: Rng, number: int) -> Wave:
    """One to twenty clicks a second over faint noise."""
    wave = rng.standard_normal(SAMPLES) * 1e-4
    for at in rng.integers(0, SAMPLES - 200, int(SECONDS * (1 + 2 * number))):
        wave[at : at + 200] += rng.uniform(0.1, 0.8) * np.exp(-np.arange(200) / 20) * rng.standard_normal(200)
    return wave


def _played(recordings: Recordings, rng: Rng, number: int) -> Wave:
    """Chords of a made instrument, a melody above them."""
    wave, time, at = np.zeros(SAMPLES), _time(), 0.0
    while at < SECONDS:
        notes = [110 * 2 ** (rng.choice(MELODY) / 12) * octave for octave in (1, 2, 2, 4)]
        left = time[time >= at] - at
        for hertz in notes:
            overtones = (np.sin(2 * np.pi * hertz * k * left) / k**1.5 for k in range(1, 7))
            wave[len(wave) - len(left) :] += sum(overtones) * np.exp(-3 * left) * np.minimum(1, left / 0.01)
        at += rng.choice([0.25, 0.5])
    return set_level(wave, float(rng.uniform(-30, -15)))


def _songs(recordings: Recordings, rng: Rng, number: int) -> Wave:
    files = recordings.music
    return _loudest(read_recording(files[number % len(files)].path), rng)


def _silence(recordings: Recordings, rng: Rng, number: int) -> Wave:
    return np.zeros(SAMPLES)


def _noise_floor(recordings: Recordings, rng: Rng, number: int) -> Wave:
    return set_level(coloured_noise(rng, SAMPLES), float(rng.uniform(-90, -60)))


def _loud_noise(recordings: Recordings, rng: Rng, number: int) -> Wave:
    return set_level(coloured_noise(rng, SAMPLES), float(rng.uniform(-45, -15)))


def _babble(recordings: Recordings, rng: Rng, number: int) -> Wave:
    return set_level(recordings.babble(rng, BABBLE_TALKERS), NOMINAL_DBOV)


def _synthetic(recordings: Recordings, rng: Rng, number: int) -> Wave:
    return spoken_by_machine(number)


def _recorded(*patterns: str) -> Make:
    return lambda recordings, rng, number: recordings.recorded(rng, number, *patterns)


SPEECH: dict[str, Make] = {
    "clean speech": _changed(lambda speech, rng: speech),
    "in white noise, 10 dB": _in_noise(_white, (10,)),
    "in white noise, 5 dB": _in_noise(_white, (5,)),
    "in white noise, 0 dB": _in_noise(_white, (0,)),
    "in pink noise, 10 to 0 dB": _in_noise(_pink),
    "in babble of 12, 10 to 0 dB": _in_noise(_babble),
    "in traffic, 10 to 0 dB": _in_noise(_traffic),
    "whispered": _changed(whispered),
    "a third to half of the packets lost": _changed(_lossy),
    "AMR 4.75 twice, 300-3400 Hz, loss": _changed(_low_rate),
    "nine tenths clipped": _changed(lambda speech, rng: set_level(clip_share(speech, 0.9), NOMINAL_DBOV)),
    "reverberant, T60 .5 to 1.4 s": _changed(lambda speech, rng: add_reverberation(speech, rng, "strong", ROOMS)[0]),
    "muted half of the time": _changed(_with_gaps),
    "at -50 dBov": _changed(lambda speech, rng: set_level(speech, -50)),
    "at .6 to 1.6 of its speed": _changed(_stretched),
    "pitch of a child": _changed(_child_like),
    "sung": _changed(resung),
    "synthetic (espeak-ng)": _synthetic,
}
NOT_SPEECH: dict[str, Make] = {
    "digital silence": _silence,
    "silence, -90 to -60 dBov": _noise_floor,
    "white to brown noise": _loud_noise,
    "hum": _hum,
    "tones and sweeps": _tone,
    "DTMF": _dtmf,
    "ringing and busy tones": _call_tone,
    "music on hold": _songs,
    "piano, guitar, tabla": _recorded("music*"),
    "chords (made)": _played,
    "applause, cheering crowd": _recorded("applause*", "crowd*"),
    "baby's cry": _recorded("baby-cry*"),
    "dog": _recorded("dog-bark*"),
    "birds, rooster, crickets": _recorded("birds*", "rooster*", "crickets*"),
    "rain, sea, wind, thunder": _recorded("rain*", "sea-waves*", "wind*", "thunderstorm*"),
    "traffic, trains, helicopter": _traffic,
    "chainsaw, dishes, machines, tap": _recorded("chainsaw*", "doing_the*", "exercise*", "running*"),
    "keyboard, clock, fire": _recorded("keyboard*", "clock-tick*", "fire-crackling*"),
    "clicks (made)": _clicks,
    "sneezes, snoring": _recorded("sneeze*", "snoring*"),
}
# Voices that nobody can follow: people would differ.
UNDECIDED: dict[str, Make] = {
    "voices in a cafe, a kitchen": _recorded("cafe*", "kitchen*"),
    "babble of 12 alone": _babble,
}
