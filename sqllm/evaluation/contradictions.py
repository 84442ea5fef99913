"""What in a text contradicts scores and faults, the truth's or those heard: near is right enough here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from sqllm.scores import DIMENSIONS, HeardArtifact, describe
from sqllm.words.claims import Claims, FaultClaim, claims
from sqllm.words.facts import LOW_BELOW
from sqllm.words.questions import ACCEPTABLE_MOS
from sqllm.words.repair import TOUCHES

SCORE_TOLERANCE, TIME_TOLERANCE, MENDED_TOLERANCE = 0.2, 0.3, 0.3
EXACTLY = 1e-6  # for sums of tenths
REFERENCE = re.compile(r"\breference\b", re.IGNORECASE)
NO_REFERENCE = re.compile(r"\bno reference\b|without a reference", re.IGNORECASE)
OTHER_REFERENCE = re.compile(r"\bother speech\b|\bnot belong\b|\bnot the same\b", re.IGNORECASE)
Scores = Mapping[str, float]
Artifacts = Sequence[HeardArtifact]


def contradictions(text: str, scores: Scores, artifacts: Artifacts, reference: str = "same") -> list[str]:
    """What a text claims against scores (1-5), artifacts and whether there is a reference of the same speech (`none`,
    `other`, else there is), a sentence each; empty where nothing is wrong.
    """
    said = claims(text)
    wrong = [sentence for claim in said.faults for sentence in wrong_fault(claim, scores, artifacts)]
    return [
        *wrong,
        *_wrong_praise(said, scores, artifacts),
        *_wrong_scores(said, scores),
        *_wrong_times(said, artifacts),
        *_wrong_reference(text, reference),
    ]


def wrong_fault(claim: FaultClaim, scores: Scores, artifacts: Artifacts) -> Iterator[str]:
    name = " or ".join(claim.kinds)
    kinds = {*claim.kinds, *(TOUCHES[claim.dimension] if claim.dimension and claim.present else ())}
    there = [artifact for artifact in artifacts if artifact.kind in kinds]
    if not claim.present:
        if any(artifact.certain for artifact in there):
            yield f"It says that there is no {name}, which is there."
    elif not there:
        if claim.dimension is None or scores[claim.dimension] >= LOW_BELOW:
            yield f"It names {name}, which is not there."
    elif claim.severity and claim.severity not in {artifact.severity for artifact in there}:
        yield f"It calls {name} {claim.severity}, which is {there[0].severity}."


def _wrong_praise(said: Claims, scores: Scores, artifacts: Artifacts) -> Iterator[str]:
    kinds = {artifact.kind for artifact in artifacts if artifact.certain}
    for dimension in said.fine:
        if scores[dimension] < LOW_BELOW:
            yield f"It praises the {dimension}, which is {scores[dimension]:.1f}."
        elif kinds & TOUCHES[dimension]:
            yield f"It praises the {dimension}, which {sorted(kinds & TOUCHES[dimension])[0]} damages."
    if said.faultless and kinds:
        yield f"It says that there is no fault, where there is {sorted(kinds)[0]}."
    if said.clean and scores["mos"] < ACCEPTABLE_MOS:
        yield f"It calls the clip clean, whose MOS is {scores['mos']:.1f}."


def _wrong_scores(said: Claims, scores: Scores) -> Iterator[str]:
    for dimension, value in said.scores.items():
        if not near(value, scores[dimension]):
            yield f"It states {dimension} {value:.1f}, which is {scores[dimension]:.1f}."
    for value in said.unnamed:
        if not any(near(value, score) for score in scores.values()):
            yield f"It states {value:.1f}, which is none of the scores."
    fitting = {describe("mos", scores["mos"] + sign * SCORE_TOLERANCE).lower() for sign in (-1, 0, 1)}
    if said.category and said.category not in fitting:
        yield f"It calls the MOS of {scores['mos']:.1f} {said.category}."
    if said.weakest and scores[said.weakest] > min(scores[d] for d in DIMENSIONS[1:]) + SCORE_TOLERANCE:
        yield f"It calls the {said.weakest} of {scores[said.weakest]:.1f} the weakest."
    if said.mended is not None and said.mended < scores["mos"] - SCORE_TOLERANCE:
        yield f"It says that a repair gives {said.mended:.1f}, less than the MOS of {scores['mos']:.1f}."


def _wrong_times(said: Claims, artifacts: Artifacts) -> Iterator[str]:
    spans = [span for artifact in artifacts for span in artifact.spans]
    for time in said.times:
        if not in_spans(time, spans):
            yield f"It places a fault at {time:.1f} s, where there is none."


def _wrong_reference(text: str, reference: str) -> Iterator[str]:
    if reference == "none" and REFERENCE.search(text) and not NO_REFERENCE.search(text):
        yield "It compares with a reference, which was not given."
    if reference == "other" and REFERENCE.search(text) and not OTHER_REFERENCE.search(text):
        yield "It compares with a reference, which holds other speech."


def near(said: float | None, score: float) -> bool:
    return said is not None and abs(said - score) <= SCORE_TOLERANCE + EXACTLY


def in_spans(time: float, spans: Sequence[tuple[float, float]]) -> bool:
    reach = TIME_TOLERANCE + EXACTLY
    return any(start - reach <= time <= stop + reach for start, stop in spans)
