"""The tab that plans a listening test, in steps: conditions, panel, design, export; and takes votes that came back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import gradio as gr

from sqllm.planning.conditions import PlannedTest, planned_test
from sqllm.planning.designs import DESIGNS, PLATFORM_DESIGNS
from sqllm.ui.batch_run import BatchRun
from sqllm.ui.i18n import t
from sqllm.ui.lane import errors_in_words
from sqllm.ui.plan_steps import (
    FittedVotes,
    WrittenPlan,
    ask_panel_about,
    fit_votes,
    lines_html,
    notes_of,
    plan_settings,
    scores_of_table,
    write_archive,
)
from sqllm.ui.plan_views import conditions_view, panel_view, votes_view
from sqllm.ui.published import publish

if TYPE_CHECKING:
    import pandas as pd

NO_CONDITIONS = (
    '<p class="sq-hint">Start from scores: those of the Batch tab, or a table as <code>sqllm score</code> or that tab '
    "writes it, with at least two conditions (a column <code>condition</code>, or folders).</p>"
)
NO_PANEL = '<p class="sq-hint">How many listeners it takes, and which conditions they tell apart, appears here.</p>'
NO_PLAN = '<p class="sq-hint">The plan in words appears here.</p>'
NO_VOTES = (
    '<p class="sq-hint">Votes as the P.808 toolkit, webMUSHRA, HITApp and Go Listen write them, or <code>file,vote'
    "</code> or <code>file,listener,vote</code>; scores as in step 1. Six clips or more have to have both.</p>"
)


@dataclass(frozen=True)
class Scored:
    """The scores that a plan starts from; `clips`: whether their sound files are here, to be packed."""

    scores: pd.DataFrame
    tests: PlannedTest
    clips: bool


class PlanTab:
    """What the buttons of the tab do. `owner` is the component that files belong to."""

    def __init__(self, owner: gr.File) -> None:
        self.owner = owner

    def take(self, from_batch: bool, run: BatchRun | None, table: str | None, pattern: str) -> tuple[Any, ...]:
        """Take scores, of a table or of the Batch tab: them, what they span as HTML, and the next step."""
        with errors_in_words():
            if from_batch and (run is None or not run.rows):
                raise ValueError("There are no scores in the Batch tab yet: score clips there first.")
            if not from_batch and not table:
                raise ValueError("Add a table of scores first, or take those of the Batch tab.")
            scores = run.frame() if from_batch and run else scores_of_table(str(table))
            tests = planned_test(scores, pattern or None)
            return Scored(scores, tests, from_batch), conditions_view(tests, list(notes_of(tests))), NO_PANEL, NO_PLAN

    def ask_panel(self, scored: Scored | None, difference: float, interval: float, listeners: float) -> Any:
        """What a panel tells, as HTML."""
        with errors_in_words():
            return panel_view(ask_panel_about(_tests(scored), difference, interval, int(listeners or 0)))

    def make(
        self,
        scored: Scored | None,
        difference: float,
        interval: float,
        listeners: float,
        design: str,
        platform: str,
        per_condition: float,
    ) -> tuple[Any, Any]:
        """Make the plan: what it says, and its archive to download."""
        with errors_in_words():
            settings = plan_settings(design, platform, difference, interval, listeners, per_condition)
            written = write_archive(_tests(scored), settings)
            path = publish(self.owner, written.archive, "listening-test.zip")
            return plan_view(written, bool(scored and scored.clips)), gr.DownloadButton(value=path, interactive=True)

    def fit(self, scored: Scored | None, votes: str | None) -> tuple[Any, Any]:
        """Fit the scores to votes: how well, as HTML, and the mapping to download."""
        with errors_in_words():
            if not votes:
                raise ValueError("Add a file of votes first.")
            _tests(scored)
            assert scored is not None
            fitted = fit_votes(votes, scored.scores)
            return votes_view(fitted), gr.DownloadButton(value=self._mapping(fitted), interactive=True)

    def _mapping(self, fitted: FittedVotes) -> str:
        with TemporaryDirectory() as scratch:
            out = Path(scratch) / "mapping.json"
            fitted.report.mapping.save(out, fitted.report.about())
            return publish(self.owner, out.read_bytes(), out.name)


def _tests(scored: Scored | None) -> PlannedTest:
    if scored is None:
        raise ValueError("Take scores first: step 1 has them.")
    return scored.tests


def plan_view(written: WrittenPlan, clips: bool) -> str:
    """The plan in words."""
    plan = written.plan
    rows = {
        "Training clips": [one.file for one in plan.training],
        "Gold clips": [check.stimulus.file for check in plan.gold],
        "Trapping clips": [check.stimulus.file for check in plan.traps],
    }
    told = "".join(f"<p><b>{name}:</b> {escape(', '.join(files) or 'none')}</p>" for name, files in rows.items())
    packed = (
        "The clips are packed under the names that the test uses."
        if clips
        else "The clips are not here: clips.csv in the archive says under which names to put them beside it."
    )
    return f'<div class="sq-card">{lines_html(written.told)}{told}<p class="sq-hint">{packed}</p></div>'


def build_plan_tab(run: gr.State) -> None:
    """Lay the tab out inside the current `gr.Blocks` and connect it; `run` holds the last run of the Batch tab."""
    scored = gr.State(None)
    with gr.Walkthrough(selected=0, elem_id="plan-steps") as steps:
        with gr.Step(t("plan_step_scores"), id=0):
            table, pattern, batch = _scores_inputs()
            conditions = gr.HTML(NO_CONDITIONS, elem_id="plan-conditions", elem_classes="sq-bare")
            to_panel = gr.Button(t("next"), variant="primary", elem_id="plan-to-panel")
        with gr.Step(t("plan_step_panel"), id=1):
            wanted = _panel_inputs()
            ask = gr.Button(t("plan_simulate"), variant="primary", elem_id="plan-ask")
            panel = gr.HTML(NO_PANEL, elem_id="plan-panel", elem_classes="sq-bare")
            to_design = gr.Button(t("next"), elem_id="plan-to-design")
        with gr.Step(t("plan_step_design"), id=2):
            designed = _design_inputs()
            make = gr.Button(t("plan_make"), variant="primary", elem_id="plan-make")
        with gr.Step(t("plan_step_export"), id=3):
            plan = gr.HTML(NO_PLAN, elem_id="plan", elem_classes="sq-bare")
            archive = gr.DownloadButton(t("plan_zip"), interactive=False, variant="primary", elem_id="plan-zip")
    tab = PlanTab(table)
    quiet: dict[str, Any] = {"api_visibility": "private"}
    for take, from_batch in ((table.upload, False), (pattern.submit, False), (batch.click, True)):
        take(partial(tab.take, from_batch), [run, table, pattern], [scored, conditions, panel, plan], **quiet)
    for button, number in ((to_panel, 1), (to_design, 2)):
        button.click(partial(gr.Walkthrough, selected=number), None, steps, queue=False, **quiet)
    quiet |= {"concurrency_id": "plan", "concurrency_limit": 2}
    ask.click(tab.ask_panel, [scored, *wanted], panel, show_progress_on=panel, **quiet)
    made = make.click(tab.make, [scored, *wanted, *designed], [plan, archive], **quiet)
    made.success(partial(gr.Walkthrough, selected=3), None, steps, queue=False, api_visibility="private")
    _votes(tab, scored)


def _scores_inputs() -> tuple[gr.File, gr.Textbox, gr.Button]:
    """Where scores come from: a table, with what finds a condition in a file's name, or the Batch tab."""
    with gr.Row(elem_classes="sq-inputs"):
        table = gr.File(label=t("plan_scores"), type="filepath", elem_id="plan-scores", height=130)
        with gr.Column(min_width=280, elem_classes="sq-listener"):
            batch = gr.Button(t("plan_from_batch"), elem_id="plan-from-batch")
            pattern = gr.Textbox(label=t("plan_pattern"), placeholder="_(c[0-9]+)_", max_lines=1)
    return table, pattern, batch


def _panel_inputs() -> list[gr.Slider]:
    """The difference to be found, the interval wanted, and the number of listeners."""
    with gr.Row():
        return [
            gr.Slider(0.1, 1.5, 0.5, step=0.05, label=t("plan_difference")),
            gr.Slider(0.05, 1.0, 0.3, step=0.05, label=t("plan_interval")),
            gr.Slider(0, 200, 0, step=1, label=t("plan_listeners")),
        ]


def _design_inputs() -> list[Any]:
    """Design, platform, and the number of clips of each condition."""
    titles = [(f"{one.name.upper()}: {one.title}", one.name) for one in DESIGNS.values()]
    with gr.Row():
        return [
            gr.Dropdown(titles, value="acr", label=t("plan_design"), filterable=False),
            gr.Dropdown(list(PLATFORM_DESIGNS), value="p808", label=t("plan_platform"), filterable=False),
            gr.Slider(0, 50, 0, step=1, label=t("plan_per_condition")),
        ]


def _votes(tab: PlanTab, scored: gr.State) -> None:
    """What has come back: the votes of a test, to which the scores of step 1 are fitted."""
    with gr.Accordion(t("votes_title"), open=False, elem_id="votes"):
        with gr.Row(elem_classes="sq-inputs"):
            votes = gr.File(label=t("votes_file"), type="filepath", elem_id="votes-file", height=130)
            with gr.Column(min_width=280, elem_classes="sq-listener"):
                fit = gr.Button(t("votes_fit"), variant="primary", elem_id="votes-fit")
                mapping = gr.DownloadButton(t("votes_mapping"), size="sm", interactive=False, elem_id="votes-mapping")
        shown = gr.HTML(NO_VOTES, elem_id="votes-shown", elem_classes="sq-bare")
    fit.click(tab.fit, [scored, votes], [shown, mapping], show_progress_on=shown, api_visibility="private")
