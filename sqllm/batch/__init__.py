"""Many clips: sources in, a table of scores out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["list_clips", "score_many"]

if TYPE_CHECKING:
    from sqllm.batch.scoring import score_many
    from sqllm.batch.sources import list_clips


def __getattr__(name: str) -> Any:
    """Import torch only when something is to be scored."""
    if name == "score_many":
        from sqllm.batch.scoring import score_many

        return score_many
    if name == "list_clips":
        from sqllm.batch.sources import list_clips

        return list_clips
    raise AttributeError(f"module 'sqllm.batch' has no attribute {name!r}")
