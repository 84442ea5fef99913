"""What a step of training at size hears and asks: the same for a seed and a step, however many processes share it.

A block of steps draws its clips and tasks together and cuts them into batches of like length, so that little is padded.
Every process takes its share of each batch; worker processes decode, align and write the prompts ahead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.features.feature_cache import Sound
from sqllm.features.token_set import TokenSet
from sqllm.judge.readout import Vocabulary
from sqllm.model.encoders.base import pad_batch
from sqllm.model.prompt_tree import TreeBatch
from sqllm.model.question_first import Prompt, PromptBatch, answer_loss, write_prompt
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.signal.changes import with_changes
from sqllm.training.lessons import Lesson, Tasks, make_lesson
from sqllm.training.loss import LossWeights, TargetBatch, lesson_loss
from sqllm.words.paper_tasks import draw_task, task_answer

Item = TypeVar("Item")
BLOCK = 32  # steps whose batches are cut together


@dataclass(frozen=True)
class Order:
    """Which clips the steps meet: shuffled epochs of `clips` clips, a `batch` a step; `paired` are the rows of clips
    with a reference, and `double_ended` the share of the steps that hear it.
    """

    clips: int
    batch: int
    paired: tuple[int, ...]
    double_ended: float
    seed: int

    def rows(self, block: int) -> tuple[list[int], list[int]]:
        """The clips of a block of steps: those heard alone, and those heard with their reference."""
        rng = np.random.default_rng([self.seed, 3, block])
        paired_steps = min(BLOCK, int(self.double_ended * BLOCK + rng.random()))
        if len(self.paired) < self.batch:
            paired_steps = 0
        alone = self._next(self.clips, block, BLOCK - paired_steps, 7)
        paired = self._next(len(self.paired), block, paired_steps, 8) if paired_steps else []
        return alone, [self.paired[row] for row in paired]

    def _next(self, total: int, block: int, steps: int, stream: int) -> list[int]:
        """The next rows of shuffled epochs, so many steps of them."""
        first = block * BLOCK * self.batch
        numbers = range(first, first + steps * self.batch)
        orders = {epoch: self._epoch(epoch, total, stream) for epoch in {number // total for number in numbers}}
        return [int(orders[number // total][number % total]) for number in numbers]

    def _epoch(self, epoch: int, total: int, stream: int) -> np.ndarray:
        return np.random.default_rng([self.seed, stream, epoch]).permutation(total)


@dataclass(frozen=True)
class Audio:
    """What some clips sound like, on the CPU: `tokens` where the encoder is frozen and has heard them, else `waves`
    [batch, samples] and their `lengths`; `changes` against the reference [batch, tokens, CHANGES] beside a reference's.
    """

    tokens: Tensor | None = None
    waves: Tensor | None = None
    lengths: Tensor | None = None
    changes: Tensor | None = None

    def heard_by(self, model: SpeechQualityModel) -> Tensor:
        """Audio tokens [batch, tokens, width + BESIDE (+ CHANGES)], on the model's device."""
        if self.tokens is not None:
            return self.tokens.to(model.device, non_blocking=True)
        tokens = model.audio_tokens(cast(Tensor, self.waves), cast(Tensor, self.lengths))
        return tokens if self.changes is None else torch.cat([tokens, self.changes.to(tokens.device)], dim=-1)


@dataclass(frozen=True)
class MicroBatch:
    """What one pass hears and asks: clips, their references where these are heard, and the `task` of the objective.
    `counts` are how many things of each kind of its loss it holds, `size` how many tokens it reads of how many `clips`.
    """

    degraded: Audio
    reference: Audio | None
    task: Any
    counts: Tensor
    size: int
    clips: int


def sounds(clips: Sequence[CorpusClip], paired: bool, tokens: int, changes: bool) -> tuple[Audio, Audio | None]:
    """Decode clips, and align their references, for an encoder that still has to hear them."""
    if not paired:
        waves, lengths = pad_batch([Sound.of(clip).read()[0] for clip in clips])
        return Audio(waves=waves, lengths=lengths), None
    pairs = [Sound.of(clip, reference=True).read() for clip in clips]
    aligned = [cast(np.ndarray, reference) for _, reference in pairs]
    changed = None
    if changes:
        none = torch.zeros(tokens, 0)
        changed = torch.stack([with_changes(none, *pair) for pair in zip([c for c, _ in pairs], aligned, strict=True)])
    waves, lengths = pad_batch([clip for clip, _ in pairs])
    clean, clean_lengths = pad_batch(aligned)
    return Audio(waves=waves, lengths=lengths), Audio(waves=clean, lengths=clean_lengths, changes=changed)


class Objective(nn.Module, ABC, Generic[Item]):
    """A model and what it is to learn from a clip; `forward` gives the loss of a pass, in parts of one sum over
    processes and passes: divided by what all of them count, it is the same however they share a batch.
    """

    hears_changes = True  # whether what changed against a reference stands beside its tokens

    def __init__(self, model: SpeechQualityModel) -> None:
        super().__init__()
        self.model = model

    @abstractmethod
    def item(self, clip: CorpusClip, paired: bool, rng: np.random.Generator) -> Item:
        """What a clip is asked."""

    @abstractmethod
    def length(self, item: Item) -> int:
        """How many tokens it takes beside the audio's."""

    @abstractmethod
    def task(self, items: Sequence[Item], paired: bool) -> tuple[Any, Tensor]:
        """What some clips are asked, in tensors, and how many things of each kind are to be learnt."""

    @abstractmethod
    def forward(self, batch: MicroBatch, counts: Tensor) -> Tensor:
        """The loss of a pass, where `counts` are those of the whole step."""


class AnswerObjective(Objective[Prompt]):
    """The paper's: the question first, the answer's tokens to be learnt (mean cross-entropy over those of a step)."""

    hears_changes = False

    def item(self, clip: CorpusClip, paired: bool, rng: np.random.Generator) -> Prompt:
        task = draw_task(rng, clip.scores)
        return write_prompt(self.model, task.question, task_answer(task, clip.scores, clip.faults(paired)))

    def length(self, item: Prompt) -> int:
        return item.text_length

    def task(self, items: Sequence[Prompt], paired: bool) -> tuple[PromptBatch, Tensor]:
        batch = PromptBatch.of(items, self.model.config.audio_tokens * (1 + paired))
        return batch, torch.tensor([float(batch.answer_count)])

    def forward(self, batch: MicroBatch, counts: Tensor) -> Tensor:
        degraded = batch.degraded.heard_by(self.model)
        reference = None if batch.reference is None else batch.reference.heard_by(self.model)
        return answer_loss(self.model, batch.task, degraded, reference) / counts[0]


@dataclass(frozen=True)
class LessonTask:
    """Trees of questions and their targets."""

    trees: TreeBatch
    targets: TargetBatch


class LessonObjective(Objective[Lesson]):
    """Ours: the audio first, score distributions and faults behind it (`sqllm.training.lessons`)."""

    def __init__(self, model: SpeechQualityModel, tasks: Tasks, fault_weight: float) -> None:
        super().__init__(model)
        self.tasks, self.vocabulary = tasks, Vocabulary.of(model)
        self.fault_weight = fault_weight

    def item(self, clip: CorpusClip, paired: bool, rng: np.random.Generator) -> Lesson:
        return make_lesson(clip, self.vocabulary, rng, 0.7, self.tasks, paired)

    def length(self, item: Lesson) -> int:
        return len(item.tree)

    def task(self, items: Sequence[Lesson], paired: bool) -> tuple[LessonTask, Tensor]:
        trees = TreeBatch.of([lesson.tree for lesson in items], self.model.prefix_length(paired), with_prefix_rows=True)
        targets = TargetBatch.of(items)
        return LessonTask(trees, targets), LossWeights.of(targets).as_tensor()

    def forward(self, batch: MicroBatch, counts: Tensor) -> Tensor:
        degraded = batch.degraded.heard_by(self.model)
        reference = None if batch.reference is None else batch.reference.heard_by(self.model)
        hidden = self.model(self.model.prefix(degraded, reference), batch.task.trees)
        targets = batch.task.targets.to(hidden.device)
        weights = LossWeights.from_tensor(counts)
        return lesson_loss(self.model, hidden, targets, self.fault_weight, weights).total


@dataclass
class Curriculum(Generic[Item]):
    """What an objective learns of a corpus, a step at a time: `heard` holds its clips (and their tokens, where the
    encoder is frozen), `share` is which part of every batch this process takes, `micro` how many clips a pass has.
    """

    objective: Objective[Item]
    heard: TokenSet
    order: Order
    micro: int
    share: tuple[int, int] = (0, 1)
    encoder_trains: bool = False
    _blocks: dict[int, list[tuple[list[int], list[Item], bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.order.batch % (self.micro * self.share[1]):
            raise ValueError(
                f"A batch of {self.order.batch} clips can't be shared by {self.share[1]} processes in passes of "
                f"{self.micro}: make batch a multiple of both."
            )

    def passes(self, steps: range, workers: int = 0) -> Iterator[list[MicroBatch]]:
        """This process's passes of the steps to come, made ahead by `workers` processes (0: by this one)."""
        start = "fork" if workers else None
        loader = DataLoader(
            cast(Any, steps),
            batch_size=None,
            num_workers=workers,
            collate_fn=cast(Any, self.step),
            multiprocessing_context=start,
        )
        yield from loader

    def step(self, step: int) -> list[MicroBatch]:
        """This process's passes of one step."""
        rows, items, paired = self._block(step // BLOCK)[step % BLOCK]
        rank, processes = self.share
        own = range(rank * len(rows) // processes, (rank + 1) * len(rows) // processes, self.micro)
        return [self.one(rows[at : at + self.micro], items[at : at + self.micro], paired) for at in own]

    def one(self, rows: Sequence[int], items: Sequence[Item], paired: bool) -> MicroBatch:
        """One pass over some clips."""
        task, counts = self.objective.task(items, paired)
        degraded, reference = self._audio(rows, paired)
        audio = self.objective.model.config.audio_tokens * (1 + paired)
        size = len(rows) * (audio + max(map(self.objective.length, items)))
        return MicroBatch(degraded, reference, task, counts, size, len(rows))

    def _audio(self, rows: Sequence[int], paired: bool) -> tuple[Audio, Audio | None]:
        if self.encoder_trains:
            tokens = self.objective.model.config.audio_tokens
            return sounds([self.heard.clips[row] for row in rows], paired, tokens, self.objective.hears_changes)
        degraded, reference = self.heard.degraded[list(rows)], self.heard.reference[list(rows)]
        if not self.objective.hears_changes:
            reference = reference[..., : degraded.shape[-1]]
        return Audio(degraded), Audio(reference) if paired else None

    def _block(self, block: int) -> list[tuple[list[int], list[Item], bool]]:
        """The batches of a block of steps: rows, what they are asked, and whether their references are heard."""
        if block not in self._blocks:
            rng = np.random.default_rng([self.order.seed, 5, block])
            batches = []
            for rows, paired in zip(self.order.rows(block), (False, True), strict=True):
                items = [self.objective.item(self.heard.clips[row], paired, rng) for row in rows]
                by_length = sorted(range(len(rows)), key=lambda number: self.objective.length(items[number]))
                for start in range(0, len(rows), self.order.batch):
                    chosen = by_length[start : start + self.order.batch]
                    batches.append(([rows[n] for n in chosen], [items[n] for n in chosen], paired))
            self._blocks = {block: [batches[n] for n in rng.permutation(len(batches))]}
        return self._blocks[block]


def all_known(clips: Sequence[CorpusClip]) -> list[CorpusClip]:
    """Clips that can teach: those with speech and a MOS."""
    return [clip for clip in clips if clip.speech and "mos" in clip.scores]
