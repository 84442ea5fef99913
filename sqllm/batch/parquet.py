"""Parquet files of scores, by pyarrow, which is an extra."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqllm.batch.columns import NUMBERS
from sqllm.batch.lines import flat, readable

if TYPE_CHECKING:
    import pyarrow

ROWS_A_GROUP = 10_000


def check_installed() -> None:
    """Raises `ValueError` with a sentence where pyarrow is not."""
    if find_spec("pyarrow") is None:
        raise ValueError("Parquet needs pyarrow (pip install 'sqllm[parquet]'): install it, or write .csv or .jsonl.")


def write_parquet(out: Path, columns: Sequence[str], rows: Callable[[], Iterator[Mapping[str, Any]]]) -> None:
    """Write rows, of which `rows()` begins anew each time, to a file that is there only when it is whole."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    kinds: dict[str, set[type]] = {name: set() for name in columns}
    for row in rows():
        for name in columns:
            kinds[name].add(type(flat(row.get(name))))
    schema = pyarrow.schema([(name, _type(name, kinds[name] - {type(None)})) for name in columns])
    part = out.with_name(f"{out.name}.part")
    left = rows()
    with ParquetWriter(part, schema) as writer:
        while group := list(islice(left, ROWS_A_GROUP)):
            cells = {field.name: [_cell(row.get(field.name), field.type) for row in group] for field in schema}
            writer.write_table(pyarrow.table(cells, schema=schema))
    os.replace(part, out)


def read_parquet(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file, one after another."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        for batch in file.iter_batches():
            yield from batch.to_pylist()


def _type(name: str, kinds: set[type]) -> pyarrow.DataType:
    """The type of a column whose values are of these kinds; what is mixed is text."""
    import pyarrow

    if name in NUMBERS or (kinds and kinds <= {int, float} and float in kinds):
        return pyarrow.float64()
    return {frozenset({int}): pyarrow.int64(), frozenset({bool}): pyarrow.bool_()}.get(
        frozenset(kinds), pyarrow.string()
    )


def _cell(value: Any, wanted: pyarrow.DataType) -> Any:
    import pyarrow

    value = flat(value)
    if value is None or not pyarrow.types.is_string(wanted):
        return value
    return readable(str(value))
