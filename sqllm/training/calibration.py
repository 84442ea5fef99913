"""Calibration: how wide the read distributions have to be for their intervals to hold what they promise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.metrics import INTERVAL, coverage, read_token_set
from sqllm.features.token_set import TokenSet, listen_to
from sqllm.judge.readout import TEMPERATURES, Heard
from sqllm.model.checkpoint import CONFIG_NAME, load_checkpoint
from sqllm.scores import DIMENSIONS, Score, clamp, with_temperature

CANDIDATES = np.geomspace(0.1, 4.0, 129)


def fit_temperature(distributions: Sequence[np.ndarray], labels: Sequence[float]) -> float:
    """The temperature at which the 90% intervals hold 90% of the labels; of equals, the nearest to 1.

    `distributions` are over 1.0 ... 5.0, [41] each.
    """

    def gap(temperature: float) -> float:
        scores = [Score.from_probabilities(with_temperature(p, temperature)) for p in distributions]
        return round(abs(coverage(scores, np.array(labels))[0] - INTERVAL), 4)

    return float(min((gap(t), abs(np.log(t)), t) for t in CANDIDATES)[2])


def fit_temperatures(clips: Sequence[CorpusClip], readings: Sequence[Sequence[Heard]]) -> dict[str, float]:
    """One temperature a dimension, from several readings of the same clips (such as with and without reference)."""
    fitted = {}
    for dimension in DIMENSIONS:
        pairs = [
            (heard.scores[0][dimension].probabilities, clamp(clip.scores[dimension]))
            for reading in readings
            for clip, heard in zip(clips, reading, strict=True)
            if clip.speech and dimension in clip.scores
        ]
        if pairs:
            distributions, labels = zip(*pairs, strict=True)
            fitted[dimension] = round(fit_temperature(distributions, labels), 3)
    return fitted


def calibrate_checkpoint(
    folder: Path, validation: TokenSet, device: str | None = None, listen: bool = False
) -> dict[str, float]:
    """Fit the temperatures of a checkpoint on validation clips and write them into it; returns them.

    `listen`: the clips are heard by the checkpoint's own encoder first, as one that was trained hears them otherwise.
    """
    path = folder / CONFIG_NAME
    content = json.loads(path.read_text(encoding="utf-8"))
    content["config"]["extra"].pop(TEMPERATURES, None)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    model, _ = load_checkpoint(folder, device)
    if listen:
        validation = listen_to(model, validation.clips)
    readings = [read_token_set(model, validation)]
    if validation.with_reference().all():
        readings.append(read_token_set(model, validation, with_reference=True))
    content["config"]["extra"][TEMPERATURES] = fit_temperatures(validation.clips, readings)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return content["config"]["extra"][TEMPERATURES]
