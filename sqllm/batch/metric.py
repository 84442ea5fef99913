"""Speech quality as a metric of a training loop, in torchmetrics' terms (an extra: `sqllm[train]`).

    metric = SpeechQualityLLMScore()                  # the default model; model="folder or Hub id", device="cuda"
    for noisy, clean in loader:
        metric.update(enhance(noisy), sample_rate=16000)            # [batch, samples] or [samples], -1 to 1
        # metric.update(enhance(noisy), clean, sample_rate=16000)   # beside the reference
    scores = metric.compute()                         # {"mos": 3.87, "noisiness": ..., ...}: means, 1-5
    metric.reset()

Sums are torchmetrics states: over several processes `compute` gives the mean of all their clips. A clip without speech
has no scores and is not counted; where none has any, means are not numbers.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.listening import read_together
from sqllm.listeners.profiles import ListenerProfile, get_profile
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE, Clip


class SpeechQualityLLMScore(Metric):
    """Mean scores of all clips that `update` is given; `judge` is one that is loaded already."""

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        device: str | None = None,
        profile: str | ListenerProfile | None = None,
        judge: SpeechQualityLLM | None = None,
        **metric: Any,
    ) -> None:
        super().__init__(**metric)
        self._judge = [judge or SpeechQualityLLM.from_pretrained(model, device)]  # in a list: no submodule to move
        self._listener = get_profile(profile)
        self.add_state("total", torch.zeros(len(DIMENSIONS), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, preds: Tensor, target: Tensor | None = None, sample_rate: int = SAMPLE_RATE) -> None:
        """Rate clips, [batch, samples] or [samples], beside their references of the same shape, where given.

        Raises `sqllm.AudioError` for clips too short to rate.
        """
        clips = _clips(preds, sample_rate)
        references = [None] * len(clips) if target is None else _clips(target, sample_rate)
        heard = self._judge[0].listen_many(list(zip(clips, references, strict=True)))
        read_together(heard, self._listener, faults=False)
        for hearing in heard:
            scores = hearing.rate(self._listener, rationale=False).scores
            if scores:
                means = [scores[dimension].mean for dimension in DIMENSIONS]
                self.total += torch.tensor(means, dtype=torch.float64, device=self.total.device)
                self.count += 1

    def compute(self) -> dict[str, Tensor]:
        """The mean of each score over the clips with speech."""
        return dict(zip(DIMENSIONS, (self.total / self.count).float(), strict=True))


def _clips(waves: Tensor, sample_rate: int) -> list[Clip]:
    """Clips of waveforms, at the rate that is heard."""
    import soxr

    rows = waves.detach().reshape(-1, waves.shape[-1]).float().cpu().numpy()
    if sample_rate != SAMPLE_RATE:
        rows = np.stack([soxr.resample(row, sample_rate, SAMPLE_RATE) for row in rows])
    return [Clip(np.ascontiguousarray(row, dtype=np.float32)) for row in rows]
