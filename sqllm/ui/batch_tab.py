"""The tab that scores many clips at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from sqllm.batch.columns import Wanted
from sqllm.listeners.profiles import TYPICAL
from sqllm.ui.batch_files import gather
from sqllm.ui.batch_run import BatchRun, batch_tables, conditions_html, run_batch, shown_table, status_html
from sqllm.ui.i18n import t
from sqllm.ui.lane import JudgeLane, errors_in_words, listener_profile

NOTHING = (
    '<p class="sq-hint">Add clips, a zip of clips (its folders are taken as conditions), or clips with a table: CSV '
    "(<code>file[,ref][,condition][,start,end]</code>), JSON lines, wav.scp. Every clip gets a row, also one that "
    "fails.</p>"
)
EVERY_SECONDS = 0.7  # between two pictures of the table: a thousand rows are not sent a thousand times


class BatchTab:
    """What the buttons of the tab do. `owner` is the component that files belong to."""

    def __init__(self, lane: JudgeLane, owner: gr.File) -> None:
        self.lane, self.owner = lane, owner
        self._stops: dict[str, threading.Event] = {}

    def score(
        self, uploads: list[str] | None, profile: str, extras: list[str], request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Score uploads: status, table, chart, three files, and the run itself; what is done stays when stopped."""
        stop = self._stops[request.session_hash or ""] = threading.Event()
        try:
            with errors_in_words():
                listener = listener_profile(profile, None)
                wanted = Wanted(faults="faults" in extras, votes="votes" in extras, rationale="rationale" in extras)
                files, shown = gather(uploads or [], self.owner), 0.0
                for run in run_batch(self.lane, files, listener, wanted):
                    if time.monotonic() - shown > EVERY_SECONDS:
                        shown = time.monotonic()
                        yield (*_shown(run), *[gr.DownloadButton(interactive=False)] * 3, gr.skip())
                    if stop.is_set():
                        break
                run = replace(run, ended=True)
                saved = [
                    gr.DownloadButton(value=path, interactive=path is not None)
                    for path in batch_tables(run, self.owner)
                ]
                yield (*_shown(run), *saved, run)
        finally:
            self._stops.pop(request.session_hash or "", None)

    def stop(self, request: gr.Request) -> None:
        """Let the visitor's run end after the rows that are being made."""
        if stop := self._stops.get(request.session_hash or ""):
            stop.set()
            gr.Info("Stopping: the clips that are being heard are finished first.")


def _shown(run: BatchRun) -> tuple[Any, Any, Any]:
    return status_html(run), shown_table(run), conditions_html(run)


def build_batch_tab(lane: JudgeLane) -> gr.State:
    """Lay the tab out inside the current `gr.Blocks` and connect it; the state holds the last run."""
    with gr.Row(elem_classes="sq-inputs"):
        files = gr.File(
            label=t("batch_files"), file_count="multiple", type="filepath", elem_id="batch-files", scale=2, height=190
        )
        with gr.Column(scale=1, min_width=280, elem_classes="sq-listener"):
            profile = gr.Dropdown(lane.listeners, value=TYPICAL.name, label=t("listener"), filterable=False)
            extras = gr.CheckboxGroup(
                [("faults", "faults"), ("votes", "votes"), ("reason", "rationale")],
                value=["faults"],
                label=t("batch_extra"),
            )
            score = gr.Button(t("score_all"), variant="primary", size="lg", elem_id="score-all")
            stop = gr.Button(t("stop"), size="sm", elem_id="stop")
    status = gr.HTML(NOTHING, elem_id="batch-status", elem_classes="sq-bare")
    with gr.Row(elem_classes="sq-saves"):
        saves = [
            gr.DownloadButton(t(f"save_{kind}"), size="sm", interactive=False, elem_id=f"batch-{kind}")
            for kind in ("csv", "jsonl", "parquet")
        ]
    chart = gr.HTML("", elem_id="batch-chart", elem_classes="sq-bare")
    table = gr.Dataframe(
        label=t("scores_table"),
        interactive=False,
        elem_id="batch-table",
        max_height=460,
    )
    run = gr.State(None)
    tab = BatchTab(lane, files)
    score.click(
        tab.score,
        [files, profile, extras],
        [status, table, chart, *saves, run],
        api_visibility="private",
        show_progress="hidden",
        concurrency_id="batch",
        concurrency_limit=2,
    )
    stop.click(tab.stop, None, None, api_visibility="private", queue=False)
    return run
