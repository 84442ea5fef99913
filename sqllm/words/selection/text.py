"""What a question names that its family has no slot for: directions, figures, parts of the clip, the reference."""

from __future__ import annotations

import re

from sqllm.words.facts import Span
from sqllm.words.questions import Question

REFERENCE = r"(?:reference|ref|original|source file|clean (?:version|file|clip|recording|signal)|undamaged version)"
NEGATIVE = re.compile(r"\b(?:not|no|never|without|free of|free from|nor|lacks?|neither|hardly|un\w+ed)\b|n't\b")
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_WORDS |= {"twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30}
FIGURE = rf"(?:\d+(?:[.,]\d+)?|{'|'.join(_WORDS)})"
_SECONDS = r"(?:s|secs?|seconds?)\b"
_EDGE = re.compile(rf"\b(first|opening|initial|last|final|closing)\s+(?:({FIGURE})\s*)?{_SECONDS}")
_BETWEEN = re.compile(rf"(?<![\d:.])({FIGURE})\s*(?:{_SECONDS})?\s*(?:to|and|-|–|until|till)\s*({FIGURE})\s*{_SECONDS}")
_FRACTION = re.compile(r"\b(first|second|last|final|1st|2nd)\s+(half|third|quarter)\b")
_SHARES = {"half": 2, "third": 3, "quarter": 4}


def plain(question: Question) -> str:
    """The question's text in lower case, with single spaces."""
    return " ".join(question.text.lower().replace("’", "'").split())


def has(text: str, words: str) -> bool:
    """Whether one of some words (a pattern) stands in a text."""
    return re.search(rf"\b(?:{words})\b", text) is not None


def figure(text: str) -> float:
    """A figure in digits or words."""
    return float(_WORDS[text]) if text in _WORDS else float(text.replace(",", "."))


def span_in(text: str, length: float) -> Span | None:
    """The part of a clip of `length` seconds that a text names: "the first 10 s", "between 2 and 4 s", "the second
    half"; None where it names none in this way.
    """
    if edge := _EDGE.search(text):
        width = min(length, figure(edge[2]) if edge[2] else 1.0)
        return (0.0, width) if edge[1] in ("first", "opening", "initial") else (length - width, length)
    if between := _BETWEEN.search(text):
        first, last = sorted((figure(between[1]), figure(between[2])))
        return (first, last) if last > first else None
    if part := _FRACTION.search(text):
        width = length / _SHARES[part[2]]
        if part[1] in ("first", "1st"):
            return (0.0, width)
        if part[1] in ("last", "final") or part[2] == "half":
            return (length - width, length)
        return (width, 2 * width)
    return None


def affirmative(question: Question) -> bool:
    """Whether a question can be answered by a plain yes or no that its own words decide: it is closed and nothing in it
    is negative.
    """
    return question.closed and not NEGATIVE.search(plain(question))
