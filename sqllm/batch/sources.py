"""What there is to score: files, folders, patterns and tables, in any mixture, as one list of clips."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqllm.manifest import ROLES, read_manifest
from sqllm.signal.folder import left_out, media_files, other_files
from sqllm.signal.formats import is_media

if TYPE_CHECKING:
    import pandas as pd

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".scp")

_Row = tuple[tuple[str, ...], dict[str, Any]]  # the columns of its table (none for a clip without one), and the row


@dataclass(frozen=True)
class ClipList:
    """Clips in the order of their sources: a row each, with the `columns` of all sources (None where a source lacks
    one); `file`, `ref`, `condition`, `start` and `end` as `sqllm.manifest` reads them. `tables` are those that were
    read; `left_out` says what of the sources is no audio, None where all of it is.
    """

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    tables: tuple[Path, ...] = ()
    left_out: str | None = None


def read_sources(sources: Sequence[str | os.PathLike[str]]) -> ClipList:
    """The clips of files, folders, patterns (`"calls/**/*.wav"`) and tables (CSV, JSON lines, Kaldi's `wav.scp`).

    A file that several sources name without a table is listed once; what tables list is kept as it is. Raises
    `ValueError` with a sentence where a source can't be read or holds no clip.
    """
    found: list[_Row] = []
    bare: set[str] = set()
    others: list[Path] = []
    tables: list[Path] = []
    for source in sources:
        rows: list[_Row] = []
        for path in _matches(source):
            if _is_table(path, named=path == Path(source).expanduser()):
                tables.append(path)
                manifest = read_manifest(path)
                rows += [(manifest.columns, row) for row in manifest.rows]
            else:
                rows += _bare_rows(path, others)
        if not rows:
            raise ValueError(f"{source} holds no audio files.")
        for columns, row in rows:
            key = "" if columns else os.path.abspath(row["file"])
            if key not in bare:
                bare |= {key} - {""}
                found.append((columns, row))
    kinds = dict.fromkeys(columns or ("file",) for columns, _ in found)
    names = list(dict.fromkeys(name for columns in kinds for name in columns))
    if len(kinds) > 1:  # what all of them may have stands in front, as it does in most
        names.sort(key=lambda name: list(ROLES).index(name) if name in ROLES else len(ROLES))
    listed = tuple({name: row.get(name) for name in names} for _, row in found)
    return ClipList(tuple(names), listed, tuple(tables), left_out(others))


def _is_table(path: Path, named: bool) -> bool:
    """Whether a path is a table: a file that is no audio, if it goes by a table's suffix or was named itself."""
    return not path.is_dir() and not is_media(path) and (named or path.suffix.lower() in TABLE_SUFFIXES)


def _bare_rows(path: Path, others: list[Path]) -> list[_Row]:
    """The clips of a path that is no table; what is not audio there is added to `others`."""
    media = media_files(path) if path.is_dir() else [path] * is_media(path)
    others += other_files(path) if path.is_dir() else [path] * (not media)
    return [((), {"file": str(clip)}) for clip in media]


def list_clips(*sources: str | os.PathLike[str]) -> pd.DataFrame:
    """`read_sources` as a table, its values as they were read."""
    import pandas as pd

    clips = read_sources(sources)
    return pd.DataFrame(list(clips.rows), columns=list(clips.columns), dtype=object)


def _matches(source: str | os.PathLike[str]) -> list[Path]:
    """The paths that a source stands for: itself, or what a pattern finds."""
    path = Path(source).expanduser()
    if path.exists():
        return [path]
    if not has_magic(str(path)):
        raise ValueError(f"There is no folder, table or audio file at {path}.")
    return [Path(match) for match in sorted(glob(str(path), recursive=True))]
