"""The tab that rates one clip and answers questions about it: components, and what their buttons do."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any, TypeVar, cast

import gradio as gr

from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.profiles import PROFILES, TYPICAL, ListenerProfile, get_profile, with_words
from sqllm.model.base_llm import CheckpointError
from sqllm.model.checkpoint import DEFAULT_CHECKPOINT, stored_config
from sqllm.resources import assets_folder
from sqllm.signal.audio import AudioError
from sqllm.ui.report import NO_ANSWER, answer_html, empty_report, report, spectrograms_html
from sqllm.words.questions import PRESETS, RATIONALE_QUESTION

EXAMPLES = assets_folder() / "examples"
LONGEST_TEXT = 500  # characters of a note or a question
REMEMBERED_CLIPS = 4
NO_CLIP = "Add a clip first: upload a file or record one."

Result = TypeVar("Result")


class JudgeLane:
    """The page's one judge, loaded at first use, and its memory of the last clips it listened to.

    Everything the model does runs on one thread of its own: a `Hearing` bears no second one, and torch's inference
    mode, which an answer keeps on while it is streamed, belongs to a thread.
    """

    def __init__(self, loader: Callable[[], SpeechQualityLLM], remembered: int = REMEMBERED_CLIPS) -> None:
        self._loader, self._remembered = loader, remembered
        self._judge: SpeechQualityLLM | None = None
        self._hearings: OrderedDict[tuple[str, ...], Hearing] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="judge")

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        return self._judge is not None

    @property
    def taught(self) -> tuple[str, ...]:
        """The listeners that the model answers for; before it is loaded those of the embedded one."""
        return (self._judge.model.config if self._judge else stored_config(DEFAULT_CHECKPOINT)).profiles

    def load_early(self) -> None:
        """Start loading without waiting; a failure is told to whoever asks for the first rating."""
        self._thread.submit(self._load)

    def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """The result of some work on the model's thread."""
        return self._thread.submit(work, *arguments).result()

    def listen(self, clip: str, reference: str | None) -> Hearing:
        """The hearing of these two files' contents, new or remembered; raises `AudioError`, `CheckpointError`."""
        return self.run(self._listen, clip, reference)

    def answer(self, heard: Hearing, question: str, profile: ListenerProfile) -> Iterator[str]:
        """The answer to a question in pieces, each decoded on the model's thread."""
        stream = cast(Generator[str, None, None], heard.stream(question, profile))
        try:
            while (piece := self.run(next, stream, None)) is not None:
                yield piece
        finally:
            self._thread.submit(stream.close)

    def _load(self) -> SpeechQualityLLM:
        if self._judge is None:
            self._judge = self._loader()
        return self._judge

    def _listen(self, clip: str, reference: str | None) -> Hearing:
        key = tuple(part for path in (clip, reference) if path for part in (Path(path).name, _digest(path)))
        if key not in self._hearings:
            self._hearings[key] = self._load().listen(clip, reference)
        self._hearings.move_to_end(key)
        while len(self._hearings) > self._remembered:
            self._hearings.popitem(last=False)
        return self._hearings[key]


class RateTab:
    """What the buttons of the tab do."""

    def __init__(self, lane: JudgeLane) -> None:
        self.lane = lane

    def rate(
        self,
        clip: str | None,
        reference: str | None = None,
        profile: str = TYPICAL.name,
        note: str = "",
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio looks for this default)
    ) -> Iterator[tuple[Any, Any]]:
        """Rate a clip, with or without its clean reference: the judgement as JSON, and as a report in HTML."""
        with _errors_in_words():
            listener = _listener_profile(profile, note)
            heard = self._listen(clip, reference, progress)
            progress(0.7, desc="Rating")
            judgement = self.lane.run(heard.rate, listener, False)
            text = ""
            if judgement.scores is None:
                yield judgement.to_json(), report(judgement, text)
                return
            yield gr.skip(), report(judgement, text, writing=True)
            for piece in self.lane.answer(heard, RATIONALE_QUESTION, listener):
                text += piece
                yield gr.skip(), report(judgement, text, writing=True)
            judgement = replace(judgement, rationale=text)
            yield judgement.to_json(), report(judgement, text)

    def ask(
        self,
        clip: str | None,
        question: str,
        reference: str | None = None,
        profile: str = TYPICAL.name,
        note: str = "",
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Iterator[tuple[Any, Any]]:
        """Ask anything about a clip: the answer as JSON, and in HTML."""
        with _errors_in_words():
            listener = _listener_profile(profile, note)
            _check_length(question, "question")
            heard = self._listen(clip, reference, progress)
            progress(0.7, desc="Answering")
            text = ""
            for piece in self.lane.answer(heard, question, listener):
                text += piece
                yield gr.skip(), answer_html(question, text, writing=True)
            answer = self.lane.run(heard.answer, question, text, listener)
            yield answer.to_json(), answer_html(question, text)

    def _listen(self, clip: str | None, reference: str | None, progress: gr.Progress) -> Hearing:
        if not clip:
            raise ValueError(NO_CLIP)
        progress(0.2, desc="Listening" if self.lane.ready else "Loading the model (first time only)")
        return self.lane.listen(clip, reference)


def build_rate_tab(lane: JudgeLane) -> None:
    """Lay the tab out inside the current `gr.Blocks` and connect it."""
    tab = RateTab(lane)
    with gr.Row(elem_classes="sq-columns"):
        with gr.Column(scale=5, min_width=300, elem_classes="sq-inputs"):
            clip, reference = _clip_inputs()
            profile, note = _listener_inputs(lane.taught)
            rate = gr.Button("Rate", variant="primary", size="lg", elem_id="rate")
        with gr.Column(scale=7, min_width=300):
            shown = gr.HTML(empty_report(), elem_id="report", elem_classes="sq-bare")
            question, ask = _question_inputs()
            answer = gr.HTML(NO_ANSWER, elem_id="answer", elem_classes="sq-bare")
            pictures = gr.HTML(spectrograms_html(None, None), elem_id="spectrograms", elem_classes="sq-bare")
            with gr.Accordion("Raw answers (JSON)", open=False):
                rating_json = gr.JSON(label="Rating", elem_id="rating-json")
                answer_json = gr.JSON(label="Answer", elem_id="answer-json")
    one_at_a_time: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
    asked, rated = [clip, question, reference, profile, note], [clip, reference, profile, note]
    rate.click(tab.rate, rated, [rating_json, shown], api_name="rate", show_progress_on=shown, **one_at_a_time)
    gr.on(
        [ask.click, question.submit],
        tab.ask,
        asked,
        [answer_json, answer],
        api_name="ask",
        show_progress_on=answer,
        **one_at_a_time,
    )
    _follow_clips(clip, reference, pictures, [shown, answer, rating_json, answer_json])


def _follow_clips(clip: gr.Audio, reference: gr.Audio, pictures: gr.HTML, results: list[Any]) -> None:
    """With every new clip or reference: new spectrograms, and the results of the old ones are taken away."""
    changes = [clip.change, reference.change]
    # In the browser, so that it can't come after the results of the next rating and wipe those.
    forget = f"() => {json.dumps([empty_report(), NO_ANSWER, None, None])}"
    gr.on(changes, None, None, results, js=forget)
    gr.on(
        changes,
        spectrograms_html,
        [clip, reference],
        pictures,
        api_visibility="private",
        show_progress="hidden",
        trigger_mode="always_last",
        concurrency_id="pictures",
        concurrency_limit=1,
    )


def _listener_inputs(taught: Collection[str]) -> tuple[gr.Radio, gr.Textbox]:
    """The listener profile, of those that the model was taught, with who that is, and what to add to it."""
    known = [profile for profile in PROFILES.values() if profile.name in taught]
    titles = [(profile.title, profile.name) for profile in known]
    profile = gr.Radio(titles, value=TYPICAL.name, label="Who is listening?", elem_id="listener")
    who = gr.HTML(_who(TYPICAL), elem_id="who", elem_classes="sq-bare")
    told = json.dumps({one.name: _who(one) for one in known})
    profile.change(None, profile, who, js=f"(name) => ({told})[name]")
    note = gr.Textbox(
        label="Add to the profile",
        value="",
        placeholder="For example: hates hiss, slightly deaf",
        max_length=LONGEST_TEXT,
        max_lines=3,
    )
    return profile, note


def _who(profile: ListenerProfile) -> str:
    return f'<p class="sq-hint">{escape(profile.who)}</p>'


def _clip_inputs() -> tuple[gr.Audio, gr.Audio]:
    """The two clips and, where there are any, the examples that fill them. Files stay as uploaded: no `format`."""
    looks: dict[str, Any] = {"type": "filepath", "editable": False, "buttons": [], "elem_classes": "sq-drop"}
    clip = gr.Audio(label="Clip to rate", sources=["upload", "microphone"], elem_id="clip", **looks)
    reference = gr.Audio(
        label="Clean reference (optional)", sources=["upload"], elem_id="reference", render=False, **looks
    )
    examples = read_examples(EXAMPLES)
    if examples:
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
    reference.render()
    return clip, reference


def _question_inputs() -> tuple[gr.Textbox, gr.Button]:
    """The question box, its button, and the presets that fill the box without a call to the server."""
    with gr.Row(elem_classes="sq-ask"):
        question = gr.Textbox(
            label="Ask about the clip",
            placeholder="Would this pass in a business call?",
            max_length=LONGEST_TEXT,
            lines=1,
            max_lines=4,
            scale=5,
            min_width=290,
            elem_id="question",
        )
        ask = gr.Button("Ask", scale=1, min_width=90, elem_id="ask")
    with gr.Row(elem_classes="sq-presets"):
        for title, text in PRESETS.items():
            preset = gr.Button(title, size="sm", min_width=0, scale=0)
            preset.click(None, None, question, js=f"() => {json.dumps(text)}")
    return question, ask


def read_examples(folder: Path) -> list[tuple[str, str | None, str]]:
    """(clip, reference or None, kind in words) of the examples listed in `index.csv` that are there."""
    index = folder / "index.csv"
    if not index.is_file():
        return []
    found: list[tuple[str, str | None, str]] = []
    with index.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            clip, reference = folder / row["file"], folder / (row.get("reference") or "-")
            if clip.is_file():
                kind = (row.get("kind") or clip.stem).replace("-", " ").capitalize()
                found.append((str(clip), str(reference) if reference.is_file() else None, kind))
    return found


def _listener_profile(name: str | None, note: str | None) -> ListenerProfile:
    profile = get_profile(name)
    if note and note.strip():
        _check_length(note, "addition to the profile")
        profile = with_words(profile, note)
    return profile


def _check_length(text: str, what: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"The {what} is longer than {LONGEST_TEXT} characters.")


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _errors_in_words() -> Iterator[None]:
    """What the user can mend reaches the page and the API as its sentence, without a traceback."""
    try:
        yield
    except (AudioError, CheckpointError, ValueError) as problem:
        raise gr.Error(str(problem), print_exception=False) from None
