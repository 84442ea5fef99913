"""The projector: audio tokens into the LLM's embedding space."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sqllm.model.encoders.base import BESIDE
from sqllm.signal.changes import CHANGES

TEXT_NORM = 0.135  # RMS of SmolLM2's token embeddings: where the projector's learned scale starts


class Projector(nn.Module):
    """Audio tokens into the LLM's embedding space, at the norm of its text embeddings.

    [batch, tokens, width + BESIDE] -> LayerNorm on the frames alone -> two linear layers -> [batch, tokens, dim]
    A learned segment embedding marks the tokens of a reference, and `changes` says what changed against it.
    """

    def __init__(self, width: int, dim: int, scale: float = TEXT_NORM) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.layers = nn.Sequential(nn.Linear(width + BESIDE, dim), nn.GELU(), nn.Linear(dim, dim))
        self.scale = nn.Parameter(torch.full((1,), scale))  # FSDP shards no scalars
        self.reference_segment = nn.Parameter(torch.zeros(dim))
        self.changes = nn.utils.skip_init(nn.Linear, CHANGES, dim, bias=False)
        nn.init.zeros_(self.changes.weight)

    def normalised(self, tokens: Tensor) -> Tensor:
        """What the linear layers get: [..., width + BESIDE], the frames normalised."""
        return torch.cat([self.norm(tokens[..., :-BESIDE]), tokens[..., -BESIDE:]], dim=-1)

    def forward(self, tokens: Tensor) -> Tensor:
        projected = self.layers(self.normalised(tokens))
        return nn.functional.rms_norm(projected, projected.shape[-1:]) * self.scale


class LinearProjector(nn.Module):
    """The paper's projector (arXiv 2512.08238): LayerNorm and one linear layer, the same for clip and reference.

    [batch, tokens, width + BESIDE] -> [batch, tokens, dim]; what stands beside is left out: the paper has none.
    """

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.width, self.norm, self.linear = width, nn.LayerNorm(width), nn.Linear(width, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.linear(self.norm(tokens[..., : self.width]))
