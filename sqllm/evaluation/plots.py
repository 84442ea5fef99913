"""Pictures of an evaluation as PNG files: labels against predictions, and how often the intervals hold the label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sqllm.evaluation.metrics import Calibration, Fit, Labels, Measured, Ratings
from sqllm.scores import DIMENSIONS, HIGHEST, LOWEST
from sqllm.signal.plots import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Told apart by most colour-blind eyes, on white and on near-black (Okabe and Ito's palette).
COLOURS = dict(zip(DIMENSIONS, ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7"), strict=True))
DOT_AREA = 9


def save_figures(
    folder: Path,
    name: str,
    ratings: Ratings,
    labels: Labels,
    measured: Sequence[Measured],
    calibrations: Sequence[Calibration],
) -> Iterator[Path]:
    """Write the pictures of one model on one set into a folder, which is made; yields their paths.

    `measured` and `calibrations` may be of other models too; without any of this one's there is no calibration plot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^a-z0-9]+", "-", f"{name} {ratings.model}".lower()).strip("-")
    fits = {one.dimension: one.fit for one in measured if one.by == "all" and one.model == ratings.model}
    pictures = {"scatter": scatter_figure(ratings, labels, fits)} if fits else {}
    if own := [one for one in calibrations if one.model == ratings.model]:
        pictures["calibration"] = calibration_figure(own)
    for kind, picture in pictures.items():
        path = folder / f"{stem}-{kind}.png"
        picture.savefig(path)
        yield path


def scatter_figure(ratings: Ratings, labels: Labels, fits: Mapping[str, Fit]) -> Figure:
    """A panel a fitted dimension: a dot a clip, its label over its predicted score, and the fit as a line."""
    figure = _figure(2.3 * len(fits) + 0.3, 2.7)
    panels: list[Any] = list(figure.subplots(1, len(fits), squeeze=False)[0])
    for axes, (dimension, fit) in zip(panels, fits.items(), strict=True):
        predicted, label = ratings.means[dimension], labels.values[dimension]
        axes.scatter(predicted, label, DOT_AREA, COLOURS[dimension], alpha=_opacity(fit.clips), linewidths=0)
        ends = np.array([np.nanmin(predicted), np.nanmax(predicted)])
        axes.plot(ends, fit.slope * ends + fit.offset, color=INK, linewidth=1.5)
        axes.set_xlim(LOWEST - 0.1, HIGHEST + 0.1)
        axes.set_xticks(range(1, 6))
        if labels.opinion:
            axes.plot([LOWEST, HIGHEST], [LOWEST, HIGHEST], color=INK, linewidth=0.8, linestyle=":")
            axes.set_ylim(LOWEST - 0.1, HIGHEST + 0.1)
            axes.set_yticks(range(1, 6))
            axes.set_aspect("equal")
        _dress(axes, f"{_title(dimension)}, r {fit.r:.2f}")
        axes.set_xlabel("Predicted score", fontsize=9, color=INK)
    panels[0].set_ylabel("Label", fontsize=9, color=INK)
    return figure


def calibration_figure(calibrations: Sequence[Calibration]) -> Figure:
    """A line a dimension: the share of labels found in the central intervals over the share that should lie there."""
    figure = _figure(3.6, 3.4)
    axes: Any = figure.subplots()
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    for one in calibrations:
        colour, label = COLOURS[one.dimension], _title(one.dimension)
        axes.plot(one.nominal, one.observed, color=colour, linewidth=1.5, label=label)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_aspect("equal")
    _dress(axes, "Labels inside the central interval")
    axes.set_xlabel("Nominal coverage", fontsize=9, color=INK)
    axes.set_ylabel("Observed coverage", fontsize=9, color=INK)
    axes.legend(fontsize=8, frameon=False, labelcolor=INK, loc="lower right")
    return figure


def _figure(width: float, height: float) -> Figure:
    """A figure of a size in inches that belongs to no window (its canvas is Agg's)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=200, layout="constrained", facecolor="none")
    FigureCanvasAgg(figure)
    return figure


def _title(dimension: str) -> str:
    return "MOS" if dimension == "mos" else dimension.capitalize()


def _opacity(clips: int) -> float:
    """Fewer dots are darker: 0.9 up to 40 clips, 0.25 from some 500 on."""
    return float(np.clip(0.9 * np.sqrt(40 / clips), 0.25, 0.9))


def _dress(axes: Any, title: str) -> None:
    """Quiet axes: left-aligned title, a faint grid, no frame."""
    axes.set_title(title, loc="left", fontsize=9, color=INK)
    axes.set_facecolor("none")
    axes.grid(color=INK, alpha=0.25, linewidth=0.5)
    axes.tick_params(colors=INK, labelsize=8)
    axes.spines[:].set_visible(False)
