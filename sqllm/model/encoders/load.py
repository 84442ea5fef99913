"""An encoder by its kind."""

from __future__ import annotations

from pathlib import Path

from sqllm.model.config import EncoderParts
from sqllm.model.encoders.base import AudioEncoder
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.encoders.pretrained import AstEncoder, WhisperEncoder


def load_encoder(kind: str, source: str = "", layer: int = 0) -> AudioEncoder:
    """An encoder with its weights: `compact` (source: `distill_mos_v7.pt`, the `.safetensors` of `train.tune`, or none
    for untrained weights), `ast` or `whisper` (source: a Hub name or a folder; of whisper also the encoder's weights as
    one `.safetensors`), its frames from a `layer` (0: the last).

    Raises `ValueError` for another kind, or a layer that it does not have.
    """
    if kind == "compact" and layer:
        raise ValueError("The compact encoder's frames come from its last layer: leave encoder_layer at 0.")
    if kind == "compact":
        if source.endswith(".safetensors"):
            return CompactEncoder.from_tuned(Path(source))
        return CompactEncoder.from_distillmos(Path(source)) if source else CompactEncoder()
    if kind in ("ast", "whisper"):
        if not source:
            raise ValueError(f"The {kind} encoder needs a Hub name or a folder to load from.")
        if kind == "whisper" and source.endswith(".safetensors"):
            return WhisperEncoder.from_weights(Path(source), layer)
        return (AstEncoder if kind == "ast" else WhisperEncoder).from_pretrained(source, layer)
    raise ValueError(f"There is no encoder {kind!r}; choose compact, ast or whisper.")


def encoder_to_fill(kind: str, source: str, parts: EncoderParts, layer: int = 0) -> AudioEncoder:
    """An encoder for a checkpoint's weights, which for `compact` are all that it needs; `ast` and `whisper` come from
    their source. Raises `ValueError` for a part that the kind can't have.
    """
    encoder = CompactEncoder(parts) if kind == "compact" else load_encoder(kind, source, layer)
    if encoder.parts != parts:
        raise ValueError(f"The {kind} encoder has no {_named(parts)}.")
    return encoder


def _named(parts: EncoderParts) -> str:
    return " or ".join(name for name, has in parts.to_json().items() if has)
