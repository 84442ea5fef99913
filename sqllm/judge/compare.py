"""`Preference`: which of two clips a listener prefers, by how much and why."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from sqllm.judge.hearing import Hearing, describe_profile
from sqllm.listeners.profiles import ListenerProfile, as_taught, get_profile
from sqllm.scores import Score
from sqllm.words.comparison import Comparison, compared_in
from sqllm.words.questions import COMPARE, QUESTIONS
from sqllm.words.selection.comparison import compare
from sqllm.words.sentences.say import say

COMPARE_QUESTION = QUESTIONS[COMPARE][0]


@dataclass(frozen=True)
class Preference:
    """Two clips compared by one listener: `difference` is A's MOS less B's, mean and standard deviation, and
    `probability` how likely A is the better one (0-1). `better` is "A", "B", or "same" within .2 MOS.

    Where a clip holds no speech its MOS, the difference, the probability and `better` are None, and `text` says so.
    """

    files: tuple[str, str]
    profile: str
    mos: tuple[Score | None, Score | None]
    difference: Score | None
    probability: float | None
    better: str | None
    text: str
    warnings: tuple[str, ...]
    model: dict[str, str]

    def to_json(self) -> dict[str, object]:
        """The object that `sqllm compare --json` prints."""
        first, second = self.mos
        return {
            "a": {"file": self.files[0], "mos": first and first.to_json()},
            "b": {"file": self.files[1], "mos": second and second.to_json()},
            "profile": self.profile,
            "difference": self.difference and self.difference.to_json(),
            "probability_a_is_better": None if self.probability is None else round(self.probability, 3),
            "better": self.better,
            "text": self.text,
            "warnings": list(self.warnings),
            "model": dict(self.model),
        }


def prefer(
    first: Hearing, second: Hearing, question: str = COMPARE_QUESTION, profile: str | ListenerProfile | None = None
) -> Preference:
    """Compare two clips that were listened to: the verdict by their scores, the words by the facts of both. What the
    question compares is told: which is better and why, or which is noisier, less natural, more interrupted or louder;
    where it takes the worse one for the better, it is told so.

    Swapping the clips swaps the verdict. Raises `ValueError` for an empty question.
    """
    if not question.strip():
        raise ValueError("The question is empty.")
    listener = as_taught(get_profile(profile), first.model.config.profiles)
    files, sides = (first.clip.name, second.clip.name), {"A": first, "B": second}
    warnings = tuple(f"{letter}: {warning}" for letter, heard in sides.items() for warning in heard.warnings)
    mute = [letter for letter, heard in sides.items() if not heard.speech_found]
    if mute:
        alone = [heard.scores(listener)["mos"] if heard.speech_found else None for heard in (first, second)]
        text = f"There is no speech in {' and '.join(mute)}: there is nothing to compare."
        scores = (alone[0], alone[1])
        return Preference(files, describe_profile(listener), scores, None, None, None, text, warnings, first.name)
    mos = first.scores(listener)["mos"], second.scores(listener)["mos"]
    pair = Comparison.of(mos[0].mean, mos[1].mean)
    return Preference(
        files,
        describe_profile(listener),
        mos,
        Score(mos[0].mean - mos[1].mean, float(np.hypot(mos[0].std, mos[1].std))),
        _likely_above(*mos),
        "same" if pair.same else pair.better,
        _words(first, second, listener, question),
        warnings,
        first.name,
    )


def _likely_above(one: Score, other: Score) -> float:
    """How likely a score is above another, half of the ties included, from their distributions."""
    below = np.cumsum(other.probabilities) - 0.5 * other.probabilities
    return float(one.probabilities @ below)


def _words(first: Hearing, second: Hearing, listener: ListenerProfile, question: str) -> str:
    """The verdict and its reasons in words, or what else the question compares; the same every time."""
    selected = compare(first.facts(listener), second.facts(listener), compared_in(question))
    return say(selected, np.random.default_rng(crc32(selected.text().encode())))
