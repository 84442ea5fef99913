"""Wordings of questions as text files, and the questions that they stand for.

[count fault=faults]                     the family, and slots that all wordings below have
How (often|many times) does it {verb}?   one of the alternatives (also none: "(please|)"), and a word for a slot
!Is it free (of|from) {fault}?           negated: a "yes" is a "no" to the family's plain question
!kinds=too-quiet Is it loud enough?      a slot of this wording alone
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sqllm.words.wordings import asked_faults, asked_slots
from sqllm.words.wordings.fault_nouns import NOUNS

if TYPE_CHECKING:
    import numpy as np

FILES = ("scores", "faults", "measures", "references", "people", "elsewhere", "more", "further")
_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_SLOT = re.compile(r"\{(fault|adj|verb|dim|use|term|time|span)\}")
_HEADING = re.compile(r"\[([a-z-]+)(?: (\w+=[^\]]*))?\]")
_OWN = re.compile(r"(\w+)=(\S+) ")
# What a slot's word comes from, and the slot of a question that it fills.
TABLES: Mapping[str, tuple[str, Mapping[str, Sequence[str]]]] = {
    "fault": ("fault", NOUNS),
    "adj": ("fault", asked_faults.ADJECTIVES),
    "verb": ("fault", asked_faults.VERBS),
    "dim": ("dimension", {name: words for name, words in asked_slots.DIMENSION_NAMES.items() if name != "mos"}),
    "use": ("use", asked_slots.USES),
    "term": ("term", asked_slots.TERMS),
}


@dataclass(frozen=True)
class Wording:
    """A way of asking, with alternatives and slots still open."""

    family: str
    text: str
    slots: Mapping[str, str] = field(default_factory=dict)
    negated: bool = False


@dataclass(frozen=True)
class Asked:
    """A question in words, its family and the values of its slots: names of `TABLES`' slots, and measure, scale, part,
    topic and kinds."""

    text: str
    family: str
    slots: Mapping[str, str] = field(default_factory=dict)
    negated: bool = False


@cache
def asked_wordings() -> tuple[Wording, ...]:
    """The wordings that train."""
    return tuple(wording for name in FILES for wording in wordings_of(name))


def wordings_of(name: str) -> list[Wording]:
    """The wordings of one file that trains: of `FILES`, `follow_ups`, or `manners` (no questions of their own)."""
    return list(read_wordings((files("sqllm.words.wordings") / "asked" / f"{name}.txt").read_text(encoding="utf-8")))


@cache
def unseen_wordings() -> tuple[Wording, ...]:
    """The wordings that never train, fifteen a family."""
    text = (files("sqllm.words.wordings") / "unseen.txt").read_text(encoding="utf-8")
    return tuple(read_wordings(text))


def read_wordings(text: str) -> Iterator[Wording]:
    """The wordings of a file."""
    family, shared = "", {}
    for line in text.splitlines():
        if heading := _HEADING.fullmatch(line):
            pairs = re.split(r" (?=\w+=)", heading[2]) if heading[2] else []
            family, shared = heading[1], dict(pair.split("=", 1) for pair in pairs)
        elif line.strip():
            negated, own = line.startswith("!") and len(line) > 3, {}
            rest = line[1:] if negated else line
            if match := _OWN.match(rest):
                own, rest = {match[1]: match[2]}, rest[match.end() :]
            yield Wording(family, rest, {**shared, **own}, negated)


def draw_asked(rng: np.random.Generator, wording: Wording) -> Asked:
    """A question in one of a wording's ways."""
    text, slots = wording.text, dict(wording.slots)
    while match := _CHOICE.search(text):
        options = match[1].split("|")
        text = text[: match.start()] + options[int(rng.integers(len(options)))] + text[match.end() :]
    while match := _SLOT.search(text):
        text = text[: match.start()] + _draw_word(rng, match[1], slots) + text[match.end() :]
    return Asked(tidy(text), wording.family, slots, wording.negated)


def _draw_word(rng: np.random.Generator, table: str, slots: dict[str, str]) -> str:
    """A word for a slot, whose meaning the first of a question decides; a time or a stretch of time."""
    if table in ("time", "span"):
        return draw_time(rng) if table == "time" else draw_span(rng)
    slot, words = TABLES[table]
    if slot not in slots:
        names = [name for name in words if name not in ("faults", "level problems") or rng.random() < 0.5]
        slots[slot] = names[int(rng.integers(len(names)))]
    options = words.get(slots[slot]) or TABLES[slot][1][slots[slot]]
    return options[int(rng.integers(len(options)))]


def draw_time(rng: np.random.Generator) -> str:
    """A moment in words: "second 4", "0:07", "2.5 s"."""
    whole, part = int(rng.integers(0, 60)), round(float(rng.uniform(0, 20)), 1)
    ways = (
        f"second {whole}",
        f"0:{whole:02d}",
        f"{part} s",
        f"{whole} seconds",
        f"{whole} s",
        f"{part} seconds",
        f"{whole}s",
        f"the {whole}th second",
        f"{1 + whole % 3}:{whole:02d}",
        f"about {whole} seconds in",
        f"t = {part} s",
        f"{whole} sec",
    )
    return ways[int(rng.integers(len(ways)))]


def draw_span(rng: np.random.Generator) -> str:
    """A stretch of time in words: "2 to 4 s"."""
    start = int(rng.integers(0, 20))
    end = start + int(rng.integers(1, 9))
    ways = (
        f"{start} to {end} s",
        f"{start} and {end} seconds",
        f"0:{start:02d} to 0:{end:02d}",
        f"second {start} to second {end}",
        f"{start}-{end} s",
        f"{start} s and {end} s",
        f"{start} to {end} seconds",
        f"{start}.5 to {end}.2 s",
    )
    return ways[int(rng.integers(len(ways)))]


def tidy(text: str) -> str:
    """One space between words and none before a mark, where an alternative was empty; no "any a"."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" +([?.,;:!])", r"\1", text) if re.search(r"\w", text) else text
    return re.sub(r"\b(any|the|no|much|of all|some) (an?|any|the) (?=\w)", r"\1 ", text)
