"""Sound files of every kind, made in memory, and seeded ways to damage them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
import soxr

from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like

SPEEX = Path(__file__).parent / "data" / "speech.spx"  # 2 s of `speech_like`; no encoder comes with PyAV


def sound_bytes(samples: np.ndarray, rate: int, container: str, subtype: str) -> bytes:
    """A file by libsndfile: [n] or [n, channels]."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=container, subtype=subtype)
    return buffer.getvalue()


def encoded(
    samples: np.ndarray, container: str, codec: str, rate: int = 48_000, options: dict[str, str] | None = None
) -> bytes:
    """A clip at 16 kHz, [n] or [n, channels], through one of PyAV's encoders."""
    buffer = io.BytesIO()
    samples = samples.reshape(len(samples), -1)
    channels = samples.shape[1]
    layout = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
    resampled = soxr.resample(samples, SAMPLE_RATE, rate).astype(np.float32)
    with av.open(buffer, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate, layout=layout, options=options or {})
        if codec.startswith("wma"):
            stream.bit_rate = 64_000
        fifo = av.AudioResampler(format=stream.format, layout=layout, rate=rate, frame_size=stream.frame_size or 960)
        frame = av.AudioFrame.from_ndarray(resampled.reshape(1, -1), format="flt", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        for piece in [*fifo.resample(frame), *fifo.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def caf_with_named_channels(samples: np.ndarray, rate: int, labels: list[int]) -> bytes:
    """A CAF file, [n, channels], that has a label for each channel (Apple's Core Audio Format, chunk chan)."""
    channels = samples.shape[1]
    chunks = {
        b"desc": struct.pack(">d4s5I", rate, b"lpcm", 2, 2 * channels, 1, channels, 16),
        b"chan": struct.pack(">3I", 0, 0, channels) + b"".join(struct.pack(">2I3f", n, 0, 0, 0, 0) for n in labels),
        b"data": struct.pack(">I", 0) + (samples * 32767).astype("<i2").tobytes(),
    }
    return b"caff\0\1\0\0" + b"".join(name + struct.pack(">q", len(chunk)) + chunk for name, chunk in chunks.items())


def amr_wideband(seconds: float, seed: int = 0) -> bytes:
    """An AMR-WB file of 12.65 kbit/s, its frames drawn by lot: no encoder comes with PyAV."""
    rng = np.random.default_rng(seed)
    return b"#!AMR-WB\n" + b"".join(b"\x14" + rng.bytes(32) for _ in range(round(seconds * 50)))


def _speech() -> np.ndarray:
    return speech_like(1.0)


def _pair() -> np.ndarray:
    return np.stack([speech_like(1.0, seed=1), speech_like(1.0, seed=2)], axis=1)


MAKERS: dict[str, Callable[[], bytes]] = {
    "WAV": lambda: sound_bytes(_speech(), SAMPLE_RATE, "WAV", "PCM_16"),
    "WAV of 8 channels": lambda: sound_bytes(np.tile(_pair(), 4), SAMPLE_RATE, "WAVEX", "PCM_24"),
    "FLAC": lambda: sound_bytes(_pair(), SAMPLE_RATE, "FLAC", "PCM_16"),
    "AIFF": lambda: sound_bytes(_speech(), SAMPLE_RATE, "AIFF", "PCM_16"),
    "MP3": lambda: encoded(_speech(), "mp3", "libmp3lame", 44_100),
    "Ogg Opus": lambda: encoded(_pair(), "ogg", "libopus"),
    "Ogg Vorbis": lambda: sound_bytes(_pair(), SAMPLE_RATE, "OGG", "VORBIS"),
    "M4A": lambda: encoded(_pair(), "mp4", "aac", 44_100),
    "WebM": lambda: encoded(_speech(), "webm", "libopus"),
    "CAF": lambda: encoded(_pair(), "caf", "alac", 44_100),
    "WMA": lambda: encoded(_speech(), "asf", "wmav2", 44_100),
    "AMR": lambda: encoded(_speech(), "amr", "libopencore_amrnb", 8_000),
}


@cache
def made(kind: str) -> bytes:
    """A whole file of a second of one of the kinds in `MAKERS`."""
    return MAKERS[kind]()


def damaged(kind: str, seed: int) -> bytes:
    """A file of a kind, damaged once to four times in ways drawn by lot."""
    rng = np.random.default_rng([seed, *kind.encode()])
    data = made(kind)
    for _ in range(int(rng.integers(1, 5))):
        data = _DAMAGES[int(rng.integers(len(_DAMAGES)))](data, rng)
    return data


def _place(data: bytes, rng: np.random.Generator) -> int:
    """Somewhere in a file, half of the time among its first 256 bytes."""
    return int(rng.integers(max(1, min(len(data), 256 if rng.random() < 0.5 else len(data)))))


def _flip_bytes(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 33)) if data else 0):
        changed[_place(data, rng)] = int(rng.integers(256))
    return bytes(changed)


def _lie_about_a_number(data: bytes, rng: np.random.Generator) -> bytes:
    lies = (
        b"\0" * 4,
        b"\xff" * 4,
        b"\x7f" + b"\xff" * 3,
        b"\xff" * 3 + b"\x7f",
        b"\0\0\0\1",
        b"\1\0\0\0",
        b"\0\0\x80\0",
    )
    at = _place(data, rng)
    return data[:at] + lies[int(rng.integers(len(lies)))] + data[at + 4 :]


def _cut_off(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: _place(data, rng)]


def _cut_out(data: bytes, rng: np.random.Generator) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + int(rng.integers(1, 2_000)) :]


def _repeat(data: bytes, rng: np.random.Generator) -> bytes:
    at, other = _place(data, rng), _place(data, rng)
    return data[:at] + data[other : other + int(rng.integers(1, 2_000))] + data[at:]


def _fill(data: bytes, rng: np.random.Generator) -> bytes:
    at, length = _place(data, rng), int(rng.integers(1, 1_000))
    return data[:at] + (bytes(length) if rng.random() < 0.5 else rng.bytes(length)) + data[at + length :]


def _go_on_as_another(data: bytes, rng: np.random.Generator) -> bytes:
    other = made(list(MAKERS)[int(rng.integers(len(MAKERS)))])
    return data[: _place(data, rng)] + other[_place(other, rng) :]


_DAMAGES = (_flip_bytes, _flip_bytes, _lie_about_a_number, _cut_off, _cut_out, _repeat, _fill, _go_on_as_another)
