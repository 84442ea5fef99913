"""What a hearing does with long, short, silent and strange clips, and with references."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.readout import Heard
from sqllm.judge.signal_checks import LIVELY_DECIBELS, STEADY_DECIBELS, level_spread
from sqllm.listeners.profiles import TYPICAL
from sqllm.scores import DIMENSIONS, LOCATED_KINDS
from sqllm.signal.audio import SAMPLE_RATE, Clip
from sqllm.words.questions import NO_SPEECH_ANSWERS
from tests.tiny import speech_like, tiny_judge


def clip_of(seconds: float, seed: int = 0) -> Clip:
    return Clip(speech_like(seconds, seed), "clip.wav")


def test_a_voice_under_loud_hum_comes_and_goes_where_hum_does_not() -> None:
    seconds = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    hum = np.sum([np.sin(2 * np.pi * 50 * k * seconds) / k for k in (1, 2, 3)], axis=0).astype(np.float32)
    voice = 0.05 * speech_like(4) / np.abs(speech_like(4)).max()
    assert level_spread(0.3 * hum) < STEADY_DECIBELS
    assert level_spread(0.3 * hum + voice) > LIVELY_DECIBELS


def test_a_long_clip_is_heard_in_windows_and_aggregated(tiny: SpeechQualityLLM) -> None:
    heard = tiny.listen(clip_of(24))
    timeline = heard.timeline()
    assert [(point.start, point.end) for point in timeline] == [(0, 10), (10, 20), (14, 24)]
    weights = np.array([10, 10, 4]) / 24
    expected = weights @ [point.scores["mos"].mean for point in timeline]
    assert heard.scores()["mos"].mean == pytest.approx(expected)


def test_a_minute_costs_windows_not_an_error(tiny: SpeechQualityLLM) -> None:
    assert len(tiny.listen(clip_of(65)).timeline()) == 7


@pytest.mark.parametrize(
    ("samples", "warning"),
    [
        (speech_like(0.5), "lasts only 0.50 s"),
        (np.zeros(SAMPLE_RATE, np.float32), "silent"),
        (np.sin(np.arange(3 * SAMPLE_RATE) * 0.4).astype(np.float32) * 0.1, "No speech"),
        (0.1 * np.random.default_rng(0).standard_normal(3 * SAMPLE_RATE).astype(np.float32), "No speech"),
        (np.sign(np.sin(np.arange(3 * SAMPLE_RATE) * 0.05)).astype(np.float32), "full scale"),
    ],
)
def test_unusual_clips_get_a_warning(tiny: SpeechQualityLLM, samples: np.ndarray, warning: str) -> None:
    assert any(warning in text for text in tiny.listen(Clip(samples, "odd.wav")).warnings)


def test_silence_has_no_rationale_about_speech_and_no_artifacts(tiny: SpeechQualityLLM) -> None:
    judgement = tiny.rate(Clip(np.zeros(2 * SAMPLE_RATE, np.float32), "silence.wav"))
    assert judgement.rationale == NO_SPEECH_ANSWERS[0]
    assert judgement.artifacts == ()


def test_a_reference_of_other_speech_is_left_out_with_a_warning(tiny: SpeechQualityLLM) -> None:
    alone, wrong = tiny.listen(clip_of(4, 1)), tiny.listen(clip_of(4, 1), clip_of(4, 2))
    assert any("reference" in text for text in wrong.warnings)
    assert wrong.scores()["mos"].mean == alone.scores()["mos"].mean


def test_a_hearing_knows_whether_its_reference_is_of_the_same_speech(tiny: SpeechQualityLLM) -> None:
    clip = clip_of(4, 1)
    references = (None, clip, clip_of(4, 2))
    assert [tiny.listen(clip, reference).reference_state for reference in references] == ["none", "same", "other"]


def test_a_narrow_file_is_named(tiny: SpeechQualityLLM) -> None:
    clip = Clip(speech_like(2), "phone.wav", source_rate=8000)
    assert "The file is sampled at 8000 Hz: it holds nothing above 4 kHz." in tiny.listen(clip).warnings


def test_an_empty_question_is_refused(tiny: SpeechQualityLLM) -> None:
    with pytest.raises(ValueError, match="question is empty"):
        tiny.ask(clip_of(2), "  ")


def test_a_judgement_has_the_keys_of_the_contract(tiny: SpeechQualityLLM) -> None:
    content = tiny.rate(clip_of(2), profile="strict-expert").to_json()
    assert list(content) == [
        "file",
        "reference",
        "seconds",
        "profile",
        "scores",
        "rationale",
        "artifacts",
        "measures",
        "conditioning",
        "warnings",
        "model",
    ]
    assert list(content["scores"]) == list(DIMENSIONS)  # type: ignore[call-overload]
    assert content["profile"] == "strict-expert"


def test_artifacts_that_happen_at_moments_are_told_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = tiny_judge()
    judge.model.encoder.add_locator()  # type: ignore[operator]
    heard = judge.listen(clip_of(14))
    assert [moments.shape[1] for moments in heard.located] == [len(LOCATED_KINDS)] * 2
    faults = np.array([0.1, 0.0, 0.9, 0.0])
    lossy = [Heard((window.scores[0],), {"packet-loss": faults, "hum": faults}) for window in heard._listen_as(TYPICAL)]
    monkeypatch.setattr(heard, "_listen_as", lambda profile: lossy)
    heard.located = [torch.zeros(500, 2), torch.zeros(500, 2)]
    heard.located[0][100:105, 0] = 0.9  # of the window from 0 s on
    heard.located[1][450:460, 0] = 0.9  # of the window from 4 s on
    hum, loss = heard.artifacts()
    assert loss.kind == "packet-loss"
    assert loss.spans == ((2.0, 2.1), (13.0, 13.2))
    assert hum.spans == ((0, 10), (4, 14))
