"""Manifests and clips that are not plain local files: Parquet tables, and what fsspec opens (s3://, gs://, https://)."""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqllm.batch.sources import ClipList, read_sources
from sqllm.manifest import FILE_NAMES, REF_NAMES, ROLES
from sqllm.signal.audio import AudioError

PROTOCOL = "://"


def is_remote(place: object) -> bool:
    """Whether a place is named by a protocol, as s3://bucket/clip.wav."""
    return isinstance(place, str) and PROTOCOL in place


def read_any_sources(sources: Sequence[str]) -> ClipList:
    """The clips of local sources as `read_sources` finds them, and of Parquet or remote manifests.

    Raises `ValueError` with a sentence where a source can't be read, or where both kinds are mixed.
    """
    tables = [source for source in sources if is_remote(source) or source.endswith(".parquet")]
    if not tables:
        return read_sources(sources)
    if len(sources) > 1:
        raise ValueError(f"{tables[0]} has to be the only source: a Parquet or remote manifest goes alone.")
    return _read_table(tables[0])


def _read_table(source: str) -> ClipList:
    """A manifest that pandas reads, its clips (and references) found beside it."""
    import pandas as pd

    suffix = posixpath.splitext(source)[1].lower()
    try:
        if suffix == ".parquet":
            table = pd.read_parquet(source)
        elif suffix in (".jsonl", ".ndjson", ".json"):
            table = pd.read_json(source, lines=True, dtype=False, convert_dates=False)
        else:
            table = pd.read_csv(source, dtype=str, keep_default_na=False)
    except (OSError, ValueError, ImportError) as problem:
        raise ValueError(f"{source} can't be read as a manifest ({problem}).") from problem
    names = {str(name).lower(): str(name) for name in table.columns}
    found = {
        role: next((names[known] for known in known_names if known in names), None)
        for role, known_names in (("file", FILE_NAMES), ("ref", REF_NAMES))
    }
    if found["file"] is None or table.empty:
        raise ValueError(f"{source} names no clips: give it a column file or audio_filepath.")
    folder = source.rpartition("/")[0]
    rows = []
    for record in table.astype(object).where(table.notna(), None).to_dict("records"):
        roles = {role: _beside(record[name], folder) for role, name in found.items() if name is not None}
        rows.append({**{str(name): value for name, value in record.items()}, **roles})
    columns = tuple(str(name) for name in table.columns)
    added = tuple(role for role in ROLES if found.get(role) is not None and role not in columns)
    return ClipList((*added, *columns), tuple(rows), () if is_remote(source) else (Path(source),))


def _beside(place: Any, folder: str) -> Any:
    """A place, found from the manifest's folder where it is relative."""
    if not isinstance(place, str) or not place or is_remote(place) or place.startswith("/") or not folder:
        return place
    return f"{folder}/{place}"


@contextmanager
def fetched(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row whose remote clip and reference are local meanwhile. Raises `AudioError` where one can't be had."""
    with tempfile.TemporaryDirectory() as scratch:
        local = dict(record)
        for role in ("file", "ref"):
            if is_remote(local.get(role)):
                local[role] = _fetch(str(local[role]), Path(scratch) / role)
        yield local


def _fetch(place: str, folder: Path) -> str:
    import fsspec

    folder.mkdir()
    target = folder / posixpath.basename(place)
    try:
        with fsspec.open(place, "rb") as source:
            target.write_bytes(source.read())
    except Exception as problem:  # a file system raises what it likes
        raise AudioError(f"{place} can't be fetched ({problem}).") from problem
    return str(target)
