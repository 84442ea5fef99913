"""Spans: merged, told as moments, read off frames, and compared."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.signal.spans import as_moments, found_spans, merge_spans, overlap, spans_of_frames


def test_spans_are_merged_in_order() -> None:
    assert merge_spans([(2.0, 2.5), (0.0, 1.0), (1.01, 1.2), (0.2, 0.3)]) == [(0.0, 1.2), (2.0, 2.5)]
    assert merge_spans([]) == []


def test_moments_are_what_a_listener_would_tell() -> None:
    assert as_moments([(1.0, 1.02), (1.2, 1.3), (3.0, 3.02), (4.99, 5.0)], 5.0) == [
        (1.0, 1.3),
        (2.96, 3.06),
        (4.945, 5.0),
    ]
    assert as_moments([], 5.0) == []


def test_frames_that_reach_the_threshold_become_spans() -> None:
    likely = np.array([0.9, 0.1, 0.5, 0.7, 0.2, 0.6])
    assert spans_of_frames(likely, 10) == [(0.0, 0.1), (0.2, 0.4), (0.5, 0.6)]
    assert spans_of_frames(np.zeros(4), 10) == []


def test_overlap_is_intersection_over_union() -> None:
    assert overlap((0, 2), (1, 3)) == pytest.approx(1 / 3)
    assert overlap((0, 1), (2, 3)) == 0


def test_a_told_span_serves_one_true_span() -> None:
    assert found_spans([(0, 1), (0, 0.9)], [(0, 1)]) == 1
    assert found_spans([(0, 1), (2, 3)], [(2.1, 3), (0, 0.9), (7, 8)]) == 2
    assert found_spans([(0, 1)], []) == 0
