"""Mappings to a test's own scale: what is fitted, when more is chosen, and that a file can do nothing but map."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sqllm.listeners.fit_report import agreement, fit_report
from sqllm.listeners.mapping import RatedClips, ScaleMapping, check_fits, fit_mapping, load_mapping
from sqllm.scores import GRID, Score

RNG = np.random.default_rng(0)


def rated(
    clips: int = 60, conditions: int = 12, noise: float = 0.15, shape=lambda x: 0.7 * x + 0.9, seed: int = 0
) -> RatedClips:
    """Clips whose votes are a curve of the score and noise."""
    rng = np.random.default_rng(seed)
    predicted = np.clip(np.repeat(np.linspace(1.3, 4.7, conditions), clips // conditions), 1, 5)
    predicted = predicted + rng.normal(0, 0.15, len(predicted))
    voted = np.clip(shape(predicted) + rng.normal(0, noise, len(predicted)), 1, 5)
    condition = np.repeat([f"c{n}" for n in range(conditions)], clips // conditions)
    return RatedClips(predicted, voted, np.full(len(predicted), 0.2), condition)


def with_tokens(clips: RatedClips, told: float, seed: int = 1) -> RatedClips:
    """Clips beside tokens of which one direction tells what the score does not know, as far as `told` (points)."""
    rng = np.random.default_rng(seed)
    tokens = rng.normal(0, 1, (len(clips), 40)) * rng.uniform(0.1, 5, 40)
    hidden = tokens[:, :8].sum(axis=1)
    voted = np.clip(clips.voted + told * hidden / hidden.std(), 1, 5)
    return RatedClips(clips.predicted, voted, clips.margin, clips.condition, tokens)


def test_a_straight_scale_is_found_by_first_order() -> None:
    mapping = fit_mapping(rated())
    assert mapping.order == 1
    assert mapping.coefficients == (pytest.approx(0.9, abs=0.1), pytest.approx(0.7, abs=0.04))
    assert (mapping.clips, mapping.conditions) == (60, 12)


def test_third_order_is_taken_where_the_scale_is_bent_and_rises_everywhere() -> None:
    bent = rated(noise=0.08, shape=lambda x: 3 + 0.2 * (x - 3) + 0.28 * (x - 3) ** 3)
    mapping = fit_mapping(bent)
    assert mapping.order == 3
    assert (np.diff(mapping.curve(np.linspace(0.5, 5.5, 200))) > 0).all()


@pytest.mark.parametrize("shape", [lambda x: 6 - x, lambda x: 3 + 0 * x, lambda x: 3 + 2 * np.sin(3 * x)])
def test_no_votes_turn_the_scale_around(shape) -> None:
    mapping = fit_mapping(rated(shape=shape))
    assert (np.diff(mapping.predict(np.linspace(1, 5, 100))) >= 0).all()


def test_beyond_what_was_rated_a_mapping_goes_on_by_its_tangents() -> None:
    cubic = ScaleMapping((2.0, -0.2, 0.0, 0.08), 2.0, 4.0)
    np.testing.assert_allclose(np.diff(cubic.curve(np.array([4.0, 4.5, 5.0]))), [1.82, 1.82])
    assert cubic.predict(np.array([5.0])) == 5.0


def test_audio_is_added_where_it_tells_more_of_other_conditions_and_not_where_it_does_not() -> None:
    for told, added in ((0.5, True), (0.0, False)):
        clips = with_tokens(rated(120, noise=0.1, seed=3), told)
        mapping = fit_mapping(clips)
        assert bool(mapping.weights) == added
        unseen = with_tokens(rated(120, noise=0.1, seed=4), told, seed=1)
        plain = fit_mapping(replace(clips, tokens=None))
        rmse = [
            float(np.sqrt(np.mean(np.square(m.predict(unseen.predicted, unseen.tokens) - unseen.voted))))
            for m in (mapping, plain)
        ]
        assert (rmse[0] < 0.8 * rmse[1]) == added


def test_what_the_audio_adds_is_never_more_than_where_it_was_fitted() -> None:
    mapping = fit_mapping(with_tokens(rated(120, noise=0.1, seed=3), 0.5))
    odd = mapping.predict(np.array([3.0]), np.full((1, 40), 1e3))
    assert abs(odd[0] - mapping.curve(np.array([3.0]))[0]) <= mapping.limit + 1e-9


def test_a_mapping_with_audio_refuses_scores_alone() -> None:
    mapping = fit_mapping(with_tokens(rated(120, noise=0.1, seed=3), 0.5))
    for tokens in (None, np.zeros((1, 7))):
        with pytest.raises(ValueError, match="rests on the audio"):
            mapping.predict(np.array([3.0]), tokens)


def test_a_mapped_score_has_the_mapped_mean_and_at_least_the_held_out_error() -> None:
    weights = np.exp(-0.5 * np.square((GRID - 3.0) / 0.2))
    score = Score.from_probabilities(weights / weights.sum())
    mapped = ScaleMapping((0.5, 0.9), 1.5, 4.5, error=0.4).apply(score)
    assert mapped.mean == pytest.approx(3.2, abs=1e-3)
    assert mapped.std == pytest.approx(0.4, abs=0.02)
    assert mapped.probabilities.sum() == pytest.approx(1)
    assert mapped.probabilities @ GRID == pytest.approx(3.2, abs=0.02)
    sure = ScaleMapping((0.0, 1.0), 1.5, 4.5).apply(score)
    np.testing.assert_allclose(sure.std, score.std, atol=0.02)


def test_too_few_clips_or_no_spread_are_refused() -> None:
    clips = rated()
    with pytest.raises(ValueError, match="score and votes: 5"):
        fit_mapping(clips.chosen(np.arange(60) < 5))
    with pytest.raises(ValueError, match="all alike"):
        fit_mapping(replace(clips, predicted=np.full(60, 3.0)))


def test_a_file_keeps_every_number(tmp_path: Path) -> None:
    report = fit_report(with_tokens(rated(60, noise=0.1, seed=3), 0.5))
    mapping = replace(report.mapping, profile="strict-expert", revision="r1")
    mapping.save(tmp_path / "m.json", report.about())
    assert load_mapping(tmp_path / "m.json") == mapping
    assert json.loads((tmp_path / "m.json").read_text())["about"]["trust"] == report.trust()


def broken(**changed: object) -> str:
    content = {"coefficients": [1.0, 0.8], "low": 1.5, "high": 4.5} | changed
    return json.dumps({"format": "sqllm-mapping-1", "mapping": content})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"format": "other"}',
        '{"format": "sqllm-mapping-1"}',
        broken(coefficients=[1.0, float("nan")]),
        broken(coefficients=[1.0, -1.0]),
        broken(coefficients=[1.0, 0.5, 0.1]),
        broken(coefficients=["a", "b"]),
        broken(low=9.0),
        broken(weights=[1e400]),
        broken(profile=3),
        broken(unknown=1),
        broken(limit=-1),
        " " * 2_000_000,
    ],
)
def test_what_is_no_mapping_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="is no mapping of sqllm fit") as problem:
        load_mapping(path)
    assert "\n" not in str(problem.value)
    with pytest.raises(ValueError, match="is no mapping"):
        load_mapping(tmp_path / "none.json")


def test_a_mapping_of_another_listener_or_model_is_refused() -> None:
    mapping = ScaleMapping((0.0, 1.0), 1.5, 4.5, profile="typical", revision="a")
    check_fits(mapping, "typical", "a")
    check_fits(replace(mapping, revision=""), "typical", "b")
    with pytest.raises(ValueError, match="typical listener's"):
        check_fits(mapping, "strict-expert", "a")
    with pytest.raises(ValueError, match="fit it again"):
        check_fits(mapping, "typical", "b")


def test_figures_are_those_of_p1401() -> None:
    clips = RatedClips(
        np.array([1.0, 2, 3, 4]), np.array([1.5, 2, 3, 5]), np.array([0.2, 0.2, 0.2, 0.6]), np.array(list("abcd"))
    )
    found = agreement(clips, clips.predicted)
    assert found.r.value == pytest.approx(np.corrcoef(clips.predicted, clips.voted)[0, 1])
    assert found.rmse.value == pytest.approx(np.sqrt((0.25 + 1) / 4))
    assert found.rmse_star
    assert found.outliers
    assert found.rmse_star.value == pytest.approx(np.sqrt((0.09 + 0.16) / 4))
    assert found.outliers.value == 0.5
    assert found.rmse.low <= found.rmse.value <= found.rmse.high
    unknown = agreement(replace(clips, margin=np.full(4, np.nan)), clips.predicted)
    assert (unknown.rmse_star, unknown.outliers) == (None, None)


def test_held_out_figures_are_of_clips_the_mapping_did_not_see() -> None:
    """Tokens that name each clip let a ridge learn the noise by heart: it must not show."""
    clips = rated(40, 8, noise=0.6)
    knowing = replace(clips, tokens=np.eye(40))
    report = fit_report(knowing)
    assert report.after.rmse.value > 0.45
    assert report.mapping.error == report.after.rmse.value


def test_the_sentence_says_whether_to_trust_it() -> None:
    good = fit_report(rated())
    assert good.trust().startswith("Trust it on material like this")
    assert good.conditions_after
    assert good.conditions_before
    assert good.conditions_after.rmse.value < 0.5 * good.conditions_before.rmse.value
    assert fit_report(rated(shape=lambda x: 3 + 0 * x)).trust().startswith("Don't trust it yet")
    assert fit_report(rated(noise=0.35, shape=lambda x: x, seed=5)).trust().startswith(("Leave it out", "Trust it"))
    few = fit_report(rated(12, 3))
    assert few.conditions_after is None
    assert "held-out clips" in few.trust()
