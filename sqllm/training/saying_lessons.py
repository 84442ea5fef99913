"""Lessons in saying: made facts and a question as people type it, and the answer composed from what is selected."""

from __future__ import annotations

import numpy as np

from sqllm.judge.wording import FIXED_FAMILIES, Wording
from sqllm.model.language_model import LanguageModel
from sqllm.model.prompt_tree import ROOT
from sqllm.training.asked_questions import Asker, lesson_of
from sqllm.training.lessons import Lesson, Target
from sqllm.words.questions import Question
from sqllm.words.selection.select import select
from sqllm.words.selection.selected import Selected
from sqllm.words.sentences.made_facts import random_facts
from sqllm.words.sentences.say import say
from sqllm.words.understanding import question_of
from sqllm.words.wordings.grammar import Asked

HEARD_SHARE = 0.5  # of the questions about a fault, where it is there
DRAFTS, PROVEN_SHARE = 10, 0.8  # a family; the share of first drafts that prove true, from which it is said well


def draw_saying(asker: Asker, rng: np.random.Generator) -> tuple[str, str]:
    """What is read (selected facts and a question) and the answer to write."""
    while True:
        asked = asker.one(rng)
        if asked.family not in FIXED_FAMILIES:
            break
    question, selected = _selected(asked, rng)
    return f"{selected.text()}{question.text}", say(selected, rng)


def _selected(asked: Asked, rng: np.random.Generator) -> tuple[Question, Selected]:
    """A question, and what is selected for it of made facts."""
    question = question_of(asked.text, asked.family, lesson_of(asked).choices)
    one = len(question.kinds) <= 3 and rng.random() < HEARD_SHARE
    return question, select(random_facts(rng, question.kinds[:1] if one else ()), question)


def said_well(model: LanguageModel, asker: Asker, rng: np.random.Generator) -> list[str]:
    """The families that a model says well: most of its first drafts on made facts say what the facts prove."""
    model.eval()
    return [
        family
        for family in sorted({*asker.families} - FIXED_FAMILIES)
        if np.mean([_proven_draft(model, asker.one(rng, [family]), rng) for _ in range(DRAFTS)]) >= PROVEN_SHARE
    ]


def _proven_draft(model: LanguageModel, asked: Asked, rng: np.random.Generator) -> bool:
    question, selected = _selected(asked, rng)
    draft = "".join(Wording(question.text, question, selected, checked=False).by_words(model))
    return Wording(question.text, question, selected).proven(draft, True)


def add_saying(lesson: Lesson, model: LanguageModel, read: str, answer: str) -> None:
    """The whole answer behind what is read, as `judge.wording` asks for it."""
    opening = model.encode_text(model.turns.opening)
    stem = lesson.tree.add([*opening, *model.encode_text(f"{read}{model.turns.to_answer}")], ROOT)
    ids = [*model.encode_text(answer), model.encode_text(model.turns.end)[0]]
    node = lesson.tree.add(ids[:-1], stem)
    positions = [lesson.tree.last(stem), *range(*lesson.tree.spans[node])]
    for position, token in zip(positions, ids, strict=True):
        lesson.targets.append(Target(position, (token,), (1.0,), 1.0 / len(ids), "text"))
