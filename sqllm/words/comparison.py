"""Which of two clips is better, and by how much; and what a question about both compares."""

from __future__ import annotations

import re
from collections.abc import Mapping
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


# What is compared, by the words that ask for more of it in the worse clip and in the better one; of a level in the
# quieter and in the louder one.
_COMPARED: Mapping[str, tuple[str, str]] = {
    "level": (r"quieter|softer|fainter", r"louder"),
    "noisiness": (
        r"nois(?:ier|iest)|hissier|more nois[ey]\w*|(?:more|most) hiss",
        r"less nois\w+|cleaner|cleanest|quietest",
    ),
    "discontinuity": (
        r"choppier|choppiest|(?:more|most) (?:choppy|interrupted|broken|drop-?outs|gaps|interruptions)",
        r"smoother|smoothest|(?:less|least) (?:choppy|interrupted)|fewer (?:drop-?outs|gaps|interruptions)",
    ),
    "coloration": (
        r"duller|harsher|tinnier|(?:more|most) (?:distorted|muffled|robotic|metallic|coloured|colored)|less natural",
        r"clearer|clearest|crisper|(?:more|most) natural|(?:less|least) (?:distorted|muffled|robotic|metallic)",
    ),
    "mos": (r"worse|worst|poorer|inferior|bad|so bad", r"better|best|superior|good|prefer\w*|win\w*"),
}
_LETTERS = {"a": "A", "b": "B", "first": "A", "second": "B", "1": "A", "2": "B"}
_CLIP = re.compile(
    r"\b(?:clip |file |recording |sample )?(a|b|first|second|1|2)\b(?! (?:lot|bit|little|difference|quality))"
)
_CLOSED = re.compile(r"^\W*(?:so |and |but |well,? )*(?:is|are|does|do|would|could|isn't|doesn't|was)\b")


@dataclass(frozen=True)
class ComparedIn:
    """What a question about two clips compares: `about` (the "mos", a dimension, or the "level"), whether it asks for
    more or less of that (`worse`), of which `clip` it claims so ("A", "B", or none), and whether it asks for a yes or
    no (`closed`).
    """

    about: str = "mos"
    worse: bool = False
    clip: str = ""
    closed: bool = False


def compared_in(question: str) -> ComparedIn:
    """What a question about two clips compares; their quality where it says nothing else."""
    lower = " ".join(question.lower().replace("’", "'").split())
    for about, sides in _COMPARED.items():
        for worse, words in ((True, sides[0]), (False, sides[1])):
            if match := re.search(rf"\b(?:{words})\b", lower):
                before = lower[: match.start()]
                clips = [_LETTERS[name] for name in _CLIP.findall(before)]
                alone = clips[0] if len({*clips}) == 1 and not re.search(r"\bor\b|\b(?:not|no)\b", lower) else ""
                closed = bool(_CLOSED.match(lower)) and bool(alone)
                return ComparedIn(about, worse, alone if closed or lower.startswith("why") else "", closed)
    return ComparedIn()
