"""Scores, their intervals and wording, and the strict parser."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.evaluation.score_parser import ParseError, parse_category, parse_score, parse_scores
from sqllm.scores import (
    CATEGORIES,
    DIMENSION_WORDS,
    DIMENSIONS,
    GRID,
    HeardArtifact,
    Judgement,
    ReferenceMatch,
    Score,
    Speech,
    VoteShares,
    category,
    describe,
)


def gaussian(mean: float, sd: float) -> np.ndarray:
    weights = np.exp(-0.5 * np.square((GRID - mean) / sd))
    return weights / weights.sum()


def test_the_grid_holds_every_tenth_from_1_to_5() -> None:
    assert len(GRID) == 41
    assert (GRID[0], GRID[24], GRID[-1]) == (1.0, 3.4, 5.0)


def test_score_has_the_mean_and_deviation_of_its_probabilities() -> None:
    score = Score.from_probabilities(gaussian(3.2, 0.3))
    assert score.mean == pytest.approx(3.2, abs=1e-3)
    assert score.std == pytest.approx(0.3, abs=1e-3)


def test_a_certain_score_has_no_spread() -> None:
    certain = np.zeros(41)
    certain[-1] = 1.0
    score = Score.from_probabilities(certain)
    assert (score.mean, score.std, score.interval()) == (5.0, 0.0, (5.0, 5.0))


def test_interval_is_central_and_holds_the_wanted_share() -> None:
    score = Score.from_probabilities(gaussian(3.0, 0.4))
    low, high = score.interval(0.9)
    assert (low, high) == (pytest.approx(2.3, abs=0.11), pytest.approx(3.7, abs=0.11))
    inside = score.probabilities[(low - 0.05 < GRID) & (high + 0.05 > GRID)].sum()
    assert inside >= 0.9
    wide, narrow = score.interval(0.99), score.interval(0.5)
    assert wide[0] < low < narrow[0] < narrow[1] < high < wide[1]


def test_interval_of_a_score_without_probabilities_is_a_normal_ones() -> None:
    assert Score(3.3, 0.2).interval() == (pytest.approx(3.3 - 1.645 * 0.2, abs=1e-3), pytest.approx(3.629, abs=1e-3))


def test_scores_are_written_with_two_decimals_and_their_90_percent_interval() -> None:
    assert Score(3.14159, 0.27182).to_json() == {"mean": 3.14, "std": 0.27, "low": 2.69, "high": 3.59}
    written = Score.from_probabilities(gaussian(3.0, 0.4)).to_json()
    assert (written["low"], written["high"]) == Score.from_probabilities(gaussian(3.0, 0.4)).interval(0.9)


def test_shares_of_votes_have_the_deviation_of_a_vote() -> None:
    split = VoteShares(np.array([0.5, 0, 0, 0, 0.5]))
    assert split.std == 2.0
    assert split.to_json() == {"probabilities": [0.5, 0.0, 0.0, 0.0, 0.5], "std": 2.0}
    assert VoteShares(np.array([0, 0, 1.0, 0, 0])).std == 0.0


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (1.0, "very bad"),
        (1.49, "very bad"),
        (1.5, "poor"),
        (2.49, "poor"),
        (2.5, "fair"),
        (3.5, "good"),
        (4.49, "good"),
        (4.5, "excellent"),
        (5.0, "excellent"),
    ],
)
def test_category_changes_at_the_halves(score: float, name: str) -> None:
    assert category(score) == name


def test_every_dimension_has_its_own_words_from_worst_to_best() -> None:
    assert describe("noisiness", 4.1) == "Slightly noisy"
    assert describe("mos", 1.0) == "Bad"
    assert describe("loudness", 5.0) == "Optimal level"
    for dimension in DIMENSIONS:
        assert len({describe(dimension, float(score)) for score in range(1, 6)}) == len(CATEGORIES)
        assert len(DIMENSION_WORDS[dimension][1]) == len(CATEGORIES)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("3.4", 3.4),
        ("3.75", 3.75),
        ("5", 5.0),
        ("1", 1.0),
        ("It is 2.1.", 2.1),
        ("I'd say 4, no more", 4.0),
        ("(3.2)", 3.2),
        ("MOS 3.", 3.0),
        ("score=2.5\n", 2.5),
    ],
)
def test_the_one_number_of_a_text_is_its_score(text: str, score: float) -> None:
    assert parse_score(text) == score


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no number"),
        ("It sounds good.", "no number"),
        ("4,5", "no number"),
        ("1.2.3", "no number"),
        ("10", "not on the scale"),
        ("0.67", "not on the scale"),
        ("5.1", "not on the scale"),
        ("MOS: 55", "not on the scale"),
        ("between 3 and 4", "2 numbers"),
        ("3.4/5", "2 numbers"),
        ("3.4 or 3.5 or 4", "3 numbers"),
    ],
)
def test_what_is_no_score_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse_score(text)


@pytest.mark.parametrize("text", ["-2", "MOS: -2", "about -3.5"])
def test_a_negative_number_is_not_taken_for_a_score(text: str) -> None:
    with pytest.raises(ParseError):
        parse_score(text, "mos")


@pytest.mark.parametrize(
    ("text", "dimension", "score"),
    [
        ("MOS: 3.4; noisiness 2.1", "mos", 3.4),
        ("MOS: 3.4; noisiness 2.1", "noisiness", 2.1),
        ("MOS 3.4, noisiness 2.1", "mos", 3.4),
        ("MOS 3.4, noisiness 2.1", "noisiness", 2.1),
        ("Overall quality is 4, the noise 2", "mos", 4.0),
        ("the colouration is about 2.5", "coloration", 2.5),
        ("Continuity: 4.2 (loudness: 1)", "discontinuity", 4.2),
        ("MOS 3.2, fair. Heavy packet loss near 3 s and 7 s.", "mos", 3.2),
        ("LOUDNESS=3.3\nMOS=2", "loudness", 3.3),
        ("It is a 3.1", "noisiness", 3.1),
    ],
)
def test_a_named_score_is_found_among_several(text: str, dimension: str, score: float) -> None:
    assert parse_score(text, dimension) == score


@pytest.mark.parametrize(
    ("text", "dimension"),
    [("The noise is bad, MOS 2, loudness 3", "noisiness"), ("MOS unclear, noisiness 2, loudness 3", "mos")],
)
def test_the_score_of_one_dimension_is_not_taken_for_another(text: str, dimension: str) -> None:
    with pytest.raises(ParseError):
        parse_score(text, dimension)


def test_several_unnamed_scores_are_refused_by_the_name_that_was_wanted() -> None:
    with pytest.raises(ParseError, match="none of them named loudness"):
        parse_score("MOS 3.4; noisiness 2.1", "loudness")


def test_a_named_score_out_of_range_is_refused() -> None:
    with pytest.raises(ParseError, match="7 is not on the scale"):
        parse_score("MOS 7; loudness 3", "mos")


ALL = {"mos": 3.4, "noisiness": 2.1, "coloration": 4.0, "discontinuity": 1.0, "loudness": 5.0}


@pytest.mark.parametrize(
    "text",
    [
        "MOS 3.4, noisiness 2.1, coloration 4.0, discontinuity 1.0, loudness 5.0.",
        "MOS: 3.4; noisiness: 2.1; coloration: 4.0; discontinuity: 1.0; loudness: 5.0",
        "Loudness 5\nDiscontinuity 1\nColoration 4\nNoise 2.1\nOverall quality 3.4\n",
    ],
)
def test_all_five_scores_are_read_in_any_order(text: str) -> None:
    assert parse_scores(text) == ALL


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("MOS: 3.4; noisiness: 2.1; coloration: 4; discontinuity: 1", "no loudness score"),
        ("MOS: 3.4; noisiness: 2.1; coloration: 4; discontinuity: 1; loudness: 6", "6 is not on the scale"),
        ("fine", "no mos score"),
    ],
)
def test_a_missing_or_impossible_score_of_five_is_named(text: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse_scores(text)


def test_the_one_category_of_a_text_is_read() -> None:
    assert parse_category("It is Very Bad.") == "very bad"
    assert parse_category("Excellent") == "excellent"
    with pytest.raises(ParseError, match="no category"):
        parse_category("goodness knows")
    with pytest.raises(ParseError, match="more than one"):
        parse_category("poor to fair")


@pytest.mark.parametrize(("probability", "certain"), [(1.0, True), (0.75, True), (0.74, False)])
def test_an_artifact_is_certain_from_three_quarters_on_and_prints_the_same_keys(
    probability: float, certain: bool
) -> None:
    artifact = HeardArtifact("hum", "slight", probability=probability)
    assert artifact.certain == certain
    assert artifact.to_json() == {"kind": "hum", "severity": "slight", "probability": probability, "spans": []}


def test_a_judgement_is_one_json_object_with_the_published_keys() -> None:
    artifact = HeardArtifact("packet-loss", "strong", ((1.0, 2.5),))
    scores = {name: Score(3.0, 0.25) for name in reversed(DIMENSIONS)}
    speech = Speech(((0.5, 1.25), (2.0, 3.0)), 3.5)
    shown = Judgement(
        "a.wav", None, 3.14159, "typical", scores, None, (artifact,), speech, ("w",), {"name": "n"}
    ).to_json()
    assert list(shown) == [
        *("file", "reference", "seconds", "profile", "listener", "scores", "votes", "rationale", "artifacts"),
        *("speech", "alignment", "measures", "conditioning", "warnings", "model"),
    ]
    assert shown["speech"] == {"share": 0.5, "spans": [[0.5, 1.25], [2.0, 3.0]]}
    assert list(shown["scores"]) == list(DIMENSIONS)  # type: ignore[call-overload]
    assert shown["artifacts"] == [
        {"kind": "packet-loss", "severity": "strong", "probability": 1.0, "spans": [[1.0, 2.5]]}
    ]
    assert shown["seconds"] == 3.14
    assert shown["alignment"] is None


def test_how_a_reference_fits_is_told_in_numbers_and_words() -> None:
    fit = ReferenceMatch("same", 1.5312345, 0.0101234, 0.9237)
    numbers = {"lag": 1.5312, "matched": 0.924, "drift": 0.01012}
    assert fit.to_json() == {"state": "same", **numbers, "lost": [], "added": [], "share_lost": 0.0, "removed": []}
    assert fit.text() == "The reference is 1.53 s early, the clip runs 1.0% slower; 92% of the speech matched."
    assert ReferenceMatch("same", -0.2, 0.0, 1.0).text() == "The reference is 0.20 s late; 100% of the speech matched."
    assert ReferenceMatch("same", 0.001, 0.0, 0.5).text() == "The reference is in time; 50% of the speech matched."


def test_of_other_speech_nothing_is_told_but_that_it_is_other() -> None:
    refused = ReferenceMatch("other", 3.2, 0.01, 0.3)
    assert refused.to_json() == {"state": "other", "lag": None, "matched": None, "drift": None, "lost": [], "added": []}
    assert refused.text() == ""


@pytest.mark.parametrize(
    ("speech", "words"),
    [
        (Speech(((0.0, 21.2),), 60.0), "speech in 21 of 60 s"),
        (Speech(((0.5, 2.0), (3.0, 4.0)), 6.3), "speech in 2.5 of 6.3 s"),
        (Speech((), 6.3), "no speech in 6.3 s"),
    ],
)
def test_speech_is_told_in_seconds(speech: Speech, words: str) -> None:
    assert str(speech) == words


def test_an_empty_clip_has_no_share_of_speech() -> None:
    assert Speech((), 0.0).share == 0.0
