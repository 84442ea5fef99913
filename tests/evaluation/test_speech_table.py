"""The sounds that the speech detector is tried on, and the table of what it takes for speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sqllm.corpus.degradations import Wave
from sqllm.evaluation.speech_sounds import NOT_SPEECH, SPEECH, Make, Recordings, clips_of
from sqllm.evaluation.speech_table import Found, table
from sqllm.evaluation.voices import resung, whispered
from sqllm.signal.audio import SAMPLE_RATE, active_level, frame_energies
from sqllm.signal.speech import find_speech

EXAMPLES = Path(__file__).resolve().parents[2] / "assets" / "examples"
FROM_SPEECH = (
    "white",
    "pink",
    "whispered",
    "packets",
    "AMR",
    "clipped",
    "muted",
    "dBov",
    "speed",
    "child",
    "sung",
)
MADE = ("silence", "brown", "hum", "sweeps", "DTMF", "busy", "chords", "clicks")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """Two talkers, one of them a folder without an index, in which there is a beep too; one dog, one song."""
    root = tmp_path_factory.mktemp("recordings")
    clean, rate = soundfile.read(EXAMPLES / "clean.flac", dtype="float32")
    other, _ = soundfile.read(EXAMPLES / "quiet-reference.flac", dtype="float32")
    noise = 0.1 * np.random.default_rng(0).standard_normal(8 * SAMPLE_RATE)
    for folder in ("indexed", "prompts", "noise", "music"):
        (root / folder).mkdir()
    soundfile.write(root / "indexed" / "one.wav", clean, rate)
    (root / "indexed" / "index.csv").write_text("file,speaker,lang\none.wav,a,en\n")
    soundfile.write(root / "prompts" / "hello.wav", other, rate)
    for place in ("prompts/beep.wav", "noise/dog-bark-01.wav", "music/song.wav"):
        soundfile.write(root / place, noise, rate)
    return Recordings.of([root / "indexed", root / "prompts"], root / "noise", root / "music")


def some(kinds: dict[str, Make], words: tuple[str, ...]) -> list[str]:
    return [kind for kind in kinds if any(word in kind for word in words)]


def one_of(kind: str, recordings: Recordings) -> Wave:
    (wave,) = clips_of(kind, (SPEECH | NOT_SPEECH)[kind], recordings, 1)
    return wave


@pytest.mark.parametrize("kind", [*some(SPEECH, FROM_SPEECH), *some(NOT_SPEECH, MADE)])
def test_a_sound_is_the_same_every_time_and_is_told_for_what_it_is(kind: str, recordings: Recordings) -> None:
    wave, again = one_of(kind, recordings), one_of(kind, recordings)
    assert wave.dtype == np.float32
    np.testing.assert_array_equal(wave, again)
    assert bool(find_speech(wave).spans) == (kind in SPEECH)


def test_there_are_thirty_kinds_or_more() -> None:
    assert len(some(SPEECH, FROM_SPEECH)) == 13
    assert len(some(NOT_SPEECH, MADE)) == 9
    assert len(SPEECH | NOT_SPEECH) == len(SPEECH) + len(NOT_SPEECH) >= 30


def test_languages_take_turns_and_beeps_are_no_talkers(recordings: Recordings) -> None:
    assert {name: len(files) for name, files in recordings.talkers.items()} == {"en a": 1, "prompts": 1}
    clips = list(clips_of("clean", lambda made, rng, number: made.utterance(rng, number), recordings, 4))
    assert [active_level(clip) for clip in clips] == pytest.approx([-26] * 4, abs=0.1)
    lengths = [len(clip) for clip in clips]
    assert lengths[0] == lengths[2] != lengths[1] == lengths[3]


def test_recordings_that_are_missing_are_named(recordings: Recordings) -> None:
    assert np.isfinite(one_of("dog", recordings)).all()
    with pytest.raises(ValueError, match="holds no baby-cry"):
        one_of("baby's cry", recordings)


def pitched(wave: Wave) -> float:
    """How periodic the loud 50 ms of a clip are between 70 and 400 Hz, in the median (0-1)."""
    energies = frame_energies(wave, 0.05)
    peaks = []
    for frame in np.flatnonzero(energies > energies.max() - 15):
        part = wave[frame * 800 : (frame + 1) * 800].astype(np.float64)
        correlation = np.correlate(part, part, "full")[len(part) - 1 :]
        peaks.append(correlation[40:230].max() / correlation[0])
    return float(np.median(peaks))


def test_a_whisper_keeps_the_words_and_loses_the_voice() -> None:
    speech, _ = soundfile.read(EXAMPLES / "clean.flac", dtype="float32")
    whisper, song = (made(speech, np.random.default_rng(0)) for made in (whispered, resung))
    assert pitched(speech) > 0.7
    assert pitched(whisper) < 0.3
    assert pitched(song) > 0.7
    spoken = frame_energies(speech, 0.05)
    loud = spoken > spoken.max() - 30
    for made in (whisper, song):
        assert np.corrcoef(frame_energies(made, 0.05)[loud], spoken[loud])[0, 1] > 0.9


def test_the_table_counts_what_is_certain() -> None:
    found = [
        Found("clean", True, (0.9, 0.8, 0.0), 0.02),
        Found("dog", False, (0.0, 0.1, 0.0), 0.02),
        Found("babble", None, (1.0, 1.0, 1.0), 0.02),
    ]
    lines = table(found)
    assert lines[2:5] == [
        "| clean | yes | 2 of 3 | 80% |",
        "| dog | no | 1 of 3 | 0% |",
        "| babble | - | 3 of 3 | 100% |",
    ]
    told = "2 of 3 clips of speech are found, 1 of 3 other sounds are taken for speech; 10 s take 20 ms."
    assert lines[-1] == told
