"""Uploads of many clips as a list to score: files, zip archives, and tables that name them with their conditions.

A table is a stranger's: what it names is looked for among the uploads and nowhere else.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from gradio.blocks import Block

from sqllm.batch.sources import TABLE_SUFFIXES
from sqllm.manifest import read_manifest
from sqllm.signal.formats import is_media

MOST_CLIPS = 1000
MOST_BYTES = 2_000_000_000  # that an archive may hold, unpacked
MISSING = "not-uploaded"


@dataclass(frozen=True)
class BatchFiles:
    """Clips to score: `columns` and `records` as `score_rows` takes them, with the paths of files on this machine, and
    `shown`, from these paths to the names that the user knows. `notes` tell what was left out.
    """

    columns: tuple[str, ...]
    records: tuple[Mapping[str, Any], ...]
    shown: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def name_of(self, path: Any) -> str:
        return self.shown.get(str(path), Path(str(path)).name) if path else ""

    def told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of scores under the user's names, as nobody needs to know where uploads lie."""
        told = {name: self.name_of(value) if name in ("file", "ref") else value for name, value in row.items()}
        if row.get("error") and f"/{MISSING}/" in str(row.get("file")):
            told["error"] = f"{told['file']} is not among the uploaded files."
        return told


def gather(uploads: Sequence[str], owner: Block) -> BatchFiles:
    """The clips of uploaded files; archives are unpacked into the owner's cache.

    Raises `ValueError` with a sentence where there is nothing to score, or too much for the page.
    """
    if not uploads:
        raise ValueError("Add files first: clips, a zip of clips, or clips and a table (CSV) that names them.")
    known = dict(_unpacked(uploads, owner))
    media = {name: path for name, path in known.items() if is_media(path)}
    tables = [path for path in known.values() if path.suffix.lower() in TABLE_SUFFIXES and not is_media(path)]
    shown = {str(path): name for name, path in media.items()}
    found = _listed(tables, media) if tables else _bare(media)
    if not found.records:
        raise ValueError("There is no audio among these files.")
    if len(found.records) > MOST_CLIPS:
        raise ValueError(
            f"These are {len(found.records):,} clips and the page takes {MOST_CLIPS:,}: run sqllm score for that many."
        )
    others = [name for name, path in known.items() if path not in media.values() and path not in tables]
    left_out = [f"{len(others)} other files are left out, such as {others[0]}."] if others else []
    return BatchFiles(found.columns, found.records, {**shown, **found.shown}, (*found.notes, *left_out))


def _unpacked(uploads: Sequence[str], owner: Block) -> Iterator[tuple[str, Path]]:
    """Every file with the name its user knows it by; of an archive, its path in there."""
    for upload in map(Path, uploads):
        if not zipfile.is_zipfile(upload):
            yield upload.name, upload
            continue
        folder = Path(owner.GRADIO_CACHE) / f"batch-{uuid4().hex}"
        with zipfile.ZipFile(upload) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir() and not _hidden(one.filename)]
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise ValueError(f"{upload.name} holds more than {MOST_BYTES // 10**9} GB: send it in parts.")
            for entry in entries[: 2 * MOST_CLIPS]:
                try:
                    path = Path(archive.extract(entry, folder))
                except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as problem:
                    raise ValueError(f"{upload.name} can't be unpacked ({problem}).") from problem
                owner.temp_files.add(str(path))
                yield entry.filename, path


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _bare(media: Mapping[str, Path]) -> BatchFiles:
    """Clips without a table; of an archive with several folders, these are the conditions."""
    folders = {name: PurePosixPath(name).parent.name for name in media}
    if len(set(folders.values())) < 2:
        return BatchFiles(("file",), tuple({"file": str(path)} for path in media.values()), {})
    records = tuple({"file": str(path), "condition": folders[name]} for name, path in media.items())
    return BatchFiles(("file", "condition"), records, {})


def _listed(tables: Sequence[Path], media: Mapping[str, Path]) -> BatchFiles:
    """The rows of tables, their files looked for among the uploads."""
    columns: dict[str, None] = {}
    records, used = [], set()
    shown: dict[str, str] = {}
    for table in tables:
        try:
            manifest = read_manifest(table)
        except ValueError as problem:
            raise ValueError(str(problem).replace(str(table), table.name)) from problem
        columns |= dict.fromkeys(manifest.columns)
        for row in manifest.rows:
            record = dict(row)
            for role in ("file", "ref"):
                if named := str(row.get(role) or ""):
                    path = _among(named, media) or table.parent / MISSING / PurePosixPath(named).name
                    record[role] = str(path)
                    shown.setdefault(str(path), PurePosixPath(named).name)
                    used.add(path)
            records.append(record)
    unused = [name for name, path in media.items() if path not in used]
    notes = [f"{len(unused)} uploaded files are in no table, such as {unused[0]}."] if unused else []
    return BatchFiles(tuple(columns), tuple(records), shown, tuple(notes))


def _among(named: str, media: Mapping[str, Path]) -> Path | None:
    """The upload that a table means: the one whose path ends alike the farthest, and at least in the same name."""
    wanted = PurePosixPath(named.replace("\\", "/")).parts[::-1]

    def alike(name: str) -> int:
        parts = PurePosixPath(name).parts[::-1]
        return next(
            (n for n, (a, b) in enumerate(zip(wanted, parts, strict=False)) if a != b), min(len(wanted), len(parts))
        )

    best = max(media, key=alike, default=None)
    return media[best] if best is not None and alike(best) else None
