"""What the LLM for words is taught: to tell what a question asks, and to say what was selected of the facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sqllm.judge.understanding import add_question, code_tokens
from sqllm.model.language_model import LanguageModel
from sqllm.training.asked_questions import AskedLesson, Asker, all_wordings
from sqllm.training.lessons import Lesson, Target
from sqllm.words.understanding import CHOICES
from sqllm.words.wordings.grammar import Wording

FAMILY_WEIGHT = 2.0  # how much the family counts beside the other choices
ASKED_SHARE = 0.8  # how often those choices are asked that every question has, besides the family
VALIDATION_EVERY = 15  # every so many wordings are kept to validate on


def split_wordings() -> tuple[list[Wording], list[Wording]]:
    """The wordings that train, and those kept from training to choose settings by."""
    wordings = all_wordings()
    kept = [w for number, w in enumerate(wordings) if number % VALIDATION_EVERY == VALIDATION_EVERY // 2]
    return [w for number, w in enumerate(wordings) if number % VALIDATION_EVERY != VALIDATION_EVERY // 2], kept


@dataclass(frozen=True)
class WordTeacher:
    """Makes lessons for one LLM; the tokens of every choice's options are looked up once."""

    model: LanguageModel
    asker: Asker
    codes: dict[str, list[int]]

    @classmethod
    def of(cls, model: LanguageModel, wordings: Sequence[Wording]) -> WordTeacher:
        return cls(model, Asker.of(wordings), {choice: code_tokens(model, choice) for choice in CHOICES})

    def draw(self, rng: np.random.Generator, count: int) -> Lesson:
        """A lesson of `count` random questions side by side."""
        lesson = Lesson()
        for _ in range(count):
            asked = self.asker.draw(rng)
            now = [name for name in asked.choices if name not in ("opposite", "two") or rng.random() < ASKED_SHARE]
            self.add_understanding(lesson, replace(asked, choices={name: asked.choices[name] for name in now}))
        return lesson

    def add_understanding(self, lesson: Lesson, asked: AskedLesson) -> None:
        """A question with the right option of each of its choices."""
        nodes = add_question(lesson.tree, self.model, asked.text, asked.previous, tuple(asked.choices))
        for choice, option in asked.choices.items():
            token = self.codes[choice][CHOICES[choice].index(option)]
            weight = FAMILY_WEIGHT if choice == "family" else 1.0
            lesson.targets.append(Target(lesson.tree.last(nodes[choice]), (token,), (1.0,), weight, "fault"))
