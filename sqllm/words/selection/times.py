"""Facts that answer questions for what happens when: the worst moment, the whole clip, a part of it."""

from __future__ import annotations

from dataclasses import replace

from sqllm.scores import stated
from sqllm.words.facts import Facts, FaultFact, Span, Window
from sqllm.words.questions import Question
from sqllm.words.selection.selected import Selected, seconds, span_text, verdict

EDGE = 1 / 3  # of a clip: what is called its beginning and its end
AROUND = 0.5  # s on both sides of a moment that is asked for


def _window_facts(window: Window, mos: str) -> dict[str, str]:
    return {"from": seconds(window.start), "to": seconds(window.end), "there": stated(window.mos), "mos": mos}


def _placed(facts: Facts) -> tuple[FaultFact, ...]:
    return tuple(fault for fault in facts.faults if fault.spans)


def worst_time(question: Question, facts: Facts) -> Selected:
    """The worst window of a long clip; of a short one the moments of its worst fault that has any."""
    if len(facts.windows) > 1:
        worst = facts.worst_window
        said = _window_facts(worst, facts.stated("mos"))
        if facts.constant:
            return Selected("worst-time", "constant", said)
        return Selected("worst-time", "window", said, faults=heard_in(facts, (worst.start, worst.end))[:1])
    placed = _placed(facts)
    return Selected("worst-time", "moment", faults=placed[:1]) if placed else Selected("worst-time", "whole")


def constancy(question: Question, facts: Facts) -> Selected:
    """Whether a clip is the same all through: its windows are alike, and no fault comes and goes."""
    placed = tuple(fault for fault in _placed(facts) if fault.certain)
    lead = verdict(not placed and facts.constant, question.closed, question.negated)
    if len(facts.windows) > 1 and not facts.constant:
        worst, best = facts.worst_window, facts.best_window
        said = {"from": seconds(worst.start), "to": seconds(worst.end), "there": stated(worst.mos)}
        said |= {"best": stated(best.mos), "best_from": seconds(best.start), "best_to": seconds(best.end)}
        return Selected("constancy", "changes", said, verdict=lead)
    if placed:
        return Selected("constancy", "comes", faults=placed[:1], verdict=lead)
    if len(facts.windows) > 1:
        said = {"worst": stated(facts.worst_window.mos), "best": stated(facts.best_window.mos)}
        return Selected("constancy", "constant", said, verdict=lead)
    return Selected("constancy", "short", verdict=lead)


def part(question: Question, facts: Facts) -> Selected:
    """How a part of a clip sounds: the MOS of the windows it lies in and what is heard there."""
    start, end = _asked_span(question, facts)
    if start >= facts.seconds:
        return Selected("part", "outside", {"seconds": seconds(facts.seconds)})
    inside = [w for w in facts.windows if w.start < end and w.end > start]
    heard = heard_in(facts, (start, end))
    if not inside:
        return Selected("part", "silent", {"from": seconds(start), "to": seconds(end)})
    if len(facts.windows) == 1:
        said = {"mos": facts.stated("mos"), "from": seconds(start), "to": seconds(min(end, facts.seconds))}
        placed = tuple(fault for fault in heard if fault.spans)
        if not placed:
            return Selected("part", "whole", said)
        return Selected("part", "moments", said, faults=tuple(_cut(fault, (start, end)) for fault in placed[:2]))
    widths = [min(end, w.end) - max(start, w.start) for w in inside]
    mos = sum(w.mos * width for w, width in zip(inside, widths, strict=True)) / sum(widths)
    said = {"from": seconds(inside[0].start), "to": seconds(inside[-1].end), "there": stated(mos)}
    said |= {"mos": facts.stated("mos")}
    return Selected("part", "fault" if heard else "window", said, faults=heard[:2])


def _asked_span(question: Question, facts: Facts) -> Span:
    length = facts.seconds
    if question.seconds:
        first, last = min(question.seconds), max(question.seconds)
        return (first, last) if last > first else (max(0.0, first - AROUND), first + AROUND)
    spans = {"beginning": (0.0, EDGE * length), "end": ((1 - EDGE) * length, length)}
    return spans.get(question.part or "", (EDGE * length, (1 - EDGE) * length))


def heard_in(facts: Facts, span: Span) -> tuple[FaultFact, ...]:
    """The faults heard in a part of the clip; those that are there all along, too."""
    return tuple(f for f in facts.faults if f.lasting or any(a < span[1] and b > span[0] for a, b in f.spans))


def _cut(fault: FaultFact, span: Span) -> FaultFact:
    """A fault with those of its spans that lie in a part."""

    def inside(spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(s for s in spans if s[0] < span[1] and s[1] > span[0])

    return replace(fault, moments=inside(fault.moments), stretches=inside(fault.stretches))


def timeline(facts: Facts) -> Selected | None:
    """What happens when in a long clip: its best and its worst window; None where there is one, or all are alike."""
    if len(facts.windows) < 2 or facts.constant:
        return None
    worst, best = facts.worst_window, facts.best_window
    said = {"worst": stated(worst.mos), "worst_span": span_text((worst.start, worst.end))}
    said |= {"best": stated(best.mos), "best_span": span_text((best.start, best.end))}
    return Selected("timeline", "changes", said)
