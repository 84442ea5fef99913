"""Whether questions are understood: wordings that never trained, plain, in small letters, and mistyped."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sqllm.judge.understanding import understand
from sqllm.model.language_model import LanguageModel
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.words.known_wordings import known_question
from sqllm.words.questions import Question
from sqllm.words.understanding import NEEDS, NO, NONE, UNCLEAR, YES, question_of
from sqllm.words.wordings.grammar import Asked, draw_asked, unseen_wordings

Change = Callable[[np.random.Generator, str], str]  # a text as somebody types it
SLOTS = ("dimension", "kinds", "use", "measure", "scale", "part", "topic", "term", "negated")
_BOTH_LEVELS = "level problems"


@dataclass(frozen=True)
class Reading:
    """A question, what it asks, and what was understood, with the seconds that took."""

    text: str
    wanted: Question
    understood: tuple[Question, ...]
    seconds: float

    @property
    def family_right(self) -> bool:
        return len(self.understood) == 1 and self.understood[0].family == self.wanted.family

    @property
    def slots_right(self) -> bool:
        """Whether the family and all that it is about were understood."""
        if not self.family_right:
            return False
        return all(getattr(self.understood[0], slot) == getattr(self.wanted, slot) for slot in SLOTS)

    @property
    def evaded(self) -> bool:
        """Whether a clear question was taken for an unclear one."""
        return self.wanted.family != UNCLEAR and any(question.family == UNCLEAR for question in self.understood)


def wanted_question(asked: Asked) -> Question:
    """What a question asks, as its wording's file says."""
    slots = dict(asked.slots)
    if kinds := slots.get("kinds"):
        slots["fault"] = _BOTH_LEVELS if kinds == "both" else kinds
    chosen = {name: slots.get(name, NONE) for name in NEEDS.get(asked.family, ())}
    return question_of(asked.text, asked.family, chosen | {"opposite": YES if asked.negated else NO})


def read_unseen(model: LanguageModel | None, change: Change | None = None, every: int = 1) -> list[Reading]:
    """What is understood of `every` so-many-th unseen wording, each as `change` has it typed."""
    rng = np.random.default_rng(0)
    readings = []
    for wording in unseen_wordings()[::every]:
        asked = draw_asked(rng, wording)
        if change is not None:
            asked = replace(asked, text=change(rng, asked.text))
        start = time.process_time()
        understood = tuple(found.question for found in understand(model, asked.text))
        readings.append(Reading(asked.text, wanted_question(asked), understood, time.process_time() - start))
    return readings


def mistyped(rng: np.random.Generator, text: str) -> str:
    """A text in which two neighbouring letters of a longer word are swapped."""
    places = [match.start() + 1 + int(rng.integers(len(match[0]) - 2)) for match in re.finditer("[A-Za-z]{4,}", text)]
    if not places:
        return text
    at = places[int(rng.integers(len(places)))]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def careless(rng: np.random.Generator, text: str) -> str:
    """A text without capitals and without its last mark."""
    return text.lower().rstrip("?.!") or text


def reader_of(model: LanguageModel | None) -> Callable[[str, str | None], tuple[Question, ...]]:
    """What reads a question, with the one before it, as the judge does: our own wordings are known."""

    def read(text: str, previous: str | None = None) -> tuple[Question, ...]:
        known = known_question(text)
        return (known,) if known else tuple(found.question for found in understand(model, text, previous))

    return read


def understanding_report(model: SpeechQualityModel) -> str:
    """Markdown on how a model understands unseen questions: by the linear reader alone where it has no words."""
    ways: dict[str, Change | None] = {"plain": None, "careless": careless, "mistyped": mistyped}
    readings = {name: read_unseen(model.words, change) for name, change in ways.items()}
    wrong = [
        f"- {r.text!r}: {r.understood[0].family}, not {r.wanted.family}"
        for r in readings["plain"]
        if not r.family_right
    ]
    return "\n".join(
        ["## Questions understood", "", understanding_table(readings), "", "Taken for another family:", *wrong]
    )


def understanding_table(readings: Mapping[str, Sequence[Reading]]) -> str:
    """A table in Markdown: by family and in all, the share of families and of whole questions that are right, for
    every way of typing.
    """
    ways = list(readings)
    families = list(dict.fromkeys(reading.wanted.family for reading in readings[ways[0]]))
    lines = [
        f"| family | n | {' | '.join(f'{way}: family | with slots' for way in ways)} |",
        f"|{'---|' * (2 + 2 * len(ways))}",
    ]
    for family in (*families, ""):
        cells = []
        for way in ways:
            some = [reading for reading in readings[way] if family in ("", reading.wanted.family)]
            cells += [_share([r.family_right for r in some]), _share([r.slots_right for r in some])]
        lines.append(f"| {family or 'all'} | {len(some)} | {' | '.join(cells)} |")
    evaded = ", ".join(f"{way} {_share([r.evaded for r in some])}" for way, some in readings.items())
    seconds = 1000 * np.median([reading.seconds for some in readings.values() for reading in some])
    return "\n".join([*lines, "", f"Clear questions taken for unclear: {evaded}; {seconds:.0f} ms of CPU a question."])


def _share(hits: Sequence[bool]) -> str:
    return f"{100 * np.mean(hits):.0f}%" if hits else "-"
