"""Audio front end: decode, mono, 16 kHz, level, windows, and alignment of a reference."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from sqllm.signal.clipping import ClippingMeter
from sqllm.signal.conditioning import condition

SAMPLE_RATE = 16_000
WINDOW_SECONDS = 10.0
SHORTEST_SECONDS = 0.1
MAX_LAG_SECONDS = 1.0
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
    `source_rate` is the file's own sampling rate in Hz, `channels` its channel count, `container` and `codec` what it
    is ("WAV", "pcm_s16le"), and `bits` how many a sample has, where the codec keeps them all. `conditioning` says in
    sentences what was done to the clip; `dc` is the mean of the samples that was taken from it. `clipped` is the share
    of samples (0-1) that are clipped in the file, None where that wasn't counted.
    """

    samples: np.ndarray
    name: str = ""
    source_rate: int = SAMPLE_RATE
    channels: int = 1
    container: str = ""
    codec: str = ""
    bits: int | None = None
    conditioning: tuple[str, ...] = ()
    dc: float = 0.0
    clipped: float | None = None

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True)
class Alignment:
    """A reference moved onto its degraded clip.

    `samples` has the degraded clip's length; `lag` (seconds) is how much later the degraded clip is;
    `confidence` (0-1) is the correlation of the two speech envelopes at that lag.
    """

    samples: np.ndarray
    lag: float
    confidence: float


def load_clip(source: str | os.PathLike[str] | bytes, name: str | None = None, shortest: float | None = None) -> Clip:
    """Decode a file (path or bytes) to mono float32 at 16 kHz, its level untouched (but see `conditioning.condition`).

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
    meter = ClippingMeter()
    samples, rate, channels = _decode(io.BytesIO(data), shown, meter)
    if not len(samples):
        raise AudioError(f"{shown} holds no audio samples.")
    if not np.isfinite(samples).all():
        raise AudioError(f"{shown} holds samples that are not numbers (NaN or infinite).")
    shortest = SHORTEST_SECONDS if shortest is None else shortest
    if len(samples) < round(shortest * SAMPLE_RATE):
        seconds = len(samples) / SAMPLE_RATE
        raise AudioError(f"{shown} lasts {seconds:.2f} s; at least {shortest:g} s is needed.")
    heard = condition(samples)
    return Clip(heard.samples, shown, rate, channels, conditioning=heard.notes, dc=heard.dc, clipped=meter.share())


def _decode(file: IO[bytes], shown: str, meter: ClippingMeter) -> tuple[np.ndarray, int, int]:
    """Decode the first audio stream in pieces: (16 kHz mono samples, source rate, channels); `meter` hears them all."""
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
                    decoded = piece.to_ndarray()
                    meter.add(decoded.ravel())
                    mono = decoded.mean(axis=0, dtype=np.float32)
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


def align_reference(reference: np.ndarray, degraded: np.ndarray) -> Alignment:
    """Move a reference onto a degraded clip by the peak of their cross-correlation (FFT) within +-1 s.

    Both are [n] float32 at 16 kHz, of any lengths; the result has the degraded clip's length.
    """
    from scipy.signal import correlate, correlation_lags

    correlation = correlate(degraded.astype(np.float64), reference.astype(np.float64), mode="full", method="fft")
    lags = correlation_lags(len(degraded), len(reference), mode="full")
    near = np.abs(lags) <= MAX_LAG_SECONDS * SAMPLE_RATE
    lag = int(lags[near][np.argmax(np.abs(correlation[near]))])
    moved = reference[-lag:] if lag < 0 else np.pad(reference, (lag, 0))
    moved = np.pad(moved[: len(degraded)], (0, max(0, len(degraded) - len(moved)))).astype(np.float32)
    return Alignment(moved, lag / SAMPLE_RATE, _envelope_correlation(moved, degraded))


def _envelope_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation (0-1) of two clips' level contours, both floored 30 dB below their loudest frame."""
    contours = []
    for samples in (one, other):
        energies = frame_energies(samples)
        contours.append(np.maximum(energies, energies.max() - 30))
    a, b = (contour - contour.mean() for contour in contours)
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return max(0.0, float((a * b).sum() / scale)) if scale > 1e-9 else 0.0
