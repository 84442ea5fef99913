"""What a rating is taken away as: JSON, a picture of the spectrograms, and a report on one page."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from gradio.blocks import Block

from sqllm.scores import Judgement, Score
from sqllm.signal.alignment import align_reference
from sqllm.signal.audio import Clip
from sqllm.signal.plots import spectrogram_figure
from sqllm.ui.cards import measures_html, report
from sqllm.ui.lane import Listened
from sqllm.ui.published import publish
from sqllm.ui.questions_panel import Exchange

# The report stands alone and prints on one sheet: the cards' own rules, in ink.
_PRINTED = """
:root { --sq-accent: #0f766e; --sq-quiet: #5b6675; --border-color-primary: #d5dae1; --block-background-fill: #fff; }
body { font: 14px/1.45 system-ui, sans-serif; color: #17202b; background: #fff; max-width: 780px; margin: 24px auto; }
h1 { font-size: 1.3rem; margin: 0; } footer { color: var(--sq-quiet); font-size: .8rem; margin-top: 14px; }
img { width: 100%; background: #fff; } @page { size: A4; margin: 12mm; }
* { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
"""


@dataclass(frozen=True)
class Rated:
    """A finished rating of the files `key`: what the page shows and what is taken away."""

    key: str = ""
    judgement: Judgement | None = None
    typical: Mapping[str, Score] | None = None


KINDS = ("json", "png", "html")


def rating_file(owner: Block, kind: str, rated: Rated, heard: Listened, asked: Sequence[Exchange]) -> str:
    """The path of a rating as one of `KINDS`, named after its clip."""
    judgement = rated.judgement
    assert judgement is not None
    if kind == "json":
        data = json.dumps(judgement.to_json(), ensure_ascii=False, indent=1).encode()
    elif kind == "png":
        data = picture_of(judgement, heard.clip, heard.reference)
    else:
        data = page_of(judgement, rated.typical, asked, picture_of(judgement, heard.clip, heard.reference)).encode()
    return publish(owner, data, f"{Path(judgement.file).stem or 'clip'}.{kind}")


def picture_of(judgement: Judgement, clip: Clip, reference: Clip | None) -> bytes:
    """The spectrograms of a clip and of the reference that it was compared with, with the moments of the faults above
    them, as PNG.
    """
    aligned = None
    if reference is not None and judgement.reference is not None:
        aligned = Clip(align_reference(reference.samples, clip.samples).samples)
    figure = spectrogram_figure(clip, aligned, judgement.artifacts)
    data = io.BytesIO()
    figure.savefig(data, format="png", facecolor="white")
    return data.getvalue()


def page_of(
    judgement: Judgement, typical: Mapping[str, Score] | None, asked: Sequence[Exchange], picture: bytes
) -> str:
    """A report of one page that needs nothing else: scores, reason, faults, spectrograms, answers, measures."""
    css = Path(__file__).with_name("cards.css").read_text(encoding="utf-8") + _PRINTED
    image = base64.b64encode(picture).decode()
    answers = "".join(f"<dt>{escape(one.question)}</dt><dd>{escape(one.text)}</dd>" for one in asked)
    model: Mapping[str, Any] = judgement.model
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(judgement.file)}</title>'
        f"<style>{css}</style><body><h1>Speech quality of {escape(judgement.file)}</h1>"
        f"{report(judgement, judgement.rationale or '', typical=typical)}"
        f'<img alt="Spectrograms" src="data:image/png;base64,{image}">'
        f"{f'<h2>Asked</h2><dl>{answers}</dl>' if answers else ''}<h2>Measured</h2>{measures_html(judgement.measures)}"
        f"<footer>SpeechQualityLLM, {escape(str(model.get('name', '')))} {escape(str(model.get('revision', '')))}. "
        "Scores from 1 to 5, 5 is best in every dimension; heard at 16 kHz; ± is what the model does not know.</footer>"
        "</body></html>"
    )
