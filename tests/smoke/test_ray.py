"""Bulk scoring on Ray: all rows once and in order, though an actor is killed mid-run."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest
import soundfile

from sqllm.batch.columns import Layout, Wanted
from sqllm.batch.ray_engine import RayOptions, score_with_ray
from sqllm.batch.table import read_scores
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like, tiny_judge

pytest.importorskip("ray")
ROWS = 192


def load_and_tell(folder: Path) -> SpeechQualityLLM:
    (folder / str(os.getpid())).touch()
    return tiny_judge()


def kill_one(pids: Path, work: Path, killed: list[int]) -> None:
    """End the first actor once rows are being written; `killed` gets how many parts had been."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        written = len(list((work / "scored").glob("*.parquet")))
        if written and len(list(pids.iterdir())) >= 2:
            pid = int(min(pids.iterdir(), key=lambda path: path.stat().st_mtime).name)
            os.kill(pid, signal.SIGKILL)
            killed.append(written)
            return
        time.sleep(0.05)


def test_all_rows_come_once_and_in_order_though_an_actor_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    monkeypatch.setenv("RAY_worker_niceness", "0")  # on a busy machine, niced workers starve
    monkeypatch.setattr("sqllm.batch.ray_engine.ROWS_A_PART", 16)
    clip, pids, out = tmp_path / "clip.wav", tmp_path / "pids", tmp_path / "scores.parquet"
    pids.mkdir()
    soundfile.write(clip, speech_like(0.5), SAMPLE_RATE)
    rows = [{"file": str(clip if n % 50 else tmp_path / "gone.wav"), "number": n} for n in range(ROWS)]
    killed: list[int] = []
    watcher = threading.Thread(target=kill_one, args=(pids, tmp_path / "scores.parquet.ray", killed))
    watcher.start()
    try:
        layout = Layout.of(["file", "number"], Wanted())
        rate = score_with_ray(partial(load_and_tell, pids), rows, layout, out, RayOptions(2, cpus=0.5))
    finally:
        ray.shutdown()
        watcher.join()
    assert killed
    assert killed[0] < ROWS // 16, "all was written before an actor was killed"
    table = read_scores(out)
    assert table["number"].tolist() == list(range(ROWS))
    assert (table["error"] != "").tolist() == [n % 50 == 0 for n in range(ROWS)]
    assert table["mos"].notna().sum() == ROWS - (ROWS + 49) // 50
    assert rate.windows == table["mos"].notna().sum()
    assert "windows an hour" in json.dumps(rate.lines())
    assert not (tmp_path / "scores.parquet.ray").exists()
