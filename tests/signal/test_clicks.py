"""How much an instant stands out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.clicks import sharpness
from tests.tiny import speech_like

SPEECH = speech_like(4.0)
AT = 2.1  # s


def sharp(wave: np.ndarray) -> torch.Tensor:
    found = sharpness(torch.from_numpy(wave.astype(np.float32)), 16)
    assert found.shape == (16,)
    assert torch.isfinite(found).all()
    return found


@pytest.mark.parametrize("samples", [1, 3, 20])
@pytest.mark.parametrize("gain", [1.0, 0.01])
def test_a_click_stands_out_where_it_is(samples: int, gain: float) -> None:
    clicked = SPEECH.copy()
    at = round(AT * SAMPLE_RATE)
    clicked[at : at + samples] += np.array([0.5, -0.5] * 10)[:samples]
    found, place = sharp(gain * clicked), int(AT / 4 * 16)
    assert int(found.argmax()) == place
    assert found[place] > sharp(gain * SPEECH)[place] + 2


@pytest.mark.parametrize("steady", ["noise", "tone", "offset", "silence"])
def test_nothing_stands_out_of_what_is_steady(steady: str) -> None:
    time = np.arange(4 * SAMPLE_RATE)
    waves = {
        "noise": np.random.default_rng(0).normal(0, 0.1, len(time)),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time / SAMPLE_RATE),
        "offset": np.full(len(time), 0.2),
        "silence": np.zeros(len(time)),
    }
    assert sharp(waves[steady]).max() < 0


@pytest.mark.parametrize("samples", [0, 1, 160, 799, 800, 1000])
def test_short_clips_are_no_problem(samples: int) -> None:
    sharp(SPEECH[:samples])
