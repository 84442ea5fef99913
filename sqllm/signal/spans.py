"""When things happen in a clip: spans in seconds, merged as listeners would tell them, and how well two lists agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Span = tuple[float, float]

MOMENT_GAP = 0.2  # s; what happens again so soon is told as one moment
SHORTEST_MOMENT = 0.1  # s


def merge_spans(spans: Sequence[Span], gap: float = 0.02) -> list[Span]:
    """Spans in order, those closer than `gap` seconds joined, rounded to the millisecond."""
    merged: list[Span] = []
    for start, stop in sorted(spans):
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return [(round(start, 3), round(stop, 3)) for start, stop in merged]


def as_moments(spans: Sequence[Span], seconds: float) -> list[Span]:
    """Spans as a listener tells them: joined within .2 s, at least .1 s long, inside a clip of `seconds`."""
    moments = []
    for start, stop in merge_spans(spans, MOMENT_GAP):
        missing = max(0.0, SHORTEST_MOMENT - (stop - start)) / 2
        moments.append((max(0.0, start - missing), min(seconds, stop + missing)))
    return merge_spans(moments)


def spans_of_frames(likely: np.ndarray, frame_rate: float, threshold: float = 0.5) -> list[Span]:
    """Where a probability a frame, [frames], reaches the threshold."""
    edges = np.flatnonzero(np.diff(np.pad(likely >= threshold, 1).astype(int)))
    return [(start / frame_rate, stop / frame_rate) for start, stop in edges.reshape(-1, 2).tolist()]


def overlap(one: Span, other: Span) -> float:
    """Intersection over union of two spans."""
    shared = max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
    total = one[1] - one[0] + other[1] - other[0] - shared
    return shared / total if total > 0 else 0.0


def found_spans(true: Sequence[Span], told: Sequence[Span], least: float = 0.5) -> int:
    """How many true spans are told: each told span may serve one true span that it overlaps by `least` (IoU)."""
    left, found = list(told), 0
    for span in true:
        best = max(left, key=lambda candidate: overlap(span, candidate), default=None)
        if best is not None and overlap(span, best) >= least:
            left.remove(best)
            found += 1
    return found
