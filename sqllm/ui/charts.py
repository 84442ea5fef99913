"""Small charts as SVG in the page's own colours, light and dark, with the numbers in words for who can't see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from sqllm.scores import HIGHEST, LOWEST

WIDTH = 640
NAME_WIDTH, NOTE_WIDTH, ROW, TOP, BOTTOM = 190, 90, 26, 8, 24


@dataclass(frozen=True)
class Interval:
    """A mean with its interval, and what it is of; `note` stands behind it."""

    name: str
    mean: float
    low: float
    high: float
    note: str = ""


def intervals_chart(rows: Sequence[Interval], title: str) -> str:
    """Means with their intervals on the scale from 1 to 5, a row each."""
    height = TOP + ROW * len(rows) + BOTTOM

    def x(score: float) -> float:
        return NAME_WIDTH + (WIDTH - NAME_WIDTH - NOTE_WIDTH) * (score - LOWEST) / (HIGHEST - LOWEST)

    marks = "".join(
        f'<line class="rule" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        f'<text class="quiet" x="{x(at):.1f}" y="{height - 8}" text-anchor="middle" font-size="11">{at}</text>'
        for at in range(1, 6)
    )
    drawn = ""
    for number, row in enumerate(rows):
        y = TOP + ROW * (number + 0.5)
        told = f"{row.name}: {row.mean:.2f}, {row.low:.2f} to {row.high:.2f}"
        drawn += (
            f"<g><title>{escape(told)}</title>"
            f'<text x="{NAME_WIDTH - 12}" y="{y + 4:.1f}" text-anchor="end" font-size="12">'
            f"{escape(_cut(row.name))}</text>"
            f'<line class="ink" x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke-width="2"/>'
            f'<circle class="ink" cx="{x(row.mean):.1f}" cy="{y:.1f}" r="4.5"/>'
            f'<text class="quiet" x="{WIDTH - 4}" y="{y + 4:.1f}" text-anchor="end" font-size="11">{row.mean:.2f} '
            f"{escape(row.note)}</text></g>"
        )
    return _svg(WIDTH, height, title, marks + drawn)


def votes_chart(counts: Sequence[int], title: str) -> str:
    """A histogram of votes 1 to 5."""
    width, height, most = 320, 150, max(1, *counts)
    bars = ""
    for number, count in enumerate(counts):
        x, tall = 24 + 58 * number, 96 * count / most
        bars += (
            f"<g><title>{count} votes of {number + 1}</title>"
            f'<rect class="ink" x="{x}" y="{116 - tall:.1f}" width="40" height="{tall:.1f}" rx="3"/>'
            f'<text x="{x + 20}" y="{110 - tall:.1f}" text-anchor="middle" font-size="11">{count}</text>'
            f'<text class="quiet" x="{x + 20}" y="134" text-anchor="middle" font-size="12">{number + 1}</text></g>'
        )
    return _svg(width, height, title, bars)


@dataclass(frozen=True)
class Line:
    """A series over x: [n] each. `kind` is its look: "line" or "other"."""

    name: str
    x: np.ndarray
    y: np.ndarray
    kind: str = "line"


def lines_chart(
    lines: Sequence[Line], title: str, x_title: str, y_title: str, y_range: tuple[float, float] | None = None
) -> str:
    """Lines over one axis; names at their ends."""
    every_x, every_y = np.concatenate([line.x for line in lines]), np.concatenate([line.y for line in lines])
    low_y, high_y = y_range or (0.0, float(every_y.max()) * 1.05 or 1.0)
    frame = _Frame((float(every_x.min()), float(every_x.max())), (low_y, high_y))
    drawn = frame.axes(x_title, y_title)
    for number, line in enumerate(lines):
        points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in zip(line.x, line.y, strict=True))
        drawn += f'<polyline class="{line.kind}" points="{points}"><title>{escape(line.name)}</title></polyline>'
        if line.kind == "line":
            drawn += f'<circle class="ink" cx="{frame.x(line.x[-1]):.1f}" cy="{frame.y(line.y[-1]):.1f}" r="3.5"/>'
        if len(lines) > 1:
            drawn += (
                f'<line class="{line.kind}" x1="{60 + 130 * number}" x2="{80 + 130 * number}" y1="12" y2="12"/>'
                f'<text x="{86 + 130 * number}" y="16" font-size="11">{escape(line.name)}</text>'
            )
    return _svg(_Frame.width, _Frame.height, title, drawn)


def scatter_chart(x: np.ndarray, y: np.ndarray, names: Sequence[str], title: str, x_title: str, y_title: str) -> str:
    """Points on the scale from 1 to 5 in both directions, [n] each, with the line on which both agree."""
    frame = _Frame((LOWEST, HIGHEST), (LOWEST, HIGHEST), square=True)
    drawn = frame.axes(x_title, y_title)
    drawn += (
        f'<line class="rule" x1="{frame.x(1):.1f}" y1="{frame.y(1):.1f}" x2="{frame.x(5):.1f}" y2="{frame.y(5):.1f}" '
        'stroke-dasharray="4 3"/>'
    )
    drawn += "".join(
        f'<circle class="ink" cx="{frame.x(a):.1f}" cy="{frame.y(b):.1f}" r="3.5" fill-opacity=".55">'
        f"<title>{escape(name)}: {a:.2f}, {b:.2f}</title></circle>"
        for a, b, name in zip(x.tolist(), y.tolist(), names, strict=True)
    )
    return _svg(frame.extent, frame.height if not frame.square else frame.extent, title, drawn)


@dataclass(frozen=True)
class _Frame:
    """Where values lie in a chart with two axes."""

    across: tuple[float, float]
    up: tuple[float, float]
    square: bool = False
    width = 640
    height = 230

    @property
    def extent(self) -> int:
        return 340 if self.square else self.width

    @property
    def tall(self) -> int:
        return 340 if self.square else self.height

    def x(self, value: float) -> float:
        low, high = self.across
        return 48 + (self.extent - 64) * (value - low) / ((high - low) or 1)

    def y(self, value: float) -> float:
        low, high = self.up
        return self.tall - 40 - (self.tall - 64) * (min(max(value, low), high) - low) / ((high - low) or 1)

    def axes(self, x_title: str, y_title: str) -> str:
        drawn = ""
        for at in _ticks(*self.up):
            drawn += (
                f'<line class="rule" x1="48" x2="{self.extent - 16}" y1="{self.y(at):.1f}" y2="{self.y(at):.1f}"/>'
                f'<text class="quiet" x="42" y="{self.y(at) + 4:.1f}" text-anchor="end" font-size="11">{at:g}</text>'
            )
        for at in _ticks(*self.across):
            drawn += (
                f'<text class="quiet" x="{self.x(at):.1f}" y="{self.tall - 24}" text-anchor="middle" font-size="11">'
                f"{at:g}</text>"
            )
        middle = (self.extent + 32) / 2
        return drawn + (
            f'<text class="quiet" x="{middle:.0f}" y="{self.tall - 6}" text-anchor="middle" font-size="12">'
            f"{escape(x_title)}</text>"
            f'<text class="quiet" transform="translate(12 {self.tall / 2:.0f}) rotate(-90)" text-anchor="middle" '
            f'font-size="12">{escape(y_title)}</text>'
        )


def _ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers between two."""
    span = (high - low) or 1.0
    power = 10 ** np.floor(np.log10(span / most))
    step = float(next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= most))
    first = np.ceil(low / step - 1e-9)
    return [round(float((first + number) * step), 6) for number in range(int(np.floor(high / step + 1e-9) - first) + 1)]


def _cut(name: str, most: int = 22) -> str:
    return name if len(name) <= most else f"{name[: most - 9]}…{name[-8:]}"


def _svg(width: float, height: float, title: str, drawn: str) -> str:
    look = "sq-chart sq-wide" if width == WIDTH else "sq-chart"
    return (
        f'<svg class="{look}" viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width:.0f}px" role="img" '
        f'aria-label="{escape(title)}">{drawn}</svg>'
    )


def table_html(heads: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> str:
    """A table; the first cell of a row is its name. Cells are taken as HTML."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="sq-scroll" role="region" tabindex="0" aria-label="{escape(label)}"><table class="sq-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
