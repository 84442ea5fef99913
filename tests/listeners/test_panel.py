"""Panels: who sits in them, what they vote, and what is told of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sqllm.listeners.panel import Mix, Panel, SeatedPanel
from sqllm.listeners.profiles import PROFILES
from sqllm.scores import GRID, Score


def score(mean: float) -> Score:
    weights = np.exp(-0.5 * np.square((GRID - mean) / 0.2))
    return Score.from_probabilities(weights / weights.sum())


def panel(votes: list[int], mix: Mix | None = None) -> Panel:
    mix = mix or Mix.of({"typical": 1, "strict-expert": 1})
    seats = np.arange(len(votes)) % len(mix.profiles)
    names = tuple(profile.name for profile in mix.profiles)
    scores = tuple(score(3.0) for _ in names)
    return Panel("a.wav", 0, np.array(votes, int), seats, names, scores, score(3.0), (), {"name": "n"})


def test_the_default_mix_holds_every_profile_and_mostly_typical_listeners() -> None:
    mix = Mix.default()
    assert [profile.name for profile in mix.profiles] == list(PROFILES)
    assert sum(mix.shares) == pytest.approx(1)
    assert mix.shares[0] == pytest.approx(0.8)
    assert len(set(np.round(mix.shares[1:], 9))) == 1


@pytest.mark.parametrize("listeners", [2, 5, 24, 200])
def test_every_profile_has_the_seats_of_its_share(listeners: int) -> None:
    mix = Mix.default()
    counts = [
        np.bincount(mix.seats(listeners, np.random.default_rng(seed)), minlength=len(mix.shares)) for seed in range(400)
    ]
    assert {count.sum() for count in counts} == {listeners}
    assert np.abs(np.array(counts) - np.array(mix.shares) * listeners).max() < 1 + 1e-9
    np.testing.assert_allclose(np.mean(counts, axis=0), np.array(mix.shares) * listeners, atol=0.15)


def test_a_mix_is_read_from_yaml_with_profiles_in_words_too(tmp_path: Path) -> None:
    path = tmp_path / "mix.yaml"
    path.write_text("typical: 3\nan audiobook fan, late at night: 1\n")
    mix = Mix.read(path)
    assert mix.shares == (0.75, 0.25)
    assert mix.profiles[1].note == "an audiobook fan, late at night"


def test_a_mix_holds_profiles_of_ones_own_from_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\nbase: strict-expert\nmore: noisiness\n")
    (tmp_path / "mix.yaml").write_text("typical: 1\nmine.yaml: 1\n")
    assert [profile.name for profile in Mix.read(tmp_path / "mix.yaml").profiles] == ["typical", "mine"]


def test_the_default_mix_leaves_out_who_was_not_taught() -> None:
    named = {profile.name for profile in Mix.default(("typical", "laptop-speaker")).profiles}
    habits = {"noise-sensitive", "dropout-sensitive", "strict-expert", "lenient", "quiet-headphones"}
    assert named == {"typical", "laptop-speaker"} | habits


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a profile a line"),
        ("- typical", "a profile a line"),
        ("typical: -1", "above 0"),
        ("typical: many", "above 0"),
        ("typical: .nan", "above 0"),
        ("typical: true", "above 0"),
        ("expret: 1", "no listener profile"),
        ("typical: [", "can't be read"),
        ("typical: !!python/object/apply:os.getcwd []", "can't be read"),
    ],
)
def test_what_is_no_mix_is_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mix.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=told) as problem:
        Mix.read(path)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("listeners", [-1, 0, 1, 100_001])
def test_a_panel_of_too_few_or_too_many_is_refused(listeners: int) -> None:
    with pytest.raises(ValueError, match="2 to 100,000 listeners"):
        SeatedPanel.drawn(Mix.default(), listeners)


def test_the_same_people_come_for_every_clip_and_others_with_another_seed() -> None:
    one, again, other = (SeatedPanel.drawn(Mix.default(), 24, seed) for seed in (1, 1, 2))
    assert (one.seats == again.seats).all()
    assert (one.listeners.bias == again.listeners.bias).all()
    assert not np.allclose(one.listeners.bias, other.listeners.bias)


def test_votes_on_a_clip_are_the_same_again_and_those_on_another_have_noise_of_their_own() -> None:
    seated, scores = SeatedPanel.drawn(Mix.of({"typical": 1}), 300, 3), [score(3.0)]
    assert (seated.vote(scores, 7) == seated.vote(scores, 7)).all()
    one, other = seated.vote(scores, 7), seated.vote(scores, 8)
    shared = np.corrcoef(one, other)[0, 1]  # the biases are shared, the noise is not
    assert 0.0 < shared < 0.35


def test_a_listener_votes_by_the_score_of_their_own_profile() -> None:
    seated = SeatedPanel.drawn(Mix.of({"typical": 1, "strict-expert": 1}), 400)
    votes = seated.vote([score(4.0), score(2.0)], 1)
    assert votes[seated.seats == 0].mean() == pytest.approx(4.0, abs=0.15)
    assert votes[seated.seats == 1].mean() == pytest.approx(2.0, abs=0.15)


def test_mean_interval_and_histogram_are_those_of_the_votes() -> None:
    held = panel([1, 2, 2, 3, 3, 3, 4, 5])
    assert held.mos == pytest.approx(2.875)
    assert held.histogram.tolist() == [1, 2, 3, 1, 1]
    low, high = held.interval or (0, 0)
    assert (high - low) / 2 == pytest.approx(2.3646 * np.std([1, 2, 2, 3, 3, 3, 4, 5], ddof=1) / 8**0.5, abs=1e-3)
    assert [row.listeners for row in held.by_profile()] == [4, 4]


def test_the_interval_narrows_with_the_root_of_the_listeners() -> None:
    widths = []
    for listeners in (25, 100, 400):
        held = panel(SeatedPanel.drawn(Mix.default(), listeners).vote([score(3.0)] * len(PROFILES), 0).tolist())
        low, high = held.interval or (0, 0)
        widths.append((high - low) * listeners**0.5)
    assert max(widths) / min(widths) < 1.25


def test_outliers_are_named_from_1_on() -> None:
    assert panel([3, 3, 3, 3, 4, 3, 3, 3, 3, 1]).outliers() == [10]
    assert panel([3, 3]).outliers() == []
    assert panel([3, 3]).interval == (3.0, 3.0)


def test_what_is_told_has_the_published_keys_and_plain_numbers() -> None:
    import json

    content = json.loads(json.dumps(panel([1, 2, 3, 5]).to_json(), allow_nan=False))
    assert list(content) == [
        *("file", "listeners", "seed", "mos", "low", "high", "std", "histogram", "expected", "profiles"),
        *("votes", "seats", "outliers", "warnings", "model"),
    ]
    assert content["seats"] == ["typical", "strict-expert"] * 2
    nobody = Panel("a.wav", 0, np.zeros(0, int), np.zeros(4, int), ("typical",), (), None, ("w",), {})
    assert nobody.to_json()["mos"] is None
    assert nobody.to_json()["histogram"] == [0] * 5
