"""Scores that a question compares a clip with: "Is the MOS below 3?", "Is it better than fair?", "Is it 1.2?"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqllm.words.wordings.asked_slots import DIMENSION_NAMES


@dataclass(frozen=True)
class Limit:
    """A score that a clip is compared with: whether it is `above`, `at least`, `below`, `at most`, `between` (`value`
    and `upper`), `is` or is `about` that value (1-5). `surely`: by more than is uncertain.
    """

    side: str
    value: float
    upper: float | None = None
    surely: bool = False


_SCORE = r"[1-5](?:[.,]\d+)?(?![\d:]|[.,]\d)"
_NO_UNIT = r"(?!\s*(?:s\b|sec|ms\b|db|k?hz|k\b|%|percent|min|times|listeners|people|raters|out of (?!5|five)|/ ?(?!5)))"
_SIDES = {  # the longer phrases first
    "at least": r"no (?:less|lower|worse|poorer) than|not (?:below|under|(?:less|worse|lower) than)|at least|"
    r"reach(?:es|ed)?|hits?|clears?|>=|≥|a minimum of",
    "at most": r"no (?:more|higher|better) than|not (?:above|over|(?:more|better|higher) than)|at most|<=|≤|up to|"
    r"a maximum of",
    "above": r"above|over|better than|higher than|greater than|more than|larger than|exceed(?:s|ed)?|beyond|beats?|>|"
    r"north of|surpass(?:es)?",
    "below": r"below|under|worse than|lower than|less than|poorer than|smaller than|short of|beneath|<|south of",
}
_COMPARED = {
    side: re.compile(rf"(?:{words})\s*(?:an?\s+|mos\s+|of\s+)*({_SCORE}){_NO_UNIT}") for side, words in _SIDES.items()
}
_BETWEEN = re.compile(rf"\bbetween\s+({_SCORE})\s+and\s+({_SCORE}){_NO_UNIT}")
_SUBJECT = r"(?:mos|score|rating|overall(?: quality| score)?|quality|number|opinion score)"
_ABOUT = r"(?:about|around|roughly|approximately|near(?:ly|er)?(?: to)?|close to|almost|ca\.?)"
_EQUAL = re.compile(
    rf"(?:\b(?:{_SUBJECT}|it|this|that|clip|recording)\s+(?:is|was|be|has|have|gets?|got|=|at)|"
    rf"\b(?:is|was|would|does|did|has)\s+(?:the|its|a|an|my|your|that|this|it)?\s*(?:clip's\s+)?(?:{_SUBJECT}|get|have|be))"
    rf"\s+(?:really\s+|exactly\s+|equal to\s+|of\s+|at\s+|an?\s+|=\s*|{_SUBJECT}\s+)*({_ABOUT}\s+)?(?:an?\s+)?"
    rf"({_SCORE}){_NO_UNIT}"
)
_MORE = ("better", "more", "higher", "above")
_OR_MORE = re.compile(rf"\b({_SCORE}) or ({'|'.join(_MORE)}|worse|less|lower|below)\b")
_IS_IT = re.compile(
    rf"\b(?:is|was|isn't|would) (?:it|this|that|the clip)(?: be| really| just| only| exactly| maybe)* "
    rf"({_ABOUT} )?(?:an? |at )?({_SCORE}){_NO_UNIT}\W*$"
)
_RIGHT = re.compile(
    rf"\b(?:is|are|was|would|isn't) (?:an? |the |my |your )?(?:(?:mos|score|rating|value|figure)(?: of)? )?"
    rf"({_ABOUT} )?({_SCORE}) (?:right|correct|true|fair|accurate|realistic|plausible|about right|reasonable)\b"
)
# Toll quality, that of a good telephone line, is a MOS of 4.0 and more.
_TOLL, _IS_TOLL = re.compile(r"\btoll[- ]quality\b"), re.compile(r"(?<!than )(?<!below )(?<!above )\btoll[- ]quality\b")
_WORDS = {"bad": 1.0, "poor": 2.0, "fair": 3.0, "good": 4.0, "excellent": 5.0}
_THAN_WORD = {
    side: re.compile(rf"(?:{words})\s+(?:an?\s+|merely\s+)?['\"]?({'|'.join(_WORDS)})\b(?!\s+\w)")
    for side, words in {
        "at least": "no worse than|not worse than|at least",
        "at most": "no better than|not better than|at most",
        "above": "better than|above|higher than|more than",
        "below": "worse than|below|lower than|less than",
    }.items()
}
_HALF = 0.5  # of a category's width
_SURELY = re.compile(r"\b(?:significant(?:ly)?|surely|certainly|definitely|for sure|clearly|reliably|statistically)\b")
# What else a figure could be of.
_OTHER = re.compile(
    r"\b(?:snr|signal[- ]to|level|floor|bandwidth|peak|crest|db\w*|seconds?|khz|hz|listeners?|people|raters?|panel|"
    r"votes?|drop-?outs?|gaps?|clicks?|times|percent|stars?|out of (?:10+|ten)|mushra|pesq|polqa|stoi|sig|bak|ovrl|"
    r"dmos|duration|mean|what does|difference|sd|standard deviation|std|scale)\b"
)


def limit_in(text: str) -> Limit | None:
    """The score that a text compares the clip with; None where it names none, or a figure of something else."""
    lower = " ".join(text.lower().replace("’", "'").split())
    lower = re.sub(r"\bmean opinion score\b", "mos", lower)
    lower = _TOLL.sub("4.0", _IS_TOLL.sub("at least 4.0", lower))
    if _OTHER.search(re.sub(r"\bout of (?:5|five)\b", "", lower)):
        return None
    surely = bool(_SURELY.search(lower))
    if match := _BETWEEN.search(lower):
        low, high = sorted(float(value.replace(",", ".")) for value in match.groups())
        return Limit("between", low, high, surely)
    if match := _OR_MORE.search(lower):
        return Limit("at least" if match[2] in _MORE else "at most", _value(match[1]), surely=surely)
    for side, pattern in _COMPARED.items():
        if match := pattern.search(lower):
            return Limit(side, _value(match[1]), surely=surely)
    for side, pattern in _THAN_WORD.items():
        if match := pattern.search(lower):
            edge = _HALF if side in ("above", "at most") else -_HALF
            return Limit(side, min(5.0, max(1.0, _WORDS[match[1]] + edge)), surely=surely)
    if match := _RIGHT.search(lower) or _IS_IT.search(lower) or _EQUAL.search(lower):
        return Limit("about" if match[1] else "is", _value(match[2]), surely=surely)
    return None


def _value(said: str) -> float:
    return float(said.replace(",", "."))


def dimension_in(text: str) -> str:
    """The dimension that a text names ("mos" for the overall score); empty where it names none."""
    lower = text.lower()
    named = [
        (len(word), dimension)
        for dimension, words in DIMENSION_NAMES.items()
        for word in words
        if re.search(rf"\b{re.escape(word.lower())}\b", lower)
    ]
    return max(named)[1] if named else ""
