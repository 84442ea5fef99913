"""Clicks, interference, warped time, muted speech, a band that switches, gain that swings: each does what it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sqllm.corpus import degradations as damage
from sqllm.corpus import disturbances, timing
from sqllm.corpus.degradations import Artifact, Rng, Wave
from sqllm.corpus.filters import through
from sqllm.scores import SEVERITIES
from sqllm.signal.audio import SAMPLE_RATE, active_level
from tests.tiny import speech_like

SPEECH = speech_like(4.0, 5)
STEPS: tuple[Callable[[Wave, Rng, str], tuple[Wave, Artifact]], ...] = (
    disturbances.add_clicks,
    disturbances.add_interference,
    disturbances.disturb,
    timing.stretch_pieces,
    timing.swing_speed,
    timing.play_at_wrong_speed,
    timing.stutter,
    timing.mute_stretch,
    damage.swing_level,
    damage.switch_band,
)


def rng(seed: int) -> Rng:
    return np.random.default_rng(seed)


def inside(artifact: Artifact, margin: float = 0.0) -> np.ndarray:
    """Which samples the artifact's spans hold, each `margin` seconds wider on both sides."""
    marked = np.zeros(len(SPEECH), bool)
    for start, stop in artifact.spans:
        marked[max(0, round((start - margin) * SAMPLE_RATE)) : round((stop + margin) * SAMPLE_RATE)] = True
    return marked


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_steps_keep_the_length_and_are_the_same_again(
    step: Callable[..., tuple[Wave, Artifact]], severity: str
) -> None:
    for seed in range(3):
        degraded, artifact = step(SPEECH, rng(seed), severity)
        assert degraded.shape == SPEECH.shape
        assert degraded.dtype == np.float32
        assert np.isfinite(degraded).all()
        assert np.abs(degraded - SPEECH).max() > 1e-4
        assert artifact.severity == severity
        assert all(0 <= start < stop <= 4.0 for start, stop in artifact.spans)
        np.testing.assert_array_equal(step(SPEECH, rng(seed), severity)[0], degraded)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize("wave", [np.zeros(8000, np.float32), speech_like(0.4, 1)], ids=["silence", "a short clip"])
def test_silence_and_very_short_clips_pass(step: Callable[..., tuple[Wave, Artifact]], wave: Wave) -> None:
    for severity in SEVERITIES:
        degraded, _ = step(wave, rng(2), severity)
        assert degraded.shape == wave.shape
        assert np.isfinite(degraded).all()


@pytest.mark.parametrize("step", [disturbances.add_clicks, disturbances.add_interference, timing.stutter])
def test_what_comes_at_moments_leaves_the_rest_alone(step: Callable[..., tuple[Wave, Artifact]]) -> None:
    for seed in range(5):
        degraded, artifact = step(SPEECH, rng(seed), "moderate")
        outside = ~inside(artifact, margin=0.03)
        assert artifact.spans
        np.testing.assert_allclose(degraded[outside], SPEECH[outside], atol=1e-6)


def test_a_muted_stretch_is_gone_and_only_the_speech_that_was_there_is_lost() -> None:
    for seed in range(8):
        muted, artifact = timing.mute_stretch(SPEECH, rng(seed), "strong")
        ((start, stop),) = artifact.spans
        within = slice(round(start * SAMPLE_RATE) + 160, round(stop * SAMPLE_RATE) - 160)
        assert active_level(muted[within]) < active_level(SPEECH) - 25
        assert 0.5 <= stop - start <= 2.6


def test_the_band_is_full_on_one_side_of_its_switch_and_narrow_on_the_other() -> None:
    def treble(wave: Wave) -> float:
        spectrum = np.abs(np.fft.rfft(wave)) ** 2
        return float(spectrum[np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE) > 4500].sum() / spectrum.sum())

    white = rng(0).normal(0, 0.05, len(SPEECH)).astype(np.float32)
    for seed in range(4):
        switched, artifact = damage.switch_band(white, rng(seed), "strong")
        narrow = inside(artifact)
        assert 0.2 < narrow.mean() < 0.8
        assert treble(switched[narrow]) < 0.05 < 0.3 < treble(switched[~narrow])


def test_a_wrong_speed_moves_the_pitch_and_stretched_pieces_keep_it() -> None:
    tone = (0.1 * np.sin(2 * np.pi * 440 * np.arange(len(SPEECH)) / SAMPLE_RATE)).astype(np.float32)

    def pitch(wave: Wave) -> float:
        heard = wave[SAMPLE_RATE // 2 : SAMPLE_RATE * 3 // 2]
        return float(np.argmax(np.abs(np.fft.rfft(heard * np.hanning(len(heard))))) * SAMPLE_RATE / len(heard))

    for seed in range(4):
        wrong, artifact = timing.play_at_wrong_speed(tone, rng(seed), "moderate")
        assert pitch(wrong) == pytest.approx(440 * artifact.parameters["speed"], abs=2)
        assert pitch(timing.stretch_pieces(tone, rng(seed), "moderate")[0]) == pytest.approx(440, abs=4)


def test_gain_that_swings_more_is_a_stronger_change_of_level() -> None:
    steady = rng(1).normal(0, 0.05, len(SPEECH)).astype(np.float32)

    def swing(severity: str) -> float:
        levels = [
            10 * np.log10(np.mean(np.square(piece)))
            for piece in np.array_split(damage.swing_level(steady, rng(3), severity)[0], 80)
        ]
        return float(np.percentile(levels, 95) - np.percentile(levels, 5))

    slight, moderate, strong = map(swing, SEVERITIES)
    assert 3 < slight < moderate < strong < 35


def test_clips_beyond_full_scale_are_clipped_as_well_as_too_loud() -> None:
    assert damage.overload(SPEECH) == []
    found = [damage.overload(np.clip(SPEECH * 10 ** (gain / 20), -1, 1)) for gain in (18, 26, 40)]
    severities = [artifacts[0].severity for artifacts in found]
    assert severities == sorted(severities, key=SEVERITIES.index)
    assert {artifact.kind for artifacts in found for artifact in artifacts} == {"amplitude-clipping"}


def test_filters_pass_what_they_are_given() -> None:
    np.testing.assert_allclose(through(SPEECH, ("volume", "0.5")), SPEECH / 2, atol=1e-6)
    assert len(through(SPEECH, ("atempo", "0.8"))) == pytest.approx(len(SPEECH) / 0.8, rel=0.02)
