"""Measured figures as Markdown tables, short enough to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqllm.evaluation.metrics import Fit, Measured
from sqllm.scores import DIMENSIONS

HEADS = ("clips", "r [95%]", "rho", "MAE", "RMSE", "MAE fit", "RMSE fit", "in 90% interval", "its width")


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table, a cell a string."""
    return ["| " + " | ".join(row) + " |" for row in (heads, ["---"] * len(heads), *rows)]


def figure(value: float | None, form: str = ".3f") -> str:
    """A figure in a cell; "-" where there is none."""
    return "-" if value is None else format(value, form)


def main_table(measured: Sequence[Measured]) -> list[str]:
    """A row a dimension and model, over all clips: every figure."""
    rows = []
    for dimension in DIMENSIONS:
        for one in measured:
            if one.by == "all" and one.dimension == dimension:
                rows.append([dimension, one.model, *_cells(one.fit)])
    return markdown_table(("dimension", "model", *HEADS), rows)


def _cells(fit: Fit) -> list[str]:
    errors = [figure(value) for value in (fit.mae, fit.rmse, fit.mae_fit, fit.rmse_fit)]
    r = f"{fit.r:.3f} [{fit.r_low:.3f}, {fit.r_high:.3f}]"
    return [str(fit.clips), r, figure(fit.rho), *errors, figure(fit.coverage, ".1%"), figure(fit.width, ".2f")]


def group_table(
    by: str, groups: Mapping[str, Sequence[int]], models: Sequence[str], measured: Sequence[Measured]
) -> list[str]:
    """A row a group, a column a model: Pearson's r of the MOS / its raw MAE."""
    cells = {(one.group, one.model): one.fit for one in measured if one.by == by and one.dimension == "mos"}
    rows = []
    for group, chosen in groups.items():
        fits = [cells.get((group, model)) for model in models]
        rows.append([group, str(len(chosen)), *(f"{fit.r:.3f} / {figure(fit.mae)}" if fit else "-" for fit in fits)])
    return markdown_table((by, "clips", *models), rows)
