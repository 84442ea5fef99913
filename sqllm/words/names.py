"""What a text names in words of ours: faults, dimensions, scales, measures and uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from sqllm.words.wordings.asked_faults import ADJECTIVES, VERBS
from sqllm.words.wordings.asked_slots import DIMENSION_NAMES, TERMS, USES
from sqllm.words.wordings.fault_nouns import NOUNS

FAULT_NAMES: tuple[Mapping[str, Sequence[str]], ...] = (NOUNS, ADJECTIVES, VERBS)
_ARTICLE = re.compile(r"^(?:an?|the|any|some|its) ")
_MEASURES = (
    "sample rate",
    "sampling rate",
    "duration",
    "length",
    "format",
    "number of channels",
    "volume",
    "crest",
    "overall",
)


_TOLD_FOR_ANY = re.compile(
    r"\b(?:loud|quiet|volume|loudness|level|codec|acceptable|good enough|clear enough)\b|^\W*(?:why|explain)\b",
    re.IGNORECASE,
)


def bare(name: str) -> str:
    """A name in small letters, without its article."""
    return _ARTICLE.sub("", name.lower().strip())


def fault_named(text: str) -> tuple[str, str]:
    """The fault that a text names, by its name in `NOUNS`, and the word for it; the longest word, empty without one."""
    longest = max(_fault_words().findall(text.lower()), key=len, default="")
    return (_faults()[longest], longest) if longest else ("", "")


def asks_of_the_clip(text: str) -> bool:
    """Whether a text names a fault or one of the four dimensions, or asks for a reason or whether it will do: what is
    told of a clip for any listener.
    """
    return bool(fault_named(text)[0] or _dimension_words().search(text.lower()) or _TOLD_FOR_ANY.search(text))


def noun_for(fault: str, word: str) -> str:
    """A noun for a fault that was named by some word: "noise" for "noisy"."""
    return word if word in {bare(name) for name in NOUNS.get(fault, ())} else bare(NOUNS[fault][0])


@cache
def is_name(text: str) -> bool:
    """Whether a text is a name of something that can be asked for, and nothing else."""
    return bare(text) in _all_names()


@cache
def _faults() -> dict[str, str]:
    found: dict[str, str] = {}
    for table in FAULT_NAMES:
        for fault, names in table.items():
            for name in names:
                found.setdefault(bare(name), fault)
    return {name: fault for name, fault in found.items() if len(name) > 2}


@cache
def _fault_words() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(re.escape(name) for name in sorted(_faults(), key=len, reverse=True))})\b")


@cache
def _dimension_words() -> re.Pattern[str]:
    words = (bare(word) for name, words in DIMENSION_NAMES.items() if name != "mos" for word in words)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b")


@cache
def _all_names() -> frozenset[str]:
    return frozenset(_listed())


def _listed() -> Iterator[str]:
    yield from _faults()
    yield from _MEASURES
    for table in (DIMENSION_NAMES, TERMS, USES):
        for names in table.values():
            yield from (bare(name) for name in ((names,) if isinstance(names, str) else names))
