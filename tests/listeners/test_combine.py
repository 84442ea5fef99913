"""Few votes and many predictions: means that are right whatever the predictions are worth, with intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.listeners.combine import Combined, borrowed, combine
from sqllm.listeners.sampling import Estimate, Votes
from sqllm.listeners.votes import Listeners

CONDITIONS, CLIPS = 8, 20
NAMES = np.repeat([f"c{n}" for n in range(CONDITIONS)], CLIPS)


def study(seed: int, voted: int, each: int, error: float = 0.2, listeners: int = 0, borrow: bool = False):
    """A made test: (combined, true condition means). `error`: how far predictions of single clips are off; `listeners`:
    how many people vote on everything, 0 for a new one each time.
    """
    rng = np.random.default_rng(seed)
    true = np.clip(np.repeat(np.linspace(1.8, 4.3, CONDITIONS), CLIPS) + rng.normal(0, 0.5, len(NAMES)), 1, 5)
    predicted = np.clip(0.8 * true + 0.9 + rng.normal(0, error, len(true)), 1, 5)
    drawn = np.concatenate([c * CLIPS + rng.permutation(CLIPS)[:voted] for c in range(CONDITIONS)])
    people = Listeners.drawn(listeners or each, rng)
    if listeners:
        votes = people.vote(true[drawn], rng)
        who = np.repeat(np.arange(listeners), len(drawn))
        cast = Votes(np.tile(drawn, listeners), who, votes.ravel().astype(float))
    else:
        votes = np.array([Listeners.drawn(each, rng).vote(true[[clip]], rng)[:, 0] for clip in drawn])
        cast = Votes(np.repeat(drawn, each), np.full(votes.size, -1), votes.ravel().astype(float))
    return combine(predicted, NAMES, cast, borrow), true.reshape(CONDITIONS, CLIPS).mean(axis=1)


def held(combined: Combined, truth: np.ndarray) -> list[bool]:
    return [one.low <= at <= one.high for one, at in zip(combined.conditions, truth, strict=True)]


def test_conditions_come_in_the_order_of_the_table_with_their_counts() -> None:
    combined, truth = study(0, 4, 3)
    assert [one.condition for one in combined.conditions] == [f"c{n}" for n in range(CONDITIONS)]
    assert {(one.clips, one.voted, one.votes) for one in combined.conditions} == {(20, 4, 12)}
    assert combined.votes == 96
    np.testing.assert_allclose([one.mean for one in combined.conditions], truth, atol=1)


@pytest.mark.parametrize(
    ("voted", "each", "error", "listeners"), [(3, 3, 0.2, 0), (6, 1, 0.2, 0), (3, 3, 3.0, 0), (6, 3, 0.2, 6)]
)
def test_intervals_hold_the_truth_also_with_useless_predictions_and_shared_listeners(
    voted: int, each: int, error: float, listeners: int
) -> None:
    found = [one for seed in range(40) for one in held(*study(seed, voted, each, error, listeners))]
    assert 0.92 <= np.mean(found) <= 0.99


def test_good_predictions_save_votes_and_useless_ones_are_not_followed() -> None:
    saved = [np.mean([c.saved / c.votes for c in (study(s, 5, 12, e)[0] for s in range(12))]) for e in (0.1, 3.0)]
    assert saved[0] > 0.25
    assert saved[1] < 0.1


def test_the_mean_is_nearer_the_truth_than_votes_alone() -> None:
    errors = []
    for seed in range(25):
        combined, truth = study(seed, 4, 12, 0.1)
        means = np.array([(one.mean, one.votes_mean) for one in combined.conditions])
        errors.append(np.square(means - truth[:, None]).mean(axis=0))
    with_scores, alone = np.mean(errors, axis=0)
    assert with_scores < 0.8 * alone


def test_votes_on_every_clip_leave_nothing_to_predict() -> None:
    rng = np.random.default_rng(0)
    predicted, names = rng.uniform(1, 5, 12), np.repeat(["a", "b"], 6)
    values = rng.integers(1, 6, 36).astype(float)
    combined = combine(predicted, names, Votes(np.repeat(np.arange(12), 3), np.full(36, -1), values))
    for one, votes in zip(combined.conditions, (values[:18], values[18:]), strict=True):
        assert one.mean == pytest.approx(votes.mean())
        assert one.mean == pytest.approx(one.votes_mean)


def test_a_condition_without_votes_has_no_mean_unless_it_is_borrowed() -> None:
    rng = np.random.default_rng(0)
    predicted = np.repeat(np.linspace(1.5, 4.5, 7), 6) + rng.normal(0, 0.1, 42)
    names, drawn = np.repeat([f"c{n}" for n in range(7)], 6), np.arange(36)
    votes = Votes(drawn, np.full(36, -1), np.clip(np.rint(predicted[:36]), 1, 5))
    assert np.isnan(combine(predicted, names, votes).conditions[-1].mean)
    last = combine(predicted, names, votes, borrow=True).conditions[-1]
    assert last.mean == pytest.approx(4.5, abs=0.4)
    assert last.low < last.mean < last.high
    assert np.isnan(last.votes_mean)


def test_borrowing_narrows_intervals_that_hold_on_average() -> None:
    found, widths = [], []
    for seed in range(25):
        (combined, truth), (alone, _) = study(seed, 3, 2, borrow=True), study(seed, 3, 2)
        found += held(combined, truth)
        widths.append([np.mean([one.high - one.low for one in kind.conditions]) for kind in (combined, alone)])
    assert np.mean(found) >= 0.93
    borrowed_width, own_width = np.mean(widths, axis=0)
    assert borrowed_width < 0.8 * own_width


def test_means_lean_on_the_line_only_as_far_as_conditions_lie_by_it() -> None:
    predicted = np.linspace(1.5, 4.5, 10)
    noise = np.full(10, 0.3**2)
    on_line = borrowed(Estimate(predicted + 0.2, noise, 30), predicted)
    np.testing.assert_allclose(on_line.mean, predicted + 0.2, atol=1e-6)
    assert (on_line.variance < 0.5 * noise).all()
    wild = predicted + np.random.default_rng(0).normal(0, 1.2, 10)
    off_line = borrowed(Estimate(wild, noise, 30), predicted)
    assert np.abs(off_line.mean - wild).max() < 0.5
    assert (off_line.variance > 0.6 * noise).all()


def test_what_cannot_be_combined_is_one_sentence() -> None:
    names, none = np.array(["a", "b"]), np.full(2, -1)
    with pytest.raises(ValueError, match="two of its clips"):
        combine(np.array([2.0, 3.0]), names, Votes(np.array([0, 1]), none, np.array([2.0, 3.0])))
    with pytest.raises(ValueError, match="needs a score"):
        combine(np.array([2.0, np.nan]), names, Votes(np.array([0, 1]), none, np.array([2.0, 3.0])))
    with pytest.raises(ValueError, match="5 conditions or more"):
        combine(
            np.array([2.0, 3.0]), np.array(["a", "a"]), Votes(np.array([0, 1]), none, np.array([2.0, 3.0])), borrow=True
        )
