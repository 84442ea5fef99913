"""Evaluation: scores read from a model against labels, per dimension, and the figures that P.1401 asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sqllm.corpus.layout import CorpusClip
from sqllm.model import SpeechQualityModel
from sqllm.profiles import TYPICAL, ListenerProfile
from sqllm.reading import Heard, Reading, Vocabulary, read_tokens
from sqllm.scores import DIMENSIONS
from sqllm.training.dataset import TokenSet


def read_token_set(
    model: SpeechQualityModel,
    tokens: TokenSet,
    with_reference: bool = False,
    profiles: Sequence[ListenerProfile] = (TYPICAL,),
    faults: Sequence[str] = (),
) -> list[Heard]:
    """What the model reads of every clip of a set."""
    reading = Reading.of(Vocabulary.of(model), profiles, faults)
    return read_tokens(model, reading, tokens.degraded, tokens.reference if with_reference else None, batch=16)


def fit_figures(predicted: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Pearson r, Spearman rho, MAE and RMSE raw and after a first-order fit (ITU-T P.1401), and the count."""
    from scipy.stats import pearsonr, spearmanr

    slope, offset = np.polyfit(predicted, label, 1)
    raw, fitted = predicted - label, slope * predicted + offset - label
    return {
        "r": float(pearsonr(predicted, label).statistic),
        "rho": float(spearmanr(predicted, label).statistic),
        "mae": float(np.abs(raw).mean()),
        "rmse": float(np.sqrt(np.square(raw).mean())),
        "mae_fit": float(np.abs(fitted).mean()),
        "rmse_fit": float(np.sqrt(np.square(fitted).mean())),
        "clips": float(len(label)),
    }


def accuracy(clips: Sequence[CorpusClip], heard: Sequence[Heard], listener: int = 0) -> dict[str, dict[str, float]]:
    """Figures a dimension, over the clips that hold speech; labels of the 1-5 scale clamped to it."""
    rows = [(clip, h) for clip, h in zip(clips, heard, strict=True) if clip.speech]
    figures = {}
    for dimension in DIMENSIONS:
        known = [
            (h.scores[listener][dimension].mean, clip.scores[dimension]) for clip, h in rows if dimension in clip.scores
        ]
        if len(known) > 2:
            predicted, label = np.array(known).T
            figures[dimension] = fit_figures(predicted, np.clip(label, 1, 5) if label.max() <= 6 else label)
    return figures


def table(rows: Mapping[str, Mapping[str, Mapping[str, float]]], figures: Sequence[str] = ("r", "mae")) -> str:
    """A Markdown table: one row a model, one column a dimension, the chosen figures separated by slashes."""
    lines = ["| model | " + " | ".join(DIMENSIONS) + " | mean |", "|---" * (len(DIMENSIONS) + 2) + "|"]
    for name, dimensions in rows.items():
        cells = ["/".join(f"{dimensions[d][f]:.3f}" for f in figures) if d in dimensions else "-" for d in DIMENSIONS]
        mean = "/".join(f"{np.mean([v[f] for v in dimensions.values()]):.3f}" for f in figures)
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {mean} |")
    return "\n".join(lines)
