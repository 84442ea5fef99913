"""The tab that listens along: the microphone, or a file played as if live."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from sqllm.signal.audio import SAMPLE_RATE, load_clip
from sqllm.ui.i18n import t
from sqllm.ui.lane import NO_CLIP, JudgeLane, errors_in_words
from sqllm.ui.live_meter import EVERY_SECONDS, NOTHING, LiveMeter

LONGEST_FILE = 600.0  # s that are played
LONGEST_STREAM = 1800  # s of a microphone
IDLE_SECONDS = 600  # after which a meter that nobody feeds is forgotten


class LiveTab:
    """What the boxes and buttons of the tab do."""

    def __init__(self, lane: JudgeLane) -> None:
        self.lane = lane

    def hear(self, piece: tuple[int, np.ndarray] | None, meter: LiveMeter | None) -> tuple[str, LiveMeter]:
        """Take the next piece of the microphone's sound: what is heard as HTML, and the meter."""
        meter = meter or LiveMeter(self.lane)
        if piece is not None and len(piece[1]):
            meter.add(*piece)
        return meter.html(), meter

    def play(self, file: str | None) -> Iterator[str]:
        """Feed a file to a meter, a second every second: what is heard as HTML."""
        with errors_in_words():
            if not file:
                raise ValueError(NO_CLIP)
            clip, meter = load_clip(file), LiveMeter(self.lane)
            if not self.lane.ready:
                yield '<p class="sq-hint" role="status">Loading the model (first time only).</p>'
                self.lane.load()
        begun, step = time.monotonic(), round(EVERY_SECONDS * SAMPLE_RATE)
        for number, start in enumerate(range(0, min(len(clip.samples), round(LONGEST_FILE * SAMPLE_RATE)), step)):
            meter.add(SAMPLE_RATE, clip.samples[start : start + step])
            yield meter.html()
            time.sleep(max(0.0, begun + number * EVERY_SECONDS - time.monotonic()))
        meter.finish()
        yield meter.html()


def build_live_tab(lane: JudgeLane) -> None:
    """Lay the tab out inside the current `gr.Blocks` and connect it."""
    tab = LiveTab(lane)
    with gr.Row(elem_classes="sq-inputs"):
        microphone = gr.Audio(
            label=t("live_microphone"), sources=["microphone"], type="numpy", streaming=True, elem_id="live-microphone"
        )
        file = gr.Audio(
            label=t("live_file"), sources=["upload"], type="filepath", editable=False, buttons=[], elem_id="live-file"
        )
        with gr.Column(min_width=180, elem_classes="sq-listener"):
            play = gr.Button(t("live_play"), variant="primary", elem_id="live-play")
            clear = gr.Button(t("live_clear"), elem_id="live-clear")
    shown = gr.HTML(NOTHING, elem_id="live", elem_classes="sq-bare")
    meter = gr.State(None, time_to_live=IDLE_SECONDS)
    settings: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    streaming = microphone.stream(
        tab.hear,
        [microphone, meter],
        [shown, meter],
        stream_every=EVERY_SECONDS,
        time_limit=LONGEST_STREAM,
        concurrency_id="live",
        concurrency_limit=4,
        **settings,
    )
    playing = play.click(tab.play, file, shown, concurrency_id="live", concurrency_limit=4, **settings)
    clear.click(lambda: (NOTHING, None), None, [shown, meter], cancels=[playing, streaming], queue=False, **settings)
