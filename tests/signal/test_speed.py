"""Speech under a wrong sampling rate is suspected; ordinary speech, however it was treated or spoken, is not."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import soxr
from scipy.signal import butter, sosfilt

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import SAMPLE_RATE, Clip, load_clip
from sqllm.signal.speed import TOO_FAST, TOO_SLOW, speed_evidence, suspected_speed
from sqllm.ui.examples import EXAMPLES
from tests.tiny import speech_like

VOICES = sorted(EXAMPLES.glob("*-reference.flac"))


def at_speed(samples: np.ndarray, speed: float) -> np.ndarray:
    """What is heard where the header states `speed` times the true rate."""
    return np.asarray(soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE))


@pytest.mark.parametrize("file", VOICES, ids=lambda path: path.stem)
@pytest.mark.parametrize(("speed", "word"), [(1 / 3, "slow"), (0.5, "slow"), (2, "fast"), (3, "fast")])
def test_speech_at_a_wrong_speed_is_told(file, speed: float, word: str) -> None:
    sentence = suspected_speed(at_speed(load_clip(file).samples, speed))
    assert f"much too {word}" in sentence
    assert sentence.endswith("the file's sampling rate may be wrong.")


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.flac")), ids=lambda path: path.stem)
def test_examples_are_at_their_speed(file) -> None:
    assert suspected_speed(load_clip(file).samples) == ""


@pytest.mark.parametrize("file", VOICES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "treat",
    [
        lambda x: sosfilt(butter(6, [300, 3400], "bandpass", fs=SAMPLE_RATE, output="sos"), x),
        lambda x: x + 0.01 * np.random.default_rng(0).standard_normal(len(x)),
        lambda x: librosa.effects.time_stretch(x, rate=1.3),
        lambda x: librosa.effects.time_stretch(x, rate=0.75),
        lambda x: librosa.effects.time_stretch(at_speed(x, 1.25), rate=0.8),  # a smaller vocal tract and higher pitch
        lambda x: at_speed(x, 48 / 44.1),
        lambda x: 0.01 * x,
        lambda x: np.concatenate([np.zeros(20 * SAMPLE_RATE), x, np.zeros(5 * SAMPLE_RATE)]),
    ],
    ids=[
        "telephone",
        "noise",
        "fast talker",
        "slow talker",
        "child-like",
        "44.1 for 48 kHz",
        "quiet",
        "silence around",
    ],
)
def test_ordinary_speech_is_not_suspected(file, treat) -> None:
    assert suspected_speed(treat(load_clip(file).samples)) == ""


@pytest.mark.parametrize("samples", [np.zeros(100), np.zeros(3 * SAMPLE_RATE), speech_like(1.0)])
def test_what_is_too_short_or_silent_is_not_suspected(samples: np.ndarray) -> None:
    assert suspected_speed(samples) == ""


def test_evidence_lies_between_the_thresholds_for_speech() -> None:
    evidence = [speed_evidence(load_clip(file).samples) or 0.0 for file in VOICES]
    assert all(TOO_SLOW / 2 < value < TOO_FAST / 2 for value in evidence)


@pytest.mark.checkpoint
def test_a_wrong_header_is_among_the_warnings(default_judge: SpeechQualityLLM) -> None:
    slow = Clip(at_speed(load_clip(VOICES[0]).samples, 0.5).astype(np.float32), source_rate=8000)
    assert any("much too slow" in warning for warning in default_judge.listen(slow).warnings)
