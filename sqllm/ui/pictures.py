"""Spectrograms as images for the page: several clips on one colour scale, and what differs between two."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import numpy as np

from sqllm.signal.plots import QUIETEST_TOP_DB, RANGE_DB, spectrogram

SINE_DBOV = -3.01  # level of a full-scale sine in dBov, whose 0 is a full-scale square wave
STEPS = 160  # of the colour scale: half a decibel each
DIFFERENCE_DB = 40.0  # at either end of the scale of differences
LEVELS_MAP, DIFFERENCES_MAP = "magma", "berlin"


def levels_of(samples: np.ndarray) -> np.ndarray:
    """Levels in dBov of [n] samples at 16 kHz, [257 bins of 0-8 kHz, columns]."""
    return spectrogram(samples) + SINE_DBOV


def top_of(levels: Sequence[np.ndarray]) -> float:
    """Where one colour scale for all of them ends, in dBov: a whole ten above the loudest spot."""
    return max(QUIETEST_TOP_DB, float(np.ceil(max(level.max() for level in levels) / 10) * 10))


def levels_image(levels: np.ndarray, top: float) -> bytes:
    """A PNG of levels [bins, columns] on a scale of 80 dB that ends at `top` dBov."""
    return _image((levels - top + RANGE_DB) / RANGE_DB, LEVELS_MAP)


def difference_image(levels: np.ndarray, reference: np.ndarray, top: float) -> bytes:
    """A PNG of what a clip has more (red) or less (blue) than its reference, both [bins, columns], black for the same;
    what lies below the scale of levels counts as nothing.
    """
    floor = top - RANGE_DB
    difference = np.clip(levels, floor, top) - np.clip(reference, floor, top)
    return _image((difference / DIFFERENCE_DB + 1) / 2, DIFFERENCES_MAP)


def gradient(name: str) -> str:
    """A colour map as a CSS gradient, from left to right."""
    colours = _palette(name).reshape(-1, 3)[:: STEPS // 8]
    return f"linear-gradient(to right, {', '.join(f'rgb({r},{g},{b})' for r, g, b in colours)})"


def _image(shares: np.ndarray, name: str) -> bytes:
    from PIL import Image

    steps = np.clip(np.rint(shares * (STEPS - 1)), 0, STEPS - 1).astype(np.uint8)
    image = Image.fromarray(steps[::-1], mode="P")
    image.putpalette(_palette(name).tobytes())
    data = io.BytesIO()
    image.save(data, "PNG", optimize=False)
    return data.getvalue()


@cache
def _palette(name: str) -> np.ndarray:
    """[3 STEPS] red, green and blue, a byte each."""
    import matplotlib

    colours = matplotlib.colormaps[name](np.linspace(0, 1, STEPS))[:, :3]
    return np.rint(255 * colours).astype(np.uint8).reshape(-1)
