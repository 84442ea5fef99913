"""Facts that answer questions for what happens when: the worst moment, the whole clip, a part of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from sqllm.scores import stated
from sqllm.words.facts import Facts, FaultFact, Span, Window
from sqllm.words.limits import limit_in
from sqllm.words.questions import ACCEPTABLE_MOS, Question
from sqllm.words.selection.losses import listed
from sqllm.words.selection.selected import Selected, seconds, span_text, verdict
from sqllm.words.selection.text import NEGATIVE, has, plain, span_in

EDGE = 1 / 3  # of a clip: what is called its beginning and its end
AROUND = 0.5  # s on both sides of a moment that is asked for
LEAST_SWING = 0.2  # MOS from which one part is better than another
_STRETCH = (
    r"parts?|moments?|windows?|sections?|stretch(?:es)?|bits?|places?|passages?|seconds|minutes?|segments?|half|third"
)
_BEST = re.compile(rf"\bbest\b (?:\w+ ){{0,2}}(?:{_STRETCH})\b|\b(?:{_STRETCH})\b.*\bbest\b|\bwh(?:en|ere)\b.*\bbest\b")
_PART_NAMED = re.compile(
    r"\b(?:(first|second|last|1st|2nd) (half|third|quarter)|(start|beginning|opening)|(end|ending)|(middle))\b"
)
_HOW_MANY_PARTS = re.compile(
    r"\b(?:how many|what (?:share|percent\w*|number)|which)\b.*"
    r"\b(?:windows|parts|sections|segments|stretches|chunks|passages)\b"
)
_COMPARES = r"better|worse|best|worst|cleaner|noisier|(?:higher|lower) (?:mos|score|quality)"


_EDGES: Mapping[str, Callable[[float], Span]] = {
    "beginning": lambda length: (0.0, EDGE * length),
    "middle": lambda length: (EDGE * length, (1 - EDGE) * length),
    "end": lambda length: ((1 - EDGE) * length, length),
}


def _window_facts(window: Window, mos: str) -> dict[str, str]:
    return {"from": seconds(window.start), "to": seconds(window.end), "there": stated(window.mos), "mos": mos}


def _placed(facts: Facts) -> tuple[FaultFact, ...]:
    return tuple(fault for fault in facts.faults if fault.spans)


def worst_time(question: Question, facts: Facts) -> Selected:
    """The worst window of a long clip; of a short one the longest moment of its worst fault that has any."""
    if len(facts.windows) > 1:
        worst = facts.worst_window
        said = _window_facts(worst, facts.stated("mos"))
        if facts.constant:
            return Selected("worst-time", "constant", said)
        return Selected("worst-time", "window", said, faults=heard_in(facts, (worst.start, worst.end))[:1])
    placed = _placed(facts)
    if not placed:
        return Selected("worst-time", "whole")
    fault = placed[0]
    if len(fault.moments) > 1:
        longest = max(fault.moments, key=lambda span: round(span[1] - span[0], 3))
        return Selected("worst-time", "moment", faults=(replace(fault, moments=(longest,)),))
    return Selected("worst-time", "moment", faults=(fault,))


def best_time(question: Question, facts: Facts) -> Selected | None:
    """The best window, where a question asks for the best part; None for any other question."""
    text = plain(question)
    if not _BEST.search(text) or has(text, r"worst|fix|dimension|score|use|practice") or _PART_NAMED.search(text):
        return None
    best = facts.best_window
    if len(facts.windows) < 2:
        return Selected("best-time", "whole", {"mos": facts.stated("mos")})
    return Selected("best-time", "constant" if facts.constant else "window", _window_facts(best, facts.stated("mos")))


def counted_parts(question: Question, facts: Facts) -> Selected | None:
    """How many windows of a long clip are below a score, or above; None where that is not asked."""
    text = plain(question)
    if len(facts.windows) < 2 or not _HOW_MANY_PARTS.search(text):
        return None
    limit = limit_in(text)
    low = has(text, "bad|poor|worse|below|under|unacceptable|unusable|annoying|noisy|damaged|fail")
    if limit is None and not low and not has(text, "good|fine|acceptable|above|usable|ok|okay|clean"):
        return None
    below = limit.side in ("below", "at most") if limit else low
    value = limit.value if limit else ACCEPTABLE_MOS
    inside = [w for w in facts.windows if (w.mos < value if below else w.mos >= value)]
    said = {"count": str(len(inside)), "all": str(len(facts.windows)), "limit": f"{value:.1f}"}
    if inside:
        said["list"] = listed([(w.start, w.end) for w in inside])["list"]
    return Selected("windows", f"{'below' if below else 'above'}{'' if inside else ' none'}", said)


def compared_parts(question: Question, facts: Facts) -> Selected | None:
    """Which of two parts of a clip is better: its halves, or its beginning and its end; else None."""
    text = plain(question)
    named = list(_PART_NAMED.finditer(text))
    either = has(text, r"which half")
    if not (named or either) or not has(text, _COMPARES) or has(text, r"reference|original"):
        return None
    spans = [_span_named(match, facts.seconds) for match in named[:2]] or [(0.0, facts.seconds / 2)]
    if len(spans) < 2:
        spans.append(_opposite(spans[0], facts.seconds))
    values = [mos_between(facts, span) for span in spans]
    if len(facts.windows) < 2 or None in values:
        return Selected("parts", "whole", {"mos": facts.stated("mos")})
    one, other = (value or 0.0 for value in values)
    said = {"one_span": f"{span_text(spans[0])} s", "other_span": f"{span_text(spans[1])} s"}
    said |= {"one": stated(one), "other": stated(other)}
    alike = abs(one - other) < LEAST_SWING
    better, worse = has(text, r"better|best|cleaner|higher"), has(text, r"worse|worst|noisier|lower")
    decided = question.closed and not either and better != worse and not NEGATIVE.search(text)
    lead = verdict(not alike and (one > other) == better, decided)
    return Selected("parts", "alike" if alike else "better" if one > other else "worse", said, verdict=lead)


def _span_named(match: re.Match[str], length: float) -> Span:
    if match[2]:
        return span_in(match[0], length) or (0.0, length)
    return _EDGES["beginning" if match[3] else "end" if match[4] else "middle"](length)


def _opposite(span: Span, length: float) -> Span:
    """What a part is compared with where only one is named: the other half, else all the rest on the longer side."""
    return (span[1], length) if span[0] < length - span[1] else (0.0, span[0])


def mos_between(facts: Facts, span: Span) -> float | None:
    """The MOS of a part of a clip: that of its windows by what they share with it; None where it holds none."""
    inside = [w for w in facts.windows if w.start < span[1] and w.end > span[0]]
    widths = [min(span[1], w.end) - max(span[0], w.start) for w in inside]
    return sum(w.mos * width for w, width in zip(inside, widths, strict=True)) / sum(widths) if inside else None


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
            return Selected("part", "lasting" if heard else "whole", said, faults=heard[:2])
        return Selected("part", "moments", said, faults=tuple(_cut(fault, (start, end)) for fault in placed[:2]))
    mos = mos_between(facts, (start, end)) or facts.mos
    first, last = max(start, inside[0].start), min(end, inside[-1].end)
    if len(question.seconds) == 1 and end - start <= 2 * AROUND:  # of a moment, the window that it lies in is told
        first, last = inside[0].start, inside[-1].end
    said = {"from": seconds(first), "to": seconds(last), "there": stated(mos)}
    said |= {"mos": facts.stated("mos")}
    return Selected("part", "fault" if heard else "window", said, faults=heard[:2])


def _asked_span(question: Question, facts: Facts) -> Span:
    if named := span_in(plain(question), facts.seconds):
        return named
    if question.seconds:
        first, last = min(question.seconds), max(question.seconds)
        return (first, last) if last > first else (max(0.0, first - AROUND), first + AROUND)
    return _EDGES.get(question.part or "", _EDGES["middle"])(facts.seconds)


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
