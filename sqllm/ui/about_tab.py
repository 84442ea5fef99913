"""The tab that says what this is: how it works, its figures, limits and licences, the scale, and its version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from sqllm import __version__
from sqllm.scores import DIMENSION_WORDS
from sqllm.ui.charts import table_html
from sqllm.ui.lane import JudgeLane

WHAT = """
**SpeechQualityLLM** says what a careful listener would say about a speech clip: an overall MOS, four perceptual
dimensions, how sure it is, the faults it hears, and why. An audio encoder and a small LLM do the listening, after
[arXiv 2512.08238](https://arxiv.org/abs/2512.08238). No clip is handed on to anybody, and
uploads are deleted after about an hour.

**How.** An encoder turns the clip into audio tokens, which the LLM reads once. Scores and faults are read from its
probabilities. A question is understood, the facts that answer it are computed and selected, and every word of the
answer is held against them before it is shown. So the words follow the facts, and where these are wrong, so are they.
"""

# docs/RESULTS.md has these, single-ended, and the commands that make them.
FIGURES = {
    "Overall quality": ("0.938", "0.261", "91.5%"),
    "Noisiness": ("0.909", "0.276", "90.4%"),
    "Coloration": ("0.884", "0.267", "91.0%"),
    "Discontinuity": ("0.824", "0.351", "89.8%"),
    "Loudness": ("0.940", "0.147", "97.2%"),
}

LIMITS = """
## Limits
- It learnt from other models (NISQA v2, Distill-MOS, PESQ, ViSQOL) on simulated calls, and hears what they hear.
- Overall and dimension scores are to be trusted more than single faults; several faults at once are named only in part,
  and faint clicks, interference and bent time, which it heard few of, often not at all.
- The clip is heard at 16 kHz, in windows of 10 s: nothing above 7.35 kHz counts.
- A reference is the same speech before it was degraded and need not be lined up. With one, a score says what was lost
  against it: 5 means that nothing differs.
- Enhanced, synthetic or sung speech, neural codecs and languages outside its test were not validated.
- A simulated panel says how votes scatter around the model's score; it does not replace people.

## Licences
Code: Apache-2.0. Default checkpoint: CC BY-NC-SA 4.0 (no commercial use); its trunk, from Distill-MOS: MIT. Base LLM
SmolLM2-135M-Instruct: Apache-2.0. Example clips: CC BY-SA 3.0 (Asterisk's prompts, Allison Smith, Digium).

## For programs
Every job of this page is an endpoint (“Use via API” below): `/rate`, `/ask`, `/compare`, `/panel`, `/plan`, `/score`,
JSON in and out. The same are tools of an MCP server at `gradio_api/mcp/`, where the package `mcp` is installed; give
it a file as an http address, or as `data:audio/wav;base64,...`.
"""


def scale_rows() -> list[list[str]]:
    """The words of the scale, a row a dimension: name, then the words of 1 to 5."""
    return [[name, *words] for name, words in DIMENSION_WORDS.values()]


def figure_rows() -> list[list[str]]:
    """How the model does, a row a dimension."""
    return [[name, *cells] for name, cells in FIGURES.items()]


def version_html(model: Mapping[str, str] | None) -> str:
    """Version of the program, name and revision of the model (once it is loaded)."""
    loaded = f"model {model.get('name', '')}, revision {model.get('revision', '')}" if model else "model not loaded yet"
    return f'<p class="sq-hint" id="version">SpeechQualityLLM {__version__}, {loaded}.</p>'


def build_about_tab(lane: JudgeLane, tab: gr.Tab) -> None:
    """Lay the tab out; the revision is asked for when the tab is opened."""
    gr.Markdown(WHAT)
    gr.HTML(_picture(), elem_classes="sq-bare")
    scale = table_html(["", "1", "2", "3", "4", "5"], scale_rows(), "The scale")
    figures = table_html(["", "r", "mean error", "in the 90% band"], figure_rows(), "Figures")
    gr.HTML(
        f'<section class="sq-report"><h2>The scale</h2><p>All scores run from 1 to 5, and 5 is best in every dimension.'
        f"</p>{scale}<h2>Figures</h2><p>Against the fused labels of other models, on 177 simulated calls of unseen "
        f"talkers, languages and noises.</p>{figures}</section>",
        elem_classes="sq-bare",
    )
    gr.Markdown(LIMITS)
    version = gr.HTML(version_html(None), elem_classes="sq-bare")
    tab.select(lambda: version_html(lane.name), None, version, api_visibility="private", show_progress="hidden")


def _picture() -> str:
    """How it works, as a drawing that scales with the page."""
    drawing = Path(__file__).with_name("how-it-works.svg").read_text(encoding="utf-8")
    return f'<div class="sq-drawing" role="region" tabindex="0" aria-label="How it works">{drawing}</div>'
