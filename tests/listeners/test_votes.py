"""Votes: whole points whose mean is the score, and which scatter as published."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.listeners.votes import CROWD, LABORATORY, Listeners, VoteModel, draw_votes

SCORES = np.array([1.0, 1.2, 2.0, 3.0, 3.7, 4.6, 4.95, 5.0])
POINTS = np.arange(1.0, 6.0)


@pytest.mark.parametrize("model", [LABORATORY, CROWD, VoteModel(0.0, 0.0, 0.1)])
def test_the_mean_of_everybodys_votes_is_the_score(model: VoteModel) -> None:
    shares = model.probabilities(SCORES)
    np.testing.assert_allclose(shares.sum(axis=-1), 1)
    np.testing.assert_allclose(shares @ POINTS, SCORES, atol=1e-4)
    assert (shares >= 0).all()


def test_drawn_votes_fall_as_the_probabilities_say() -> None:
    votes = draw_votes(SCORES, 20_000, np.random.default_rng(0))
    assert set(np.unique(votes)) == {1, 2, 3, 4, 5}
    drawn = (votes[..., None] == POINTS).mean(axis=0)
    np.testing.assert_allclose(drawn, LABORATORY.probabilities(SCORES), atol=0.02)


def test_people_differ_most_in_the_middle_of_the_scale_and_not_at_all_at_its_ends() -> None:
    shares = LABORATORY.probabilities(SCORES)
    variance = shares @ np.square(POINTS) - np.square(shares @ POINTS)
    assert variance[[0, -1]] == pytest.approx(0, abs=1e-3)
    assert variance.argmax() in (2, 3)
    assert variance[3] / 4 == pytest.approx(0.2, abs=0.03)  # a of (MOS - 1)(5 - MOS)


def test_a_listeners_bias_stays_theirs_over_all_clips() -> None:
    people = Listeners.drawn(200, np.random.default_rng(1))
    clips = np.full(300, 3.0)
    halves = [people.vote(clips, np.random.default_rng(seed)).mean(axis=1) for seed in (2, 3)]
    assert np.corrcoef(*halves)[0, 1] > 0.95
    assert np.corrcoef(halves[0], people.bias)[0, 1] > 0.95


def test_listeners_who_use_less_of_the_scale_vote_nearer_its_middle() -> None:
    timid = Listeners(np.zeros(2), np.array([0.6, 1.4]))
    votes = timid.vote(np.tile([1.8, 4.2], 500), np.random.default_rng(0))
    spans = votes[:, 1::2].mean(axis=1) - votes[:, ::2].mean(axis=1)
    assert spans[0] < 2.4 < spans[1]


def test_scores_beyond_the_scale_are_taken_as_its_ends() -> None:
    assert draw_votes(np.array([0.0, 6.0]), 4, np.random.default_rng(0)).tolist() == [[1, 5]] * 4
