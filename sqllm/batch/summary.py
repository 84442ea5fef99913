"""What a table of scores says in all, and of each condition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sqllm.scores import clamp

if TYPE_CHECKING:
    import pandas as pd

HEADS = ("", "n", "MOS", "median", "sd", "95% over clips", "each clip")


def summarise(scored: pd.DataFrame) -> Iterator[str]:
    """Lines for the end of a run: counts, then n, mean, median and sd of the MOS, overall and of each condition.

    The 95% interval of the mean tells how it would vary with the choice of clips (Student's t, kept on the scale); what
    each clip's own score is uncertain by stands behind it.
    """
    good = scored[scored["mos"].notna()]
    speechless = len(scored) - len(good) - int((scored["error"] != "").sum())
    without = f"; {speechless} without speech" if speechless else ""
    yield f"{len(good)} of {len(scored)} clips scored{without}."
    if good.empty:
        return
    lines = [HEADS, _line("all clips", good)]
    if "condition" in good and (conditions := good["condition"].fillna("").astype(str)).any():
        lines += [_line(str(name) or "(none)", group) for name, group in good.groupby(conditions, sort=False)]
    yield from _aligned(lines)


def _line(name: str, group: pd.DataFrame) -> Sequence[str]:
    mos, own = group["mos"], float(np.sqrt(np.mean(np.square(group["mos_std"]))))
    sd = f"{mos.std():.2f}" if len(mos) > 1 else "-"
    return (
        name,
        str(len(mos)),
        f"{mos.mean():.2f}",
        f"{mos.median():.2f}",
        sd,
        _in_words(mean_interval(mos)),
        f"+-{own:.2f}",
    )


def mean_interval(values: pd.Series) -> tuple[float, float] | None:
    """The 95% interval of the mean of clips' scores over clips (Student's t), kept on the scale; None for one clip."""
    from scipy.stats import t

    if len(values) < 2:
        return None
    half = float(t.ppf(0.975, len(values) - 1) * values.std() / len(values) ** 0.5)
    return clamp(float(values.mean()) - half), clamp(float(values.mean()) + half)


def _in_words(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.2f} to {interval[1]:.2f}"


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Cells in columns: the first to the left, the others to the right."""
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        yield "  ".join(cells)
