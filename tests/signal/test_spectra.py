"""Mel bands, and what changed in them against a reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt

from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.spectra import BANDS, CHANGES, REGIONS, band_power, changes, spectra
from tests.tiny import speech_like, tone

SPEECH = speech_like(3.0)


@pytest.mark.parametrize("level", [0.0, -40.0])
def test_a_tone_has_its_level_in_its_band(level: float) -> None:
    def loudest(hertz: float) -> tuple[int, float]:
        bands = 10 * band_power(spectra(tone(hertz, level)))[0, 50].log10()
        assert len(bands) == BANDS
        return int(bands.argmax()), float(bands.max())

    low, high = loudest(500), loudest(3000)
    assert 0 < low[0] < high[0] < BANDS - 1
    assert low[1] == pytest.approx(level, abs=4)
    assert high[1] == pytest.approx(level, abs=4)
    assert loudest(7900)[1] < level - 20


def more_and_less(degraded: np.ndarray, reference: np.ndarray = SPEECH) -> tuple[torch.Tensor, torch.Tensor]:
    changed = changes(degraded.astype(np.float32), reference, 12)
    assert changed.shape == (12, CHANGES)
    assert torch.isfinite(changed).all()
    return changed[:, :REGIONS], changed[:, REGIONS:]


def test_nothing_changed_in_a_copy_of_another_level() -> None:
    for copy in (SPEECH, 0.1 * SPEECH):
        assert all(part.abs().max() < 1e-3 for part in more_and_less(copy))


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
