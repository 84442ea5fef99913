"""Gaps: stretches where the sound is gone between sounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.spans import Span, merge_spans, spans_of_frames

_MILLISECOND = SAMPLE_RATE // 1000
SHORTEST_GAP = 0.02  # s
GONE_DBOV = -85.0  # below the noise of a 16-bit converter's last bit
CUT_DB = 25.0  # below the active level: speech was going on until (or from) there
SILENT_DBOV = -100.0
BACKGROUND_DB = 15.0  # by which background noise stands out of what is left in a gap
SUDDEN_DB = 30.0  # by which it falls within 3 ms, where speech dies away by 10


def find_gaps(samples: np.ndarray, level: float | None, floor: float) -> list[Span]:
    """Stretches of [n] samples at 16 kHz, in seconds, where the sound is gone between sounds: digital silence (or any
    constant) in the midst of speech or of background noise, and sudden muting.

    `level` is the active level and `floor` the noise floor, in dBov. Natural pauses are none: speech dies away before
    them, and silence is a natural floor where most pauses of a clip are digitally silent. Nor is silence before the
    first and behind the last sound. Times are exact to 2 ms, to 10 ms where the file was resampled after the cut;
    a gap that a codec has filled is not found.
    """
    if level is None:
        return []
    decibels = _milliseconds(samples)
    gone = decibels < GONE_DBOV
    found = [span for span in _runs(gone, len(decibels)) if _is_gap(decibels, span, level, floor)]
    muted = [span for span in _runs(decibels < level - 40, len(decibels)) if _is_muted(decibels, span, level)]
    return merge_spans([(start / 1000, end / 1000) for start, end in found + muted])


def _milliseconds(samples: np.ndarray) -> np.ndarray:
    """Level of each millisecond around its own mean in dBov, [n // 16]; -120 for a constant."""
    block = 60_000 * _MILLISECOND
    parts = []
    for start in range(0, len(samples) - _MILLISECOND + 1, block):
        piece = samples[start : start + block]
        cut = piece[: len(piece) // _MILLISECOND * _MILLISECOND].reshape(-1, _MILLISECOND)
        parts.append(10 * np.log10(cut.var(axis=1, dtype=np.float32) + np.float32(1e-12)))
    return np.concatenate(parts) if parts else np.zeros(0)


def _runs(quiet: np.ndarray, total: int) -> Iterator[tuple[int, int]]:
    """Runs of quiet milliseconds that are long enough, between sounds: neither the first nor the last."""
    for start, end in spans_of_frames(quiet, 1):
        first, last = int(start), int(end)
        if first > 0 and last < total and last - first >= round(SHORTEST_GAP * 1000):
            yield first, last


def _is_gap(decibels: np.ndarray, span: tuple[int, int], level: float, floor: float) -> bool:
    """Whether nothing at all is where there was speech just before (or from full voice on after), or background noise
    that stops and comes back within 3 ms.
    """
    start, end = span
    before, after = float(decibels[max(0, start - 3) : start].max()), float(decibels[end : end + 3].max())
    inside = max(float(decibels[start + 1 : end - 1].max()), SILENT_DBOV)
    if floor >= inside + BACKGROUND_DB and min(before, after) >= inside + BACKGROUND_DB:
        return True
    spoken = max(level - CUT_DB, GONE_DBOV + CUT_DB)
    return before >= spoken or after >= max(level - 10, spoken)


def _is_muted(decibels: np.ndarray, span: tuple[int, int], level: float) -> bool:
    """Whether sound falls and comes back within 3 ms each, by more than speech does."""
    start, end = span
    inside = float(np.median(decibels[start:end]))
    before, after = decibels[max(0, start - 4) : start], decibels[end : end + 4]
    return bool(
        before.max() >= max(level - CUT_DB, inside + SUDDEN_DB)
        and after.max() >= max(level - CUT_DB, inside + SUDDEN_DB)
        and decibels[start : start + 2].max() <= before.max() - SUDDEN_DB
        and decibels[end - 2 : end].max() <= after.max() - SUDDEN_DB
    )
