"""A projector fitted to other frames than those it was trained with."""

from __future__ import annotations

import torch

from sqllm.model.projector import Projector
from sqllm.training.projector_fit import first_layer, fit_projector

WIDE, NARROW, DIM = 12, 8, 16


def tokens_of(generator: torch.Generator, blend: torch.Tensor) -> torch.Tensor:
    """Tokens whose last channels are a blend of the first, and levels: [40, 6, WIDE + 2]."""
    features = torch.randn(40, 6, NARROW, generator=generator)
    return torch.cat([features, features @ blend, torch.randn(40, 6, 2, generator=generator)], dim=-1)


def test_a_projector_says_without_some_channels_what_it_said_with_them() -> None:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    before, after, copied = Projector(WIDE, DIM), Projector(NARROW, DIM), Projector(NARROW, DIM)
    blend = torch.randn(NARROW, WIDE - NARROW, generator=generator) / NARROW**0.5
    fitted, unseen = (tokens_of(generator, blend) for _ in range(2))
    kept = [*range(NARROW), WIDE, WIDE + 1]
    with torch.no_grad():
        wanted = first_layer(before, fitted)
        assert fit_projector(after, fitted[..., kept], wanted) > 0.9
        copied.get_parameter("layers.0.weight").copy_(before.get_parameter("layers.0.weight")[:, kept])
        copied.get_parameter("layers.0.bias").copy_(before.get_parameter("layers.0.bias"))
        target = first_layer(before, unseen)
        errors = [
            float((first_layer(one, unseen[..., kept]) - target).square().mean() / target.var())
            for one in (after, copied)
        ]
    assert errors[0] < 0.1
    assert errors[0] < 0.5 * errors[1]
