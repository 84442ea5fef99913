"""Where the files that come with the program lie: the default checkpoint, the example clips, the recipes' settings."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def assets_folder() -> Path:
    """The folder of `checkpoints/` and `examples/`: inside the package where a wheel put it, else beside it, as in a
    checkout.
    """
    installed = PACKAGE / "assets"
    return installed if installed.is_dir() else PACKAGE.parent / "assets"


def configs_folder() -> Path:
    """The folder of the recipes' YAML files, in a checkout and in a wheel."""
    return PACKAGE.parent / "train" / "configs"
