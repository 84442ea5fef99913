"""The faults of a whole clip: what was heard in its windows, with its times, and what only its reference shows."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from sqllm.judge.readout import Heard
from sqllm.scores import ARTIFACT_KINDS, SEVERITIES, HeardArtifact, ReferenceMatch
from sqllm.signal.spans import Span, as_moments, spans_of_frames
from sqllm.words.facts import INTERRUPTIONS

CONCEALED = "packet-loss"  # what receivers fill with sound
LOST_SECONDS = {"slight": 0.0, "moderate": 0.3, "strong": 0.8}  # of speech in all, from which a loss is so severe


def faults_of_windows(
    heard: Sequence[Heard], spans: Sequence[Span], located: Sequence[Tensor], located_kinds: Sequence[str], rate: float
) -> list[HeardArtifact]:
    """The faults heard in any window, by window in seconds (`spans`). What is located has the moments in which it is
    likely, [frames, located kinds] a window at `rate` frames/s; of several windows the others have those they are heard
    in.
    """
    found: dict[str, list[tuple[HeardArtifact, int]]] = {}
    for window, reading in enumerate(heard):
        for artifact in reading.artifacts():
            found.setdefault(artifact.kind, []).append((artifact, window))
    merged = []
    for kind, places in found.items():
        moments: list[Span] = []
        if kind in located_kinds and located:
            for _, window in places:
                likely = located[window][:, located_kinds.index(kind)].cpu().numpy()
                start = spans[window][0]
                moments += [(start + first, start + last) for first, last in spans_of_frames(likely, rate)]
        when = as_moments(moments, spans[-1][1]) or [spans[window] for _, window in places if len(spans) > 1]
        severity = max((artifact.severity for artifact, _ in places), key=SEVERITIES.index)
        probability = max(artifact.probability for artifact, _ in places)
        merged.append(HeardArtifact(kind, severity, tuple(when), probability))
    return merged


def with_lost_speech(
    faults: Sequence[HeardArtifact], match: ReferenceMatch | None, windows: Sequence[Span]
) -> tuple[HeardArtifact, ...]:
    """Faults of the windows heard, with the speech that a reference shows to be lost, as certain as can be, in their
    usual order; a clip has one list of what is gone. Cut speech has the moments that the reference shows and no others.
    Lost packets, where they are heard, have these and those heard: what fills a loss with sound the reference does not
    show. Speech that the clip skips is told where it is skipped.
    """
    told = {fault.kind: fault for fault in faults}
    skips = match if match and match.share_lost else None  # what is skipped takes no time in the clip
    lost = [*(match.lost if match else ()), *((when, when) for when, _ in (skips.removed if skips else ()))]
    if lost:
        kind = next((name for name in INTERRUPTIONS if name in told), INTERRUPTIONS[-1])
        total = sum(stop - start for start, stop in lost) + (skips.seconds_removed if skips else 0.0)
        severity = next(name for name in reversed(SEVERITIES) if total >= LOST_SECONDS[name])
        before = told.get(kind)
        worst = max((severity, before.severity if before else severity), key=SEVERITIES.index)
        told = {name: fault for name, fault in told.items() if name not in INTERRUPTIONS}
        concealed = [span for span in before.spans if span not in windows] if before and kind == CONCEALED else []
        told[kind] = HeardArtifact(kind, worst, tuple(as_moments([*lost, *concealed], windows[-1][1])), 1.0)
    return tuple(sorted(told.values(), key=lambda fault: ARTIFACT_KINDS.index(fault.kind)))
