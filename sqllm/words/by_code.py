"""What code settles of a question that was read: which way it is asked, what it compares with, and what is unknown."""

from __future__ import annotations

import re
from dataclasses import replace

from sqllm.scores import ARTIFACT_KINDS
from sqllm.words.beyond_sound import beyond_sound, in_other_words
from sqllm.words.limits import Limit, dimension_in, limit_in
from sqllm.words.names import fault_named
from sqllm.words.polarity import is_opposite, is_verdict
from sqllm.words.questions import LEVEL_KINDS, Question
from sqllm.words.understanding import OTHER_FAULT, kinds_of
from sqllm.words.unknown import TIMBRE, of_timbre, unknown_use, unmeasured
from sqllm.words.wordings.faults import NAMES

# Families whose questions can be whether a score is above or below another, and those of figures.
_COMPARED = frozenset(
    {"acceptability", "mos-numeric", "dim-numeric", "dim-categorical", "constancy", "unclear", "term"}
)
_NO_FIGURES = frozenset({"presence", "off-topic", "other-language", "use", "compare"})
_OF_LEVELS = frozenset(
    {"measurement", "level-verdict", "fix", "severity", "listeners-needed", "dim-numeric", "count", "unclear"}
)
_LISTED = frozenset({"multi-dim", "explanatory", "dominant", "presence", "unclear"})
_FAULTS = re.compile(
    r"\b(?:faults?|problems?|artifacts?|artefacts?|issues?|defects?|impairments?|degradations?|flaws?|errors?)\b"
)
_COST = re.compile(r"\bcosts?\b|\bgain(?:s|ed)?\b|\bfix(?:ing|ed)?\b|\bmend(?:ing|ed)?\b|\bwithout\b|\btakes? off\b")
_WORST = re.compile(r"\b(?:worst|biggest|main|largest|top|strongest|most)\b")
_NO_FAULT = re.compile(r"\b(?:seconds|parts?|moments?|times?|windows?|minutes?|dimensions?|scores?|clips?|half)\b")
_EVERYTHING = re.compile(
    r"\b(?:everything|all (?:of (?:it|that|them|this)|(?:the |its )?(?:faults|problems|issues|artifacts|defects)))\b.*"
    r"\b(?:fixed|mended|repaired|gone|removed|cured|cleaned|perfect|right)\b"
)
_SUPPRESSED = re.compile(r"\b(?:noise (?:reduction|suppression|removal)|denois\w*|attenuation of the noise)\b")
_GAIN = re.compile(
    r"\bhow (?:much|many|far)\b.*\b(?:db|decibels?|gain|louder|quieter|up|down)\b.*\b(?:raise|lower|boost|amplify|"
    r"attenuate|turn|add|apply|increase|reduce|needs?|needed|missing|lack|off|too)\b"
    r"|\bhow (?:much|far) (?:too|off)\b.*\b(?:quiet|loud|low|high|level|volume)\b"
    r"|\bhow (?:much|many) (?:gain|db|decibels?|louder|quieter)\b.*\b(?:need|should|must|have to)\b"
)
_WITHOUT = re.compile(
    r"^(?:and |but |so |then )*(?:(?:what|how|which)\b.*\b)?(?:if|suppose|imagine|assuming)\b.*"
    r"(?:\b(?:no|not|without|gone|fixed|removed|repaired|cured|absent|cleaned|mended|vanished)\b|n't)"
)
_IGNORING = re.compile(
    r"\b(?:ignor(?:e|es|ed|ing)|disregard(?:ing|ed)?|leav(?:e|es|ing) out|leave .* out|leaving .* aside|apart from|"
    r"aside from|except(?: for)?|not counting|without counting|were it not for|if not for|subtract(?:ing)?|excluding)\b"
)
_SCORED = re.compile(r"\b(?:mos|scores?|quality|ratings?|good|it be|it (?:get|reach|score))\b")
_BESIDE = re.compile(r"\b(?:wrong|else|other|faults?|problems?|issues?|defects?|hear|anything|measured?)\b")


def settled(question: Question) -> Question:
    """A question with what code knows better than its readers; as it was where code knows nothing better."""
    question = beyond_sound(in_other_words(question))
    question = _several_faults(_without_a_fault(_figure(_gain(question))))
    limit = limit_in(question.text) if question.closed and _can_compare(question) else None
    if limit is not None:
        return _against(question, limit)
    if question.family == "use" and (asked := unknown_use(question.text)):
        question = replace(question, use=None, asked=asked)
    question = _for_acceptance(question)
    if not question.closed:
        return question
    opposite = is_opposite(question.text, question.family, question.kinds)
    return question if opposite is None else replace(question, negated=opposite, doubted=False)


def _can_compare(question: Question) -> bool:
    return question.family in _COMPARED or (question.family == "level-verdict" and bool(dimension_in(question.text)))


def _for_acceptance(question: Question) -> Question:
    """ "Is it tiring?", read as one for a fault, names none: it asks whether the clip is good or bad."""
    if question.family != "presence" or not question.kinds or len(question.kinds) == len(ARTIFACT_KINDS):
        return question
    if fault_named(question.text)[0] or not is_verdict(question.text):
        return question
    return Question("acceptability", question.text, closed=question.closed, doubted=True)


def _against(question: Question, limit: Limit) -> Question:
    """Whether the clip's score is above, below or at a figure."""
    dimension = dimension_in(question.text)
    about = None if dimension in ("", "mos") else dimension
    return Question("acceptability", question.text, about, closed=True, limit=limit, number=question.number)


def _figure(question: Question) -> Question:
    """A question for a figure that is not measured asks for the nearest that is."""
    if of_timbre(question.text):
        return _timbre(question)
    if question.family in _NO_FIGURES or not (found := unmeasured(question.text)):
        return question
    kinds = kinds_of(found.fault) if found.fault else ()
    return Question("measurement", question.text, measure=found.measure, kinds=kinds, instead=found.name)


def _timbre(question: Question) -> Question:
    """ "Is it thin?": where the word is one for a fault, whether that is there; else what is nearest to it."""
    fault, _ = fault_named(question.text)
    if fault and " or " not in question.text:
        kinds = kinds_of(fault)
        return Question("presence", question.text, kinds=kinds, asked=NAMES.get(fault, fault), closed=question.closed)
    return Question("measurement", question.text, measure="bandwidth", instead=TIMBRE)


def _gain(question: Question) -> Question:
    """By how many decibels a level is off is part of the verdict on the level."""
    lower = question.text.lower()
    if question.family not in _OF_LEVELS or not _GAIN.search(lower):
        return question
    if _SUPPRESSED.search(lower):
        return Question("measurement", question.text, measure="snr")
    return Question("level-verdict", question.text, kinds=LEVEL_KINDS, asked="level problems")


def _without_a_fault(question: Question) -> Question:
    """ "And if there was no packet loss?", "If everything was fixed?": what mending it would give."""
    lower = question.text.lower()
    if question.family in ("use", "listener") or (question.family == "acceptability" and question.closed):
        return question
    if _EVERYTHING.search(lower):
        return Question("fix", question.text, kinds=ARTIFACT_KINDS, asked="faults", all_at_once=True)
    ignoring = _IGNORING.search(lower) and _SCORED.search(lower) and not _BESIDE.search(lower)
    fault, _ = fault_named(lower) if ignoring or _WITHOUT.search(lower) else ("", "")
    if not fault or fault == OTHER_FAULT:
        return question
    return Question("fix", question.text, kinds=kinds_of(fault), asked=NAMES.get(fault, fault))


def _several_faults(question: Question) -> Question:
    """ "List all faults", "The second worst?", "What does each fault cost?"."""
    lower = question.text.lower()
    if question.each and _COST.search(lower) and _FAULTS.search(lower):
        return Question("fix", question.text, kinds=ARTIFACT_KINDS, asked="faults", each=True)
    if question.each and question.family in _LISTED and _FAULTS.search(lower):
        return Question("dominant", question.text, each=True)
    ranked = question.rank is not None or question.how_many is not None
    if ranked and _WORST.search(lower) and not _NO_FAULT.search(lower):
        return Question("dominant", question.text, rank=question.rank, how_many=question.how_many)
    return question
