"""What a listener has noted of a clip before answering: everything that answers say is derived from these notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqllm.scores import DIMENSIONS, LOCATED_KINDS, HeardArtifact, category, stated
from sqllm.words.questions import TAUGHT_USES, USES
from sqllm.words.repair import by_importance, first_fix

MOST_TIMES = 4
REFERENCES = ("none", "same", "other")
TOUCHES: Mapping[str, frozenset[str]] = {
    "noisiness": frozenset({"background-noise", "hum", "competing-speaker", "clicks", "interference"}),
    "coloration": frozenset(
        {
            "codec",
            "band-limited",
            "amplitude-clipping",
            "reverberation",
            "echo",
            "noise-suppression",
            "packet-loss",
            "time-warp",
            "unknown",
        }
    ),
    "discontinuity": frozenset({"packet-loss", "time-clipping", "clicks", "interference", "time-warp", "unknown"}),
    "loudness": frozenset({"too-quiet", "too-loud", "level-change", "packet-loss", "time-clipping"}),
}
FINE_FROM, LOW_BELOW = 4.2, 3.5


@dataclass(frozen=True)
class NotedFault:
    """An artifact as noted: the first times it happens (seconds, tenths), how many more there are, and the doubt."""

    kind: str
    severity: str
    times: tuple[float, ...] = ()
    more: int = 0
    certain: bool = True

    @classmethod
    def of(cls, artifact: HeardArtifact) -> NotedFault:
        spans = artifact.spans if artifact.kind in LOCATED_KINDS else ()
        times = sorted({round(start, 1) for start, _ in spans})
        more = max(0, len(times) - MOST_TIMES)
        return cls(artifact.kind, artifact.severity, tuple(times[:MOST_TIMES]), more, artifact.certain)

    @property
    def count(self) -> int:
        """How often it happens; 0 where no times are known."""
        return len(self.times) + self.more

    def text(self) -> str:
        """ "possibly strong packet loss at 2.1, 4.7 s"."""
        words = f"{'' if self.certain else 'possibly '}{self.severity} {self.kind.replace('-', ' ')}"
        if not self.times:
            return words
        more = f" and {self.more} more" if self.more else ""
        return f"{words} at {', '.join(f'{time:.1f}' for time in self.times)} s{more}"


@dataclass(frozen=True)
class Notes:
    """Five scores to a tenth, the faults by importance, what to mend first and the MOS that would give, and whether
    there is a reference (`none`), with the clip's own speech (`same`) or another (`other`).
    """

    scores: Mapping[str, float]
    faults: tuple[NotedFault, ...] = ()
    fix: tuple[str, float] | None = None
    reference: str = "none"

    @classmethod
    def of(cls, scores: Mapping[str, float], artifacts: Sequence[HeardArtifact], reference: str = "none") -> Notes:
        """The notes of a listener's own scores (1-5) and of the artifacts known of the clip."""
        rounded = {name: round(scores[name], 2) for name in DIMENSIONS}
        fix = first_fix(rounded["mos"], artifacts)
        faults = tuple(NotedFault.of(artifact) for artifact in by_importance(artifacts))
        return cls(rounded, faults, (fix[0], round(fix[1], 1)) if fix else None, reference)

    @property
    def mos(self) -> float:
        return self.scores["mos"]

    @property
    def weakest(self) -> str:
        """The dimension with the lowest score, the MOS aside."""
        return min(DIMENSIONS[1:], key=lambda name: self.scores[name])

    @property
    def fine(self) -> tuple[str, ...]:
        """The dimensions that are near the top and that no fault touches."""
        kinds = {fault.kind for fault in self.faults}
        return tuple(d for d in DIMENSIONS[1:] if self.scores[d] >= FINE_FROM and not kinds & TOUCHES[d])

    @property
    def low(self) -> tuple[str, ...]:
        """The dimensions that are low, the worst first."""
        low = [name for name in DIMENSIONS[1:] if self.scores[name] < LOW_BELOW]
        return tuple(sorted(low, key=lambda name: self.scores[name]))

    @property
    def uses(self) -> tuple[str, ...]:
        """What of `TAUGHT_USES` the clip is good enough for."""
        return tuple(use for use in TAUGHT_USES if self.mos >= USES[use])

    def text(self) -> str:
        """One line, behind which the answer is written."""
        scores = ", ".join(f"{_name(d)} {stated(self.scores[d])} {category(self.scores[d])}" for d in DIMENSIONS)
        faults = "; ".join(fault.text() for fault in self.faults) or "none"
        fix = f" Without {self.fix[0].replace('-', ' ')} {self.fix[1]:.1f}." if self.fix else ""
        reference = "none" if self.reference == "none" else f"{self.reference} speech"
        uses = ", ".join(self.uses) or "nothing"
        return f"Notes: {scores}. Faults: {faults}.{fix} Will do for: {uses}. Reference: {reference}.\n"


def _name(dimension: str) -> str:
    return "MOS" if dimension == "mos" else dimension
