"""The template bank: wordings, and answers that say what their labels say."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from sqllm.profiles import PROFILES, TYPICAL, get_profile
from sqllm.questions import (
    FAMILIES,
    FAULT_REQUESTS,
    NO_SPEECH_ANSWERS,
    PRESETS,
    QUESTIONS,
    RATIONALE_QUESTION,
    SCORE_BLOCKS,
    SCORE_REQUESTS,
    Question,
    compose_answer,
    draw_question,
    fault_block,
    notes,
    with_listener,
)
from sqllm.scores import (
    ARTIFACT_KINDS,
    CATEGORIES,
    DIMENSION_WORDS,
    DIMENSIONS,
    SEVERITIES,
    HeardArtifact,
    category,
    parse_category,
    parse_score,
    parse_scores,
)

DRAWS = 300


def draw_artifacts(rng: np.random.Generator) -> list[HeardArtifact]:
    if rng.random() < 0.2:
        return []
    kinds = rng.choice(ARTIFACT_KINDS, size=int(rng.integers(0, 5)), replace=False)
    starts = [np.sort(rng.uniform(0, 9, int(rng.integers(0, 4)))) for _ in kinds]
    return [
        HeardArtifact(str(kind), str(rng.choice(SEVERITIES)), tuple((float(s), float(s) + 0.4) for s in spans))
        for kind, spans in zip(kinds, starts, strict=True)
    ]


def draws(family: str, seed: int = 0) -> Iterator[tuple[Question, dict[str, float], list[HeardArtifact], str]]:
    """Random questions of a family with random truths and their answers."""
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        scores = {name: float(rng.uniform(1, 5)) for name in DIMENSIONS}
        question, artifacts = draw_question(rng, family), draw_artifacts(rng)
        yield question, scores, artifacts, compose_answer(question, scores, artifacts, rng)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_a_dozen_distinct_wordings(family: str) -> None:
    wordings = {re.sub(r"\W+", " ", wording).strip().lower() for wording in QUESTIONS[family]}
    assert len(wordings) == len(QUESTIONS[family]) >= 12


def test_no_two_families_share_a_wording() -> None:
    everything = [wording for family in FAMILIES for wording in QUESTIONS[family]]
    assert len(set(everything)) == len(everything)


@pytest.mark.parametrize("family", FAMILIES)
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
        assert parse_score(answer, "mos") == round(scores["mos"], 1), answer


def test_dimension_answers_parse_back_to_their_score() -> None:
    for question, scores, _, answer in draws("dim-numeric"):
        assert question.dimension is not None
        assert parse_score(answer, question.dimension) == round(scores[question.dimension], 1), answer


def test_categorical_answers_parse_back_to_their_category() -> None:
    for question, scores, _, answer in draws("dim-categorical"):
        assert parse_category(answer) == category(scores[str(question.dimension)]), answer


def test_multi_dimensional_answers_parse_back_to_all_five_scores() -> None:
    for _, scores, _, answer in draws("multi-dim"):
        assert parse_scores(answer) == {name: round(score, 1) for name, score in scores.items()}, answer


def test_notes_hold_all_five_scores_and_the_faults_worst_first() -> None:
    scores = dict(zip(DIMENSIONS, (2.62, 3.8, 2.1, 3.5, 3.0), strict=True))
    faults = [HeardArtifact("hum", "slight"), HeardArtifact("packet-loss", "strong")]
    assert notes(scores, faults) == (
        "Notes: MOS 2.6, noisiness 3.8, coloration 2.1, discontinuity 3.5, loudness 3.0. "
        "Faults: strong packet loss, slight hum.\n"
    )
    assert notes(scores, []).endswith("Faults: none.\n")


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
    assert praised > 20


def test_a_poor_clip_is_never_called_flawless() -> None:
    rng = np.random.default_rng(6)
    scores = {"mos": 1.6, "noisiness": 3.6, "coloration": 3.6, "discontinuity": 3.6, "loudness": 3.6}
    for _ in range(60):
        answer = compose_answer(draw_question(rng, "explanatory"), scores, [], rng)
        assert not re.search("nothing disturbs|natural|undistorted|no noise", answer, re.IGNORECASE), answer


def test_the_word_of_a_verdict_fits_the_number_beside_it() -> None:
    words = DIMENSION_WORDS["mos"][1]
    for _, _, _, answer in draws("explanatory", 2):
        number = parse_score(answer, "mos")
        word = words[CATEGORIES.index(category(number))]
        sentence = re.match(r".*?\d\.\d\D*?\.|.*", answer)
        assert sentence is not None
        assert re.search(rf"\b{word}\b", sentence.group(), re.IGNORECASE), answer


@pytest.mark.parametrize(("mos", "word"), [(2.96, "Yes"), (3.0, "Yes"), (2.94, "No"), (4.9, "Yes"), (1.0, "No")])
def test_yes_and_no_fit_the_number_beside_them(mos: float, word: str) -> None:
    rng = np.random.default_rng(0)
    answer = compose_answer(draw_question(rng, "acceptability"), dict.fromkeys(DIMENSIONS, mos), [], rng)
    assert answer.startswith(f"{word}, with a MOS of {mos:.1f}."), answer


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
        answer = compose_answer(question, dict.fromkeys(DIMENSIONS, 2.0), artifacts, rng).lower()
        assert answer.index("heavy packet loss") < answer.index("a faint hum")


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
    strict = PROFILES["strict-expert"]
    asked = {with_listener("Rate this clip.", strict, wording) for wording in range(len(strict.words))}
    assert asked == {f"{words} Rate this clip." for words in strict.words}
    assert with_listener("Rate this clip.", get_profile("in a car")) == "in a car Rate this clip."


def test_the_same_seed_draws_the_same_question_and_answer() -> None:
    first, second = ([(q.text, a) for q, _, _, a in draws("explanatory", 4)] for _ in range(2))
    assert first == second
    assert len(set(first)) > DRAWS / 2


def test_requests_blocks_and_presets_are_distinct() -> None:
    for texts in (SCORE_REQUESTS, FAULT_REQUESTS, NO_SPEECH_ANSWERS, tuple(PRESETS.values())):
        assert len(set(texts)) == len(texts) >= 3
    names = [name for dimension in DIMENSIONS for name in SCORE_BLOCKS[dimension]]
    assert len(set(names)) == len(names)
