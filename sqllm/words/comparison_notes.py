"""Which of two clips is better, and what a listener notes of both before comparing them."""

from __future__ import annotations

from dataclasses import dataclass

from sqllm.words.notes import Notes
from sqllm.words.wordings.verdicts import LOW

MOST_NOTED = 2  # faults a clip
SAME_WITHIN = 0.2  # MOS differences below this are "about the same"


@dataclass(frozen=True)
class Comparison:
    """Two clips by MOS, in hundredths: the letters and scores of the better and the worse one; A first where both are
    equal.
    """

    better: str
    worse: str
    high: float
    low: float

    @classmethod
    def of(cls, first: float, second: float) -> Comparison:
        """`first` is the MOS of clip A, `second` of clip B."""
        first, second = round(first, 2), round(second, 2)
        return cls("B", "A", second, first) if second > first else cls("A", "B", first, second)

    @property
    def gap(self) -> float:
        """By how much the better clip's MOS is above the other's."""
        return round(self.high - self.low, 2)

    @property
    def same(self) -> bool:
        """Whether they count as equally good."""
        return self.gap < SAME_WITHIN


def comparison_notes(first: Notes, second: Notes) -> str:
    """What the listener has noted of clips A and B before comparing them, with the verdict."""
    pair = Comparison.of(first.mos, second.mos)
    sides = [f"{letter} MOS {noted.mos:.2f}, {_noted_faults(noted)}" for letter, noted in (("A", first), ("B", second))]
    verdict = "about the same" if pair.same else f"{pair.better} by {pair.gap:.2f}"
    return f"Notes: {'; '.join(sides)}. {verdict}.\n"


def _noted_faults(noted: Notes) -> str:
    said = [f"{fault.severity} {fault.kind.replace('-', ' ')}" for fault in noted.faults[:MOST_NOTED]]
    return " and ".join(said or [LOW[name] for name in noted.low[:MOST_NOTED]] or ["no fault"])
