"""Votes of listeners: a clip's score, a listener's bias and use of the scale, and noise, to whole points."""

from __future__ import annotations

import numpy as np

# Between listeners of a laboratory ACR test of 384 telephony clips (Hossfeld et al., QoMEX 2011): standard deviations.
BIAS, SLOPE, RESIDUAL = 0.24, 0.13, 0.73
CENTRE = 3.0


def draw_votes(means: np.ndarray, listeners: int, rng: np.random.Generator) -> np.ndarray:
    """Whole-point votes 1-5 of a panel that hears every clip, [listeners, clips], from the clips' scores [clips].

    A listener's bias and slope stay theirs over all clips of the call.
    """
    means = np.asarray(means, float)
    bias = rng.normal(0, BIAS, (listeners, 1))
    slope = rng.normal(1, SLOPE, (listeners, 1))
    heard = CENTRE + slope * (means - CENTRE) + bias + rng.normal(0, RESIDUAL, (listeners, len(means)))
    return np.clip(np.rint(heard), 1, 5).astype(int)
