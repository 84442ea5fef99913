"""Rows as lines of a file, CSV or JSON: each is appended whole, and only whole ones are read back."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, Protocol

ENCODING = "utf-8"


class Lines(Protocol):
    """How rows are written and read; what a killed run left of a row is not read."""

    def head(self, columns: Sequence[str]) -> bytes:
        """What stands before the first row."""

    def line(self, cells: Sequence[tuple[str, Any]]) -> bytes:
        """A row: names of columns and values."""

    def read(self, file: IO[bytes]) -> Iterator[tuple[dict[str, Any], int]]:
        """The rows, and the byte behind each. Raises `ValueError` where the file holds something else."""


class CsvLines:
    """A line of names, then a row a record; a cell may hold line ends."""

    def head(self, columns: Sequence[str]) -> bytes:
        return _csv(columns)

    def line(self, cells: Sequence[tuple[str, Any]]) -> bytes:
        return _csv(flat(value) for _, value in cells)

    def read(self, file: IO[bytes]) -> Iterator[tuple[dict[str, Any], int]]:
        behind = 0

        def texts() -> Iterator[str]:
            nonlocal behind
            for line in file:
                if not line.endswith(b"\n"):
                    return
                behind += len(line)
                yield line.decode(ENCODING, "surrogateescape")

        reader = csv.reader(texts(), strict=True)  # strict: a cell that is still open at the end is an error
        try:
            names = next(reader, [])
            for cells in reader:
                yield dict(zip(names, cells, strict=True)), behind
        except csv.Error as problem:
            if file.read(1):
                raise ValueError(str(problem)) from problem


class JsonLines:
    """A JSON object a line."""

    def head(self, columns: Sequence[str]) -> bytes:
        return b""

    def line(self, cells: Sequence[tuple[str, Any]]) -> bytes:
        text = json.dumps(dict(cells), ensure_ascii=False, default=str)
        return f"{text}\n".encode(ENCODING, "backslashreplace")  # half a character, as JSON writes it

    def read(self, file: IO[bytes]) -> Iterator[tuple[dict[str, Any], int]]:
        behind = 0
        for line in file:
            if not line.endswith(b"\n"):
                return
            behind += len(line)
            if not isinstance(row := json.loads(line), dict):
                raise ValueError("a line is no object")
            yield row, behind


def flat(value: Any) -> Any:
    """A value for one cell: lists and objects as JSON, paths as text."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same but for their types, which CSV does not keep."""
    return bool(one == other) or _text(one) == _text(other)


def readable(text: str) -> str:
    """Text that can be encoded: what is no text in a file's name is spelt out."""
    return text.encode(ENCODING, "backslashreplace").decode(ENCODING)


def _text(value: Any) -> str:
    return "" if value is None else readable(str(flat(value)))


def _csv(cells: Iterable[Any]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(list(cells))
    return text.getvalue().encode(ENCODING, "surrogateescape")
