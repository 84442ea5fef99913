"""What a training step is to make small: how far the LLM's next tokens are from what the lessons want."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from sqllm.model.language_model import LanguageModel
from sqllm.training.lessons import TARGET_KINDS, Lesson


@dataclass(frozen=True)
class LossParts:
    """The loss and its parts, for the log."""

    total: Tensor
    score: Tensor
    expectation: Tensor
    fault: Tensor


@dataclass(frozen=True)
class TargetBatch:
    """The targets of some lessons, packed: what is wanted behind the tokens `where` (lesson and position, [targets,
    2]), as `probabilities` of token `ids` [targets, widest]; their weights and kinds [targets].

    `firsts` [scores] are the rows of the scores' first digits; `rows`, `scores` and `digits` [branches] those of the
    second digits, the score that each belongs to and the first digit it stands behind; `labels` [scores].
    """

    where: Tensor
    ids: Tensor
    probabilities: Tensor
    weights: Tensor
    kinds: Tensor
    firsts: Tensor
    rows: Tensor
    scores: Tensor
    digits: Tensor
    labels: Tensor

    @classmethod
    def of(cls, lessons: Sequence[Lesson]) -> TargetBatch:
        targets = [(i, target) for i, lesson in enumerate(lessons) for target in lesson.targets]
        widest = max(len(target.ids) for _, target in targets)
        ids, probabilities = np.zeros((len(targets), widest), np.int64), np.zeros((len(targets), widest), np.float32)
        for row, (_, target) in enumerate(targets):
            ids[row, : len(target.ids)] = target.ids
            probabilities[row, : len(target.ids)] = target.probabilities
        starts = np.cumsum([0, *(len(lesson.targets) for lesson in lessons[:-1])]).tolist()
        scores = [(start, score) for start, lesson in zip(starts, lessons, strict=True) for score in lesson.scores]
        branches = [
            (start + row, index, digit - 1)
            for index, (start, score) in enumerate(scores)
            for row, digit in zip(score.rows[1:], score.branches, strict=True)
        ]
        rows, of_scores, digits = torch.tensor(branches, dtype=torch.long).reshape(-1, 3).T
        return cls(
            torch.tensor([[i, target.position] for i, target in targets]),
            torch.from_numpy(ids),
            torch.from_numpy(probabilities),
            torch.tensor([target.weight for _, target in targets]),
            torch.tensor([TARGET_KINDS.index(target.kind) for _, target in targets]),
            torch.tensor([start + score.rows[0] for start, score in scores], dtype=torch.long),
            rows,
            of_scores,
            digits,
            torch.tensor([score.label for _, score in scores]),
        )

    def to(self, device: torch.device) -> TargetBatch:
        return TargetBatch(*(getattr(self, f.name).to(device) for f in fields(self)))


@dataclass(frozen=True)
class LossWeights:
    """What the parts of a loss are means over: how many scores there are, and the weights of text and fault targets."""

    scores: Tensor
    text: Tensor
    fault: Tensor

    @classmethod
    def of(cls, targets: TargetBatch) -> LossWeights:
        text, fault = (targets.weights[targets.kinds == TARGET_KINDS.index(kind)].sum() for kind in ("text", "fault"))
        return cls(targets.weights.new_tensor(float(len(targets.firsts))), text, fault)

    @classmethod
    def from_tensor(cls, values: Tensor) -> LossWeights:
        """From what `as_tensor` gives, [3], perhaps summed over the passes that share a batch."""
        return cls(*values)

    def as_tensor(self) -> Tensor:
        return torch.stack([self.scores, self.text, self.fault])


def lesson_loss(
    model: LanguageModel,
    hidden: Tensor,
    targets: TargetBatch,
    fault_weight: float,
    over: LossWeights | None = None,
) -> LossParts:
    """Soft cross-entropy over the whole vocabulary on all targets, plus the squared error of read scores.

    `hidden`: [batch, tokens, dim] of the lessons' trees; `targets` on its device. The parts are means `over` what the
    whole batch holds, where these targets are but a share of it.
    """
    logits = model.logits(hidden[targets.where[:, 0], targets.where[:, 1]])  # [targets, vocabulary]
    logs = torch.log_softmax(logits, dim=-1).gather(1, targets.ids)
    entropy = -(targets.probabilities * logs).sum(dim=1) * targets.weights

    def of_kind(values: Tensor, kind: str) -> Tensor:
        return values[targets.kinds == TARGET_KINDS.index(kind)].sum()

    over = over or LossWeights.of(targets)
    count = over.scores.clamp(min=1)
    score, expectation = of_kind(entropy, "score") / count, _expectation_errors(logs, targets).sum() / count
    text = of_kind(entropy, "text") / over.text.clamp(min=1e-6)
    fault = of_kind(entropy, "fault") / over.fault.clamp(min=1e-6)
    total = score + 0.5 * expectation + text + fault_weight * fault
    return LossParts(total, *(value.detach() for value in (score, expectation, fault)))


def _expectation_errors(logs: Tensor, targets: TargetBatch) -> Tensor:
    """Squared errors of the scores' expectations; a digit whose branch was not asked counts as d.45 (5 as 5.0)."""
    if not len(targets.firsts):
        return logs.new_zeros(1)
    first = torch.softmax(logs[targets.firsts, :5], dim=1)
    values = first.new_tensor([1.45, 2.45, 3.45, 4.45, 5.0]).repeat(len(first), 1)
    tenths = torch.softmax(logs[targets.rows, :10], dim=1) @ (torch.arange(10, device=logs.device) / 10)
    values = values.index_put((targets.scores, targets.digits), targets.digits + 1.0 + tenths)
    return ((first * values).sum(dim=1) - targets.labels).square()
