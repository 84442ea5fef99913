"""Facts that a question with a figure wants computed: listeners for an accuracy, shares of votes, and odds."""

from __future__ import annotations

import math
import re

import numpy as np

from sqllm.scores import GRID, Score
from sqllm.words.facts import VOTES, Facts
from sqllm.words.questions import Question
from sqllm.words.selection.panel import COVERAGE_95
from sqllm.words.selection.selected import Selected
from sqllm.words.selection.text import has, plain

_LIKELY = r"probab\w*|likel\w*|chances?|odds|share|percent\w*|how many|fraction|proportion|what part"
_VOTERS = r"listeners?|people|persons?|raters?|subjects?|panel\w*|participants?|votes?|voters?|ratings?|anyone|somebody"
_WIDTH = re.compile(
    r"(?:±|\+/-|\+-|plus or minus|plus/minus|within|to within|accura\w+ (?:of|to)|precision of|error of"
    r"|margin of|good to|interval of|ci of|ci|half.?width of|resolution of)\s*(?:±|\+/-)?\s*(0?[.,]\d+|1(?:[.,]\d+)?)\b"
)
_DIFFERENCE = re.compile(
    r"(?:differences?|differ|gaps?|steps?|effects?|changes?)(?: in mos)? (?:of|by|as small as)?\s*(?:±\s*)?"
    r"(0?[.,]\d+|1(?:[.,]\d+)?)|(0[.,]\d+)[ -](?:mos |points? )?(?:mos )?(?:differences?|apart)"
)
_THRESHOLD = re.compile(
    r"\b(above|over|exceed\w*|more than|better than|higher than|greater than|at least|reach\w*|below|under|less than"
    r"|worse than|lower than|at most)\s*(?:a |an |than )?(?:mos (?:of )?)?([1-5](?:[.,]\d+)?)(?![\d%])"
)
_LOW = frozenset({"below", "under", "less than", "worse than", "lower than", "at most"})
_VOTE = re.compile(
    r"\b(?:gives?|giving|vot\w+|rat(?:e|es|ing)(?: it)?|scor\w+(?: it)?|award\w*|say|choose)\s+(?:it |this |the clip )?"
    r"(?:an? |the )?(?:vote of |score of |rating of )?([1-5])(?![.,]?\d)"
)
_OR_MORE, _OR_LESS = r"or (?:more|better|higher|above)|at least", r"or (?:less|worse|lower|below)|at most"


def panel_arithmetic(question: Question, facts: Facts) -> Selected | None:
    """The answer to a question about listeners, votes or the odds of a score that names a figure; None for others."""
    text = plain(question)
    if has(text, r"db|khz|seconds?|ms"):
        return None
    return listeners_for(text, facts) or votes_of(text, facts) or odds(text, facts)


def listeners_for(text: str, facts: Facts) -> Selected | None:
    """How many listeners make a mean vote good to a figure, or tell a difference between two clips."""
    asks = has(text, r"how (?:many|big|large)|number of|panel size|sample size|enough|votes per|raters per")
    if not asks or not has(text, rf"{_VOTERS}|panel|sample|n"):
        return None
    if apart := _DIFFERENCE.search(text):
        gap = float((apart[1] or apart[2]).replace(",", "."))
        needed = math.ceil(2 * (COVERAGE_95 * facts.vote_sd / gap) ** 2)
        return (
            Selected("listeners-for", "difference", _needed(facts, needed) | {"gap": f"{gap:g}"}) if gap > 0 else None
        )
    if wide := _WIDTH.search(text):
        width = float(wide[1].replace(",", "."))
        needed = math.ceil((COVERAGE_95 * facts.vote_sd / width) ** 2) if width > 0 else 0
        return Selected("listeners-for", "width", _needed(facts, needed) | {"width": f"{width:g}"}) if needed else None
    return None


def _needed(facts: Facts, needed: int) -> dict[str, str]:
    return {"needed": str(max(2, needed)), "percent": "95%", "sd": f"{facts.vote_sd:.1f}"}


def votes_of(text: str, facts: Facts) -> Selected | None:
    """The share of listeners who give a vote, or at least or at most that."""
    voted = _VOTE.search(text)
    if not voted or not has(text, _LIKELY) or not has(text, _VOTERS):
        return None
    vote = int(voted[1])
    more, less = has(text, _OR_MORE), has(text, _OR_LESS)
    chosen = [v >= vote if more else v <= vote if less else v == vote for v in VOTES]
    share = sum(p for p, wanted in zip(facts.votes, chosen, strict=True) if wanted)
    said = {"share": f"{100 * share:.0f}%", "vote": str(vote), "mos": facts.stated("mos")}
    return Selected("votes", "more" if more else "less" if less else "one", said)


def odds(text: str, facts: Facts) -> Selected | None:
    """How probable it is that the MOS lies above or below a figure."""
    limit = _THRESHOLD.search(text)
    if not limit or not has(text, r"probab\w*|likel\w*|chances?|odds|how (?:sure|certain|confident)"):
        return None
    if has(text, _VOTERS):
        return None
    border = float(limit[2].replace(",", "."))
    above = probability_above(facts.scores["mos"], border)
    low = limit[1] in _LOW
    said = {"percent": _share(1 - above if low else above), "limit": f"{border:g}", "score": facts.stated("mos")}
    return Selected("odds", "below" if low else "above", said)


def _share(probability: float) -> str:
    percent = round(100 * probability)
    return "less than 1%" if percent < 1 else "more than 99%" if percent > 99 else f"{percent}%"


def probability_above(score: Score, border: float) -> float:
    """How probable it is that a score lies above a border, half of what lies on it included."""
    if not len(score.probabilities):
        return 0.5 * math.erfc((border - score.mean) / (max(score.std, 1e-6) * math.sqrt(2)))
    return float(score.probabilities @ ((border + 1e-9 < GRID) + 0.5 * np.isclose(GRID, border)))
