"""The gate: a table of scores against a baseline, condition by condition, for continuous integration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sqllm.planning.power import ALPHA, holm

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 0.1  # MOS by which a condition may be worse
LISTED = 5  # files named where some are missing


@dataclass(frozen=True)
class ConditionChange:
    """A condition against its baseline: means over the clips that both tables score, their paired difference with its
    95% interval (equal to the difference for a single clip), and `lost`, clips that no longer have a score.
    """

    condition: str
    clips: int
    baseline: float
    now: float
    difference: float
    low: float
    high: float
    p: float
    lost: int
    worse: bool


@dataclass(frozen=True)
class Gate:
    """What the gate found; `notes` tell of clips that are in one table only."""

    changes: tuple[ConditionChange, ...]
    tolerance: float
    notes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not any(change.worse for change in self.changes)

    def markdown(self) -> str:
        """A summary for the log of a run."""
        worse = [change.condition for change in self.changes if change.worse]
        verdict = "**Passed.**" if self.passed else f"**Failed: {', '.join(worse)}.**"
        lines = [
            f"### Speech quality gate: {verdict} Tolerance {self.tolerance:g} MOS.",
            "",
            "| condition | clips | baseline | now | difference | 95% interval | |",
            "|---|---:|---:|---:|---:|---:|---|",
        ]
        lines += [_row(change) for change in self.changes]
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)])


def _row(change: ConditionChange) -> str:
    told = "worse" if change.worse else "ok"
    if change.lost:
        told += f", {change.lost} without a score"
    if not change.clips:
        return f"| {change.condition} | 0 | | | | | {told} |"
    return (
        f"| {change.condition} | {change.clips} | {change.baseline:.2f} | {change.now:.2f} | "
        f"{change.difference:+.2f} | {change.low:+.2f} to {change.high:+.2f} | {told} |"
    )


def gate(scores: pd.DataFrame, baseline: pd.DataFrame, tolerance: float = TOLERANCE) -> Gate:
    """Compare two tables of scores (columns file, mos[, condition]), clips matched by name.

    A condition is worse when its clips are worse by more than `tolerance` on average and the drop is more than chance:
    one-sided paired t-test, Holm over the conditions, 2.5%. A condition is also worse when a clip that had a score has
    none any more, or when all its clips are gone. Raises `ValueError` where the tables have nothing in common.
    """
    if tolerance < 0:
        raise ValueError("A tolerance is a difference in MOS, zero or above.")
    now, before = _by_name(scores, "scores"), _by_name(baseline, "baseline")
    before = before[before["mos"].notna()]
    shared = before.index.intersection(now.index)
    if not len(shared):
        raise ValueError("The two tables have no clip in common: clips are matched by their names.")
    conditions = list(dict.fromkeys(before["condition"]))
    found = [_differences(now, before[before["condition"] == name]) for name in conditions]
    adjusted = holm(np.array([_p(difference) for difference, _ in found]))
    changes = [
        _change(name, now, before[before["condition"] == name], difference, lost, float(p), tolerance)
        for name, (difference, lost), p in zip(conditions, found, adjusted, strict=True)
    ]
    return Gate(tuple(changes), tolerance, _notes(now, before, scores, baseline))


def _by_name(table: pd.DataFrame, which: str) -> pd.DataFrame:
    """Scores and conditions by the clip's name: its file without folders, with them where two would be the same, and
    with the part of it that was scored.
    """
    missing = {"file", "mos"} - set(table.columns)
    if missing:
        raise ValueError(f"The table of {which} has no column {sorted(missing)[0]}: make it with sqllm score.")
    import pandas as pd

    files = table["file"].astype(str).str.replace("\\", "/", regex=False)
    condition = table["condition"].fillna("").astype(str) if "condition" in table else pd.Series("", table.index)
    for time in ("start", "end"):
        if time in table:
            files = files + pd.to_numeric(table[time], errors="coerce").map(lambda t: "" if np.isnan(t) else f" {t:g}")
    names = files.str.rsplit("/", n=1).str[-1]
    if names.duplicated().any():
        names = condition + "/" + names
    if names.duplicated().any():
        names = files
    if names.duplicated().any():
        raise ValueError(f"The table of {which} has {names[names.duplicated()].iloc[0]} twice.")
    mos = pd.to_numeric(table["mos"], errors="coerce")
    frame = pd.DataFrame({"mos": mos.to_numpy(), "condition": condition.to_numpy()}, index=names)
    return frame.assign(condition=frame["condition"].replace("", "all clips"))


def _differences(now: pd.DataFrame, before: pd.DataFrame) -> tuple[np.ndarray, int]:
    """Differences of the clips both tables score, and how many lost theirs."""
    names = before.index.intersection(now.index)
    change = now.loc[names, "mos"] - before.loc[names, "mos"]
    return change.dropna().to_numpy(float), int(change.isna().sum())


def _p(differences: np.ndarray) -> float:
    """One-sided p that the mean difference is not below zero; a single clip has only its difference to go by."""
    from scipy.stats import t

    if not len(differences) or differences.mean() >= 0:
        return 1.0
    sd = float(differences.std(ddof=1)) if len(differences) > 1 else 0.0
    if sd < 1e-12:
        return 0.0
    return float(t.cdf(differences.mean() / sd * np.sqrt(len(differences)), len(differences) - 1))


def _change(
    name: str,
    now: pd.DataFrame,
    before: pd.DataFrame,
    differences: np.ndarray,
    lost: int,
    p: float,
    tolerance: float,
) -> ConditionChange:
    from scipy.stats import t

    count = len(differences)
    if not count:
        nan = float("nan")
        return ConditionChange(name, 0, nan, nan, nan, nan, nan, p, lost, True)
    mean = float(differences.mean())
    half = 0.0
    if count > 1:
        half = float(t.ppf(0.975, count - 1) * differences.std(ddof=1) / np.sqrt(count))
    names = before.index.intersection(now.index[now["mos"].notna()])
    worse = bool(lost) or (mean < -tolerance - 1e-9 and p < ALPHA / 2)
    was, is_now = float(before.loc[names, "mos"].mean()), float(now.loc[names, "mos"].mean())
    return ConditionChange(name, count, was, is_now, mean, mean - half, mean + half, p, lost, worse)


def _notes(now: pd.DataFrame, before: pd.DataFrame, scores: pd.DataFrame, baseline: pd.DataFrame) -> tuple[str, ...]:
    notes = [
        note
        for names, where in (
            (before.index.difference(now.index), "only in the baseline"),
            (now.index.difference(before.index), "not in the baseline, or without a score there"),
        )
        if (note := _listed(list(names), where))
    ]
    if {"revision"} <= set(scores.columns) & set(baseline.columns):
        used = sorted(set(scores["revision"].dropna()) | set(baseline["revision"].dropna()))
        if len(used) > 1:
            notes.append(f"The tables were made by different models ({', '.join(map(str, used))}): score both by one.")
    return tuple(notes)


def _listed(names: Sequence[str], where: str) -> str:
    if not names:
        return ""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{len(names)} {'clip is' if len(names) == 1 else 'clips are'} {where}: {', '.join(names[:LISTED])}{more}."
