"""What a panel tells apart, and that the listeners recommended are enough when the test is simulated again."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.planning.conditions import planned_test, source_of, span_warning
from sqllm.planning.power import (
    condition_pairs,
    detections,
    holm,
    listener_means,
    middle_condition,
    paired_p,
    panel_size,
    planted,
)
from tests.planning.made import planned, scores


def test_holm_is_the_step_down_of_the_textbook() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])
    assert (holm(np.array([[0.2, 0.01], [0.01, 0.2]]))[0] == holm(np.array([0.2, 0.01]))).all()


def test_a_paired_test_gives_scipys_p() -> None:
    from scipy.stats import ttest_rel

    one, other = np.random.default_rng(0).normal(0, 1, (2, 12))
    assert paired_p((one - other)[:, None])[0] == pytest.approx(ttest_rel(one, other).pvalue)
    assert paired_p(np.zeros((5, 1)))[0] == 1
    assert paired_p(np.ones((5, 1)))[0] == 0


@pytest.mark.parametrize("wanted", [(0.3, 0.25), (0.5, 0.2)])
def test_the_recommended_listeners_hold_in_95_percent_of_200_simulated_tests(wanted) -> None:
    from scipy.stats import t

    tests, (difference, interval) = planned(), wanted
    size = panel_size(tests, difference, interval)
    one, other = planted(tests, middle_condition(tests), difference)
    assert detections(one, other, 15, size.for_difference, np.random.default_rng(900), 200).mean() >= 0.95
    means = listener_means(tests, size.for_interval, np.random.default_rng(901), 200)
    half = t.ppf(0.975, size.for_interval - 1) * means.std(axis=1, ddof=1) / size.for_interval**0.5
    assert (half <= interval).all(axis=1).mean() >= 0.95
    fewer = round(0.6 * size.for_difference)
    assert detections(one, other, 15, fewer, np.random.default_rng(902), 200).mean() < 0.9


def test_equal_conditions_are_seldom_told_apart_and_far_ones_always() -> None:
    pairs = {
        (p.first, p.second): p for p in condition_pairs(planned((2, 3, 3, 4), 10, 0), 24, np.random.default_rng(0))
    }
    assert pairs["c1", "c2"].power < 0.03
    assert all(pair.power == 1 for names, pair in pairs.items() if names != ("c1", "c2"))
    assert pairs["c0", "c3"].difference == pytest.approx(-2)


def test_more_is_asked_of_more_listeners() -> None:
    sizes = [panel_size(planned(), difference, 0.3).for_difference for difference in (0.8, 0.5, 0.3)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
    with pytest.raises(ValueError, match="More than 512 listeners"):
        panel_size(planned(), 0.01, 0.3)
    with pytest.raises(ValueError, match="above zero"):
        panel_size(planned(), -1, 0.3)


@pytest.mark.parametrize(
    ("means", "told"),
    [((3.0, 3.2, 3.5), "clean and mnru-08"), ((1.5, 2.0, 3.0), "clean"), ((3.2, 4.0, 4.6), "mnru-08")],
)
def test_a_narrow_set_gets_a_warning_and_what_would_help(means, told: str) -> None:
    warning = span_warning(planned(means, 8))
    assert warning is not None
    assert f"the reference conditions {told}" in warning or f"the reference conditions {told}," in warning
    assert ("--design pairs" in warning) == (max(means) - min(means) < 1)


def test_a_set_that_spans_the_scale_gets_none() -> None:
    assert span_warning(planned()) is None


def test_conditions_come_from_the_column_the_pattern_or_the_folder() -> None:
    table = scores((2, 4), 2)
    assert planned_test(table).conditions == ("c0", "c1")
    assert planned_test(table.drop(columns="condition"), r"_(s\d)").conditions == ("s0", "s1")
    foldered = table.assign(file=["a/x.wav", "a/y.wav", "b/x.wav", "b/y.wav"]).drop(columns="condition")
    assert planned_test(foldered).conditions == ("a", "b")
    for broken in ("(", "nothing", "c"):
        with pytest.raises(ValueError, match="The pattern"):
            planned_test(table, broken)
    with pytest.raises(ValueError, match="one condition"):
        planned_test(table.assign(condition="same"))
    with pytest.raises(ValueError, match="has a score"):
        planned_test(table.assign(mos=float("nan")))
    with pytest.raises(ValueError, match="parts of files"):
        planned_test(table.assign(start="", end=["2.5", *[""] * (len(table) - 1)]))
    assert planned_test(table.assign(start="", end=float("nan"))).conditions == ("c0", "c1")
    with pytest.raises(ValueError, match="no column mos"):
        planned_test(table.drop(columns="mos"))


def test_a_recording_is_found_without_its_condition() -> None:
    assert source_of("x/c1_f2.wav", "c1") == "f2"
    assert source_of("f2-c1-take.wav", "c1") == "f2_take"
    assert source_of("c1.wav", "c1") == "c1"
    assert source_of("c11_f2.wav", "c1") == "c11_f2"
