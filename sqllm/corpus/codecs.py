"""Real codecs, alone and in tandem, with packets lost on their own frames and concealed as their decoders do it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from sqllm.corpus.degradations import Artifact, Rng, Wave, within
from sqllm.signal.audio import SAMPLE_RATE, active_level, frame_energies
from sqllm.signal.spans import merge_spans


@dataclass(frozen=True)
class Codec:
    """An encoder/decoder pair of PyAV: names, sampling rate (Hz), bit rates (bit/s) a severity, frame (samples).

    `lost_packet` gives what the decoder takes for a lost packet, so that its own concealment works. A codec with
    `sliced` is a constant stream of bits, cut into packets of `frame` samples after it was made.
    """

    name: str
    encoder: str
    rate: int
    bit_rates: dict[str, tuple[int, ...]]
    decoder: str = ""
    frame: int = 0
    sample_format: str = "s16"
    lost_packet: str = ""
    sliced: bool = False


CODECS = {
    codec.name: codec
    for codec in (
        Codec(
            "opus",
            "libopus",
            16_000,
            {"slight": (20_000, 24_000, 32_000), "moderate": (10_000, 12_000, 16_000), "strong": (6_000, 7_000, 8_000)},
            lost_packet="first byte",
        ),
        Codec(
            "amr-nb",
            "libopencore_amrnb",
            8_000,
            {"moderate": (7_950, 10_200, 12_200), "strong": (4_750, 5_150, 5_900)},
            lost_packet="no data",
        ),
        Codec("g711-a", "pcm_alaw", 8_000, {"slight": (64_000,), "moderate": (64_000,)}, frame=160),
        Codec("g711-mu", "pcm_mulaw", 8_000, {"slight": (64_000,), "moderate": (64_000,)}, frame=160),
        Codec("g722", "g722", 16_000, {"slight": (64_000,)}, frame=320),
        Codec(
            "g726",
            "g726",
            8_000,
            {"slight": (40_000,), "moderate": (24_000, 32_000), "strong": (16_000,)},
            frame=160,
            sliced=True,
        ),
        Codec("gsm-fr", "GSM610", 8_000, {"moderate": (13_000,)}, decoder="gsm", frame=160, sliced=True),
        Codec("g723.1", "g723_1", 8_000, {"moderate": (6_300,), "strong": (6_300,)}, frame=240),
        Codec(
            "mp3",
            "libmp3lame",
            16_000,
            {"slight": (32_000, 40_000), "moderate": (16_000, 24_000), "strong": (8_000,)},
            decoder="mp3float",
            sample_format="fltp",
        ),
        Codec(
            "aac",
            "aac",
            16_000,
            {"slight": (24_000, 32_000), "moderate": (12_000, 16_000), "strong": (6_000, 8_000)},
            sample_format="fltp",
        ),
        Codec(
            "sbc",
            "sbc",
            16_000,
            {"slight": (64_000, 96_000), "moderate": (32_000, 48_000), "strong": (16_000, 24_000)},
        ),
    )
}
CONCEALMENTS = ("zero", "repeat", "fade")

# Codecs of calls, the share of lossy clips each gets, and the bit rate at which the loss is the main damage.
LOSSY = {
    "opus": (0.3, 32_000),
    "g722": (0.3, 64_000),
    "amr-nb": (0.12, 12_200),
    "g711-a": (0.1, 64_000),
    "g711-mu": (0.06, 64_000),
    "g726": (0.06, 40_000),
    "gsm-fr": (0.06, 13_000),
}
TANDEM = ("opus", "amr-nb", "g711-a", "g711-mu", "g722", "g726", "gsm-fr")


def draw_losses(rng: Rng, packets: int, rate: float, burst: float) -> np.ndarray:
    """Lost packets (bool, [packets]) of a Gilbert-Elliott model with a mean loss rate and mean burst length."""
    leave = 1 / burst
    enter = min(1.0, leave * rate / max(1e-6, 1 - rate))
    lost, state = np.zeros(packets, bool), bool(rng.random() < rate)
    for index in range(packets):
        lost[index] = state
        state = bool(rng.random() > leave) if state else bool(rng.random() < enter)
    return lost


def transcode(
    wave: Wave, codec: Codec, bit_rate: int, lost: np.ndarray | None = None, conceal: str = "zero"
) -> tuple[Wave, list[tuple[float, float]]]:
    """Encode and decode a clip (16 kHz in and out, same length and time axis); returns it and the lost spans in s.

    `lost` is read cyclically, one entry a packet; the first packet always arrives. Where the decoder has no concealment
    of its own it gets no packet at all, and is wrong for a while after, as in a call; `conceal` fills the gap.
    """
    import soxr

    pieces, rate, drop = _run(wave, codec, bit_rate, lost)
    if not codec.lost_packet:
        pieces = _conceal(pieces, drop, conceal)
    decoded = np.concatenate(pieces)
    if rate != SAMPLE_RATE:
        decoded = soxr.resample(decoded, rate, SAMPLE_RATE)
    delay = codec_delay(codec.name, bit_rate)
    stops = np.cumsum([len(piece) for piece in pieces]) / rate - delay / SAMPLE_RATE
    seconds = len(wave) / SAMPLE_RATE
    spans = [
        (max(0.0, float(stop) - len(piece) / rate), min(seconds, float(stop)))
        for stop, piece, gone in zip(stops, pieces, drop, strict=True)
        if gone
    ]
    return _shift(decoded, delay, len(wave)), merge_spans([span for span in spans if span[0] < span[1]])


@lru_cache(maxsize=128)
def codec_delay(name: str, bit_rate: int) -> int:
    """Samples (16 kHz) by which a codec is late: measured once, on a second of voiced noise, by cross-correlation.

    A clip of its own could be silent, periodic or too broken to tell.
    """
    import soxr
    from scipy.signal import correlate, correlation_lags, lfilter

    noise = np.random.default_rng(0).normal(0, 0.02, SAMPLE_RATE)
    probe = lfilter([1], [1, -1.6, 0.81], noise * (1 + np.sin(np.arange(SAMPLE_RATE) * 2 * np.pi * 4 / SAMPLE_RATE)))
    pieces, rate, _ = _run(probe.astype(np.float32), CODECS[name], bit_rate, None)
    decoded = soxr.resample(np.concatenate(pieces), rate, SAMPLE_RATE)
    correlation = correlate(decoded, probe, mode="full", method="fft")
    lags = correlation_lags(len(decoded), len(probe), mode="full")
    near = np.abs(lags) <= 0.15 * SAMPLE_RATE
    return int(lags[near][np.argmax(correlation[near])])


def _shift(wave: Wave, delay: int, samples: int) -> Wave:
    """The clip `delay` samples earlier, cut or filled up with zeros to a length."""
    moved = wave[delay:] if delay >= 0 else np.pad(wave, (-delay, 0))
    return np.pad(moved, (0, max(0, samples - len(moved))))[:samples].astype(np.float32)


def _run(wave: Wave, codec: Codec, bit_rate: int, lost: np.ndarray | None) -> tuple[list[Wave], int, list[bool]]:
    """Encode and decode: a piece a packet, their sampling rate (Hz), and which packets were lost."""
    import soxr

    source = wave if codec.rate == SAMPLE_RATE else soxr.resample(wave, SAMPLE_RATE, codec.rate)
    packets, extradata = _encode(source, codec, bit_rate)
    if codec.sliced:
        stream, size = b"".join(packets), -(-bit_rate * codec.frame // (8 * codec.rate))
        packets = [stream[start : start + size] for start in range(0, len(stream) - size + 1, size)]
    drop = [index > 0 and lost is not None and bool(lost[index % len(lost)]) for index in range(len(packets))]
    pieces, rate = _decode(packets, extradata, codec, bit_rate, drop)
    return pieces, rate, drop


def _encode(source: Wave, codec: Codec, bit_rate: int) -> tuple[list[bytes], bytes | None]:
    import av

    if codec.encoder == "GSM610":
        return [_encode_gsm(source)], None
    context: Any = av.CodecContext.create(codec.encoder, "w")
    context.sample_rate, context.layout, context.format = codec.rate, "mono", codec.sample_format
    context.bit_rate = bit_rate
    if codec.encoder == "libopus":
        context.options = {"application": "voip", "frame_duration": "20"}
    context.open()
    size = context.frame_size or codec.frame
    padded = np.pad(source, (0, -len(source) % size + 2 * size))
    packets: list[bytes] = []
    for start in range(0, len(padded), size):
        chunk = padded[start : start + size]
        if codec.sample_format == "s16":
            chunk = np.round(np.clip(chunk, -1, 32767 / 32768) * 32768).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(chunk[None, :]), format=codec.sample_format, layout="mono"
        )
        frame.sample_rate, frame.pts = codec.rate, start
        packets += [bytes(packet) for packet in context.encode(frame)]
    packets += [bytes(packet) for packet in context.encode(None)]
    return packets, context.extradata


def _encode_gsm(source: Wave) -> bytes:
    """GSM 06.10 full rate by libsndfile (FFmpeg has no encoder): frames of 33 bytes, 20 ms each."""
    import soundfile

    file = io.BytesIO()
    padded = np.pad(source, (0, -len(source) % 160 + 160))
    soundfile.write(file, np.clip(padded, -1, 1), 8_000, format="RAW", subtype="GSM610")
    return file.getvalue()


def _open_decoder(codec: Codec, bit_rate: int, extradata: bytes | None, first: bytes) -> Any:
    import av

    if codec.name == "g726":  # only a container tells this decoder how many bits a sample has
        options = {"code_size": str(bit_rate // codec.rate), "sample_rate": str(codec.rate)}
        return av.open(io.BytesIO(first), format="g726", options=options).streams.audio[0].codec_context
    context: Any = av.CodecContext.create(codec.decoder or codec.encoder, "r")
    context.sample_rate, context.layout = codec.rate, "mono"
    if extradata:
        context.extradata = extradata
    return context


def _decode(
    packets: list[bytes], extradata: bytes | None, codec: Codec, bit_rate: int, drop: Sequence[bool]
) -> tuple[list[Wave], int]:
    """One piece a packet, and their sampling rate (Opus decodes to 48 kHz whatever went in)."""
    import av

    context = _open_decoder(codec, bit_rate, extradata, packets[0])
    pieces: list[Wave] = []
    for packet, gone in zip(packets, drop, strict=True):
        if gone and not codec.lost_packet:
            pieces.append(np.zeros(codec.frame or len(pieces[-1]), np.float32))
            continue
        if gone:
            packet = packet[:1] if codec.lost_packet == "first byte" else b"\x7c"
        frames = context.decode(av.Packet(packet))
        pieces.append(np.concatenate([_to_float(frame) for frame in frames]) if frames else np.zeros(0, np.float32))
    return pieces, context.sample_rate


def _to_float(frame: object) -> Wave:
    samples = frame.to_ndarray().reshape(-1)  # type: ignore[attr-defined]
    return samples.astype(np.float32) / (32768 if samples.dtype == np.int16 else 1)


def _conceal(pieces: list[Wave], drop: Sequence[bool], method: str) -> list[Wave]:
    """Fill lost pieces with zeros, with the last good piece, or with it fading by 6 dB a piece."""
    out: list[Wave] = []
    for piece, gone in zip(pieces, drop, strict=True):
        if not gone:
            out.append(piece)
        elif method == "zero" or not out:
            out.append(np.zeros_like(piece))
        else:
            out.append(np.resize(out[-1], len(piece)) * np.float32(0.5 if method == "fade" else 1))
    return out


def apply_codec(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """A random codec at a bit rate of the wanted severity."""
    codec, bit_rate = draw_codec(rng, severity)
    coded, _ = transcode(wave, codec, bit_rate)
    return coded, Artifact("codec", severity, [], {"codec": codec.name, "bit_rate": bit_rate})


def draw_codec(rng: Rng, severity: str, among: Sequence[str] = tuple(CODECS)) -> tuple[Codec, int]:
    names = [name for name in among if severity in CODECS[name].bit_rates]
    codec = CODECS[str(rng.choice(names))]
    return codec, int(rng.choice(codec.bit_rates[severity]))


def tandem(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Two codecs of calls one after the other, as where networks meet: the worse of the two sets the severity.

    Slight is twice slight; moderate and strong are a codec of that severity behind or before a milder one.
    """
    milder = {"slight": "slight", "moderate": "slight", "strong": "moderate"}[severity]
    pair = [draw_codec(rng, severity, TANDEM), draw_codec(rng, milder, TANDEM)]
    if rng.random() < 0.5:
        pair.reverse()
    for codec, bit_rate in pair:
        wave, _ = transcode(wave, codec, bit_rate)
    names, bit_rates = [codec.name for codec, _ in pair], [bit_rate for _, bit_rate in pair]
    return wave, Artifact("codec", severity, [], {"codec": "+".join(names), "bit_rate": bit_rates})


def lose_packets(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Packets of 20 ms of a good codec are lost, one in the speech at least; Opus and AMR conceal by themselves."""
    rate = within(rng, severity, {"slight": (0.01, 0.03), "moderate": (0.03, 0.09), "strong": (0.09, 0.3)})
    burst = float(rng.uniform(1, 4))
    name = str(rng.choice(list(LOSSY), p=[share for share, _ in LOSSY.values()]))
    codec, bit_rate = CODECS[name], LOSSY[name][1]
    conceal = "own" if codec.lost_packet else str(rng.choice(CONCEALMENTS))
    energies = frame_energies(wave, 0.02)
    speech = 1 + np.flatnonzero(energies[1:] >= active_level(wave) - 15)
    lost = np.pad(draw_losses(rng, len(energies), rate, burst), (0, 8))
    if len(speech) and not lost[speech].any():
        lost[int(rng.choice(speech))] = True
    damaged, spans = transcode(wave, codec, bit_rate, lost, conceal)
    parameters = {"loss_rate": rate, "burst": burst, "codec": name, "concealment": conceal}
    return damaged, Artifact("packet-loss", severity, spans, parameters)
