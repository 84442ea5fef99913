"""The real default checkpoint on the example clips: what a person would say of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from sqllm.batch import score_many
from sqllm.batch.columns import SCORE_COLUMNS
from sqllm.evaluation.score_parser import parse_score
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.scores import Score

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "assets" / "examples"
KINDS = {"clean", "noise", "packet-loss", "narrow-band", "clipping", "codec", "reverberation", "quiet"}

pytestmark = pytest.mark.checkpoint


@pytest.fixture(scope="module")
def heard(default_judge: SpeechQualityLLM) -> dict[str, Hearing]:
    with (EXAMPLES / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["kind"]: default_judge.listen(EXAMPLES / row["file"]) for row in rows}


@pytest.fixture(scope="module")
def scores(heard: dict[str, Hearing]) -> dict[str, dict[str, Score]]:
    return {kind: hearing.scores() for kind, hearing in heard.items()}


def lowest(scores: dict[str, dict[str, Score]], dimension: str) -> str:
    return min(scores, key=lambda kind: scores[kind][dimension].mean)


def test_there_is_an_example_of_every_kind_of_at_most_10_s(heard: dict[str, Hearing]) -> None:
    assert set(heard) == KINDS
    assert max(hearing.clip.seconds for hearing in heard.values()) <= 10


def test_the_clean_clip_is_best_and_well_above_the_noisy_one(scores: dict[str, dict[str, Score]]) -> None:
    mos = {kind: s["mos"].mean for kind, s in scores.items()}
    assert max(mos, key=lambda kind: mos[kind]) == "clean"
    assert mos["clean"] - mos["noise"] >= 0.8


def test_each_dimension_is_lowest_for_its_own_degradation(scores: dict[str, dict[str, Score]]) -> None:
    assert lowest(scores, "noisiness") == "noise"
    assert lowest(scores, "discontinuity") == "packet-loss"
    assert lowest(scores, "coloration") in {"narrow-band", "codec", "reverberation"}
    assert lowest(scores, "loudness") == "quiet"


def test_the_stated_mos_is_the_read_one(heard: dict[str, Hearing], scores: dict[str, dict[str, Score]]) -> None:
    for kind in ("clean", "noise", "codec"):
        stated = parse_score(heard[kind].ask("What is the MOS of this clip?").text, "mos")
        assert stated == pytest.approx(scores[kind]["mos"].mean, abs=0.2)


def test_the_strict_expert_is_below_the_typical_listener_and_that_one_below_the_lenient(
    heard: dict[str, Hearing],
) -> None:
    for hearing in heard.values():
        strict, typical, lenient = (
            hearing.scores(name)["mos"].mean for name in ("strict-expert", "typical", "lenient")
        )
        assert strict < typical < lenient
    for kind in ("clipping", "codec"):
        assert heard[kind].scores()["mos"].mean - heard[kind].scores("strict-expert")["mos"].mean > 0.2


@pytest.mark.parametrize(
    ("question", "named"),
    [("What MOS would a strict expert give?", "strict-expert"), ("And for a lenient listener, what MOS?", "lenient")],
)
def test_a_listener_whom_any_question_describes_is_asked_and_named(
    heard: dict[str, Hearing], question: str, named: str
) -> None:
    answer = heard["noise"].ask(question).text
    assert named.split("-")[0] in answer
    assert parse_score(answer, "mos") == pytest.approx(heard["noise"].scores(named)["mos"].mean, abs=0.15)


@pytest.mark.parametrize("question", ["When are the gaps for a strict expert?", "Is it good enough for a podcast?"])
def test_what_is_the_same_for_everybody_is_said_for_nobody(heard: dict[str, Hearing], question: str) -> None:
    assert not heard["noise"].ask(question).text.startswith("For ")


def test_scores_are_those_that_were_stored_with_the_checkpoint(default_judge: SpeechQualityLLM) -> None:
    """A library's upgrade must not move scores. Remake: `sqllm score assets/examples -o tests/conformance.csv`."""
    stored = pd.read_csv(ROOT / "tests" / "conformance.csv")
    scored = score_many(default_judge, [str(ROOT / name) for name in stored["file"]])
    assert (scored["error"] == "").all()
    gaps = (scored[SCORE_COLUMNS] - stored[SCORE_COLUMNS]).abs()
    assert gaps.max().max() < 0.02


def test_no_example_is_taken_for_something_without_speech(heard: dict[str, Hearing]) -> None:
    assert all(hearing.speech_found for hearing in heard.values())
