"""A plan as the files of a platform, a platform a file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqllm.planning.plan import Plan


def export(plan: Plan, folder: Path) -> str:
    """Write the files of the plan's platform into a folder; returns how to run them, as Markdown."""
    platform = import_module(f"sqllm.planning.exports.{plan.settings.platform}")
    return platform.write(plan, folder)
