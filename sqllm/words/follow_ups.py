"""Questions that go on from the one before: what "they", "it" and "the first one" stand for is put in their place."""

from __future__ import annotations

import re

from sqllm.listeners.asked_for import with_listener_before
from sqllm.words.names import fault_named, noun_for

_ONES = re.compile(r"\b(first|second|third|last|next|longest|shortest|worst|biggest|other) ones?\b", re.IGNORECASE)
_ENDS = re.compile(r"\b(longest|shortest|worst|biggest|first|last)(\W*)$", re.IGNORECASE)
_THEM = re.compile(r"\b(?:they|them|those|these)\b", re.IGNORECASE)
_IT = re.compile(
    r"^((?:and |so |but )*(?:where|when|how (?:long|often|many times|loud|strong|bad))\b.*?)\b(?:it|that)\b", re.I
)
_SURE = re.compile(r"^(?:and |but |so )*(are you (?:really |quite |that )?sure)\W*$", re.IGNORECASE)
_ALL = re.compile(
    r"^(?:and |so |please |(?:can|could|would) you (?:please )?)*(?:(?:list|name|show|give|mark)(?: me)? )?"
    r"(?:all|them|them all|those|each|all of (?:them|those))\W*$",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"^(?:and |so |but )*(?:then )?(at (?:what|which) (?:times?|points?|seconds?|moments?))\W*$", re.IGNORECASE
)
_HOW = re.compile(r"^(?:and |so |but )*(how (?:long|often|bad|strong|loud|severe|many))\W*$", re.IGNORECASE)
_MATTERS = re.compile(
    r"^(?:and |so |but )*(?:does|do|did|would|will) (?:it|that|this|they|those) (?:really |even )?"
    r"(?:matter|hurt|disturb|bother|count)\b.*$",
    re.IGNORECASE,
)


def resolved(text: str, previous: str | None) -> str:
    """A text with what it takes over from the question before put in words: the listener whom that describes, or the
    fault that it asked for where the text names none; as it was otherwise.
    """
    if previous is None:
        return text
    if (put := with_listener_before(text, previous)) != text:
        return put
    fault, word = fault_named(previous)
    if not fault or fault_named(text)[0]:
        return text
    noun = noun_for(fault, word)
    plural = noun.endswith("s") and not noun.endswith("ss")
    one, are = (noun[:-1], "are") if plural else (noun, "is")
    if _ALL.match(text):
        return f"When are all the {noun}?"
    if match := _SURE.match(text):
        return f"{match[1]} that there {are} {noun}?"
    if match := _HOW.match(text):
        how = match[1].lower()
        return f"How many {noun} are there?" if how.endswith("many") else f"{how.capitalize()} {are} the {noun}?"
    if _MATTERS.match(text):
        return f"How bad {are} the {noun}?"
    if match := _BARE.match(text):
        return f"{match[1]} do you hear the {noun}?"
    for pattern, put in (
        (_ONES, rf"\1 {one}"),
        (_ENDS, rf"\1 {one}\2"),
        (_THEM, f"the {noun}"),
        (_IT, rf"\1the {noun}"),
    ):
        if pattern.search(text):
            return pattern.sub(put, text, count=1)
    return text
