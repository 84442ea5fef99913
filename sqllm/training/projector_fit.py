"""A projector for an encoder that it was not trained with, as near as can be to the one before it.

What hears frames of another width (as once an assessor's opinions are no longer behind the features) needs another
first layer. It is fitted by least squares: on the same clips it shall say what the old one said of the old frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.features.token_set import cached_tokens
from sqllm.model.projector import Projector
from sqllm.model.speech_llm import SpeechQualityModel

FITTED_WEIGHTS = ("norm.weight", "norm.bias", "layers.0.weight", "layers.0.bias")
FEWEST_CLIPS = 300  # 32 tokens each, for the 203 weights that every unit has
RIDGE = 1e-3


def first_layer(projector: Projector, tokens: Tensor) -> Tensor:
    """What a projector's first linear layer says of audio tokens: [..., width + 2] -> [..., dim]."""
    said: Tensor = projector.layers[0](projector.normalised(tokens))
    return said


@torch.no_grad()
def fit_projector(projector: Projector, tokens: Tensor, wanted: Tensor) -> float:
    """Give a projector the first layer that says of audio tokens, [clips, tokens, width + 2], what is nearest to
    `wanted`, [clips, tokens, dim]; the share of its variance that is met.
    """
    first = projector.layers[0]
    assert isinstance(first, nn.Linear)
    nn.init.ones_(projector.norm.weight)
    nn.init.zeros_(projector.norm.bias)
    heard = projector.normalised(tokens).flatten(0, -2).double()
    design = torch.cat([heard, torch.ones(len(heard), 1, dtype=torch.float64)], dim=1)
    penalty = torch.full((design.shape[1],), RIDGE * len(heard), dtype=torch.float64)
    penalty[-1] = 0
    target = wanted.flatten(0, -2).double()
    weights = torch.linalg.solve(design.T @ design + penalty.diag(), design.T @ target)
    first.weight.copy_(weights[:-1].T)
    first.bias.copy_(weights[-1])
    left = (target - design @ weights).square().sum() / (target - target.mean(dim=0)).square().sum()
    return 1 - float(left)


def fit_to_encoder(
    model: SpeechQualityModel, before: SpeechQualityModel, clips: Sequence[CorpusClip], cache: Path
) -> float:
    """Fit the projector of a model to train to its encoder, so that it says of some clips what the model `before` it
    said with its own; the share of the variance that is met.
    """
    alone = [replace(clip, reference=None) for clip in clips]
    old, new = (cached_tokens(one, alone, cache, half_precision=True).degraded.float() for one in (before, model))
    wanted = first_layer(before.projector.cpu(), old)
    device = model.device
    model.projector.cpu()
    met = fit_projector(model.projector, new, wanted.detach())
    model.projector.to(device)
    return met
