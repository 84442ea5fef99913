"""The modulated noise reference unit of ITU-T P.810: the yardstick of speech tests."""

from __future__ import annotations

import numpy as np


def modulate_noise(wave: np.ndarray, q: float, rng: np.random.Generator) -> np.ndarray:
    """Speech [n] with noise in proportion to each sample, `q` dB below it, as float32.

    y = x (1 + 10^(-Q/20) N) with N white, Gaussian and of unit variance; the band filters at its output are left out.
    """
    noise = rng.standard_normal(len(wave))
    return (wave * (1 + 10 ** (-q / 20) * noise)).astype(np.float32)
