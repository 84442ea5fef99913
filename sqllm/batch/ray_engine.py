"""Scoring at scale on Ray Data, an extra: a pool of actors with a model each, and a table as `score_many` makes it.

Ray reads numbered rows, scores and writes them; its checkpoint keeps which are done, but promises each at least once
and in no order. A second step puts the rows in order, once each, and misses none.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqllm.batch.columns import Layout
from sqllm.batch.remote import fetched
from sqllm.batch.table import ScoreTable
from sqllm.signal.audio import AudioError
from sqllm.signal.decode import RawSamples

ID = "row_id"
ROWS_A_PART, ROWS_A_BATCH, ROWS_A_STEP = 256, 16, 20_000
LoadJudge = Callable[[], Any]


@dataclass(frozen=True)
class RayOptions:
    """How many actors score, and what each is given of a machine: GPUs (1 where there are any) and cores."""

    actors: int = 1
    gpus: float = 0.0
    cpus: float = 1.0


@dataclass(frozen=True)
class Rate:
    """What was measured: rows and windows of 10 s (a long call has many), the seconds that actors were busy with them,
    and those that passed.
    """

    rows: int
    windows: int
    busy: float
    passed: float

    def lines(self) -> list[str]:
        """In words, and what more actors would do."""
        if not self.windows or not self.busy:
            return [f"{self.rows} rows in {self.passed:.0f} s."]
        hourly = 3600 * self.windows / self.busy
        return [
            f"{self.rows} rows, {self.windows} windows of up to 10 s, in {self.passed:.0f} s.",
            f"An actor scores {hourly:,.0f} windows an hour while it is fed; K actors, each on such a card, K times "
            f"that ({8 * hourly:,.0f} by 8).",
        ]


def check_installed() -> None:
    """Raises `ValueError` with a sentence where Ray is not."""
    if find_spec("ray") is None or find_spec("pyarrow") is None:
        raise ValueError("--engine ray needs Ray (pip install 'sqllm[ray]'): install it, or leave --engine out.")


def score_with_ray(
    load: LoadJudge,
    records: Sequence[Mapping[str, Any]],
    layout: Layout,
    out: Path,
    options: RayOptions,
    profile: Any = None,
    raw: RawSamples | None = None,
    resume: bool = False,
) -> Rate:
    """Score rows on a pool of actors and write the table to `out`; `load` makes an actor's judge.

    What is done is kept in `OUT.ray` until the table is written; `resume` goes on with it. Raises `ValueError` where
    that folder is of other rows.
    """
    check_installed()
    started, work = time.monotonic(), out.with_name(f"{out.name}.ray")
    _number(records, layout, work, resume)
    _run(load, layout, work, options, profile, raw)
    table = ScoreTable(out, layout)
    rate = _Tally()
    table.write(in_order(work / "scored", len(records), rate))
    shutil.rmtree(work)
    return Rate(len(records), rate.windows, rate.busy, time.monotonic() - started)


def _number(records: Sequence[Mapping[str, Any]], layout: Layout, work: Path, resume: bool) -> None:
    """Write the rows with their numbers, as JSON: columns of any mixture of types survive."""
    import pyarrow
    from pyarrow.parquet import write_table

    told = json.dumps({"rows": len(records), "columns": layout.columns, "first": dict(records[0])}, default=str)
    card = work / "rows.json"
    if resume and card.is_file():
        if card.read_text(encoding="utf-8") != told:
            raise ValueError(f"{work} was made of other clips or options: remove it, or leave out --resume.")
        return
    shutil.rmtree(work, ignore_errors=True)
    (work / "rows").mkdir(parents=True)
    for start in range(0, len(records), ROWS_A_PART):
        part = records[start : start + ROWS_A_PART]
        written = [json.dumps(dict(record), default=str) for record in part]
        ids = list(range(start, start + len(part)))
        write_table(pyarrow.table({ID: ids, "record": written}), work / "rows" / f"{start:012d}.parquet")
    card.write_text(told, encoding="utf-8")


def _run(
    load: LoadJudge, layout: Layout, work: Path, options: RayOptions, profile: Any, raw: RawSamples | None
) -> None:
    """Read, score and write what is not done yet."""
    import ray
    from ray.data import ActorPoolStrategy, DataContext
    from ray.data.checkpoint import CheckpointConfig

    if not ray.is_initialized():
        cores = None if os.environ.get("RAY_ADDRESS") else max(2, os.cpu_count() or 1, options.actors + 1)
        ray.init(num_cpus=cores, include_dashboard=False, log_to_driver=False)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.actor_task_retry_on_errors = True
    context.checkpoint_config = CheckpointConfig(
        id_column=ID, checkpoint_path=str(work / "done"), delete_checkpoint_on_success=False
    )
    parts = len(list((work / "rows").glob("*.parquet")))  # a part a block: else Ray puts many into one, for one actor
    ray.data.read_parquet(str(work / "rows"), override_num_blocks=parts).map_batches(
        RayScorer,
        fn_constructor_args=(load, layout, profile, raw),
        batch_size=ROWS_A_BATCH,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(size=options.actors),
        num_cpus=options.cpus,
        num_gpus=options.gpus,
    ).write_parquet(str(work / "scored"))


class RayScorer:
    """What an actor is: one judge, which scores batches of numbered rows; a row that fails says why in `error`."""

    def __init__(self, load: LoadJudge, layout: Layout, profile: Any = None, raw: RawSamples | None = None) -> None:
        self._judge, self._layout, self._profile, self._raw = _Counting(load()), layout, profile, raw

    def __call__(self, batch: Any) -> Any:
        """A pyarrow table of row_id and record in; row_id, cells (JSON), windows and busy seconds out."""
        import pyarrow

        rows = []
        for number, text in zip(batch[ID].to_pylist(), batch["record"].to_pylist(), strict=True):
            started, heard = time.monotonic(), self._judge.windows
            cells = self._score(json.loads(text))
            rows.append((number, json.dumps(cells), self._judge.windows - heard, time.monotonic() - started))
        ids, cells_of, windows, busy = (list(column) for column in zip(*rows, strict=True))
        return pyarrow.table({ID: ids, "cells": cells_of, "windows": windows, "busy": busy})

    def _score(self, record: dict[str, Any]) -> dict[str, Any]:
        from sqllm.batch.scoring import score_rows

        own = self._layout.own_cells(record)
        try:
            with fetched(record) as local:
                (row,) = score_rows(self._judge, [local], self._layout, self._profile, self._raw)  # type: ignore[arg-type]
        except AudioError as problem:
            return {**own, "error": str(problem)}
        except Exception as problem:  # a row must not take the job along; a dead process is Ray's to replace
            return {**own, "error": f"{type(problem).__name__}: {problem}"}
        return {**row, **own}


class _Counting:
    """A judge that counts the windows that it hears."""

    def __init__(self, judge: Any) -> None:
        self._judge, self.windows = judge, 0

    def listen_many(self, pairs: Any) -> Any:
        hearings = self._judge.listen_many(pairs)
        self.windows += sum(len(hearing.spans) for hearing in hearings)
        return hearings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._judge, name)


@dataclass
class _Tally:
    """What the rows took, summed as they come by."""

    windows: int = 0
    busy: float = 0.0


def in_order(folder: Path, count: int, tally: _Tally | None = None) -> Iterator[dict[str, Any]]:
    """Scored rows in the order of their numbers, once each, some thousands in memory at a time.

    Raises `ValueError` where one of the `count` rows is missing.
    """
    import pyarrow.compute as compute
    from pyarrow.dataset import dataset

    scored = dataset(str(folder), format="parquet")
    for start in range(0, count, ROWS_A_STEP):
        stop = min(count, start + ROWS_A_STEP)
        wanted = (compute.field(ID) >= start) & (compute.field(ID) < stop)
        rows = {row[ID]: row for row in scored.to_table(filter=wanted).to_pylist()}
        for number in range(start, stop):
            if number not in rows:
                raise ValueError(f"Row {number + 1} was not scored: the same command with --resume goes on.")
            if tally is not None:
                tally.windows, tally.busy = tally.windows + rows[number]["windows"], tally.busy + rows[number]["busy"]
            yield json.loads(rows[number]["cells"])
