"""Lessons in saying: what is read holds what is to be said."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sqllm.judge.wording import FIXED_FAMILIES, Wording
from sqllm.model.language_model import LanguageModel
from sqllm.training.asked_questions import Asker, all_wordings
from sqllm.training.lessons import Lesson
from sqllm.training.saying_lessons import add_saying, draw_saying, said_well
from tests.tiny import byte_tokenizer, tiny_llm


def test_a_lesson_is_a_line_of_facts_a_question_and_an_answer_with_their_figures() -> None:
    asker, rng = Asker.of(all_wordings()), np.random.default_rng(0)
    families = set()
    for _ in range(400):
        read, answer = draw_saying(asker, rng)
        facts, question = read.split("\n")
        assert facts.startswith("Facts: ")
        assert question
        families.add(facts.split()[1].rstrip(";."))
        figures = set(re.findall(r"\d+\.\d+", answer)) - set(re.findall(r"\d+\.\d+", facts))
        assert figures <= {"4.5", "7.4"}, (read, answer)  # of the formula of G.107, and the widest measured band
    assert len(families) > 30
    assert not families & FIXED_FAMILIES


def test_the_answer_is_taught_token_by_token_to_its_end() -> None:
    model, lesson = LanguageModel(tiny_llm(), byte_tokenizer()), Lesson()
    add_saying(lesson, model, "Facts: mos-numeric score; mos 2.6.\nHow good?", "MOS 2.6.")
    taught = [target.ids[0] for target in lesson.targets]
    assert model.tokenizer.decode(taught[:-1]) == "MOS 2.6."
    assert taught[-1] == model.encode_text(model.turns.end)[0]
    assert [target.position for target in lesson.targets] == list(
        range(len(lesson.tree) - len(taught), len(lesson.tree))
    )


def test_families_are_said_well_whose_drafts_prove_true(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asker = LanguageModel(tiny_llm(), byte_tokenizer()), Asker.of(all_wordings())
    monkeypatch.setattr(Wording, "by_words", lambda wording, _: iter([wording.composed()]))
    assert said_well(model, asker, np.random.default_rng(0)) == sorted({*asker.families} - FIXED_FAMILIES)
    monkeypatch.setattr(Wording, "by_words", lambda *_: iter(["MOS 9.9, and a banana."]))
    assert said_well(model, asker, np.random.default_rng(0)) == []
