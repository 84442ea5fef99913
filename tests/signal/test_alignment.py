"""References moved onto their clips: lags, drift, gaps and damage are borne, copies known, other speech refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr

from sqllm.corpus.codecs import CODECS, transcode
from sqllm.evaluation.alignment_damages import DAMAGES, Material, Traced
from sqllm.signal.alignment import Alignment, align_reference
from sqllm.signal.audio import SAMPLE_RATE, load_clip, set_level
from tests.tiny import sentence, speech_like

EXAMPLES = Path(__file__).resolve().parents[2] / "assets" / "examples"
MATERIAL = Material(
    noises=(np.random.default_rng(5).normal(0, 0.1, 4 * SAMPLE_RATE).astype(np.float32),),
    talkers=tuple(sentence(5, seed) for seed in range(50, 58)),
)


def late(samples: np.ndarray, seconds: float) -> np.ndarray:
    """The clip that begins so much later, or has lost its beginning where that is negative."""
    shift = round(seconds * SAMPLE_RATE)
    return np.pad(samples, (shift, 0)) if shift > 0 else samples[-shift:]


def noisy(samples: np.ndarray, deviation: float = 0.01, seed: int = 0) -> np.ndarray:
    return (samples + np.random.default_rng(seed).normal(0, deviation, len(samples))).astype(np.float32)


def state(reference: np.ndarray, degraded: np.ndarray) -> str:
    return align_reference(reference, degraded).match.state


def lags(found: Alignment) -> np.ndarray:
    """The lag at each sample in seconds; NaN where the reference has nothing."""
    return np.concatenate(
        [np.full(p.stop - p.start, np.nan if p.lag is None else p.lag / SAMPLE_RATE) for p in found.pieces]
    )


@pytest.mark.parametrize("lag", [-4.9, -1.5, -0.3331, 0.0, 0.05, 1.0, 4.9])
@pytest.mark.parametrize("gain", [1.0, -0.5])
def test_one_lag_shifts_the_reference_by_whole_samples(lag: float, gain: float) -> None:
    reference = sentence(9, 3)
    moved = late(reference, lag)
    found = align_reference(reference, noisy(gain * moved))
    assert found.lag == pytest.approx(lag, abs=1e-4)
    assert found.match.state == "same"
    assert found.match.drift == 0
    assert found.samples.dtype == np.float32
    np.testing.assert_array_equal(found.samples, moved)


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name != "none"])
def test_the_same_speech_is_kept_whatever_happened_to_it(damage: str) -> None:
    reference = sentence(7, 1)
    source = Traced(reference, np.arange(len(reference), dtype=np.float64))
    damaged = DAMAGES[damage](source, np.random.default_rng(3), MATERIAL)
    found = align_reference(reference, damaged.samples)
    assert found.match.state == "same"
    assert len(found.samples) == len(damaged.samples)
    errors = np.abs(lags(found) - (np.arange(len(damaged.places)) - damaged.places) / SAMPLE_RATE)
    known = ~np.isnan(damaged.places)
    if known.any():
        assert np.mean(errors[known] <= 0.02) > 0.75
        assert np.nanmedian(errors[known]) <= 0.02


@pytest.mark.parametrize("damage", [*DAMAGES])
def test_other_speech_is_refused_whatever_happened_to_it(damage: str) -> None:
    speech = sentence(6, 2)
    clip = Traced(speech, np.arange(len(speech), dtype=np.float64))
    assert state(sentence(6, 1), DAMAGES[damage](clip, np.random.default_rng(4), MATERIAL).samples) == "other"


def test_noise_tones_and_silence_are_other_than_any_speech() -> None:
    reference, time = sentence(5), np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE
    tones = [0.1 * np.sin(2 * np.pi * hertz * time).astype(np.float32) for hertz in (50, 440, 3000)]
    for samples in (noisy(np.zeros(5 * SAMPLE_RATE), 0.1), *tones, np.zeros(5 * SAMPLE_RATE, np.float32)):
        assert state(reference, samples) == "other"
        assert state(samples, reference) == "other"


def test_real_sentences_of_one_talker_are_told_apart() -> None:
    names = ["codec", "noise", "packet-loss", "clipping", "reverberation", "quiet"]
    references = {name: load_clip(EXAMPLES / f"{name}-reference.flac").samples for name in names}
    clips = {name: load_clip(EXAMPLES / f"{name}.flac").samples for name in names}
    for name, clip in clips.items():
        kept = [other for other, reference in references.items() if state(reference, clip) != "other"]
        assert kept == [name]


@pytest.mark.parametrize(
    "copy",
    [
        lambda x: x,
        lambda x: np.round(x * 32768).astype(np.int16).astype(np.float32) / 32768,
        lambda x: soxr.resample(soxr.resample(x, 16_000, 48_000), 48_000, 16_000).astype(np.float32),
        lambda x: late(x, 0.7),
        lambda x: np.pad(x, (0, 9_000)),
    ],
    ids=["itself", "16 bits", "by way of 48 kHz", "late", "with silence behind"],
)
def test_a_copy_is_identical(copy: Callable[[np.ndarray], np.ndarray]) -> None:
    speech = sentence(5, 2)
    found = align_reference(speech, copy(speech))
    assert found.match.state == "identical"
    assert found.match.matched == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda x: 0.9 * x,
        lambda x: -x,
        lambda x: noisy(x, 0.001),
        lambda x: np.where(np.arange(len(x)) // 160 == 200, 0, x),
        lambda x: np.clip(x, -0.9 * x.max(), 0.9 * x.max()),
        lambda x: x[: len(x) // 2],
        lambda x: transcode(x, CODECS["g711-a"], 64_000)[0],
    ],
    ids=["quieter", "inverted", "faint noise", "10 ms lost", "peaks clipped", "half", "G.711"],
)
def test_what_differs_is_not_identical(change: Callable[[np.ndarray], np.ndarray]) -> None:
    speech = sentence(5, 2)
    assert state(speech, change(speech).astype(np.float32)) == "same"


def test_silence_is_identical_to_silence() -> None:
    assert state(np.zeros(16_000, np.float32), np.zeros(16_000, np.float32)) == "identical"


def test_speech_that_is_muted_stays_in_the_reference() -> None:
    reference = sentence(8, 4)
    muted = reference.copy()
    muted[3 * SAMPLE_RATE : 4 * SAMPLE_RATE] = 0
    np.testing.assert_array_equal(align_reference(reference, noisy(muted, 0.001)).samples, reference)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.5])
def test_an_inserted_gap_is_a_gap_in_the_reference_too(seconds: float) -> None:
    reference, at, gap = sentence(8, 5), 4 * SAMPLE_RATE, round(seconds * SAMPLE_RATE)
    clip = noisy(np.concatenate([reference[:at], np.zeros(gap), reference[at:]]), 0.001)
    found = align_reference(reference, clip)
    missing = np.isnan(lags(found))
    assert missing.sum() == pytest.approx(gap, abs=480)
    assert missing[at + 800 : at + gap - 800].mean() > 0.9
    outside = np.r_[0 : at - 1600, at + gap + 1600 : len(clip)]
    assert np.corrcoef(found.samples[outside], clip[outside])[0, 1] > 0.99


def test_dropped_speech_is_skipped_in_the_reference() -> None:
    reference = sentence(8, 6)
    clip = noisy(np.concatenate([reference[: 3 * SAMPLE_RATE], reference[4 * SAMPLE_RATE :]]), 0.001)
    found = align_reference(reference, clip)
    assert [piece.lag for piece in found.pieces] == [0, -SAMPLE_RATE]
    assert found.pieces[1].start == pytest.approx(3 * SAMPLE_RATE, abs=1600)
    assert found.match.removed == ((pytest.approx(3, abs=0.1), pytest.approx(1, abs=0.01)),)
    skipped = found.skipped(reference)
    assert len(skipped) == pytest.approx(SAMPLE_RATE, abs=160)
    wanted = reference[3 * SAMPLE_RATE : 4 * SAMPLE_RATE]
    best = np.abs(np.correlate(skipped, wanted[1600:-1600], mode="full")).max()
    assert best > 0.85 * np.square(wanted[1600:-1600]).sum()


@pytest.mark.parametrize("rate", [0.97, 0.99, 1.01, 1.03])
def test_a_wrong_speed_is_followed_and_told_as_drift(rate: float) -> None:
    reference = sentence(10, 7)
    clip = soxr.resample(reference, SAMPLE_RATE, SAMPLE_RATE / rate).astype(np.float32)
    found = align_reference(reference, noisy(clip, 0.001))
    assert found.match.drift == pytest.approx(1 - rate, abs=0.002)
    assert found.match.removed == ()
    expected = np.arange(len(clip)) * (1 - rate) / SAMPLE_RATE
    assert np.nanmean(np.abs(lags(found) - expected) <= 0.02) > 0.9


@pytest.mark.parametrize(
    "cut", [slice(0, 3 * SAMPLE_RATE), slice(2 * SAMPLE_RATE, 5 * SAMPLE_RATE), slice(-48_000, None)]
)
def test_a_part_of_the_reference_or_of_the_clip_is_enough(cut: slice) -> None:
    speech = sentence(7, 8)
    assert align_reference(speech, noisy(speech[cut])).match.matched > 0.8
    found = align_reference(noisy(speech[cut]), speech)
    assert found.match.state == "same"
    assert 0.2 < found.match.matched < 0.75
    assert len(found.samples) == len(speech)


def test_speech_that_the_reference_lacks_is_not_matched() -> None:
    speech, other = sentence(5, 9), sentence(5, 10)
    assert align_reference(speech, noisy(speech)).match.matched > 0.95
    assert align_reference(speech, noisy(np.concatenate([speech, other]))).match.matched == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("samples", [1_600, 1_601, 5_000, 16_000])
def test_any_lengths_are_borne(samples: int) -> None:
    speech = sentence(3)
    for reference, clip in ((speech, speech[:samples]), (speech[:samples], speech), (speech[:samples], speech[:1_600])):
        assert len(align_reference(reference, noisy(clip)).samples) == len(clip)


def test_a_long_clip_that_drifts_beyond_the_reach_is_followed_to_its_end() -> None:
    reference = np.concatenate([sentence(30, seed) for seed in range(8)])
    clip = soxr.resample(reference, SAMPLE_RATE, SAMPLE_RATE / 0.97).astype(np.float32)
    found = align_reference(reference, noisy(clip, 0.001))
    assert found.match.state == "same"
    assert found.match.drift == pytest.approx(0.03, abs=0.002)
    assert lags(found)[-SAMPLE_RATE] == pytest.approx(0.03 * (len(clip) - SAMPLE_RATE) / SAMPLE_RATE, abs=0.04)


def test_alignment_is_the_same_every_time_and_leaves_its_input_alone() -> None:
    reference = sentence(5, 1)
    clip = noisy(set_level(late(reference, 0.4), -40), 0.001)
    before = reference.copy(), clip.copy()
    one, other = align_reference(reference, clip), align_reference(reference, clip)
    np.testing.assert_array_equal(one.samples, other.samples)
    assert (one.pieces, one.match) == (other.pieces, other.match)
    np.testing.assert_array_equal(reference, before[0])
    np.testing.assert_array_equal(clip, before[1])


def test_the_level_of_either_does_not_matter() -> None:
    reference = sentence(5, 1)
    clip = noisy(late(reference, -0.2), 0.002)
    for gain in (1e-3, 1.0, 30.0):
        assert align_reference(reference, gain * clip).lag == pytest.approx(-0.2)
        assert align_reference(gain * reference, clip).lag == pytest.approx(-0.2)


def test_an_even_voice_finds_its_own_place() -> None:
    """Also of a buzz with hardly any shape to compare."""
    speech = speech_like(4.0, seed=3)
    assert align_reference(speech, noisy(late(speech, 0.3))).lag == pytest.approx(0.3)
