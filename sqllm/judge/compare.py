"""`Preference`: which of two clips a listener prefers, by how much and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from sqllm.judge.decoding import tell
from sqllm.judge.hearing import Hearing, describe_profile
from sqllm.listeners.profiles import ListenerProfile, get_profile
from sqllm.scores import Score
from sqllm.words.comparison_notes import Comparison, comparison_notes
from sqllm.words.notes import Notes
from sqllm.words.questions import COMPARE, NO_SPEECH_ANSWERS, QUESTIONS, with_listener

COMPARE_QUESTION = QUESTIONS[COMPARE][0]


@dataclass(frozen=True)
class Preference:
    """Two clips compared by one listener: `difference` is A's MOS less B's, mean and standard deviation, and
    `probability` how likely A is the better one (0-1). `better` is "A", "B", or "same" within .2 MOS.
    """

    files: tuple[str, str]
    profile: str
    mos: tuple[Score, Score]
    difference: Score
    probability: float
    better: str
    text: str
    warnings: tuple[str, ...]
    model: dict[str, str]

    def to_json(self) -> dict[str, object]:
        """The object that `sqllm compare --json` prints."""
        first, second = self.mos
        return {
            "a": {"file": self.files[0], "mos": first.to_json()},
            "b": {"file": self.files[1], "mos": second.to_json()},
            "profile": self.profile,
            "difference": self.difference.to_json(),
            "probability_a_is_better": round(self.probability, 3),
            "better": self.better,
            "text": self.text,
            "warnings": list(self.warnings),
            "model": dict(self.model),
        }


def prefer(
    first: Hearing, second: Hearing, question: str = COMPARE_QUESTION, profile: str | ListenerProfile | None = None
) -> Preference:
    """Compare two clips that were listened to: the verdict by their scores, the words by the model on both clips.

    Swapping the clips swaps the verdict. Raises `ValueError` for an empty question.
    """
    if not question.strip():
        raise ValueError("The question is empty.")
    listener = get_profile(profile)
    mos = first.scores(listener)["mos"], second.scores(listener)["mos"]
    difference = Score(mos[0].mean - mos[1].mean, float(np.hypot(mos[0].std, mos[1].std)))
    noted = first.noted(listener), second.noted(listener)
    pair = Comparison.of(*noted)
    sides = (("A", first), ("B", second))
    return Preference(
        (first.clip.name, second.clip.name),
        describe_profile(listener),
        mos,
        difference,
        _likely_above(*mos),
        "same" if pair.same else pair.better,
        _words(first, second, " ".join(question.split()), listener, noted),
        tuple(f"{letter}: {warning}" for letter, heard in sides for warning in heard.warnings),
        first.name,
    )


def _likely_above(one: Score, other: Score) -> float:
    """How likely a score is above another, half of the ties included, from their distributions."""
    below = np.cumsum(other.probabilities) - 0.5 * other.probabilities
    return float(one.probabilities @ below)


def _words(
    first: Hearing, second: Hearing, question: str, listener: ListenerProfile, noted: tuple[Notes, Notes]
) -> str:
    if not (first.speech_found and second.speech_found):
        return NO_SPEECH_ANSWERS[0]
    request, notes = with_listener(question, listener), comparison_notes(*noted)
    model = first.model
    with torch.inference_mode():
        cache = model.remember(model.prefix(first.typical_tokens(), second=second.typical_tokens()))
    return "".join(tell(model, cache, *first.question_tokens(request, notes)))
