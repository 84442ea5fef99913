"""How a data sheet looks: tables in Markdown and HTML, figures as PNG files, clips to listen to, one page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from sqllm.corpus.human_ratings import CENTRES, HALF_BIN, RatingSummary
from sqllm.scores import DIMENSION_WORDS, HIGHEST, LOWEST, SEVERITIES
from sqllm.signal.plots import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OURS, PEOPLE = "#3f8fd0", "#e08a34"  # both clear of white and of near-black
SEVERITY_COLOURS = ("#a9cdea", "#3f8fd0", "#1f5f96")
PASS, SHORT = "✓ pass", "✗ falls short"
NOTHING = "–"


@dataclass(frozen=True)
class Table:
    """A section of the sheet: title, a note, a table whose first column names its rows, and figures above it.

    `figures` are names of PNG files and what they show; a row named "all" is the sum of those above it.
    """

    title: str
    note: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    figures: Mapping[str, str]

    def to_markdown(self) -> str:
        lines = [f"## {self.title}", "", self.note, "", *(f"![{text}]({name})" for name, text in self.figures.items())]
        if self.figures:
            lines.append("")
        rule = "|---" * len(self.head) + "|"
        return "\n".join([*lines, _markdown_row(self.head), rule, *map(_markdown_row, self.rows)])

    def to_html(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.head)
        rows = "\n".join(map(_row, self.rows))
        images = "".join(f'<img src="{quote(name)}" alt="{escape(text)}">' for name, text in self.figures.items())
        shape = "figures" if len(self.figures) > 1 else "figures wide"
        return f"""<section><h2>{escape(self.title)}</h2>
<p class="note">{escape(self.note)}</p>
{f"<div class='{shape}'>{images}</div>" if images else ""}
<div class="scroll"><table><thead><tr>{head}</tr></thead>
<tbody>{rows}</tbody></table></div></section>"""


@dataclass(frozen=True)
class Listening:
    """A clip to listen to: links relative to the page, who speaks, its labels, and what was done to it."""

    name: str
    about: str
    degraded: str
    reference: str | None
    scores: Mapping[str, float]
    done: Sequence[tuple[str, str, str]]  # kind, severity, spans and parameters

    def to_html(self) -> str:
        players = {"Degraded": self.degraded} | ({"Reference": self.reference} if self.reference else {})
        return (
            f"<article class='clip'><div><h3>{escape(self.name)}</h3><p class='meta'>{escape(self.about)}</p></div>\n"
            + "".join(
                f'<label>{name}<audio controls preload="none" src="{quote(link)}"></audio></label>\n'
                for name, link in players.items()
            )
            + f"<div class='scores'>{''.join(map(_score, self.scores.items()))}</div>\n"
            + f"<ul class='artifacts'>{''.join(map(_done, self.done))}</ul></article>"
        )


def page(title: str, lead: str, tiles: Mapping[str, str], tables: Iterable[Table], clips: Sequence[Listening]) -> str:
    """The data sheet as one HTML page that asks for nothing but the figures and clips beside it."""
    css = Path(__file__).with_name("datasheet.css").read_text(encoding="utf-8")
    shown = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in tiles.items())
    sections = "\n".join(table.to_html() for table in tables)
    listening = "\n".join(clip.to_html() for clip in clips)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{css}</style></head>
<body><main>
<header><h1>{escape(title)}</h1><p class="lead">{escape(lead)}</p><dl class="tiles">{shown}</dl></header>
{sections}
<section><h2>Listen</h2>
<p class="note">{len(clips)} clips drawn at random, with their labels and what was done to them. Some are loud.</p>
<div class="clips">
{listening}
</div></section>
</main></body></html>
"""


def histogram(dimension: str, ours: RatingSummary, people: RatingSummary | None) -> Figure:
    """The corpus's labels as bars, people's ratings as a line: share of clips (%) per .2 on the scale of 1 to 5."""
    figure, axes = _axes(4.0, 2.3)
    axes.bar(CENTRES, 100 * ours.shares, width=2 * HALF_BIN * 0.85, color=OURS, label=f"this corpus ({ours.clips:,})")
    if people:
        edges = np.append(CENTRES - HALF_BIN, CENTRES[-1] + HALF_BIN)
        label = f"people, {people.ratings} ({people.clips:,})"
        axes.stairs(100 * people.shares, edges, color=PEOPLE, linewidth=1.8, label=label)
    axes.set_title(DIMENSION_WORDS[dimension][0], loc="left", fontsize=11, color=INK)
    axes.set_ylabel("% of clips", fontsize=9, color=INK)
    axes.set_xticks(range(1, 6))
    axes.set_ylim(top=1.35 * axes.get_ylim()[1])
    axes.legend(frameon=False, fontsize=8, labelcolor=INK, loc="upper left", borderaxespad=0)
    return figure


def severity_bars(counts: Mapping[str, Mapping[str, int]]) -> Figure:
    """Clips with each kind of artifact, a bar a kind, stacked by severity."""
    figure, axes = _axes(4.6, 0.9 + 0.24 * len(counts))
    kinds, left = list(counts)[::-1], np.zeros(len(counts))
    for severity, colour in zip(SEVERITIES, SEVERITY_COLOURS, strict=True):
        values = np.array([counts[kind][severity] for kind in kinds])
        axes.barh(kinds, values, left=left, color=colour, height=0.68, label=severity)
        left += values
    axes.set_xlabel("clips", fontsize=9, color=INK)
    axes.set_ylim(-0.6, len(kinds) - 0.4)
    figure.legend(
        *axes.get_legend_handles_labels(), frameon=False, fontsize=9, labelcolor=INK, loc="outside upper right", ncols=3
    )
    return figure


def _axes(width: float, height: float) -> tuple[Figure, Any]:
    """A transparent figure with quiet axes, in the ink that is readable on light and dark."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=200, layout="constrained", facecolor="none")
    axes: Any = figure.subplots()
    axes.set_facecolor("none")
    axes.tick_params(colors=INK, labelsize=9, length=0)
    axes.spines[:].set_visible(False)
    axes.spines["bottom"].set_visible(True)
    axes.spines["bottom"].set_color(INK)
    return figure, axes


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    shape = " class='total'" if first == "all" else ""
    return f"<tr{shape}><th>{escape(first)}</th>{''.join(map(_cell, others))}</tr>"


def _cell(text: str) -> str:
    mark = {PASS: "pass", SHORT: "short"}.get(text)
    return f"<td class='{mark}'>{text}</td>" if mark else f"<td>{escape(text)}</td>"


def _score(item: tuple[str, float]) -> str:
    name, value = item
    share = 100 * (min(max(value, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
    bar = f"<div class='bar'><i style='width:{share:.0f}%'></i></div>"
    return f"<span>{DIMENSION_WORDS[name][0]}</span>{bar}<span>{value:.2f}</span>"


def _done(item: tuple[str, str, str]) -> str:
    kind, severity, details = item
    mark = f" <em>{escape(severity)}</em>" if severity else ""
    return f"<li>{escape(kind)}{mark}" + (f"<small>{escape(details)}</small>" if details else "") + "</li>"
