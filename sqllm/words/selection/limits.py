"""Facts that answer whether a score is above, below or at a figure that the question names."""

from __future__ import annotations

from sqllm.scores import stated
from sqllm.words.facts import Facts
from sqllm.words.limits import Limit
from sqllm.words.questions import Question
from sqllm.words.selection.selected import Selected, verdict

EQUAL_WITHIN, ABOUT_WITHIN = 0.05, 0.25  # MOS within which a score is a figure, or about it


def against(question: Question, limit: Limit, facts: Facts) -> Selected:
    """A score beside a figure: whether it lies there, and where it does; `surely` by its 90% interval."""
    name = question.dimension or "mos"
    score = facts.mean(name)
    low, high = facts.scores[name].interval() if limit.surely else (score, score)
    said = {"name": "MOS" if name == "mos" else name, "score": _beside(score, limit), "limit": stated(limit.value)}
    if limit.surely:
        said |= {"low": f"{low:.1f}", "high": f"{high:.1f}", "percent": "90%"}
    lead = verdict(_lies(limit, low, high), question.closed)
    return Selected("limit", f"{_where(score, limit)}{' surely' if limit.surely else ''}", said, verdict=lead)


def _lies(limit: Limit, low: float, high: float) -> bool:
    """Whether all from `low` to `high` lies where the question says."""
    value, upper = limit.value, limit.upper or limit.value
    return {
        "above": low > value,
        "at least": low >= value,
        "below": high < value,
        "at most": high <= value,
        "between": value <= low and high <= upper,
        "is": value - EQUAL_WITHIN <= low and high <= value + EQUAL_WITHIN,
        "about": value - ABOUT_WITHIN <= low and high <= value + ABOUT_WITHIN,
    }[limit.side]


def _where(score: float, limit: Limit) -> str:
    """Where a score lies: above or below the figure, or it is told alone."""
    if limit.side in ("is", "about", "between") or stated(score) == stated(limit.value):
        return "score"
    return "above" if score > limit.value else "below"


def _beside(score: float, limit: Limit) -> str:
    """A score in hundredths where a tenth would hide on which side of the figure it lies."""
    said = stated(score)
    return f"{score:.2f}" if said == stated(limit.value) and limit.side not in ("is", "about") else said
