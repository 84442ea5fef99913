"""A folder's audio and video files, and what else lies in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from sqllm.signal.formats import is_media

MOST_SUFFIXES = 6  # told one by one


def media_files(folder: Path) -> list[Path]:
    """The audio and video files under a folder, sorted; those that can't be read among them, so that each is told."""
    return [path for path in _files(folder) if is_media(path)]


def other_files(folder: Path) -> list[Path]:
    """What `media_files` leaves out."""
    return [path for path in _files(folder) if not is_media(path)]


def left_out(files: Iterable[Path]) -> str | None:
    """Files that are left out, in a sentence: "Left out: 3 files that are not audio (.txt, .json)."."""
    others = Counter(map(_kind, files))
    if not others:
        return None
    suffixes = [suffix for suffix, _ in others.most_common()]
    told = ", ".join(suffixes[:MOST_SUFFIXES]) + (" and others" if len(suffixes) > MOST_SUFFIXES else "")
    count = others.total()
    return f"Left out: {count} {'file that is' if count == 1 else 'files that are'} not audio ({told})."


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _kind(path: Path) -> str:
    return path.name if path.name.startswith(".") or not path.suffix else path.suffix.lower()
