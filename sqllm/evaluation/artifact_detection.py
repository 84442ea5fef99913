"""How well artifacts are told: which kinds, how severe, and when; against the exact truth of simulated clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.tables import figure, markdown_table
from sqllm.scores import ARTIFACT_KINDS, LOCATED_KINDS, SEVERITIES, HeardArtifact
from sqllm.signal.audio import WINDOW_SECONDS
from sqllm.signal.spans import as_moments, found_spans

Heard = Sequence[HeardArtifact]


@dataclass(frozen=True)
class KindFigures:
    """How well one kind is told: how many clips have it, and precision, recall and F1 (None: there is none to tell)."""

    kind: str
    clips: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class SpanFigures:
    """How many moments of a kind there are where it is heard, how many are found (IoU .5), and how many are told."""

    kind: str
    moments: int
    found: int
    told: int


@dataclass(frozen=True)
class Detection:
    """Figures of artifacts that are told of clips with known truth. `single` is of clips with one artifact (and clean
    ones, for false alarms), `several` of those with two to four; severities are of artifacts that are rightly told.
    """

    single: Sequence[KindFigures]
    several: Sequence[KindFigures]
    clean_clips: int
    false_alarms: int
    severities: int
    severity_right: float
    severity_near: float
    spans: Sequence[SpanFigures]

    def lines(self) -> list[str]:
        """The figures as Markdown."""
        rows = [
            [one.kind, *(cell for k in (one, other) for cell in _cells(k))]
            for one, other in zip(self.single, self.several, strict=True)
        ]
        heads = ("kind", "alone", "P", "R", "F1", "of 2-4", "P", "R", "F1")
        spans = [
            f"{s.kind} {s.found} of {s.moments} found ({s.found / max(1, s.moments):.1%}), {s.told} told"
            for s in self.spans
        ]
        return [
            "\n#### Artifacts\n",
            *markdown_table(heads, rows),
            f"\n- Macro F1: {macro_f1(self.single):.3f} alone, {macro_f1(self.several):.3f} with others.",
            f"- Severity right in {self.severity_right:.1%} of {self.severities}, within one step in "
            f"{self.severity_near:.1%}.",
            f"- False alarms on {self.false_alarms} of {self.clean_clips} clean clips.",
            f"- Moments at an IoU of .5: {'; '.join(spans)}.",
        ]


def macro_f1(figures: Sequence[KindFigures]) -> float:
    """The mean F1 over the kinds that occur; not a number where none does."""
    known = [one.f1 or 0.0 for one in figures if one.clips]
    return float(np.mean(known)) if known else float("nan")


def measure_detection(clips: Sequence[CorpusClip], heard: Sequence[Heard]) -> Detection:
    """Figures of what was heard in some clips; those without speech or truth are left out."""
    pairs = [(c.faults(), h) for c, h in zip(clips, heard, strict=True) if c.speech and c.artifacts is not None]
    clean = [told for true, told in pairs if not true]
    alone = [(true, told) for true, told in pairs if len({a.kind for a in true}) <= 1]
    several = [(true, told) for true, told in pairs if len({a.kind for a in true}) > 1]
    steps = np.array([step for true, told in pairs for step in _severity_steps(true, told)])
    return Detection(
        [_kind_figures(kind, alone) for kind in ARTIFACT_KINDS],
        [_kind_figures(kind, several) for kind in ARTIFACT_KINDS],
        len(clean),
        sum(bool(told) for told in clean),
        len(steps),
        float(np.mean(steps == 0)) if len(steps) else float("nan"),
        float(np.mean(steps <= 1)) if len(steps) else float("nan"),
        [_span_figures(kind, pairs) for kind in LOCATED_KINDS],
    )


def _kind_figures(kind: str, pairs: Sequence[tuple[Heard, Heard]]) -> KindFigures:
    there = np.array([any(a.kind == kind for a in true) for true, _ in pairs], bool)
    told = np.array([any(a.kind == kind for a in heard) for _, heard in pairs], bool)
    right, clips, said = int((there & told).sum()), int(there.sum()), int(told.sum())
    precision, recall = (right / said if said else None), (right / clips if clips else None)
    f1 = 2 * right / (clips + said) if clips else None
    return KindFigures(kind, clips, precision, recall, f1)


def _severity_steps(true: Heard, told: Heard) -> list[int]:
    """By how many steps the severity of each rightly told artifact is off."""
    severities = {artifact.kind: SEVERITIES.index(artifact.severity) for artifact in true}
    return [abs(SEVERITIES.index(a.severity) - severities[a.kind]) for a in told if a.kind in severities]


def _span_figures(kind: str, pairs: Sequence[tuple[Heard, Heard]]) -> SpanFigures:
    """Over the clips that have moments of the kind, told or not."""
    moments = found = said = 0
    for true, told in pairs:
        wanted = as_moments([span for a in true if a.kind == kind for span in a.spans], WINDOW_SECONDS)
        given = as_moments([span for a in told if a.kind == kind for span in a.spans], WINDOW_SECONDS)
        if wanted:
            moments, found, said = moments + len(wanted), found + found_spans(wanted, given), said + len(given)
    return SpanFigures(kind, moments, found, said)


def _cells(figures: KindFigures) -> list[str]:
    return [str(figures.clips), *(figure(value, ".2f") for value in (figures.precision, figures.recall, figures.f1))]
