"""SpeechQualityLLM: what a careful listener would say about a speech clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["AudioError", "SpeechQualityLLM", "__version__"]

if TYPE_CHECKING:
    from sqllm.judge.judge import SpeechQualityLLM
    from sqllm.signal.audio import AudioError


def __getattr__(name: str) -> Any:
    """Import torch and transformers only when the judge is wanted."""
    if name == "SpeechQualityLLM":
        from sqllm.judge.judge import SpeechQualityLLM

        return SpeechQualityLLM
    if name == "AudioError":
        from sqllm.signal.audio import AudioError

        return AudioError
    raise AttributeError(f"module 'sqllm' has no attribute {name!r}")
