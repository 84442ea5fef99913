"""A panel asked about a clip: one hearing, every profile once in one pass, and the mean that the mix gives."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.readout import Heard, Reading
from sqllm.listeners.panel import Mix
from sqllm.listeners.profiles import PROFILES
from sqllm.signal.audio import SAMPLE_RATE, Clip
from tests.tiny import speech_like

CLIP = Clip(speech_like(3.0), "a.wav")


def test_profiles_read_together_say_what_each_says_alone(tiny: SpeechQualityLLM) -> None:
    for seconds in (3.0, 14.0):  # one window, several
        heard = tiny.listen(Clip(speech_like(seconds)))
        together = heard.overall(list(PROFILES.values()))
        for profile, score in zip(PROFILES, together, strict=True):
            np.testing.assert_allclose(score.probabilities, heard.scores(profile)["mos"].probabilities, atol=1e-4)


def test_a_panel_reads_its_profiles_in_one_pass_and_a_second_one_reads_nothing(
    tiny: SpeechQualityLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, passes = tiny.listen(CLIP), []
    read = heard._read

    def counted(reading: Reading) -> list[Heard]:
        passes.append(len(reading.scores))
        return read(reading)

    monkeypatch.setattr(heard, "_read", counted)
    tiny.panel(heard, listeners=24)
    tiny.panel(heard, listeners=200, seed=5)
    assert passes == [len(PROFILES)]


def test_a_large_panel_votes_what_the_mix_of_scores_says(tiny: SpeechQualityLLM) -> None:
    mix = {"typical": 2.0, "strict-expert": 1.0, "someone in a noisy car": 1.0}
    heard = tiny.listen(CLIP)
    held = tiny.panel(heard, listeners=4000, mix=mix)
    means = [heard.scores(profile)["mos"].mean for profile in mix]
    assert held.expected is not None
    assert held.expected.mean == pytest.approx(np.dot(means, [0.5, 0.25, 0.25]), abs=1e-3)
    assert held.mos == pytest.approx(held.expected.mean, abs=0.1)
    assert held.profiles[2] == "custom: someone in a noisy car"


def test_the_same_call_gives_the_same_votes_and_another_clip_others(tiny: SpeechQualityLLM) -> None:
    one, again = tiny.panel(CLIP), tiny.panel(CLIP)
    assert one.to_json() == again.to_json()
    assert len(one.votes) == 24
    other = tiny.panel(Clip(speech_like(3.0, seed=4)))
    assert (one.seats == other.seats).all()
    assert one.votes.tolist() != other.votes.tolist()


def test_nobody_votes_where_there_is_no_speech(tiny: SpeechQualityLLM) -> None:
    silent = tiny.panel(Clip(np.zeros(2 * SAMPLE_RATE, np.float32), "silence.wav"), mix=Mix.of({"typical": 1}))
    assert (silent.mos, silent.interval, silent.expected, silent.outliers()) == (None, None, None, [])
    assert any("silent" in warning for warning in silent.warnings)
