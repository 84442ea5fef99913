"""What scores and faults hang on: the encoder's features, or the assessor's opinions that stand behind them.

Each clip's audio tokens get one of the two from another clip; what is read of the mixture is held beside what is read
of either clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sqllm.evaluation.answer_quality import Share
from sqllm.evaluation.metrics import read_token_set
from sqllm.evaluation.tables import figure, markdown_table
from sqllm.features.token_set import TokenSet
from sqllm.judge.readout import Heard
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import DIMENSIONS, HeardArtifact


@dataclass(frozen=True)
class Side:
    """Five scores and the faults of some clips: `means` [clips, 5], as heard or as labelled."""

    means: np.ndarray
    faults: Sequence[Sequence[HeardArtifact]]

    @classmethod
    def heard(cls, heard: Sequence[Heard]) -> Side:
        """What a model read, the typical listener's."""
        means = np.array([[one.scores[0][d].mean for d in DIMENSIONS] for one in heard])
        return cls(means, [one.artifacts() for one in heard])

    def chosen(self, rows: Sequence[int]) -> Side:
        """The clips of some rows."""
        return Side(self.means[list(rows)], [self.faults[row] for row in rows])


@dataclass(frozen=True)
class Agreement:
    """How two sides agree: Pearson's r and the mean absolute difference of each score (by dimension, in order), F1 of
    the kinds of faults (None where neither side has any), and how many of the kinds on both sides are as severe.
    """

    moved: str
    beside: str
    r: Sequence[float]
    gap: Sequence[float]
    f1: float | None
    severity: Share

    @classmethod
    def of(cls, moved: str, beside: str, one: Side, other: Side) -> Agreement:
        r = [float(np.corrcoef(one.means[:, i], other.means[:, i])[0, 1]) for i in range(len(DIMENSIONS))]
        gap = np.abs(one.means - other.means).mean(axis=0).tolist()
        pairs = [
            ({a.kind: a.severity for a in mine}, {a.kind: a.severity for a in theirs})
            for mine, theirs in zip(one.faults, other.faults, strict=True)
        ]
        named = sum(len(mine) + len(theirs) for mine, theirs in pairs)
        same = [mine[kind] == theirs[kind] for mine, theirs in pairs for kind in mine.keys() & theirs.keys()]
        return cls(moved, beside, r, gap, 2 * len(same) / named if named else None, Share.of(same))

    def cells(self) -> list[str]:
        """A row of the table."""
        scores = [f"{r:.3f} / {gap:.3f}" for r, gap in zip(self.r, self.gap, strict=True)]
        return [self.moved, self.beside, *scores, figure(self.f1, ".2f"), str(self.severity)]


@dataclass(frozen=True)
class AssessorSwap:
    """What was found on `clips` clips, each with a part of its tokens from another: a row an agreement."""

    clips: int
    reference: bool
    rows: Sequence[Agreement]

    def lines(self) -> list[str]:
        """The figures as Markdown."""
        heads = ("from another clip", "beside", *(f"{d}, r / gap" for d in DIMENSIONS), "faults F1", "as severe")
        ended = "double-ended" if self.reference else "single-ended"
        return [
            f"\n#### The assessor's opinions moved between {self.clips} clips, {ended}\n",
            *markdown_table(heads, [row.cells() for row in self.rows]),
        ]


def can_swap(model: SpeechQualityModel) -> bool:
    """Whether the model's encoder has opinions beside its features."""
    return isinstance(model.encoder, CompactEncoder) and model.encoder.assessor is not None


def measure_swap(model: SpeechQualityModel, tokens: TokenSet, reference: bool = False, seed: int = 0) -> AssessorSwap:
    """Move the opinions, and then the features, from each clip of a set to another, drawn by `seed`.

    Clips have to have all five scores and, for a `reference` to be heard, one each. Raises `ValueError` where the
    encoder has no assessor.
    """
    if not can_swap(model) or not isinstance(model.encoder, CompactEncoder):
        raise ValueError("This model's encoder has no assessor: there are no opinions to move.")
    features, width = model.encoder.features, model.encoder.width
    others = another_of_each(len(tokens), seed)

    def read(some: TokenSet) -> Side:
        return Side.heard(read_token_set(model, some, reference, faults=model.config.artifact_kinds))

    own = read(tokens)
    other = own.chosen(others)
    moved_opinions = read(mixed(tokens, others, slice(features, width)))
    moved_features = read(mixed(tokens, others, slice(0, features)))
    labels = Side(
        np.array([[clip.scores[d] for d in DIMENSIONS] for clip in tokens.clips]),
        [clip.faults(reference) for clip in tokens.clips],
    )
    return AssessorSwap(
        len(tokens),
        reference,
        [
            Agreement.of("nothing", "the other clip", own, other),
            Agreement.of("opinions", "the features' clip", moved_opinions, own),
            Agreement.of("opinions", "the opinions' clip", moved_opinions, other),
            Agreement.of("features", "the features' clip", moved_features, other),
            Agreement.of("features", "the opinions' clip", moved_features, own),
            Agreement.of("nothing", "its labels", own, labels),
            Agreement.of("opinions", "its labels", moved_opinions, labels),
        ],
    )


def another_of_each(count: int, seed: int) -> list[int]:
    """For each of `count` clips another one, by a seed, so that each is the other of one."""
    order = np.random.default_rng(seed).permutation(count)
    others = np.empty(count, int)
    others[order] = np.roll(order, 1)
    return others.tolist()


def mixed(tokens: TokenSet, others: Sequence[int], channels: slice) -> TokenSet:
    """A set whose clips have some channels of their audio tokens, and of their references', from other clips."""
    degraded, reference = tokens.degraded.clone(), tokens.reference.clone()
    degraded[..., channels] = tokens.degraded[list(others)][..., channels]
    reference[..., channels] = tokens.reference[list(others)][..., channels]
    return TokenSet(tokens.clips, degraded, reference)
