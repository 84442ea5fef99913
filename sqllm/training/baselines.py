"""The published models that ours stands beside: MOS of a clip, some of them against its reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sqllm.corpus.teachers import TEACHERS, Teacher, load_teacher

Baseline = Callable[[np.ndarray, np.ndarray | None], float]


def load_baselines(names: tuple[str, ...], nisqa_weights: Path | None = None) -> dict[str, Baseline]:
    """Baselines by name, the overall figure of each teacher; not a number where it lacks a reference or fails.

    Raises `ValueError` for an unknown name or one whose package is missing.
    """
    loaded = {}
    for name in names:
        if name not in TEACHERS:
            raise ValueError(f"There is no baseline {name!r}; known are {', '.join(TEACHERS)}.")
        try:
            loaded[name] = _overall(load_teacher(name, nisqa_weights))
        except ImportError as problem:
            raise ValueError(str(problem)) from problem
    return loaded


def _overall(teacher: Teacher) -> Baseline:
    return lambda degraded, reference: teacher(degraded, reference)[teacher.columns[0]]
