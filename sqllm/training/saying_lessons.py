"""Lessons in saying: made facts and a question as people type it, and the answer composed from what is selected."""

from __future__ import annotations

import numpy as np

from sqllm.judge.wording import FIXED_FAMILIES
from sqllm.model.language_model import LanguageModel
from sqllm.model.prompt_tree import ROOT
from sqllm.training.asked_questions import Asker, lesson_of
from sqllm.training.lessons import Lesson, Target
from sqllm.words.selection.select import select
from sqllm.words.sentences.made_facts import random_facts
from sqllm.words.sentences.say import say
from sqllm.words.understanding import question_of

HEARD_SHARE = 0.5  # of the questions about a fault, where it is there


def draw_saying(asker: Asker, rng: np.random.Generator) -> tuple[str, str]:
    """What is read (selected facts and a question) and the answer to write."""
    while True:
        asked = asker.one(rng)
        if asked.family not in FIXED_FAMILIES:
            break
    question = question_of(asked.text, asked.family, lesson_of(asked).choices)
    one = len(question.kinds) <= 3 and rng.random() < HEARD_SHARE
    facts = random_facts(rng, question.kinds[:1] if one else ())
    selected = select(facts, question)
    return f"{selected.text()}{question.text}", say(selected, rng)


def add_saying(lesson: Lesson, model: LanguageModel, read: str, answer: str) -> None:
    """The whole answer behind what is read, as `judge.wording` asks for it."""
    opening = model.encode_text(model.turns.opening)
    stem = lesson.tree.add([*opening, *model.encode_text(f"{read}{model.turns.to_answer}")], ROOT)
    ids = [*model.encode_text(answer), model.encode_text(model.turns.end)[0]]
    node = lesson.tree.add(ids[:-1], stem)
    positions = [lesson.tree.last(stem), *range(*lesson.tree.spans[node])]
    for position, token in zip(positions, ids, strict=True):
        lesson.targets.append(Target(position, (token,), (1.0,), 1.0 / len(ids), "text"))
