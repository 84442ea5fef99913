"""Audio front end: a clip as it is heard, mono at 16 kHz; level and windows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sqllm.signal.conditioning import condition
from sqllm.signal.decode import SAMPLE_RATE as SAMPLE_RATE
from sqllm.signal.decode import AudioError as AudioError
from sqllm.signal.decode import Decoder, RawSamples, Source
from sqllm.signal.decoder_process import decode_apart

WINDOW_SECONDS = 10.0
SHORTEST_SECONDS = 0.1
SILENCE_DBOV = -75.0
NOMINAL_DBOV = -26.0  # the active level at which listening tests play their references (ITU-T P.56, P.830)
FRAME_SECONDS = 0.02


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


def load_clip(
    source: Source,
    name: str | None = None,
    shortest: float | None = None,
    raw: RawSamples | None = None,
    decode: Decoder = decode_apart,
) -> Clip:
    """Decode a file (path or bytes) to mono float32 at 16 kHz, its level untouched (but see `conditioning.condition`).

    `raw` says what a file without a header holds. Files are decoded in a process of their own, unless `decode` is
    `decode_here`, which is for those that are trusted not to crash it.

    Raises `AudioError` when there is no such file, it is not audio of a known container, or it holds
    no usable samples (none at all, NaN, or less than `shortest` seconds, by default 0.1).
    """
    if isinstance(source, bytes):
        shown, size = name or "the upload", len(source)
    else:
        path = Path(source)
        shown = name or path.name
        if not path.is_file():
            raise AudioError(f"There is no audio file at {path}.")
        size = path.stat().st_size
    if not size:
        raise AudioError(f"{shown} is an empty file.")
    samples, facts = decode(source, shown, raw)
    if not len(samples):
        raise AudioError(f"{shown} holds no audio samples.")
    shortest = SHORTEST_SECONDS if shortest is None else shortest
    if len(samples) < round(shortest * SAMPLE_RATE):
        seconds = len(samples) / SAMPLE_RATE
        raise AudioError(f"{shown} lasts {seconds:.2f} s; at least {shortest:g} s is needed.")
    heard = condition(samples)
    notes = (*facts.conditioning, *heard.notes)
    known = (facts.rate, facts.channels, facts.container, facts.codec, facts.bits)
    return Clip(heard.samples, shown, *known, notes, heard.dc, facts.clipped)


def frame_energies(samples: np.ndarray, seconds: float = FRAME_SECONDS) -> np.ndarray:
    """Mean power of consecutive frames in dBov, shape [frames]; digital silence is -100."""
    width = round(seconds * SAMPLE_RATE)
    count = max(1, len(samples) // width)
    padded = samples[: count * width] if len(samples) >= width else np.pad(samples, (0, width - len(samples)))
    power = np.square(padded.reshape(count, width).astype(np.float64)).mean(axis=1)
    return 10 * np.log10(power + 1e-10)


def active_level(samples: np.ndarray) -> float:
    """Level in dBov of the active part: frames within 25 dB of the loudest (after the idea of ITU-T P.56)."""
    return level_of_active(frame_energies(samples))


def level_of_active(energies: np.ndarray) -> float:
    """`active_level` from the frames' energies in dBov, [frames]."""
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
