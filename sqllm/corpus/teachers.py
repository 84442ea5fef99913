"""Teachers: published models whose scores are the labels of simulated clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sqllm.audio import SAMPLE_RATE

# torchmetrics' order; the licence of the weights (CC BY-NC-SA 4.0) follows the labels.
_NISQA_ORDER = ("mos", "noisiness", "discontinuity", "coloration", "loudness")


class NisqaV2:
    """NISQA v2 (Mittag et al. 2021) by torchmetrics: the five scores of a clip, without a reference.

    `weights` is a folder that holds `nisqa.tar`; without it torchmetrics downloads it to `~/.torchmetrics/NISQA`.
    """

    def __init__(self, weights: Path | None = None) -> None:
        import torchmetrics.functional.audio.nisqa as nisqa

        if weights is not None:
            if not (weights / "nisqa.tar").is_file():
                raise FileNotFoundError(f"There is no nisqa.tar in {weights}.")
            nisqa.NISQA_DIR = str(weights.resolve())
        self._score = nisqa.non_intrusive_speech_quality_assessment

    def __call__(self, samples: np.ndarray) -> dict[str, float]:
        """Five scores, not clamped (NISQA goes slightly below 1), of a clip [n] at 16 kHz."""
        import torch

        with torch.inference_mode():
            values = self._score(torch.from_numpy(np.ascontiguousarray(samples)), SAMPLE_RATE)
        return dict(zip(_NISQA_ORDER, (float(value) for value in values), strict=True))
