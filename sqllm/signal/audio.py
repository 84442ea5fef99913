"""Audio front end: decode, mono, 16 kHz, level and windows."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

SAMPLE_RATE = 16_000
WINDOW_SECONDS = 10.0
SHORTEST_SECONDS = 0.1
SILENCE_DBOV = -75.0
NOMINAL_DBOV = -26.0  # the active level at which listening tests play their references (ITU-T P.56, P.830)
FRAME_SECONDS = 0.02

# PyAV also opens playlists and session descriptions, which name other files or hosts: only plain containers pass.
CONTAINERS = "wav,w64,aiff,flac,mp3,ogg,mov,matroska,aac"
FORMATS_IN_WORDS = "WAV, FLAC, MP3, Ogg/Opus, M4A and WebM"


class AudioError(ValueError):
    """The audio can't be rated; the message is one sentence that tells the user why."""


@dataclass(frozen=True)
class Clip:
    """A decoded clip.

    `samples` is mono float32 at 16 kHz, shape [n], full scale +-1, level as in the file.
    `source_rate` is the file's own sampling rate in Hz and `channels` its channel count.
    """

    samples: np.ndarray
    name: str = ""
    source_rate: int = SAMPLE_RATE
    channels: int = 1

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


def load_clip(source: str | os.PathLike[str] | bytes, name: str | None = None, shortest: float | None = None) -> Clip:
    """Decode a file (path or bytes) to mono float32 at 16 kHz, its level untouched.

    Raises `AudioError` when there is no such file, it is not audio of a known container, or it holds
    no usable samples (none at all, NaN, or less than `shortest` seconds, by default 0.1).
    """
    if isinstance(source, bytes):
        data, shown = source, name or "the upload"
    else:
        path = Path(source)
        shown = name or path.name
        if not path.is_file():
            raise AudioError(f"There is no audio file at {path}.")
        data = path.read_bytes()
    if not data:
        raise AudioError(f"{shown} is an empty file.")
    samples, rate, channels = _decode(io.BytesIO(data), shown)
    if not len(samples):
        raise AudioError(f"{shown} holds no audio samples.")
    if not np.isfinite(samples).all():
        raise AudioError(f"{shown} holds samples that are not numbers (NaN or infinite).")
    shortest = SHORTEST_SECONDS if shortest is None else shortest
    if len(samples) < round(shortest * SAMPLE_RATE):
        seconds = len(samples) / SAMPLE_RATE
        raise AudioError(f"{shown} lasts {seconds:.2f} s; at least {shortest:g} s is needed.")
    return Clip(samples, shown, rate, channels)


def _decode(file: IO[bytes], shown: str) -> tuple[np.ndarray, int, int]:
    """Decode the first audio stream in pieces: (16 kHz mono samples, source rate, channels)."""
    import av
    import soxr

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    parts: list[np.ndarray] = []
    try:
        with av.open(file, mode="r", options=options) as container:
            if not container.streams.audio:
                raise AudioError(f"{shown} has no audio track.")
            stream = container.streams.audio[0]
            to_float = av.AudioResampler(format="fltp")
            rate, channels, resampler = 0, 0, None
            for frame in container.decode(stream):
                if resampler is None:
                    rate, channels = frame.sample_rate, frame.layout.nb_channels
                    resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
                for piece in to_float.resample(frame):
                    mono = piece.to_ndarray().mean(axis=0, dtype=np.float32)
                    parts.append(mono if rate == SAMPLE_RATE else resampler.resample_chunk(mono))
            if resampler is not None and rate != SAMPLE_RATE:
                parts.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    except AudioError:
        raise
    except (av.error.FFmpegError, ValueError, EOFError) as problem:
        raise AudioError(f"{shown} can't be read as audio ({FORMATS_IN_WORDS} are understood).") from problem
    return (np.concatenate(parts) if parts else np.zeros(0, np.float32)), rate, channels


def frame_energies(samples: np.ndarray, seconds: float = FRAME_SECONDS) -> np.ndarray:
    """Mean power of consecutive frames in dBov, shape [frames]; digital silence is -100."""
    width = round(seconds * SAMPLE_RATE)
    count = max(1, len(samples) // width)
    padded = samples[: count * width] if len(samples) >= width else np.pad(samples, (0, width - len(samples)))
    power = np.square(padded.reshape(count, width).astype(np.float64)).mean(axis=1)
    return 10 * np.log10(power + 1e-10)


def active_level(samples: np.ndarray) -> float:
    """Level in dBov of the active part: frames within 25 dB of the loudest (after the idea of ITU-T P.56)."""
    energies = frame_energies(samples)
    active = energies[energies >= max(energies.max() - 25, -99.0)]
    return float(10 * np.log10(np.mean(10 ** (active / 10)))) if len(active) else -100.0


def set_level(samples: np.ndarray, dbov: float) -> np.ndarray:
    """The same clip with its active level at `dbov`; silence stays silence."""
    now = active_level(samples)
    if now <= -99:
        return samples
    return (samples * np.float32(10 ** ((dbov - now) / 20))).astype(np.float32)


def nominal_gain(reference: np.ndarray) -> float:
    """The factor that brings a recording to the nominal active level of -26 dBov; 1 for silence.

    A listening test plays references at that level and their degraded versions with the same gain.
    """
    now = active_level(reference)
    return 1.0 if now <= -99 else float(10 ** ((NOMINAL_DBOV - now) / 20))


def windows(samples: np.ndarray, seconds: float = WINDOW_SECONDS) -> list[tuple[int, int]]:
    """Cut a clip into windows (start, end) in samples: one for a short clip; the last one ends with the clip."""
    width, total = round(seconds * SAMPLE_RATE), len(samples)
    if total <= width:
        return [(0, total)]
    starts = [*range(0, total - width, width), total - width]
    return [(start, start + width) for start in starts]
