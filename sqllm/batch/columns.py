"""The columns of a table of scores: the user's own, then ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqllm.scores import DIMENSIONS, Judgement

SCORE_COLUMNS = [*DIMENSIONS, *(f"{dimension}_std" for dimension in DIMENSIONS)]
FACT_COLUMNS = ["profile", "seconds", "speech", "revision", "warnings", "error"]
VOTE_COLUMNS = [*(f"vote_{point}" for point in range(1, 6)), "vote_std"]
NUMBERS = frozenset({*SCORE_COLUMNS, *VOTE_COLUMNS, "seconds", "speech"})


@dataclass(frozen=True)
class Wanted:
    """What is written beside scores: the faults heard ("strong codec; slight hum"), the reason in words, and the shares
    of votes 1 to 5 to expect, with their standard deviation.
    """

    faults: bool = False
    rationale: bool = False
    votes: bool = False

    @property
    def columns(self) -> list[str]:
        """Our columns, in order."""
        return [
            *SCORE_COLUMNS,
            *FACT_COLUMNS,
            *(VOTE_COLUMNS if self.votes else ()),
            *(name for name in ("faults", "rationale") if getattr(self, name)),
        ]


@dataclass(frozen=True)
class Layout:
    """The columns of a table: `own`, from each of the user's columns to its name in the table, then those `wanted`."""

    own: Mapping[str, str]
    wanted: Wanted

    @classmethod
    def of(cls, columns: Sequence[str], wanted: Wanted) -> Layout:
        """A user's column that is named as one of ours is written as `own_NAME`."""
        taken = {*columns, *wanted.columns}
        own = {}
        for column in columns:
            name = column
            while name in wanted.columns or (name != column and name in taken):
                name = f"own_{name}"
            own[column] = name
            taken.add(name)
        return cls(own, wanted)

    @property
    def columns(self) -> list[str]:
        return [*self.own.values(), *self.wanted.columns]

    @property
    def renamed(self) -> dict[str, str]:
        """The user's columns that have another name in the table."""
        return {column: name for column, name in self.own.items() if column != name}

    def own_cells(self, record: Mapping[Any, Any]) -> dict[str, Any]:
        """What a row holds of the user's own."""
        return {name: record.get(column) for column, name in self.own.items()}


def judged_cells(judgement: Judgement, wanted: Wanted) -> dict[str, Any]:
    """What a row holds of a judgement; a clip without speech has no scores."""
    cells: dict[str, Any] = {"seconds": round(judgement.seconds, 2), "speech": round(judgement.speech.share, 3)}
    for name, score in (judgement.scores or {}).items():
        cells[name] = round(score.mean, 3)
        cells[f"{name}_std"] = round(score.std, 3)
    cells["warnings"] = "; ".join(judgement.warnings)
    if wanted.votes and judgement.votes is not None:
        shares = (round(float(share), 3) for share in judgement.votes.probabilities)
        cells |= dict(zip(VOTE_COLUMNS, (*shares, round(judgement.votes.std, 3)), strict=True))
    if wanted.faults:
        cells["faults"] = "; ".join(f"{artifact.severity} {artifact.kind}" for artifact in judgement.artifacts)
    if wanted.rationale:
        cells["rationale"] = judgement.rationale
    return cells
