"""Synthetic voices as clean speech."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from sqllm.corpus.sources import assign_split, list_recordings, read_recording
from sqllm.corpus.synthetic_voices import VOICES, Voice, sentences, speak_clips, write_voices
from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, active_level
from sqllm.signal.speech import find_speech

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_every_voice_has_its_name_and_several_sentences_to_speak() -> None:
    assert len({voice.speaker for voice in VOICES}) == len(VOICES)
    for voice in VOICES:
        said = sentences(voice.lang)
        assert len(set(said)) == len(said) >= 4


def test_some_voices_are_left_for_validation_and_for_testing() -> None:
    held_out = ("ko", "tr")
    splits = [assign_split(voice.speaker, voice.lang, held_out, 0.07, 0.1) for voice in VOICES]
    assert splits.count("TRAIN") >= 16
    assert {"VAL", "TEST"} <= set(splits)


@needs_espeak
def test_a_voice_speaks_at_the_usual_level_and_faster_when_asked() -> None:
    slow, fast = (Voice("espeak-ng", "en-us+m3", "en", pace).say(sentences("en")[0]) for pace in (0.8, 1.3))
    assert active_level(slow) == pytest.approx(NOMINAL_DBOV, abs=0.1)
    assert len(slow) > 1.3 * len(fast) > SAMPLE_RATE
    assert find_speech(slow).share > 0.6


@needs_espeak
def test_a_folder_of_voices_is_one_that_a_corpus_is_made_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqllm.corpus.synthetic_voices.VOICES", VOICES[:2])
    rows = write_voices(tmp_path, 4, seed=3)
    files = list_recordings(tmp_path)
    assert [file.speaker for file in files] == [row["speaker"] for row in rows]
    assert {file.speaker for file in files} == {voice.speaker for voice in VOICES[:2]}
    for file, (_, _, wave) in zip(files, speak_clips(4, seed=3), strict=True):
        np.testing.assert_allclose(read_recording(file.path), wave, atol=1e-4)


def test_a_synthesiser_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="apt-get install flite"):
        Voice("flite", "slt", "en").say("Hello.")
