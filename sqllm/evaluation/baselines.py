"""The published models that ours stands beside, run on the same clips: teachers (`sqllm.corpus.teachers`) by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.corpus.teachers import TEACHERS, Teacher, load_teacher
from sqllm.evaluation.metrics import Ratings
from sqllm.features.read_pair import read_pair
from sqllm.scores import DIMENSIONS


def load_baselines(names: tuple[str, ...], nisqa_weights: Path | None = None) -> dict[str, Teacher]:
    """Baselines by name, each loaded once a process.

    Raises `ValueError` for an unknown name or one whose package is missing.
    """
    loaded = {}
    for name in names:
        if name not in TEACHERS:
            raise ValueError(f"There is no baseline {name!r}; known are {', '.join(TEACHERS)}.")
        try:
            loaded[name] = load_teacher(name, nisqa_weights)
        except ImportError as problem:
            raise ValueError(str(problem)) from problem
    return loaded


def baseline_columns(baseline: Teacher) -> dict[str, str]:
    """Which of a baseline's figures stands for which dimension: its first for the MOS, others by their name."""
    named = {d: column for column in baseline.columns for d in DIMENSIONS[1:] if column.endswith(f"_{d}")}
    return {"mos": baseline.columns[0]} | named


def ask_baselines(baselines: Mapping[str, Teacher], clips: Sequence[CorpusClip]) -> list[Ratings]:
    """What baselines say of clips, not a number where they lack a reference or fail; with a progress bar."""
    from tqdm import tqdm

    if not baselines:
        return []
    columns = {name: baseline_columns(baseline) for name, baseline in baselines.items()}
    means = {name: {d: np.full(len(clips), np.nan) for d in row} for name, row in columns.items()}
    for row, clip in enumerate(tqdm(clips, desc="baselines", unit="clip", mininterval=5)):
        degraded, reference = read_pair(clip.degraded, clip.reference, clip.level_of)
        for name, baseline in baselines.items():
            figures = baseline(degraded, reference)
            for dimension, column in columns[name].items():
                means[name][dimension][row] = figures[column]
    return [Ratings(name, row) for name, row in means.items()]
