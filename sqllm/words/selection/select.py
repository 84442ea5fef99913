"""`select`: from a question and the facts of a clip to those that answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqllm.words.facts import Facts
from sqllm.words.questions import Question
from sqllm.words.selection import faults, measured, panel, rationale, references, scope, scores, times
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


def select(facts: Facts, question: Question) -> Selected:
    """The few facts that answer a question. Raises `KeyError` for a family that is none."""
    selected = _SELECT[question.family](question, facts)
    return selected.without_verdict() if question.doubted else selected
