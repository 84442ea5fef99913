"""Which way a closed question is asked, where its words leave no doubt: "Is it noisy?", "Isn't it free of noise?".

A word that asks for a family's plain question, or for its opposite, and the negations before it decide. Where no such
word is known, or two say otherwise, nothing is decided.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache

from sqllm.words.wordings.asked_faults import ADJECTIVES, VERBS
from sqllm.words.wordings.asked_slots import USES
from sqllm.words.wordings.fault_nouns import NOUNS
from sqllm.words.wordings.polar_words import (
    ACTIONS,
    BAD,
    BAD_PHRASES,
    BEHIND,
    GOOD,
    GOOD_PHRASES,
    LEVEL_OFF,
    LEVEL_RIGHT,
    NEGATING_PHRASES,
    NEGATORS,
    OPPOSITE,
    PLAIN,
)

GOOD_IS_PLAIN = frozenset({"acceptability", "use"})  # a "yes" to them is good news; to presence it is bad news
_AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|would|will|should|has|have|had|must)"
_LEADING_NOT = re.compile(rf"^(\W*{_AUXILIARY})(?:n't|nt\b)")
_TAG = re.compile(
    rf"(?:,\s*|\s+-+\s+)(?:{_AUXILIARY}(?:n't|nt)?\s+(?:it|you|there|they|i|we|that|this|one)(?:\s+not)?|right|correct|"
    r"true|yes|ok|okay|am i right|don't you think|i hope|i guess|yes or no|no|please)\s*\W*$"
)
# Degrees, opinions and causes: whether a thing is there does not answer them.
_BEYOND = re.compile(
    r"\b(?:only|just|little|slightly|enough|gone|vanished|disappeared|fixed|removed|cured|mostly|mainly|because|caused?|due|instead|rather|than|more|less|if|when|"
    r"could\b.*\bbe|might\b.*\bbe|unless|as \w+ as)\b"
)
_COMMON = frozenset(
    "with from into that this like other others another someone somebody people talking words word voice voices sound "
    "sounds speech talker talkers speaker speakers person background room phone mobile full start level volume signal "
    "music street traffic office system first last second line power because hear hard over each way network frames "
    "frame time off out cut down slow high low too more much beginnings stretches car dog fan air and get the been "
    "being general quality recording audio clip anything something else wrong lost missing side dead far "
    "quiet loud good bad end same edges any all sort back bit bits rate scale pieces long recorded speaking coming behind "
    "conditioning copy double effect front hit little ish mid mouth lack lose over radio technical telephone tone "
    "samples sounding time-scale surrounding under white talk cycle under-recorded phone-like".split()
)


def is_opposite(text: str, family: str, kinds: Sequence[str] = ()) -> bool | None:
    """Whether a "yes" to a text is a "no" to its family's plain question; None where its words don't decide that.

    `kinds` are the artifact kinds that it asks for.
    """
    if family == "speech-share" and re.search(r"\b(?:any|there) silence\b", text.lower()):
        return None
    if family == "level-verdict":
        side = kinds[0] if len(kinds) == 1 else "both"
        plain, opposite = LEVEL_OFF.get(side, frozenset()), LEVEL_RIGHT.get(side, frozenset())
    elif family == "presence":
        plain, opposite = BAD | _fault_words(), GOOD
        if _BEYOND.search(text.lower()):
            return None
    elif family in GOOD_IS_PLAIN:
        plain, opposite = GOOD, (BAD | _fault_words()) - _use_words()
    else:
        plain, opposite = PLAIN.get(family, frozenset()), OPPOSITE.get(family, frozenset())
    words = _words(text, family)
    found = set(_directions(words, plain, opposite))
    if not found and family in GOOD_IS_PLAIN:
        found = set(_directions(words, ACTIONS, ()))
    return None if len(found) != 1 else found == {False}


def _words(text: str, family: str) -> list[str]:
    """The words of a text, its tag ("isn't it?") and the "n't" that opens a question left out: both change nothing."""
    plain = " ".join(text.lower().replace("’", "'").split())
    plain = _LEADING_NOT.sub(
        r"\1", re.sub(r"^(?:(?:so|and|but|well|hey|ok|please|now|then|yes or no)[ ,:]+)+", "", plain)
    )
    plain = plain.replace("all right", "alright")
    plain = re.sub(r"\bcan't\b|\bcannot\b", "can not", plain)
    shorter = _TAG.sub("", plain)
    plain = re.sub(r"n't\b", " not", shorter if re.search(r"\w", shorter) else plain).replace("-free", " free")
    if family in (*GOOD_IS_PLAIN, "presence"):
        for phrases, word in ((NEGATING_PHRASES, "not"), (GOOD_PHRASES, "good"), (BAD_PHRASES, "bad")):
            for phrase in phrases:
                plain = re.sub(rf"\b{phrase}\b", word, plain)
    return re.findall(r"[a-z]+(?:-[a-z]+)*", plain)


def _directions(words: Sequence[str], plain: Collection[str], opposite: Collection[str]) -> Iterator[bool]:
    """For each word that has a direction, whether it asks for the plain question, negations counted."""
    negated = False
    for place, word in enumerate(words):
        behind = [other for other in words[place + 1 : place + 3] if other in BEHIND]
        stems = _stems(word)
        if word in NEGATORS and not (word == "clear" and words[place + 1 : place + 2] != ["of"]):
            if word in BEHIND and words[place + 1 : place + 2] not in (["of"], ["from"]):
                continue
            negated = not negated
        elif not stems.isdisjoint(plain) or not stems.isdisjoint(opposite):
            asks_plain = not stems.isdisjoint(plain)
            turned = negated != (bool(behind) and words[words.index(behind[0]) + 1 :][:1] not in (["of"], ["from"]))
            yield asks_plain != turned
            negated = False
    if negated:
        yield from (True, False)  # what is negated is not known: nothing is decided


def _stems(word: str) -> frozenset[str]:
    """A word and what is left of it without its endings."""
    found = {word}
    for ending in ("ing", "ed", "s", "es", "ment", "ly", "ness"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            stem = word[: -len(ending)]
            found |= {stem, f"{stem}e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem}
    return frozenset(found)


@cache
def _use_words() -> frozenset[str]:
    """The single words of all that uses are called."""
    return frozenset(word for names in USES.values() for name in names for word in re.findall(r"[a-z]+", name.lower()))


@cache
def _fault_words() -> frozenset[str]:
    """The single words of all that faults are called."""
    called = [*NOUNS.values(), *ADJECTIVES.values(), *VERBS.values()]
    words = {word for names in called for name in names for word in re.findall(r"[a-z]+(?:-[a-z]+)*", name.lower())}
    parts = {part for word in words for part in word.split("-")}
    return frozenset(word for word in words | parts if len(word) > 2 and word not in _COMMON and word not in GOOD)
