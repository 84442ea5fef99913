"""Two processes (gloo) learn what one learns from the same batches."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.training.large_runs import PAPER, tiny_settings

ROOT = Path(__file__).parents[2]


def words_of(settings: Any) -> list[str]:
    """Settings as a command line has them."""
    values = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    return [f"{n}={','.join(v) if isinstance(v, tuple) else v}" for n, v in values.items() if v not in (None, "")]


def start(settings: Any, processes: int, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.smoke.float32_run", *options, str(processes), *words_of(settings)]
    return subprocess.run([*command, "report_to="], cwd=ROOT, capture_output=True, text=True, timeout=600)


def run(settings: Any, processes: int, *options: str) -> dict[str, Any]:
    result = start(settings, processes, *options)
    assert result.returncode == 0, result.stderr[-2000:]
    return torch.load(settings.out / "state.pt", weights_only=True)


def check_alike(one: dict[str, Any], two: dict[str, Any]) -> None:
    """Two runs end alike but for the last bits of their sums."""
    assert one["losses"] == pytest.approx(two["losses"], rel=1e-4)
    assert one["best"] == pytest.approx(two["best"], rel=1e-4)
    for name, weight in one["trained"].items():
        torch.testing.assert_close(weight, two["trained"][name], atol=2e-4, rtol=1e-2, msg=name)


@pytest.mark.parametrize(
    "more",
    [{**PAPER, "double_ended": 1.0, "trained_encoder": "queries"}, {"double_ended": 0.5}],
    ids=["paper", "full"],
)
def test_two_processes_are_one_at_the_same_batch(tmp_path: Path, more: dict[str, Any]) -> None:
    states = []
    for processes in (1, 2):
        settings = tiny_settings(tmp_path, out=tmp_path / str(processes), lora_dropout=0.0, micro_batch=2, **more)
        states.append(run(settings, processes))
    check_alike(*states)


def test_weights_in_shards_learn_as_whole_ones_and_go_on_after_a_stop(tmp_path: Path) -> None:
    whole, sharded = (
        tiny_settings(tmp_path, out=tmp_path / name, lora_dropout=0.0, micro_batch=2, checkpoint_minutes=0.0)
        for name in ("whole", "sharded")
    )
    assert start(sharded, 2, "--sharded", "--stop-at=3").returncode != 0
    assert torch.load(sharded.out / "state.pt", weights_only=True)["step"] == 3
    check_alike(run(whole, 1), run(sharded, 2, "--sharded"))
    stored = [load_file(one.out / "checkpoint" / "model.safetensors") for one in (whole, sharded)]
    assert [weight.shape for weight in stored[0].values()] == [weight.shape for weight in stored[1].values()]
