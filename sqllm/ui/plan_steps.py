"""The steps of a plan: conditions from scores, what a panel tells, the test as files, and a user's own votes."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from sqllm.batch.table import read_scores
from sqllm.listeners.fit_report import FitReport, fit_report
from sqllm.listeners.mapping import MAPPED, RatedClips
from sqllm.listeners.votes import POINTS, draw_votes
from sqllm.planning.clip_folder import ClipFolder
from sqllm.planning.conditions import PlannedTest, span_warning
from sqllm.planning.own_votes import VotedClips
from sqllm.planning.plan import Plan, Settings, make_plan
from sqllm.planning.power import ConditionPair, PanelSize, condition_pairs, listener_means, panel_size
from sqllm.planning.report import write_plan
from sqllm.planning.results import read_votes

if TYPE_CHECKING:
    import pandas as pd

POOL = 600  # listeners drawn for how much they differ
COUNTS = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96)  # listeners, for the curve
FEWEST_LISTENERS, MOST_LISTENERS = 2, 200
ELSEWHERE = "not-uploaded"  # the folder that clips of a table from elsewhere are said to be in: nothing is read there


def scores_of_table(path: str) -> pd.DataFrame:
    """A table of scores that somebody uploaded; its clips stay where they are: of its paths only names are kept.

    Raises `ValueError` with a sentence where it is none.
    """
    table = read_scores(Path(path))
    for column in {"file", "ref"} & set(table.columns):
        table[column] = [_elsewhere(str(value)) if value == value and value else "" for value in table[column]]
    return table


def _elsewhere(path: str) -> str:
    """The last two parts of a path, so that folders can be conditions, in a folder that is not there."""
    parts = [part for part in PurePosixPath(path.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    return str(PurePosixPath(ELSEWHERE, *parts[-2:]))


@dataclass(frozen=True)
class PanelAnswer:
    """What a panel of `listeners` tells of a test: the size it takes, the votes it gives, who differs from whom."""

    tests: PlannedTest
    size: PanelSize
    listeners: int
    interval: float
    pairs: tuple[ConditionPair, ...]
    histogram: tuple[int, ...]
    half_widths: np.ndarray  # of the widest condition's 95% interval, for each of COUNTS

    def power(self, one: str, other: str) -> float | None:
        """The share of panels that tells two conditions apart."""
        found = (pair.power for pair in self.pairs if {pair.first, pair.second} == {one, other})
        return next(found, None)


def ask_panel_about(
    tests: PlannedTest, difference: float, interval: float, listeners: int = 0, seed: int = 0
) -> PanelAnswer:
    """Simulated panels on a test; without `listeners` as many as the difference and the interval take.

    Raises `ValueError` with a sentence where more would be needed than anybody asks, or fewer than two are given.
    """
    from scipy.stats import t

    if listeners and not FEWEST_LISTENERS <= listeners <= MOST_LISTENERS:
        raise ValueError(f"A panel has {FEWEST_LISTENERS} to {MOST_LISTENERS} listeners, not {listeners}.")
    size = panel_size(tests, difference, interval, seed=seed)
    count = listeners or size.listeners
    rng = np.random.default_rng(seed)
    votes = draw_votes(tests.mos, count, rng)
    histogram = tuple(int((votes == point).sum()) for point in POINTS)
    widest = float(listener_means(tests, POOL, rng)[0].std(axis=0, ddof=1).max())
    half = np.array([t.ppf(0.975, n - 1) * widest / np.sqrt(n) for n in COUNTS])
    pairs = condition_pairs(tests, count, rng)
    return PanelAnswer(tests, size, count, interval, pairs, histogram, half)


@dataclass(frozen=True)
class WrittenPlan:
    """A plan, what it says in words, and all of its files as a zip archive."""

    plan: Plan
    told: str
    archive: bytes


def plan_settings(
    design: str, platform: str, difference: float, interval: float, listeners: float | None, per_condition: float | None
) -> Settings:
    """How a visitor wants a test planned; 0 or nothing for the counts: as many as it takes, and all clips."""
    return Settings(
        design=design,
        platform=platform,
        name="listening-test",
        difference=difference,
        interval=interval,
        listeners=int(listeners or 0) or None,
        per_condition=int(per_condition or 0) or None,
    )


def write_archive(tests: PlannedTest, settings: Settings) -> WrittenPlan:
    """Make a plan and pack its folder; raises `ValueError` with a sentence where the design can't be had."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / settings.name
        clips = ClipFolder(folder / "clips")
        plan = make_plan(tests, settings, clips)
        told = write_plan(plan, clips)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder.parent))
    return WrittenPlan(plan, told, data.getvalue())


@dataclass(frozen=True)
class FittedVotes:
    """Scores fitted to a user's own votes: the report with its mapping, and what both say of every rated clip."""

    report: FitReport
    rated: RatedClips
    names: tuple[str, ...]
    notes: tuple[str, ...]

    @cached_property
    def mapped(self) -> np.ndarray:
        """The scores as the mapping has them, [clips]."""
        return self.report.mapping.predict(self.rated.predicted)


def fit_votes(votes: str, scores: pd.DataFrame) -> FittedVotes:
    """Fit scores to a file of votes; raises `ValueError` with a sentence where that can't be."""
    revision = _only(scores, "revision")
    if MAPPED in revision:
        raise ValueError("These scores were mapped already: take scores as they come.")
    voted = VotedClips.of(_read(votes), scores)
    rated = voted.rated()
    report = fit_report(rated)
    mapping = replace(report.mapping, profile=_only(scores, "profile") or "typical", revision=revision)
    names = tuple(Path(str(file)).name for file in voted.scores["file"].iloc[voted.voted])
    return FittedVotes(replace(report, mapping=mapping), rated, names, tuple(voted.notes()))


def _read(votes: str) -> pd.DataFrame:
    try:
        return read_votes(Path(votes))
    except ValueError as problem:
        raise ValueError(str(problem).replace(votes, Path(votes).name)) from problem


def _only(scores: pd.DataFrame, column: str) -> str:
    """What a column says of all rows; "" where there is none, or it says several things."""
    told = set(scores[column].dropna().astype(str)) - {""} if column in scores else set()
    return told.pop() if len(told) == 1 else ""


def notes_of(tests: PlannedTest) -> Iterator[str]:
    """What to tell of a test's conditions."""
    if warning := span_warning(tests):
        yield warning


def lines_html(text: str) -> str:
    """Our own Markdown summary as a list in HTML: its first line, then what stands behind dashes."""
    told = re.sub(r" \(--[^)]*\)", "", text)  # what the command line has options for
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    items = "".join(f"<li>{escape(line[2:])}</li>" for line in lines if line.startswith("- "))
    return f"<p><b>{escape(lines[0])}</b></p><ul>{items}</ul>"


def plan_json(written: WrittenPlan) -> dict[str, Any]:
    """A plan in numbers."""
    plan = written.plan
    return {
        "design": plan.design.name,
        "platform": plan.settings.platform,
        "conditions": _conditions_json(plan.tests),
        "listeners": plan.listeners,
        "for_difference": plan.size and plan.size.for_difference,
        "for_interval": plan.size and plan.size.for_interval,
        "sessions": len(plan.sessions),
        "votes": plan.cost.votes,
        "minutes": round(plan.cost.minutes, 1),
        "minutes_each": round(plan.cost.minutes_each, 1),
        "pairs": [
            {"first": one.first, "second": one.second, "difference": round(one.difference, 3), "told_apart": one.power}
            for one in plan.pairs
        ],
        "training": [clip.file for clip in plan.training],
        "gold": [check.stimulus.file for check in plan.gold],
        "traps": [check.stimulus.file for check in plan.traps],
        "notes": list(plan.notes),
        "summary": written.told,
    }


def _conditions_json(tests: PlannedTest) -> list[dict[str, Any]]:
    means: Sequence[float] = tests.condition_mos().tolist()
    counts = np.bincount(tests.index)
    return [
        {"condition": name, "clips": int(count), "mos": round(mean, 3)}
        for name, count, mean in zip(tests.conditions, counts, means, strict=True)
    ]
