"""A run over many clips: rows as they are made, their summary by condition, and the tables to take away."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.blocks import Block

from sqllm.batch.columns import Layout, Wanted
from sqllm.batch.progress import in_words
from sqllm.batch.scoring import CLIPS_A_BATCH, score_rows
from sqllm.batch.summary import mean_interval
from sqllm.batch.table import ScoreTable
from sqllm.listeners.profiles import ListenerProfile
from sqllm.ui.batch_files import BatchFiles
from sqllm.ui.charts import Interval, intervals_chart
from sqllm.ui.lane import THE_JUDGE, JudgeLane
from sqllm.ui.published import publish

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".jsonl", ".parquet")
MOST_CONDITIONS = 40  # in the chart


@dataclass(frozen=True)
class BatchRun:
    """What is done of a run over `files`: `rows` with the paths of files, as they come from `score_rows`."""

    files: BatchFiles
    layout: Layout
    rows: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0
    ended: bool = False

    @property
    def total(self) -> int:
        return len(self.files.records)

    @property
    def failed(self) -> int:
        return sum(1 for row in self.rows if row.get("error"))

    def told(self) -> list[dict[str, Any]]:
        """The rows under the user's names."""
        return [self.files.told(row) for row in self.rows]

    def frame(self) -> pd.DataFrame:
        """The rows as a table, with the paths of files: what a test is planned from."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=self.layout.columns)


def run_batch(lane: JudgeLane, files: BatchFiles, profile: ListenerProfile, wanted: Wanted) -> Iterator[BatchRun]:
    """The run after each row, from none on; raises `CheckpointError`. A clip that fails has a row that says why."""
    run = BatchRun(files, Layout.of(files.columns, wanted))
    yield run
    begun, rows = time.monotonic(), []
    for start in range(0, len(files.records), CLIPS_A_BATCH):  # a piece of work each: a fork is not lent for longer
        batch = files.records[start : start + CLIPS_A_BATCH]
        for row in lane.stream(score_rows, THE_JUDGE, batch, run.layout, profile):
            rows.append(row)
            run = replace(run, rows=tuple(rows), seconds=time.monotonic() - begun)
            yield run


def status_html(run: BatchRun) -> str:
    """How far a run is: a bar and a sentence; notes, and what has failed."""
    done, total = len(run.rows), run.total
    if run.ended:
        told = f"{done} of {total} clips scored in {run.seconds:.0f} s" + ("" if done == total else ", then stopped")
    else:
        told = in_words(0, done, total, max(run.seconds, 0.01)) if done else f"Listening to {total} clips"
    failed = f" {run.failed} could not be read: see their notes." if run.failed else ""
    notes = "".join(f"<li>{escape(note)}</li>" for note in run.files.notes)
    return (
        f'<div class="sq-card" role="status"><p>{escape(told)}.{failed}</p>'
        f'<progress class="sq-progress" max="{total}" value="{done}" aria-label="Clips scored"></progress>'
        f"{f'<ul>{notes}</ul>' if notes else ''}</div>"
    )


# The columns that matter most, by name: head and width in the page's table.
SHOWN = {
    "file": ("File", "230px"),
    "condition": ("Condition", "120px"),
    "mos": ("MOS", "80px"),
    "mos_std": ("±", "70px"),
    "noisiness": ("Noisiness", "110px"),
    "coloration": ("Coloration", "115px"),
    "discontinuity": ("Discontinuity", "130px"),
    "loudness": ("Loudness", "110px"),
    "faults": ("Faults", "230px"),
    "notes": ("Notes", "320px"),
}


def shown_table(run: BatchRun) -> gr.Dataframe:
    """The rows for the page's table; notes are an error, else the warnings."""
    names = [name for name in SHOWN if name in ("notes", *run.layout.columns)]
    told = [row | {"notes": row.get("error") or row.get("warnings")} for row in run.told()]
    data = [[_cell(row.get(name)) for name in names] for row in told]
    heads, widths = ([SHOWN[name][part] for name in names] for part in (0, 1))
    return gr.Dataframe({"headers": heads, "data": data}, column_widths=list(widths))


def _cell(value: Any) -> Any:
    return round(value, 2) if isinstance(value, float) else "" if value is None else value


@dataclass(frozen=True)
class ConditionMean:
    """The mean MOS of a condition's clips, with the 95% interval that other clips of it would stay in."""

    name: str
    clips: int
    mos: float
    low: float
    high: float


def condition_means(rows: Sequence[Mapping[str, Any]]) -> list[ConditionMean]:
    """The conditions from the best on; all clips as one where none is named."""
    import pandas as pd

    table = pd.DataFrame([row for row in rows if row.get("mos") is not None])
    if table.empty:
        return []
    names = table["condition"].fillna("").astype(str) if "condition" in table else pd.Series("", table.index)
    found = []
    for name, group in table.groupby(names, sort=False):
        mean = float(group["mos"].mean())
        low, high = mean_interval(group["mos"]) or (mean, mean)
        found.append(ConditionMean(str(name) or "all clips", len(group), mean, low, high))
    return sorted(found, key=lambda condition: -condition.mos)


def conditions_html(run: BatchRun) -> str:
    """The conditions as a chart."""
    means = condition_means(run.rows)[:MOST_CONDITIONS]
    if not means:
        return ""
    chart = [Interval(one.name, one.mos, one.low, one.high, f"({one.clips})") for one in means]
    return (
        '<section class="sq-report"><h2>MOS by condition, 95% over clips (number of clips)</h2>'
        f"{intervals_chart(chart, 'Mean MOS of the conditions')}</section>"
    )


def batch_tables(run: BatchRun, owner: Block) -> list[str | None]:
    """The paths of the rows as CSV, JSON lines and Parquet; None for Parquet where pyarrow is not installed."""
    paths: list[str | None] = []
    with tempfile.TemporaryDirectory() as folder:
        for suffix in SUFFIXES:
            out = Path(folder) / f"scores{suffix}"
            if suffix == ".parquet" and find_spec("pyarrow") is None:
                paths.append(None)
                continue
            ScoreTable(out, run.layout).write(run.told())
            paths.append(publish(owner, out.read_bytes(), out.name))
    return paths
