"""Clips as training and evaluation read them, and states as they keep them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from sqllm.audio import SAMPLE_RATE, WINDOW_SECONDS, align_reference, load_clip


def read_window(path: Path) -> np.ndarray:
    """The first 10 s of a clip."""
    return load_clip(path).samples[: round(WINDOW_SECONDS * SAMPLE_RATE)]


def read_pair(degraded: Path, reference: Path | None) -> tuple[np.ndarray, np.ndarray | None]:
    """The first 10 s of a clip and, where it has one, of its reference aligned to it."""
    wave = read_window(degraded)
    return wave, align_reference(load_clip(reference).samples, wave).samples if reference else None


def save_whole(content: object, path: Path) -> None:
    """`torch.save` that a kill leaves either done or not begun."""
    partial = path.with_name(path.name + ".partial")
    torch.save(content, partial)
    partial.rename(path)
