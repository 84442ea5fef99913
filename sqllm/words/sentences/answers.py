"""What truth answers to a question of which only scores and artifacts are known, as training teaches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqllm.scores import HeardArtifact
from sqllm.words.facts import Facts
from sqllm.words.questions import Question
from sqllm.words.selection.comparison import compare
from sqllm.words.selection.select import select
from sqllm.words.sentences.say import say

if TYPE_CHECKING:
    import numpy as np


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
    """What truth answers: `scores` are the listener's own (1-5), `artifacts` the faults that are known of the clip, and
    `reference` is `none`, `same` (speech) or `other`.
    """
    return say(select(Facts.labelled(scores, artifacts, reference), question), rng)
