"""Decoding in this process: a file's first audio track in pieces, mixed down to mono at 16 kHz, in bounded memory."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np

from sqllm.signal.channels import ChannelStatistics, HeardChannels
from sqllm.signal.clipping import ClippingMeter
from sqllm.signal.formats import (
    CONTAINERS,
    FORMATS_IN_WORDS,
    RAW_ENCODINGS,
    RAW_SUFFIXES,
    container_name,
    has_container_suffix,
    headerless,
)

if TYPE_CHECKING:
    import av

SAMPLE_RATE = 16_000
LOWEST_RATE, HIGHEST_RATE = 2_000, 768_000  # Hz, of files
LONGEST_HOURS = 12
MOST_DAMAGED = 0.5  # of a file's packets: with more it isn't read

Source = str | os.PathLike[str] | bytes


class AudioError(ValueError):
    """The audio can't be rated; the message is one sentence that tells the user why."""


@dataclass(frozen=True)
class RawSamples:
    """What a file without a header holds: one channel at `rate` Hz, in one of `RAW_ENCODINGS`."""

    rate: int
    encoding: str = "s16le"

    def __post_init__(self) -> None:
        if not LOWEST_RATE <= self.rate <= HIGHEST_RATE:
            rates = f"{LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz"
            raise ValueError(f"Raw samples are taken at {rates}, not at {self.rate:,} Hz.")
        if self.encoding not in RAW_ENCODINGS:
            known = ", ".join(RAW_ENCODINGS)
            raise ValueError(f"There is no raw format named {self.encoding} (there are {known}).")


@dataclass(frozen=True)
class SourceFacts:
    """What a file is: sampling rate in Hz, channels, container, codec, bits a sample where the codec keeps them all,
    in `conditioning`, a sentence each, what was done to it besides mixing its channels down, and the share of clipped
    samples (0-1; None where that can't be told).
    """

    rate: int
    channels: int
    container: str
    codec: str
    bits: int | None = None
    conditioning: tuple[str, ...] = ()
    clipped: float | None = None


class Sink(Protocol):
    """Where decoded samples go."""

    def write(self, samples: np.ndarray) -> None:
        """Take the next samples, mono float32 at 16 kHz."""

    def restart(self) -> None:
        """Forget what was written: the file is decoded again."""


class _Memory:
    """Samples gathered in one growing buffer."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, samples: np.ndarray) -> None:
        self.data += samples.tobytes()

    def restart(self) -> None:
        self.data = bytearray()


Decoder = Callable[[Source, str, RawSamples | None], tuple[np.ndarray, SourceFacts]]


def decode_here(source: Source, shown: str, raw: RawSamples | None = None) -> tuple[np.ndarray, SourceFacts]:
    """Samples [n] (mono float32, 16 kHz) and facts of a trusted file, decoded in this process.

    `shown` is the file's name in messages. A file that isn't trusted goes through `decoder_process.decode_apart`.
    Raises `AudioError` with a sentence.
    """
    memory = _Memory()
    facts = decode_into(memory, source, shown, raw)
    return np.frombuffer(memory.data, np.float32), facts


def decode_into(sink: Sink, source: Source, shown: str, raw: RawSamples | None = None) -> SourceFacts:
    """Decode a file into a sink; where not all of its channels are to be heard, once more from the beginning."""
    import av

    try:
        first = _Pass(shown, sink)
        facts = first.run(source, raw)
        heard = first.heard()
        if not heard.note:
            first.check_numbers()
            return facts
        sink.restart()
        second = _Pass(shown, sink, heard.indices)
        facts = second.run(source, raw)
        second.check_numbers()
        return replace(facts, conditioning=(*facts.conditioning, heard.note))
    except AudioError:
        raise
    except MemoryError as problem:
        raise AudioError(f"{shown} needs more memory to decode than there is.") from problem
    except (av.error.FFmpegError, ValueError, EOFError, OverflowError) as problem:
        raise AudioError(f"{shown} can't be read as audio ({FORMATS_IN_WORDS} are understood).") from problem


class _Pass:
    """One way through a file, from its first packet to its last: all channels' mean, or that of some."""

    def __init__(self, shown: str, sink: Sink, heard: tuple[int, ...] | None = None) -> None:
        self._shown, self._sink, self._indices = shown, sink, heard
        self._statistics: ChannelStatistics | None = None
        self._resampler: Any = None
        self._rate = self._written = 0
        self._packets = self._damaged = 0
        self._numbers = True
        self._clipping = ClippingMeter()

    def heard(self) -> HeardChannels:
        """The channels to hear, as this pass found."""
        return self._statistics.heard() if self._statistics else HeardChannels(())

    def check_numbers(self) -> None:
        """Raises `AudioError` where what was heard held NaN or infinite samples."""
        if not self._numbers:
            raise AudioError(f"{self._shown} holds samples that are not numbers (NaN or infinite).")

    def run(self, source: Source, raw: RawSamples | None) -> SourceFacts:
        """Decode into the sink; raises `AudioError`, and FFmpeg's errors where nothing can be read."""
        with _opened(source, self._shown, raw) as container:
            if not container.streams.audio:
                raise AudioError(f"{self._shown} has no audio track.")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise AudioError(f"{self._shown} holds sound of a kind that can't be decoded.")
            _forget_order(stream.codec_context)
            rate = channels = 0
            for samples, now in self._pieces(container, stream):
                if not rate:
                    rate, channels = now, len(samples)
                    self._statistics = ChannelStatistics(rate, channels) if channels > 1 else None
                elif now != self._rate or len(samples) != channels:
                    self._statistics = None  # what the channels are has changed: all are heard
                self._hear(samples, now)
            self._finish_rate()
            facts = SourceFacts(rate, channels, container_name(container.format.name), *_codec(stream))
        notes = tuple(self._notes(len(container.streams.audio)))
        return replace(facts, conditioning=notes, clipped=self._clipping.share())

    def _pieces(self, container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[tuple[Any, int]]:
        """Samples [channels, n] float32 and their rate. Damaged packets are left out, as long as others are whole."""
        import av

        packing, packed = None, av.AudioResampler(format="flt")
        for frame in self._frames(container, stream):
            rate, now = frame.sample_rate, (frame.format.name, frame.layout.name, frame.sample_rate)
            if not LOWEST_RATE <= rate <= HIGHEST_RATE:
                raise AudioError(
                    f"{self._shown} is said to be sampled at {rate:,} Hz: "
                    f"{LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz are understood."
                )
            if now != packing:
                packing, packed = now, av.AudioResampler(format="flt")
            # Packed, not planar: PyAV counts a frame's planes up to a null pointer, and from eight on there is none.
            for piece in packed.resample(frame):
                yield piece.to_ndarray().reshape(-1, piece.layout.nb_channels).T.copy(), rate

    def _frames(self, container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
        import av

        problem: Exception | None = None
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
                self._packets += packet.size > 0
                yield from (frame for frame in packet.decode() if frame.samples)
            except StopIteration:
                break
            except (av.error.InvalidDataError, av.error.PatchWelcomeError) as damage:
                self._damaged, problem = self._damaged + 1, damage
        if problem and self._damaged > MOST_DAMAGED * self._packets:
            raise problem

    def _hear(self, samples: np.ndarray, rate: int) -> None:
        """Mix a piece down, [channels, n] at `rate`, and write it at 16 kHz."""
        import soxr

        if self._indices is not None and self._indices[-1] < len(samples):
            samples = samples[list(self._indices)]
        elif self._statistics is not None:
            self._statistics.add(samples)
        self._clipping.add(samples.ravel())
        mono = samples[0] if len(samples) == 1 else samples.mean(axis=0, dtype=np.float32)
        numbers = np.isfinite(mono)
        if not numbers.all():
            self._numbers, mono = False, np.where(numbers, mono, np.float32(0))
        if rate != self._rate:
            self._finish_rate()
            self._rate = rate
            self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
        self._write(mono if rate == SAMPLE_RATE else self._resampler.resample_chunk(mono))

    def _finish_rate(self) -> None:
        if self._resampler is not None and self._rate != SAMPLE_RATE:
            self._write(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))

    def _write(self, mono: np.ndarray) -> None:
        self._written += len(mono)
        if self._written > LONGEST_HOURS * 3600 * SAMPLE_RATE:
            raise AudioError(f"{self._shown} lasts over {LONGEST_HOURS} hours: cut it into shorter files.")
        self._sink.write(mono)

    def _notes(self, tracks: int) -> Iterator[str]:
        if tracks > 1:
            yield f"The file has {tracks} audio tracks: the first was heard."
        if self._damaged:
            yield f"{self._damaged} of {self._packets} packets of the file are damaged: they were left out."


@contextmanager
def _opened(source: Source, shown: str, raw: RawSamples | None) -> Iterator[av.container.InputContainer]:
    """A file's container, opened so that it can neither be nor name another file or host."""
    import av

    name = shown if isinstance(source, bytes) else Path(source).name
    demuxer, options = _demuxer(name, raw)
    options |= {"format_whitelist": demuxer or CONTAINERS, "protocol_whitelist": "none"}
    try:
        file: IO[bytes] = io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb")  # noqa: SIM115
    except OSError as problem:
        raise AudioError(f"{shown} can't be opened: {problem.strerror}.") from problem
    with file, av.open(file, mode="r", format=demuxer, options=options, metadata_errors="replace") as container:
        yield container


def _demuxer(name: str, raw: RawSamples | None) -> tuple[str | None, dict[str, str]]:
    """FFmpeg's demuxer for a file that has no header, and its options; none for all others."""
    suffix = Path(name).suffix
    if known := headerless(suffix):
        return known.demuxer, {} if known.demuxer in ("g722", "gsm") else {"sample_rate": str(known.rate)}
    if raw is not None and not has_container_suffix(name):
        return raw.encoding, {"sample_rate": str(raw.rate)}
    if suffix.lower() in RAW_SUFFIXES:
        raise AudioError(f"{name} has no header that tells its sampling rate: give it (--raw-rate 8000).")
    return None, {}


def _forget_order(codec: Any) -> None:
    """Leave it open which of a file's channels is which, where the file names them in an order of its own.

    PyAV frees such an order with every object that shows it. Here one object is made, and what the decoder then has of
    the order is overwritten.
    """
    shown = codec.layout
    name, channels = shown.name, shown.nb_channels
    if channels:
        codec.layout = f"{channels} channels" if re.match(r"\d|ambisonic", name) else name


def _codec(stream: av.AudioStream) -> tuple[str, int | None]:
    """The name of a stream's codec, and its bits a sample where it keeps every bit."""
    name = stream.codec_context.codec.canonical_name
    header = stream.codec_context.extradata or b""
    if pcm := re.match(r"pcm_[suf](\d+)", name):
        return name, int(pcm[1])
    if name == "flac" and len(header) >= 14:  # STREAMINFO: 5 bits across the 13th and 14th byte
        return name, ((header[12] & 1) << 4 | header[13] >> 4) + 1
    if name == "alac" and len(header) >= 18:
        return name, header[17]
    return name, None
