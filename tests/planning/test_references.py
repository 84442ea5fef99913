"""Reference conditions do what their names say, at any rate."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.planning.references import (
    ANCHORS,
    MNRU,
    P804,
    P835,
    ReferenceCondition,
    hoth_noise,
    joined,
    speech_level,
    trapping_clip,
)

RATES = [16000, 48000]


def voice(rate: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (0.1 * np.repeat(rng.random(40) > 0.3, rate // 20) * rng.standard_normal(2 * rate)).astype(np.float32)


def power(wave: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(wave)) + 1e-12))


@pytest.mark.parametrize("rate", RATES)
def test_mnru_is_q_below_the_speech(rate: int) -> None:
    wave = voice(rate)
    for condition in MNRU[1:]:
        noise = condition.make(wave, rate, np.random.default_rng(1)) - wave
        assert condition.mnru is not None
        assert power(wave) - power(noise) == pytest.approx(condition.mnru, abs=0.5)


@pytest.mark.parametrize("rate", RATES)
def test_noise_is_at_its_ratio_to_the_active_speech(rate: int) -> None:
    wave = voice(rate)
    noise = ReferenceCondition("n", snr=20).make(wave, rate, np.random.default_rng(1)) - wave
    assert speech_level(wave, rate) - power(noise) == pytest.approx(20, abs=0.3)
    own = ReferenceCondition("n", snr=20).make(wave, rate, np.random.default_rng(1), np.ones(100)) - wave
    assert np.ptp(own) < 1e-6


def test_room_noise_falls_5_db_an_octave() -> None:
    spectrum = np.abs(np.fft.rfft(hoth_noise(160000, 16000, np.random.default_rng(0)))) ** 2
    octaves = [10 * np.log10(spectrum[f * 10 - 500 : f * 10 + 500].mean()) for f in (500, 1000, 2000, 4000)]
    assert np.diff(octaves) == pytest.approx([-5, -5, -5], abs=0.8)


@pytest.mark.parametrize("condition", [*MNRU, *P835, *P804, *ANCHORS], ids=lambda condition: condition.name)
def test_every_condition_keeps_length_and_range(condition: ReferenceCondition) -> None:
    wave = voice(16000)
    made = condition.make(wave, 16000, np.random.default_rng(0))
    assert made.shape == wave.shape
    assert made.dtype == np.float32
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 1
    assert (condition.name == "clean") == bool((made == wave).all())


def test_losses_gain_and_band() -> None:
    wave = 0.1 * np.random.default_rng(0).standard_normal(48000).astype(np.float32)
    lost = ReferenceCondition("l", lost=0.25).make(wave, 16000, np.random.default_rng(0))
    assert np.mean(lost == 0) == pytest.approx(0.25, abs=0.06)
    assert power(ReferenceCondition("g", gain=-15).make(wave, 16000, np.random.default_rng(0))) == pytest.approx(
        -35, abs=0.2
    )
    low = np.abs(np.fft.rfft(ANCHORS[0].make(wave, 16000, np.random.default_rng(0))))
    assert low[len(low) // 2 + 3000 :].mean() < 0.02 * low[: len(low) // 4].mean()


def test_p835_has_the_toolkits_twelve_conditions_and_clean() -> None:
    assert [(c.snr, c.mnru) for c in P835[1:]] == [
        (40, 8), (40, 16), (40, 24), (40, 32), (40, 40),
        (0, 40), (10, 40), (20, 40), (30, 40),
        (10, 16), (20, 24), (30, 32),
    ]  # fmt: skip


def test_a_trap_beeps_as_often_as_its_answer() -> None:
    for answer in (1, 3, 5):
        made = trapping_clip(np.zeros(80000, np.float32), 16000, answer)
        loud = np.abs(made).reshape(-1, 400).max(axis=1) > 0.01
        assert np.sum(np.diff(loud.astype(int)) == 1) == answer


def test_joined_clips_have_their_pause() -> None:
    both = joined(np.ones(10), -np.ones(20), 16000)
    assert len(both) == 8030
    assert (both[10:8010] == 0).all()
