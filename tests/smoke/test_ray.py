"""Bulk scoring on Ray: all rows once and in order, though an actor is killed mid-run."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import soundfile

from sqllm.batch.columns import Layout, Wanted
from sqllm.batch.ray_engine import RayOptions, score_with_ray
from sqllm.batch.table import read_scores
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like, tiny_judge

pytest.importorskip("ray")
ROWS = 160


class Slow:
    """A judge that takes its time, and leaves a file at each row that it begins."""

    def __init__(self, judge: SpeechQualityLLM, folder: Path) -> None:
        self._judge, self._folder, self._begun = judge, folder, 0

    def listen_many(self, pairs: Any) -> Any:
        self._begun += 1
        (self._folder / f"{os.getpid()}.{self._begun}").touch()
        time.sleep(0.05)
        return self._judge.listen_many(pairs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._judge, name)


def load_slow(folder: Path) -> Any:
    return Slow(tiny_judge(), folder)


def kill_one(begun: Path, killed: list[int]) -> None:
    """End the first actor that is in the middle of its first batch; `killed` gets its process."""
    deadline = time.monotonic() + 500
    while time.monotonic() < deadline and not killed:
        if ready := list(begun.glob("*.5")):
            killed.append(int(ready[0].stem))
            os.kill(killed[0], signal.SIGKILL)
        time.sleep(0.02)


def test_all_rows_come_once_and_in_order_though_an_actor_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    monkeypatch.setenv("RAY_worker_niceness", "0")  # on a busy machine, niced workers starve
    monkeypatch.setattr("sqllm.batch.ray_engine.ROWS_A_PART", 16)
    clip, begun, out = tmp_path / "clip.wav", tmp_path / "begun", tmp_path / "scores.parquet"
    begun.mkdir()
    soundfile.write(clip, speech_like(0.5), SAMPLE_RATE)
    rows = [{"file": str(clip if n % 50 else tmp_path / "gone.wav"), "number": n} for n in range(ROWS)]
    killed: list[int] = []
    watcher = threading.Thread(target=kill_one, args=(begun, killed))
    watcher.start()
    try:
        layout = Layout.of(["file", "number"], Wanted())
        rate = score_with_ray(partial(load_slow, begun), rows, layout, out, RayOptions(2, cpus=0.5))
    finally:
        ray.shutdown()
        watcher.join()
    assert killed
    assert not (begun / f"{killed[0]}.16").exists(), "it had finished its batch"
    table = read_scores(out)
    assert table["number"].tolist() == list(range(ROWS))
    assert (table["error"] != "").tolist() == [n % 50 == 0 for n in range(ROWS)]
    assert table["mos"].notna().sum() == ROWS - (ROWS + 49) // 50
    assert rate.windows == table["mos"].notna().sum()
    assert "windows an hour" in json.dumps(rate.lines())
    assert not (tmp_path / "scores.parquet.ray").exists()
