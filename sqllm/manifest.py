"""Manifests: tables of clips as people write them (CSV of any dialect, JSON lines, Kaldi's wav.scp), read so that no
row loses its reference or a column of its own.
"""

from __future__ import annotations

import csv
import io
import json
import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from sqllm.signal.formats import is_media

DELIMITERS = ",;\t|"
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
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
START_NAMES = ("start", "start_time", "start_seconds", "begin")
END_NAMES = ("end", "end_time", "end_seconds", "stop")
ROLES = {
    "file": FILE_NAMES,
    "ref": REF_NAMES,
    "condition": CONDITION_NAMES,
    "start": START_NAMES,
    "end": END_NAMES,
}
OFFSET, DURATION = "offset", "duration"  # together they are a part of a file, as in NeMo's manifests
LIKE_REF = ("ref", "clean", "original")
NO_VALUE = frozenset({"", "nan", "none", "null", "n/a", "na", "-"})  # cells that name no file


@dataclass(frozen=True)
class Manifest:
    """The rows of a table. Each has the table's own columns, as they are written there, and as far as the table tells
    them `file` and `ref` (paths; "" where there is none), `condition`, `start` and `end` (seconds), under these names.

    `columns` are all of them, those that the table lacks under that name in front; `lines` says where in the file a row
    stands, counted from 1.
    """

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    lines: tuple[int, ...]


def read_manifest(path: Path) -> Manifest:
    """Read a table of clips: CSV (`,` `;` tab or `|` between columns), JSON objects a line, or Kaldi's `wav.scp`.

    Text is UTF-8, UTF-16 or cp1252, names of columns are in any case. Files are looked for relative to the table's
    folder, then to the working folder, with `\\` for `/` and accents in either Unicode form. Raises `ValueError` with
    one sentence that says how to write what can't be read.
    """
    text, suffix = _decode(path), path.suffix.lower()
    if not text.strip():
        raise ValueError(f"{path} is empty: {HOW_TO_WRITE}.")
    if suffix == ".scp":
        names, records = _kaldi(path, text)
    elif suffix in JSON_SUFFIXES or text.lstrip()[:1] == "{":
        names, records = _objects(path, text)
    else:
        names, records = _cells_of(path, text)
    if not records:
        raise ValueError(f"{path} has no rows below its first line: {HOW_TO_WRITE}.")
    roles = _roles(path, names, records)
    # A column of a role's own name, in any case, is the role's; any other keeps its name and its text beside it.
    renamed = {name: role for role, name in roles.items() if _plain(name) == role}
    columns = tuple(renamed.get(name, name) for name in names)
    added = tuple(role for role in ROLES if role in roles and role not in columns)
    rows = []
    for _, record in records:
        own = {renamed.get(name, name): record.get(name) for name in names}
        rows.append({**own, **_in_roles(record, roles, path.parent)})
    manifest = Manifest((*added, *columns), tuple(rows), tuple(line for line, _ in records))
    _check_references(path, manifest)
    return manifest


Record = Mapping[str, Any]


def _cells_of(path: Path, text: str) -> tuple[list[str], list[tuple[int, Record]]]:
    """The columns and rows of a CSV table, with the number of each row's line."""
    names, rows = _split(path, text)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{path} has more than one column named {doubled[0]!r}: give each its own name.")
    full = [(line, [*cells, *[""] * (len(names) - len(cells))]) for line, cells in rows]
    return names, [(line, dict(zip(names, cells, strict=True))) for line, cells in full]


def _objects(path: Path, text: str) -> tuple[list[str], list[tuple[int, Record]]]:
    """The keys and objects of JSON lines, or of one JSON list."""
    found: list[tuple[int, Any]] = []
    if text.lstrip()[:1] == "[":
        found = [(number, value) for number, value in enumerate(_json(path, text, 1), 1)]
    else:
        found = [(number, _json(path, line, number)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    for number, value in found:
        if not isinstance(value, dict):
            raise ValueError(
                f'{path} has no JSON object in line {number}: write one a line, such as {{"file": "a.wav"}}.'
            )
    return list(dict.fromkeys(name for _, value in found for name in value)), found


def _json(path: Path, text: str, line: int) -> Any:
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except ValueError as problem:
        raise ValueError(f"{path} can't be read as JSON in line {line} ({problem}).") from problem


def _kaldi(path: Path, text: str) -> tuple[list[str], list[tuple[int, Record]]]:
    """Utterances and files of a `wav.scp`: "utterance path" a line. Commands in it are never run."""
    records: list[tuple[int, Record]] = []
    for number, line in enumerate(text.splitlines(), 1):
        utterance, _, rest = line.strip().partition(" ") if "\t" not in line else line.strip().partition("\t")
        rest = rest.strip()
        if not utterance:
            continue
        if not rest:
            raise ValueError(f'{path} names no file in line {number}: write "utterance path" a line.')
        if rest.endswith("|") or rest == "-":
            raise ValueError(f"{path} has a command in line {number}, which is not run: write its output to a file.")
        records.append((number, {"utterance": utterance, "file": rest}))
    return ["utterance", "file"], records


def _in_roles(record: Record, roles: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """The values of a row under the names of their roles."""
    found: dict[str, Any] = {role: record.get(name) for role, name in roles.items()}
    for role in ("file", "ref"):
        if role in found:
            found[role] = _locate(found[role], folder) if isinstance(found[role], str) else ""
    if "condition" in found:
        found["condition"] = "" if found["condition"] is None else str(found["condition"])
    if roles.get("end") == DURATION:
        found["end"] = _end(found["start"], found["end"])
    return found


def _end(start: Any, duration: Any) -> Any:
    """Where a part ends that has a start and a duration in seconds; the duration itself where that is no number."""
    try:
        return round(float(start) + float(duration), 6)
    except (TypeError, ValueError):
        return duration


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
    first = next(line for line in text.splitlines() if line.strip())
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


def _roles(path: Path, names: Sequence[str], records: Sequence[tuple[int, Record]]) -> dict[str, str]:
    """The column of the table that holds each of `ROLES`."""
    roles: dict[str, str] = {}
    for role, known in ROLES.items():
        found = sorted((name for name in names if _plain(name) in known), key=lambda name: known.index(_plain(name)))
        if found:
            roles[role] = found[0]
        if len(found) > 1 and _plain(found[0]) == _plain(found[1]):
            raise ValueError(f"{path} has two columns for {role}, {found[0]!r} and {found[1]!r}: leave one out.")
    if "file" not in roles:
        raise ValueError(f"{path} has no column named file (its columns: {', '.join(names)}): {HOW_TO_WRITE}.")
    if "start" not in roles and {OFFSET, DURATION} <= set(names):
        roles["start"] = OFFSET
    if "start" in roles and "end" not in roles and DURATION in names:
        roles["end"] = DURATION
    doubtful = [
        name
        for name in names
        if name not in roles.values() and any(word in _plain(name) for word in LIKE_REF) and _names_audio(name, records)
    ]
    if "ref" not in roles and doubtful:
        raise ValueError(
            f"{path} has a column {doubtful[0]!r} that may be the reference: name it ref, or leave it out."
        )
    return roles


def _names_audio(column: str, records: Sequence[tuple[int, Record]]) -> bool:
    """Whether a column holds names of audio files."""
    return any(is_media(PurePath(value)) for _, row in records if isinstance(value := row.get(column), str))


def _check_references(path: Path, manifest: Manifest) -> None:
    """No row may have its reference in another column than the rest."""
    others = [name for name in manifest.columns if _plain(name) in REF_NAMES and name != "ref"]
    for row, line in zip(manifest.rows, manifest.lines, strict=True):
        for name in others:
            if not row["ref"] and str(row[name] or "").lower() not in NO_VALUE:
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
