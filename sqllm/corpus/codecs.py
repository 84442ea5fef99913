"""Real codecs through PyAV, with packets lost on their own frames and concealed as their decoders do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sqllm.audio import SAMPLE_RATE
from sqllm.corpus.degradations import Artifact, Rng, Wave, merge_spans


@dataclass(frozen=True)
class Codec:
    """An encoder/decoder pair of PyAV: names, sampling rate (Hz), bit rates (bit/s) a severity, frame (samples).

    `lost_packet` gives what the decoder takes for a lost packet, so that its own concealment works.
    """

    name: str
    encoder: str
    rate: int
    bit_rates: dict[str, tuple[int, ...]]
    decoder: str = ""
    frame: int = 0
    sample_format: str = "s16"
    lost_packet: str = ""


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

    `lost` is read cyclically, one entry a packet.
    """
    import soxr

    source = wave if codec.rate == SAMPLE_RATE else soxr.resample(wave, SAMPLE_RATE, codec.rate)
    packets, extradata = _encode(source, codec, bit_rate)
    drop = [bool(lost[i % len(lost)]) and i > 0 for i in range(len(packets))] if lost is not None else []
    pieces, rate = _decode(packets, extradata, codec, drop)
    if not codec.lost_packet:
        pieces = _conceal(pieces, drop, conceal)
    decoded = np.concatenate(pieces)
    if rate != SAMPLE_RATE:
        decoded = soxr.resample(decoded, rate, SAMPLE_RATE)
    delay = _delay(decoded, wave)
    ends = np.cumsum([len(piece) for piece in pieces]) / rate
    spans = [
        (max(0.0, (ends[i] - len(pieces[i]) / rate) - delay / SAMPLE_RATE), ends[i] - delay / SAMPLE_RATE)
        for i in range(len(drop))
        if drop[i] and i < len(pieces)
    ]
    shifted = decoded[delay:] if delay >= 0 else np.pad(decoded, (-delay, 0))
    shifted = np.pad(shifted, (0, max(0, len(wave) - len(shifted))))[: len(wave)]
    seconds = len(wave) / SAMPLE_RATE
    inside = [(float(a), float(min(b, seconds))) for a, b in spans if b > 0 and a < seconds]
    return shifted.astype(np.float32), merge_spans(inside)


def _encode(source: Wave, codec: Codec, bit_rate: int) -> tuple[list[bytes], bytes | None]:
    import av

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


def _decode(
    packets: list[bytes], extradata: bytes | None, codec: Codec, drop: Sequence[bool]
) -> tuple[list[Wave], int]:
    """One piece a packet, and their sampling rate (Opus decodes to 48 kHz whatever went in)."""
    import av

    context: Any = av.CodecContext.create(codec.decoder or codec.encoder, "r")
    context.sample_rate, context.layout = codec.rate, "mono"
    if extradata:
        context.extradata = extradata
    pieces: list[Wave] = []
    for index, packet in enumerate(packets):
        if index < len(drop) and drop[index] and codec.lost_packet:
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
    for index, piece in enumerate(pieces):
        if index >= len(drop) or not drop[index]:
            out.append(piece)
        elif method == "zero" or not out:
            out.append(np.zeros_like(piece))
        else:
            out.append(np.resize(out[-1], len(piece)) * np.float32(0.5 if method == "fade" else 1))
    return out


def _delay(decoded: Wave, source: Wave, most: float = 0.15) -> int:
    """Samples by which the decoded clip is late, by cross-correlation."""
    from scipy.signal import correlate, correlation_lags

    correlation = correlate(decoded, source, mode="full", method="fft")
    lags = correlation_lags(len(decoded), len(source), mode="full")
    near = np.abs(lags) <= most * SAMPLE_RATE
    return int(lags[near][np.argmax(correlation[near])])


def apply_codec(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """A random codec at a bit rate of the wanted severity."""
    codec, bit_rate = draw_codec(rng, severity)
    coded, _ = transcode(wave, codec, bit_rate)
    return coded, Artifact("codec", severity, [], {"codec": codec.name, "bit_rate": bit_rate})


def draw_codec(rng: Rng, severity: str) -> tuple[Codec, int]:
    names = [name for name, codec in CODECS.items() if severity in codec.bit_rates]
    codec = CODECS[str(rng.choice(names))]
    return codec, int(rng.choice(codec.bit_rates[severity]))


def lose_packets(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Packets of plain 20 ms PCM or of a good codec are lost; Opus and AMR conceal by themselves."""
    bounds = {"slight": (0.01, 0.03), "moderate": (0.03, 0.09), "strong": (0.09, 0.3)}[severity]
    rate, burst = float(rng.uniform(*bounds)), float(rng.uniform(1, 4))
    codec = CODECS[str(rng.choice(["opus", "g722", "amr-nb", "g711-a"], p=[0.3, 0.45, 0.1, 0.15]))]
    bit_rate = max(rate for rates in codec.bit_rates.values() for rate in rates)
    conceal = "own" if codec.lost_packet else str(rng.choice(CONCEALMENTS))
    lost = draw_losses(rng, 1000, rate, burst)
    if not lost[1 : int(len(wave) / SAMPLE_RATE * 50) - 1].any():
        lost[int(rng.integers(20, max(21, int(len(wave) / SAMPLE_RATE * 50) - 20)))] = True
    damaged, spans = transcode(wave, codec, bit_rate, lost, conceal)
    parameters = {"loss_rate": rate, "burst": burst, "codec": codec.name, "concealment": conceal}
    return damaged, Artifact("packet-loss", severity, spans, parameters)
