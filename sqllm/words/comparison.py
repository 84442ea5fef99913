"""Which of two clips is better, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

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
