"""The studies of panels and of one's own votes, on made scores and votes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sqllm.evaluation.own_votes_study import RatedSet, combine_worth, fit_worth
from sqllm.evaluation.panel_study import measure_cost, study_panels
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.panel import Mix
from sqllm.listeners.profiles import PROFILES
from sqllm.listeners.votes import draw_votes
from sqllm.scores import GRID, Score
from sqllm.signal.audio import Clip
from tests.tiny import speech_like


def made_set(error: float = 0.2) -> RatedSet:
    """Ten conditions of six clips with eight votes each, on a scale that is narrower than the predictions'."""
    rng = np.random.default_rng(0)
    true = np.clip(np.repeat(np.linspace(1.6, 4.4, 10), 6) + rng.normal(0, 0.3, 60), 1, 5)
    votes = draw_votes(0.5 * true + 0.9, 8, rng).T.astype(float)
    predicted = np.clip(true + rng.normal(0, error, 60), 1, 5)
    condition = np.repeat([f"c{n}" for n in range(10)], 6)
    return RatedSet("made", predicted, condition, rng.normal(0, 1, (60, 8)), tuple(votes))


def test_fitting_brings_scores_nearer_to_the_votes_on_other_clips() -> None:
    worth = fit_worth(made_set(), 20, draws=6)
    assert worth.mapped < 0.8 * worth.before
    assert worth.row().startswith("| made | 20 |")


def test_combining_holds_the_truth_and_borrowing_saves_votes() -> None:
    alone = combine_worth(made_set(), 3, 2, resamplings=80)
    borrowing = combine_worth(made_set(), 3, 2, borrow=True, resamplings=80)
    assert alone.held < 0.99
    for worth in (alone, borrowing):
        assert worth.held > 0.91
        assert worth.least <= worth.held
    assert borrowing.saved > 0.3
    assert borrowing.half < 0.8 * alone.half
    useless = replace(made_set(), predicted=np.random.default_rng(1).uniform(1, 5, 60))
    assert combine_worth(useless, 3, 2, borrow=True, resamplings=80).held > 0.9


def test_panels_are_held_against_their_mix_and_their_size() -> None:
    def score(mean: float) -> Score:
        weights = np.exp(-0.5 * np.square((GRID - mean) / 0.2))
        return Score.from_probabilities(weights / weights.sum())

    mix = Mix.of({"typical": 3, "strict-expert": 1})
    study = study_panels([[score(mean), score(mean - 0.4)] for mean in np.linspace(1.6, 4.6, 40)], mix)
    assert np.abs(study.off).max() < 0.1
    assert 0.15 < study.statistics.sos < 0.27
    assert study.widths[200] * 200**0.5 == pytest.approx(study.widths[48] * 48**0.5, rel=0.1)
    assert len(study.lines()) == 4


def test_the_cost_of_a_panel_is_told_in_ratings(tiny: SpeechQualityLLM) -> None:
    cost = measure_cost(tiny, [Clip(speech_like(1.0))])
    assert set(cost.panels) == {f"24 listeners of {len(PROFILES)} profiles", "24 of 10", "200 of 10"}
    assert all(seconds > 0 for seconds in (cost.rating, *cost.panels.values()))
