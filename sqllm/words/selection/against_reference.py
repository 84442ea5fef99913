"""Facts that answer for one thing against the reference: louder or quieter, longer, faster, noisier; and the figures of
the reference itself.

A yes or no is given only where the question names a direction, sameness or a change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqllm.scores import Measures
from sqllm.words.facts import Facts
from sqllm.words.questions import Question
from sqllm.words.selection.losses import listed
from sqllm.words.selection.measured import NARROWEST_WIDE_HERTZ, WIDE_HERTZ, figure_of
from sqllm.words.selection.references import cut_out
from sqllm.words.selection.selected import Selected, verdict
from sqllm.words.selection.text import NEGATIVE, REFERENCE, has, plain

COMPARING = frozenset({"reference-difference", "same-reference"})  # families that are about the reference, named or not
_MORE, _LESS = r"higher|greater|bigger|larger|more|increased|raised", r"lower|smaller|less|reduced|decreased|fewer"
_SAME = r"same|equal(?:ly)?|identical|unchanged|matche?s?|as \w+ as"
_CHANGED = r"changed?|differs?|different|differences?|another"
_OF_IT = re.compile(
    rf"\bof the {REFERENCE}\b|\b{REFERENCE}'s\b|\b(?:does|did|do|has|had|is|was) the {REFERENCE}\b"
    rf"|\b(?:in|for) the {REFERENCE}\b|\b{REFERENCE} (?:have|has|had|get|gets|measures?)\b|\bof its {REFERENCE}\b"
)
_AGAINST = (
    r"than|compared|against|relative|versus|vs|differ\w*|change\w*|match\w*|same|missing|lost|added|from the|late|early"
    r"|belongs?|fits?|identical|lag|delay|with"
)
_CLIP_IS_LESS = re.compile(
    rf"\b(?:does|did|has|had|is|was|are) the {REFERENCE}\b|\bthan (?:the|this|my) (?!{REFERENCE})"
)


@dataclass(frozen=True)
class _Aspect:
    """What can be compared: words that ask whether there is more or less of it, and for the thing itself."""

    more: str
    less: str
    named: str


ASPECTS: Mapping[str, _Aspect] = {
    "noise": _Aspect(
        r"noisier|hissier|more (?:background )?(?:noise|hiss|hum)|less clean|dirtier|(?:lower|worse) snr",
        r"cleaner|less (?:background )?(?:nois\w+|hiss|hum)|quieter background|(?:higher|better) snr",
        r"noise|noisy|snr|signal-to-noise|noise floor|background|hiss",
    ),
    "level": _Aspect(r"louder|stronger|hotter", r"quieter|softer|fainter|weaker", r"level|volume|loudness|loud|gain"),
    "width": _Aspect(
        r"wider|brighter|broader|crisper",
        r"narrower|duller|darker|muffled|more (?:muffled|band.?limited)|low.?passed",
        r"bandwidth|band|wide|treble|highs?|high.?frequenc\w+|bright|dull",
    ),
    "length": _Aspect(r"longer", r"shorter|truncated", r"length|duration|long|seconds"),
    "speed": _Aspect(r"faster|quicker|sped up", r"slower|slowed(?: down)?", r"speed|tempo|pace|fast|slow"),
    "clipped": _Aspect(r"more clipp\w+|more overdriven", r"less clipp\w+", r"clipp\w+|overload\w*|overdriven"),
    "lag": _Aspect(
        r"later?|delayed|behind|lagg?ing|lags?",
        r"earlier|early|ahead",
        r"lag|delay|offset|shift\w*|time difference|sync\w*|aligned",
    ),
}


@dataclass(frozen=True)
class _Compared:
    """How much more a clip has than its reference (`gap`: 0 within what the measures are certain to), in words."""

    gap: float
    facts: dict[str, str]


def compared(question: Question, facts: Facts) -> Selected | None:
    """The one thing that a question compares with the reference; None where it names none that is measured."""
    text = plain(question)
    alike = facts.match is not None and has(text, r"same (?:length|duration|speed|tempo|pace|bandwidth|delay)")
    if not (has(text, REFERENCE) or alike or question.family in COMPARING):
        return None
    aspect = next((name for name, words in ASPECTS.items() if _asks_for(words, text)), None)
    if aspect is None or has(text, r"mos|quality|better|worse|score"):
        return None
    if facts.state in ("none", "other"):
        return Selected("reference-difference", facts.state)
    other = facts.measures if facts.state == "identical" else facts.reference
    found = None if other is None else _COMPARED[aspect](facts, other)
    if found is None:
        return None
    case = "alike" if not found.gap else "more" if found.gap > 0 else "less"
    told = Selected("against-reference", f"{aspect} {case}", found.facts, verdict=_lead(question, text, aspect, found))
    return told.and_then(cut_out(facts.match) if aspect in ("length", "lag") else None)


def added(question: Question, facts: Facts) -> Selected | None:
    """Where there is sound that the reference has not, where that is asked and something was found."""
    text = plain(question)
    if not has(text, r"added|inserted|additional|extra") or not (
        has(text, REFERENCE) or has(text, r"sounds?|what|when")
    ):
        return None
    if facts.match is None or facts.state != "same" or not facts.match.added or has(text, r"noise|how much"):
        return None
    return Selected("added", "some", listed(facts.match.added))


def _asks_for(aspect: _Aspect, text: str) -> bool:
    return has(text, f"{aspect.more}|{aspect.less}|{aspect.named}")


def _lead(question: Question, text: str, aspect: str, found: _Compared) -> str:
    """Yes or no where the question names what would make it so, in words that are not negative."""
    words = ASPECTS[aspect]
    of_more = has(text, words.more) or (has(text, _MORE) and has(text, words.named))
    of_less = has(text, words.less) or (has(text, _LESS) and has(text, words.named))
    if not question.closed or NEGATIVE.search(text) or re.search(r"\d", text) or has(text, r"much|too|enough|so|only"):
        return ""
    gap = -found.gap if _CLIP_IS_LESS.search(text) else found.gap
    if of_more != of_less:
        return verdict(gap > 0 if of_more else gap < 0, True)
    if has(text, _SAME):
        return verdict(not gap, True)
    return verdict(bool(gap), True) if has(text, _CHANGED) else ""


def _gap(one: float, other: float, certain: float) -> float:
    return one - other if abs(one - other) >= certain else 0.0


def _level(facts: Facts, other: Measures) -> _Compared | None:
    one, two = facts.measures.active_level_dbov, other.active_level_dbov
    if one is None or two is None:
        return None
    said = {"level": f"{one:.1f} dBov", "other": f"{two:.1f} dBov", "away": f"{abs(one - two):.1f} dB"}
    return _Compared(_gap(one, two, 0.5), said)


def _noise(facts: Facts, other: Measures) -> _Compared | None:
    """Noisier is what lies less far below the speech; a clip that was only turned up is not."""
    floors = facts.measures.noise_floor_dbov, other.noise_floor_dbov
    levels = facts.measures.active_level_dbov, other.active_level_dbov
    if levels[0] is None or levels[1] is None:
        return None
    said = {"floor": f"{floors[0]:.0f} dBov", "other": f"{floors[1]:.0f} dBov"}
    gap = _gap(floors[0] - levels[0], floors[1] - levels[1], 4.0)
    return _Compared(0.0 if max(floors) < -80 else gap, said)


def _width(facts: Facts, other: Measures) -> _Compared:
    one, two = (measures.bandwidth_hz or WIDE_HERTZ for measures in (facts.measures, other))
    return _Compared(_gap(one, two, 600), {"width": _hertz(facts.measures), "other": _hertz(other)})


def _hertz(measures: Measures) -> str:
    width = measures.bandwidth_hz
    return f"{WIDE_HERTZ / 1000:.1f} kHz or more" if width is None else f"{width / 1000:.1f} kHz"


def _length(facts: Facts, other: Measures) -> _Compared:
    one, two = facts.measures.seconds, other.seconds
    said = {"seconds": f"{one:.2f} s", "other": f"{two:.2f} s", "away": f"{abs(one - two):.2f} s"}
    return _Compared(_gap(one, two, 0.05), said)


def _speed(facts: Facts, other: Measures) -> _Compared | None:
    """By how much the clip runs faster, as far as one speed fits all of it."""
    if facts.match is None:
        return None
    return _Compared(_gap(0.0, facts.match.drift, 0.0005), {"drift": f"{100 * abs(facts.match.drift):.1f}%"})


def _clipped(facts: Facts, other: Measures) -> _Compared:
    one, two = facts.measures.clipped_percent, other.clipped_percent
    return _Compared(_gap(one, two, 0.2), {"clipped": f"{one:.1f}%", "other": f"{two:.1f}%"})


def _lag(facts: Facts, other: Measures) -> _Compared | None:
    if facts.match is None:
        return None
    return _Compared(_gap(facts.match.lag, 0.0, 0.005), {"lag": f"{abs(facts.match.lag):.2f} s"})


_COMPARED: Mapping[str, Callable[[Facts, Measures], _Compared | None]] = {
    "noise": _noise,
    "level": _level,
    "width": _width,
    "length": _length,
    "speed": _speed,
    "clipped": _clipped,
    "lag": _lag,
}

# Which measure a question for the reference itself names, the more special first.
_FIGURES: Mapping[str, str] = {
    "noise-floor": r"noise floor|noise level|level of (?:the )?noise",
    "snr": r"snr|signal.to.noise|nois[ey]\w*|clean|hiss\w*",
    "bandwidth": r"bandwidth|wide ?band|narrow ?band|how wide|muffled|band.?limited|khz wide|high frequencies|treble",
    "clipping": r"clipp\w+|overload\w*|overdriven|distorted peaks",
    "dc": r"dc(?: offset)?",
    "crest": r"crest(?: factor)?",
    "peak": r"peaks?|headroom",
    "sample-rate": r"sampl(?:e|ing) ?rate|sampled|khz|hz",
    "channels": r"channels?|mono|stereo",
    "format": r"format|file type|wav|flac|mp3|container",
    "duration": r"long|length|duration|lasts?|seconds",
    "gaps": r"gaps?|drop-?outs?|interruptions?|silences?",
    "level": r"level|loud\w*|quiet\w*|volume|dbov|dbfs|too soft|too low",
}


def of_reference(question: Question, facts: Facts) -> Selected | None:
    """A figure of the reference itself; None where the question is not for one."""
    text = plain(question)
    if (
        not _OF_IT.search(text)
        or has(text, f"{_AGAINST}|{_MORE}|{_LESS}")
        or any(has(text, f"{a.more}|{a.less}") for a in ASPECTS.values())
    ):
        return None
    named = question.measure if question.family == "measurement" and question.measure else None
    measure = next((name for name, words in _FIGURES.items() if has(text, words)), None)
    of_score = measure is None and has(text, r"mos|scores?|rating|good|bad|quality")
    measure = measure or named
    if facts.match is None:
        return Selected("reference-difference", "none")
    known = facts.measures if facts.state == "identical" else facts.reference
    if measure is None or of_score:
        return Selected("of-reference", "unrated") if of_score else None
    if known is None:
        return Selected("of-reference", "unknown")
    case, found = figure_of(measure, known)
    return Selected("of-reference", case, found, verdict=_figure_lead(question, text, measure, known))


def _figure_lead(question: Question, text: str, measure: str, known: Measures) -> str:
    """Yes or no to what a measure decides alone: clipped, narrowband, wideband, mono, stereo."""
    if not question.closed or NEGATIVE.search(text):
        return ""
    if measure == "clipping" and (known.clipped_percent >= 0.2 or known.clipped_percent < 0.05):
        return verdict(known.clipped_percent >= 0.2, True)
    if measure == "bandwidth" and has(text, r"narrow ?band|band.?limited|wide ?band"):
        wide = (known.bandwidth_hz or WIDE_HERTZ) >= NARROWEST_WIDE_HERTZ
        return verdict(wide == has(text, r"wide ?band"), True)
    if measure == "channels" and has(text, r"mono|stereo") and not has(text, "or"):
        return verdict(known.channels == (1 if has(text, "mono") else 2), True)
    return ""
