"""An encoder by its kind."""

from __future__ import annotations

from pathlib import Path

from sqllm.model.config import EncoderParts
from sqllm.model.encoders.base import AudioEncoder
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.encoders.pretrained import AstEncoder, WhisperEncoder


def load_encoder(kind: str, source: str = "") -> AudioEncoder:
    """An encoder with its weights: `compact` (source: `distill_mos_v7.pt`, the `.safetensors` of `train.tune`, or none
    for untrained weights), `ast` or `whisper` (source: a Hub name or a folder).

    Raises `ValueError` for another kind.
    """
    if kind == "compact":
        if source.endswith(".safetensors"):
            return CompactEncoder.from_tuned(Path(source))
        return CompactEncoder.from_distillmos(Path(source)) if source else CompactEncoder()
    if kind in ("ast", "whisper"):
        if not source:
            raise ValueError(f"The {kind} encoder needs a Hub name or a folder to load from.")
        return (AstEncoder if kind == "ast" else WhisperEncoder).from_pretrained(source)
    raise ValueError(f"There is no encoder {kind!r}; choose compact, ast or whisper.")


def encoder_to_fill(kind: str, source: str, parts: EncoderParts) -> AudioEncoder:
    """An encoder for a checkpoint's weights, which for `compact` are all that it needs; `ast` and `whisper` come from
    their source. Raises `ValueError` for a part that the kind can't have.
    """
    encoder = CompactEncoder(parts) if kind == "compact" else load_encoder(kind, source)
    if encoder.parts != parts:
        raise ValueError(f"The {kind} encoder has no {_named(parts)}.")
    return encoder


def _named(parts: EncoderParts) -> str:
    return " or ".join(name for name, has in parts.to_json().items() if has)
