"""Spectrograms: their axes, their one colour scale, and their levels."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.signal.audio import SAMPLE_RATE, Clip
from sqllm.signal.plots import MOST_COLUMNS, RANGE_DB, spectrogram, spectrogram_figure
from tests.tiny import speech_like


def sine(hertz: float, peak: float = 1.0, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (peak * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


@pytest.mark.parametrize(("peak", "expected"), [(1.0, 0.0), (0.1, -20.0)])
def test_full_scale_sine_is_zero_db_in_its_own_bin(peak: float, expected: float) -> None:
    middle = spectrogram(sine(1000.0, peak))[:, 60]
    assert np.argmax(middle) * SAMPLE_RATE / 512 == 1000.0
    assert middle.max() == pytest.approx(expected, abs=0.1)


def test_long_clip_has_no_more_columns_than_a_picture_shows() -> None:
    assert spectrogram(np.zeros(SAMPLE_RATE * 300, np.float32)).shape == (257, MOST_COLUMNS + 1)


def test_clip_of_a_few_samples_has_a_spectrogram() -> None:
    assert np.isfinite(spectrogram(np.zeros(10, np.float32))).all()


def test_clip_and_reference_share_one_colour_scale_and_one_time_axis() -> None:
    loud, quiet = Clip(speech_like(3.0, level=-20.0)), Clip(speech_like(2.0, level=-60.0))
    figure = spectrogram_figure(quiet, loud)
    degraded, reference, bar = figure.axes
    limits = degraded.images[0].get_clim()
    assert limits == reference.images[0].get_clim()
    assert limits[1] - limits[0] == RANGE_DB
    assert limits[0] < spectrogram(loud.samples).max() <= limits[1]
    assert degraded.get_xlim() == reference.get_xlim() == (0.0, 3.0)
    assert degraded.get_ylim() == reference.get_ylim() == (0.0, 8.0)
    assert (reference.get_xlabel(), reference.get_ylabel(), bar.get_ylabel()) == ("Time (s)", "kHz", "Level (dB)")


def test_figure_without_reference_has_one_panel_as_long_as_the_clip() -> None:
    panel, _ = spectrogram_figure(Clip(speech_like(2.0))).axes
    assert panel.get_title(loc="left") == "Degraded clip"
    assert panel.get_xlim() == (0.0, 2.0)


def test_digital_silence_is_drawn_dark() -> None:
    image = spectrogram_figure(Clip(np.zeros(SAMPLE_RATE, np.float32))).axes[0].images[0]
    assert np.asarray(image.get_array()).max() < image.get_clim()[0]
