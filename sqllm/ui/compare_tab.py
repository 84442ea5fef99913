"""The tab that holds two to eight clips against each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from sqllm.listeners.profiles import TYPICAL
from sqllm.ui.comparison import FEWEST, LETTERS, MOST, ClipComparison, compare_clips, comparison_html
from sqllm.ui.desk import clips_desk, desk_component
from sqllm.ui.fresh import clip_key
from sqllm.ui.i18n import t
from sqllm.ui.lane import JudgeLane, errors_in_words, listener_profile
from sqllm.ui.rate_tab import ONE_AT_A_TIME

NOTHING = '<p class="sq-hint">Add two to eight clips: here comes which is better, by how much, and how surely.</p>'


class CompareTab:
    """What the button of the tab does. `desk` is the component that pictures and sounds belong to."""

    def __init__(self, lane: JudgeLane, desk: gr.HTML) -> None:
        self.lane, self.desk = lane, desk

    def compare(
        self,
        files: list[str] | None,
        profile: str = TYPICAL.name,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[tuple[Any, Any, Any]]:
        """Compare files: the verdicts as HTML, the desk, and all of it as JSON."""
        with errors_in_words():
            listener, paths = listener_profile(profile, None), files or []
            if not FEWEST <= len(paths) <= MOST:
                raise ValueError(f"Add {FEWEST} to {MOST} clips to compare; there {_are(len(paths))}.")
            heard = []
            for number, path in enumerate(paths):
                progress((number, 2 * len(paths)), desc=f"Listening to {Path(path).name}")
                heard.append(self.lane.listen(path))
            for found in self.lane.stream(compare_clips, tuple(heard), listener):
                if not isinstance(found, ClipComparison):
                    progress((len(paths) + found, 2 * len(paths)), desc="Rating")
                    continue
                clips = [(LETTERS[number], one.clip) for number, one in enumerate(heard)]
                desk = clips_desk(self.desk, clips, clip_key(*paths)).html()
                yield comparison_html(found), desk, found.to_json()


def _are(count: int) -> str:
    return {0: "are none yet", 1: "is one"}.get(count, f"are {count}")


def build_compare_tab(lane: JudgeLane) -> None:
    """Lay the tab out inside the current `gr.Blocks` and connect it."""
    with gr.Row(elem_classes="sq-inputs"):
        files = gr.File(
            label=t("compare_clips"),
            file_count="multiple",
            type="filepath",
            elem_id="compare-files",
            scale=2,
            height=170,
        )
        with gr.Column(scale=1, min_width=280, elem_classes="sq-listener"):
            profile = gr.Dropdown(lane.listeners, value=TYPICAL.name, label=t("listener"), filterable=False)
            compare = gr.Button(t("compare"), variant="primary", size="lg", elem_id="compare")
    shown = gr.HTML(NOTHING, elem_id="comparison", elem_classes="sq-bare")
    desk = desk_component(elem_id="compare-desk", value="")
    with gr.Accordion(t("raw"), open=False):
        as_json = gr.JSON(label="Comparison", elem_id="comparison-json")
    tab = CompareTab(lane, desk)
    results = [shown, desk, as_json]
    settings: dict[str, Any] = {"api_visibility": "private", "show_progress_on": shown, **ONE_AT_A_TIME}
    compare.click(tab.compare, [files, profile], results, **settings)
    files.change(lambda: (NOTHING, "", None), None, results, api_visibility="private", queue=False)
