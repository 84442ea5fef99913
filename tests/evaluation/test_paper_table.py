"""The paper's tasks and its table: what labels answer is what is parsed, and every figure is on the clips it names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.metrics import Ratings
from sqllm.evaluation.paper_table import ROWS, Answers, paper_report, parse_answer
from sqllm.scores import CATEGORIES, DIMENSIONS, HeardArtifact, category
from sqllm.words.paper_tasks import PAPER_FAMILIES, draw_task, task_answer, task_of

RNG = np.random.default_rng(0)


def labels() -> dict[str, float]:
    return {dimension: float(RNG.uniform(0.9, 5.1)) for dimension in DIMENSIONS}


@pytest.mark.parametrize(("family", "dimension"), ROWS)
def test_what_labels_answer_is_what_is_parsed(family: str, dimension: str) -> None:
    for wording in range(3):
        scores = labels()
        task = task_of(family, dimension, wording)
        value = parse_answer(task, dimension, task_answer(task, scores, [HeardArtifact("hum", "strong")]))
        said = round(min(5.0, max(1.0, scores[dimension])), 1)
        assert value == (CATEGORIES.index(category(said)) if family == "dim-categorical" else pytest.approx(said))


@pytest.mark.parametrize("text", ["", "it sounds fine", "The MOS is 7.3.", "1.0 2.0 3.0", "good or excellent"])
def test_an_answer_that_states_nothing_is_not_a_number(text: str) -> None:
    for family, dimension in ROWS:
        assert np.isnan(parse_answer(task_of(family, dimension), dimension, text))


def test_families_are_drawn_evenly_and_only_what_labels_can_answer() -> None:
    rng, scores = np.random.default_rng(1), labels()
    drawn = Counter(draw_task(rng, scores).family for _ in range(2000))
    assert set(drawn) == set(PAPER_FAMILIES)
    assert all(abs(count / 2000 - 0.2) < 0.03 for count in drawn.values())
    assert {draw_task(rng, {"mos": 3.0}).family for _ in range(20)} == {"mos-numeric"}


def test_an_explanation_names_what_is_worst_and_what_was_done() -> None:
    scores = {"mos": 2.1, "noisiness": 4.8, "coloration": 3.9, "discontinuity": 1.6, "loudness": 4.7}
    told = task_answer(task_of("explanatory"), scores, [HeardArtifact("packet-loss", "strong")])
    assert told.index("discontinuity 1.6") < told.index("coloration 3.9")
    assert "noisiness" not in told
    assert "strong packet loss" in told
    other = task_answer(task_of("explanatory"), scores | {"discontinuity": 4.9, "noisiness": 1.2}, [])
    assert other != told
    assert "noisiness 1.2" in other
    assert "nothing disturbs" in task_answer(task_of("explanatory"), dict.fromkeys(DIMENSIONS, 4.9))


def clips(count: int = 12) -> list[CorpusClip]:
    made = []
    for number in range(count):
        db = ("NISQA_TEST_FOR", "NISQA_TEST_LIVETALK", "NISQA_TEST_P501")[number % 3]
        reference = None if "LIVETALK" in db else Path("r.wav")
        made.append(CorpusClip(Path(f"{number}.wav"), reference, db, "", "en", 5, labels()))
    return made


def answers(made: list[CorpusClip], mode: str, unparsed: int = 0) -> Answers:
    """Perfect answers, but for the first few."""
    values = {}
    for family, dimension in ROWS:
        truth = np.array([np.clip(clip.scores[dimension], 1, 5) for clip in made])
        if family == "dim-categorical":
            truth = np.array([float(CATEGORIES.index(category(value))) for value in truth])
        truth[:unparsed] = np.nan
        if mode == "double-ended":
            truth[[clip.reference is None for clip in made]] = np.nan
        values[family, dimension] = truth
    return Answers(mode, values)


def test_the_table_has_parse_rates_and_both_modes_on_the_same_clips() -> None:
    made = clips()
    said = [answers(made, "single-ended", unparsed=2), answers(made, "double-ended")]
    beside = Ratings("NISQA v2", {"mos": np.array([clip.scores["mos"] for clip in made])})
    report = "\n".join(paper_report("ours", made, said, [beside]))
    everything, paired = report.split("### Clips with a reference: 8")
    assert "| mos-numeric, mos | 1.000 / 0.000 (10 of 12) |" in everything
    assert "| dim-categorical, loudness | 100.0% (10 of 12) |" in everything
    assert "double-ended" not in everything.split("### All clips: 12")[1]
    assert "(7 of 8) | 1.000 / 0.000 (8 of 8)" in paired
    assert ".855/.420" in paired
    assert "| NISQA v2, run here |" in paired
    assert "| SCOREQ (means of conditions where there are such), published | .97 | .86 | .96 |" in paired


def test_too_few_parsed_answers_have_no_figure_but_their_count() -> None:
    made = clips()
    report = "\n".join(paper_report("ours", made, [answers(made, "single-ended", unparsed=10)]))
    assert "| mos-numeric, mos | - (2 of 12) |" in report
