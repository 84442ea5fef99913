"""Which clips a test takes, in which sessions, and which pairs of systems it asks about."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sqllm.planning.choice import balanced_blocks, choose_clips, gold_clips, shared_sources, training_clips
from sqllm.planning.conditions import PlannedTest, planned_test
from sqllm.planning.pairs import pairs_worth_asking, preference, rank_systems, share_in_order, votes_for_order
from tests.planning.made import planned, scores


def test_the_same_recordings_are_taken_in_every_condition_and_stand_for_all() -> None:
    tests = planned()
    chosen = choose_clips(tests, 4)
    assert len(chosen.clips) == 24
    assert len(shared_sources(chosen)) == 4
    assert np.abs(chosen.condition_mos() - tests.condition_mos()).max() < 0.15


def test_without_shared_recordings_as_many_clips_are_taken_of_each() -> None:
    table = scores().iloc[:-3].drop(columns="ref")
    table["source"] = [f"own{row}" for row in range(len(table))]
    assert set(Counter(clip.condition for clip in choose_clips(planned_test(table)).clips).values()) == {7}
    with pytest.raises(ValueError, match="c5 has 7 clips"):
        choose_clips(planned_test(table), 8)


@pytest.mark.parametrize("per_session", [6, 10, 12, 20])
def test_sessions_hold_every_condition_equally_often_and_each_clip_once(per_session: int) -> None:
    tests = planned()
    sessions = balanced_blocks(tests, per_session, np.random.default_rng(0))
    assert Counter(clip.file for session in sessions for clip in session) == {clip.file: 1 for clip in tests.clips}
    for session in sessions:
        assert len(set(Counter(clip.condition for clip in session).values())) == 1
        assert set(Counter(clip.source for clip in session[:6]).values()) <= {1, 2}
    for clips in balanced_blocks(tests, 6, np.random.default_rng(1)):
        assert len({clip.source for clip in clips}) == 6


def test_training_clips_span_the_range() -> None:
    tests = planned()
    chosen = training_clips(tests, choose_clips(tests, 4))
    assert len({clip.file for clip in chosen}) == 5
    assert chosen[0].mos < 1.8
    assert chosen[-1].mos > 4.3
    assert np.diff([clip.mos for clip in chosen]).max() < 1.1
    rated = {clip.file for clip in choose_clips(tests, 4).clips}
    assert not any(clip.file in rated for clip in chosen)


def test_gold_clips_are_near_an_end() -> None:
    gold = gold_clips(planned().clips)
    assert {item.answer for item in gold} == {1, 5}
    assert all(item.clip.mos >= 4.3 if item.answer == 5 else item.clip.mos <= 1.7 for item in gold)
    assert gold_clips(planned((2.5, 3.5), spread=0.1).clips) == ()


def test_a_third_of_the_pairs_orders_8_systems_in_90_percent_of_simulations() -> None:
    truth, stds = np.linspace(1.8, 4.3, 8), np.full(8, 0.3)
    votes = votes_for_order(truth, stds, 9)
    assert votes is not None
    assert share_in_order(truth, stds, 9, votes, np.random.default_rng(5), 200) >= 0.9
    alone = np.argsort(truth + np.random.default_rng(6).normal(0, 0.3, (200, 8)), axis=1)
    assert (alone == np.arange(8)).all(axis=1).mean() < 0.5


def test_pairs_that_are_worth_asking_are_the_doubtful_ones() -> None:
    means = np.array([1.5, 3.0, 3.1, 4.5])
    assert pairs_worth_asking(means, np.full(4, 0.3), 1) == [(1, 2)]
    assert len(pairs_worth_asking(means, np.full(4, 0.3), 99)) == 6
    assert {system for pair in pairs_worth_asking(means, np.full(4, 0.3), 3) for system in pair} == {0, 1, 2, 3}


def test_a_ranking_follows_the_votes_against_the_prediction() -> None:
    wins = np.array([[0, 90], [10, 0]])
    found = rank_systems(wins, np.array([2.8, 3.2]), np.full(2, 0.3))
    assert found[0] > found[1]
    assert rank_systems(np.zeros((2, 2)), np.array([2.8, 3.2]), np.full(2, 0.3)) == pytest.approx([2.8, 3.2])
    assert preference(np.array(0.0)) == 0.5


def test_systems_that_are_alike_are_not_ordered() -> None:
    assert votes_for_order(np.array([3.0, 3.001, 3.002, 3.003]), np.full(4, 0.3), 2, simulations=10) is None


def test_blocks_need_equally_many_clips() -> None:
    with pytest.raises(ValueError, match="equally many"):
        balanced_blocks(PlannedTest(planned().clips[:-1]), 6, np.random.default_rng(0))
