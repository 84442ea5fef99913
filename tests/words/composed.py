"""What truth answers to a question about a clip of which only scores and artifacts are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sqllm.scores import DIMENSIONS, HeardArtifact, Measures, ReferenceMatch, Score, Speech
from sqllm.words.facts import Facts, Window
from sqllm.words.questions import Question
from sqllm.words.selection.comparison import compare
from sqllm.words.selection.select import select
from sqllm.words.sentences.say import say

UNMEASURED = Measures(None, 0.0, -100.0, None, None, 0.0, 0.0, (), None, 0.0, 10.0, "", 16_000, 1)


def labelled(scores: Mapping[str, float], artifacts: Sequence[HeardArtifact], reference: str = "none") -> Facts:
    """The facts of a short clip: five scores (1-5), the artifacts and the state of its reference."""
    heard = {name: Score(scores[name], 0.0) for name in DIMENSIONS}
    match = None if reference == "none" else ReferenceMatch(reference, 0.0, 0.0, float(reference != "other"))
    whole = Window(0.0, UNMEASURED.seconds, scores["mos"])
    return Facts.of("typical", heard, artifacts, UNMEASURED, Speech((), 0.0), [whole], match)


def compose_comparison(first: Facts, second: Facts, rng: np.random.Generator) -> str:
    """What truth answers when clip A (`first`) and clip B (`second`) are compared."""
    return say(compare(first, second), rng)


def compose_answer(
    question: Question,
    scores: Mapping[str, float],
    artifacts: Sequence[HeardArtifact],
    rng: np.random.Generator,
    reference: str = "none",
) -> str:
    """What truth answers: `scores` are the listener's own, `reference` is `none`, `same` (speech) or `other`."""
    return say(select(labelled(scores, artifacts, reference), question), rng)
