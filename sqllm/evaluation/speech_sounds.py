"""Kinds of sound to try a speech detector on: speech as life damages it, and what is no speech, made or recorded."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Sound:
    """A kind of sound; `speech` says whether it holds any (None: people would differ)."""

    kind: str
    speech: bool | None
    make: Make

    def clips(self, recordings: Recordings, count: int = 10) -> Iterator[Wave]:
        """So many clips of the kind, [samples] each, the same every time."""
        for number in range(count):
            rng = np.random.default_rng([sum(self.kind.encode()), number])
            yield self.make(recordings, rng, number).astype(np.float32)


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


def _recorded(*patterns: str) -> Make:
    return lambda recordings, rng, number: recordings.recorded(rng, number, *patterns)


SOUNDS = (
    Sound("clean speech", True, lambda recordings, rng, number: recordings.utterance(rng, number)),
    Sound("in white noise, 10 dB", True, _in_noise(_white, (10,))),
    Sound("in white noise, 5 dB", True, _in_noise(_white, (5,))),
    Sound("in white noise, 0 dB", True, _in_noise(_white, (0,))),
    Sound("in pink noise, 10 to 0 dB", True, _in_noise(_pink)),
    Sound("in babble of 12, 10 to 0 dB", True, _in_noise(lambda recordings, rng, number: recordings.babble(rng, 12))),
    Sound("in traffic, 10 to 0 dB", True, _in_noise(_traffic)),
    Sound("whispered", True, _changed(whispered)),
    Sound("a third to half of packets lost", True, _changed(_lossy)),
    Sound("AMR 4.75 twice, 300-3400 Hz", True, _changed(_low_rate)),
    Sound("nine tenths clipped", True, _changed(lambda speech, rng: set_level(clip_share(speech, 0.9), NOMINAL_DBOV))),
    Sound(
        "reverberant, T60 .5 to 1.4 s", True, _changed(lambda w, rng: add_reverberation(w, rng, "strong", range(30))[0])
    ),
    Sound("muted half of the time", True, _changed(_with_gaps)),
    Sound("at -50 dBov", True, _changed(lambda speech, rng: set_level(speech, -50))),
    Sound("at .6 to 1.6 of its speed", True, _changed(_stretched)),
    Sound("pitch of a child", True, _changed(_child_like)),
    Sound("sung", True, _changed(resung)),
    Sound("synthetic (espeak-ng)", True, lambda recordings, rng, number: spoken_by_machine(number)),
    Sound("digital silence", False, lambda recordings, rng, number: np.zeros(SAMPLES)),
    Sound(
        "silence, -90 to -60 dBov",
        False,
        lambda recordings, rng, number: set_level(coloured_noise(rng, SAMPLES), -90 + 3 * number),
    ),
    Sound(
        "white to brown noise",
        False,
        lambda recordings, rng, number: set_level(coloured_noise(rng, SAMPLES), -15 - 3 * number),
    ),
    Sound("hum", False, _hum),
    Sound("tones and sweeps", False, _tone),
    Sound("DTMF", False, _dtmf),
    Sound("ringing and busy tones", False, _call_tone),
    Sound("music on hold", False, _songs),
    Sound("piano, guitar, tabla", False, _recorded("music*")),
    Sound("chords (made)", False, _played),
    Sound("applause, cheering crowd", False, _recorded("applause*", "crowd*")),
    Sound("baby's cry", False, _recorded("baby-cry*")),
    Sound("dog", False, _recorded("dog-bark*")),
    Sound("birds, rooster, crickets", False, _recorded("birds*", "rooster*", "crickets*")),
    Sound("rain, sea, wind", False, _recorded("rain*", "sea-waves*", "wind*", "thunderstorm*")),
    Sound("traffic, trains, helicopter", False, _traffic),
    Sound(
        "chainsaw, kitchen, machines", False, _recorded("chainsaw*", "kitchen*", "doing_the*", "exercise*", "running*")
    ),
    Sound("keyboard, clock, fire", False, _recorded("keyboard*", "clock-tick*", "fire-crackling*")),
    Sound("clicks (made)", False, _clicks),
    Sound("sneezes, snoring", False, _recorded("sneeze*", "snoring*")),
    Sound("cafe", None, _recorded("cafe*")),
    Sound(
        "babble of 12 alone", None, lambda recordings, rng, number: set_level(recordings.babble(rng, 12), NOMINAL_DBOV)
    ),
)
