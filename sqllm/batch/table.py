"""A table of scores on disk, written a row at a time, so that a run that ends early can be gone on with.

CSV and JSON lines are appended to; what a killed run left of a line is cut off. A Parquet file can't be read before its
end is written, so its rows are kept in JSON lines beside it until all are there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqllm.batch.columns import NUMBERS, Layout
from sqllm.batch.lines import CsvLines, JsonLines, Lines, readable, same

if TYPE_CHECKING:
    import pandas as pd

CSV_SUFFIXES, JSON_SUFFIXES, PARQUET_SUFFIXES = (".csv",), (".jsonl", ".ndjson"), (".parquet",)
NAMED = 3  # columns


class TableError(ValueError):
    """A table of scores can't be written or gone on with; the message is one sentence that says why."""


@dataclass(frozen=True)
class Kept:
    """What a table held when it was opened: rows, and the profiles and revisions that they name."""

    rows: int = 0
    profiles: frozenset[str] = frozenset()
    revisions: frozenset[str] = frozenset()


class ScoreTable:
    """A table of scores at `out` (`.csv`, `.jsonl` or `.parquet`), with the columns of a layout.

    Raises `TableError` where none can be written there.
    """

    def __init__(self, out: Path, layout: Layout) -> None:
        check_target(out)
        self.out, self._layout = out, layout
        self._parquet = out.suffix.lower() in PARQUET_SUFFIXES
        self.rows_at = beside(out) if self._parquet else out
        self._lines: Lines = CsvLines() if out.suffix.lower() in CSV_SUFFIXES else JsonLines()
        self.rows = self._end = 0  # what is kept or written, and the byte behind what is kept

    def keep(self, records: Sequence[Mapping[Any, Any]]) -> Kept:
        """Keep what the table holds of a run over these records, so that `write` goes on behind it.

        Raises `TableError` where the table was made of other records or with other columns.
        """
        if self._parquet and not self.rows_at.exists() and self.out.exists():
            self._unpack()
        if not self.rows_at.exists():
            return Kept()
        profiles, revisions = set(), set()
        try:
            for row, end in self._read():
                self._check(row, self.rows, records)
                self.rows, self._end = self.rows + 1, end
                profiles.add(str(row["profile"]))
                revisions.add(str(row["revision"]))
            if not self.rows:
                self._check_beginning()
        except ValueError as problem:
            if isinstance(problem, TableError):
                raise
            raise TableError(f"{self.rows_at} is no table of scores to go on with: name another file.") from problem
        return Kept(self.rows, frozenset(profiles), frozenset(revisions))

    def write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows behind what was kept, each as it comes. What was not kept is there until the first one comes.

        Raises `TableError` where they can't be written, such as on a full disk.
        """
        with ExitStack() as stack:
            file: IO[bytes] | None = None
            for row in rows:
                line = self._lines.line([(name, row.get(name)) for name in self._layout.columns])
                with _told(self.rows_at):
                    file = file or stack.enter_context(self._opened())
                    _append(file, line)
                    self.rows += 1
        if self._parquet:
            with _told(self.out):
                self._pack()

    def _read(self) -> Iterator[tuple[dict[str, Any], int]]:
        with self.rows_at.open("rb") as file:
            yield from self._lines.read(file)

    def _check(self, row: Mapping[str, Any], number: int, records: Sequence[Mapping[Any, Any]]) -> None:
        """Raises `TableError` where a row is not what this run would have written of the record of its number."""
        if list(row) != self._layout.columns:
            others = sorted(set(row) ^ set(self._layout.columns)) or ["their order"]
            raise TableError(
                f"{self.out} was made with other columns ({', '.join(others[:NAMED])}): go on with the same options, "
                "or leave out --resume to write it anew."
            )
        own = self._layout.own_cells(records[number]) if number < len(records) else {}
        if not own or not all(same(row[name], value) for name, value in own.items()):
            raise TableError(
                f"{self.out} was made of other clips (from its row {number + 1} on): name another file, or leave out "
                "--resume to write it anew."
            )

    def _check_beginning(self) -> None:
        """Raises `ValueError` where a file without a whole row is not one that this table began."""
        head = self._lines.head(self._layout.columns) or b"{"
        with self.rows_at.open("rb") as file:
            if not head.startswith(file.read(len(head))):
                raise ValueError("begins otherwise")

    def _opened(self) -> IO[bytes]:
        """The file to append to, without what is not kept."""
        if not self._end:
            file: IO[bytes] = self.rows_at.open("wb", buffering=0)
            _append(file, self._lines.head(self._layout.columns))
            return file
        file = self.rows_at.open("r+b", buffering=0)
        file.truncate(self._end)
        file.seek(self._end)
        return file

    def _pack(self) -> None:
        from sqllm.batch.parquet import write_parquet

        write_parquet(self.out, self._layout.columns, lambda: (row for row, _ in self._read()))
        self.rows_at.unlink()

    def _unpack(self) -> None:
        """Put the rows of a finished Parquet file beside it again."""
        from sqllm.batch.parquet import read_parquet

        with self.rows_at.open("wb") as file:
            file.writelines(self._lines.line(list(row.items())) for row in read_parquet(self.out))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What keeps a file from being written, as a `TableError`."""
    try:
        yield
    except OSError as problem:
        why = problem.strerror or str(problem)
        raise TableError(f"{path} can't be written any further ({why}): --resume goes on later.") from problem


def _append(file: IO[bytes], data: bytes) -> None:
    """Write without a buffer, so that what was written is in the file whatever comes next."""
    while data:
        data = data[file.write(data) :]


def beside(out: Path) -> Path:
    """Where the rows of a Parquet file are until all are there."""
    return out.with_name(f"{out.name}.rows.jsonl")


def check_target(out: Path) -> None:
    """Raises `TableError` where a table can't be written there, before anything is scored."""
    if out.is_dir():
        raise TableError(f"{out} is a folder: name a file in it, such as {out / 'scores.csv'}.")
    if out.suffix.lower() not in (*CSV_SUFFIXES, *JSON_SUFFIXES, *PARQUET_SUFFIXES):
        raise TableError(f"{out} can't be written: name a file that ends in .csv, .jsonl or .parquet.")
    if not out.parent.is_dir():
        raise TableError(f"There is no folder {out.parent} to write to.")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise TableError(f"{out} can't be written: you have no permission.")
    if out.suffix.lower() in PARQUET_SUFFIXES:
        from sqllm.batch.parquet import check_installed

        check_installed()


def _in_text(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: readable(value) if isinstance(value, str) else value for name, value in row.items()}


def check_kept(out: Path, kept: Kept, profile: str, revision: str) -> None:
    """Raises `TableError` where what was kept is of another listener, or of another model, than this run's."""
    for what, now, there in (("profile", profile, kept.profiles), ("model revision", revision, kept.revisions)):
        if others := sorted(there - {now}):
            raise TableError(
                f"{out} was made with the {what} {others[0]}, this run's is {now}: name another file, or leave out "
                "--resume to write it anew."
            )


def read_scores(path: Path) -> pd.DataFrame:
    """A table of scores from CSV, JSON lines or Parquet, as `ScoreTable` writes it: scores as numbers (NaN where
    there is none), in CSV all else as text.

    Raises `ValueError` with a sentence where it isn't one.
    """
    import pandas as pd

    if not path.is_file():
        raise ValueError(f"There is no table of scores at {path}.")
    suffix = path.suffix.lower()
    try:
        if suffix in JSON_SUFFIXES:
            with path.open("rb") as file:
                table = pd.DataFrame([_in_text(row) for row, _ in JsonLines().read(file)])
        elif suffix in PARQUET_SUFFIXES:
            table = pd.read_parquet(path)
        else:
            table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding_errors="backslashreplace")
    except (ValueError, ImportError, OSError) as problem:
        raise ValueError(f"{path} can't be read as a table of scores ({problem}).") from problem
    for name in NUMBERS & set(table.columns):
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    return table
