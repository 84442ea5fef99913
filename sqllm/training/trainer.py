"""Train projector and LoRA (and, if wanted, the encoder) on a corpus, with checkpoints that resume exactly."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.metrics import accuracy, read_token_set
from sqllm.features.feature_cache import Sound
from sqllm.features.read_pair import save_whole
from sqllm.features.token_set import TokenSet, hear_sounds, listen_to
from sqllm.judge.readout import Vocabulary
from sqllm.model.checkpoint import save_checkpoint
from sqllm.model.device import training_precision
from sqllm.model.prompt_tree import TreeBatch
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.signal.changes import unchanged
from sqllm.training.lessons import Lesson, Tasks, as_own_reference, make_lesson
from sqllm.training.loss import LossParts, TargetBatch, lesson_loss

STATE_NAME, LOG_NAME = "state.pt", "log.csv"
FEWEST_VALIDATION_CLIPS = 3
AS_GOOD = 0.003  # of mean r below the best: a later model is preferred, as faults are learnt longer than scores


@dataclass(frozen=True)
class TrainerSettings:
    """How to train. `steps` of `batch` clips (0: the model is kept as it begins); `double_ended` is the share of steps
    that hear the reference, and `identical` how many of these hear every clip beside itself, where the corpus has
    double-ended labels; `other_listener` and `faults` are the shares of those that ask more than the typical listener's
    scores. Training stops early after `patience` validations without a better one (0: never). `workers` processes make
    the questions ahead: a GPU would wait for them.
    """

    steps: int = 3000
    batch: int = 4
    learning_rate: float = 1e-3
    encoder_learning_rate: float = 2e-5
    weight_decay: float = 0.01
    warmup: int = 15
    clip_norm: float = 1.0
    double_ended: float = 0.4
    identical: float = 0.08
    other_listener: float = 0.5
    faults: float = 0.5
    token_noise: float = 0.1
    fault_weight: float = 0.3
    plain_start: float = 0.3
    plain_share: float = 0.7
    checkpoint_minutes: float = 4.0
    validate_every: int = 250
    validate_clips: int = 120
    patience: int = 0
    workers: int = 0
    seed: int = 1


@dataclass(frozen=True)
class Draw:
    """What a step hears and asks: the rows of its clips in the corpus, whether their references are heard too, and
    whether these are the clips themselves, the trees and their targets.
    """

    rows: list[int]
    with_reference: bool
    identical: bool
    trees: TreeBatch
    targets: TargetBatch


@dataclass
class Trainer:
    """Training of one model on one corpus; `run` goes on from `folder` where an earlier run stopped."""

    model: SpeechQualityModel
    corpus: TokenSet
    validation: TokenSet
    folder: Path
    settings: TrainerSettings
    step: int = 0
    best: float = -1.0
    disappointments: int = 0

    def __post_init__(self) -> None:
        self.vocabulary = Vocabulary.of(self.model)
        encoder = [p for p in self.model.encoder.parameters() if p.requires_grad]
        inside = {id(parameter) for parameter in encoder}
        others = [p for p in self.model.parameters() if p.requires_grad and id(p) not in inside]
        groups = [{"params": others, "peak": self.settings.learning_rate}]
        if encoder:
            groups.append({"params": encoder, "peak": self.settings.encoder_learning_rate})
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=self.settings.weight_decay)
        self.hears_audio = bool(encoder)
        self.rates_degradation = any(clip.degradation_scores for clip in self.corpus.clips)
        self.paired = torch.nonzero(self.corpus.with_reference()).flatten().numpy()

    def run(self) -> None:
        """Train to the last step; writes `state.pt`, `log.csv` and, at the best validation, the checkpoint."""
        from tqdm import tqdm

        if len(self.validation) < FEWEST_VALIDATION_CLIPS:
            raise ValueError(f"{len(self.validation)} validation clips are too few: make or add a VAL split.")
        self._resume()
        self.model.train()
        saved = time.monotonic()
        bar = tqdm(total=self.settings.steps, initial=self.step, desc="training", unit="step", mininterval=5)
        for draw in self._draws():
            if self._out_of_patience():
                break
            parts = self._train_step(draw)
            self.step += 1
            bar.update()
            if self.step % 10 == 0:
                bar.set_postfix(score=f"{parts.score:.2f}", fault=f"{parts.fault:.2f}", refresh=False)
                figures = {part.name: float(getattr(parts, part.name).detach()) for part in fields(parts)}
                self._log({"step": self.step, "loss": figures.pop("total"), **figures})
            if self.step % self.settings.validate_every == 0 or self.step == self.settings.steps:
                self._validate()
            if time.monotonic() - saved > 60 * self.settings.checkpoint_minutes:
                self._save_state()
                saved = time.monotonic()
        if not self.settings.steps:
            self._validate()
        self._save_state()

    def _out_of_patience(self) -> bool:
        return 0 < self.settings.patience <= self.disappointments

    def _train_step(self, draw: Draw) -> LossParts:
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step)
        degraded, references = self._tokens(draw.rows), None
        if draw.with_reference:
            references = unchanged(degraded) if draw.identical else self._tokens(draw.rows, True)
        prefix = self._prefix(degraded, references)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * self._rate()
        self.optimizer.zero_grad(set_to_none=True)
        # LoRA's float32 weights compute in bfloat16: a fifth faster on a CPU, with the same losses.
        with training_precision(self.model.device, self.model.body.dtype):
            hidden = self.model(prefix, draw.trees)
            parts = lesson_loss(self.model, hidden, draw.targets.to(hidden.device), self.settings.fault_weight)
        parts.total.backward()
        trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(trained, self.settings.clip_norm)
        self.optimizer.step()
        return parts

    def _draws(self) -> Iterable[Draw]:
        """What the steps to come hear and ask, made ahead by `workers` processes (0: by this one, when it is time).

        Forked processes can't use a GPU that was used before: what they draw is on the CPU and stays there.
        """
        steps: Any = range(self.step, self.settings.steps)
        workers, draw = self.settings.workers, cast(Any, self.draw)
        start = "fork" if workers else None
        return DataLoader(steps, batch_size=None, num_workers=workers, collate_fn=draw, multiprocessing_context=start)

    def draw(self, step: int) -> Draw:
        """What a step hears and asks."""
        rng = np.random.default_rng([self.settings.seed, step])
        rows, with_reference = self._draw_batch(rng, step)
        identical = with_reference and self.rates_degradation and bool(rng.random() < self.settings.identical)
        clips = [self.corpus.clips[row] for row in rows]
        clips = [as_own_reference(clip) for clip in clips] if identical else clips
        lessons = self._draw_lessons(rng, step, clips, with_reference)
        before = self.model.prefix_length(with_reference)
        trees = TreeBatch.of([lesson.tree for lesson in lessons], before, with_prefix_rows=True)
        return Draw(rows, with_reference, identical, trees, TargetBatch.of(lessons))

    def _draw_lessons(
        self, rng: np.random.Generator, step: int, clips: Sequence[CorpusClip], with_reference: bool
    ) -> list[Lesson]:
        """What is asked of some clips."""
        settings = self.settings
        plain = 1.0 if step < settings.plain_start * settings.steps else settings.plain_share
        tasks = Tasks(*(bool(rng.random() < share) for share in (settings.other_listener, settings.faults)))
        return [make_lesson(clip, self.vocabulary, rng, plain, tasks, with_reference) for clip in clips]

    def _draw_batch(self, rng: np.random.Generator, step: int) -> tuple[list[int], bool]:
        """Clips of this step: the next ones of a shuffled epoch, or random ones that have a reference."""
        size, total = self.settings.batch, len(self.corpus)
        if len(self.paired) >= size and rng.random() < self.settings.double_ended:
            return rng.choice(self.paired, size=size, replace=False).tolist(), True
        epoch, first = divmod(step * size, total)
        order = np.random.default_rng([self.settings.seed, 7, epoch]).permutation(total)
        return np.resize(np.roll(order, -first), size).tolist(), False

    def _tokens(self, rows: list[int], of_references: bool = False) -> Tensor:
        """The audio tokens of some clips or of their references, heard anew where the encoder trains."""
        if not self.hears_audio:
            return (self.corpus.reference if of_references else self.corpus.degraded)[rows]
        return torch.stack(hear_sounds(self.model, [Sound.of(self.corpus.clips[row], of_references) for row in rows]))

    def _prefix(self, degraded: Tensor, reference: Tensor | None = None) -> Tensor:
        return self.model.prefix(self._noisy(degraded), None if reference is None else self._noisy(reference))

    def _noisy(self, tokens: Tensor) -> Tensor:
        return (tokens + self.settings.token_noise * torch.randn_like(tokens)).to(self.model.device)

    def _rate(self) -> float:
        """Linear warm-up, then a cosine down to zero."""
        if self.step < self.settings.warmup:
            return (self.step + 1) / self.settings.warmup
        done = (self.step - self.settings.warmup) / max(1, self.settings.steps - self.settings.warmup)
        return 0.5 * (1 + float(np.cos(np.pi * min(1.0, done))))

    def _validate(self) -> None:
        """Mean Pearson r over the five scores, single-ended and, where there are references, double-ended; a model as
        good as the best so far becomes the checkpoint.
        """
        few = self.validation.chosen(range(min(len(self.validation), self.settings.validate_clips)))
        if self.hears_audio:
            few = listen_to(self.model, few.clips)
        self.model.eval()
        figures = accuracy(few.clips, read_token_set(self.model, few))
        logged = {"validation_r": _mean(figures, "r"), "validation_mos_r": figures["mos"]["r"]}
        logged["validation_mae"] = _mean(figures, "mae")
        rows = few.with_reference().nonzero().flatten().tolist()
        if len(rows) >= FEWEST_VALIDATION_CLIPS:
            beside = few.chosen(rows)
            paired = accuracy(beside.clips, read_token_set(self.model, beside, with_reference=True), reference=True)
            logged |= {"paired_r": _mean(paired, "r"), "paired_mos_r": paired["mos"]["r"]}
        self.model.train()
        self._log({"step": self.step, **logged})
        mean = float(np.mean([logged[name] for name in ("validation_r", "paired_r") if name in logged]))
        self.disappointments = 0 if mean > self.best else self.disappointments + 1
        if mean > self.best - AS_GOOD or not (self.folder / "checkpoint").is_dir():
            self.best = max(mean, self.best)
            save_checkpoint(self.model, self.folder / "checkpoint", {"step": self.step, "validation_r": mean})

    def _log(self, values: dict[str, float]) -> None:
        columns = [
            "step",
            "loss",
            "score",
            "expectation",
            "fault",
            "validation_r",
            "validation_mos_r",
            "validation_mae",
            "paired_r",
            "paired_mos_r",
        ]
        path = self.folder / LOG_NAME
        fresh = not path.is_file()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            if fresh:
                writer.writeheader()
            writer.writerow({name: round(value, 5) for name, value in values.items()})

    def _save_state(self) -> None:
        trained = {name: p.detach() for name, p in self.model.named_parameters() if p.requires_grad}
        reached = {"step": self.step, "best": self.best, "disappointments": self.disappointments}
        state = {**reached, "trained": trained, "optimizer": self.optimizer.state_dict()}
        save_whole(state, self.folder / STATE_NAME)

    def _resume(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / STATE_NAME).is_file():
            return
        # By way of the CPU, whatever device it was saved on; the optimizer moves its moments to the parameters.
        state = torch.load(self.folder / STATE_NAME, map_location="cpu", weights_only=True)
        parameters = dict(self.model.named_parameters())
        with torch.no_grad():
            for name, value in state["trained"].items():
                parameters[name].copy_(value)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.best, self.disappointments = state["step"], state["best"], state["disappointments"]
        self._forget_log_after(self.step)

    def _forget_log_after(self, step: int) -> None:
        """Steps that were logged behind the last saved state are made, and logged, again."""
        path = self.folder / LOG_NAME
        if path.is_file():
            header, *rows = path.read_text(encoding="utf-8").splitlines()
            kept = [row for row in rows if row.split(",")[0].isdecimal() and int(row.split(",")[0]) <= step]
            path.write_text("\n".join([header, *kept]) + "\n", encoding="utf-8")


def _mean(figures: Mapping[str, Mapping[str, float]], name: str) -> float:
    """The mean of a figure over the dimensions."""
    return float(np.mean([row[name] for row in figures.values()]))
