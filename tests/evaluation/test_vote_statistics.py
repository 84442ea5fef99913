"""Statistics of votes, and that the vote model has those that were published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sqllm.evaluation.own_votes_study import votes_of
from sqllm.evaluation.vote_statistics import TESTS, VoteStatistics, read_spreads, sos, spread_by_mos, vote_statistics
from sqllm.listeners.votes import LABORATORY, draw_votes


def test_the_sos_parameter_is_the_factor_of_the_variance() -> None:
    mos = np.linspace(1.1, 4.9, 50)
    assert sos(mos, 0.2 * (mos - 1) * (5 - mos)) == pytest.approx(0.2)


def test_bias_slope_and_rest_of_made_votes_are_found() -> None:
    rng = np.random.default_rng(0)
    clips, bias, slope = np.linspace(1, 5, 4000), rng.normal(0, 0.3, (12, 1)), rng.normal(1, 0.1, (12, 1))
    votes = 3 + slope * (clips - 3) + bias + rng.normal(0, 0.5, (12, 4000))
    found = vote_statistics(votes)
    assert found.bias == pytest.approx(bias.std(ddof=1), abs=0.02)
    assert found.slope == pytest.approx(slope.std(ddof=1), abs=0.02)
    assert found.rest == pytest.approx(0.5 * np.sqrt(11 / 12), abs=0.02)
    assert vote_statistics(np.where(rng.random(votes.shape) < 0.7, votes, np.nan)).bias == pytest.approx(
        found.bias, abs=0.05
    )


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_simulated_tests_have_the_published_statistics(test) -> None:
    had: VoteStatistics = test.simulated(test.model, tests=6, seed=3)
    assert had.sos == pytest.approx(test.published.sos, abs=0.015)
    assert had.bias == pytest.approx(test.published.bias, abs=0.02)
    assert had.rest == pytest.approx(test.published.rest, abs=0.01)
    assert had.r == pytest.approx(test.published.r, abs=0.025)
    if np.isfinite(test.published.slope):
        assert had.slope == pytest.approx(test.published.slope, abs=0.01)


def test_fitting_finds_the_model_again_that_made_the_statistics() -> None:
    small = replace(TESTS[0], clips=120)
    made = small.simulated(LABORATORY, tests=12)
    fitted = replace(small, published=made, model=replace(LABORATORY, bias=0.2, slope=0.1, noise=1.0)).fitted(6)
    assert fitted.bias == pytest.approx(LABORATORY.bias, abs=0.01)
    assert fitted.slope == pytest.approx(LABORATORY.slope, abs=0.02)
    assert fitted.noise == pytest.approx(LABORATORY.noise, abs=0.01)


def test_spreads_of_a_table_are_read_by_database_and_held_against_the_model(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("filepath_deg,votes,mos,mos_std\nA/deg/1.wav,5,3.0,0.9\nA/deg/2.wav,1,4,0\nB/deg/1.wav,9,1.2,0.4\n")
    ratings = read_spreads(path)
    assert {name: len(mos) for name, (mos, _) in ratings.items()} == {"A": 1, "B": 1}
    (row,) = spread_by_mos(*ratings["A"])
    assert (row.clips, row.mos, row.observed) == (1, 3.0, pytest.approx(0.9))
    assert row.model == pytest.approx(0.88, abs=0.05)


@pytest.mark.parametrize("seed", range(6))
def test_votes_are_found_again_from_their_count_mean_and_deviation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    votes = draw_votes(rng.uniform(1.2, 4.8, 1), int(rng.integers(4, 16)), rng)[:, 0]
    found = votes_of(len(votes), round(votes.mean(), 3), round(votes.std(ddof=1), 3))
    assert (len(found), found.mean(), found.std()) == (
        len(votes),
        pytest.approx(votes.mean()),
        pytest.approx(votes.std()),
    )
