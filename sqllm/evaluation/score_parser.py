"""The strict parser that reads scores and categories out of free-form text."""

from __future__ import annotations

import re

from sqllm.scores import CATEGORIES, HIGHEST, LOWEST


class ParseError(ValueError):
    """A text answer without the score that was asked for; the message says why."""


_NUMBER = re.compile(r"(?<![\d.,-])\d+(?:\.\d+)?(?!\d|,\d|\.\d|\s?s\b)")
_NAMES = {
    "mos": r"mos|overall(?: quality)?|quality",
    "noisiness": r"noisiness|noise",
    "coloration": r"colou?ration",
    "discontinuity": r"discontinuity|continuity",
    "loudness": r"loudness",
}


def parse_score(text: str, dimension: str | None = None) -> float:
    """The one score in a text, or the one that follows a dimension's name where the text holds several.

    Raises `ParseError` when there is none, when it is outside 1-5, or when it is not clear which one is meant.
    """
    if dimension is not None:
        named = re.search(rf"\b(?:{_NAMES[dimension]})\b[^\d\n;,]{{0,24}}?({_NUMBER.pattern})", text, re.IGNORECASE)
        if named:
            return _in_range(named.group(1), text)
    numbers = _NUMBER.findall(text)
    if not numbers:
        raise ParseError(f"no number in {text!r}")
    if len(numbers) > 1:
        raise ParseError(f"{len(numbers)} numbers in {text!r}, none of them named {dimension or 'as the score'}")
    return _in_range(numbers[0], text)


def parse_scores(text: str) -> dict[str, float]:
    """All five scores of a multi-dimensional answer; raises `ParseError` when one is missing or out of range."""
    scores = {}
    for dimension, names in _NAMES.items():
        named = re.search(rf"\b(?:{names})\b[^\d\n;,]{{0,24}}?({_NUMBER.pattern})", text, re.IGNORECASE)
        if not named:
            raise ParseError(f"no {dimension} score in {text!r}")
        scores[dimension] = _in_range(named.group(1), text)
    return scores


def parse_category(text: str) -> str:
    """The one category word in a text; raises `ParseError` when there is none or more than one."""
    found = {name for name in CATEGORIES if re.search(rf"\b{name}\b", text, re.IGNORECASE)}
    if len(found) != 1:
        raise ParseError(f"{'no' if not found else 'more than one'} category in {text!r}")
    return found.pop()


def _in_range(number: str, text: str) -> float:
    value = float(number)
    if not LOWEST <= value <= HIGHEST:
        raise ParseError(f"{number} is not on the scale of 1 to 5 in {text!r}")
    return value
