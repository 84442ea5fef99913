"""Decoding: every kind of file, any number of channels, headers that lie, files that are damaged."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sqllm.signal import decode
from sqllm.signal.audio import SAMPLE_RATE, AudioError, active_level, load_clip
from sqllm.signal.decode import RawSamples, decode_here
from sqllm.signal.decoder_process import decode_apart
from sqllm.signal.formats import AUDIO_SUFFIXES, FORMATS, OTHER_MEDIA_SUFFIXES
from tests.signal.files import (
    MAKERS,
    SPEEX,
    amr_wideband,
    caf_with_named_channels,
    damaged,
    encoded,
    made,
    sound_bytes,
)
from tests.tiny import speech_like

DAMAGED_FILES = int(os.environ.get("SQLLM_DAMAGED_FILES", "34"))  # of each of 12 kinds
SPEECH = speech_like(2.0)
PAIR = np.stack([speech_like(2.0, seed=1), speech_like(2.0, seed=2)], axis=1)


def by_libsndfile(container: str, subtype: str, rate: int = SAMPLE_RATE) -> bytes:
    return sound_bytes(SPEECH if rate == SAMPLE_RATE else SPEECH[::2], rate, container, subtype)


@pytest.mark.parametrize(
    ("make", "container", "codec", "bits"),
    [
        (lambda: by_libsndfile("WAV", "PCM_U8"), "WAV", "pcm_u8", 8),
        (lambda: by_libsndfile("WAV", "PCM_24"), "WAV", "pcm_s24le", 24),
        (lambda: by_libsndfile("WAV", "DOUBLE"), "WAV", "pcm_f64le", 64),
        (lambda: by_libsndfile("WAV", "ULAW", 8_000), "WAV", "pcm_mulaw", None),
        (lambda: by_libsndfile("WAV", "ALAW", 8_000), "WAV", "pcm_alaw", None),
        (lambda: by_libsndfile("WAV", "GSM610", 8_000), "WAV", "gsm_ms", None),
        (lambda: by_libsndfile("RF64", "PCM_16"), "WAV", "pcm_s16le", 16),
        (lambda: by_libsndfile("W64", "PCM_32"), "W64", "pcm_s32le", 32),
        (lambda: by_libsndfile("AU", "ULAW", 8_000), "AU", "pcm_mulaw", None),
        (lambda: by_libsndfile("CAF", "PCM_16"), "CAF", "pcm_s16be", 16),
        (lambda: by_libsndfile("NIST", "PCM_16"), "NIST SPHERE", "pcm_s16le", 16),
        (lambda: by_libsndfile("FLAC", "PCM_24"), "FLAC", "flac", 24),
        (lambda: encoded(SPEECH, "aiff", "pcm_s24be"), "AIFF", "pcm_s24be", 24),
        (lambda: encoded(SPEECH, "aiff", "pcm_alaw"), "AIFF", "pcm_alaw", None),
        (lambda: encoded(SPEECH, "ipod", "alac", 44_100), "MP4", "alac", 24),
        (lambda: encoded(SPEECH, "mov", "aac", 44_100), "MP4", "aac", None),
        (lambda: encoded(SPEECH, "3gp", "libopencore_amrnb", 8_000), "MP4", "amr_nb", None),
        (lambda: encoded(SPEECH, "amr", "libopencore_amrnb", 8_000), "AMR", "amr_nb", None),
        (lambda: amr_wideband(2.0), "AMR", "amr_wb", None),
        (lambda: encoded(SPEECH, "oga", "flac"), "Ogg", "flac", 16),
        (lambda: encoded(SPEECH, "matroska", "aac"), "Matroska", "aac", None),
        (lambda: encoded(SPEECH, "asf", "wmav2", 44_100), "ASF", "wmav2", None),
        (lambda: encoded(SPEECH, "mp2", "mp2", 44_100), "MP3", "mp2", None),
        (SPEEX.read_bytes, "Ogg", "speex", None),
    ],
)
def test_every_kind_of_file_is_taken_by_its_contents(
    make: Callable[[], bytes], container: str, codec: str, bits: int | None
) -> None:
    clip = load_clip(make(), "clip.xyz", decode=decode_here)
    assert (clip.container, clip.codec, clip.bits) == (container, codec, bits)
    assert clip.seconds == pytest.approx(2.0, abs=0.05)
    assert clip.conditioning == ()
    if codec != "amr_wb":
        assert active_level(clip.samples) == pytest.approx(active_level(SPEECH), abs=1.5)


@pytest.mark.parametrize("order", ["<", ">"])
def test_raw_samples_are_read_with_the_rate_given(order: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.raw"
    path.write_bytes((SPEECH * 32767).round().astype(f"{order}i2").tobytes())
    clip = load_clip(path, raw=RawSamples(SAMPLE_RATE, "s16le" if order == "<" else "s16be"))
    np.testing.assert_allclose(clip.samples, SPEECH, atol=1e-4)
    assert (clip.source_rate, clip.channels) == (SAMPLE_RATE, 1)
    with pytest.raises(AudioError, match="has no header"):
        load_clip(path)


def test_a_rate_given_does_not_touch_files_with_a_header(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, SPEECH, SAMPLE_RATE, subtype="FLOAT")
    np.testing.assert_array_equal(load_clip(path, raw=RawSamples(8_000)).samples, SPEECH)


@pytest.mark.parametrize(("rate", "encoding"), [(0, "s16le"), (-8_000, "s16le"), (10**9, "s16le"), (8_000, "mp3")])
def test_raw_samples_need_a_rate_and_format_that_exist(rate: int, encoding: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$|\)\.$"):
        RawSamples(rate, encoding)


@pytest.mark.parametrize(
    ("suffix", "make", "rate"),
    [
        (".g722", lambda: encoded(SPEECH, "g722", "g722", 16_000), 16_000),
        (".gsm", lambda: sound_bytes(SPEECH[::2], 8_000, "RAW", "GSM610"), 8_000),
        (".ulaw", lambda: sound_bytes(SPEECH[::2], 8_000, "RAW", "ULAW"), 8_000),
        (".al", lambda: sound_bytes(SPEECH[::2], 8_000, "RAW", "ALAW"), 8_000),
        (".SLN", lambda: sound_bytes(SPEECH[::2], 8_000, "RAW", "PCM_16"), 8_000),
    ],
)
def test_telephony_files_without_a_header_go_by_their_suffix(
    suffix: str, make: Callable[[], bytes], rate: int, tmp_path: Path
) -> None:
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(make())
    clip = load_clip(path)
    assert clip.source_rate == rate
    assert clip.seconds == pytest.approx(2.0, abs=0.03)
    assert active_level(clip.samples) == pytest.approx(active_level(SPEECH), abs=1.5)


def test_no_suffix_belongs_to_two_formats() -> None:
    suffixes = [suffix for known in FORMATS for suffix in known.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert not AUDIO_SUFFIXES & OTHER_MEDIA_SUFFIXES


@pytest.mark.parametrize("channels", [*range(1, 18), 24, 32, 48, 63, 64])
def test_one_to_64_channels_are_averaged(channels: int) -> None:
    samples = np.stack([speech_like(1.0, seed) for seed in range(channels)], axis=1)
    clip = load_clip(sound_bytes(samples, SAMPLE_RATE, "WAVEX", "FLOAT"), decode=decode_here)
    assert clip.channels == channels
    np.testing.assert_allclose(clip.samples, samples.mean(axis=1), atol=1e-6)
    assert clip.conditioning == ()


@pytest.mark.parametrize(
    ("channels", "container", "codec", "options"),
    [
        (8, "flac", "flac", {}),
        (8, "ogg", "libopus", {}),
        (12, "ogg", "libopus", {"mapping_family": "255"}),
        (8, "mov", "pcm_s16le", {}),
        (16, "caf", "pcm_s16le", {}),
        (24, "matroska", "pcm_s16le", {}),
    ],
)
def test_many_channels_are_averaged_in_every_container(
    channels: int, container: str, codec: str, options: dict[str, str]
) -> None:
    data = encoded(np.tile(SPEECH[:, None], channels), container, codec, 48_000, options)
    clip = load_clip(data, decode=decode_here)
    assert clip.channels == channels
    assert active_level(clip.samples) == pytest.approx(active_level(SPEECH), abs=0.5)


@pytest.mark.parametrize("labels", [[2, 1], [1, 2], [2, 1, 4], [300, 301, 302, 303], list(range(20, 0, -1))])
def test_channels_named_in_an_order_of_the_files_own_are_averaged(labels: list[int]) -> None:
    samples = np.stack([speech_like(1.0, seed) for seed in range(len(labels))], axis=1)
    for _ in range(5):
        clip = load_clip(caf_with_named_channels(samples, SAMPLE_RATE, labels))
        assert clip.channels == len(labels)
        np.testing.assert_allclose(clip.samples, samples.mean(axis=1), atol=1e-4)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0])
def test_a_wav_file_that_was_streamed_lies_about_its_length_and_is_read(size: int) -> None:
    data = bytearray(sound_bytes(SPEECH, SAMPLE_RATE, "WAV", "PCM_16"))
    data[4:8] = data[40:44] = struct.pack("<I", size)
    assert load_clip(bytes(data)).seconds == 2.0


def header(data: bytes, **fields: int) -> bytes:
    """A WAV file with other numbers in its format chunk."""
    places = {
        "channels": (22, "<H"),
        "rate": (24, "<I"),
        "byte_rate": (28, "<I"),
        "block": (32, "<H"),
        "bits": (34, "<H"),
    }
    changed = bytearray(data)
    for name, value in fields.items():
        struct.pack_into(places[name][1], changed, places[name][0], value)
    return bytes(changed)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"rate": 0}, "can't be read as audio"),
        ({"rate": 1}, "2,000 to 768,000 Hz"),
        ({"rate": 2_000_000_000}, "2,000 to 768,000 Hz"),
        ({"channels": 0}, "can't be read as audio"),
        ({"channels": 65_535, "block": 65_534}, "can't be read as audio"),
        ({"bits": 0}, "of a kind that can't be decoded"),
    ],
)
def test_numbers_that_can_not_be_are_told_in_a_sentence(fields: dict[str, int], words: str) -> None:
    with pytest.raises(AudioError, match=words):
        load_clip(header(sound_bytes(SPEECH, SAMPLE_RATE, "WAV", "PCM_16"), **fields))


@pytest.mark.parametrize("kind", ["ZIP", "PDF", "PNG", "HTML", "zeros", "noise"])
def test_what_is_no_sound_is_refused(kind: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).bytes(20_000)
    content = {
        "ZIP": b"PK\3\4\x14\0\1\0\x08\0" + noise,
        "PDF": b"%PDF-1.7\n" + noise,
        "PNG": b"\x89PNG\r\n\x1a\n" + noise,
        "HTML": b"<!DOCTYPE html><html><body>404</body></html>" * 100,
        "zeros": bytes(20_000),
        "noise": noise,
    }[kind]
    path = tmp_path / "clip.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"clip\.wav"):
        load_clip(path)


def test_a_file_that_is_gone_or_locked_is_told(tmp_path: Path) -> None:
    for decoder in (decode_here, decode_apart):
        with pytest.raises(AudioError, match=r"gone\.wav can't be opened"):
            decoder(tmp_path / "gone.wav", "gone.wav")


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_a_name_that_is_no_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9 \xff.wav")
    soundfile.write(tmp_path / "clip.wav", SPEECH, SAMPLE_RATE, subtype="FLOAT")
    (tmp_path / "clip.wav").rename(path)
    assert load_clip(path).seconds == 2.0
    path.write_bytes(b"no audio")
    with pytest.raises(AudioError, match="can't be read as audio"):
        load_clip(path)


def test_a_recording_over_the_longest_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "LONGEST_HOURS", 1 / 3600)
    assert load_clip(sound_bytes(SPEECH[:SAMPLE_RATE], SAMPLE_RATE, "WAV", "PCM_16"), decode=decode_here).seconds == 1
    with pytest.raises(AudioError, match="cut it into shorter files"):
        load_clip(sound_bytes(SPEECH[: SAMPLE_RATE + 1], SAMPLE_RATE, "WAV", "PCM_16"), decode=decode_here)


def test_pictures_without_sound_are_told() -> None:
    import io

    import av

    film = io.BytesIO()
    with av.open(film, "w", format="matroska") as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 64, 64
        for _ in range(5):
            output.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        output.mux(stream.encode(None))
    with pytest.raises(AudioError, match="has no audio track"):
        load_clip(film.getvalue())


def test_a_name_in_no_known_alphabet_does_not_keep_a_file_from_being_read() -> None:
    data = bytearray(encoded(SPEECH, "mp3", "libmp3lame", 44_100))
    tag = b"TIT2" + struct.pack(">I", 6) + b"\0\0" + b"\0\xfc\xe4\xf6\xdf\xff"
    size = len(tag)
    data[:0] = b"ID3\3\0\0" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127]) + tag
    assert load_clip(bytes(data)).seconds == pytest.approx(2.0, abs=0.1)


def test_damaged_packets_are_left_out_and_told() -> None:
    data = bytearray(made("M4A"))
    middle = len(data) // 2
    data[middle : middle + 300] = bytes(300)
    clip = load_clip(bytes(data))
    assert 0.8 < clip.seconds < 1.1
    assert clip.conditioning[0].endswith("packets of the file are damaged: they were left out.")


def outcome(data: bytes) -> str:
    """The message of an `AudioError`, or nothing for a clip."""
    try:
        clip = load_clip(data)
    except AudioError as refusal:
        return str(refusal)
    assert np.isfinite(clip.samples).all()
    return ""


@pytest.mark.parametrize("kind", MAKERS)
def test_a_damaged_file_is_a_clip_or_an_error(kind: str) -> None:
    """Of each of 12 kinds: none makes the decoder crash, hang, or give what is no sound."""
    outcomes = [outcome(damaged(kind, seed)) for seed in range(DAMAGED_FILES)]
    assert not [told for told in outcomes if re.search(r"crash|busy|memory|can't be decoded \(", told)]
    assert 0 < sum(told == "" for told in outcomes) < DAMAGED_FILES
