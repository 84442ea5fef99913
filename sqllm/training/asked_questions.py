"""Random questions as people type them: one or two, follow-ups, with slips, greetings, and attempts to give orders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TypeVar

import numpy as np

from sqllm.words.questions import QUESTIONS
from sqllm.words.understanding import NEEDS, NO, NONE, UNCLEAR, YES
from sqllm.words.wordings import asked_slots
from sqllm.words.wordings.fault_nouns import NOUNS
from sqllm.words.wordings.grammar import Asked, Wording, asked_wordings, draw_asked, tidy, wordings_of

FOLLOW_UPS, PAIRS, WITH_PREVIOUS = (
    0.14,
    0.1,
    0.25,
)  # shares of the lessons; the last: a question of its own after another
T = TypeVar("T")
_LEVELS = {"both": "level problems"}
_FAULT_FAMILIES = ("presence", "when", "severity", "count")


@dataclass(frozen=True)
class AskedLesson:
    """A text, the question before it, and the right option of each choice that is taught."""

    text: str
    previous: str | None
    choices: Mapping[str, str] = field(default_factory=dict)


@cache
def all_wordings() -> tuple[Wording, ...]:
    """Every wording that trains: those of the files, and those in which the listening LLM is asked."""
    return (*asked_wordings(), *_listening_wordings())


def _listening_wordings() -> list[Wording]:
    """The wordings of `QUESTIONS`, in the grammar of the files."""
    agree = {"{x}": "{fault}", "{name}": "{dim}", "{is_}": "(Is|Are)", "{is_lower}": "(is|are)", "{does}": "(does|do)"}
    found = []
    for family, wordings in QUESTIONS.items():
        for wording in wordings:
            for old, new in agree.items():
                wording = wording.replace(old, new)
            if not (family == "acceptability" and re.search("call|meeting|client", wording)):  # a use is named
                found.append(Wording(family, wording))
    return found


@dataclass(frozen=True)
class Asker:
    """Draws lessons from some wordings; the more wordings a family has, the more often it is drawn (by the root)."""

    wordings: Sequence[Wording]
    families: Mapping[str, Sequence[Wording]]

    @classmethod
    def of(cls, wordings: Sequence[Wording]) -> Asker:
        families: dict[str, list[Wording]] = {}
        for wording in wordings:
            families.setdefault(wording.family, []).append(wording)
        return cls(wordings, families)

    def draw(self, rng: np.random.Generator) -> AskedLesson:
        """A random lesson."""
        kind = rng.random()
        if kind < FOLLOW_UPS:
            return _slipped(rng, self._follow_up(rng))
        if kind < FOLLOW_UPS + PAIRS:
            return _slipped(rng, self._pair(rng))
        lesson = lesson_of(self.one(rng))
        if rng.random() < WITH_PREVIOUS:
            lesson = replace(lesson, previous=self.one(rng).text)
        return _slipped(rng, lesson)

    def one(self, rng: np.random.Generator, families: Sequence[str] = ()) -> Asked:
        """A question, of one of some families."""
        names = [name for name in families if name in self.families] or list(self.families)
        weights = np.sqrt([len(self.families[name]) for name in names])
        family = names[int(rng.choice(len(names), p=weights / weights.sum()))]
        wordings = self.families[family]
        return draw_asked(rng, wordings[int(rng.integers(len(wordings)))])

    def _pair(self, rng: np.random.Generator) -> AskedLesson:
        """Two questions in one text; the choices are the first one's."""
        first, second = self.one(rng), self.one(rng)
        while {first.family, second.family} & {UNCLEAR, "off-topic"}:
            first, second = self.one(rng), self.one(rng)
        if rng.random() < 0.25:  # the second goes on from the first
            first = self.one(rng, _FAULT_FAMILIES)
            short = ("when", "where", "how bad is it", "how many", "how bad", "at what time", "how often")
            second = Asked(str(rng.choice(short)) + "?", "when")
        one, other = first.text, second.text
        joint = str(rng.choice([" ", " ", " And ", " Also, ", ", and ", " and ", "; ", ", ", " and also ", " + "]))
        if joint not in (" ", " And ", " Also, ", "; "):
            one = one.rstrip("?.")
        if joint not in (" ",):
            other = other[:1].lower() + other[1:] if not other[1:2].isupper() else other
        lesson = lesson_of(replace(first, text=one + joint + other))
        return replace(lesson, choices={**lesson.choices, "two": YES})

    def _follow_up(self, rng: np.random.Generator) -> AskedLesson:
        """What is asked in short after another question."""
        return _continued(rng, self.one(rng)) if rng.random() < 0.5 else _same_again(rng, self)


def lesson_of(asked: Asked) -> AskedLesson:
    """The right choices of one question."""
    choices = {"family": asked.family, "two": NO}
    if asked.family not in (UNCLEAR, "off-topic"):
        choices["opposite"] = YES if asked.negated else NO
    slots = dict(asked.slots)
    if "kinds" in slots:
        slots["fault"] = _LEVELS.get(slots["kinds"], slots["kinds"])
    for name in NEEDS.get(asked.family, ()):
        choices[name] = slots.get(name, NONE)
    return AskedLesson(asked.text, None, choices)


def _word(rng: np.random.Generator, words: Sequence[T]) -> T:
    return words[int(rng.integers(len(words)))]


def _same_again(rng: np.random.Generator, asker: Asker) -> AskedLesson:
    """ "And the noise?": the same question about something else."""
    before = asker.one(rng, (*_FAULT_FAMILIES, "dim-numeric", "dim-categorical", "use", "measurement", "term"))
    slot = "fault" if before.family in _FAULT_FAMILIES else NEEDS[before.family][0]
    if slot == "measure":
        wording = _word(rng, _after("measurement"))
        words, name = wording.text, wording.slots["measure"]
    else:
        table = {name: words for name, words in _TABLES[slot].items() if name != "mos" or slot == "term"}
        name = _word(rng, list(table))
        words = _word(rng, table[name])
    if slot in ("fault", "dimension") and rng.random() < 0.5:
        words = f"the {words}"
    text = tidy(re.sub(r"\bthe (an?|the|any) ", r"the ", _word(rng, _SAME_AGAIN).format(words)))
    return replace(lesson_of(replace(before, text=text, slots={slot: name})), previous=before.text)


_SAME_AGAIN = ("And {}?", "and {}?", "What about {}?", "And what about {}?", "How about {}?", "{}?", "And for {}?")
_TABLES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "fault": NOUNS,
    "dimension": asked_slots.DIMENSION_NAMES,
    "use": asked_slots.USES,
    "term": asked_slots.TERMS,
}


@cache
def _after(what: str) -> list[Wording]:
    """How one goes on from a question: from `any`, from one about a `fault`, from a `score`, from a `measurement`."""
    return [wording for wording in wordings_of("follow_ups") if wording.slots["after"] == what]


def _continued(rng: np.random.Generator, before: Asked) -> AskedLesson:
    """ "When?", "How sure are you?": another question about the same."""
    fault, after = before.slots.get("fault"), "any"
    if before.family in _FAULT_FAMILIES and fault and rng.random() < 0.6:
        after = "fault"
    elif before.family in ("mos-numeric", "dim-numeric") and rng.random() < 0.3:
        after = "score"
    families = sorted({wording.family for wording in _after(after)})
    family = _word(rng, families)
    wording = _word(rng, [wording for wording in _after(after) if wording.family == family])
    now = draw_asked(rng, wording)
    if fault and (after == "fault" or (family, before.family) == ("confidence", "presence")):
        slot = "term" if family == "term" else "fault"
        now = replace(now, slots={slot: fault if slot == "fault" or fault in asked_slots.TERMS else "severity"})
    return replace(lesson_of(now), previous=before.text)


@cache
def _manners(place: str) -> list[str]:
    """What people write `before` a question, or `behind` it."""
    return [wording.text for wording in wordings_of("manners") if wording.family == place]


_SHORT = {
    r"\byou\b": "u", r"\bplease\b": "pls", r"\bare\b": "r", r"\bwhat is\b": "whats", r"\bWhat is\b": "whats",
    r"\bWhat's\b": "whats", r"\bis not\b": "isnt", r"\bdoes not\b": "doesnt", r"\band\b": "&", r"\bthanks\b": "thx",
    r"\bHow is\b": "hows", r"\bgoing to\b": "gonna", r"\bdo you\b": "d'you", r"\bartifacts\b": "artefacts",
    r"\bis there\b": "is ther", r"\bbecause\b": "cos", r"\bpeople\b": "ppl", r"\bquality\b": "qualtiy", r"'": "",
}  # fmt: skip
_NEAR = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wqrewtuyoiaasdfghjkklzxcvbn", strict=False))


def _slipped(rng: np.random.Generator, lesson: AskedLesson) -> AskedLesson:
    """The same as somebody types it."""
    text = lesson.text
    if lesson.choices["family"] != UNCLEAR and lesson.previous is None:
        if rng.random() < 0.15:
            before = _word(rng, _manners("before"))
            small = before[-1] == "," and not text[1:2].isupper()
            text = f"{before} {text[:1].lower() + text[1:] if small else text}"
        if rng.random() < 0.1:
            behind = _word(rng, _manners("behind"))
            text += behind if behind[0] in "?!,.:" else f" {behind}"
    if rng.random() < 0.12:
        for pattern in rng.choice(list(_SHORT), size=4, replace=False):
            text = re.sub(str(pattern), _SHORT[str(pattern)], text)
    drawn = rng.random()
    if drawn < 0.35:
        text = text.lower()
    elif drawn < 0.38:
        text = text.upper()
    if rng.random() < 0.3:
        text = text.rstrip("?.! ") or text
    if rng.random() < 0.2:
        for _ in range(int(rng.integers(1, 3))):
            text = mistyped(rng, text)
    if rng.random() < 0.01:
        text = f"<b>{text}</b>"
    return replace(lesson, text=text)


def mistyped(rng: np.random.Generator, text: str) -> str:
    """A text with one typing error in a longer word: two letters swapped, one lost, doubled or wrong."""
    places = [m.start() + 1 + int(rng.integers(len(m[0]) - 2)) for m in re.finditer(r"[a-zA-Z]{4,}", text)]
    if not places:
        return text
    at = places[int(rng.integers(len(places)))]
    letter = text[at]
    changed = (
        text[at + 1] + letter,
        text[at + 1],
        letter * 2 + text[at + 1],
        _NEAR.get(letter.lower(), letter) + text[at + 1],
    )
    return text[:at] + changed[int(rng.integers(len(changed)))] + text[at + 2 :]
