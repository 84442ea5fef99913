"""The tab that rates one clip and answers questions about it: components, and what their buttons do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr

from sqllm.judge.hearing import Answer, Hearing, TimelinePoint
from sqllm.listeners.profiles import TYPICAL, ListenerProfile
from sqllm.scores import Judgement, Score
from sqllm.ui.cards import empty_report, measures_html, report
from sqllm.ui.desk import desk_component, desk_html, pair_desk
from sqllm.ui.downloads import KINDS, Rated, rating_file
from sqllm.ui.examples import EXAMPLES, read_examples
from sqllm.ui.fresh import clip_key, fresh, key_mark, keyed
from sqllm.ui.i18n import t
from sqllm.ui.lane import LONGEST_TEXT, NO_CLIP, JudgeLane, Listened, check_length, errors_in_words, listener_profile
from sqllm.ui.questions_panel import NO_ANSWER, OUTSIDE, SCRIPT, Exchange, History, question_inputs
from sqllm.words.questions import RATIONALE_QUESTION

NO_MEASURES = '<p class="sq-hint">What is measured of the clip appears here.</p>'
LONG_SECONDS = 10.0  # from which a clip has a timeline
# The file is made when its button is pressed; then the browser is told to take it.
CLICK_SAVED = "() => setTimeout(() => document.querySelector('#saved a, #saved').click(), 150)"
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}


class RateTab:
    """What the buttons of the tab do. `desk` is the component that pictures and sounds belong to."""

    def __init__(self, lane: JudgeLane, desk: gr.HTML) -> None:
        self.lane, self.desk = lane, desk

    def rate(
        self,
        clip: str | None,
        reference: str | None = None,
        profile: str = TYPICAL.name,
        note: str = "",
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio looks for this default)
    ) -> Iterator[tuple[Any, ...]]:
        """Rate a clip: the report, the desk with faults, what was measured, the JSON, and the rating itself."""
        with errors_in_words():
            listener = listener_profile(profile, note)
            heard = self._listen(clip, reference, progress)
            progress(0.7, desc="Rating")
            key, pieces = clip_key(clip, reference), self.lane.stream(_rated, heard, listener)
            first = next(pieces)
            assert isinstance(first, _Judged)
            judgement, text, desk = first.judgement, "", self._desk(heard, first, key)
            measured = keyed(key, measures_html(judgement.measures))
            # Gradio keeps nothing for a link of an output that was skipped once: all are given every time.
            if judgement.scores is not None:
                yield keyed(key, report(judgement, text, True, first.typical)), desk, measured, None, Rated()
                for piece in pieces:
                    text += str(piece)
                    yield keyed(key, report(judgement, text, True, first.typical)), desk, measured, None, Rated()
                judgement = replace(judgement, rationale=text)
            rated = Rated(key, judgement, first.typical)
            yield keyed(key, report(judgement, text, False, first.typical)), desk, measured, judgement.to_json(), rated

    def listen_as(
        self, rated: Rated, clip: str | None, reference: str | None, profile: str, note: str
    ) -> Iterator[tuple[Any, ...]]:
        """Rate anew for another listener, where this clip has been rated."""
        if not clip or rated.key != clip_key(clip, reference):
            yield (gr.skip(),) * 5
            return
        yield from self.rate(clip, reference, profile, note)

    def ask(
        self,
        history: History,
        clip: str | None,
        question: str,
        reference: str | None = None,
        profile: str = TYPICAL.name,
        note: str = "",
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[tuple[Any, ...]]:
        """Ask about a clip: what was asked and answered so far as HTML, the answer as JSON, and the history."""
        with errors_in_words():
            listener = listener_profile(profile, note)
            check_length(question, "question")
            heard = self._listen(clip, reference, progress)
            history = history.of(clip_key(clip, reference))
            progress(0.7, desc="Answering")
            asked = Exchange(question, listener.title, "")
            for piece in self.lane.stream(_asked, heard, question, history.previous, listener):
                if isinstance(piece, Answer):
                    history = history.plus(asked)
                    yield keyed(history.key, history.html()), piece.to_json(), history
                    return
                asked = replace(asked, text=asked.text + piece.text, outside=piece.outside, understood=piece.asked)
                yield keyed(history.key, history.html(asked)), gr.skip(), gr.skip()

    def save(self, kind: str, rated: Rated, history: History, clip: str | None, reference: str | None) -> str:
        """The path of the rating that is shown, as one of `KINDS`."""
        with errors_in_words():
            if not clip or rated.judgement is None or rated.key != clip_key(clip, reference):
                raise ValueError("Rate the clip first: then there is something to download.")
            asked = history.of(rated.key).exchanges
            return rating_file(self.desk, kind, rated, self.lane.listen(clip, reference), asked)

    def show(self, clip: str | None, reference: str | None, desk: str | None) -> Any:
        """The desk of new files, before they are rated; what stands there already, as behind a link, is kept."""
        key = clip_key(clip, reference)
        if clip and desk and key_mark(key) in desk:
            return desk
        return desk_html(self.desk, clip, reference, key)

    def _desk(self, heard: Listened, judged: _Judged, key: str) -> str:
        desk = pair_desk(self.desk, heard.clip, heard.reference, key)
        return replace(desk, faults=judged.judgement.artifacts, timeline=judged.timeline).html()

    def _listen(self, clip: str | None, reference: str | None, progress: gr.Progress) -> Listened:
        if not clip:
            raise ValueError(NO_CLIP)
        progress(0.2, desc="Listening" if self.lane.ready else "Loading the model (first time only)")
        return self.lane.listen(clip, reference)


@dataclass(frozen=True)
class _Judged:
    """A listener's judgement without the reason, the typical listener's scores where that is another one, and the
    scores over time of a long clip.
    """

    judgement: Judgement
    typical: Mapping[str, Score] | None
    timeline: tuple[TimelinePoint, ...]


def _rated(heard: Hearing, listener: ListenerProfile) -> Iterator[_Judged | str]:
    """A listener's judgement, then the pieces of the reason."""
    judgement = heard.rate(listener, rationale=False)
    rated = judgement.scores is not None
    typical = heard.scores(TYPICAL) if rated and listener != TYPICAL else None
    long = judgement.seconds > LONG_SECONDS
    yield _Judged(judgement, typical, tuple(heard.timeline(listener)) if long else ())
    if rated:
        yield from heard.stream(RATIONALE_QUESTION, listener)


@dataclass(frozen=True)
class _Piece:
    """Some words of an answer, whether its question is about something else than this clip's quality, and that question
    as it was understood.
    """

    text: str
    outside: bool
    asked: str


def _asked(heard: Hearing, question: str, previous: str | None, listener: ListenerProfile) -> Iterator[_Piece | Answer]:
    """The pieces of an answer, then all of it."""
    understood, text = heard.understood(question, previous), ""
    outside = any(one.family in OUTSIDE for one in understood)
    for piece in heard.say(understood, listener):
        text += piece
        yield _Piece(piece, outside, understood[-1].in_full)
    yield heard.answer(question, text, listener)


def build_rate_tab(lane: JudgeLane) -> None:
    """Lay the tab out inside the current `gr.Blocks` and connect it."""
    with gr.Row(elem_classes="sq-inputs"):
        clip, reference = _clip_inputs()
        with gr.Column(scale=1, min_width=280, elem_classes="sq-listener"):
            profile, note = listener_inputs(lane.listeners)
            rate = gr.Button(t("rate"), variant="primary", size="lg", elem_id="rate")
    _examples(clip, reference)
    shown = gr.HTML(empty_report(), elem_id="report", elem_classes="sq-bare", js_on_load=fresh(empty_report()))
    desk = desk_component(elem_id="desk")
    questions = question_inputs()
    answer = gr.HTML(NO_ANSWER, elem_id="answer", elem_classes="sq-bare", js_on_load=SCRIPT + fresh(NO_ANSWER))
    with gr.Accordion(t("measured"), open=True):
        measured = gr.HTML(NO_MEASURES, elem_id="measured", elem_classes="sq-bare", js_on_load=fresh(NO_MEASURES))
    rated, history = gr.State(Rated()), gr.State(History())
    tab = RateTab(lane, desk)
    _saving(tab, [rated, history, clip, reference])
    with gr.Accordion(t("raw"), open=False):
        rating_json = gr.JSON(label="Rating", elem_id="rating-json")
        answer_json = gr.JSON(label="Answer", elem_id="answer-json")
    listened = [clip, reference, profile, note]
    results = [shown, desk, measured, rating_json, rated]
    settings: dict[str, Any] = {"api_visibility": "private", "show_progress_on": shown, **ONE_AT_A_TIME}
    running = [
        rate.click(tab.rate, listened, results, **settings),
        gr.on([profile.change, note.submit], tab.listen_as, [rated, *listened], results, **settings),
        gr.on(
            [questions.ask.click, questions.box.submit],
            tab.ask,
            [history, clip, questions.box, reference, profile, note],
            [answer, answer_json, history],
            **(settings | {"show_progress_on": answer}),
        ),
    ]
    _follow_clips(tab, clip, reference, desk, [shown, answer, measured, rating_json, answer_json], running)


def _saving(tab: RateTab, inputs: list[Any]) -> None:
    """A button for each kind of file, made when it is wanted, and the link to this result."""
    saved = gr.DownloadButton(visible="hidden", elem_id="saved")
    with gr.Row(elem_classes="sq-saves"):
        for kind in KINDS:
            button = gr.Button(t(f"save_{kind}"), size="sm", min_width=0, elem_id=f"save-{kind}")
            made = button.click(partial(tab.save, kind), inputs, saved, api_visibility="private")
            made.success(None, js=CLICK_SAVED, api_visibility="private")
        gr.DeepLinkButton("Copy a link to this result", "Copied", size="sm", min_width=0)


def _follow_clips(
    tab: RateTab, clip: gr.Audio, reference: gr.Audio, desk: gr.HTML, results: list[Any], running: list[Any]
) -> None:
    """With every new clip or reference: a new desk, and the results of the old ones are taken away."""
    changes = [clip.change, reference.change]
    empty = json.dumps([empty_report(), NO_ANSWER, NO_MEASURES, None, None])
    forget = f"(clip, reference, ...results) => sqllmFresh.renew(clip, reference) ? results : {empty}"
    gr.on(changes, None, [clip, reference, *results], results, js=forget)
    for run in running:
        run.then(None, results[-2:], results[-2:], js="(...raw) => sqllmFresh.shown() ? raw : [null, null]")
    gr.on(
        changes,
        tab.show,
        [clip, reference, desk],
        desk,
        api_visibility="private",
        show_progress="hidden",
        trigger_mode="always_last",
        concurrency_id="pictures",
        concurrency_limit=1,
    )


def listener_inputs(titles: list[tuple[str, str]]) -> tuple[gr.Dropdown, gr.Textbox]:
    """The listener profile, of `titles` and names, and what to add to it."""
    profile = gr.Dropdown(titles, value=TYPICAL.name, label=t("listener"), elem_id="listener", filterable=False)
    note = gr.Textbox(
        label=t("note"), value="", placeholder=t("note_hint"), max_length=LONGEST_TEXT, max_lines=2, elem_id="note"
    )
    return profile, note


def _clip_inputs() -> tuple[gr.Audio, gr.Audio]:
    """The two clips. Files stay as uploaded: no `format`."""
    looks: dict[str, Any] = {"type": "filepath", "editable": False, "buttons": [], "elem_classes": "sq-drop"}
    looks |= {"scale": 1, "min_width": 280}
    clip = gr.Audio(label=t("clip"), sources=["upload", "microphone"], elem_id="clip", **looks)
    reference = gr.Audio(label=t("reference"), sources=["upload"], elem_id="reference", **looks)
    return clip, reference


def _examples(clip: gr.Audio, reference: gr.Audio) -> None:
    """The examples that fill both boxes, where there are any."""
    examples = read_examples(EXAMPLES)
    if not examples:
        return
    gr.Examples(
        [[file, source] for file, source, _ in examples],
        [clip, reference],
        label="Or try an example",
        example_labels=[kind for _, _, kind in examples],
        examples_per_page=24,
        cache_examples=False,
        api_visibility="private",
        elem_id="examples",
    )
    for box in (clip, reference):
        # Gradio copies examples beside the uploads, and would sweep them away with those.
        box.keep_in_cache.update(box.temp_files)
