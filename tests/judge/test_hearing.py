"""What a hearing does with long, short, silent and strange clips, and with references."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sqllm.judge.hearing import NoSpeechError
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.readout import Heard
from sqllm.listeners.profiles import TYPICAL
from sqllm.scores import DIMENSIONS, LOCATED_KINDS
from sqllm.signal.audio import SAMPLE_RATE, Clip
from sqllm.words.facts import INTERRUPTIONS
from sqllm.words.questions import NO_SPEECH_ANSWERS
from tests.tiny import sentence, speech_like, tiny_judge


def clip_of(seconds: float, seed: int = 0) -> Clip:
    return Clip(speech_like(seconds, seed), "clip.wav")


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


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


@pytest.mark.parametrize("kind", ["silence", "noise", "tone"])
def test_without_speech_there_is_nothing_to_rate(tiny: SpeechQualityLLM, kind: str) -> None:
    sounds = {
        "silence": silence(3),
        "noise": 0.1 * np.random.default_rng(0).standard_normal(3 * SAMPLE_RATE).astype(np.float32),
        "tone": (0.1 * np.sin(np.arange(3 * SAMPLE_RATE) * 0.4)).astype(np.float32),
    }
    heard = tiny.listen(Clip(sounds[kind], "odd.wav"))
    judgement = heard.rate()
    assert (judgement.scores, judgement.rationale, judgement.artifacts) == (None, None, ())
    assert any("nothing to rate" in warning for warning in judgement.warnings)
    content = judgement.to_json()
    assert (content["scores"], content["votes"], content["speech"]) == (None, None, {"share": 0.0, "spans": []})
    assert (heard.timeline(), heard.artifacts()) == ([], ())
    assert heard.ask("Is it noisy?").text == NO_SPEECH_ANSWERS[0]
    with pytest.raises(NoSpeechError, match="no speech in odd"):
        heard.scores()


def test_a_clip_without_speech_changes_nothing_for_those_beside_it(tiny: SpeechQualityLLM) -> None:
    first, second, third = tiny.listen_many(
        [(Clip(silence(2)), None), (clip_of(3, 1), clip_of(3, 1)), (Clip(silence(1)), Clip(silence(1)))]
    )
    assert (first.speech_found, second.speech_found, third.speech_found) == (False, True, False)
    assert second.means() == pytest.approx(tiny.listen(clip_of(3, 1), clip_of(3, 1)).means(), abs=1e-4)


@pytest.mark.parametrize("place", ["behind", "before", "around", "between"])
def test_long_silence_is_neither_heard_nor_averaged(tiny: SpeechQualityLLM, place: str) -> None:
    speech, quiet = speech_like(5, 1), silence(30)
    parts = {
        "behind": [speech, quiet],
        "before": [quiet, speech],
        "around": [quiet, speech, quiet],
        "between": [speech, quiet, speech],
    }[place]
    heard = tiny.listen(Clip(np.concatenate(parts)))
    talks = sum(part is speech for part in parts)
    assert len(heard.spans) == talks
    assert heard.speech.seconds == pytest.approx(5 * talks, abs=0.5 * talks)
    assert all(end - start < 6.1 for start, end in heard.spans)
    assert heard.means() == pytest.approx(tiny.listen(Clip(speech)).means(), abs=0.1)


def test_pauses_of_a_conversation_are_heard_with_it(tiny: SpeechQualityLLM) -> None:
    clip = Clip(np.concatenate([silence(3.5), speech_like(2, 1), silence(3), speech_like(1.5, 2)]))
    assert tiny.listen(clip).spans == [(0, 10)]


def test_windows_weigh_what_each_adds_also_with_silence_between_them(tiny: SpeechQualityLLM) -> None:
    heard = tiny.listen(Clip(np.concatenate([speech_like(12, 1), silence(20), speech_like(4, 2)])))
    widths = [end - start for start, end in heard.spans]
    assert len(widths) == 3
    added = np.array([10, heard.spans[1][1] - 10, widths[2]])
    expected = added / added.sum() @ [point.scores["mos"].mean for point in heard.timeline()]
    assert heard.scores()["mos"].mean == pytest.approx(expected)


def test_faults_of_a_later_window_are_told_at_their_time_in_the_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = tiny_judge()
    judge.model.encoder.add_locator()  # type: ignore[operator]
    heard = judge.listen(Clip(np.concatenate([silence(20), speech_like(4, 1)])))
    (start, _), faults = heard.spans[0], np.array([0.1, 0.0, 0.9, 0.0])
    lossy = [Heard((window.scores[0],), {"packet-loss": faults}) for window in heard._listen_as(TYPICAL)]
    monkeypatch.setattr(heard, "_listen_as", lambda profile: lossy)
    heard.located = [torch.zeros(200, 2)]
    heard.located[0][100:110, 0] = 0.9
    ((first, last),) = heard.artifacts()[0].spans
    assert (first, last) == pytest.approx((start + 2, start + 2.2), abs=0.01)


def test_words_that_only_the_reference_still_holds_are_rated(tiny: SpeechQualityLLM) -> None:
    whole = speech_like(20, 1)
    muted = whole.copy()
    muted[5 * SAMPLE_RATE : round(10.5 * SAMPLE_RATE)] = 0
    alone, paired = tiny.listen(Clip(muted)), tiny.listen(Clip(muted), Clip(whole))
    assert paired.reference_state == "same"
    assert alone.spans[0][1] < 6
    assert paired.spans == [(0, 10), (10, 20)]


def test_a_second_of_speech_or_less_is_little_to_go_by(tiny: SpeechQualityLLM) -> None:
    heard = tiny.listen(Clip(np.concatenate([silence(1), speech_like(0.7, 3), silence(1)])))
    assert heard.speech_found
    assert any("of speech were found in this clip" in warning for warning in heard.warnings)
    assert not any("of speech were found" in warning for warning in tiny.listen(clip_of(3)).warnings)


def spoken(seed: int, seconds: float = 4.0, name: str = "clip.wav") -> Clip:
    return Clip(sentence(seconds, seed), name)


def test_a_reference_of_other_speech_is_left_out_and_spoken_of_once(tiny: SpeechQualityLLM) -> None:
    alone, wrong = tiny.listen(spoken(1)), tiny.listen(spoken(1), spoken(2, name="clean.wav"))
    assert sum("reference" in text for text in wrong.warnings) == 1
    assert {d: s.mean for d, s in wrong.scores().items()} == {d: s.mean for d, s in alone.scores().items()}
    judgement = wrong.rate(rationale=False).to_json()
    assert judgement["alignment"] == {
        "state": "other",
        **dict.fromkeys(("lag", "matched", "drift")),
        "lost": [],
        "added": [],
    }
    assert judgement["reference"] is None
    assert wrong.facts().state == "other"


def test_a_hearing_knows_how_its_reference_fits(tiny: SpeechQualityLLM) -> None:
    clip = spoken(1)
    references = (None, clip, Clip(0.5 * clip.samples), spoken(2))
    states = [tiny.listen(clip, reference).reference_state for reference in references]
    assert states == ["none", "identical", "same", "other"]


def test_a_late_reference_is_used_and_its_lag_told(tiny: SpeechQualityLLM) -> None:
    reference = spoken(1, 6.0, "clean.wav")
    late = Clip(np.pad(0.5 * reference.samples, (24_000, 0)), "late.wav")
    judgement = tiny.rate(late, reference, rationale=False)
    assert judgement.reference == "clean.wav"
    assert judgement.alignment is not None
    assert judgement.alignment.lag == pytest.approx(1.5)
    assert judgement.alignment.matched > 0.95
    assert not judgement.warnings


def test_a_reference_of_a_smaller_part_is_used_with_a_warning(tiny: SpeechQualityLLM) -> None:
    both = [np.concatenate([sentence(2, 30), sentence(8, seed)]) for seed in (31, 32)]
    noise = np.random.default_rng(0).normal(0, 0.001, len(both[0]))
    heard = tiny.listen(Clip((both[0] + noise).astype(np.float32)), Clip(both[1]))
    assert heard.reference_state == "same"
    assert any(warning.startswith("Only ") for warning in heard.warnings)


def test_speech_that_the_clip_skips_is_a_fault_with_a_warning(tiny: SpeechQualityLLM) -> None:
    reference = spoken(8, 6.0)
    rest = np.concatenate([reference.samples[: 3 * SAMPLE_RATE], reference.samples[4 * SAMPLE_RATE :]])
    noise = np.random.default_rng(0).normal(0, 0.001, len(rest))
    heard = tiny.listen(Clip((rest + noise).astype(np.float32)), reference)
    assert any(warning.startswith("The clip skips 1.0 s of the reference") for warning in heard.warnings)
    (start, stop), *_ = next(fault.spans for fault in heard.artifacts() if fault.kind in INTERRUPTIONS)
    assert start - 0.2 < 3 < stop + 0.2


def test_identical_clips_are_said_to_be(tiny: SpeechQualityLLM) -> None:
    heard = tiny.listen(spoken(1), spoken(1))
    assert sum("identical" in warning for warning in heard.warnings) == 1
    assert heard.facts().state == "identical"


@pytest.mark.parametrize("silent", ["clip", "reference"])
def test_silence_is_not_called_other_speech(tiny: SpeechQualityLLM, silent: str) -> None:
    nothing = Clip(np.zeros(3 * SAMPLE_RATE, np.float32), "silence.wav")
    heard = tiny.listen(nothing, spoken(1)) if silent == "clip" else tiny.listen(spoken(1), nothing)
    assert not any("same speech" in warning for warning in heard.warnings)
    assert any("silent" in warning for warning in heard.warnings)


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
        "listener",
        "scores",
        "votes",
        "rationale",
        "artifacts",
        "speech",
        "alignment",
        "measures",
        "conditioning",
        "warnings",
        "model",
    ]
    assert list(content["scores"]) == list(DIMENSIONS)  # type: ignore[call-overload]
    assert content["profile"] == "strict-expert"
    assert content["listener"] == {"asked": "strict-expert", "understood": [], "ignored": []}


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
