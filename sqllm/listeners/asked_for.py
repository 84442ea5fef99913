"""The listener whom a question describes: "How would a strict expert rate it?", "And for my deaf uncle?"."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqllm.listeners.free_text import MappedListener, understand_listener
from sqllm.listeners.known import PROFILES

_JUDGES = (
    r"rate|like|accept|score|judge|find|say|think|enjoy|tolerate|be|hear|feel|give|call|experience|perceive|mind|bear|"
    r"want|need|take|put up|vote|complain|notice|listen|react|have|get|describe|prefer|understand"
)
_THINGS = (
    "clip|recording|scores?|mos|ratings?|result|file|call|quality|judge?ment|(?:noise|speech|voice|sound|audio)(?!-)"
)
_MOVES = r"(?:suit|bother|annoy|disturb|irritate|strike|satisf[yi]|help)(?:e?s)?"
_DESCRIBED = re.compile(
    r"(?:\b(?:would|does|do|will|could|can|might|should|did|for|to|by|as|of|from|about|with|if"
    rf"|{_MOVES})|^\W*(?:and|or|but))\s+"
    rf"(?P<who>(?!(?:the|this|that|an?|any|my|our)\s+(?:{_THINGS})\b)"
    r"(?:an?|the|my|our|some|any|another|someone|somebody|people|those|listeners?|users?|experts?)\b.*?)"
    rf"(?:,? (?<!n't )(?<!not )(?:{_JUDGES})\b.*|,? (?:who|that) is (?:listening|rating)\b.*"
    r"|, (?:what|how|would|is|does)\b.*)?\W*$",
    re.IGNORECASE,
)
_WHAT_MOVES = re.compile(rf"^.*\b{_MOVES}\s+", re.IGNORECASE)  # "the clicks annoy" of "the clicks annoy my aunt"
_NEXT_QUESTION = re.compile(
    r",?\s+(?:and|or|but)\s+(?:also )?"
    r"(?:do|does|did|is|are|was|can|could|will|would|should|what|how|where|when|why|which)\b.*$",
    re.IGNORECASE,
)
_SAME = r"(?:this|that|such a|the same) (?:person|listener|user|man|woman|group)"
_PRONOUN = re.compile(
    rf"(?P<before>\b(?:(?:wo|would|does|do|did|ca|could|should)n't|would|does|do|will|could|can|might|should|did) )"
    rf"(?:he|she|they|{_SAME})(?= (?:(?:still|really|even|also|ever|be able to) )*(?:{_JUDGES}|follow|cope|agree)\b)"
    rf"|(?P<for>\b(?:for|to|by|from|with|bothers?|annoys?|disturbs?|irritates?|strikes?) )(?:him|her|them|{_SAME})\b",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"^(?:the|this|that|a|an|any|my|our)\s+(?:(?:typical|average|usual|normal)\s+)?listener$",
    re.IGNORECASE,
)

_CALLED = re.compile(
    r"^(?:an?|the|some|any|another|people|someone|somebody)\s+|\s+(?:listeners?|person|people|users?|ones?|man|woman)$"
)


def listener_asked_for(question: str, taught: Collection[str]) -> MappedListener | None:
    """The listener whose judgement a question wants, as a model answers for them that was taught some profiles; None
    where it describes nobody.

    Example:
        >>> listener_asked_for("How would a strict expert rate it?", ["typical"]).understood
        ('rates more strictly: a strict expert',)
    """
    who = described_in(question)
    if who is None:
        return None
    name = "-".join(_CALLED.sub("", who.lower()).split())
    if name in PROFILES and PROFILES[name].taught_as in taught:
        return MappedListener(PROFILES[name], (PROFILES[name].title,), ())
    return understand_listener(who, taught)


def described_in(question: str) -> str | None:
    """The words of a question that describe a listener, such as "my deaf uncle"; None where none do."""
    match = _DESCRIBED.search(" ".join(question.split()))
    who = "" if match is None else _NEXT_QUESTION.sub("", _WHAT_MOVES.sub("", match["who"]))
    return None if not who or _NOBODY.match(who) else who


def put_to_you(question: str) -> str | None:
    """A question about the clip with "you" for the listener whom it describes, so that it reads as it does without one;
    None where it describes nobody who is known.

    Example:
        >>> put_to_you("Would my deaf uncle mind the noise?")
        'Would you mind the noise?'
    """
    described = listener_asked_for(question, tuple(PROFILES))
    who = described_in(question)
    if who is None or described is None or not described.understood:
        return None
    before, _, after = " ".join(question.split()).partition(who)
    return f"{before}you{after}"


def with_listener_before(question: str, before: str) -> str:
    """A question with the listener whom the one before describes where it says "he", "she" or "they"; as it was where
    neither does.

    Example:
        >>> with_listener_before("Would he accept it?", "How would my deaf uncle rate it?")
        'Would my deaf uncle accept it?'
    """
    who = described_in(before)
    if who is None:
        return question
    return _PRONOUN.sub(lambda found: f"{found['before'] or found['for']}{who}", question, count=1)
