"""The template bank: wordings, and answers that say what their labels say."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from sqllm.evaluation.score_parser import parse_category, parse_score, parse_scores
from sqllm.listeners.profiles import PROFILES, TYPICAL, get_profile
from sqllm.scores import (
    ARTIFACT_KINDS,
    CATEGORIES,
    DIMENSION_WORDS,
    DIMENSIONS,
    LOCATED_KINDS,
    SEVERITIES,
    HeardArtifact,
    category,
    stated,
)
from sqllm.words.claims import claims
from sqllm.words.questions import (
    COMPARE,
    FAULT_REQUESTS,
    HELD_OUT,
    NO_SPEECH_ANSWERS,
    PRESETS,
    QUESTIONS,
    RATIONALE_QUESTION,
    SCORE_BLOCKS,
    SCORE_REQUESTS,
    TAUGHT_FAMILIES,
    Question,
    draw_question,
    fault_block,
    with_listener,
)
from tests.words.composed import compose_answer

DRAWS = 300


def draw_artifacts(rng: np.random.Generator) -> list[HeardArtifact]:
    if rng.random() < 0.2:
        return []
    kinds = rng.choice(ARTIFACT_KINDS, size=int(rng.integers(0, 5)), replace=False)
    starts = [np.sort(rng.uniform(0, 9, int(rng.integers(0, 14)))) for _ in kinds]
    return [
        HeardArtifact(
            str(kind),
            str(rng.choice(SEVERITIES)),
            tuple((float(s), float(s) + 0.4) for s in spans) if kind in LOCATED_KINDS else (),
            float(rng.choice([1.0, 0.9, 0.6])),
        )
        for kind, spans in zip(kinds, starts, strict=True)
    ]


def draws(family: str, seed: int = 0) -> Iterator[tuple[Question, dict[str, float], list[HeardArtifact], str]]:
    """Random questions of a family with random truths and their answers."""
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        scores = {name: float(rng.uniform(1, 5)) for name in DIMENSIONS}
        artifacts = draw_artifacts(rng)
        question = draw_question(rng, family, artifacts, held_out=bool(rng.random() < 0.2))
        yield question, scores, artifacts, compose_answer(question, scores, artifacts, rng)


@pytest.mark.parametrize("family", [*TAUGHT_FAMILIES, COMPARE])
def test_every_family_has_a_dozen_wordings_and_four_that_never_train(family: str) -> None:
    plain = [re.sub(r"\W+", " ", wording).strip().lower() for wording in (*QUESTIONS[family], *HELD_OUT[family])]
    assert len(set(plain)) == len(plain)
    assert len(QUESTIONS[family]) >= (30 if family == "off-topic" else 12)
    assert len(HELD_OUT[family]) >= 4


def test_no_two_families_share_a_wording() -> None:
    everything = [wording for table in (QUESTIONS, HELD_OUT) for wordings in table.values() for wording in wordings]
    assert len(set(everything)) == len(everything)
    assert set(HELD_OUT) == set(QUESTIONS) == {*TAUGHT_FAMILIES, COMPARE}


@pytest.mark.parametrize("family", ["presence", "when", "severity"])
def test_half_of_the_questions_about_faults_are_about_one_that_is_there(family: str) -> None:
    rng, artifacts = np.random.default_rng(0), [HeardArtifact("hum", "slight"), HeardArtifact("packet-loss", "strong")]
    drawn = [draw_question(rng, family, artifacts) for _ in range(DRAWS)]
    present = np.mean([bool({"hum", "packet-loss"} & set(question.kinds)) for question in drawn])
    assert present == pytest.approx(0.5, abs=0.1)
    assert all(question.asked.removeprefix("a ").removeprefix("an ") in question.text for question in drawn)
    assert {kind for question in drawn for kind in question.kinds} == set(ARTIFACT_KINDS)


def test_a_clip_with_every_fault_and_a_pair_of_clips_can_be_asked_about() -> None:
    rng, everything = np.random.default_rng(0), [HeardArtifact(kind, "slight") for kind in ARTIFACT_KINDS]
    assert draw_question(rng, "presence", everything).kinds
    assert draw_question(rng, COMPARE).text in QUESTIONS[COMPARE]


def test_a_fault_is_asked_for_in_its_number() -> None:
    texts = {draw_question(np.random.default_rng(seed), "presence").text for seed in range(6000)}
    assert {"Are there lost packets?", "Is there packet loss?", "Is there a second voice?"} <= texts
    assert {"Are there any lost packets in this clip?", "Is there any second voice in this clip?"} <= texts


@pytest.mark.parametrize("family", TAUGHT_FAMILIES)
def test_questions_and_answers_are_whole_sentences_without_slips(family: str) -> None:
    for question, _, _, answer in draws(family, 1):
        for text in (question.text, answer):
            assert not re.search(r"[{}]|\s\s|\s[.,:;?!]|\.\.|^\s|\s$", text), text
            assert not re.search(r"\b(\w+) \1\b", text, re.IGNORECASE), text
            assert text[0].isupper() or text[0].isdigit(), text
        assert question.text[-1] in ".?"


@pytest.mark.parametrize("family", ["dim-numeric", "dim-categorical"])
def test_dimension_questions_name_their_dimension(family: str) -> None:
    asked = {question.dimension for question, *_ in draws(family)}
    assert asked == set(DIMENSIONS[1:])


@pytest.mark.parametrize("family", ["mos-numeric", "explanatory", "acceptability"])
def test_answers_with_a_mos_parse_back_to_it(family: str) -> None:
    for _, scores, _, answer in draws(family):
        assert parse_score(answer, "mos") == float(stated(scores["mos"])), answer


def test_dimension_answers_parse_back_to_their_score() -> None:
    for question, scores, _, answer in draws("dim-numeric"):
        assert question.dimension is not None
        assert parse_score(answer, question.dimension) == float(stated(scores[question.dimension])), answer


def test_categorical_answers_parse_back_to_their_category() -> None:
    for question, scores, _, answer in draws("dim-categorical"):
        assert parse_category(answer) == category(scores[str(question.dimension)]), answer


def test_multi_dimensional_answers_parse_back_to_all_five_scores() -> None:
    for _, scores, _, answer in draws("multi-dim"):
        assert parse_scores(answer) == {name: float(stated(score)) for name, score in scores.items()}, answer


@pytest.mark.parametrize("family", ["explanatory", "acceptability"])
def test_nothing_is_called_fine_that_was_damaged(family: str) -> None:
    """What must not be said beside an artifact that is there."""
    denials = {
        "continuous|interruption|no gaps": {"packet-loss", "time-clipping"},
        "no noise": {"background-noise", "hum", "competing-speaker"},
        "natural|undistorted": {"codec", "band-limited", "amplitude-clipping", "reverberation", "noise-suppression"},
        "level is pleasant|good level": {"too-quiet", "too-loud", "level-change"},
    }
    rng = np.random.default_rng(5)
    praised = 0
    for _ in range(DRAWS):
        scores = {"mos": float(rng.uniform(1, 5))} | {name: float(rng.uniform(4.0, 5)) for name in DIMENSIONS[1:]}
        artifacts = draw_artifacts(rng) or []
        kinds = {artifact.kind for artifact in artifacts}
        answer = compose_answer(draw_question(rng, family), scores, artifacts, rng)
        for denial, damaging in denials.items():
            praised += bool(re.search(denial, answer))
            assert not (kinds & damaging and re.search(denial, answer)), answer
    assert praised > (20 if family == "explanatory" else 2)


def test_a_poor_clip_is_never_called_flawless() -> None:
    rng = np.random.default_rng(6)
    scores = {"mos": 1.6, "noisiness": 3.6, "coloration": 3.6, "discontinuity": 3.6, "loudness": 3.6}
    for _ in range(60):
        answer = compose_answer(draw_question(rng, "explanatory"), scores, [], rng)
        assert not re.search("nothing disturbs|natural|undistorted|no noise", answer, re.IGNORECASE), answer


def test_the_word_of_a_verdict_fits_the_number_beside_it() -> None:
    words = {word.lower() for word in DIMENSION_WORDS["mos"][1]}
    for _, _, _, answer in draws("explanatory", 2):
        number = parse_score(answer, "mos")
        sentence = next(
            part for part in re.split(r"[.;] (?=[A-Z])", answer) if f" {stated(number)}" in part and "MOS" in part
        )
        word = DIMENSION_WORDS["mos"][1][CATEGORIES.index(category(number))].lower()
        assert set(re.findall(r"[a-z]+", sentence.lower())) & words <= {word, "good"}, answer
        assert word in sentence.lower(), answer


@pytest.mark.parametrize(("mos", "word"), [(2.96, "No"), (3.0, "Yes"), (2.94, "No"), (4.9, "Yes"), (1.0, "No")])
def test_yes_and_no_fit_the_number_beside_them(mos: float, word: str) -> None:
    rng = np.random.default_rng(0)
    answer = compose_answer(draw_question(rng, "acceptability"), dict.fromkeys(DIMENSIONS, mos), [], rng)
    assert answer.startswith(f"{word}, "), answer
    assert f"MOS {stated(mos)}" in answer.replace("MOS of", "MOS"), answer


def test_yes_means_acceptable_to_every_wording() -> None:
    rng = np.random.default_rng(0)
    excellent = dict.fromkeys(DIMENSIONS, 4.8)
    assert compose_answer(draw_question(rng, "acceptability"), excellent, [], rng).startswith("Yes")
    for wording in QUESTIONS["acceptability"]:
        assert not re.search("complain|bother|annoy|too bad|unusable|reject", wording), wording


def test_the_strongest_fault_comes_first() -> None:
    rng = np.random.default_rng(0)
    artifacts = [
        HeardArtifact("hum", "slight"),
        HeardArtifact("packet-loss", "strong", ((2.9, 3.2), (6.8, 7.2))),
    ]
    question = Question("explanatory", RATIONALE_QUESTION)
    for _ in range(20):
        named = claims(compose_answer(question, dict.fromkeys(DIMENSIONS, 2.0), artifacts, rng)).faults
        in_turn = [claim for claim in named if claim.severity]
        assert "packet-loss" in in_turn[0].kinds
        assert in_turn[-1].kinds == ("hum",)


def test_without_known_artifacts_the_lowest_dimension_is_the_reason() -> None:
    rng = np.random.default_rng(0)
    scores = {"mos": 2.0, "noisiness": 1.4, "coloration": 4.9, "discontinuity": 2.8, "loudness": 4.9}
    for _ in range(20):
        answer = compose_answer(Question("explanatory", RATIONALE_QUESTION), scores, [], rng).lower()
        assert answer.index("noise") < answer.index("interruptions")


def test_every_fault_has_words_and_a_block_of_its_own() -> None:
    rng = np.random.default_rng(0)
    reasons = set()
    for kind in ARTIFACT_KINDS:
        for severity in SEVERITIES:
            artifacts = [HeardArtifact(kind, severity)]
            scores = dict.fromkeys(DIMENSIONS, 3.0)
            text = compose_answer(Question("acceptability", "?"), scores, artifacts, rng)
            reasons.add(re.sub(r"^Yes, with a MOS of 3\.0\. ", "", text))
    assert len(reasons) == len(ARTIFACT_KINDS) * len(SEVERITIES)
    assert len({fault_block(kind) for kind in ARTIFACT_KINDS}) == len(ARTIFACT_KINDS)
    assert fault_block("background-noise") == "Background noise:"


def test_a_request_is_worded_for_its_listener() -> None:
    assert with_listener("Rate this clip.", TYPICAL) == "Rate this clip."
    phone = PROFILES["phone-speaker"]
    asked = {with_listener("Rate this clip.", phone, wording) for wording in range(len(phone.wordings))}
    assert asked == {f"{words} Rate this clip." for words in phone.wordings}
    assert with_listener("Rate this clip.", get_profile("one who hates hiss")) == "Rate this clip."


def test_the_same_seed_draws_the_same_question_and_answer() -> None:
    first, second = ([(q.text, a) for q, _, _, a in draws("explanatory", 4)] for _ in range(2))
    assert first == second
    assert len(set(first)) > DRAWS / 2


def test_requests_blocks_and_presets_are_distinct() -> None:
    for texts in (SCORE_REQUESTS, FAULT_REQUESTS, NO_SPEECH_ANSWERS, tuple(PRESETS.values())):
        assert len(set(texts)) == len(texts) >= 3
    names = [name for dimension in DIMENSIONS for name in SCORE_BLOCKS[dimension]]
    assert len(set(names)) == len(names)
