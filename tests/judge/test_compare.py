"""Comparing two clips: swapping them swaps the verdict."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sqllm.judge.compare import Preference
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.scores import DIMENSIONS, HeardArtifact
from sqllm.signal.audio import SAMPLE_RATE, Clip
from tests.tiny import speech_like
from tests.words.composed import compose_comparison, labelled

OTHER = {"A": "B", "B": "A", "same": "same"}


def listen(judge: SpeechQualityLLM, seed: int) -> Hearing:
    return judge.listen(Clip(speech_like(3, seed), f"{seed}.wav"))


def verdict(preference: Preference) -> tuple[str, float, float]:
    """Which is better, by how much, and how likely A."""
    assert preference.better is not None
    assert preference.difference is not None
    assert preference.probability is not None
    return preference.better, preference.difference.mean, preference.probability


def test_swapping_the_clips_swaps_the_verdict(tiny: SpeechQualityLLM) -> None:
    for seed in range(3):
        one, other = listen(tiny, seed), listen(tiny, seed + 10)
        better, difference, probability = verdict(tiny.compare(one, other))
        assert verdict(tiny.compare(other, one)) == (OTHER[better], -difference, pytest.approx(1 - probability))
        assert difference == one.scores()["mos"].mean - other.scores()["mos"].mean


def test_a_clip_is_as_good_as_itself(tiny: SpeechQualityLLM) -> None:
    clip = listen(tiny, 1)
    preference = tiny.compare(clip, clip)
    assert preference.better == "same"
    assert preference.probability == pytest.approx(0.5)


def test_a_preference_is_one_json_object(tiny: SpeechQualityLLM) -> None:
    content = tiny.compare(listen(tiny, 1), listen(tiny, 2), profile="strict-expert").to_json()
    assert json.loads(json.dumps(content)) == content
    assert list(content) == [
        "a", "b", "profile", "difference", "probability_a_is_better", "better", "text", "warnings", "model",
    ]  # fmt: skip
    assert content["a"] == {"file": "1.wav", "mos": listen(tiny, 1).scores("strict-expert")["mos"].to_json()}


@pytest.mark.parametrize(("loud", "mute"), [((1, None), "B"), ((None, 1), "A"), ((None, None), "A and B")])
def test_a_clip_without_speech_is_not_compared(tiny: SpeechQualityLLM, loud: tuple[int | None, ...], mute: str) -> None:
    silence = Clip(np.zeros(2 * SAMPLE_RATE, np.float32), "silence.wav")
    first, second = (tiny.listen(silence) if seed is None else listen(tiny, seed) for seed in loud)
    preference = tiny.compare(first, second)
    assert preference.text == f"There is no speech in {mute}: there is nothing to compare."
    assert (preference.better, preference.difference, preference.probability) == (None, None, None)
    content = preference.to_json()
    assert (content["better"], content["difference"], content["probability_a_is_better"]) == (None, None, None)
    assert [content[letter]["mos"] is None for letter in "ab"] == [seed is None for seed in loud]  # type: ignore[index]


def test_an_empty_question_is_refused(tiny: SpeechQualityLLM) -> None:
    with pytest.raises(ValueError, match="question is empty"):
        tiny.compare(listen(tiny, 1), listen(tiny, 2), " ")


def test_the_words_of_a_comparison_hold_the_verdict() -> None:
    poor = labelled(dict.fromkeys(DIMENSIONS, 2.0), [HeardArtifact("packet-loss", "strong")])
    good = labelled(dict.fromkeys(DIMENSIONS, 4.5), [])
    assert "B" in compose_comparison(poor, good, np.random.default_rng(0)).split("2.50")[0]
