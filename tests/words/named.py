"""Facts of a clip, questions as understood, and what is said to them, for tests of what a question names."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from sqllm.evaluation.spoken_claims import false_claims
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, HeardArtifact, Measures, ReferenceMatch, Score, Speech
from sqllm.words.fact_check import unproven
from sqllm.words.facts import Facts, Window
from sqllm.words.figures import number_in, seconds_in
from sqllm.words.questions import Question
from sqllm.words.selection.select import select
from sqllm.words.sentences.say import say
from sqllm.words.understanding import is_closed

MEASURED = Measures(-27.0, 0.9, -50.0, 23.0, None, 0.0, 0.0, (), 14.0, -12.0, 10.0, "WAV", 16_000, 1)
CLEAN = replace(MEASURED, active_level_dbov=-26.0, noise_floor_dbov=-87.0, snr_db=60.0)
HEARD_KINDS = tuple(kind for kind in ARTIFACT_KINDS if kind not in ("clicks", "interference", "time-warp", "unknown"))
NOISE = HeardArtifact("background-noise", "strong")
CUTS = HeardArtifact("time-clipping", "moderate", ((1.0, 1.2), (3.0, 3.9), (7.0, 7.3)))
DROP_OUTS = ("packet-loss", "time-clipping")
MEANS = {"mos": 2.6, "noisiness": 1.7, "coloration": 3.9, "discontinuity": 3.0, "loudness": 3.4}


def clip(
    *artifacts: HeardArtifact,
    measures: Measures = MEASURED,
    match: ReferenceMatch | None = None,
    reference: Measures | None = None,
    windows: list[Window] | None = None,
    mos: float = 2.6,
    hears: tuple[str, ...] = HEARD_KINDS,
) -> Facts:
    scores = {name: Score(MEANS[name] if name != "mos" else mos, 0.2) for name in DIMENSIONS}
    length = windows[-1].end if windows else measures.seconds
    speech = Speech(((0.0, 4.0), (5.5, length)), length)
    known = windows or [Window(0.0, length, mos)]
    measured = replace(measures, seconds=length)
    return Facts.of("typical", scores, artifacts, measured, speech, known, match, reference, hears)


def asked(text: str, family: str, **slots: object) -> Question:
    """A question as understood, with what code reads of its text."""
    known = {"closed": is_closed(text), "seconds": seconds_in(text), "number": number_in(text)}
    return Question(family, text, **(known | slots))  # type: ignore[arg-type]


def answers(facts: Facts, question: Question, misread: bool = False) -> set[str]:
    """What is said, in every draw; all of it proven, and true by the other reading of a question not `misread`."""
    rng, selected = np.random.default_rng(0), select(facts, question)
    texts = {say(selected, rng) for _ in range(8)}
    for text in texts:
        assert unproven(text, selected) == [], text
        assert misread or false_claims(text, question, facts) == [], text
    return texts


def all_match(pattern: str, texts: set[str]) -> bool:
    return all(re.search(pattern, text) for text in texts)
