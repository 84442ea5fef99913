"""How badly a degradation is heard: what it costs by itself, in a full-reference measure, on the clean clip.

The measure is ViSQOL in speech mode (Hines et al. 2015; 5.0 for a clip against itself). A parameter's raw value says
little: noise at 25 dB hides behind one talker and covers another. What the measure can't tell is judged where it is
made.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sqllm.corpus.degradations import Wave
from sqllm.corpus.teachers import load_teacher
from sqllm.scores import SEVERITIES

TOP = 5.0
SEVERITY_STEPS = {"slight": 0.08, "moderate": 0.45, "strong": 1.2}  # a smaller drop is not called a fault
# The measure is deaf to levels, averages over what is short, and can't follow a time axis that bends.
JUDGED_WHERE_MADE = frozenset(
    {"too-quiet", "too-loud", "level-change", "clicks", "interference", "time-warp", "unknown"}
)
RECORDED_NOISE = {"slight": 2.9, "moderate": 2.5, "strong": 1.9}  # NISQA v2's noisiness of noise like that, at most
NOISE_FLOORS = {"slight": 32.0, "moderate": 24.0, "strong": 13.0}  # dB of speech over residual noise, at most


def quality_drop(clean: Wave, degraded: Wave) -> float:
    """By how much a degraded clip falls short of its clean one, 0 to 4; not a number where it can't be told."""
    return float(np.clip(TOP - load_teacher("ViSQOL")(degraded, clean)["visqol"], 0, TOP - 1))


def severity_of_drop(drop: float) -> str:
    """The severity of a drop; empty where nothing is heard."""
    return next((name for name in reversed(SEVERITIES) if drop >= SEVERITY_STEPS[name]), "")


def severity_of_residue(decibels: float) -> str:
    """The severity of noise that is left `decibels` below the speech; empty where nothing is heard."""
    return worst_at_most(decibels, NOISE_FLOORS)


def severity_of_noisiness(noisiness: float) -> str:
    """The severity of the noise in a recording to which nothing was done, by its noisiness (1-5); empty where nothing
    is heard.

    The limits lie where clips with added noise of each severity do, and nothing else wrong.
    """
    return worst_at_most(noisiness, RECORDED_NOISE)


def worst_at_most(value: float, limits: Mapping[str, float]) -> str:
    """The worst severity whose limit a value does not exceed; empty where there is none."""
    return next((name for name in reversed(SEVERITIES) if value <= limits[name]), "")
