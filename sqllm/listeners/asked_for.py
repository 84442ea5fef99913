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
_DESCRIBED = re.compile(
    r"(?:\b(?:would|does|do|will|could|can|might|should|did|for|to|by|as|of|from|about|with|if)|^\W*(?:and|or|but))\s+"
    r"(?P<who>(?:an?|the|my|our|some|any|another|someone|somebody|people|those|listeners?|users?|experts?)\b.*?)"
    rf"(?:,? (?<!n't )(?<!not )(?:{_JUDGES})\b.*|,? (?:who|that) is (?:listening|rating)\b.*)?\W*$",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"^(?:the|this|that|a|an|any|my|our)\s+(?:clip|recording|score|scores|mos|rating|ratings|result|file|call|quality|"
    r"judgement|judgment|typical listener|average listener|usual listener|normal listener|listener)$",
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
    match = _DESCRIBED.search(" ".join(question.split()))
    if match is None or _NOBODY.match(match["who"]):
        return None
    name = "-".join(_CALLED.sub("", match["who"].lower()).split())
    if name in PROFILES and PROFILES[name].taught_as in taught:
        return MappedListener(PROFILES[name], (PROFILES[name].title,), ())
    return understand_listener(match["who"], taught)
