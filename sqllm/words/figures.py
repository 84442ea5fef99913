"""What code reads exactly in a question: times and parts of a clip, which of several, figures of panels."""

from __future__ import annotations

import re

_UNIT = r"(?:s|sec|secs|second|seconds)\b"
_NUMBER = r"(?:\d+(?:[.,]\d+)?|(?<![\w.])\.\d+)"
_WORDS = {
    word: value
    for value, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1)
}
_WORDS |= {"eleven": 11, "twelve": 12, "a dozen": 12, "fifteen": 15, "sixteen": 16, "twenty": 20, "thirty": 30}
FIGURE_OR_WORD = rf"(?:{_NUMBER}|{'|'.join(_WORDS)})"


def value_of(said: str) -> float:
    """A figure in digits or as a word."""
    return float(_WORDS[said]) if said in _WORDS else float(said.replace(",", "."))


_TIMES = re.compile(
    rf"(?<![\d:])(\d{{1,2}}):(\d{{2}}(?:\.\d+)?)\b|(?:\bseconds?\s+|\bt ?= ?)({_NUMBER})"
    rf"|({_NUMBER})(?:st|nd|rd|th)\s+second|({_NUMBER})\s*{_UNIT}"
)
_SPAN = re.compile(rf"({_NUMBER})\s*(?:s|sec|seconds)?\s*(?:to|and|-|–|until|till)\s*({_NUMBER})\s*{_UNIT}")
_SECONDS = re.compile(rf"\bseconds?\s+({_NUMBER})\s*(?:to|and|-|–|until|till)\s*(?:second\s+)?({_NUMBER})")
_EDGE = re.compile(
    rf"\b(first|opening|initial|last|final|closing)\s+(?:({FIGURE_OR_WORD}|few|couple of|half)\s*)?"
    r"(s|sec|secs|seconds?|min|mins|minutes?)\b"
)
_FEW_SECONDS = 3.0


def edge_in(text: str) -> tuple[str, float] | None:
    """The part that a question names by its edge and seconds: ("first", 10.0); None where it names none."""
    match = _EDGE.search(text.lower())
    if match is None:
        return None
    edge, amount, unit = match.groups()
    said = {"few": _FEW_SECONDS, "couple of": 2.0, "half": 0.5, None: 1.0}.get(amount)
    if amount is None and unit in ("seconds", "minutes"):
        said = _FEW_SECONDS
    seconds = (value_of(amount) if said is None else said) * (60 if unit.startswith("min") else 1)
    return ("last" if edge in ("last", "final", "closing") else "first"), seconds


def seconds_in(text: str) -> tuple[float, ...]:
    """The times that a question names: a moment, or from - to, in seconds; none of a part that is counted from the
    clip's end.
    """
    lower = text.lower()
    if edge := edge_in(text):
        return (0.0, edge[1]) if edge[0] == "first" else ()
    if match := _SPAN.search(lower) or _SECONDS.search(lower):
        first, last = (float(value.replace(",", ".")) for value in match.groups())
        return (first, last) if first < last else (last, first)
    found = []
    for minutes, rest, *plain in _TIMES.findall(lower):
        value = next((value for value in plain if value), "")
        found.append(60 * float(minutes) + float(rest) if minutes else float(value.replace(",", ".")))
    return tuple(sorted(found[:2]))


_MEANT = (
    r"(?:above|over|below|under|at least|least|exceeds?|reach(?:es)?|limit is|threshold is|[<>]=?|than|more than|within"
    r"|±|\+/-|of|get|give|a|is|to|with|are|hits?|clears?|minus)"
)
_FIGURE = re.compile(
    rf"\b{_MEANT}(?:\s+|(?<=[<>=±-])|(?=-?[\d.]))(-?{_NUMBER}|{'|'.join(_WORDS)})(?![\d:]|\s*(?:to|-)\s*\d)",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    rf"\b({_NUMBER}|{'|'.join(_WORDS)})\s+(?:listeners|people|raters|votes|subjects|participants|workers|khz|db|k)\b",
    re.IGNORECASE,
)
_PERCENT = re.compile(rf"\b({_NUMBER})\s*(?:%|percent\b|per cent\b)")


def number_in(text: str) -> float | None:
    """The figure that a question is about, such as a score to reach or a number of listeners; not its times, and no
    percentage.
    """
    plain = _SPAN.sub(" ", _PERCENT.sub(" ", _EDGE.sub(" ", text.lower())))
    plain = _TIMES.sub(" ", re.sub(r"\b(?:from )?1 (?:to|-) (?:5|10)\b|\bout of (?:5|10|100)\b|\bp\.\d+", " ", plain))
    match = _COUNTED.search(plain) or _FIGURE.search(plain)
    return None if match is None else value_of(match[1].lower())


_RANKS = {"second": 2, "2nd": 2, "next": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_RANK = re.compile(rf"\b({'|'.join(_RANKS)})[ -]+(?:worst|biggest|largest|main|most|strongest)\b")
_HOW_MANY_OF = re.compile(
    rf"\b(?:the\s+|your\s+)?(?:top\s+)?({FIGURE_OR_WORD})\s+(?:worst|biggest|main|largest|most|top)\b"
)
_TOP = re.compile(rf"\btop\s+({FIGURE_OR_WORD})\b")


def rank_in(text: str) -> int | None:
    """Which place a question asks for among the worst: 2 for the second worst; None where it names none."""
    match = _RANK.search(text.lower())
    return None if match is None else _RANKS[match[1]]


def how_many_in(text: str) -> int | None:
    """How many of several a question asks for at most: "the three worst faults"."""
    match = _HOW_MANY_OF.search(text.lower()) or _TOP.search(text.lower())
    return None if match is None else round(value_of(match[1]))


_ALL_ALONG = re.compile(r"\b(?:all (?:through|along|right|the (?:time|way|while))|(?:at|in) all)\b")
_EACH = re.compile(r"\b(?:each|every|all|list|one by one|individual(?:ly)?|separately|respective(?:ly)?)\b")


def asks_for_each(text: str) -> bool:
    """Whether a question asks for all of several, one by one: "List the drop-outs", "What does each fault cost?"."""
    return bool(_EACH.search(_ALL_ALONG.sub("", text.lower())))
