"""Planning on the page: from scores to a panel, a test's files, and votes that come back."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
import pandas as pd
import pytest
import soundfile

from sqllm.planning.conditions import planned_test
from sqllm.planning.plan import Settings
from sqllm.planning.power import condition_pairs, panel_size
from sqllm.signal.audio import SAMPLE_RATE
from sqllm.ui.plan_steps import COUNTS, ask_panel_about, fit_votes, plan_json, scores_of_table, write_archive
from sqllm.ui.plan_tab import PlanTab, Scored, plan_view
from sqllm.ui.plan_views import conditions_view, panel_view, votes_view
from tests.tiny import speech_like


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Three conditions of four clips, which are there."""
    folder, rows = tmp_path_factory.mktemp("clips"), []
    rng = np.random.default_rng(0)
    for condition, mos in (("good", 4.5), ("fair", 3.0), ("bad", 1.6)):
        for number in range(4):
            path = folder / f"{condition}_{number}.wav"
            soundfile.write(path, speech_like(1.0, number), SAMPLE_RATE)
            rows.append({"file": str(path), "condition": condition, "mos": mos + rng.normal(0, 0.1), "mos_std": 0.2})
    return pd.DataFrame(rows)


def test_panel_is_the_one_that_sqllm_plan_asks(scores: pd.DataFrame) -> None:
    tests = planned_test(scores)
    answer = ask_panel_about(tests, 0.5, 0.3)
    assert answer.size == panel_size(tests, 0.5, 0.3)
    assert answer.listeners == answer.size.listeners
    assert sum(answer.histogram) == answer.listeners * 12
    assert (np.diff(answer.half_widths) < 0).all()
    near = answer.half_widths[COUNTS.index(24)]
    assert near == pytest.approx(0.3, abs=0.15)
    apart = {
        frozenset((pair.first, pair.second)): pair.power for pair in condition_pairs(tests, 8, np.random.default_rng(1))
    }
    power = answer.power("bad", "good")
    assert power is not None
    assert power == answer.power("good", "bad")
    assert power >= apart[frozenset(("good", "bad"))] - 0.05


def test_number_of_listeners_is_the_designers_where_given(scores: pd.DataFrame) -> None:
    assert ask_panel_about(planned_test(scores), 0.5, 0.3, listeners=7).listeners == 7
    with pytest.raises(ValueError, match="2 to 200 listeners"):
        ask_panel_about(planned_test(scores), 0.5, 0.3, listeners=1)


def test_views_tell_what_was_found(scores: pd.DataFrame) -> None:
    tests = planned_test(scores)
    assert conditions_view(tests, ["<b>mind</b>"]).count("<circle") == 3
    assert "<b>mind" not in conditions_view(tests, ["<b>mind</b>"])
    shown = panel_view(ask_panel_about(tests, 0.5, 0.3, 30))
    assert "<b>30 listeners.</b>" in shown
    assert shown.count("sq-chance") == 6


def test_archive_holds_the_platforms_files_and_the_clips(scores: pd.DataFrame) -> None:
    written = write_archive(planned_test(scores), Settings(name="listening-test", difference=0.5))
    with zipfile.ZipFile(io.BytesIO(written.archive)) as archive:
        names = archive.namelist()
    assert "listening-test/README.md" in names
    assert "listening-test/rating_clips.csv" in names
    assert sum(name.startswith("listening-test/clips/c0") for name in names) >= 12
    assert plan_json(written)["listeners"] == written.plan.listeners
    assert "--" not in plan_view(written, clips=True)


def test_table_from_elsewhere_plans_but_brings_no_file_of_this_machine(scores: pd.DataFrame, tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    scores.assign(ref=scores["file"]).to_csv(table, index=False)
    taken = scores_of_table(str(table))
    assert not any(Path(file).exists() for column in ("file", "ref") for file in taken[column])
    written = write_archive(planned_test(taken), Settings(name="listening-test"))
    with zipfile.ZipFile(io.BytesIO(written.archive)) as archive:
        assert not any(name.endswith(".wav") for name in archive.namelist())
        assert "good_0.wav" in archive.read("listening-test/clips.csv").decode()
    assert len(planned_test(taken.drop(columns="condition"), "^([a-z]+)_").conditions) == 3


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "C:\\x\\..\\y.wav"])
def test_paths_of_strangers_lead_nowhere(tmp_path: Path, path: str) -> None:
    table = tmp_path / "scores.csv"
    table.write_text(f"file,mos,condition\n{path},3,a\n")
    (file,) = scores_of_table(str(table))["file"]
    assert file.startswith("not-uploaded/")
    assert ".." not in file


def test_votes_that_come_back_are_fitted_and_the_mapping_is_taken_away(scores: pd.DataFrame, tmp_path: Path) -> None:
    votes = tmp_path / "votes.csv"
    rows = [
        f"{Path(file).name},{round(np.clip(0.7 * mos + 0.5, 1, 5), 2)}" for file, mos in scores[["file", "mos"]].values
    ]
    votes.write_text("\n".join(["file,vote", *rows]))
    fitted = fit_votes(str(votes), scores)
    assert fitted.report.after.rmse.value < fitted.report.before.rmse.value
    assert fitted.mapped == pytest.approx(0.7 * scores["mos"].to_numpy() + 0.5, abs=0.05)
    shown = votes_view(fitted)
    assert shown.count("<circle") == 24
    tab = PlanTab(gr.File())
    _, button = tab.fit(Scored(scores, planned_test(scores), True), str(votes))
    assert Path(button.value["path"]).name == "mapping.json"


def test_what_is_missing_is_asked_for(scores: pd.DataFrame) -> None:
    tab = PlanTab(gr.File())
    for call, sentence in (
        (lambda: tab.take(True, None, None, ""), "no scores in the Batch tab"),
        (lambda: tab.take(False, None, None, ""), "Add a table of scores"),
        (lambda: tab.ask_panel(None, 0.5, 0.3, 0), "Take scores first"),
        (lambda: tab.fit(None, None), "Add a file of votes"),
    ):
        with pytest.raises(gr.Error, match=sentence):
            call()
