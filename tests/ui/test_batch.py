"""Many clips on the page: what uploads are taken for, rows as they come, and what is taken away."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pandas as pd
import pytest

from sqllm.batch import score_many
from sqllm.batch.columns import Wanted
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.profiles import TYPICAL
from sqllm.ui.batch_files import gather
from sqllm.ui.batch_run import batch_tables, condition_means, conditions_html, run_batch, shown_table, status_html
from sqllm.ui.batch_tab import BatchTab
from sqllm.ui.lane import JudgeLane


def zipped(folder: Path, files: dict[str, Path | str]) -> str:
    path = folder / "clips.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, str) else content.read_bytes())
    return str(path)


def named(uploads: list[str]) -> list[dict[str, Any]]:
    files = gather(uploads, gr.File())
    return [files.told(record) for record in files.records]


def test_folders_of_an_archive_are_conditions(tmp_path: Path, clips: list[Path]) -> None:
    archive = zipped(
        tmp_path, {"a/one.wav": clips[0], "b/two.wav": clips[1], "__MACOSX/a/._one.wav": "x", "notes.txt": ""}
    )
    assert named([archive]) == [
        {"file": "a/one.wav", "condition": "a"},
        {"file": "b/two.wav", "condition": "b"},
    ]
    assert gather([archive], gr.File()).notes == ("1 other files are left out, such as notes.txt.",)


def test_table_names_uploads_by_the_end_of_their_path(tmp_path: Path, clips: list[Path]) -> None:
    archive = zipped(tmp_path, {"a/one.wav": clips[0], "b/one.wav": clips[1], "c/left.wav": clips[2]})
    table = tmp_path / "table.csv"
    table.write_text("file;condition;own\nD:\\test\\b\\one.wav;good;7\n/home/me/a/one.wav;bad;8\ngone.wav;bad;9\n")
    files = gather([archive, str(table)], gr.File())
    assert [
        Path(row["file"]).read_bytes() == clips[n].read_bytes()
        for row, n in zip(files.records[:2], (1, 0), strict=True)
    ]
    assert [files.told(record)["own"] for record in files.records] == ["7", "8", "9"]
    assert files.told({**files.records[2], "error": "x"})["error"] == "gone.wav is not among the uploaded files."
    assert files.notes == ("1 uploaded files are in no table, such as c/left.wav.",)


def test_table_reads_nothing_but_uploads(tmp_path: Path, clips: list[Path]) -> None:
    upload, outside = tmp_path / "up", tmp_path / "secret.wav"
    upload.mkdir()
    outside.write_bytes(clips[0].read_bytes())
    table = upload / "table.csv"
    table.write_text(f"file,ref\n{outside},{outside}\n../secret.wav,\n")
    files = gather([str(table), str(clips[1])], gr.File())
    assert not any(Path(record[role]).exists() for record in files.records for role in ("file", "ref") if record[role])


def test_archive_stays_in_its_folder(tmp_path: Path, clips: list[Path]) -> None:
    owner = gr.File()
    gather([zipped(tmp_path, {"../../out.wav": clips[0], "in.wav": clips[1]})], owner)
    assert not (Path(owner.GRADIO_CACHE).parent / "out.wav").exists()
    (path,) = owner.temp_files
    assert Path(path).is_relative_to(owner.GRADIO_CACHE)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [([], "Add files first"), (["notes.txt"], "no audio"), (["broken.csv"], "broken.csv has no rows")],
)
def test_uploads_without_clips_are_told(tmp_path: Path, files: list[str], sentence: str) -> None:
    for name in files:
        (tmp_path / name).write_text("file,ref\n")
    with pytest.raises(ValueError, match=sentence):
        gather([str(tmp_path / name) for name in files], gr.File())


@pytest.fixture
def uploads(tmp_path: Path, clips: list[Path]) -> list[str]:
    """Two clips of one condition, one of another, and one that is none."""
    names: dict[str, Path | str] = {
        "a/one.wav": clips[0],
        "a/two.wav": clips[1],
        "b/three.wav": clips[2],
        "b/broken.wav": "not audio",
    }
    return [zipped(tmp_path, names)]


def test_every_clip_has_the_row_that_the_command_line_writes(
    lane: JudgeLane, tiny: SpeechQualityLLM, uploads: list[str], clips: list[Path]
) -> None:
    files = gather(uploads, gr.File())
    *before, run = run_batch(lane, files, TYPICAL, Wanted(faults=True))
    assert [len(one.rows) for one in before] == [0, 1, 2, 3]
    expected = score_many(tiny, [str(clip) for clip in clips], faults=True)
    rows = run.told()
    assert [row["file"] for row in rows] == ["a/one.wav", "a/two.wav", "b/three.wav", "b/broken.wav"]
    assert [row["mos"] for row in rows[:3]] == expected["mos"].tolist()
    assert "can't be read as audio" in rows[3]["error"]
    assert run.failed == 1
    assert "4 of 4" in status_html(run)
    assert "1 could not be read" in status_html(run)
    assert shown_table(run).value["data"][3][-1] == rows[3]["error"]


def test_conditions_have_means_with_intervals(lane: JudgeLane, uploads: list[str]) -> None:
    *_, run = run_batch(lane, gather(uploads, gr.File()), TYPICAL, Wanted())
    means = {one.name: one for one in condition_means(run.rows)}
    scores = [row["mos"] for row in run.rows[:2]]
    assert means["a"].mos == pytest.approx(sum(scores) / 2)
    assert means["a"].low <= min(scores)
    assert means["b"].clips == 1
    assert conditions_html(run).count("<circle") == 2


def test_tables_to_take_away_hold_the_same_rows(lane: JudgeLane, uploads: list[str]) -> None:
    *_, run = run_batch(lane, gather(uploads, gr.File()), TYPICAL, Wanted())
    as_csv, as_lines, as_parquet = (Path(str(path)) for path in batch_tables(run, gr.File()))
    rows = list(csv.DictReader(as_csv.open(encoding="utf-8")))
    assert [row["file"] for row in rows] == [row["file"] for row in run.told()]
    assert [json.loads(line)["mos"] if "mos" in line else None for line in as_lines.read_text().splitlines()][:3] == [
        row["mos"] for row in run.rows[:3]
    ]
    assert pd.read_parquet(as_parquet)["mos"].tolist()[:3] == [row["mos"] for row in run.rows[:3]]


def test_stopped_run_keeps_its_rows(lane: JudgeLane, uploads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gr, "Info", lambda *_: None)
    monkeypatch.setattr("sqllm.ui.batch_tab.EVERY_SECONDS", 0.0)
    tab, visitor = BatchTab(lane, gr.File()), SimpleNamespace(session_hash="visitor")
    results = tab.score(uploads, TYPICAL.name, [], visitor)  # type: ignore[arg-type]
    next(results)
    next(results)
    tab.stop(SimpleNamespace(session_hash="somebody else"))  # type: ignore[arg-type]
    next(results)
    tab.stop(visitor)  # type: ignore[arg-type]
    *_, last = results
    run = last[-1]
    assert run.ended
    assert len(run.rows) == 2
    assert "2 of 4 clips scored" in last[0]
    assert "then stopped" in last[0]
    assert len(pd.read_csv(last[3].value["path"])) == 2
