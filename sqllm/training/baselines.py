"""The published models that ours stands beside: MOS of a clip, some of them against its reference."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sqllm.audio import SAMPLE_RATE

Baseline = Callable[[np.ndarray, np.ndarray | None], float]


def nisqa(weights: Path | None = None) -> Baseline:
    """NISQA v2 by torchmetrics, single-ended."""
    from sqllm.corpus.teachers import NisqaV2

    teacher = NisqaV2(weights)
    return lambda degraded, reference: teacher(degraded)["mos"]


def distillmos() -> Baseline:
    """Distill-MOS as shipped, single-ended (`pip install --no-deps distillmos==0.9.1 xls-r-sqa==0.1.0`)."""
    import contextlib
    import io

    import torch

    # The package imports torchaudio for its own command line only, and prints where its weights lie.
    sys.modules.setdefault("torchaudio", types.ModuleType("torchaudio"))
    from distillmos import ConvTransformerSQAModel

    with contextlib.redirect_stdout(io.StringIO()):
        model = ConvTransformerSQAModel().eval()

    def rate(degraded: np.ndarray, reference: np.ndarray | None) -> float:
        with torch.inference_mode():
            return float(model(torch.from_numpy(degraded)[None]))

    return rate


def dnsmos() -> Baseline:
    """DNSMOS P.835 overall of speechmos, single-ended."""
    from speechmos import dnsmos as package

    def rate(degraded: np.ndarray, reference: np.ndarray | None) -> float:
        return float(package.run(np.clip(degraded, -1, 1), SAMPLE_RATE)["ovrl_mos"])

    return rate


def pesq() -> Baseline:
    """PESQ-WB (ITU-T P.862.2) against the aligned reference; not a number without one or where it fails."""
    from pesq import PesqError
    from pesq import pesq as package

    def rate(degraded: np.ndarray, reference: np.ndarray | None) -> float:
        if reference is None:
            return float("nan")
        value = package(SAMPLE_RATE, reference, degraded, "wb", on_error=PesqError.RETURN_VALUES)
        return float(value) if value > 0 else float("nan")

    return rate


def load_baselines(names: tuple[str, ...], nisqa_weights: Path | None = None) -> dict[str, Baseline]:
    """Baselines by name; raises `ValueError` for an unknown one or one whose package is missing."""
    makers: dict[str, Callable[[], Baseline]] = {
        "NISQA v2": lambda: nisqa(nisqa_weights),
        "Distill-MOS": distillmos,
        "DNSMOS": dnsmos,
        "PESQ": pesq,
    }
    loaded = {}
    for name in names:
        if name not in makers:
            raise ValueError(f"There is no baseline {name!r}; known are {', '.join(makers)}.")
        try:
            loaded[name] = makers[name]()
        except ImportError as problem:
            raise ValueError(
                f"{name} needs the package {problem.name}: pip install -e '.[train,baselines]'."
            ) from problem
    return loaded
