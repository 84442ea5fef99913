"""Which channels are heard: all, but for those that are dead, only noise, or cancel each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sqllm.judge.signal_checks import prepare_reference
from sqllm.signal.audio import SAMPLE_RATE, Clip, load_clip
from tests.signal.files import encoded, sound_bytes
from tests.tiny import speech_like

SPEECH = speech_like(4.0, seed=1)
OTHER = speech_like(4.0, seed=2)
NOISE = np.random.default_rng(0).normal(0, 0.05, len(SPEECH)).astype(np.float32)
TIME = np.arange(len(SPEECH)) / SAMPLE_RATE
HUM = (0.2 * np.sin(2 * np.pi * 50 * TIME)).astype(np.float32)
SILENCE = np.zeros_like(SPEECH)
HISS = NOISE / 3000  # 70 dB below full scale and more


def heard(*channels: np.ndarray, rate: int = SAMPLE_RATE, subtype: str = "FLOAT") -> Clip:
    return load_clip(sound_bytes(np.stack(channels, axis=1), rate, "WAVEX", subtype))


@pytest.mark.parametrize(
    ("left", "right", "which", "note"),
    [
        (SPEECH, -SPEECH, SPEECH, "The channels cancel each other: the left one was heard."),
        (SPEECH, -0.8 * SPEECH, SPEECH, "The channels cancel each other: the left one was heard."),
        (0.6 * SPEECH, -SPEECH, -SPEECH, "The channels cancel each other: the right one was heard."),
        (SPEECH + NOISE / 10, -SPEECH, -SPEECH, "The channels cancel each other: the right one was heard."),
        (SPEECH, SILENCE, SPEECH, "The right channel holds no sound: the left one was heard."),
        (SILENCE, SPEECH, SPEECH, "The left channel holds no sound: the right one was heard."),
        (HISS, SPEECH, SPEECH, "The left channel holds no sound: the right one was heard."),
        (SPEECH, SILENCE + 0.3, SPEECH, "The right channel holds no sound: the left one was heard."),
        (SPEECH, NOISE, SPEECH, "The right channel holds nothing but steady noise: the left one was heard."),
        (NOISE * 4, SPEECH, SPEECH, "The left channel holds nothing but steady noise: the right one was heard."),
        (SPEECH, SILENCE + np.nan, SPEECH, "The right channel holds no sound: the left one was heard."),
    ],
)
def test_the_better_of_two_channels_is_heard_and_told(
    left: np.ndarray, right: np.ndarray, which: np.ndarray, note: str
) -> None:
    clip = heard(left, right)
    np.testing.assert_allclose(clip.samples, which, atol=1e-6)
    assert clip.conditioning == (note,)
    assert note in prepare_reference(clip, None)[1]


@pytest.mark.parametrize(
    ("right", "notes"), [(-SPEECH, ["The channels cancel", "A constant offset"]), (SPEECH, ["A constant offset"])]
)
def test_one_side_with_dc_is_heard_without_it(right: np.ndarray, notes: list[str]) -> None:
    clip = heard(SPEECH + 0.3, right)
    np.testing.assert_allclose(clip.samples, SPEECH - SPEECH.mean(), atol=2e-4)
    assert [note[: len(start)] for note, start in zip(clip.conditioning, notes, strict=True)] == notes


def test_hum_alone_is_left_out() -> None:
    clip = heard(SPEECH, HUM)
    np.testing.assert_allclose(clip.samples, SPEECH, atol=1e-6)
    assert len(clip.conditioning) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (SPEECH, SPEECH),
        (SPEECH, OTHER),
        (SPEECH, 0.1 * SPEECH),
        (SPEECH, np.roll(SPEECH, 8)),
        (SPEECH + NOISE, SPEECH - NOISE),
        (SPEECH + NOISE, SPEECH),
        (SPEECH, -OTHER),
        (SPEECH, -0.3 * SPEECH),
        (NOISE, -np.roll(NOISE, 3)),
        (SILENCE, SILENCE),
        (SPEECH * (TIME < 2), OTHER * (TIME >= 2)),
    ],
)
def test_ordinary_channels_are_averaged_without_a_word(left: np.ndarray, right: np.ndarray) -> None:
    clip = heard(left, right)
    np.testing.assert_allclose(clip.samples, (left + right) / 2, atol=1e-6)
    assert clip.conditioning == ()


@pytest.mark.parametrize("channels", [3, 6, 8, 64])
@pytest.mark.parametrize("make", [lambda: SILENCE, lambda: SILENCE - 0.2, lambda: NOISE], ids=["dead", "DC", "noise"])
def test_the_one_channel_with_speech_is_found_among_many(channels: int, make: Callable[[], np.ndarray]) -> None:
    parts = [make()] * channels
    parts[channels // 2] = SPEECH
    clip = heard(*parts)
    np.testing.assert_allclose(clip.samples, SPEECH, atol=1e-6)
    (note,) = clip.conditioning
    assert note.startswith(f"{channels - 1} of {channels} channels hold no")
    assert note.endswith(f": channel {channels // 2 + 1} was heard.")


def test_several_live_channels_are_averaged_without_the_dead_ones() -> None:
    clip = heard(SPEECH, SILENCE, OTHER, SILENCE, SILENCE, NOISE)
    np.testing.assert_allclose(clip.samples, (SPEECH + OTHER) / 2, atol=1e-6)
    assert clip.conditioning == (
        "4 of 6 channels hold no sound or nothing but steady noise: the mean of the other 2 was heard.",
    )


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
def test_the_choice_does_not_depend_on_the_rate(rate: int) -> None:
    import soxr

    channels = [soxr.resample(part, SAMPLE_RATE, rate) for part in (SPEECH, -SPEECH)]
    assert heard(*channels, rate=rate).conditioning == ("The channels cancel each other: the left one was heard.",)
    channels = [soxr.resample(part, SAMPLE_RATE, rate) for part in (SPEECH, OTHER)]
    assert heard(*channels, rate=rate).conditioning == ()


def test_channels_that_a_codec_has_changed_still_cancel() -> None:
    clip = load_clip(encoded(np.stack([SPEECH, -SPEECH], axis=1), "mp3", "libmp3lame", 44_100))
    assert clip.conditioning[0].startswith("The channels cancel each other: the ")
    assert np.sqrt(np.mean(clip.samples**2)) == pytest.approx(np.sqrt(np.mean(SPEECH**2)), rel=0.1)


def test_all_channels_without_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="not numbers"):
        heard(SILENCE + np.nan, SILENCE + np.inf)
