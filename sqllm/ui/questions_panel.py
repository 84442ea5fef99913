"""Questions about a clip: presets by purpose, what was asked and answered so far, and what to ask instead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape

import gradio as gr

from sqllm.ui.i18n import t
from sqllm.ui.lane import LONGEST_TEXT
from sqllm.words.questions import PRESETS

# By what somebody wants to know; each is in a wording that the model was taught or is told of.
PURPOSES = {
    "ask_why": ("Explain the rating", "What is wrong with it?", "How noisy is it?"),
    "ask_use": ("Good enough for a call?", "For an audiobook?", "For speech recognition?"),
    "ask_mend": ("What would mending give?", "Where is it worst?"),
    "ask_measured": ("How loud is it?", "How wide is the band?"),
    "ask_sure": ("How sure is that?", "Would people agree?"),
}
WORDINGS = PRESETS | {
    "For an audiobook?": "Would this be good enough for an audiobook?",
    "For speech recognition?": "Is it good enough for speech recognition?",
    "What would mending give?": "Which fault should be fixed first, and what would that give?",
    "Where is it worst?": "When does it sound worst?",
    "How loud is it?": "What is the level of the speech?",
    "How wide is the band?": "What is the bandwidth?",
    "How sure is that?": "How sure are you of the MOS?",
    "Would people agree?": "Would listeners agree on this clip?",
}
OUTSIDE = ("off-topic", "other-language", "unclear", "cannot-tell", "synthetic")
SUGGESTED = ("What is wrong with it?", "Good enough for a call?", "How noisy is it?")
NO_ANSWER = '<p class="sq-hint">Answers appear here; they stay as long as the clip does.</p>'
MOST_KEPT = 20
# A click on a suggestion puts it into the box.
SCRIPT = """
element.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-question]");
  const box = document.querySelector("#question textarea, #question input");
  if (!asked || !box) return;
  box.value = asked.dataset.question;
  box.dispatchEvent(new Event("input", {bubbles: true}));
  box.focus();
});
"""


@dataclass(frozen=True)
class Exchange:
    """A question, its answer as far as it is written, who listens, whether it lies outside what is answered, and the
    question as it was understood: with what it took over from the one before.
    """

    question: str
    listener: str
    text: str = ""
    outside: bool = False
    understood: str = ""

    def html(self, writing: bool) -> str:
        suggested = "".join(
            f'<button type="button" class="sq-suggest" data-question="{escape(WORDINGS[name])}">{escape(name)}</button>'
            for name in SUGGESTED
        )
        instead = f'<p class="sq-hint">You could ask instead: {suggested}</p>' if self.outside and not writing else ""
        return (
            f'<section class="sq-answer"><p class="sq-about">{escape(self.question)} '
            f"<small>({escape(self.listener)})</small></p>"
            f'<p class="sq-words{" sq-writing" if writing else ""}">{escape(self.text)}</p>{instead}</section>'
        )


@dataclass(frozen=True)
class History:
    """What was asked about the clip `key`, oldest first."""

    key: str = ""
    exchanges: tuple[Exchange, ...] = field(default=())

    def of(self, key: str) -> History:
        """The same for the same clip; else nothing yet."""
        return self if self.key == key else History(key)

    @property
    def previous(self) -> str | None:
        """The question before the next one, as it was understood."""
        return (self.exchanges[-1].understood or self.exchanges[-1].question) if self.exchanges else None

    def plus(self, exchange: Exchange) -> History:
        return replace(self, exchanges=(*self.exchanges, exchange)[-MOST_KEPT:])

    def html(self, writing: Exchange | None = None) -> str:
        """The newest on top."""
        shown = [one.html(False) for one in reversed(self.exchanges)]
        if writing is not None:
            shown.insert(0, writing.html(True))
        return f'<div class="sq-history" aria-live="polite">{"".join(shown)}</div>' if shown else NO_ANSWER


@dataclass(frozen=True)
class QuestionInputs:
    """The question box, its button and the presets."""

    box: gr.Textbox
    ask: gr.Button
    presets: Sequence[gr.Button]


def question_inputs() -> QuestionInputs:
    """Lay them out; a preset fills the box without a call to the server."""
    with gr.Row(elem_classes="sq-ask"):
        box = gr.Textbox(
            label=t("ask_label"),
            placeholder="Would this pass in a business call?",
            max_length=LONGEST_TEXT,
            lines=1,
            max_lines=4,
            scale=5,
            min_width=290,
            elem_id="question",
        )
        ask = gr.Button(t("ask"), scale=1, min_width=90, elem_id="ask")
    presets = []
    with gr.Row(elem_classes="sq-purposes"):
        for purpose, names in PURPOSES.items():
            with gr.Column(min_width=150, elem_classes="sq-purpose"):
                gr.Markdown(t(purpose))
                for name in names:
                    preset = gr.Button(name, size="sm", min_width=0, elem_classes="sq-preset")
                    preset.click(None, None, box, js=f"() => {json.dumps(WORDINGS[name])}")
                    presets.append(preset)
    return QuestionInputs(box, ask, presets)
