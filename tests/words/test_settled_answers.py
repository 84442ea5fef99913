"""What is said to questions that code settles: comparisons with a figure, what is unknown, several faults at once."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sqllm.evaluation.spoken_claims import false_claims
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, HeardArtifact
from sqllm.words.comparison import ComparedIn, compared_in
from sqllm.words.fact_check import unproven
from sqllm.words.limits import Limit
from sqllm.words.questions import Question
from sqllm.words.selection.comparison import compare
from sqllm.words.selection.select import select
from sqllm.words.sentences.made_facts import random_facts
from sqllm.words.sentences.say import say
from tests.words.composed import labelled
from tests.words.test_saying import SLIPS

SIDES = ("above", "at least", "below", "at most", "is", "about")
NOISE, HUM = HeardArtifact("background-noise", "strong"), HeardArtifact("hum", "slight")
SETTLED = {
    **{f"limit {side}": Question("acceptability", "?", closed=True, limit=Limit(side, 3.0)) for side in SIDES},
    "limit between": Question("acceptability", "?", closed=True, limit=Limit("between", 2.0, 3.0)),
    "limit surely": Question("acceptability", "?", closed=True, limit=Limit("below", 3.0, surely=True)),
    "limit of a dimension": Question("acceptability", "?", "noisiness", closed=True, limit=Limit("above", 2.5)),
    "unknown use": Question("use", "?", asked="a hearing test", closed=True),
    "other measure": Question("measurement", "?", measure="level", instead="the loudness in LUFS"),
    "no measure": Question("measurement", "?", kinds=("reverberation",), instead="the RT60"),
    "all": Question("dominant", "?", each=True),
    "three": Question("dominant", "?", how_many=3),
    "second": Question("dominant", "?", rank=2),
    "each mended": Question("fix", "?", kinds=ARTIFACT_KINDS, each=True),
    "all mended": Question("fix", "?", kinds=ARTIFACT_KINDS, all_at_once=True),
}


@pytest.mark.parametrize("question", SETTLED.values(), ids=SETTLED)
def test_what_is_composed_is_whole_and_proven(question: Question) -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        facts = random_facts(rng)
        selected = select(facts, question)
        text = say(selected, rng)
        assert unproven(text, selected) == [], text
        assert false_claims(text, question, facts) == [], text
        assert not SLIPS.search(text), text


def answer(question: Question, mos: float, *artifacts: HeardArtifact) -> str:
    facts = labelled(dict.fromkeys(DIMENSIONS, mos), artifacts)
    return say(select(facts, question), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("side", "mos", "word"),
    [
        ("above", 3.1, "Yes"),
        ("above", 3.0, "No"),
        ("at least", 3.0, "Yes"),
        ("at least", 2.96, "No"),
        ("below", 2.96, "Yes"),
        ("below", 4.0, "No"),
        ("at most", 3.0, "Yes"),
        ("is", 3.02, "Yes"),
        ("is", 3.2, "No"),
        ("about", 3.2, "Yes"),
        ("about", 3.4, "No"),
    ],
)
def test_yes_and_no_go_by_the_side_that_was_asked_for(side: str, mos: float, word: str) -> None:
    said = answer(Question("acceptability", "?", closed=True, limit=Limit(side, 3.0)), mos)
    assert said.startswith(f"{word}, "), said
    assert " above " not in said or mos > 3, said
    assert " below " not in said or mos < 3, said


def test_a_use_without_a_limit_gets_no_yes_and_hears_which_have_one() -> None:
    said = answer(SETTLED["unknown use"], 4.7)
    assert said.startswith("I can't tell")
    assert "a hearing test" in said
    assert "a podcast" in said


def test_faults_are_listed_ranked_and_mended_together() -> None:
    assert re.search("noise.* and .*hum", answer(SETTLED["all"], 2.0, NOISE, HUM))
    assert "hum" in answer(SETTLED["second"], 2.0, NOISE, HUM)
    assert "All I hear is" in answer(SETTLED["second"], 2.0, NOISE)
    each = answer(SETTLED["each mended"], 2.0, NOISE, HUM)
    assert "noise" in each
    assert "hum" in each
    reached = [
        float(re.findall(r"\d\.\d", answer(SETTLED["all mended"], 2.0, *some))[-1]) for some in ([HUM], [NOISE, HUM])
    ]
    assert 2.0 < reached[0] <= reached[1] <= 5


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("Which clip is better, A or B?", ComparedIn()),
        ("Which is noisier?", ComparedIn("noisiness", worse=True)),
        ("Why is B worse?", ComparedIn("mos", worse=True, clip="B")),
        ("Is A better than B?", ComparedIn("mos", clip="A", closed=True)),
        ("Is the second louder?", ComparedIn("level", clip="B", closed=True)),
        ("Which has fewer drop-outs?", ComparedIn("discontinuity")),
        ("Is A not better?", ComparedIn()),
        ("Compare the two clips.", ComparedIn()),
    ],
)
def test_what_a_question_about_two_clips_compares(text: str, compared: ComparedIn) -> None:
    assert compared_in(text) == compared


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("Why is B worse?", "No, "),
        ("Is B better?", "Yes, "),
        ("Is A better than B?", "No, "),
        ("Is A noisier?", "Yes, A is noisier"),
        ("Which is noisier?", "A is noisier"),
        ("Is B noisier?", "No, A is noisier"),
    ],
)
def test_a_claim_about_two_clips_is_judged(text: str, opening: str) -> None:
    poor, good = (labelled(dict.fromkeys(DIMENSIONS, mos), []) for mos in (2.0, 4.5))
    selected = compare(poor, good, compared_in(text))
    said = say(selected, np.random.default_rng(0))
    assert said.startswith(opening), said
    assert unproven(said, selected) == []


@pytest.mark.parametrize(
    "text", ["Which is noisier?", "Which is louder?", "Which is smoother?", "Which sounds clearer?"]
)
def test_what_is_compared_is_whole_proven_and_swaps_with_the_clips(text: str) -> None:
    rng = np.random.default_rng(1)
    for seed in range(30):
        pair = random_facts(rng), random_facts(rng)
        selected = compare(*pair, compared_in(text))
        said, other = (
            say(compare(*clips, compared_in(text)), np.random.default_rng(seed)) for clips in (pair, pair[::-1])
        )
        assert unproven(said, selected) == [], said
        assert not SLIPS.search(said), said
        if " same " not in said and " as loud" not in said:
            assert other == re.sub(r"\b[AB]\b", lambda letter: {"A": "B", "B": "A"}[letter.group()], said)
