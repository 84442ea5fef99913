"""The probe: do corpus and tokens carry the scores? Ridge regression and a small head, in seconds."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.evaluation.metrics import Ratings, fit_figures
from sqllm.features.token_set import TokenSet
from sqllm.scores import DIMENSIONS


def _summary(tokens: Tensor) -> np.ndarray:
    """Mean and standard deviation over a clip's tokens: [clips, 2 (width + BESIDE)]."""
    return torch.cat([tokens.mean(dim=1), tokens.std(dim=1)], dim=1).double().numpy()


def _known(tokens: TokenSet) -> list[str]:
    """The dimensions that every clip has a label for."""
    return [d for d in DIMENSIONS if all(d in clip.scores for clip in tokens.clips)]


def _labels(tokens: TokenSet) -> np.ndarray:
    return np.array([[clip.scores[d] for d in _known(tokens)] for clip in tokens.clips]).clip(1, 5)


def _rated(tokens: TokenSet) -> TokenSet:
    """The clips that hold speech."""
    kept = [index for index, clip in enumerate(tokens.clips) if clip.speech]
    return tokens.chosen(kept)


def fit_ridge(train: TokenSet, strength: float = 300.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ridge regression from token statistics to the five labels: (mean, scale, weights with the offset last)."""
    features, labels = _summary(train.degraded), _labels(train)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    design = np.c_[(features - mean) / scale, np.ones(len(features))]
    penalty = np.eye(design.shape[1]) * strength
    penalty[-1, -1] = 0
    return mean, scale, np.linalg.solve(design.T @ design + penalty, design.T @ labels)


def _train_head(train: TokenSet, epochs: int = 30, seed: int = 0) -> nn.Module:
    """A two-layer head on every token, averaged over the clip, trained by squared error."""
    torch.manual_seed(seed)
    width = train.degraded.shape[-1]
    head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 256), nn.GELU(), nn.Linear(256, len(_known(train))))
    labels = torch.from_numpy(_labels(train)).float()
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.01)
    steps = epochs * (len(train) // 64 + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(train), (64,))
        tokens = train.degraded[rows]
        predicted = 3 + head(tokens + 0.1 * torch.randn_like(tokens)).mean(dim=1)
        optimizer.zero_grad()
        (predicted - labels[rows]).square().mean().backward()
        optimizer.step()
        schedule.step()
    return head.eval()


def probe_ratings(train: TokenSet, test: TokenSet) -> list[Ratings]:
    """What ridge regression and a small head on the same single-ended tokens say of the test clips, clamped to 1-5."""
    train = _rated(train)
    mean, scale, weights = fit_ridge(train)
    ridge = np.c_[(_summary(test.degraded) - mean) / scale, np.ones(len(test))] @ weights
    trained = _train_head(train)
    with torch.inference_mode():
        head = 3 + trained(test.degraded).mean(dim=1).numpy()
    return [
        Ratings(name, dict(zip(_known(train), predicted.clip(1, 5).T, strict=True)))
        for name, predicted in (("ridge on the tokens", ridge), ("head on the tokens", head))
    ]


def probe(train: TokenSet, test: TokenSet) -> dict[str, dict[str, dict[str, float]]]:
    """Figures a dimension of ridge regression and of a small head on the same single-ended tokens."""
    test = _rated(test)
    labels = dict(zip(_known(test), _labels(test).T, strict=True))
    return {
        one.model: {d: fit_figures(one.means[d], label) for d, label in labels.items() if d in one.means}
        for one in probe_ratings(train, test)
    }
