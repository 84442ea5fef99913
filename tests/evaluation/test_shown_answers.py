"""What is shown of an answer is counted beside what was drafted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sqllm.corpus.nisqa_layout import read_corpus
from sqllm.evaluation.question_sheet import read_sheet
from sqllm.evaluation.shown_answers import ShownAnswers, Spoken, measure_shown
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.wording import SAYS
from sqllm.model.language_model import LanguageModel
from sqllm.words.questions import Question
from tests.tiny import tiny_judge, write_corpus


@pytest.fixture(scope="module")
def worded() -> SpeechQualityLLM:
    judge = tiny_judge()
    judge.model.words = LanguageModel(judge.model.llm, judge.model.tokenizer)
    judge.model.config = replace(judge.model.config, extra={SAYS: ["mos-numeric", "explanatory"]})
    return judge


def test_a_false_draft_is_counted_and_what_is_shown_instead_is_not(
    worded: SpeechQualityLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert worded.model.words is not None
    written = worded.model.words.encode_text("MOS 5.0.")
    monkeypatch.setattr(Hearing, "speech_found", True)
    monkeypatch.setattr(worded.model.words, "answer_tokens", lambda *_: (token for token in written))
    monkeypatch.setattr(
        Hearing, "understood", lambda _, text, previous: (Question("mos-numeric", text), Question("explanatory", text))
    )
    clips = read_corpus(write_corpus(tmp_path, [1.5] * 2, ("TEST",)), "TEST")
    figures = measure_shown(worded, clips, read_sheet()[:2])
    assert (figures.clips, figures.questions) == (2, 2)
    for kind in ("Rationales", "Answers"):
        assert (figures.drafted[kind].right, figures.drafted[kind].count) == (4, 4)
        assert (figures.shown[kind].right, figures.kept[kind].right) == (0, 0)
    assert figures.reasons == {"MOS 5.0": 8}
    assert figures.examples == ()


def test_a_claim_that_is_shown_against_the_facts_is_an_example() -> None:
    asked = Question("mos-numeric", "How good?")
    false = Spoken(asked, "MOS 5.0.", "MOS 5.0.", ["MOS 5.0"], ["MOS 5.0"], 0.2, 0.4)
    right = replace(false, false_drafted=[], false_shown=[], first_words=0.4, end=0.6)
    figures = ShownAnswers.of(1, 2, [false, right])
    assert (figures.shown["Answers"].right, figures.shown["Answers"].count, figures.kept["Answers"].right) == (1, 2, 2)
    assert figures.seconds == {"Answers": (pytest.approx(0.3), pytest.approx(0.5))}
    assert "How good? MOS 5.0. (MOS 5.0)" in "\n".join(figures.lines())


def test_a_checkpoint_without_words_is_graded_by_what_it_composes(
    tiny: SpeechQualityLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hearing, "speech_found", True)
    monkeypatch.setattr(Hearing, "understood", lambda _, text, previous: (Question("mos-numeric", text, "mos"),))
    clips = read_corpus(write_corpus(tmp_path, [1.5], ("TEST",)), "TEST")
    figures = measure_shown(tiny, clips, read_sheet()[:3])
    assert (figures.drafted["Answers"].right, figures.shown["Answers"].right) == (0, 0)
    assert figures.kept["Answers"].right == figures.kept["Answers"].count == 3
