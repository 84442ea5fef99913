"""An encoder by its kind."""

from __future__ import annotations

from pathlib import Path

from sqllm.model.encoders.base import AudioEncoder
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.encoders.pretrained import AstEncoder, WhisperEncoder


def load_encoder(kind: str, source: str | None = None) -> AudioEncoder:
    """An encoder by kind: `compact` (source: `distill_mos_v7.pt`, the `.safetensors` of `train.tune`, or none for
    untrained weights that a checkpoint fills), `ast` or `whisper` (source: a Hub name or a folder).

    Raises `ValueError` for another kind.
    """
    if kind == "compact":
        if source and source.endswith(".safetensors"):
            return CompactEncoder.from_tuned(Path(source))
        return CompactEncoder.from_distillmos(Path(source)) if source else CompactEncoder()
    if kind in ("ast", "whisper"):
        if not source:
            raise ValueError(f"The {kind} encoder needs a Hub name or a folder to load from.")
        return (AstEncoder if kind == "ast" else WhisperEncoder).from_pretrained(source)
    raise ValueError(f"There is no encoder {kind!r}; choose compact, ast or whisper.")
