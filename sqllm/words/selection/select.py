"""`select`: from a question and the facts of a clip to those that answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqllm.words.facts import Facts
from sqllm.words.known_wordings import known_question
from sqllm.words.questions import Question
from sqllm.words.selection import (
    against_reference,
    arithmetic,
    dimensions,
    faults,
    kinds,
    levels,
    losses,
    measured,
    panel,
    rationale,
    references,
    scope,
    scores,
    times,
)
from sqllm.words.selection.selected import Selected

_SELECT: Mapping[str, Callable[[Question, Facts], Selected]] = {
    "mos-numeric": scores.mos_numeric,
    "dim-numeric": scores.dimension_score,
    "dim-categorical": scores.dimension_score,
    "multi-dim": scores.all_scores,
    "explanatory": rationale.explanatory,
    "acceptability": scores.acceptability,
    "use": scores.use,
    "dominant": faults.dominant,
    "presence": faults.presence,
    "when": faults.when,
    "severity": faults.severity,
    "count": faults.count,
    "noise-or-codec": faults.noise_or_codec,
    "fix": faults.fix,
    "lay": rationale.lay,
    "engineer": rationale.engineer,
    "fine": scores.fine,
    "same-reference": references.same_reference,
    "reference-difference": references.reference_difference,
    "distinguishable": panel.distinguishable,
    "measurement": measured.measurement,
    "level-verdict": measured.level_verdict,
    "intelligibility": scope.intelligibility,
    "other-scale": panel.other_scale,
    "confidence": panel.confidence,
    "agreement": panel.agreement,
    "listeners-needed": panel.listeners_needed,
    "worst-time": times.worst_time,
    "constancy": times.constancy,
    "part": times.part,
    "origin": faults.origin,
    "synthetic": scope.synthetic,
    "cannot-tell": scope.cannot_tell,
    "listener": scope.listener,
    "term": scope.term,
    "speech-share": measured.speech_share,
    "off-topic": scope.off_topic,
    "other-language": scope.other_language,
    "unclear": scope.unclear,
    "compare": scope.one_clip,
}


_OF_FAULTS: tuple[Callable[[Question, Facts], Selected | None], ...] = (kinds.unheard, kinds.measured_fault)
# What a question may name more exactly than its family says: each is tried in turn, whatever the family.
_NAMED: tuple[Callable[[Question, Facts], Selected | None], ...] = (
    against_reference.of_reference,
    against_reference.added,
    losses.losses,
    against_reference.compared,
    levels.decibels_off,
    levels.steadiness,
    levels.noise_level,
    arithmetic.panel_arithmetic,
    times.best_time,
    times.counted_parts,
    times.compared_parts,
    dimensions.dimensions,
    scope.long_enough,
    scope.help_wanted,
    scope.file_details,
    kinds.talkers,
    kinds.sound,
    *_OF_FAULTS,
)
FIXED = frozenset({"other-language", "off-topic", "term", "lay", "engineer", "use", "listener"})
RATED = frozenset({"mos-numeric", "dim-numeric", "multi-dim", "acceptability", "use"})  # told with care of a short clip


def select(facts: Facts, question: Question) -> Selected:
    """The few facts that answer a question. Raises `KeyError` for a family that is none.

    What the text names goes before what its family stands for; a yes or no is told where the thing asked is the thing
    computed.
    """
    question = kinds.corrected(question, facts)
    if wanted := levels.needs_level(question, facts) if question.family == "level-verdict" else ():
        question = replace(question, kinds=wanted, negated=False)
    named = _by_name(facts, question)
    if named is not None:
        return named
    selected = _SELECT[question.family](question, facts)
    if question.doubted or not kinds.decides(question, facts):
        selected = selected.without_verdict()
    short = question.family in RATED and facts.seconds < scope.SHORT_SECONDS
    return selected.and_then(scope.caution(facts)) if short else selected


def _by_name(facts: Facts, question: Question) -> Selected | None:
    """What answers a question by the things that it names; None where its family alone says what is asked."""
    if not facts.scores or not question.text.strip(" ?") or question.instead:
        return None
    if question.family in FIXED:
        return scope.help_wanted(question, facts) if question.family == "off-topic" else None
    known = known_question(question.text) is not None  # in one of our own wordings, which means its family alone
    found = (answer(question, facts) for answer in (_OF_FAULTS if known else _NAMED))
    return next((selected for selected in found if selected is not None), None)
