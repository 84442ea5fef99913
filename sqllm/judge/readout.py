"""Reading answers off the LLM's next-token probabilities: score blocks with digit branches, and fault blocks.

A score block ends where the first digit comes ("Noise: "); a branch continues it with that digit and the point, so
that one forward pass gives P(digit) and P(second digit | first), that is a distribution over 1.0 ... 5.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sqllm.listeners.habits import Habits
from sqllm.listeners.listener import ListenerProfile
from sqllm.model.prompt_tree import ROOT, PromptTree
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, GRID, SEVERITIES, HeardArtifact, Score
from sqllm.words.questions import (
    FAULT_ANSWERS,
    FAULT_REQUESTS,
    SCORE_BLOCKS,
    SCORE_REQUESTS,
    SPEECH_ANSWERS,
    SPEECH_BLOCK,
    fault_block,
    with_listener,
)

FIRST_DIGITS = (1, 2, 3, 4, 5)
SPEECH = "speech"
# Of a checkpoint's configuration: what calibrates each dimension's distribution, without and with a reference.
TEMPERATURES, PAIRED_TEMPERATURES = "temperatures", "paired_temperatures"


@dataclass(frozen=True)
class Vocabulary:
    """The token ids that reading needs, and the encoder of text pieces, for one LLM."""

    model: SpeechQualityModel
    digits: tuple[int, ...]
    point: int
    faults: tuple[int, ...]
    speech: tuple[int, ...]

    @classmethod
    def of(cls, model: SpeechQualityModel) -> Vocabulary:
        def only(text: str) -> int:
            return model.encode_text(text)[-1]

        digits = tuple(only(str(digit)) for digit in range(10))
        if len(set(digits)) < 10 or model.encode_text("3.7") != [digits[3], only("."), digits[7]]:
            raise ValueError("This LLM's tokenizer does not write digits as tokens of their own.")
        faults, speech = tuple(map(only, FAULT_ANSWERS)), tuple(map(only, SPEECH_ANSWERS))
        return cls(model, digits, only("."), faults, speech)

    def stem(self, request: str) -> list[int]:
        """Tokens from the end of the audio to where the answer begins."""
        return self.question(f"\n{request}")

    def notes(self, noted: str) -> list[int]:
        """Tokens behind the audio that hold what was noted of it, for `question` to follow."""
        return self.model.encode_text(f"\n{noted}")

    def question(self, request: str) -> list[int]:
        """Tokens of a request behind notes, to where the answer begins."""
        return self.model.encode_text(f"{request}{self.model.turns.to_answer}")


@dataclass(frozen=True)
class ScoreNode:
    """Where one score is read in a tree: the block's node and its branches by first digit."""

    block: int
    branches: Mapping[int, int]


def add_score_block(
    tree: PromptTree, vocabulary: Vocabulary, stem: int, name: str, branches: Sequence[int] = FIRST_DIGITS[:4]
) -> ScoreNode:
    """Ask for one score behind a stem; `branches` are the first digits whose second digit is asked for."""
    block = tree.add(vocabulary.model.encode_text(f"{name}: "), stem)
    return ScoreNode(
        block, {digit: tree.add([vocabulary.digits[digit], vocabulary.point], block) for digit in branches}
    )


@dataclass(frozen=True)
class Reading:
    """A tree that asks for the scores of several listeners and, once, for faults and speech; `habits` are what is done
    to each listener's scores once they are read.
    """

    tree: PromptTree
    scores: tuple[Mapping[str, ScoreNode], ...]
    faults: Mapping[str, int]
    habits: tuple[Habits, ...]

    @classmethod
    def of(
        cls,
        vocabulary: Vocabulary,
        profiles: Sequence[ListenerProfile],
        faults: Sequence[str] = (),
        dimensions: Sequence[str] = DIMENSIONS,
    ) -> Reading:
        """`faults` are artifact kinds, and `speech` for whether there is any; `dimensions` are the scores asked for
        (all of those listeners whose overall score depends on the others).
        """
        tree, listeners = PromptTree(), []
        stems: dict[str, int] = {}
        blocks: dict[tuple[str, str], ScoreNode] = {}
        for profile in profiles:
            request = with_listener(SCORE_REQUESTS[0], profile)  # the same of all who have the same ears
            if request not in stems:
                stems[request] = tree.add(vocabulary.stem(request), ROOT)
            asked = DIMENSIONS if profile.habits.sensitivity else dimensions
            for d in asked:
                if (request, d) not in blocks:
                    blocks[request, d] = add_score_block(tree, vocabulary, stems[request], SCORE_BLOCKS[d][0])
            listeners.append({d: blocks[request, d] for d in asked})
        nodes: dict[str, int] = {}
        if faults:
            stem = tree.add(vocabulary.stem(FAULT_REQUESTS[0]), ROOT)
            for kind in faults:
                block = SPEECH_BLOCK if kind == SPEECH else fault_block(kind)
                nodes[kind] = tree.add(vocabulary.model.encode_text(block), stem)
        return cls(tree, tuple(listeners), nodes, tuple(profile.habits for profile in profiles))

    def positions(self) -> list[int]:
        """The tokens whose logits are read, in the order `read` expects them."""
        nodes = [
            n
            for listener in self.scores
            for score in listener.values()
            for n in (score.block, *score.branches.values())
        ]
        return [self.tree.last(node) for node in [*nodes, *self.faults.values()]]

    def read(self, logits: Tensor, vocabulary: Vocabulary, paired: bool = False) -> Heard:
        """Scores and faults from the logits at `positions`, [positions, vocabulary]; `paired`: behind a clip that was
        heard with its reference.
        """
        rows = iter(logits.float())
        digits = list(vocabulary.digits)

        def distribution(ids: Sequence[int]) -> np.ndarray:
            return torch.softmax(next(rows)[list(ids)], dim=0).double().cpu().numpy()

        extra = vocabulary.model.config.extra
        temperatures = (extra.get(PAIRED_TEMPERATURES) if paired else None) or extra.get(TEMPERATURES, {})
        scores = []
        for listener, habits in zip(self.scores, self.habits, strict=True):
            read: dict[str, Score] = {}
            for dimension, score in listener.items():
                first = distribution([digits[d] for d in FIRST_DIGITS])
                seconds = {digit: distribution(digits) for digit in score.branches}
                joined = with_temperature(join_digits(first, seconds), temperatures.get(dimension, 1.0))
                read[dimension] = Score.from_probabilities(joined)
            scores.append(habits.apply(read))
        faults = {k: distribution(vocabulary.speech if k == SPEECH else vocabulary.faults) for k in self.faults}
        return Heard(tuple(scores), faults)


@dataclass(frozen=True)
class Heard:
    """What was read: the scores of each listener, and the probabilities of each fault's severities (no ... strong)."""

    scores: tuple[Mapping[str, Score], ...]
    faults: Mapping[str, np.ndarray]

    @property
    def speech(self) -> float:
        """The probability that the clip holds speech (1 where it was not asked)."""
        return float(self.faults[SPEECH][1]) if SPEECH in self.faults else 1.0

    def artifacts(self) -> tuple[HeardArtifact, ...]:
        """The faults more likely there than not, each with its most likely severity."""
        found = []
        for kind in ARTIFACT_KINDS:
            if kind in self.faults and self.faults[kind][0] < 0.5:
                severity = SEVERITIES[int(self.faults[kind][1:].argmax())]
                found.append(HeardArtifact(kind, severity, probability=1 - float(self.faults[kind][0])))
        return tuple(found)


def join_digits(first: np.ndarray, seconds: Mapping[int, np.ndarray]) -> np.ndarray:
    """P(1.0) ... P(5.0) from P(first digit 1-5), [5], and P(second digit | first), [10] each; 5 is always 5.0."""
    joint = np.zeros(len(GRID))
    for digit in FIRST_DIGITS[:4]:
        joint[(digit - 1) * 10 : digit * 10] = first[digit - 1] * seconds[digit]
    joint[-1] = first[-1]
    return joint / joint.sum()


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """A distribution made wider (above 1) or narrower (below 1), as a softmax with that temperature does."""
    powered = np.power(probabilities, 1 / temperature)
    return powered / powered.sum()


def read_tokens(
    model: SpeechQualityModel, reading: Reading, degraded: Tensor, reference: Tensor | None = None, batch: int = 8
) -> list[Heard]:
    """Read many clips, `batch` a forward pass, from their audio tokens [clips, tokens, width + BESIDE]."""
    vocabulary, positions = Vocabulary.of(model), reading.positions()
    heard: list[Heard] = []
    for start in range(0, len(degraded), batch):
        rows = slice(start, start + batch)
        with torch.inference_mode():
            paired = None if reference is None else reference[rows].to(model.device)
            prefix = model.prefix(degraded[rows].to(model.device), paired)
            hidden = model(prefix, [reading.tree] * len(prefix))
            heard += [reading.read(model.logits(clip[positions]), vocabulary, paired is not None) for clip in hidden]
    return heard
