"""What an answer claims against the facts, read by other means than those that checked it before it was shown.

The check before showing (`words.fact_check`) knows the sentences that can be said. This one knows none of them: it
finds numbers, kinds, times, counts, categories and verdicts by plain patterns of its own, and compares them with the
facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from sqllm.scores import Score
from sqllm.words.facts import Facts, FaultFact
from sqllm.words.limits import Limit
from sqllm.words.questions import ACCEPTABLE_MOS, USES, Question

HALF_A_TENTH = 0.051
SCALE = ("bad", "poor", "fair", "good", "excellent")
# Words that can only mean one of these kinds.
KIND_WORDS: Mapping[str, tuple[str, ...]] = {
    r"background noise|noise behind the voice": ("background-noise",),
    r"hum(?:ming)?": ("hum",),
    r"(?:second|another|competing) (?:voice|talker)": ("competing-speaker",),
    r"packet loss(?:es)?|lost packets?": ("packet-loss",),
    r"time clipping|cut-outs?|chopped": ("time-clipping",),
    r"drop-outs?": ("packet-loss", "time-clipping"),
    r"clipped peaks|overload distortion": ("amplitude-clipping",),
    r"(?:codec|coding) (?:distortion|artifacts|colouring)": ("codec",),
    r"denoiser artifacts": ("noise-suppression",),
    r"reverberation|room sound": ("reverberation",),
    r"muffled|narrow(?: telephone-like)? band|band limitation": ("band-limited",),
    r"(?<!no )echo(?:es)?": ("echo",),
    r"level (?:changes?|jumps?)|volume jumps?|change of level": ("level-change",),
    r"clicks?|pops|crackling": ("clicks",),
    r"interfer\w+": ("interference",),
}
_DENIED = re.compile(
    r"\b(?:no|not|nor|without|free of|were it not for|mending|mended|neither|whether|is|means|or|rather than)\b[^.;:]*$"
)
_MOS = re.compile(r"\bMOS(?: is| of)? (\d\.\d\d?)(?! instead)")
_RESULT = re.compile(r"\b(?:reach|rise to|get|bring it to|become|MOS from \d\.\d\d? to) (\d\.\d)\b")
_NAMED = re.compile(r"\b(noisiness|coloration|discontinuity|loudness)(?: is| at| of)*(?: lowest at)? (\d\.\d\d?)\b")
_TIMES = re.compile(r"((?:\d+\.\d(?:, and |, from |, | and from | and | to )?)+) s\b")
_PART_DENIED = re.compile(r"\bbetween (\d+\.\d) and (\d+\.\d) s I hear no\b", re.IGNORECASE)
_PARTS_COMPARED = re.compile(r"\b(?:is better than|is worse than|both are about the same)\b")
_OF_REFERENCE = re.compile(r"^(?:(?:yes|no), )?(?:in the reference,|I rated the clip and not)", re.IGNORECASE)
_ASKED_PART = re.compile(r"\bbetween \d+\.\d and \d+\.\d s (?=I hear drop-outs in|as from beginning)", re.IGNORECASE)
_LASTING = re.compile(r"\b(?:lasts?|long|in all|together|after each other|in \d+ places?)\b")
_SAME_SPEECH = re.compile(r"\bsame|belong|other speech|identical\b")
_COUNT = re.compile(r"\b(\w+) times\b")
_NUMBERS = re.findall(r"\w+", "zero one two three four five six seven eight nine ten eleven twelve")
_WORD_OF_MOS = re.compile(rf"\b({'|'.join(SCALE)})\b(?! (?:enough|side|level|or worse|or better|for|as))")


def false_claims(text: str, question: Question, facts: Facts) -> list[str]:
    """Everything in an answer that is against the facts, a few words each; empty where nothing is found."""
    if question.family in ("term", "off-topic", "other-language"):
        return []
    checks = (_false_verdict, _false_scores, _false_category, _false_kinds, _false_counts, _false_times)
    return [wrong for check in (*checks, _false_reference) for wrong in check(text, question, facts)]


def _near(value: float, *others: float) -> bool:
    return any(abs(value - other) <= HALF_A_TENTH for other in others)


def _false_scores(text: str, question: Question, facts: Facts) -> Iterator[str]:
    if not facts.scores:
        return
    parts = [round(window.mos, 2) for window in facts.windows]
    middle = parts and (question.family == "part" or _PARTS_COMPARED.search(text))
    for value in map(float, _MOS.findall(text.replace("ends at a MOS of 4.5", ""))):
        if middle and min(parts) - HALF_A_TENTH <= value <= max(parts) + HALF_A_TENTH:
            continue
        if not _near(value, round(facts.scores["mos"].mean, 2), *parts):
            yield f"MOS {value}"
    for name, value in _NAMED.findall(text):
        if not _near(float(value), round(facts.scores[name].mean, 2)):
            yield f"{name} {value}"
    for value in map(float, _RESULT.findall(text)):
        whole = (facts.mended_wholly,) if question.all_at_once else ()
        if not any(_near(value, mended) for mended in (*whole, *(fault.mended for fault in facts.faults))):
            yield f"mended {value}"


def _false_category(text: str, question: Question, facts: Facts) -> Iterator[str]:
    if not facts.scores or question.family in ("dim-numeric", "dim-categorical", "other-scale", "confidence"):
        return
    edges = (1.5, 2.5, 3.5, 4.5)
    mean = round(facts.scores["mos"].mean, 2)
    word = SCALE[sum(mean >= edge for edge in edges)]
    for sentence in re.split(r"(?<=[.;]) ", text):
        if re.search(r"\bMOS\b", sentence):
            said = set(_WORD_OF_MOS.findall(sentence.lower().replace("best", "")))
            yield from (f"{wrong} at {mean}" for wrong in said - {word})


def _found(text: str) -> Iterator[tuple[re.Match[str], tuple[str, ...], bool]]:
    """Every kind a text names, and whether it denies it."""
    lowered = text.lower()
    for words, kinds in KIND_WORDS.items():
        for match in re.finditer(rf"\b(?:{words})\b", lowered):
            before = re.split(r"[.;:]\s", lowered[: match.start()])[-1]
            yield match, kinds, bool(_DENIED.search(before))


def _false_kinds(text: str, question: Question, facts: Facts) -> Iterator[str]:
    heard = {fault.kind for fault in facts.faults}
    sure = {fault.kind for fault in facts.faults if fault.certain}
    for match, kinds, denied in _found(text.replace("narrow band; delay", "")):
        if not denied and not heard & {*kinds}:
            yield f"names {match.group()}"
        if denied and (part := _PART_DENIED.search(text)):
            first, last = float(part[1]), float(part[2])
            kinds = tuple(fault.kind for fault in facts.faults if fault.kind in kinds and _inside(fault, first, last))
        outright = re.search(rf"\b(?:no|nor) (?:\w+ ){{0,2}}{re.escape(match.group())}", text.lower())
        if denied and outright and sure & {*kinds}:
            yield f"denies {match.group()}"


def _inside(fault: FaultFact, first: float, last: float) -> bool:
    return any(start < last and end > first for start, end in fault.spans)


def _counts(fault: FaultFact) -> set[str]:
    number = len(fault.spans)
    return {str(number), *_NUMBERS[number : number + 1]}


def _false_counts(text: str, question: Question, facts: Facts) -> Iterator[str]:
    """Counts that no fault has; of a part of a clip, at most as many as in the whole."""
    known = {word for fault in facts.faults for word in _counts(fault)}
    for word in _COUNT.findall(text.lower()):
        number = int(word) if word.isdigit() else _NUMBERS.index(word) if word in _NUMBERS else None
        if number is not None and question.family == "part":
            number = None if number <= max((len(f.spans) for f in facts.faults), default=0) else number
        if number is not None and word not in known:
            yield f"{word} times"


def _false_times(text: str, question: Question, facts: Facts) -> Iterator[str]:
    if question.family in ("measurement", "speech-share", "part", "listeners-needed") or _OF_REFERENCE.search(text):
        return
    text = _ASKED_PART.sub("", text)
    times = [edge for fault in facts.faults for span in fault.spans for edge in span]
    times += [edge for span in (facts.match.added if facts.match else ()) for edge in span]
    times += [figure for cut in (facts.match.removed if facts.match else ()) for figure in cut]
    times += _durations(facts) if _LASTING.search(text) else []
    times += [edge for window in facts.windows for edge in (window.start, window.end)]
    for value in (value for listed in _TIMES.findall(text) for value in re.findall(r"\d+\.\d", listed)):
        if not _near(float(value), *times):
            yield f"{value} s"


def _durations(facts: Facts) -> list[float]:
    """How long each moment of each fault is, all together, and from one to the next."""
    found = [end - start for fault in facts.faults for start, end in fault.spans]
    found += [sum(end - start for start, end in fault.spans) for fault in facts.faults]
    return found + [two[0] - one[0] for fault in facts.faults for one, two in pairwise(fault.spans)]


def _false_reference(text: str, question: Question, facts: Facts) -> Iterator[str]:
    about = ("same-reference", "reference-difference", "distinguishable", "other-scale")
    spoken_of = re.sub(r"\b(?:no|without a) reference\b", "", text, flags=re.IGNORECASE)
    if facts.state == "none" and re.search(r"\breference\b", spoken_of) and question.family not in about:
        yield "a reference"
    if facts.state != "identical" and re.search(r"\bidentical\b", text):
        yield "identical"


def _meets(limit: Limit, score: Score) -> bool:
    """Whether a score, or (`surely`) its 90% interval, lies where a question says; to the hundredth."""
    mean = round(score.mean, 2)
    low, high = score.interval() if limit.surely else (mean, mean)
    if limit.side in ("above", "at least"):
        return low > limit.value or (limit.side == "at least" and low == limit.value)
    if limit.side in ("below", "at most"):
        return high < limit.value or (limit.side == "at most" and high == limit.value)
    if limit.side == "between":
        return limit.value <= low <= high <= (limit.upper or limit.value)
    within = 0.25 if limit.side == "about" else 0.05
    return max(abs(low - limit.value), abs(high - limit.value)) <= within


def _measured(question: Question, facts: Facts) -> bool:
    """Whether a fault that is asked for is there by what was measured: clipped samples, a band below wideband's."""
    width = facts.measures.bandwidth_hz
    narrow = question.kinds == ("band-limited",) and width is not None and width < 6400
    return narrow or (question.kinds == ("amplitude-clipping",) and facts.measures.clipped_percent >= 0.2)


def _plain_verdict(question: Question, facts: Facts) -> bool | None:
    """The answer to a family's plain question, computed from the facts again; None where it has none."""
    if question.limit is not None:
        return _meets(question.limit, facts.scores[question.dimension or "mos"])
    if question.family in ("acceptability", "use"):
        limit = USES.get(question.use or "", ACCEPTABLE_MOS)
        if question.family == "acceptability" and question.number and 1 <= question.number <= 5:
            limit = question.number
        return round(facts.scores["mos"].mean, 2) >= limit
    if question.family == "presence" and question.kinds:
        there = [fault for fault in facts.faults if fault.kind in question.kinds]
        if _measured(question, facts):
            return True
        return None if there and not any(fault.certain for fault in there) else bool(there)
    if question.family == "same-reference" and facts.state != "none":
        return facts.state in ("same", "identical")
    return None


def _false_verdict(text: str, question: Question, facts: Facts) -> Iterator[str]:
    plain = _plain_verdict(question, facts)
    lead = re.match(r"(yes|no)[,.]", text.lower())
    elsewhere = question.family == "same-reference" and not _SAME_SPEECH.search(text)
    if plain is None or lead is None or elsewhere or _OF_REFERENCE.search(text):
        return
    if (lead.group(1) == "yes") != (plain != question.negated):
        yield f"the verdict {lead.group(1)!r}"


@dataclass(frozen=True)
class SpokenGrades:
    """How many answers claim something against the facts, and examples of what."""

    answers: int
    wrong: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.wrong} of {self.answers} answers"


def grade_spoken(answers: list[tuple[str, Question, Facts]], most: int = 5) -> SpokenGrades:
    """Grade answers to understood questions against the facts they were given from."""
    found = [(text, false_claims(text, question, facts)) for text, question, facts in answers]
    wrong = [f"{text} ({', '.join(claims)})" for text, claims in found if claims]
    return SpokenGrades(len(answers), len(wrong), tuple(wrong[:most]))
