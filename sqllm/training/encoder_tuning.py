"""Teach the compact encoder what listening is about before the LLM hears it.

Distill-MOS was trained for one overall score. Here its transformer, and a small ear beside the convolutions, learn
under two small heads that stay with it: the five scores of every listener and which faults are there (the assessor),
and when those that happen at moments do (the locator). On a CPU the convolutions stay as they are, and what they make
of every clip is kept on disk; on a GPU they can learn too, from clips that are heard a little otherwise every time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.artifact_detection import macro_f1, measure_detection
from sqllm.evaluation.metrics import fit_figures
from sqllm.features.feature_cache import MapStore, Sound, sounds_of
from sqllm.features.read_pair import save_whole
from sqllm.features.wave_cache import WaveStore, disguised
from sqllm.listeners.profiles import PROFILES, TYPICAL
from sqllm.model.config import ModelConfig
from sqllm.model.device import choose_device, training_precision
from sqllm.model.encoders.base import pool_over_time
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, LOCATED_KINDS, SEVERITIES, HeardArtifact
from sqllm.signal.spans import spans_of_frames

STATE_NAME, WEIGHTS_NAME = "tuning.pt", "encoder.safetensors"
WARM_UP = 100  # steps, at most a fifth of all


@dataclass(frozen=True)
class TuningSettings:
    """How to tune. `epochs` over the corpus in steps of `batch` clips. Every clip begins up to `most_skipped`
    frames (of 20 ms) later than it is: when a recording begins is no part of its quality.

    With a `convolution_learning_rate` the convolutions train too, and every batch is heard up to `most_stretched`
    faster or slower, pitch and all, its phase turned by a random angle: neither is a fault. The encoder kept is then an
    average over steps, each older one counting `average` times the next.

    Of what is learnt, `learnt_share` is kept: half is the mean of the weights before and after, which hears the new
    kinds nearly as well and follows people as before (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """

    corpus: Path = Path("corpus")
    out: Path = Path("tuned")
    cache: Path = Path("cache")
    encoder_source: str = ""
    epochs: int = 8
    batch: int = 16
    learning_rate: float = 3e-4
    head_learning_rate: float = 1e-3
    convolution_learning_rate: float = 0.0
    most_stretched: float = 0.05
    average: float = 0.998
    learnt_share: float = 1.0
    weight_decay: float = 0.01
    dropout: float = 0.1
    most_skipped: int = 10
    fault_weight: float = 0.3
    local_weight: float = 0.3
    checkpoint_minutes: float = 4.0
    device: str = ""
    seed: int = 1


@dataclass(frozen=True)
class Lessons:
    """What the assessor is to say of each clip: scores [clips, listeners * 5] and faults [clips, kinds] (NaN where the
    truth is not known).
    """

    scores: Tensor
    faults: Tensor

    @classmethod
    def of(cls, clips: Sequence[CorpusClip]) -> Lessons:
        return cls(
            torch.tensor([_scores(clip) for clip in clips]).float(),
            torch.tensor([_faults(clip) for clip in clips]).float(),
        )


def _listeners(taught: Collection[str] = tuple(PROFILES)) -> list[str]:
    return [TYPICAL.name, *(p.name for p in PROFILES.values() if p.hears_otherwise and p.name in taught)]


def opinion_names(listeners: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """What an assessor's opinions are of: each listener's scores, then the faults."""
    return [*(f"{listener} {dimension}" for listener in listeners for dimension in DIMENSIONS), *kinds]


def opinions_of(config: ModelConfig) -> list[str]:
    """What the opinions of a checkpoint's encoder are of."""
    return opinion_names(_listeners(config.profiles), config.artifact_kinds)


def _scores(clip: CorpusClip) -> list[float]:
    heard = [clip.scores if name == TYPICAL.name else clip.profile_scores.get(name, {}) for name in _listeners()]
    return [
        float(np.clip(scores.get(d, np.nan), 1, 5)) if clip.speech else np.nan for scores in heard for d in DIMENSIONS
    ]


def _faults(clip: CorpusClip) -> list[float]:
    present = {artifact.kind for artifact in clip.faults()}
    unknown = clip.artifacts is None or not clip.speech
    return [np.nan if unknown else float(kind in present) for kind in ARTIFACT_KINDS]


def located_faults(
    clips: Sequence[CorpusClip], counts: Sequence[int], frames: int, frame_rate: float, skipped: Sequence[int]
) -> Tensor:
    """1 where a frame touches a span of the fault: [clips, frames, located kinds]; NaN behind a clip's `counts` frames
    and where the truth is not known or the fault has no moments. `skipped` frames of each clip are left out at its
    beginning.
    """
    touched = torch.full((len(clips), frames, len(LOCATED_KINDS)), torch.nan)
    for row, (clip, count, first) in enumerate(zip(clips, counts, skipped, strict=True)):
        if clip.artifacts is None or not clip.speech:
            continue
        touched[row, :count] = 0
        for artifact in clip.artifacts:
            if artifact.kind in LOCATED_KINDS:
                column = touched[row, :count, LOCATED_KINDS.index(artifact.kind)]
                if not artifact.spans:  # a level may change all along
                    column[:] = torch.nan
                for start, end in artifact.spans:
                    begin, stop = int(start * frame_rate) - first, int(np.ceil(end * frame_rate)) - first
                    column[max(0, begin) : max(0, stop)] = 1
    return touched


def _known_mean(errors: Tensor, wanted: Tensor) -> Tensor:
    """The mean where the truth is known; the errors must be numbers elsewhere too, or their gradients are none."""
    known = ~wanted.isnan()
    return errors[known].mean() if known.any() else errors.new_zeros(())


def _said(encoder: CompactEncoder, frames: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """What the assessor says of each clip: scores [clips, listeners * 5] and fault logits [clips, kinds]."""
    opinions = encoder.assess(frames)
    assert opinions is not None
    said = pool_over_time(opinions, counts, 1)[:, 0].float()
    return 3 + said[:, : -len(ARTIFACT_KINDS)], said[:, -len(ARTIFACT_KINDS) :]


def _told(
    encoder: CompactEncoder, faults: Tensor, frames: Tensor, counts: Tensor
) -> Iterator[tuple[HeardArtifact, ...]]:
    """The artifacts of each clip that the assessor (fault logits [clips, kinds]) tells, with the locator's moments; how
    severe they are, neither says.
    """
    logits = encoder.locate(frames)
    assert logits is not None
    likely, rate = logits.float().sigmoid().cpu().numpy(), encoder.frame_rate
    for row, count in enumerate(counts.tolist()):
        when = {
            kind: tuple(spans_of_frames(likely[row, :count, column], rate))
            for column, kind in enumerate(encoder.located_kinds)
        }
        told = [kind for kind, logit in zip(ARTIFACT_KINDS, faults[row].tolist(), strict=True) if logit > 0]
        yield tuple(HeardArtifact(kind, SEVERITIES[0], when.get(kind, ())) for kind in told)


@dataclass
class Tuner:
    """Training of the encoder under its heads; `run` goes on where an earlier run stopped. `known_opinions` names those
    of an encoder that has an assessor already.
    """

    encoder: CompactEncoder
    train: list[CorpusClip]
    validation: list[CorpusClip]
    settings: TuningSettings
    known_opinions: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.device = choose_device(self.settings.device)[0]
        self.whole = self.settings.convolution_learning_rate > 0
        self.store = WaveStore() if self.whole else MapStore(self.encoder, self.settings.cache)
        self.average: AveragedModel | None = None
        self.before: dict[str, Tensor] = {}

    def run(self) -> None:
        """Tune to the last epoch; writes the encoder of the best validation to `out/encoder.safetensors`."""
        from tqdm import tqdm

        settings = self.settings
        settings.out.mkdir(parents=True, exist_ok=True)
        self.encoder.to(self.device)
        clips = [*self.train, *self.validation]
        # With its references among its maps, `train.finetune` finds all that it hears.
        self.store.fill(map(Sound.of, clips) if self.whole else sounds_of(clips))
        torch.manual_seed(settings.seed)
        self.encoder.requires_grad_(False)
        ear = self.encoder.ear or self.encoder.add_ear()
        locator = self.encoder.locator
        if locator is None or self.encoder.located_kinds != LOCATED_KINDS:
            locator = self.encoder.add_locator()
        opinions = opinion_names(_listeners(), ARTIFACT_KINDS)
        assessor = self.encoder.assessor
        if assessor is None or self.encoder.opinions != len(opinions):
            assessor = self.encoder.add_assessor(len(opinions), self.opinions_before(opinions))
        self.encoder.to(self.device)  # the fresh heads too
        self.before = {name: weight.detach().clone() for name, weight in self.encoder.named_parameters()}
        upper = [p for module in (self.encoder.project, self.encoder.transformer) for p in module.parameters()]
        fresh = [p for module in (ear, locator, assessor, self.encoder.level) for p in module.parameters()]
        groups: list[dict[str, Any]] = [
            {"params": upper, "peak": settings.learning_rate},
            {"params": fresh, "peak": settings.head_learning_rate},
        ]
        if self.whole:
            lower = list(self.encoder.convolutions.parameters())
            groups.append({"params": lower, "peak": settings.convolution_learning_rate})
            self.average = AveragedModel(self.encoder, multi_avg_fn=get_ema_multi_avg_fn(settings.average))
        for group in groups:
            for parameter in group["params"]:
                parameter.requires_grad_(True)
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=settings.weight_decay)
        lessons, self.held = Lessons.of(self.train), Lessons.of(self.validation)
        per_epoch = max(1, len(self._batches(0)))
        first, best = self._resume()
        self._set_dropout(0.0)
        if first == 0:
            print(f"before tuning: {self._validate()[1]}", flush=True)
        saved = time.monotonic()
        for epoch in range(first // per_epoch, settings.epochs):
            batches, done = self._batches(epoch), max(0, first - epoch * per_epoch)
            self._set_dropout(settings.dropout)
            progress = tqdm(batches[done:], f"epoch {epoch + 1}", per_epoch, initial=done, unit="step")
            for step, rows in enumerate(progress, epoch * per_epoch + done):
                self._take_step(step, settings.epochs * per_epoch, rows, lessons)
                whole = (step + 1) % per_epoch == 0  # is validated first
                if not whole and time.monotonic() - saved > 60 * settings.checkpoint_minutes:
                    self._save(step + 1, best)
                    saved = time.monotonic()
            self._set_dropout(0.0)
            mean, figures = self._validate()
            print(f"epoch {epoch + 1}: {figures}", flush=True)
            if mean > best:
                best = mean
                self.kept.save(settings.out / WEIGHTS_NAME)
            self._save((epoch + 1) * per_epoch, best)

    def opinions_before(self, opinions: Sequence[str]) -> dict[int, int]:
        """Where the encoder's assessor already has an opinion, by the places in the new and in the old one; listeners
        who are new to it begin as the typical one.
        """
        if len(self.known_opinions) != self.encoder.opinions:
            return {}
        places = {name: place for place, name in enumerate(self.known_opinions)}
        typical = {f"{name} {d}": f"{TYPICAL.name} {d}" for name in _listeners() for d in DIMENSIONS}
        taken = {row: name if name in places else typical.get(name) for row, name in enumerate(opinions)}
        return {row: places[name] for row, name in taken.items() if name in places}

    def _take_step(self, step: int, steps: int, rows: np.ndarray, lessons: Lessons) -> None:
        """Learn from one batch: linear warm-up, then a cosine down to zero at `steps`."""
        torch.manual_seed(self.settings.seed * 1_000_000 + step)
        warm_up = min(WARM_UP, max(1, steps // 5))
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * min(1.0, (step + 1) / warm_up) * _cosine(step / steps)
        self.optimizer.zero_grad(set_to_none=True)
        with training_precision(self.device):
            loss = self._loss(rows, lessons)
        loss.backward()
        nn.utils.clip_grad_norm_([p for group in self.optimizer.param_groups for p in group["params"]], 1.0)
        self.optimizer.step()
        if self.average is not None:
            self.average.update_parameters(self.encoder)

    @property
    def kept(self) -> CompactEncoder:
        """The encoder to validate and keep: of the average over steps, where there is one, the share to keep."""
        learnt = self.encoder if self.average is None else cast(CompactEncoder, self.average.module)
        share = self.settings.learnt_share
        if share == 1:
            return learnt
        kept = deepcopy(learnt)
        with torch.no_grad():
            for name, weight in kept.named_parameters():
                weight.copy_(torch.lerp(self.before[name], weight, share))
        return kept

    def _batches(self, epoch: int, like: int = 20) -> list[np.ndarray]:
        """The clips of an epoch in random batches, each of clips of like length (out of `like` batches' clips)."""
        rng = np.random.default_rng([self.settings.seed, epoch])
        size, order = self.settings.batch, rng.permutation(len(self.train))
        samples = np.array([self.store.samples(Sound.of(clip)) for clip in self.train])
        blocks = [order[start : start + size * like] for start in range(0, len(order), size * like)]
        ordered = [block[np.argsort(samples[block], kind="stable")] for block in blocks]
        batches = [block[i : i + size] for block in ordered for i in range(0, len(block) - size + 1, size)]
        return [batches[i] for i in rng.permutation(len(batches))]

    def _loss(self, rows: np.ndarray, lessons: Lessons) -> Tensor:
        settings = self.settings
        clips = [self.train[i] for i in rows]
        skipped = torch.randint(settings.most_skipped + 1, (len(clips),)).tolist()
        heard, lengths = self._batch([Sound.of(clip) for clip in clips], skipped)
        stretch = 1.0
        if self.whole:
            stretch += settings.most_stretched * (2 * float(torch.rand(())) - 1)
            angles = 2 * torch.pi * torch.rand(len(clips))
            heard, lengths = disguised(heard, lengths, stretch, angles.to(self.device))
        frames, counts = self._frames(self.encoder, heard, lengths)
        scores, faults = _said(self.encoder, frames, counts)
        binary = nn.functional.binary_cross_entropy_with_logits
        wanted, present = lessons.scores[rows].to(self.device), lessons.faults[rows].to(self.device)
        rate, skipped = stretch * self.encoder.frame_rate, [round(stretch * count) for count in skipped]
        local = located_faults(clips, counts.tolist(), frames.shape[1], rate, skipped).to(self.device)
        located = self.encoder.locate(frames)
        assert located is not None
        error = _known_mean((scores - wanted.nan_to_num()).square(), wanted)
        fault = _known_mean(binary(faults, present.nan_to_num(), reduction="none"), present)
        where = _known_mean(binary(located.float(), local.nan_to_num(), reduction="none"), local)
        return error + settings.fault_weight * fault + settings.local_weight * where

    def _batch(self, sounds: Sequence[Sound], skipped: Sequence[int] = ()) -> tuple[Tensor, Tensor]:
        """Waves or maps of some sounds, and their lengths in samples."""
        heard, lengths = self.store.batch(sounds, skipped)
        return heard.to(self.device), lengths.to(self.device)

    def _frames(self, encoder: CompactEncoder, heard: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return encoder(heard, lengths) if self.whole else encoder.upper(heard, lengths)

    def _validate(self) -> tuple[float, str]:
        """Mean Pearson r of the typical listener's scores, and all figures in words."""
        read: list[Tensor] = []
        heard: list[tuple[HeardArtifact, ...]] = []
        encoder = self.kept.eval()
        with torch.inference_mode():
            for start in range(0, len(self.validation), 32):
                clips = self.validation[start : start + 32]
                frames, counts = self._frames(encoder, *self._batch([Sound.of(clip) for clip in clips]))
                scores, faults = _said(encoder, frames, counts)
                read.append(scores.cpu())
                heard += _told(encoder, faults, frames, counts)
        predicted, wanted = torch.cat(read), self.held.scores
        figures = {}
        for i, dimension in enumerate(DIMENSIONS):
            known = ~wanted[:, i].isnan()
            figures[dimension] = fit_figures(predicted[known, i].clamp(1, 5).numpy(), wanted[known, i].numpy())
        mean = float(np.mean([f["r"] for f in figures.values()]))
        words = ", ".join(f"{d} {f['r']:.3f}/{f['mae']:.3f}" for d, f in figures.items())
        told = measure_detection(self.validation, heard)
        f1 = f"{macro_f1(told.single):.3f} alone, {macro_f1(told.several):.3f} with others"
        moments = f"{sum(s.found for s in told.spans)} of {sum(s.moments for s in told.spans)}"
        return mean, f"mean r {mean:.4f}; r/MAE {words}; faults F1 {f1}; moments {moments} found"

    def _set_dropout(self, share: float) -> None:
        """Drop out between the layers; dropped attention would cost four times as much on a CPU."""
        for module in self.encoder.transformer.modules():
            if isinstance(module, nn.Dropout):
                module.p = share
        self.encoder.train(share > 0)

    def _save(self, steps: int, best: float) -> None:
        state = {
            "steps": steps,
            "best": best,
            "encoder": self.encoder.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        save_whole(state, self.settings.out / STATE_NAME)

    def _resume(self) -> tuple[int, float]:
        """How many steps were taken, and the best validation so far."""
        path = self.settings.out / STATE_NAME
        if not path.is_file():
            return 0, -1.0
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.encoder.load_state_dict(state["encoder"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        return state["steps"], state["best"]


def _cosine(done: float) -> float:
    return 0.5 * (1 + float(np.cos(np.pi * done)))
