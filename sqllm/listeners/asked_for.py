"""The listener whom a question describes: "How would a strict expert rate it?", "And for my deaf uncle?"."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqllm.listeners.free_text import MappedListener, understand_listener
from sqllm.listeners.known import PROFILES

_JUDGES = (
    r"rate|like|accept|score|judge|mark|find|say|think|enjoy|tolerate|be|hear|feel|give|call|experience|perceive|mind|bear|"
    r"want|need|take|put up|vote|complain|notice|listen|react|have|get|describe|prefer|understand"
)
_THINGS = (
    "clip|recording|scores?|mos|ratings?|result|file|call|quality|judge?ment"
    "|(?:noise|speech|voice|sound|audio)(?!-| sensitive)"
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
_AND_ANOTHER = re.compile(
    r",?\s+(?:and|or|as well as|versus|vs\.?)\s+(?=(?:an?|the|my|our|someone|somebody)\b)|,\s+(?=(?:an?|my|our)\b)",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:listener|expert|person|user|one|uncle|aunt|man|woman|lady|mother|father|mum|mom|dad|grand\w+|brother|sister"
    r"|son|daughter|friend|colleague|neighbou?r|boss|engineer|someone|somebody|child|kid|student|customer|caller)\b",
    re.IGNORECASE,
)
_RATES = re.compile(r"^ (?:rate|score|judge|mark|grade|like|accept|enjoy|tolerate|mind|vote)\b", re.IGNORECASE)
_ASKS = re.compile(r"\b(?:would|does|do|will|could|can|might|should|did) $", re.IGNORECASE)
_GOES_ON = re.compile(
    r"^\W*(?:(?:and|so|but)\b.*|why\b(?: (?:is|was) (?:that|it|this)(?: so)?| so\b.*| not)?|how come"
    r"|how (?:sure|certain|confident)\b.*|what (?:would|could|might) (?:bring|raise|lift|improve|help)\b.*"
    r"|.*\b(?:his|her|their) (?:overall )?(?:scores?|mos|ratings?|verdict|opinion|judge?ment)\b.*"
    r"|is (?:it|that|this) (?:acceptable|good enough|ok(?:ay)?))\W*$",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(
    r"^(?:(?:i am|i'm|i’m)|my (?P<whose>[\w-]+)(?: is|'s|’s)) "
    r"(?!(?:not )?(?:sure|trying|testing|looking|asking|wondering)\b)"
    r"(?P<what>[^.!?;]{3,60})[.!;]\s+(?:(?:and|so|but) )?(?P<rest>\S.*)$",
    re.IGNORECASE,
)
_INTRODUCED_ONE = re.compile(r"\b(?P<before>[a-z]+ )(?:i|he|she|me|him|her)\b", re.IGNORECASE)
_NOBODY = re.compile(
    r"^(?:the|this|that|a|an|any|my|our)\s+(?:(?:typical|average|usual|normal)\s+)?listener$",
    re.IGNORECASE,
)

_CALLED = re.compile(
    r"^(?:an?|the|some|any|another|people|someone|somebody)\s+|\s+(?:listeners?|person|people|users?|ones?|man|woman)$"
)


def listener_called(who: str | None, taught: Collection[str]) -> MappedListener | None:
    """The listener whom some words describe, as a model answers for them that was taught some profiles; None for none.

    Example:
        >>> listener_called(described_in("How would a strict expert rate it?"), ["typical"]).understood
        ('rates more strictly: a strict expert',)
    """
    if not who:
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


def listeners_in(who: str) -> list[str]:
    """The listeners whom some words describe, one by one: "a lenient listener and a strict expert" are two."""
    parts = _AND_ANOTHER.split(who)
    return parts if all(_PERSON.search(part) for part in parts) else [who]


def put_to_you(question: str) -> str | None:
    """A question about the clip with "you" for the listener whom it describes, so that it reads as it does without one;
    None where it describes nobody who is known.

    Example:
        >>> put_to_you("Would my deaf uncle mind the noise?")
        'Would you mind the noise?'
    """
    who = described_in(question)
    return "you".join(_around(who, question)) if who and _is_known(who) else None


def put_to_an_expert(question: str) -> str:
    """A question with the plainest listener for the one whom it describes, so that the words for that one are not taken
    for what is asked; as it was where it describes nobody.

    Example:
        >>> put_to_an_expert("How would somebody in a noisy street rate it?")
        'How would a strict expert rate it?'
    """
    who = described_in(question)
    if who is None:
        return question
    before, after = _around(who, question)
    swallowed = _ASKS.search(before) and not re.search(r"\w", after)  # no verb is left
    if swallowed or not (_RATES.match(after) or _is_known(who)):
        return question
    return f"{before}a strict expert{after}"


def _is_known(who: str) -> bool:
    """Whether some words say of a listener what is known of any."""
    described = listener_called(who, tuple(PROFILES))
    return described is not None and bool(described.understood)


def _around(who: str, question: str) -> tuple[str, str]:
    """What stands before and behind the words for a listener."""
    before, _, after = " ".join(question.split()).partition(who)
    return before, after


def listener_before(question: str, before: str) -> str:
    """The words for the listener of the question before, where one goes on from it ("Why?", "And the noise?"); empty
    where it does not, or describes a listener itself.
    """
    if described_in(question) or not _GOES_ON.match(" ".join(question.split())):
        return ""
    return described_in(before) or ""


def with_listener_introduced(text: str) -> str:
    """A question behind a sentence that says who is asked, with that listener in it; as it was where none is known by
    what the sentence says.

    Example:
        >>> with_listener_introduced("I am a strict expert. Is it acceptable?")
        'Is it acceptable for a strict expert?'
    """
    found = _INTRODUCED.match(" ".join(text.split()))
    if found is None or (found["whose"] and not _PERSON.match(found["whose"])):
        return text
    what, whose = found["what"], found["whose"]
    who = what if re.match(r"an? ", what, re.IGNORECASE) else f"someone who is {what}"
    who = f"my {whose} who is {what}" if whose else who
    if not _is_known(who):
        return text
    put = _INTRODUCED_ONE.sub(lambda one: f"{one['before']}{who}", found["rest"], count=1)
    return put if put != found["rest"] else f"{put.rstrip(' ?.!')} for {who}?"


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
