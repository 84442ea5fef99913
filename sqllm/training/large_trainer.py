"""Training at size, on accelerate: one GPU or several (DDP, FSDP), with checkpoints that resume bit for bit.

Ours is what a step hears and asks (`sqllm.training.large_data`) and its loss; devices, processes, precision and
trackers are accelerate's, sharded states torch.distributed.checkpoint's. `accelerate launch -m train.large ...` starts
it on several; started plainly it runs on one.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from sqllm.features.read_pair import save_whole
from sqllm.model.checkpoint import save_checkpoint
from sqllm.training.large_data import Curriculum, MicroBatch
from sqllm.training.throughput import Throughput

STATE_NAME, CHECKPOINT_NAME = "state.pt", "checkpoint"
WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
FILLED = StateDictOptions(full_state_dict=True, broadcast_from_rank0=False, strict=False, ignore_frozen_params=True)


@dataclass(frozen=True)
class LargeTrainerSettings:
    """How to train at size. A step is one update on `batch` clips over all processes, in passes of `micro_batch` clips
    (0: as many as the process has). `steps` counts updates (0: `epochs` over the clips). `double_ended` is the share of
    the steps that hear the reference. `report_to` is accelerate's name of a tracker: tensorboard, wandb ... (empty:
    only the screen).
    """

    steps: int = 0
    epochs: int = 8
    batch: int = 4
    micro_batch: int = 0
    learning_rate: float = 4e-5
    encoder_learning_rate: float = 4e-5
    weight_decay: float = 0.01
    warmup: int = 128
    clip_norm: float = 1.0
    double_ended: float = 0.0
    gradient_checkpointing: bool = False
    validate_every: int = 500
    validate_clips: int = 200
    checkpoint_minutes: float = 10.0
    log_every: int = 10
    report_to: str = "tensorboard"
    workers: int = 0
    seed: int = 1


@dataclass
class LargeTrainer:
    """Training of one objective on one corpus; `run` goes on from `folder` where an earlier run stopped."""

    accelerator: Any
    lessons: Curriculum
    validation: Curriculum
    folder: Path
    settings: LargeTrainerSettings
    steps: int
    step: int = 0
    best: float = float("inf")
    losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        objective = self.lessons.objective
        encoder = [p for p in objective.model.encoder.parameters() if p.requires_grad]
        inside = {id(parameter) for parameter in encoder}
        others = [p for p in objective.parameters() if p.requires_grad and id(p) not in inside]
        groups = [{"params": others, "lr": self.settings.learning_rate, "peak": self.settings.learning_rate}]
        if encoder:
            rate = self.settings.encoder_learning_rate
            groups.append({"params": encoder, "lr": rate, "peak": rate})
        if self.settings.gradient_checkpointing:
            checkpoint_blocks(objective.model)
        optimizer = torch.optim.AdamW(groups, weight_decay=self.settings.weight_decay)
        self.module, self.optimizer = self.accelerator.prepare(objective, optimizer)
        self.throughput = Throughput.of(objective.model, self.settings.gradient_checkpointing)

    def run(self) -> None:
        """Train to the last step; writes `state.pt` and, at the best validation loss, the checkpoint."""
        from tqdm import tqdm

        self._resume()
        self._train_mode()
        saved, main = time.monotonic(), self.accelerator.is_main_process
        bar = tqdm(total=self.steps, initial=self.step, desc="training", unit="step", mininterval=5, disable=not main)
        for passes in self.lessons.passes(range(self.step, self.steps), self.settings.workers):
            self.losses.append(self._step(passes))
            self.step += 1
            bar.update()
            if self.step % self.settings.log_every == 0:
                self._log_progress()
            if self.step % self.settings.validate_every == 0 or self.step == self.steps:
                self._validate()
            # Every process has to save at the same step: the main one's clock decides.
            if self._agreed(time.monotonic() - saved > 60 * self.settings.checkpoint_minutes):
                self._save_state()
                saved = time.monotonic()
        self._save_state()

    def _train_mode(self) -> None:
        """Dropout and checkpointed blocks are at work; a frozen encoder hears as it will when it rates."""
        self.module.train()
        model = self.lessons.objective.model
        if not self.lessons.encoder_trains:
            model.encoder.eval()

    def _step(self, passes: list[MicroBatch]) -> float:
        """One update from this process's passes of a batch; returns the batch's loss."""
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step * 1009 + self.accelerator.process_index)
        counts = self._summed(torch.stack([one.counts for one in passes]).sum(dim=0))
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * warmed_up(self.step, self.settings.warmup, self.steps)
        self.optimizer.zero_grad()
        total, processes = torch.zeros((), device=self.accelerator.device), self.accelerator.num_processes
        for number, one in enumerate(passes):
            last = number == len(passes) - 1
            with nullcontext() if last else self.accelerator.no_sync(self.module), self.accelerator.autocast():
                loss = self.module(one, counts)
                self.accelerator.backward(loss * processes)  # processes' gradients are averaged, not summed
            total += loss.detach()
            self.throughput.count(one.size, one.clips)
        trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        self.accelerator.clip_grad_norm_(trained, self.settings.clip_norm)
        self.optimizer.step()
        return float(self._summed(total))

    def _summed(self, values: Tensor) -> Tensor:
        """Values summed over all processes."""
        return self.accelerator.reduce(values.to(self.accelerator.device), reduction="sum")

    def _agreed(self, wanted: bool) -> bool:
        """What the main process wants."""
        if self.accelerator.num_processes == 1:
            return wanted
        said = torch.tensor(float(wanted and self.accelerator.is_main_process), device=self.accelerator.device)
        return bool(self._summed(said) > 0)

    def _log_progress(self) -> None:
        recent = self.losses[-self.settings.log_every :]
        figures = self.throughput.read(self.accelerator.device, self.accelerator.num_processes)
        rate = warmed_up(self.step, self.settings.warmup, self.steps) * self.settings.learning_rate
        self._log({"loss": float(np.mean(recent)), "learning_rate": rate, **figures})

    def _log(self, figures: dict[str, float]) -> None:
        self.accelerator.log(figures, step=self.step)
        if self.accelerator.is_main_process:
            told = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
            print(f"step {self.step}: {told}", flush=True)

    def validation_loss(self) -> float:
        """The loss on the validation clips, every one asked the same at every call."""
        blocks = max(1, min(self.settings.validate_clips, len(self.validation.heard)) // self.settings.batch)
        self.module.eval()
        losses = []
        for passes in self.validation.passes(range(blocks)):
            counts = self._summed(torch.stack([one.counts for one in passes]).sum(dim=0))
            with torch.no_grad(), self.accelerator.autocast():
                summed = sum((self.module(one, counts) for one in passes), start=torch.zeros(()).to(counts.device))
            losses.append(float(self._summed(summed)))
        self._train_mode()
        return float(np.mean(losses))

    def _validate(self) -> None:
        """The best model by validation loss becomes the checkpoint."""
        loss = self.validation_loss()
        self._log({"validation_loss": loss})
        if loss < self.best or not (self.folder / CHECKPOINT_NAME).is_dir():
            self.best = min(loss, self.best)
            trained, _ = self._trained(optimizer=False)
            if self.accelerator.is_main_process:
                card = {"step": self.step, "validation_loss": round(loss, 5)}
                save_checkpoint(self.lessons.objective.model, self.folder / CHECKPOINT_NAME, card, trained)
            self.accelerator.wait_for_everyone()

    def _trained(self, optimizer: bool = True) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Whole weights that train, under the model's names, and the optimizer's state: the same on every process."""
        module = self.module
        trained = cast(dict[str, Tensor], get_model_state_dict(module, options=WHOLE))
        names = {name for name, p in self.lessons.objective.named_parameters() if p.requires_grad}
        own = {n.removeprefix("model."): v for n, v in trained.items() if n.removeprefix("module.") in names}
        return own, get_optimizer_state_dict(module, plain(self.optimizer), options=WHOLE) if optimizer else {}

    def _save_state(self) -> None:
        trained, optimizer = self._trained()
        if self.accelerator.is_main_process:
            reached = {"step": self.step, "best": self.best, "losses": self.losses}
            save_whole({**reached, "trained": trained, "optimizer": optimizer}, self.folder / STATE_NAME)
        self.accelerator.wait_for_everyone()

    def _resume(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / STATE_NAME).is_file():
            return
        state = torch.load(self.folder / STATE_NAME, map_location="cpu", weights_only=True)
        trained = {f"model.{name}": value for name, value in state["trained"].items()}
        set_model_state_dict(self.module, trained, options=FILLED)
        set_optimizer_state_dict(self.module, plain(self.optimizer), state["optimizer"], options=FILLED)
        self.step, self.best, self.losses = state["step"], state["best"], state["losses"]


def plain(optimizer: Any) -> torch.optim.Optimizer:
    """The optimizer inside accelerate's wrapper."""
    return getattr(optimizer, "optimizer", optimizer)


def warmed_up(step: int, warmup: int, steps: int) -> float:
    """A linear warm-up, then a linear way down to zero: the share of the learning rate at a step."""
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (steps - step) / max(1, steps - warmup))


def checkpoint_blocks(model: Any) -> None:
    """Keep only what enters each block of the LLM (and of an encoder of transformers that trains) and compute the rest
    again on the way back: less memory for a third more arithmetic.
    """
    model.llm.gradient_checkpointing_enable({"use_reentrant": False})
    inner = getattr(model.encoder, "model", None)
    if model.config.trained_encoder != "none" and isinstance(inner, nn.Module):
        inner.gradient_checkpointing_enable({"use_reentrant": False})  # type: ignore[operator]
