"""What stands around Ray: numbered rows, an actor's work, and order restored; the pool itself is in `make smoke`."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow
import pytest
import soundfile
from pyarrow.parquet import write_table

from sqllm.batch import ray_engine
from sqllm.batch.columns import Layout, Wanted
from sqllm.batch.ray_engine import ID, Rate, RayScorer, _number, in_order
from sqllm.batch.remote import is_remote, read_any_sources
from sqllm.cli import main
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.config import ModelConfig
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like

LAYOUT = Layout.of(["file", "note"], Wanted())


@pytest.fixture
def clip(tmp_path: Path) -> str:
    soundfile.write(tmp_path / "clip.wav", speech_like(12.0), SAMPLE_RATE)
    return str(tmp_path / "clip.wav")


def score(judge: Any, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    scorer = RayScorer(lambda: judge, LAYOUT)
    batch = pyarrow.table({ID: range(len(records)), "record": [json.dumps(record) for record in records]})
    return scorer(batch).to_pylist()


def test_an_actor_scores_rows_counts_windows_and_says_why_one_failed(tiny: SpeechQualityLLM, clip: str) -> None:
    rows = score(tiny, [{"file": clip, "note": 7}, {"file": "gone.wav", "note": None}, {"file": f"file://{clip}"}])
    cells = [json.loads(row["cells"]) for row in rows]
    assert [row[ID] for row in rows] == [0, 1, 2]
    assert [row["windows"] for row in rows] == [2, 0, 2]
    assert cells[0]["mos"] == cells[2]["mos"]
    assert cells[0]["note"] == 7
    assert "gone.wav" in cells[1]["error"]
    assert cells[2]["file"] == f"file://{clip}"


def test_a_row_that_breaks_the_model_costs_itself_only(clip: str) -> None:
    class Broken:
        name = {"name": "broken", "revision": "0"}  # noqa: RUF012
        model = SimpleNamespace(config=ModelConfig())

        def listen_many(self, pairs: Any) -> Any:
            raise RuntimeError("CUDA error")

    (row,) = score(Broken(), [{"file": clip, "note": 1}])
    assert json.loads(row["cells"])["error"] == "RuntimeError: CUDA error"
    assert json.loads(row["cells"])["note"] == 1


def test_order_is_restored_rows_that_came_twice_are_dropped_and_lost_ones_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_engine, "ROWS_A_STEP", 4)

    def write(name: str, ids: list[int]) -> None:
        cells = [json.dumps({"number": number}) for number in ids]
        write_table(pyarrow.table({ID: ids, "cells": cells, "windows": ids, "busy": [0.5] * len(ids)}), tmp_path / name)

    write("b.parquet", [9, 3, 1, 0])
    write("a.parquet", [8, 7, 3, 2, 9, 4, 5, 6])
    tally = ray_engine._Tally()
    assert [row["number"] for row in in_order(tmp_path, 10, tally)] == list(range(10))
    assert (tally.windows, tally.busy) == (45, 5.0)
    with pytest.raises(ValueError, match="Row 11 was not scored"):
        list(in_order(tmp_path, 11))


def test_resuming_refuses_the_parts_of_other_rows(tmp_path: Path) -> None:
    rows = [{"file": "a.wav", "note": 1}, {"file": "b.wav", "note": 2}]
    _number(rows, LAYOUT, tmp_path / "work", resume=False)
    _number(rows, LAYOUT, tmp_path / "work", resume=True)
    with pytest.raises(ValueError, match="was made of other clips or options"):
        _number(rows[:1], LAYOUT, tmp_path / "work", resume=True)


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv"])
@pytest.mark.parametrize("remote", [False, True])
def test_manifests_of_all_kinds_name_the_same_clips(tmp_path: Path, clip: str, suffix: str, remote: bool) -> None:
    table = pd.DataFrame({"audio_filepath": ["clip.wav"], "text": ["hello"], "speaker": ["x"]})
    path = tmp_path / f"manifest.{suffix}"
    if suffix == "parquet":
        table.to_parquet(path)
    elif suffix == "jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.to_csv(path, index=False)
    clips = read_any_sources([f"file://{path}" if remote else str(path)])
    (row,) = clips.rows
    assert row["file"].removeprefix("file://") == clip
    assert (row["audio_filepath"], row["text"], row["speaker"]) == ("clip.wav", "hello", "x")
    assert is_remote(row["file"]) == remote


def test_a_manifest_that_names_no_clips_is_one_sentence(tmp_path: Path) -> None:
    pd.DataFrame({"speaker": ["x"]}).to_parquet(tmp_path / "m.parquet")
    with pytest.raises(ValueError, match="names no clips: give it a column file or audio_filepath"):
        read_any_sources([str(tmp_path / "m.parquet")])
    with pytest.raises(ValueError, match="has to be the only source"):
        read_any_sources([str(tmp_path / "m.parquet"), "clip.wav"])


def test_the_rate_counts_windows_and_tells_what_more_actors_would_do() -> None:
    lines = Rate(rows=10, windows=720, busy=3600.0, passed=1800.0).lines()
    assert lines[0] == "10 rows, 720 windows of up to 10 s, in 1800 s."
    assert "720 windows an hour" in lines[1]
    assert "5,760 by 8" in lines[1]


def test_without_ray_the_engine_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(ray_engine, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        main(["score", "x.csv", "-o", str(tmp_path / "o.parquet"), "--engine", "ray"])
    assert capsys.readouterr().err.count("\n") == 1
