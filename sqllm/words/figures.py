"""What code reads exactly in a question: times and parts of a clip, which of several, figures of panels."""

from __future__ import annotations

import re
from dataclasses import dataclass

Span = tuple[float, float]
_UNIT = r"(?:s|sec|secs|second|seconds)\b"
_NUMBER = r"(?:\d+(?:[.,]\d+)?|(?<![\w.])\.\d+)"
_WORDS = {
    word: value
    for value, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1)
}
_WORDS |= {"eleven": 11, "twelve": 12, "a dozen": 12, "fifteen": 15, "sixteen": 16, "twenty": 20, "thirty": 30}
_FIGURE_OR_WORD = rf"(?:{_NUMBER}|{'|'.join(_WORDS)})"


def value_of(said: str) -> float:
    """A figure in digits or as a word."""
    return float(_WORDS[said]) if said in _WORDS else float(said.replace(",", "."))


@dataclass(frozen=True)
class Stretch:
    """A part of a clip: from `first` to `last` in seconds, or (`share`) in shares of its length; counted from its end
    where `from_end`, so that the last ten seconds are `Stretch(10, 0, from_end=True)`.
    """

    first: float
    last: float
    share: bool = False
    from_end: bool = False

    def within(self, length: float) -> Span:
        """The part in seconds of a clip that is `length` seconds long, cut where the clip is shorter."""
        times = [time * length if self.share else time for time in (self.first, self.last)]
        start, end = (max(0.0, length - time) if self.from_end else time for time in times)
        return (min(start, length), min(end, length))


_TIMES = re.compile(
    rf"(?<![\d:])(\d{{1,2}}):(\d{{2}}(?:\.\d+)?)\b|(?:\bseconds?\s+|\bt ?= ?)({_NUMBER})"
    rf"|({_NUMBER})(?:st|nd|rd|th)\s+second|({_NUMBER})\s*{_UNIT}"
)
_SPAN = re.compile(rf"({_NUMBER})\s*(?:s|sec|seconds)?\s*(?:to|and|-|–|until|till)\s*({_NUMBER})\s*{_UNIT}")
_SECONDS = re.compile(rf"\bseconds?\s+({_NUMBER})\s*(?:to|and|-|–|until|till)\s*(?:second\s+)?({_NUMBER})")
_EDGE = re.compile(
    rf"\b(first|opening|initial|last|final|closing)\s+(?:({_FIGURE_OR_WORD}|few|couple of|half)\s*)?"
    r"(s|sec|secs|seconds?|min|mins|minutes?)\b"
)
_FEW_SECONDS = 3.0
_FRACTIONS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4}
_FRACTION = re.compile(
    r"\b(first|opening|second|middle|last|final|latter|third|fourth)\s+(half|third|quarter)\b|\b(one|either|each) half\b"
)
_PLACES = {"first": 0, "opening": 0, "second": 1, "third": 2, "fourth": 3, "middle": 1}


def stretch_in(text: str) -> Stretch | None:
    """The part of a clip that a question names by its edge: "the first 10 s", "the last two seconds", "the second
    half"; None where it names none.
    """
    lower = text.lower()
    if match := _EDGE.search(lower):
        edge, amount, unit = match.groups()
        length = {"few": _FEW_SECONDS, "couple of": 2.0, "half": 0.5, None: 1.0}.get(amount)
        if amount is None and unit in ("seconds", "minutes"):
            length = _FEW_SECONDS
        length = (value_of(amount) if length is None else length) * (60 if unit.startswith("min") else 1)
        if edge in ("last", "final", "closing"):
            return Stretch(length, 0.0, from_end=True)
        return Stretch(0.0, length)
    if (match := _FRACTION.search(lower)) and match[1]:
        share = _FRACTIONS[match[2]]
        place = _PLACES.get(match[1], round(1 / share) - 1)
        return Stretch(place * share, min(1.0, (place + 1) * share), share=True)
    return None


def seconds_in(text: str) -> tuple[float, ...]:
    """The times that a question names: a moment, or from - to, in seconds."""
    lower = text.lower()
    stretch = stretch_in(text)
    if stretch is not None:
        return () if stretch.share or stretch.from_end else (stretch.first, stretch.last)
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
_FIGURE = re.compile(rf"\b{_MEANT}\s*(-?{_NUMBER}|{'|'.join(_WORDS)})(?![\d:]|\s*(?:to|-)\s*\d)", re.IGNORECASE)
_COUNTED = re.compile(
    rf"\b({_NUMBER}|{'|'.join(_WORDS)})\s+(?:listeners|people|raters|votes|subjects|participants|workers|khz|db|k)\b",
    re.IGNORECASE,
)
_PANEL = r"(?:listeners|people|raters|subjects|participants|workers|assessors|panell?ists|votes|voters|persons|ears)"
_LISTENERS = re.compile(rf"\b({_NUMBER}|{'|'.join(_WORDS)})\s+(?:\w+\s+)?{_PANEL}\b")
_PERCENT = re.compile(rf"\b({_NUMBER})\s*(?:%|percent\b|per cent\b)")
_PLUS_MINUS = re.compile(rf"(?:±|\+/?-|\bplus[ -](?:or[ -])?minus)\s*(?:a\s+)?({_NUMBER}|half a point|a point)")
_TO_WITHIN = re.compile(
    rf"\b(?:to within|within|accurate to|good to|exact to|precise to|precision of|accuracy of|error of|margin of)\s+"
    rf"(?:about\s+|±\s*)?({_NUMBER})(?!\s*%)"
)
_INTERVAL = re.compile(
    rf"\b(?:ci95|ci|c\.i\.|confidence intervals?|interval|error bars?)\b\D{{0,24}}?(?:of|is|at|under|below|to|width)?\s*"
    rf"(?:±|\+/?-|<=?)?\s*({_NUMBER})(?!\s*%|\d)"
)
_DIFFERENCE = re.compile(
    rf"\b(?:difference|gap|effect|change|improvement|delta|step)s?\b\D{{0,16}}?({_NUMBER})(?!\s*%|\d)"
    rf"|\b({_NUMBER})(?:[ -](?:mos|points?))*\s+(?:difference|gap|effect|change|improvement)\b"
    rf"|\b(?:detect|resolve|distinguish|tell apart|show|prove)\s+(?:a\s+)?({_NUMBER})(?!\s*%|\d)"
)
_POINTS = {"half a point": 0.5, "a point": 1.0}


@dataclass(frozen=True)
class PanelFigures:
    """What a question for a panel names: `listeners` there are, to `within` how many points their mean should be good
    (half the width of its interval), a `difference` in points that they should show, and at how many `percent`.
    """

    listeners: int | None = None
    within: float | None = None
    difference: float | None = None
    percent: float | None = None


def panel_figures_in(text: str) -> PanelFigures:
    """The figures of a panel in a question; a percentage is never taken for another figure."""
    lower = text.lower()
    percent = _PERCENT.search(lower)
    plain = _PERCENT.sub(" % ", lower)
    listeners = _LISTENERS.search(plain)
    difference = _DIFFERENCE.search(plain)
    within = None if difference else _PLUS_MINUS.search(plain) or _TO_WITHIN.search(plain) or _INTERVAL.search(plain)
    said = within[1] if within else ""
    return PanelFigures(
        round(value_of(listeners[1])) if listeners else None,
        (_POINTS[said] if said in _POINTS else value_of(said)) if said else None,
        value_of(next(group for group in difference.groups() if group)) if difference else None,
        value_of(percent[1]) if percent else None,
    )


_VOTE = re.compile(
    r"\b(?:gives?|gave|votes?|voted|rates?|rated|choos\w+|chose|picks?|answers?|a vote of|score)(?:\s+(?:it|this|for))*"
    r"\s+(?:an?\s+)?([1-5]|one|two|three|four|five)\b(?![.,]?\d|\s*(?:of|out|or|to|-|s\b|sec|listeners|people))"
)


def vote_in(text: str) -> int | None:
    """The single vote that a question names, such as "How many would give a 2?"."""
    match = _VOTE.search(text.lower())
    return None if match is None else round(value_of(match[1]))


def number_in(text: str) -> float | None:
    """The figure that a question is about, such as a score to reach or a number of listeners; not its times, and no
    percentage.
    """
    plain = _SPAN.sub(" ", _PERCENT.sub(" ", _EDGE.sub(" ", text.lower())))
    plain = _TIMES.sub(" ", re.sub(r"\b(?:from )?1 (?:to|-) (?:5|10)\b|\bout of (?:5|10|100)\b|\bp\.\d+", " ", plain))
    match = _COUNTED.search(plain) or _FIGURE.search(plain)
    return None if match is None else value_of(match[1].lower())


_ORDINALS = {
    word: place
    for place, words in enumerate(["first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th"], 1)
    for word in words.split()
} | {"next": 2, "last": -1, "final": -1, "latest": -1, "earliest": 1}
_ORDINAL = re.compile(
    rf"\b(?:the|its|your|and)?\s*({'|'.join(_ORDINALS)})[ -]+(?!(?:\d+|few|couple|{'|'.join(_WORDS)})?\s*(?:{_UNIT}|half|"
    r"third|quarter|min|part|bit)|voice|talker|speaker|time\b|word|impression|syllable|opinion|take)(?:\w+)"
)
_ORDINAL_WORST = re.compile(r"\b(second|third|fourth|2nd|3rd|4th|next)[ -]+(worst|best|biggest|largest|main|most)\b")
_EXTREMES = {
    "longest": "longest",
    "shortest": "shortest",
    "worst": "worst",
    "best": "best",
    "loudest": "loudest",
    "quietest": "quietest",
    "cleanest": "best",
    "noisiest": "worst",
    "highest": "best",
    "lowest": "worst",
    "weakest": "worst",
    "strongest": "best",
    "biggest": "longest",
}
_HOW_MANY_OF = re.compile(
    rf"\b(?:the\s+|your\s+)?(?:top\s+)?({_FIGURE_OR_WORD})\s+(?:worst|biggest|main|largest|most|top)\b"
)
_TOP = re.compile(rf"\btop\s+({_FIGURE_OR_WORD})\b")


def ordinal_in(text: str) -> int | None:
    """Which of several a question asks for: 1 is the first, 2 the second ("second worst"), -1 the last."""
    lower = text.lower()
    match = _ORDINAL_WORST.search(lower) or _ORDINAL.search(lower)
    return None if match is None else _ORDINALS[match[1]]


def extreme_in(text: str) -> str:
    """The superlative in a question: longest, shortest, worst, best, loudest or quietest; empty without one."""
    return next((_EXTREMES[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _EXTREMES), "")


def how_many_in(text: str) -> int | None:
    """How many of several a question asks for at most: "the three worst faults"."""
    match = _HOW_MANY_OF.search(text.lower()) or _TOP.search(text.lower())
    return None if match is None else round(value_of(match[1]))


_EACH = re.compile(r"\b(?:each|every|all|list|one by one|individual(?:ly)?|separately|respective(?:ly)?)\b")


def asks_for_each(text: str) -> bool:
    """Whether a question asks for all of several, one by one: "List the drop-outs", "What does each fault cost?"."""
    return bool(
        _EACH.search(re.sub(r"\b(?:all (?:through|along|right|the (?:time|way|while))|at all)\b", "", text.lower()))
    )
