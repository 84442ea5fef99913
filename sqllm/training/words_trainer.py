"""Train the LoRA for words, text only, with checkpoints that resume exactly."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.features.read_pair import save_whole
from sqllm.judge.understanding import read_choices
from sqllm.judge.wording import SAYS
from sqllm.model.config import ModelConfig
from sqllm.model.device import training_precision
from sqllm.model.language_model import LanguageModel
from sqllm.model.words_llm import with_words
from sqllm.training.asked_questions import AskedLesson, Asker
from sqllm.training.lessons import Lesson
from sqllm.training.loss import TargetBatch, lesson_loss
from sqllm.training.saying_lessons import add_saying, draw_saying, said_well
from sqllm.training.word_lessons import WordTeacher, split_wordings

STATE_NAME, LOG_NAME = "state.pt", "log.csv"
SIDE_BY_SIDE = 4  # questions in one sequence


@dataclass(frozen=True)
class WordsSettings:
    """How to train: `steps` of `batch` lessons. `checkpoint` is the model that gets the words (empty: the default);
    `start_from` one whose words to go on from (with no steps: to take as they are). `sayings` are lessons in saying
    what was selected of made facts, beside the questions of a step.
    """

    checkpoint: Path | None = None
    start_from: Path | None = None
    out: Path = Path("words")
    words_rank: int = 8
    words_alpha: int = 16
    words_from: int = 15
    steps: int = 600
    batch: int = 20
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: int = 30
    clip_norm: float = 1.0
    validate_every: int = 200
    validate_questions: int = 320
    sayings: int = 0
    checkpoint_minutes: float = 4.0
    device: str = ""
    threads: int = 0
    seed: int = 1


@dataclass
class WordsTrainer:
    """Training of one LLM for words; `run` goes on from `settings.out` where an earlier run stopped."""

    model: LanguageModel
    config: ModelConfig
    checkpoint: Path
    settings: WordsSettings
    step: int = 0

    def __post_init__(self) -> None:
        wordings, kept = split_wordings()
        self.teacher = WordTeacher.of(self.model, wordings)
        rng, self.validation_asker = np.random.default_rng([self.settings.seed, 11]), Asker.of(kept)
        self.validation = [self.validation_asker.draw(rng) for _ in range(self.settings.validate_questions)]
        self.trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        self.optimizer = torch.optim.AdamW(
            self.trained.values(), betas=(0.9, 0.98), weight_decay=self.settings.weight_decay
        )

    def run(self) -> None:
        """Train to the last step; writes `state.pt`, `log.csv` and the checkpoint with the words of the last state."""
        from tqdm import tqdm

        self._resume()
        saved, self.bar = time.monotonic(), tqdm(total=self.settings.steps, initial=self.step, desc="words")
        self.model.train()
        while self.step < self.settings.steps:
            loss = self._train_step()
            self.step += 1
            self.bar.update()
            if self.step % 10 == 0:
                self._log({"step": self.step, "loss": loss})
            if self.step % self.settings.validate_every == 0 and self.step < self.settings.steps:
                self._log({"step": self.step, **self.validate()})
            if time.monotonic() - saved > 60 * self.settings.checkpoint_minutes:
                self._save()
                saved = time.monotonic()
        self._log({"step": self.step, **self.validate()})
        if self.settings.sayings:
            said = said_well(self.model, self.validation_asker, np.random.default_rng([self.settings.seed, 12]))
            self.config = replace(self.config, extra={**self.config.extra, SAYS: said})
        self._save()

    def _train_step(self) -> float:
        rng = np.random.default_rng([self.settings.seed, self.step])
        lessons = [self.teacher.draw(rng, SIDE_BY_SIDE) for _ in range(self.settings.batch // SIDE_BY_SIDE)]
        for _ in range(self.settings.sayings):
            lessons.append(Lesson())
            add_saying(lessons[-1], self.model, *draw_saying(self.teacher.asker, rng))
        targets = TargetBatch.of(lessons).to(self.model.device)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * self._rate()
        self.optimizer.zero_grad(set_to_none=True)
        with training_precision(self.model.device, self.model.body.dtype):
            hidden = self.model.read_trees([lesson.tree for lesson in lessons])
            loss: Tensor = lesson_loss(self.model, hidden, targets, 1.0).total
        loss.backward()
        nn.utils.clip_grad_norm_(self.trained.values(), self.settings.clip_norm)
        self.optimizer.step()
        return float(loss)

    def _rate(self) -> float:
        """Linear warm-up, then a cosine down to zero."""
        if self.step < self.settings.warmup:
            return (self.step + 1) / self.settings.warmup
        done = (self.step - self.settings.warmup) / max(1, self.settings.steps - self.settings.warmup)
        return 0.5 * (1 + float(np.cos(np.pi * min(1.0, done))))

    def validate(self) -> dict[str, float]:
        """The share of the validation questions whose family, and whose other choices, are read right."""
        self.model.eval()
        right: dict[str, list[bool]] = {"family": [], "slots": []}
        for start in range(0, len(self.validation), SIDE_BY_SIDE):
            few = self.validation[start : start + SIDE_BY_SIDE]
            read = read_choices(self.model, [(lesson.text, lesson.previous) for lesson in few])
            for lesson, choices in zip(few, read, strict=True):
                for name, hit in _hits(lesson, choices).items():
                    right["family" if name == "family" else "slots"].append(hit)
        self.model.train()
        return {f"validation_{name}": float(np.mean(hits)) for name, hits in right.items()}

    def _log(self, values: dict[str, float]) -> None:
        path = self.settings.out / LOG_NAME
        fresh = not path.is_file()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(
                file, ["step", "loss", "validation_family", "validation_slots"], lineterminator="\n"
            )
            if fresh:
                writer.writeheader()
            writer.writerow({name: round(value, 5) for name, value in values.items()})

    def _save(self) -> None:
        trained = {name: parameter.detach() for name, parameter in self.trained.items()}
        state = {"step": self.step, "trained": trained, "optimizer": self.optimizer.state_dict()}
        save_whole(state, self.settings.out / STATE_NAME)
        with_words(self.checkpoint, self.model, self.config, {}, self.settings.out / "checkpoint")

    def _resume(self) -> None:
        self.settings.out.mkdir(parents=True, exist_ok=True)
        if not (self.settings.out / STATE_NAME).is_file():
            return
        state = torch.load(self.settings.out / STATE_NAME, map_location="cpu", weights_only=True)
        with torch.no_grad():
            for name, value in state["trained"].items():
                self.trained[name].copy_(value)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def _hits(lesson: AskedLesson, read: dict[str, dict[str, float]]) -> dict[str, bool]:
    """Whether each choice of a lesson is read right."""
    return {
        name: max(read[name], key=lambda option: read[name][option]) == option
        for name, option in lesson.choices.items()
    }
