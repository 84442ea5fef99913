"""What changed in a clip against its aligned reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt

from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.changes import CHANGES, DISTURBANCES, REGIONS, changes
from tests.tiny import speech_like

SPEECH = speech_like(3.0)


def more_and_less(degraded: np.ndarray, reference: np.ndarray = SPEECH) -> tuple[torch.Tensor, torch.Tensor]:
    changed = changes(degraded.astype(np.float32), reference, 12)
    assert changed.shape == (12, CHANGES)
    assert torch.isfinite(changed).all()
    return changed[:, :REGIONS], changed[:, REGIONS : 2 * REGIONS]


def test_nothing_changed_in_a_copy_of_another_level() -> None:
    for copy in (SPEECH, 0.1 * SPEECH):
        assert changes(copy, SPEECH, 12).abs().max() < 1e-3


def test_noise_is_more_and_a_gap_is_less_where_it_is() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, len(SPEECH))
    noise[: len(noise) // 2] = 0
    more, less = more_and_less(SPEECH + noise)
    assert more[7:].mean() > 10 * more[:5].mean()
    assert more.mean() > 3 * less.mean()
    gap = SPEECH.copy()
    gap[len(gap) // 2 :] = 0
    more, less = more_and_less(gap)
    assert less[7:].mean() > 0.5 > 5 * less[:5].mean()
    assert less.mean() > 3 * more.mean()


def test_a_missing_band_is_less_in_its_region() -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, len(SPEECH)).astype(np.float32)
    narrow = sosfilt(butter(8, 2000, fs=SAMPLE_RATE, output="sos"), noise)
    _, less = more_and_less(narrow, noise)
    assert less[:, -1].min() > 1 > 5 * less[:, 0].max()


@pytest.mark.parametrize("silent", ["degraded", "reference", "both"])
def test_silence_can_be_compared(silent: str) -> None:
    degraded, reference = (
        np.zeros_like(SPEECH) if silent in (name, "both") else SPEECH for name in ("degraded", "reference")
    )
    more_and_less(degraded, reference)


def disturbances(degraded: np.ndarray, reference: np.ndarray = SPEECH) -> tuple[torch.Tensor, torch.Tensor]:
    """Of every token, and of the whole clip: disturbed, added, lost."""
    found = changes(degraded.astype(np.float32), reference, 12)[:, 2 * REGIONS :]
    assert (found >= 0).all()
    tokens, whole = found.split(DISTURBANCES, dim=1)
    assert (whole == whole[0]).all()
    return tokens, whole[0]


def test_noise_disturbs_where_it_is_and_the_whole_by_its_strength() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, len(SPEECH))
    noise[: len(noise) // 2] = 0
    tokens, weak = disturbances(SPEECH + noise)
    assert (tokens[7:, :2].mean(dim=0) > 5 * tokens[:5, :2].mean(dim=0)).all()
    assert (disturbances(SPEECH + 4 * noise)[1][:2] > weak[:2]).all()


def test_speech_that_is_lost_is_told_from_what_is_added() -> None:
    gap = SPEECH.copy()
    gap[len(gap) // 2 : len(gap) // 2 + SAMPLE_RATE // 2] = 0
    tokens, whole = disturbances(gap)
    assert int(tokens[:, 2].argmax()) in (6, 7)
    assert whole[1] < 0.1 < whole[2]
    _, added = disturbances(SPEECH + np.roll(gap, 4000))
    assert added[1] > 5 * whole[1]


def test_a_steady_filter_is_partly_forgiven() -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, len(SPEECH)).astype(np.float32)
    shelf = butter(1, 1000, fs=SAMPLE_RATE, output="sos")
    steady = (noise - 0.5 * sosfilt(shelf, noise)).astype(np.float32)
    half = noise.copy()
    half[len(half) // 2 :] = steady[len(half) // 2 :]
    assert disturbances(steady, noise)[1][0] < 0.5 * disturbances(half, noise)[1][0]


def test_more_damage_disturbs_more() -> None:
    noise = np.random.default_rng(2).normal(0, 1, len(SPEECH))
    worse = [float(disturbances(SPEECH + level * noise)[1][0]) for level in (1e-4, 1e-3, 1e-2, 1e-1)]
    assert worse == sorted(worse)
