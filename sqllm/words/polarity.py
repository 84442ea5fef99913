"""Which way a closed question is asked, where its words leave no doubt: "Is it noisy?", "Isn't it free of noise?".

A word that asks for a family's plain question, or for its opposite, and the negations before it decide. Where no such
word is known, or two say otherwise, nothing is decided.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib.resources import files

from sqllm.words.wordings.asked_faults import ADJECTIVES, VERBS
from sqllm.words.wordings.asked_slots import USES
from sqllm.words.wordings.fault_nouns import NOUNS

GOOD_IS_PLAIN = frozenset({"acceptability", "use"})  # a "yes" to them is good news; to presence it is bad news
_AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|would|will|should|has|have|had|must)"
_LEADING_NOT = re.compile(rf"^(\W*{_AUXILIARY})(?:n't|nt\b)")
_BEFORE = re.compile(r"^(?:(?:so|and|but|well|hey|ok|please|now|then|yes or no)[ ,:]+)+")
_TAG = re.compile(
    rf"(?:,\s*|\s+-+\s+)(?:{_AUXILIARY}(?:n't|nt)?\s+(?:it|you|there|they|i|we|that|this|one)(?:\s+not)?|right|"
    r"correct|true|yes|ok|okay|am i right|don't you think|i hope|i guess|yes or no|no|please)\s*\W*$"
)
# Degrees, opinions and causes: whether a thing is there does not answer them.
_BEYOND = re.compile(
    r"\b(?:only|just|little|slightly|enough|gone|vanished|disappeared|fixed|removed|cured|mostly|mainly|because|caused?|"
    r"due|instead|rather|than|more|less|if|when|unless|as \w+ as|(?:could|might|can) (?:the|this|that) [\w -]+ be)\b"
)
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")


def is_opposite(text: str, family: str, kinds: Sequence[str] = ()) -> bool | None:
    """Whether a "yes" to a text is a "no" to its family's plain question; None where its words don't decide that.

    `kinds` are the artifact kinds that it asks for.
    """
    lower = " ".join(text.lower().replace("’", "'").split())
    if family == "presence" and _BEYOND.search(lower):
        return None
    if family == "speech-share" and re.search(r"\b(?:any|there) silence\b", lower):
        return None
    words = _words(lower, family)
    found = set(_directions(words, *_lexicon(family, kinds[0] if len(kinds) == 1 else "both")))
    if not found and family in GOOD_IS_PLAIN:
        found = set(_directions(words, _listed("actions"), ()))
    return None if len(found) != 1 else found == {False}


def is_verdict(text: str) -> bool:
    """Whether a text calls something good or bad."""
    verdicts = _listed("good") | _listed("bad")
    return any(not _stems(word).isdisjoint(verdicts) for word in _WORD.findall(text.lower()))


@cache
def _lexicon(family: str, level: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words that ask for a family's plain question and those that ask for its opposite."""
    if family == "level-verdict":
        return _listed(f"plain level {level}"), _listed(f"opposite level {level}")
    if family == "presence":
        return _listed("bad") | _fault_words(), _listed("good")
    if family in GOOD_IS_PLAIN:
        return _listed("good"), (_listed("bad") | _fault_words()) - _use_words()
    return _listed(f"plain {family}"), _listed(f"opposite {family}")


def _words(lower: str, family: str) -> list[str]:
    """The words of a text, its tag ("isn't it?") and the "n't" that opens a question left out: both change nothing."""
    plain = _LEADING_NOT.sub(r"\1", _BEFORE.sub("", lower)).replace("all right", "alright")
    plain = re.sub(r"\bcan't\b|\bcannot\b", "can not", plain)
    shorter = _TAG.sub("", plain)
    plain = re.sub(r"n't\b", " not", shorter if re.search(r"\w", shorter) else plain).replace("-free", " free")
    if family in (*GOOD_IS_PLAIN, "presence"):
        for phrases, word in (("negating phrases", "not"), ("good phrases", "good"), ("bad phrases", "bad")):
            for phrase in sorted(_listed(phrases), key=len, reverse=True):
                plain = re.sub(rf"\b{phrase}\b", word, plain)
    return _WORD.findall(plain)


def _directions(words: Sequence[str], plain: Collection[str], opposite: Collection[str]) -> Iterator[bool]:
    """For each word that has a direction, whether it asks for the plain question, negations counted."""
    negated = False
    for place, word in enumerate(words):
        stems = _stems(word)
        if word in _listed("negators") and not (word == "clear" and words[place + 1 : place + 2] != ["of"]):
            negated = negated != _turns_what_follows(words, place)
        elif not stems.isdisjoint(plain) or not stems.isdisjoint(opposite):
            turned = negated != _turned_from_behind(words, place)
            yield (not stems.isdisjoint(plain)) != turned
            negated = False
    if negated:
        yield from (True, False)  # what is negated is not known: nothing is decided


def _turns_what_follows(words: Sequence[str], place: int) -> bool:
    """Whether a negator turns round what comes behind it: "free of echo", not "echo free"."""
    return words[place] not in _listed("negators behind") or words[place + 1 : place + 2] in (["of"], ["from"])


def _turned_from_behind(words: Sequence[str], place: int) -> bool:
    """Whether a word is turned round by one of the two behind it: "echo free", "is echo absent"."""
    behind = [at for at in range(place + 1, min(place + 3, len(words))) if words[at] in _listed("negators behind")]
    return bool(behind) and not _turns_what_follows(words, behind[0])


def _stems(word: str) -> frozenset[str]:
    """A word and what is left of it without its endings."""
    found = {word}
    for ending in ("ing", "ed", "s", "es", "ment", "ly", "ness"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            stem = word[: -len(ending)]
            found |= {stem, f"{stem}e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem}
    return frozenset(found)


@cache
def _fault_words() -> frozenset[str]:
    """The single words of all that faults are called."""
    called = [*NOUNS.values(), *ADJECTIVES.values(), *VERBS.values()]
    words = {word for names in called for name in names for word in _WORD.findall(name.lower())}
    parts = {part for word in words for part in word.split("-")}
    return frozenset(word for word in words | parts if len(word) > 2) - _listed("no faults alone") - _listed("good")


@cache
def _use_words() -> frozenset[str]:
    """The single words of all that uses are called."""
    return frozenset(word for names in USES.values() for name in names for word in re.findall(r"[a-z]+", name.lower()))


def _listed(heading: str) -> frozenset[str]:
    """The words under a heading of the list; none where it has no such heading."""
    return _lists().get(heading, frozenset())


@cache
def _lists() -> dict[str, frozenset[str]]:
    text = (files("sqllm.words.wordings") / "directions.txt").read_text(encoding="utf-8")
    sections = re.findall(r"^\[([^\]]+)\]\n([^\[]*)", text, re.MULTILINE)
    return {heading: frozenset(word.strip() for word in re.split(r",\s*", words)) for heading, words in sections}
