"""Facts that answer questions for panels: how sure, how much people disagree, how many are needed, other scales."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from sqllm.words.beyond_sound import asks_for_spread
from sqllm.words.facts import VOTES, Facts
from sqllm.words.questions import Question
from sqllm.words.repair import TOP_MOS
from sqllm.words.selection.faults import asked_faults, asked_words
from sqllm.words.selection.selected import Selected, verdict
from sqllm.words.selection.text import asks_alike

SURE_WITHIN = 1.0  # width of the 90% interval of a score that counts as sure
AGREED_SD = 0.7  # standard deviation of votes up to which people are said to agree
WITHIN = 0.3  # to how much a panel's mean should be good
COVERAGE_95 = 1.96  # standard errors
PANEL = 24  # listeners of a usual laboratory test (ITU-T P.800)
G107_LOW, G107_HIGH = 6.5, 100.0  # R from which the formula of ITU-T G.107 rises, and where it ends


def confidence(question: Question, facts: Facts) -> Selected:
    """How sure a score is: the interval that holds it in nine of ten cases; of a fault, how probable it is."""
    if question.kinds:
        found = asked_faults(question, facts)
        if not found:
            return Selected("confidence", "absent", {"asked": asked_words(question)}, absent=question.kinds)
        fault = found[0]
        lead = verdict(fault.certain, question.closed, question.negated)
        said = {"percent": f"{math.floor(100 * min(fault.probability, 0.99)):.0f}%"}
        return Selected("confidence", "fault" if fault.certain else "doubted", said, faults=(fault,), verdict=lead)
    name = question.dimension or "mos"
    low, high = facts.scores[name].interval()
    said = {"name": "MOS" if name == "mos" else name, "score": facts.stated(name)}
    said |= {"low": f"{low:.1f}", "high": f"{high:.1f}", "percent": "90%"}
    sure = high - low <= SURE_WITHIN
    return Selected(
        "confidence",
        "sure" if sure else "unsure",
        said,
        verdict=verdict(sure, question.closed, question.negated),
    )


def most_common(facts: Facts) -> tuple[int, float]:
    """The vote that most listeners give, and the share of those who do."""
    share = max(facts.votes)
    return VOTES[facts.votes.index(share)], share


def agreement(question: Question, facts: Facts) -> Selected:
    """Whether people would agree, from how their votes spread about a MOS."""
    vote, share = most_common(facts)
    agree = facts.vote_sd <= AGREED_SD
    near = sum(p for v, p in zip(VOTES, facts.votes, strict=True) if abs(v - vote) <= 1)
    said = {"vote": str(vote), "share": f"{100 * share:.0f}%", "near": f"{100 * near:.0f}%"}
    said |= {"sd": f"{facts.vote_sd:.1f}"}
    lead = verdict(agree, question.closed, question.negated)
    if asks_for_spread(question.text) and not question.closed:
        return Selected("agreement", "spread", said)
    return Selected("agreement", "agree" if agree else "differ", said, verdict=lead)


def half_width(facts: Facts, listeners: float) -> float:
    """To how much the mean vote of so many listeners is good, at 95%."""
    return COVERAGE_95 * facts.vote_sd / math.sqrt(listeners)


def listeners_needed(question: Question, facts: Facts) -> Selected:
    """How many listeners a clip's mean vote takes, or how good it is with those that there are."""
    needed = math.ceil((COVERAGE_95 * facts.vote_sd / WITHIN) ** 2)
    said = {"needed": str(needed), "within": f"{WITHIN:.1f}", "percent": "95%"}
    if question.number is None or question.number < 1:
        return Selected("listeners-needed", "needed", said)
    there = round(question.number)
    said |= {"listeners": str(there), "width": f"{half_width(facts, there):.2f}"}
    enough = there >= needed
    lead = verdict(enough, question.closed, question.negated)
    return Selected("listeners-needed", "enough" if enough else "few", said, verdict=lead)


def distinguishable(question: Question, facts: Facts) -> Selected:
    """Whether a panel would tell a clip from its original: its MOS is further below that of clean speech (`TOP_MOS`)
    than the difference of two mean votes of the panel is uncertain, at 95%.
    """
    if facts.state == "identical":
        return Selected("distinguishable", "identical", verdict=verdict(False, question.closed, asks_alike(question)))
    listeners = round(question.number) if question.number and question.number >= 2 else PANEL
    gap = TOP_MOS - facts.mos
    told = gap > math.sqrt(2) * half_width(facts, listeners)
    said = {"mos": facts.stated("mos"), "top": f"{TOP_MOS:.1f}", "listeners": str(listeners)}
    case = ("told" if told else "alike") + ("" if facts.state == "same" else " without")
    lead = verdict(told, question.closed, asks_alike(question))
    return Selected("distinguishable", case, said, faults=facts.certain[:1] if told else (), verdict=lead)


def other_scale(question: Question, facts: Facts) -> Selected:
    """A figure on another scale, by a documented rule, or why there is none. The MOS comes with it."""
    scale = question.scale or ""
    found = _SCALES.get(scale, lambda facts: None)(facts)
    said = {"mos": facts.stated("mos")} | (found or {})
    return Selected("other-scale", f"{scale or 'other'}{'' if found or scale in _SIMPLE else ' declined'}", said)


def on_line(score: float, top: int) -> str:
    """A score of 1 to 5 stretched on a line to 1-10 (1 is 1 and 5 is 10) or to 0-100. No standard says so."""
    return f"{1 + 9 * (score - 1) / 4:.1f}" if top == 10 else f"{25 * (score - 1):.0f}"


def _percent(facts: Facts) -> dict[str, str]:
    return {"percent": on_line(facts.mos, 100)}


def _ten(facts: Facts) -> dict[str, str]:
    return {"ten": on_line(facts.mos, 10)}


def _stars(facts: Facts) -> dict[str, str]:
    """The MOS itself, to half a star."""
    return {"stars": f"{round(2 * facts.mos) / 2:g}"}


def _good_or_better(facts: Facts) -> dict[str, str]:
    """The votes of 4 and 5 (%GoB, ITU-T G.107 and P.800)."""
    return {"share": f"{100 * sum(facts.votes[3:]):.0f}%"}


def _poor_or_worse(facts: Facts) -> dict[str, str]:
    """The votes of 1 and 2 (%PoW)."""
    return {"share": f"{100 * sum(facts.votes[:2]):.0f}%"}


def _background(facts: Facts) -> dict[str, str]:
    """Of the scales of ITU-T P.835, the background's is nearest to the noisiness."""
    return {"noisiness": facts.stated("noisiness")}


def _signal(facts: Facts) -> dict[str, str]:
    """Of the scales of ITU-T P.835, the signal's is nearest to coloration and discontinuity."""
    return {"coloration": facts.stated("coloration"), "discontinuity": facts.stated("discontinuity")}


def _degradation(facts: Facts) -> dict[str, str] | None:
    """MOS of the clip - MOS of its reference + 5, with clean speech's for the reference's (ITU-T P.910, ACR-HR)."""
    if facts.state == "identical":
        return {"dmos": "5.0"}
    return {"dmos": f"{min(5.0, max(1.0, facts.mos - TOP_MOS + 5)):.1f}"} if facts.state == "same" else None


def mos_of_r(r: float) -> float:
    """The MOS of a transmission rating R (ITU-T G.107, annex B, narrow band)."""
    return 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6


def _transmission_rating(facts: Facts) -> dict[str, str] | None:
    """The R whose MOS this is, by bisection; None above the scale's top of 4.5."""
    if facts.mos > mos_of_r(G107_HIGH):
        return None
    low, high = G107_LOW, G107_HIGH
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if mos_of_r(middle) < facts.mos else (low, middle)
    return {"r": f"{low:.0f}"}


def _grade(facts: Facts) -> dict[str, str]:
    """The word of the five-point scale."""
    return {"word": facts.word("mos")}


_SCALES: Mapping[str, Callable[[Facts], dict[str, str] | None]] = {
    "percent": _percent,
    "ten": _ten,
    "stars": _stars,
    "grade": _grade,
    "good-or-better": _good_or_better,
    "poor-or-worse": _poor_or_worse,
    "sig": _signal,
    "bak": _background,
    "dmos": _degradation,
    "r-factor": _transmission_rating,
}
_SIMPLE = frozenset({"ovrl"})  # the MOS itself is what is nearest
