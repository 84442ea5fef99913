"""Manifests: tables of clips as people write them (CSV of any dialect), read so that no row loses its reference."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

DELIMITERS = ",;\t|"
HOW_TO_WRITE = "write a first line such as file,ref,condition and a clip a line below it"

# What people call the columns, the most telling name first (those of the NISQA corpus among them).
FILE_NAMES = (
    "file",
    "filepath_deg",
    "filename_deg",
    "filename",
    "filepath",
    "path",
    "clip",
    "audio",
    "audio_filepath",
    "degraded",
    "deg",
    "wav",
    "degraded_file",
    "file_name",
    "file_path",
    "clip_path",
    "audio_file",
)
REF_NAMES = (
    "ref",
    "reference",
    "filepath_ref",
    "filename_ref",
    "ref_file",
    "reference_file",
    "ref_path",
    "clean",
    "reference_path",
    "ref_filepath",
    "reference_filepath",
    "clean_reference",
    "original",
    "clean_file",
)
CONDITION_NAMES = ("condition", "con", "cond", "condition_id", "system")
LIKE_REF = ("ref", "clean", "original")
NO_VALUE = frozenset({"", "nan", "none", "null", "n/a", "na", "-"})  # cells that name no file


@dataclass(frozen=True)
class Manifest:
    """The rows of a table: `file`, `ref` ("" where a clip has none) and `condition` under these names, the table's
    other columns under their own. `line` is where in the file a row stands, counted from 1.
    """

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    lines: tuple[int, ...]


def read_manifest(path: Path) -> Manifest:
    """Read a CSV table: `,` `;` tab or `|` between columns, UTF-8, UTF-16 or cp1252, names of columns in any case.

    Files are looked for relative to the table's folder, then to the working folder, with `\\` for `/` and accents in
    either Unicode form. Raises `ValueError` with one sentence that says how to write what can't be read.
    """
    text = _decode(path)
    names, records = _split(path, text)
    roles = _roles(path, names)
    if not records:
        raise ValueError(f"{path} has no rows below its first line: {HOW_TO_WRITE}.")
    columns = tuple(roles.get(name, name) for name in names)
    rows, lines = [], []
    for line, cells in records:
        row = dict(zip(columns, [*cells, *[""] * (len(columns) - len(cells))], strict=True))
        for role in ("file", "ref"):
            if role in row:
                row[role] = _locate(row[role], path.parent)
        rows.append(row)
        lines.append(line)
    manifest = Manifest(columns, tuple(rows), tuple(lines))
    _check_references(path, manifest)
    return manifest


def _decode(path: Path) -> str:
    """The table's text, by its byte order mark, else as UTF-8, else as cp1252."""
    if path.suffix.lower() in (".xlsx", ".xls", ".ods", ".numbers"):
        raise ValueError(f"{path} is a spreadsheet: save it as CSV first.")
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data[1:40:2].count(0) > len(data[1:40:2]) // 2:
        encodings = ["utf-16-le"]
    elif data[0:40:2].count(0) > len(data[0:40:2]) // 2:
        encodings = ["utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValueError(f"{path} can't be read as a table of text: save it as CSV in UTF-8.")


def _split(path: Path, text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of the columns, and the rows below with the number of their line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise ValueError(f"{path} is empty: {HOW_TO_WRITE}.")
    delimiter = max(DELIMITERS, key=lambda mark: (_finds_files(first, mark), len(_cells(first, mark))))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    names: list[str] = []
    records: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if not names:
                names = cells
                continue
            while len(cells) > len(names) and not cells[-1]:
                cells.pop()
            _check_cells(path, cells, names, reader.line_num)
            records.append((reader.line_num, cells))
    except csv.Error as problem:
        raise ValueError(f"{path} can't be read as CSV near line {reader.line_num} ({problem}).") from problem
    while names and not names[-1]:
        names.pop()
    return names, records


def _check_cells(path: Path, cells: Sequence[str], names: Sequence[str], line: int) -> None:
    if len(cells) > len(names):
        raise ValueError(
            f"{path} has {len(cells)} cells in line {line}, but {len(names)} columns: put names that hold a delimiter "
            'into "quotation marks".'
        )


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return [line]


def _finds_files(line: str, delimiter: str) -> bool:
    return any(_plain(name) in FILE_NAMES for name in _cells(line, delimiter))


def _plain(name: str) -> str:
    """A column's name without case, white space and quotes: "Audio File" -> "audio_file"."""
    return "_".join(name.strip().strip("'\"").lower().replace("-", " ").split())


def _roles(path: Path, names: Sequence[str]) -> dict[str, str]:
    """Which columns are `file`, `ref` and `condition`: {name in the table: role}."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{path} has more than one column named {doubled[0]!r}: give each its own name.")
    roles: dict[str, str] = {}
    for role, known in (("file", FILE_NAMES), ("ref", REF_NAMES), ("condition", CONDITION_NAMES)):
        found = sorted((name for name in names if _plain(name) in known), key=lambda name: known.index(_plain(name)))
        if found:
            roles[found[0]] = role
        if len(found) > 1 and _plain(found[0]) == _plain(found[1]):
            raise ValueError(f"{path} has two columns for {role}, {found[0]!r} and {found[1]!r}: leave one out.")
    if "file" not in roles.values():
        raise ValueError(f"{path} has no column named file (its columns: {', '.join(names)}): {HOW_TO_WRITE}.")
    doubtful = [name for name in names if name not in roles and any(word in _plain(name) for word in LIKE_REF)]
    if "ref" not in roles.values() and doubtful:
        raise ValueError(
            f"{path} has a column {doubtful[0]!r} that may be the reference: name it ref, or leave it out."
        )
    return roles


def _check_references(path: Path, manifest: Manifest) -> None:
    """No row may have its reference in another column than the rest."""
    others = [name for name in manifest.columns if _plain(name) in REF_NAMES and name != "ref"]
    for row, line in zip(manifest.rows, manifest.lines, strict=True):
        for name in others:
            if not row["ref"] and row[name].lower() not in NO_VALUE:
                raise ValueError(f"{path} has a reference in line {line} under {name!r}: put all under ref.")


def _locate(name: str, folder: Path) -> str:
    """The path of a file that a table names, as it is on disk; the name beside the table where there is none."""
    for spelt in _spellings(name):
        for base in (folder, Path.cwd()):
            if _is_file(base / spelt):
                return str(base / spelt)
    return "" if name.lower() in NO_VALUE else str(folder / os.path.expanduser(name))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than any file's
        return False


def _spellings(name: str) -> Iterator[str]:
    """A file's name as written, with slashes for backslashes, and with its accents in both Unicode forms."""
    for written in dict.fromkeys((os.path.expanduser(name), PureWindowsPath(name).as_posix())):
        yield written
        yield unicodedata.normalize("NFC", written)
        yield unicodedata.normalize("NFD", written)
