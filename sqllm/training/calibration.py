"""Calibration: how wide the read distributions have to be for their intervals to hold what they promise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.metrics import INTERVAL, coverage, read_token_set
from sqllm.features.token_set import TokenSet, listen_to
from sqllm.judge.readout import PAIRED_TEMPERATURES, TEMPERATURES, Heard, with_temperature
from sqllm.model.checkpoint import CONFIG_NAME, load_checkpoint
from sqllm.scores import DIMENSIONS, Score, clamp

CANDIDATES = np.geomspace(0.1, 4.0, 129)


def fit_temperature(distributions: Sequence[np.ndarray], labels: Sequence[float]) -> float:
    """The temperature at which the 90% intervals hold 90% of the labels; of equals, the nearest to 1.

    `distributions` are over 1.0 ... 5.0, [41] each.
    """

    def gap(temperature: float) -> float:
        scores = [Score.from_probabilities(with_temperature(p, temperature)) for p in distributions]
        return round(abs(coverage(scores, np.array(labels))[0] - INTERVAL), 4)

    return float(min((gap(t), abs(np.log(t)), t) for t in CANDIDATES)[2])


def fit_temperatures(
    clips: Sequence[CorpusClip], reading: Sequence[Heard], reference: bool = False
) -> dict[str, float]:
    """One temperature a dimension, from what was read of clips, alone or beside their `reference`."""
    fitted = {}
    for dimension in DIMENSIONS:
        pairs = [
            (heard.scores[0][dimension].probabilities, clamp(clip.labels(reference)[dimension]))
            for clip, heard in zip(clips, reading, strict=True)
            if clip.speech and dimension in clip.labels(reference)
        ]
        if pairs:
            distributions, labels = zip(*pairs, strict=True)
            fitted[dimension] = round(fit_temperature(distributions, labels), 3)
    return fitted


def calibrate_checkpoint(
    folder: Path, validation: TokenSet, device: str | None = None, listen: bool = False
) -> dict[str, float]:
    """Fit the temperatures of a checkpoint on validation clips and write them into it; returns the single-ended ones.
    Where all clips have a reference, those for clips heard beside theirs are fitted too.

    `listen`: the clips are heard by the checkpoint's own encoder first, as one that was trained hears them otherwise.
    """
    path = folder / CONFIG_NAME
    content = json.loads(path.read_text(encoding="utf-8"))
    extra = content["config"]["extra"]
    for known in (TEMPERATURES, PAIRED_TEMPERATURES):
        extra.pop(known, None)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    model, _ = load_checkpoint(folder, device)
    if listen:
        validation = listen_to(model, validation.clips)
    fitted = extra[TEMPERATURES] = fit_temperatures(validation.clips, read_token_set(model, validation))
    if validation.with_reference().all():
        beside = read_token_set(model, validation, with_reference=True)
        extra[PAIRED_TEMPERATURES] = fit_temperatures(validation.clips, beside, reference=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return fitted
