"""Facts about drop-outs: how long, how much, the first, the last, those of a part. One list of them serves all
questions: `Facts.interruption`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sqllm.words.facts import INTERRUPTIONS, Facts, FaultFact, Span
from sqllm.words.questions import Question
from sqllm.words.selection.references import cut_out
from sqllm.words.selection.selected import Selected, seconds, span_text, verdict
from sqllm.words.selection.text import NEGATIVE, REFERENCE, has, plain, span_in

MOST_LISTED = 12
AROUND = 0.5  # s on both sides of a moment that is asked for
_NAMED = (
    r"drop-? ?outs?|gaps?|cut-? ?outs?|interruptions?|breaks?|loss(?:es)?|lost|mutes?|muted|holes?|skips?|outages?"
    r"|missing|dropped|gone|breakups?"
)
_GONE = r"lost|missing|gone|cut (?:out|away|off)|dropped|loss"
_LONGEST, _SHORTEST = r"longest|biggest|largest|max(?:imum)?", r"shortest|smallest|briefest|min(?:imum)?"
_TOTAL = r"in total|total|altogether|all together|in all|sum|combined|add up|together"
_EACH = (
    r"each|every|start and end|begin(?:ning)? and end|begin and end|from when to when|durations|lengths|ranges|spans"
)
_HOW_MUCH = re.compile(
    rf"\b(?:how much|what (?:share|percent\w*|part|fraction|proportion|amount)|share|percent\w*|rate|ratio|how many "
    rf"(?:seconds|percent|words|packets))\b.*\b(?:{_GONE})\b|\b(?:{_GONE})\b.*\b(?:rate|ratio|percent\w*|share)\b"
)
_WHEN = re.compile(rf"\b(?:when|where|at (?:which|what)|what times?|list|show)\b.*\b(?:{_GONE})\b")
_ANY = re.compile(
    rf"\b(?:is|was|were|are|has|did)\b.*\b(?:any|anything|some|something|speech|words?)\b.*\b(?:{_GONE})\b"
)
_WHAT = re.compile(rf"\bwhat(?:'s| is| was| has been| got)\b.*\b(?:{_GONE})\b")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NTH = re.compile(rf"\b({'|'.join(_ORDINALS)})\b(?! (?:half|third|quarter|part|seconds?|minute|word|sentence))")
_FIRST, _LAST = r"first|earliest", r"last|final|latest"
_REGULAR = r"periodic\w*|regular\w*|how far apart|evenly spaced|spacing|intervals? between"
_PAUSE = r"pauses?|silences?|silent (?:parts?|stretch\w*|places?)|quiet (?:parts?|stretch\w*)|silence"
_OTHER_LOSS = r"hearing loss|high.?frequenc\w*|highs|lows|treble|bass|lossy|lossless|quality lost|lose"


@dataclass(frozen=True)
class Losses:
    """The drop-outs of a clip: `fault`, None for none."""

    fault: FaultFact | None

    @classmethod
    def of(cls, facts: Facts) -> Losses:
        return cls(facts.interruption)

    @property
    def spans(self) -> tuple[Span, ...]:
        return self.fault.moments if self.fault else ()

    @property
    def total(self) -> float:
        return sum(end - start for start, end in self.spans)


def losses(question: Question, facts: Facts) -> Selected | None:
    """What a question wants to know of drop-outs besides whether there are any; None for any other question."""
    text = plain(question)
    if has(text, _OTHER_LOSS) or question.family in ("dominant", "origin", "fix", "noise-or-codec"):
        return None
    if has(text, _PAUSE) and not has(text, r"drop-? ?outs?|gaps?|cut-? ?outs?|loss|digital"):
        return pauses(text, facts)
    if not has(text, _NAMED) and not _follows_up(question, text):
        return None
    if facts.state == "other" and has(text, REFERENCE):
        return Selected("reference-difference", "other")
    return _share(question, text, facts) or _of_spans(question, text, Losses.of(facts), facts)


def _follows_up(question: Question, text: str) -> bool:
    """Whether a question is for drop-outs that the one before it named ("How long is the longest?")."""
    about = not question.kinds or bool({*question.kinds} & {*INTERRUPTIONS})
    where = question.family in ("when", "count", "measurement", "severity", "presence", "cannot-tell", "unclear")
    plural = re.search(
        r"\b(?:they|each|the (?:longest|shortest|first|last|second) one|the longest|the shortest)\b", text
    )
    other = has(text, r"pause|silence|clip|file|recording|sentence|word|part|window|reference|listeners?|dimensions?")
    return about and where and bool(plural) and not other


def _share(question: Question, text: str, facts: Facts) -> Selected | None:
    """How much of the speech is gone, where that is asked; exact with a reference only."""
    if question.family == "when":
        return None
    whether = _ANY.search(text) is not None
    if not (_HOW_MUCH.search(text) or _WHAT.search(text) or whether) or has(text, f"{_LONGEST}|{_SHORTEST}"):
        return None
    found, match = Losses.of(facts), facts.match
    lead = verdict(bool(found.spans), True) if whether and question.closed and not NEGATIVE.search(text) else ""
    what = "packets" if has(text, r"packets?") and not whether else "speech"
    if match is not None and facts.state in ("same", "identical"):
        cut = cut_out(match)
        if not found.spans and cut:
            share = Selected("losses", "share alone", {"share": _percent(match.share_lost)})
            return replace(cut, verdict=verdict(True, bool(lead))).and_then(share if match.share_lost else None)
        if not found.spans:
            return Selected("losses", "nothing lost", absent=INTERRUPTIONS, verdict=lead)
        said = _figures(found) | {"share": _percent(match.share_lost)}
        if cut:
            return Selected("losses", "share cut", said, verdict=lead).and_then(cut)
        if not match.lost:
            return Selected("losses", "covered", said, verdict=lead)
        case = "share packets" if what == "packets" else "share"
        concealed = any(not _touches(span, match.lost) for span in found.spans)
        return Selected("losses", f"{case} concealed" if concealed else case, said, verdict=lead)
    if not found.spans:
        return _none(facts, lead)
    return Selected("losses", f"unknown {what}", _figures(found), verdict=lead)


def _touches(span: Span, others: Sequence[Span]) -> bool:
    return any(start < span[1] and end > span[0] for start, end in others)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.0095 else f"{100 * share:.1f}%"


def _none(facts: Facts, lead: str = "") -> Selected:
    """That no drop-out is known; of one that is heard at times that can't be told, that."""
    heard = next((fault for fault in facts.faults if fault.kind in INTERRUPTIONS), None)
    if heard is not None:
        return Selected("when", "unplaced", faults=(heard,))
    return Selected("losses", "none", absent=INTERRUPTIONS, verdict=lead)


def listed(spans: Sequence[Span]) -> dict[str, str]:
    """How many spans there are, and which, the first of many."""
    told, more = ", ".join(f"{span_text(span)} s" for span in spans[:MOST_LISTED]), len(spans) - MOST_LISTED
    places = "1 place" if len(spans) == 1 else f"{len(spans)} places"
    return {"places": places, "list": f"{told} and {more} more" if more > 0 else told}


def _figures(found: Losses) -> dict[str, str]:
    return {"total": f"{found.total:.1f} s"} | listed(found.spans)


def _of_spans(question: Question, text: str, found: Losses, facts: Facts) -> Selected | None:
    """One of the drop-outs, all of them with their ends, or those of a part."""
    numbered = _numbered(question, text, found)
    if numbered is not None:
        return numbered
    asked = _asked_of_spans(question, text, facts)
    if asked is None:
        return None
    if not found.spans:
        return _none(facts)
    spans = found.spans
    said = _figures(found)
    if isinstance(asked, tuple):
        return _inside(question, text, found, asked)
    one = {
        "longest": max(spans, key=_length),
        "shortest": min(spans, key=_length),
        "first": spans[0],
        "last": spans[-1],
    }.get(asked)
    if one is not None:
        return Selected("losses", "only" if len(spans) == 1 else asked, said | _one(one))
    if asked == "total" or len(spans) > 1 or asked == "regular":
        return Selected("losses", _case_of(asked, spans), said | (_steps(spans) if asked == "regular" else {}))
    return Selected("losses", "only", said | _one(spans[0]))


def _numbered(question: Question, text: str, found: Losses) -> Selected | None:
    """The second, third ... of the drop-outs, or which of two of them is longer; None where none is named by number."""
    places = [_ORDINALS.index(match[1]) for match in _NTH.finditer(text)]
    if not places or places == [0] or max(places) >= len(found.spans):
        return None
    if len(places) == 1:
        return Selected("losses", "nth", _one(found.spans[places[0]]) | {"nth": _ORDINALS[places[0]]})
    one, other = (found.spans[place] for place in places[:2])
    longer, shorter = has(text, "longer|bigger"), has(text, "shorter|smaller")
    decided = question.closed and longer != shorter and not NEGATIVE.search(text)
    more = _length(one) > _length(other) if longer else _length(one) < _length(other)
    said = {"nth": _ORDINALS[places[0]], "other_nth": _ORDINALS[places[1]]} | _one(one)
    said |= {f"other_{name}": value for name, value in _one(other).items()}
    return Selected("losses", "two", said, verdict=verdict(more, decided))


def _length(span: Span) -> float:
    return round(span[1] - span[0], 3)


def _case_of(asked: str, spans: Sequence[Span]) -> str:
    if asked == "total":
        return "total"
    return "steps" if asked == "regular" and len(spans) > 2 else "each"


def _one(span: Span) -> dict[str, str]:
    return {"length": f"{span[1] - span[0]:.1f} s", "span": f"{span_text(span)} s"}


def _steps(spans: Sequence[Span]) -> dict[str, str]:
    """How far apart the beginnings of drop-outs are."""
    steps = [later[0] - earlier[0] for earlier, later in pairwise(spans)]
    return {"least": seconds(min(steps)), "most": seconds(max(steps))} if steps else {}


def _asked_of_spans(question: Question, text: str, facts: Facts) -> str | Span | None:
    """Which of the drop-outs a question wants: longest, shortest, total, first, last, regular, each, or a part."""
    part = _part(question, text, facts)
    if part and question.family in ("count", "presence", "when", "part", "severity", "worst-time"):
        return part
    if has(text, _LONGEST) or has(text, _SHORTEST):
        return "longest" if has(text, _LONGEST) else "shortest"
    long = has(text, r"how long|durations?|lengths?|how many (?:seconds|ms|milliseconds)(?! in)|last for")
    if has(text, _REGULAR):
        return "regular"
    if has(text, _TOTAL) and (long or has(text, r"time|seconds|gaps|drop-?outs|lost")):
        return "total"
    if has(text, _EACH) or (long and has(text, rf"{_NAMED}|they")) or _WHEN.search(text):
        return "each"
    counted = question.family in ("when", "worst-time", "off-topic", "count", "measurement", "unclear", "cannot-tell")
    if counted and has(text, rf"(?:{_FIRST}) (?:one|{_NAMED})|the (?:{_FIRST})") and not has(text, "how many"):
        return "first"
    return "last" if counted and has(text, rf"(?:{_LAST}) (?:one|{_NAMED})") else None


def _part(question: Question, text: str, facts: Facts) -> Span | None:
    named = span_in(text, facts.seconds)
    if named or not question.seconds or not has(text, _NAMED):
        return named if has(text, _NAMED) else None
    first, last = min(question.seconds), max(question.seconds)
    return (first, last) if last > first else (max(0.0, first - AROUND), first + AROUND)


def _inside(question: Question, text: str, found: Losses, part: Span) -> Selected:
    """The drop-outs of a part of the clip: how many and which."""
    inside = tuple(span for span in found.spans if span[0] < part[1] and span[1] > part[0])
    said = {"from": seconds(part[0]), "to": seconds(part[1])}
    lead = verdict(bool(inside), question.closed and question.family in ("presence", "part"), has(text, "free of|no"))
    lead = "" if NEGATIVE.search(text.replace("free of", "")) else lead
    if not inside or found.fault is None:
        return Selected("losses", "none inside", said, absent=INTERRUPTIONS, verdict=lead)
    said |= _figures(replace(found, fault=replace(found.fault, moments=inside)))
    return Selected("losses", "inside", said, verdict=lead)


def pauses(text: str, facts: Facts) -> Selected | None:
    """Stretches without speech: the longest, or all; None where something else is asked of silence."""
    spans = facts.speech.spans
    between = [(one[1], other[0]) for one, other in pairwise(spans)]
    edges = [(0.0, spans[0][0]), (spans[-1][1], facts.speech.duration)] if spans else []
    found = sorted(span for span in (*between, *edges) if span[1] - span[0] >= 0.1)
    if not has(text, rf"{_LONGEST}|how long|is there|are there|when|where|any|how many"):
        return None
    if not found:
        return Selected("losses", "no pause")
    longest = max(found, key=lambda span: span[1] - span[0])
    return Selected("losses", "pause", _one(longest) | {"count": str(len(found))})
