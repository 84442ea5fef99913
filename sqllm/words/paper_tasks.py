"""The paper's five task families (arXiv 2512.08238): template questions, and the answers that labels give them.

mos-numeric, dim-numeric, dim-categorical, multi-dim and explanatory; one decimal throughout. An explanation names what
pulls the score down, by the dimension that is rated lowest and, where it is known, by what was done to the clip: one
that suits any clip would explain none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqllm.scores import DIMENSIONS, HeardArtifact, category, clamp

if TYPE_CHECKING:
    import numpy as np

PAPER_FAMILIES = ("mos-numeric", "dim-numeric", "dim-categorical", "multi-dim", "explanatory")
TASK_QUESTIONS = {
    "mos-numeric": (
        "What is the overall quality of this speech on the MOS scale from 1 to 5?",
        "Give the mean opinion score of this clip as a number from 1 to 5.",
        "How would listeners rate the overall quality of this speech, from 1 (bad) to 5 (excellent)?",
    ),
    "dim-numeric": (
        "What is the {name} of this speech on a scale from 1 to 5?",
        "Rate the {name} of this clip from 1 (worst) to 5 (best).",
        "Give a number from 1 to 5 for the {name} of this speech.",
    ),
    "dim-categorical": (
        "Is the {name} of this speech very bad, poor, fair, good or excellent?",
        "In one category from very bad to excellent, how is the {name} of this clip?",
        "Which category fits the {name} of this speech: very bad, poor, fair, good or excellent?",
    ),
    "multi-dim": (
        "Give the MOS, noisiness, coloration, discontinuity and loudness of this speech, each from 1 to 5.",
        "Rate this clip in all five respects: overall, noisiness, coloration, discontinuity, loudness.",
        "What are the MOS and the four quality dimensions of this speech?",
    ),
    "explanatory": (
        "What is the MOS of this speech, and why?",
        "Rate the overall quality of this clip from 1 to 5 and explain the rating.",
        "Explain how good this speech sounds and give its MOS.",
    ),
}
_LOW = {
    "noisiness": "noise is heard",
    "coloration": "the sound is coloured",
    "discontinuity": "the speech is interrupted",
    "loudness": "the level is not pleasant",
}
SLIGHT = 4.5  # a dimension from here on is no reason to complain


@dataclass(frozen=True)
class Task:
    """A question of a family, and which scores its answer states: the dimensions' names."""

    family: str
    dimensions: tuple[str, ...]
    question: str


def task_of(family: str, dimension: str = "mos", wording: int = 0) -> Task:
    """A task in one of its wordings; `dimension` counts where the family asks for one of the four."""
    question = TASK_QUESTIONS[family][wording % len(TASK_QUESTIONS[family])]
    if family.startswith("dim-"):
        return Task(family, (dimension,), question.format(name=dimension))
    return Task(family, DIMENSIONS if family == "multi-dim" else ("mos",), question)


def draw_task(rng: np.random.Generator, scores: Mapping[str, float]) -> Task:
    """One of the families, each as likely, among those that a clip's labels can answer; a wording and a dimension."""
    known = [dimension for dimension in DIMENSIONS[1:] if dimension in scores]
    families = PAPER_FAMILIES if len(known) == len(DIMENSIONS) - 1 else ("mos-numeric",)
    family, wording = str(rng.choice(families)), int(rng.integers(3))
    return task_of(family, str(rng.choice(known)) if known else "mos", wording)


def task_answer(task: Task, scores: Mapping[str, float], artifacts: Sequence[HeardArtifact] = ()) -> str:
    """What a clip's labels answer; `artifacts` are what is known to have been done to it."""
    values = {name: f"{clamp(value):.1f}" for name, value in scores.items()}
    (first, *_) = task.dimensions
    if task.family == "dim-categorical":
        return f"The {first} is {category(float(values[first]))}."
    if task.family == "dim-numeric":
        return f"The {first} is {values[first]}."
    if task.family == "mos-numeric":
        return f"The MOS is {values['mos']}."
    if task.family == "multi-dim":
        return f"MOS {values['mos']}, " + ", ".join(f"{name} {values[name]}" for name in DIMENSIONS[1:]) + "."
    verdict = f"The MOS is {values['mos']}, {category(float(values['mos']))}"
    return f"{verdict}: {_reason(values, artifacts)}."


def _reason(values: Mapping[str, str], artifacts: Sequence[HeardArtifact]) -> str:
    """What pulls the score down: up to two dimensions, the lowest first, and the faults that are known."""
    rated = sorted((float(values[name]), name) for name in DIMENSIONS[1:] if name in values)
    low = [f"{_LOW[name]} ({name} {value:.1f})" for value, name in rated if value < SLIGHT][:2]
    faults = [f"{artifact.severity} {artifact.kind.replace('-', ' ')}" for artifact in artifacts[:3]]
    if not low:
        return "nothing disturbs" + (f", with {' and '.join(faults)} hardly heard" if faults else "")
    return " and ".join(low) + (f", from {', '.join(faults)}" if faults else "")
