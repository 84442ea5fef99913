"""The audio front end: every container, no playlists, errors in words, windows and alignment."""

from __future__ import annotations

import io
import os
import re
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from sqllm.signal.alignment import align_reference
from sqllm.signal.audio import (
    SAMPLE_RATE,
    AudioError,
    Clip,
    active_level,
    load_clip,
    set_level,
    windows,
)
from tests.signal.files import encoded, sound_bytes
from tests.tiny import speech_like


def refusal(source: Path | bytes) -> str:
    """The message of the AudioError, which has to be one sentence."""
    with pytest.raises(AudioError) as caught:
        load_clip(source)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", message)
    return message


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    length = min(len(one), len(other))
    return float(np.corrcoef(one[:length], other[:length])[0, 1])


@pytest.mark.parametrize(
    ("container", "subtype", "error"),
    [
        ("WAV", "PCM_U8", 0.005),
        ("WAV", "PCM_16", 2e-5),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "PCM_32", 1e-6),
        ("WAV", "FLOAT", 1e-7),
        ("WAV", "DOUBLE", 1e-7),
        ("FLAC", "PCM_16", 2e-5),
        ("FLAC", "PCM_24", 1e-6),
        ("AIFF", "PCM_16", 2e-5),
    ],
)
def test_lossless_files_come_back_sample_by_sample(container: str, subtype: str, error: float) -> None:
    samples = speech_like(1.0)
    clip = load_clip(sound_bytes(samples, SAMPLE_RATE, container, subtype), "clip")
    assert clip.samples.dtype == np.float32
    assert len(clip.samples) == len(samples)
    assert np.sqrt(np.mean(np.square(clip.samples - samples))) < error
    assert (clip.name, clip.source_rate, clip.channels, clip.seconds) == ("clip", SAMPLE_RATE, 1, 1.0)


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("mp3", "libmp3lame", 44_100),
        ("ogg", "libopus", 48_000),
        ("mp4", "aac", 44_100),
        ("webm", "libopus", 48_000),
        ("adts", "aac", 16_000),
    ],
)
def test_lossy_files_sound_like_their_source(container: str, codec: str, rate: int) -> None:
    samples = speech_like(2.0)
    clip = load_clip(encoded(samples, container, codec, rate))
    assert clip.source_rate == rate
    assert abs(clip.seconds - 2.0) < 0.15
    assert active_level(clip.samples) == pytest.approx(active_level(samples), abs=1.0)
    assert correlation(align_reference(clip.samples, samples).samples, samples) > 0.95


def test_ogg_vorbis_sounds_like_its_source() -> None:
    samples = speech_like(2.0)
    clip = load_clip(sound_bytes(samples, SAMPLE_RATE, "OGG", "VORBIS"))
    assert correlation(clip.samples, samples) > 0.95


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_any_sampling_rate_becomes_16_khz_with_a_small_error(rate: int) -> None:
    low_band = soxr.resample(soxr.resample(speech_like(1.0), SAMPLE_RATE, 7_000), 7_000, SAMPLE_RATE)
    stored = soxr.resample(low_band, SAMPLE_RATE, rate, quality="VHQ")
    clip = load_clip(sound_bytes(stored, rate, "WAV", "FLOAT"))
    assert clip.source_rate == rate
    assert abs(len(clip.samples) - len(low_band)) <= 2
    inner = slice(800, 15_200)
    error = np.sqrt(np.mean(np.square(clip.samples[inner] - low_band[inner])))
    assert error < 0.01 * np.sqrt(np.mean(np.square(low_band[inner])))


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_equal_channels_keep_their_level(channels: int) -> None:
    samples = speech_like(1.0)
    clip = load_clip(sound_bytes(np.tile(samples[:, None], channels), SAMPLE_RATE, "WAV", "FLOAT"))
    assert clip.channels == channels
    np.testing.assert_allclose(clip.samples, samples, atol=1e-6)


def test_different_channels_are_averaged() -> None:
    one, other = speech_like(1.0, seed=1), speech_like(1.0, seed=2)
    clip = load_clip(sound_bytes(np.stack([one, other], axis=1), SAMPLE_RATE, "WAV", "FLOAT"))
    np.testing.assert_allclose(clip.samples, (one + other) / 2, atol=1e-6)


@pytest.mark.parametrize("level", [-60.0, -26.0, -12.0])
def test_level_is_left_as_in_the_file(level: float) -> None:
    stored = sound_bytes(speech_like(1.0, level=level), 48_000, "WAV", "FLOAT")
    assert active_level(load_clip(stored).samples) == pytest.approx(level, abs=1.0)


def test_a_tenth_of_a_second_is_enough_and_less_is_not() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 1_600).astype(np.float32)
    assert load_clip(sound_bytes(noise, SAMPLE_RATE, "WAV", "FLOAT")).seconds == 0.1
    assert "0.1 s is needed" in refusal(sound_bytes(noise[:1_400], SAMPLE_RATE, "WAV", "FLOAT"))


def test_the_shortest_length_can_be_chosen() -> None:
    stored = sound_bytes(speech_like(0.5), SAMPLE_RATE, "WAV", "PCM_16")
    assert load_clip(stored, shortest=0.5).seconds == 0.5
    with pytest.raises(AudioError, match="at least 1 s"):
        load_clip(stored, shortest=1.0)


def test_what_is_no_audio_is_refused_in_a_sentence(tmp_path: Path) -> None:
    whole = sound_bytes(speech_like(0.5), SAMPLE_RATE, "WAV", "PCM_16")
    empty, text, cut = tmp_path / "empty.wav", tmp_path / "text.wav", tmp_path / "cut.wav"
    empty.write_bytes(b"")
    text.write_text("Dear diary, this is no audio. " * 40)
    cut.write_bytes(whole[:20])
    assert "empty.wav is an empty file" in refusal(empty)
    assert "text.wav can't be read as audio" in refusal(text)
    assert "cut.wav" in refusal(cut)
    assert "no audio file" in refusal(tmp_path / "missing.wav")
    assert "no audio file" in refusal(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_samples_that_are_no_numbers_are_refused(value: float, rate: int) -> None:
    samples = speech_like(1.0)
    samples[5_000] = value
    assert "not numbers" in refusal(sound_bytes(samples, rate, "WAV", "FLOAT"))


def test_a_file_without_samples_is_refused() -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
    refusal(buffer.getvalue())


def test_a_recording_cut_short_gives_what_is_left() -> None:
    whole = sound_bytes(speech_like(2.0), SAMPLE_RATE, "WAV", "PCM_16")
    assert load_clip(whole[: 44 + 2 * SAMPLE_RATE]).seconds == pytest.approx(1.0, abs=0.01)


def was_read(path: Path) -> bool:
    return path.stat().st_atime_ns > 0


@pytest.mark.parametrize("suffix", ["", ".wav"])
@pytest.mark.parametrize("kind", ["m3u8", "ffconcat", "sdp"])
def test_playlists_are_refused_and_open_no_other_file(kind: str, suffix: str, tmp_path: Path) -> None:
    other = tmp_path / "other.wav"
    soundfile.write(other, speech_like(1.0), SAMPLE_RATE)
    os.utime(other, ns=(0, other.stat().st_mtime_ns))
    texts = {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{other}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile {other}\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 49170 RTP/AVP 0\n",
    }
    playlist = tmp_path / f"list.{kind}{suffix}"
    playlist.write_text(texts[kind])
    assert "can't be read as audio" in refusal(playlist)
    assert "can't be read as audio" in refusal(playlist.read_bytes())
    assert not was_read(other)
    other.read_bytes()
    if not was_read(other):
        pytest.skip("this file system does not note when a file was read")


def test_windows_cover_a_clip_and_end_with_it() -> None:
    assert windows(np.zeros(1_600)) == [(0, 1_600)]
    assert windows(np.zeros(160_000)) == [(0, 160_000)]
    assert windows(np.zeros(160_001)) == [(0, 160_000), (1, 160_001)]
    assert windows(np.zeros(400_000)) == [(0, 160_000), (160_000, 320_000), (240_000, 400_000)]
    assert windows(np.zeros(320_000)) == [(0, 160_000), (160_000, 320_000)]


def test_set_level_sets_the_active_level_and_leaves_silence() -> None:
    assert active_level(set_level(speech_like(2.0), -40)) == pytest.approx(-40, abs=0.1)
    assert not set_level(np.zeros(1_600, np.float32), -26).any()
    assert Clip(np.zeros(1_600, np.float32)).seconds == 0.1
