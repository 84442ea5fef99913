"""The example clips that come with the program."""

from __future__ import annotations

import csv
from pathlib import Path

from sqllm.resources import assets_folder

EXAMPLES = assets_folder() / "examples"


def read_examples(folder: Path) -> list[tuple[str, str | None, str]]:
    """(clip, reference or None, kind in words) of the examples listed in `index.csv` that are there."""
    index = folder / "index.csv"
    if not index.is_file():
        return []
    found: list[tuple[str, str | None, str]] = []
    with index.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            clip, reference = folder / row["file"], folder / (row.get("reference") or "-")
            if clip.is_file():
                kind = (row.get("kind") or clip.stem).replace("-", " ").capitalize()
                found.append((str(clip), str(reference) if reference.is_file() else None, kind))
    return found
