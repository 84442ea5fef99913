"""What a question names that its family has no slot for: directions, figures, parts of the clip, the reference."""

from __future__ import annotations

import re

from sqllm.words.facts import Span
from sqllm.words.figures import FIGURE_OR_WORD, edge_in, value_of
from sqllm.words.questions import Question

REFERENCE = r"(?:reference|ref|original|source file|clean (?:version|file|clip|recording|signal)|undamaged version)"
NEGATIVE = re.compile(r"\b(?:not|no|never|without|free of|free from|nor|lacks?|neither|hardly|un\w+ed)\b|n't\b")
_ALIKE = r"as \w+ as|sounds? (?:just |exactly |much )?like|(?:the|much|exactly) same|match\w*|equals?|identical"
_SECONDS = r"(?:s|secs?|seconds?)\b"
_BETWEEN = re.compile(
    rf"(?<![\d:.])({FIGURE_OR_WORD})\s*(?:{_SECONDS})?\s*(?:to|and|-|–|until|till)\s*({FIGURE_OR_WORD})\s*{_SECONDS}"
)
_FRACTION = re.compile(r"\b(first|second|last|final|1st|2nd)\s+(half|third|quarter)\b")
_SHARES = {"half": 2, "third": 3, "quarter": 4}


def plain(question: Question) -> str:
    """The question's text in lower case, with single spaces."""
    return " ".join(question.text.lower().replace("’", "'").split())


def has(text: str, words: str) -> bool:
    """Whether one of some words (a pattern) stands in a text."""
    return re.search(rf"\b(?:{words})\b", text) is not None


def asks_alike(question: Question) -> bool:
    """Whether a question about a difference asks for none: "Is it as good as the reference?"."""
    return question.negated or (has(plain(question), _ALIKE) and not NEGATIVE.search(plain(question)))


def span_in(text: str, length: float) -> Span | None:
    """The part of a clip of `length` seconds that a text names: "the first 10 s", "between 2 and 4 s", "the second
    half"; None where it names none in this way.
    """
    if edge := edge_in(text):
        width = min(length, edge[1])
        return (0.0, width) if edge[0] == "first" else (length - width, length)
    if between := _BETWEEN.search(text):
        first, last = sorted((value_of(between[1]), value_of(between[2])))
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
