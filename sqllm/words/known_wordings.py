"""Questions in wordings of ours: understood by looking them up, without asking the LLM."""

from __future__ import annotations

import re
from functools import cache

from sqllm.words.by_code import settled
from sqllm.words.questions import COMPARE, DIMENSION_NAMES, USES, Question, word_fault
from sqllm.words.wordings.faults import ASKED, SHARED
from sqllm.words.wordings.questions import QUESTIONS

CLOSED = re.compile(r"^(?:is|are|do|does|did|can|could|would|will|has|have|was|yes or no)\b", re.IGNORECASE)


def known_question(text: str) -> Question | None:
    """What a question in one of our own wordings asks for; None for any other."""
    found = _table().get(_plain(text))
    return settled(found) if found else None


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()


@cache
def _table() -> dict[str, Question]:
    found: dict[str, Question] = {}
    for family in (name for name in QUESTIONS if name != COMPARE):
        for wording in QUESTIONS[family]:
            for question in _filled(family, wording):
                found.setdefault(_plain(question.text), question)
    return found


def _filled(family: str, wording: str) -> list[Question]:
    """A wording with every word that its slot can hold."""
    closed = bool(CLOSED.match(wording.lstrip("{"))) or wording.startswith("{is_}")
    if "{name}" in wording:
        named = [(name, dimension) for dimension, names in DIMENSION_NAMES.items() for name in names]
        return [Question(family, wording.format(name=name), dimension) for name, dimension in named]
    if "{x}" in wording:
        asked = [(word, (kind,)) for kind, words in ASKED.items() for word in words]
        return [
            Question(family, word_fault(wording, word), kinds=kinds, asked=word, closed=closed)
            for word, kinds in [*asked, *SHARED.items()]
        ]
    if "{use}" in wording:
        return [Question(family, wording.format(use=use), use=use, closed=True) for use in USES]
    return [Question(family, wording, "mos" if family == "mos-numeric" else None, closed=closed)]
