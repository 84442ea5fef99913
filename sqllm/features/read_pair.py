"""Clips as training and evaluation read them, and states as they keep them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from sqllm.signal.alignment import align_reference
from sqllm.signal.audio import SAMPLE_RATE, WINDOW_SECONDS, load_clip, nominal_gain
from sqllm.signal.decode import decode_here


def read_whole(path: Path) -> np.ndarray:
    """A clip of ours, decoded in this process: the processes that read a corpus are many."""
    return load_clip(path, decode=decode_here).samples


def read_window(path: Path) -> np.ndarray:
    """The first 10 s of a clip."""
    return read_whole(path)[: round(WINDOW_SECONDS * SAMPLE_RATE)]


def read_pair(
    degraded: Path, reference: Path | None, level_of: Path | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The first 10 s of a clip and, where it has one, of its reference aligned to it, [samples] each.

    Both get the gain that brings the recording `level_of` to the nominal level of listening tests; without one they
    are heard as they are.
    """
    gain = np.float32(nominal_gain(read_whole(level_of)) if level_of else 1)
    wave = gain * read_window(degraded)
    return wave, align_reference(gain * read_whole(reference), wave).samples if reference else None


def read_alone(recording: Path, level_of: Path | None = None) -> np.ndarray:
    """The first 10 s of a clip without its reference, [samples], at the level that `read_pair` gives it."""
    return read_pair(recording, None, level_of)[0]


def save_whole(content: object, path: Path) -> None:
    """`torch.save` that a kill leaves either done or not begun."""
    partial = path.with_name(path.name + ".partial")
    torch.save(content, partial)
    partial.rename(path)
