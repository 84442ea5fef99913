"""Facts: everything that may be said of a clip for one listener. What is not in here is not said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sqllm.listeners.votes import LABORATORY
from sqllm.scores import (
    ARTIFACT_KINDS,
    BRIEF_KINDS,
    DIMENSIONS,
    HeardArtifact,
    Measures,
    ReferenceMatch,
    Score,
    Speech,
    category,
    describe,
    stated,
)
from sqllm.words.questions import ACCEPTABLE_MOS, USES
from sqllm.words.repair import TOUCHES, by_importance, mos_without, mos_without_any

Span = tuple[float, float]
EVERYWHERE = 0.9  # share of what was heard from which a fault is there all along
CONSTANT_WITHIN = 0.5  # MOS between the best and the worst window of a clip that is the same all through
VOTES = (1, 2, 3, 4, 5)
FINE_FROM, LOW_BELOW = 4.2, 3.5  # of a dimension
INTERRUPTIONS = ("packet-loss", "time-clipping")  # what takes speech away


@dataclass(frozen=True)
class FaultFact:
    """A fault as heard. `moments` are when it happens, each counted; `stretches` the parts of a longer clip in which it
    is heard, (start, end) in seconds; both are empty where it is there all along, or (`placed` false) where that can't
    be told. `mended` is the MOS that the clip would have without it.
    """

    kind: str
    severity: str
    probability: float
    moments: tuple[Span, ...]
    stretches: tuple[Span, ...]
    placed: bool
    mended: float

    @property
    def certain(self) -> bool:
        """Whether it is stated without a "possibly"."""
        return HeardArtifact(self.kind, self.severity, probability=self.probability).certain

    @property
    def count(self) -> int:
        """How often it happens; 0 where it lasts or where that can't be told."""
        return len(self.moments)

    @property
    def spans(self) -> tuple[Span, ...]:
        return self.moments or self.stretches

    @property
    def lasting(self) -> bool:
        """Whether it is there from the beginning to the end."""
        return self.placed and not self.spans


@dataclass(frozen=True)
class Window:
    """A part of a clip, in seconds, with the listener's MOS of it."""

    start: float
    end: float
    mos: float


@dataclass(frozen=True)
class Facts:
    """Everything that may be said of a clip, for one listener (`listener`: a profile's name).

    `faults` come by importance, the worst first; `windows` are the parts of 10 s that were heard, one for a short clip;
    `match` says how a reference fits and `reference` what was measured of it, None without one. `hears` are the
    artifact kinds that the model listens for: of others nothing can be said, least of all that they are not there.
    """

    listener: str
    scores: Mapping[str, Score]
    faults: tuple[FaultFact, ...]
    measures: Measures
    speech: Speech
    windows: tuple[Window, ...]
    match: ReferenceMatch | None = None
    reference: Measures | None = None
    hears: tuple[str, ...] = ARTIFACT_KINDS

    @classmethod
    def of(
        cls,
        listener: str,
        scores: Mapping[str, Score],
        artifacts: Sequence[HeardArtifact],
        measures: Measures,
        speech: Speech,
        windows: Sequence[Window],
        match: ReferenceMatch | None = None,
        reference: Measures | None = None,
        hears: Sequence[str] = ARTIFACT_KINDS,
    ) -> Facts:
        """The facts of a listener's scores and the artifacts heard; an artifact's spans that are windows say only in
        which of them it was heard.
        """
        heard = [(window.start, window.end) for window in windows]
        mos = round(scores["mos"].mean, 2)
        ordered = by_importance(artifacts)
        faults = tuple(_fault(artifact, heard, mos_without(mos, ordered, artifact.kind)) for artifact in ordered)
        return cls(listener, scores, faults, measures, speech, tuple(windows), match, reference, tuple(hears))

    @property
    def mos(self) -> float:
        return self.mean("mos")

    def mean(self, dimension: str) -> float:
        """A score in hundredths, as cards and JSON show it."""
        return round(self.scores[dimension].mean, 2)

    def stated(self, dimension: str) -> str:
        """A score as words state it."""
        return stated(self.mean(dimension))

    def word(self, dimension: str) -> str:
        """The category of a score; of the MOS in the words of the ACR scale, as on cards."""
        return describe("mos", self.mos).lower() if dimension == "mos" else category(self.mean(dimension))

    @property
    def state(self) -> str:
        """Of the reference: `none`, `identical`, `same` (speech) or `other` (speech)."""
        return self.match.state if self.match else "none"

    @property
    def seconds(self) -> float:
        return self.measures.seconds

    @property
    def weakest(self) -> str:
        """The dimension with the lowest score, the MOS aside."""
        return min(DIMENSIONS[1:], key=self.mean)

    @property
    def low(self) -> tuple[str, ...]:
        """The dimensions that are low, the worst first."""
        return tuple(sorted((d for d in DIMENSIONS[1:] if self.mean(d) < LOW_BELOW), key=self.mean))

    @property
    def fine(self) -> tuple[str, ...]:
        """The dimensions that are near the top and that no fault touches."""
        kinds = {fault.kind for fault in self.faults}
        return tuple(d for d in DIMENSIONS[1:] if self.mean(d) >= FINE_FROM and not kinds & TOUCHES[d])

    @property
    def certain(self) -> tuple[FaultFact, ...]:
        return tuple(fault for fault in self.faults if fault.certain)

    @property
    def interruption(self) -> FaultFact | None:
        """The drop-outs: the fault whose moments are the one list of what is gone from the clip, None where nothing
        is. With a reference of the same speech they are what it shows to be lost, and the lost packets
        that are heard though something fills them.
        """
        return next((fault for fault in self.faults if fault.kind in INTERRUPTIONS and fault.moments), None)

    @property
    def first_fix(self) -> FaultFact | None:
        """The fault whose mending gains most; of the certain ones, where there are any."""
        return max(self.certain or self.faults, key=lambda fault: fault.mended, default=None)

    @property
    def mended_wholly(self) -> float:
        """The MOS that the clip would have without any of its faults."""
        heard = [HeardArtifact(fault.kind, fault.severity, probability=fault.probability) for fault in self.faults]
        return mos_without_any(self.mos, heard)

    def will_do(self, use: str | None = None) -> bool:
        """Whether the MOS reaches what a use takes, or what is acceptable where none is named."""
        return self.mos >= limit_of(use)

    @cached_property
    def votes(self) -> tuple[float, ...]:
        """How a panel's votes 1-5 on this clip would be shared, summing to 1."""
        return vote_shares(self.mos)

    @property
    def vote_sd(self) -> float:
        """The standard deviation of one listener's vote."""
        mean = sum(p * vote for vote, p in zip(VOTES, self.votes, strict=True))
        return math.sqrt(sum(p * (vote - mean) ** 2 for vote, p in zip(VOTES, self.votes, strict=True)))

    @property
    def constant(self) -> bool:
        """Whether no window is far better than another."""
        return max(w.mos for w in self.windows) - min(w.mos for w in self.windows) < CONSTANT_WITHIN

    @property
    def worst_window(self) -> Window:
        return min(self.windows, key=lambda window: window.mos)

    @property
    def best_window(self) -> Window:
        return max(self.windows, key=lambda window: window.mos)


def limit_of(use: str | None) -> float:
    """The MOS that a use takes."""
    return USES.get(use or "", ACCEPTABLE_MOS)


def vote_shares(mos: float) -> tuple[float, ...]:
    """The shares of the votes 1-5 that a panel gives a clip of this MOS."""
    return tuple(float(share) for share in LABORATORY.probabilities(np.array(mos)))


def _fault(artifact: HeardArtifact, windows: Sequence[Span], mended: float) -> FaultFact:
    moments = tuple(span for span in artifact.spans if span not in windows)
    heard_in = [span for span in artifact.spans if span in windows]
    if moments and artifact.kind not in BRIEF_KINDS:
        moments, heard_in = (), [*moments, *heard_in]
    covered = sum(end - start for start, end in _joined(heard_in))
    whole = sum(end - start for start, end in _joined(windows))
    stretches = () if covered >= EVERYWHERE * whole else _joined(heard_in)
    placed = artifact.kind not in BRIEF_KINDS or bool(moments or stretches)
    return FaultFact(artifact.kind, artifact.severity, artifact.probability, moments, stretches, placed, mended)


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch or overlap made one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + 1e-6:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)
