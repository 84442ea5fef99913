"""The clips of a planned test with their predicted scores, their conditions, and what of the scale they span."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sqllm.scores import DIMENSIONS

if TYPE_CHECKING:
    import pandas as pd

# Listeners stretch what they hear over the whole scale (range-equalising bias: Zielinski, Rumsey and Bech 2008; Cooper
# and Yamagishi 2023): a set that leaves both ends empty gets scores that say little outside it.
LEAST_SPAN = 2.0  # points between the worst and the best condition
GOOD_END, BAD_END = 4.0, 2.5  # the best condition should reach the one, the worst fall to the other


@dataclass(frozen=True)
class PlannedClip:
    """A clip with its predicted scores: `mean` and `std` by dimension, 1-5. `source` is the recording it was made of:
    clips of one source in several conditions are compared with one another. `seconds` is 0 where it isn't known.
    """

    file: str
    condition: str
    source: str
    mean: Mapping[str, float]
    std: Mapping[str, float]
    reference: str = ""
    seconds: float = 0.0

    @property
    def mos(self) -> float:
        return self.mean["mos"]


@dataclass(frozen=True)
class PlannedTest:
    """The clips of a test, in order; `index` holds the number of each clip's condition in `conditions`, [clips]."""

    clips: tuple[PlannedClip, ...]
    conditions: tuple[str, ...] = field(init=False)
    index: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = tuple(dict.fromkeys(clip.condition for clip in self.clips))
        object.__setattr__(self, "conditions", names)
        object.__setattr__(self, "index", np.array([names.index(clip.condition) for clip in self.clips], int))

    @property
    def mos(self) -> np.ndarray:
        """Predicted MOS, [clips]."""
        return np.array([clip.mos for clip in self.clips])

    def averaging(self) -> np.ndarray:
        """The matrix that turns values of clips into means of conditions, [clips, conditions]."""
        chosen = self.index[:, None] == np.arange(len(self.conditions))
        return chosen / chosen.sum(axis=0)

    def condition_mos(self) -> np.ndarray:
        """Mean predicted MOS, [conditions]."""
        return self.mos @ self.averaging()

    def of(self, condition: str) -> tuple[PlannedClip, ...]:
        return tuple(clip for clip in self.clips if clip.condition == condition)


def planned_test(table: pd.DataFrame, condition_pattern: str | None = None) -> PlannedTest:
    """The planned test of a table of scores as `sqllm score` writes it: file, mos, and as far as there are condition,
    source (or speaker, ref), seconds and the other dimensions with their `_std`.

    Where no condition is named, `condition_pattern` (a regular expression with one group) finds it in the file's name,
    else the folder of a clip is its condition. Clips without a score are left out. Raises `ValueError` with a sentence
    where there is nothing to plan with.
    """
    missing = {"file", "mos"} - set(table.columns)
    if missing:
        raise ValueError(f"The table of scores has no column {sorted(missing)[0]}: make it with sqllm score.")
    scored = table[table["mos"].notna() & (table["file"] != "")]
    if any(_text(value) for name in ("start", "end") if name in scored for value in scored[name]):
        raise ValueError("Some scores are of parts of files (start, end): cut these into files of their own first.")
    records = scored.to_dict("records")
    if not records:
        raise ValueError("None of the clips has a score: there is nothing to plan a test with.")
    conditions = _conditions(records, condition_pattern)
    clips = tuple(_clip(record, name) for record, name in zip(records, conditions, strict=True))
    if len(set(conditions)) < 2:
        raise ValueError(
            "All clips are of one condition: name conditions in a column condition, in folders, or by "
            "--condition-pattern."
        )
    return PlannedTest(clips)


def _conditions(records: Sequence[Mapping], pattern: str | None) -> list[str]:
    named = [str(record.get("condition") or "").removesuffix(".0") for record in records]
    if pattern is None:
        return named if all(named) else [Path(str(record["file"])).parent.name for record in records]
    try:
        expression = re.compile(pattern)
    except re.error as problem:
        raise ValueError(f"The pattern {pattern!r} is no regular expression ({problem}).") from problem
    found = [expression.search(Path(str(record["file"])).name) for record in records]
    for match, record in zip(found, records, strict=True):
        if match is None or expression.groups != 1:
            raise ValueError(
                f"The pattern {pattern!r} finds no condition in {Path(str(record['file'])).name}: it needs one "
                "group, such as '_(c[0-9]+)_'."
            )
    return [match.group(1) for match in found if match]


def _clip(record: Mapping, condition: str) -> PlannedClip:
    known = [name for name in DIMENSIONS if _number(record.get(name)) is not None]
    source = next((str(record[name]) for name in ("source", "ref") if _text(record.get(name))), "")
    return PlannedClip(
        file=str(record["file"]),
        condition=condition,
        source=Path(source).stem if source else source_of(str(record["file"]), condition),
        mean={name: float(record[name]) for name in known},
        std={name: _number(record.get(f"{name}_std")) or 0.0 for name in known},
        reference=_text(record.get("ref")),
        seconds=_number(record.get("seconds")) or 0.0,
    )


def source_of(file: str, condition: str) -> str:
    """The recording a clip was made of: its file's name without its condition, "c1_f2.wav" of c1 -> "f2"."""
    stem = Path(file).stem
    bare = re.sub(rf"(?<![0-9A-Za-z]){re.escape(condition)}(?![0-9A-Za-z])", "", stem)
    return re.sub(r"[_\-. ]{2,}", "_", bare).strip("_-. ") or stem


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value)


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


@dataclass(frozen=True)
class Span:
    """What of the scale the conditions take up: means of the worst and the best."""

    worst: float
    best: float

    @property
    def narrow(self) -> bool:
        return self.best - self.worst < LEAST_SPAN or self.best < GOOD_END or self.worst > BAD_END

    def anchors(self) -> tuple[str, ...]:
        """Reference conditions that would fill the ends that are empty."""
        return (*(["clean"] if self.best < GOOD_END else []), *(["mnru-08"] if self.worst > BAD_END else []))


def span(tests: PlannedTest) -> Span:
    means = tests.condition_mos()
    return Span(float(means.min()), float(means.max()))


def span_warning(tests: PlannedTest) -> str | None:
    """A sentence where the set spans too little of the scale, with what would help; None where it spans enough."""
    taken = span(tests)
    if not taken.narrow:
        return None
    added = " and ".join(taken.anchors())
    remedy = f"add the reference conditions {added}" if added else "add anchors below and above (--references mnru)"
    if taken.best - taken.worst < 1:
        remedy += ", or ask for preferences (--design pairs), which tell small differences better"
    return (
        f"The conditions span MOS {taken.worst:.1f} to {taken.best:.1f}: listeners will stretch that over the whole "
        f"scale; {remedy}."
    )
