"""Grading answers: what in a text contradicts scores and artifacts, and whether an answer is right, a family each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqllm.evaluation.contradictions import (
    EXACTLY,
    MENDED_TOLERANCE,
    NO_REFERENCE,
    Artifacts,
    Scores,
    contradictions,
    in_spans,
    near,
    wrong_fault,
)
from sqllm.evaluation.score_parser import ParseError, parse_category
from sqllm.scores import BRIEF_KINDS, DIMENSIONS, LOCATED_KINDS, HeardArtifact, category
from sqllm.words.claims import FaultClaim, claims
from sqllm.words.comparison import SAME_WITHIN, Comparison
from sqllm.words.facts import LOW_BELOW
from sqllm.words.questions import ACCEPTABLE_MOS, CODEC_KINDS, NOISE_KINDS, USES, Question
from sqllm.words.repair import by_importance, first_fix, mos_without

_YES_OR_NO = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)
_LASTING = re.compile(r"all along|throughout|whole clip|beginning to end|all the time|constant", re.IGNORECASE)
_UNPLACED = re.compile(r"can't (?:say|tell)|cannot (?:say|tell)", re.IGNORECASE)
_POINTER = re.compile(r"\b(?:speech|sound|sounds|quality|recording|clip)\b", re.IGNORECASE)
_NOTHING = re.compile(r"\bnothing\b|\bno fault\b", re.IGNORECASE)
_LITTLE = re.compile(r"hardly|little", re.IGNORECASE)


def is_right(
    question: Question, answer: str, scores: Scores, artifacts: Artifacts, reference: str = "none"
) -> bool | None:
    """Whether an answer is right, by its question's family; None where truth can't tell (an uncertain artifact, or a
    comparison, which `comparison_is_right` grades).
    """
    grade = _GRADES.get(question.family)
    if question.family == "same-reference":
        return _reference_is_right(answer, reference)
    return grade(question, answer, scores, artifacts) if grade else None


def _number(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool:
    dimension = question.dimension or "mos"
    return near(claims(answer).score(dimension), scores[dimension])


def _category(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool:
    try:
        return parse_category(answer) == category(scores[str(question.dimension)])
    except ParseError:
        return False


def _all_scores(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool:
    said = claims(answer).scores
    return all(near(said.get(dimension), scores[dimension]) for dimension in DIMENSIONS)


def _description(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool:
    """Nothing is contradicted, and one of the worst faults is named where there is a certain one."""
    if contradictions(answer, scores, artifacts):
        return False
    worst = [a for a in by_importance(artifacts) if a.certain]
    named = {kind for claim in claims(answer).faults if claim.present for kind in claim.kinds}
    alike = {a.kind for a in worst if a.severity == worst[0].severity}
    return bool(named & alike) or not worst


def _will_do(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool:
    limit = USES[question.use] if question.use else ACCEPTABLE_MOS
    return _leads(answer) == ("yes" if round(scores["mos"], 2) >= limit else "no")


def _leads(answer: str) -> str | None:
    lead = _YES_OR_NO.match(answer)
    return lead.group(1).lower() if lead else None


def _asked(question: Question, artifacts: Artifacts) -> list[HeardArtifact]:
    return [artifact for artifact in by_importance(artifacts) if artifact.kind in question.kinds]


def _denied(question: Question, answer: str) -> bool:
    """Whether the answer says that what was asked for is not there."""
    said = [claim for claim in claims(answer).faults if {*claim.kinds} & {*question.kinds}]
    return _leads(answer) == "no" or (bool(said) and not any(claim.present for claim in said))


def _presence(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool | None:
    found = _asked(question, artifacts)
    if found and not found[0].certain:
        return None
    if bool(found) == _denied(question, answer):
        return False
    return not found or not contradictions(answer, scores, artifacts)


def _when(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool | None:
    found = _asked(question, artifacts)
    if not found or _denied(question, answer):
        return _denied(question, answer) if not found else (None if not found[0].certain else False)
    spans = [span for artifact in found if artifact.kind in LOCATED_KINDS for span in artifact.spans]
    times = claims(answer).times
    if spans:
        return bool(times) and all(in_spans(time, spans) for time in times)
    lasting = found[0].kind not in BRIEF_KINDS
    return not times and bool((_LASTING if lasting else _UNPLACED).search(answer))


def _severity(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool | None:
    found = _asked(question, artifacts)
    if not found:
        return _denied(question, answer)
    if not found[0].certain:
        return None
    said = [claim for claim in claims(answer).faults if {*claim.kinds} & {*question.kinds} and claim.present]
    return bool(said) and said[0].severity == found[0].severity


def _dominant(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool:
    named = [claim for claim in claims(answer).faults if claim.present]
    if not artifacts:
        return all(not _complaint(claim, scores) for claim in named)
    return bool(named) and by_importance(artifacts)[0].kind in named[0].kinds


def _complaint(claim: FaultClaim, scores: Scores) -> bool:
    """Whether a claim names a fault although none is known and its dimension, if it has one, is not low."""
    return next(wrong_fault(claim, scores, ()), None) is not None


def _noise_or_codec(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool:
    sides = {kind: "noise" for kind in NOISE_KINDS} | {kind: "codec" for kind in CODEC_KINDS}
    worst = next((sides[a.kind] for a in by_importance(artifacts) if a.kind in sides), None)
    if worst is None:
        weakest = min(DIMENSIONS[1:], key=lambda name: round(scores[name], 2))
        noisy = weakest == "noisiness" and scores[weakest] < LOW_BELOW
        worst = "noise" if noisy else "neither"
    lead = re.search(r"\b(neither|noise|codec)\b", answer.lower())
    return lead is not None and lead.group(1) == worst


def _fix(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool:
    said = claims(answer)
    mos = round(scores["mos"], 2)
    fix = first_fix(mos, artifacts)
    named = [claim for claim in said.faults if claim.present]
    if fix is None:
        return not named and bool(_NOTHING.search(answer))
    kind, mended = fix
    if not named or kind not in named[0].kinds:
        return False
    if said.mended is None:
        return bool(_LITTLE.search(answer)) and round(mended, 1) <= mos + MENDED_TOLERANCE
    return abs(said.mended - mos_without(mos, artifacts, kind)) <= MENDED_TOLERANCE + EXACTLY


def _reference_is_right(answer: str, reference: str) -> bool:
    if reference == "none":
        return bool(NO_REFERENCE.search(answer))
    return not NO_REFERENCE.search(answer) and _leads(answer) == ("yes" if reference == "same" else "no")


def _off_topic(question: Question, answer: str, scores: Scores, artifacts: Artifacts) -> bool:
    """A pointer back, with no statement about the clip."""
    said = claims(answer)
    stated = said.faults or said.scores or said.unnamed or said.clean or said.fine
    return not stated and bool(_POINTER.search(answer))


def comparison_is_right(answer: str, first: float, second: float) -> bool:
    """Whether a comparison of clip A (MOS `first`) and B (`second`) names the better one, or says they are close."""
    pair = Comparison.of(first, second)
    if re.search(r"about the same|hardly any difference|no difference|equally", answer, re.IGNORECASE):
        return pair.same
    letter = re.search(r"\b([AB])\b", re.sub(r"\bA (?=[a-z]+ clip)", "", answer))
    gap = re.search(r"\bby (\d\.\d)|(\d\.\d) (?:above|more)|lead of (\d\.\d)", answer)
    said = next((float(number) for number in gap.groups() if number), pair.gap) if gap else pair.gap
    return (
        not pair.same and letter is not None and letter.group(1) == pair.better and abs(said - pair.gap) < SAME_WITHIN
    )


Grade = Callable[[Question, str, Scores, Artifacts], bool | None]
_GRADES: Mapping[str, Grade] = {
    "mos-numeric": _number,
    "dim-numeric": _number,
    "dim-categorical": _category,
    "multi-dim": _all_scores,
    "explanatory": _description,
    "lay": _description,
    "engineer": _description,
    "acceptability": _will_do,
    "use": _will_do,
    "presence": _presence,
    "when": _when,
    "severity": _severity,
    "dominant": _dominant,
    "noise-or-codec": _noise_or_codec,
    "fix": _fix,
    "off-topic": _off_topic,
}
