"""Mel bands."""

from __future__ import annotations

import pytest

from sqllm.signal.spectra import BANDS, band_power, spectra
from tests.tiny import tone


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
