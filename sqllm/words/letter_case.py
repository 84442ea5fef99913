"""Questions in sentence case, however they were typed: "IS IT NOISY???" and "Is It Noisy?" are "Is it noisy?"."""

from __future__ import annotations

import re
from functools import cache

from sqllm.words.wordings import asked_faults, asked_slots
from sqllm.words.wordings.fault_nouns import NOUNS
from sqllm.words.wordings.grammar import asked_wordings

# Words that stand in small letters in any sentence, but at its beginning.
_SMALL = frozenset(
    [
        "is",
        "it",
        "the",
        "there",
        "any",
        "this",
        "of",
        "do",
        "does",
        "you",
        "a",
        "an",
        "are",
        "to",
        "in",
        "and",
        "or",
        "for",
    ]
)
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?:[-'][^\W\d_]+)*(?!\w)")
MOSTLY = 0.7  # share of a text's letters from which it is typed in capitals


def in_sentence_case(text: str) -> str:
    """A text with its words as they stand in the middle of a sentence, where it is typed in capitals or as a title, and
    with one mark for several; what is written with capitals anyway ("MOS", "Zoom") keeps them.
    """
    text = re.sub(r"([?!])[?!]+", lambda marks: "?" if "?" in marks[0] else "!", " ".join(text.split()))
    words = _WORD.findall(text)
    letters = "".join(words)
    capitals = bool(letters) and sum(letter.isupper() for letter in letters) >= MOSTLY * len(letters)
    small = [word for word in words[1:] if word.lower() in _SMALL]
    title = bool(small) and all(word[0].isupper() for word in small)
    plain = _WORD.sub(lambda match: _as_written(match[0], capitals, title), text)
    return plain[:1].upper() + plain[1:] if capitals or title else plain


def _as_written(word: str, capitals: bool, title: bool) -> str:
    """A word of a text that is typed in `capitals` or as a `title`, or has a word in capitals among others."""
    usual = _usual().get(word.lower())
    if word == "I" or word.startswith("I'") or word[0].islower():
        return word
    if word.isupper() and (len(word) > 1 or title or capitals):
        if usual is not None:
            return usual if capitals else word
        return word.lower() if word.lower() in small_words() or (capitals and len(word) > 3) else word
    return (usual or word.lower()) if title else word


def _said() -> list[str]:
    """All that people call what they ask for."""
    faults = (NOUNS, asked_faults.ADJECTIVES, asked_faults.VERBS)
    tables = (*faults, asked_slots.USES, asked_slots.TERMS, asked_slots.DIMENSION_NAMES)
    return [name for table in tables for names in table.values() for name in names]


@cache
def _usual() -> dict[str, str]:
    """What is written with capitals wherever it stands, by its small letters: "mos": "MOS"."""
    words = {word for name in _said() for word in _WORD.findall(name)}
    found = {word.lower(): word for word in words if word != word.lower() and word.lower() not in _SMALL | words}
    return {word: usual for word, usual in found.items() if word not in ("audible", "meet")} | {"ok": "OK", "db": "dB"}


@cache
def small_words() -> frozenset[str]:
    """The words that stand in small letters in wordings of ours."""
    texts = [*_said(), *(wording.text for wording in asked_wordings())]
    return frozenset(word for text in texts for word in _WORD.findall(text.lower())) - set(_usual())


@cache
def known_words() -> frozenset[str]:
    """All words of wordings of ours, in small letters."""
    return small_words() | set(_usual())
