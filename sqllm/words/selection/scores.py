"""Facts that answer questions for scores and verdicts."""

from __future__ import annotations

from sqllm.scores import DIMENSIONS, stated
from sqllm.words.facts import Facts, limit_of
from sqllm.words.questions import ACCEPTABLE_MOS, USES, Question
from sqllm.words.selection.limits import against
from sqllm.words.selection.selected import Selected, verdict

CLEAN_FROM = 3.5  # the MOS from which a clip without a known fault is not called poor
REASONS = 2  # faults named as a reason
PRAISED_FROM = 3.5  # the score from which the best dimension is told where none is fine


def mos_numeric(question: Question, facts: Facts) -> Selected:
    return Selected("mos-numeric", "score", {"mos": facts.stated("mos"), "word": facts.word("mos")})


def dimension_score(question: Question, facts: Facts) -> Selected:
    """One score as a number (dim-numeric) or as a word of the scale (dim-categorical)."""
    name = question.dimension or "mos"
    if name == "mos":
        return mos_numeric(question, facts)
    return Selected(question.family, "score", {"name": name, "score": facts.stated(name), "word": facts.word(name)})


def all_scores(question: Question, facts: Facts) -> Selected:
    return Selected("multi-dim", "scores", {name: facts.stated(name) for name in DIMENSIONS})


def reason(facts: Facts) -> Selected:
    """One sentence behind a verdict: the first faults, or what is low, or that nothing is."""
    if facts.faults:
        return Selected("reason", "fault" if facts.faults[0].certain else "doubted", faults=facts.faults[:REASONS])
    if facts.low:
        return Selected("reason", "low", low=facts.low[:REASONS])
    if facts.mos < CLEAN_FROM:
        return Selected("reason", "unnamed")
    return Selected("reason", "clean" if len(facts.fine) == 4 else "faultless")


def acceptability(question: Question, facts: Facts) -> Selected:
    """Whether a clip will do: its MOS is at least what is acceptable, or the figure that the question names."""
    if question.limit is not None:
        return against(question, question.limit, facts)
    limit = question.number if question.number is not None and 1 <= question.number <= 5 else ACCEPTABLE_MOS
    yes = facts.mos >= limit
    said = {"mos": _against(facts, limit), "limit": stated(limit)}
    lead = verdict(yes, True, question.negated)
    return Selected("acceptability", "enough" if yes else "short", said, verdict=lead).and_then(reason(facts))


def _against(facts: Facts, limit: float) -> str:
    """The MOS as words state it beside a limit: in hundredths where rounding would carry it to the limit."""
    said = facts.stated("mos")
    return said if (float(said) >= limit) == (facts.mos >= limit) else f"{facts.mos:.2f}"


def use(question: Question, facts: Facts) -> Selected:
    """Whether a clip will do for a use, by the one limit of that use."""
    if question.use not in USES and question.asked:
        return _unknown_use(question.asked, facts)
    if question.use not in USES:
        return acceptability(question, facts)
    limit = limit_of(question.use)
    said = {"use": question.use, "mos": _against(facts, limit), "limit": stated(limit)}
    yes = facts.will_do(question.use)
    lead = verdict(yes, True, question.negated)
    return Selected("use", "enough" if yes else "short", said, verdict=lead).and_then(reason(facts))


def _unknown_use(asked: str, facts: Facts) -> Selected:
    """That no limit is known for a use, and for which there is one."""
    *most, last = USES
    said = {"asked": asked, "uses": f"{', '.join(most)} and {last}", "mos": facts.stated("mos")}
    return Selected("use", "unknown", said | {"word": facts.word("mos")})


def fine(question: Question, facts: Facts) -> Selected:
    """What is good about a clip."""
    if facts.fine:
        return Selected("fine", "fine", fine=facts.fine)
    best = max(DIMENSIONS[1:], key=facts.mean)
    said = {"name": best, "score": facts.stated(best)}
    return Selected("fine", "best" if facts.mean(best) >= PRAISED_FROM else "little", said)
