"""What is done to a clip before it is heard: nothing to ordinary ones, and something that is told to others."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import SAMPLE_RATE, AudioError, active_level, load_clip
from sqllm.signal.conditioning import condition
from sqllm.signal.measures import measure
from sqllm.ui.examples import EXAMPLES
from tests.tiny import speech_like

SPEECH = speech_like(4)
SECONDS = np.arange(len(SPEECH)) / SAMPLE_RATE


def float_wav(samples: np.ndarray, rate: int = SAMPLE_RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="DOUBLE")
    return file.getvalue()


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.flac")), ids=lambda path: path.stem)
def test_ordinary_clips_are_left_bit_for_bit(file) -> None:
    samples, _ = soundfile.read(file, dtype="float32")
    clip = load_clip(file)
    assert np.array_equal(clip.samples, samples)
    assert clip.conditioning == ()


@pytest.mark.parametrize("gain", [1.0, 1.3, 3.0])
def test_loud_speech_and_slight_offsets_are_left_alone(gain: float) -> None:
    loud = (gain * SPEECH / np.abs(SPEECH).max()).astype(np.float32) + np.float32(0.001)
    assert condition(loud).samples is loud


@pytest.mark.parametrize("offset", [0.3, -0.05, 0.9])
def test_dc_is_removed_and_told(offset: float) -> None:
    clip = load_clip(float_wav(SPEECH + offset))
    assert clip.samples == pytest.approx(SPEECH - SPEECH.mean(), abs=1e-5)
    (note,) = clip.conditioning
    assert "offset (DC)" in note
    assert measure(clip).dc == pytest.approx(offset, abs=1e-3)


def test_dc_louder_than_quiet_speech_is_removed() -> None:
    assert load_clip(float_wav(SPEECH / 100 + 0.005)).conditioning


def test_dc_on_one_of_two_channels_is_removed() -> None:
    both = np.stack([SPEECH, SPEECH + 0.4], axis=1)
    clip = load_clip(float_wav(both))
    assert abs(clip.samples.mean()) < 1e-4
    assert clip.conditioning


def test_silence_with_dc_is_silence(tiny: SpeechQualityLLM) -> None:
    heard = tiny.listen(float_wav(np.full(2 * SAMPLE_RATE, 0.3)))
    assert any("silent" in warning for warning in heard.warnings)
    assert any("offset" in warning for warning in heard.warnings)


@pytest.mark.parametrize(
    "offset",
    [0.4 * np.sin(2 * np.pi * 3 * SECONDS), 0.4 * (SECONDS > 2), 0.4 * np.sin(2 * np.pi * 14 * SECONDS)],
    ids=["wandering", "a step", "14 Hz"],
)
def test_offsets_that_wander_and_infrasound_are_filtered_out(offset: np.ndarray) -> None:
    clip = load_clip(float_wav(SPEECH + offset))
    assert active_level(clip.samples) == pytest.approx(active_level(SPEECH), abs=1.5)
    assert any("below 20 Hz" in note for note in clip.conditioning)


def test_hum_is_heard_as_it_is() -> None:
    hum = (SPEECH + 0.2 * np.sin(2 * np.pi * 50 * SECONDS)).astype(np.float32)
    assert condition(hum).samples is hum


@pytest.mark.parametrize(("bits", "width"), [(16, 2**15), (24, 2**23), (32, 2**31)])
@pytest.mark.parametrize("gain", [1.0, 0.05])
def test_integers_written_as_floats_are_brought_to_full_scale(bits: int, width: float, gain: float) -> None:
    clip = load_clip(float_wav(gain * SPEECH * width))
    assert clip.samples == pytest.approx(gain * SPEECH, abs=1e-6)
    assert f"{bits}-bit integers" in clip.conditioning[0]


@pytest.mark.parametrize("scale", [1 / float(SPEECH.std()), 100.0, 1e12])
def test_an_unknown_scale_is_brought_to_an_ordinary_level(scale: float) -> None:
    clip = load_clip(float_wav(SPEECH * scale))
    assert active_level(clip.samples) == pytest.approx(-26, abs=4)
    assert "scale that isn't known" in clip.conditioning[0]


def test_scale_and_dc_are_mended_together() -> None:
    clip = load_clip(float_wav((SPEECH + 0.3) * 2**15))
    assert clip.samples == pytest.approx(SPEECH - SPEECH.mean(), abs=1e-4)
    assert len(clip.conditioning) == 2


def test_what_is_no_number_stays_an_error() -> None:
    broken = SPEECH.copy()
    broken[100] = np.nan
    with pytest.raises(AudioError, match="not numbers"):
        load_clip(float_wav(broken))


def test_conditioning_is_in_the_json_and_among_the_warnings(tiny: SpeechQualityLLM) -> None:
    content = tiny.rate(float_wav(SPEECH + 0.3), float_wav(SPEECH * 2**15)).to_json()
    assert content["conditioning"] == [
        "A constant offset (DC) of 30.0% of full scale was removed before listening.",
        f"Reference: the samples go up to {np.abs(SPEECH * 2**15).max():,.0f}, as 16-bit integers do: "
        "they were divided by 32,768.",
    ]
    assert set(content["conditioning"]) <= set(content["warnings"])  # type: ignore[call-overload]
