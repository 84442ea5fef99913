"""What every audio encoder promises, and what stands between waveforms, frames and tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.model.config import EncoderParts
from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.clicks import sharpness
from sqllm.signal.spectra import scaled_energy

BESIDE = 3  # numbers beside every token: `beside_frames`
TAIL_SECONDS = 0.1  # zeros heard behind every clip: what follows them can't reach the clip's own frames


class AudioEncoder(nn.Module, ABC):
    """The contract. `frame_rate` is in frames a second, `width` the size of a frame, `located_kinds` the artifacts that
    `locate` places.
    """

    frame_rate: float
    width: int
    located_kinds: tuple[str, ...] = ()
    takes_from_cpu = False  # whether it makes its features of waveforms on the CPU and moves only these

    @abstractmethod
    def forward(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """[batch, samples], [batch] -> frames [batch, frames, width] float32, counts [batch]."""

    @property
    def device(self) -> torch.device:
        """Where the weights are, and so where waveforms have to be."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """What the weights are in: published ones may be stored in half precision."""
        return next(self.parameters()).dtype

    def locate(self, frames: Tensor) -> Tensor | None:
        """When artifacts happen: frames [batch, frames, width] -> logits of each of `located_kinds` in each frame,
        [batch, frames, kinds]; none where the encoder has not learnt it.
        """
        return None

    @property
    def parts(self) -> EncoderParts:
        """The parts it has that not every encoder of its kind has."""
        return EncoderParts()

    def queries(self) -> list[str]:
        """Names of the attention query parameters whose values reach the frames: what the paper trains of a fine-tuned
        encoder.
        """
        return [name for name, _ in self.named_parameters() if ".query." in name or ".q_proj." in name]


def pad_behind(waveforms: Tensor, seconds: float) -> Tensor:
    return nn.functional.pad(waveforms, (0, round(seconds * SAMPLE_RATE)))


def pad_batch(waves: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Waveforms of any lengths as one batch: [batch, samples] padded with zeros, and their lengths [batch]."""
    lengths = torch.tensor([len(wave) for wave in waves])
    batch = torch.zeros(len(waves), int(lengths.max()))
    for row, wave in enumerate(waves):
        batch[row, : len(wave)] = torch.from_numpy(np.ascontiguousarray(wave))
    return batch, lengths


def pool_over_time(frames: Tensor, counts: Tensor, tokens: int) -> Tensor:
    """Average the first `counts` frames of each clip into `tokens` equal stretches: [batch, tokens, width]."""
    pooled = [
        nn.functional.adaptive_avg_pool1d(clip[:count].T[None], tokens)[0].T
        for clip, count in zip(frames, counts.tolist(), strict=True)
    ]
    return torch.stack(pooled)


def beside_frames(waveforms: Tensor, lengths: Tensor, tokens: int) -> Tensor:
    """What frames don't tell, of a clip that an encoder normalises and cuts into pieces of 20 ms: each token's energy,
    the clip's level, and how far each token's sharpest instant stands out, [batch, tokens, BESIDE].

    (dBov + 40) / 15 for the energies, (dBov + 30) / 10 for the level, both floored at -90 dBov; `sharpness`. Never
    rounded, whatever a training around it computes in.
    """
    with torch.autocast(waveforms.device.type, enabled=False):
        pairs = zip(waveforms, lengths.tolist(), strict=True)
        return torch.stack([_beside_one(clip[:length], tokens) for clip, length in pairs]).float()


def _beside_one(clip: Tensor, tokens: int) -> Tensor:
    """`beside_frames` of one clip, [samples] -> [tokens, BESIDE]."""
    power = clip.double().square()
    energies = nn.functional.adaptive_avg_pool1d(power[None, None], tokens)[0, 0]
    level = 10 * torch.log10(power.mean() + 1e-9)
    return torch.stack([scaled_energy(energies), ((level + 30) / 10).expand(tokens), sharpness(clip, tokens)], dim=1)
