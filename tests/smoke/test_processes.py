"""Two processes (gloo) learn what one learns from the same batches."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.large_runs import PAPER, tiny_settings

ROOT = Path(__file__).parents[2]


def words_of(settings: Any) -> list[str]:
    """Settings as a command line has them."""
    values = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    return [f"{n}={','.join(v) if isinstance(v, tuple) else v}" for n, v in values.items() if v not in (None, "")]


def run(settings: Any, processes: int) -> dict[str, Any]:
    words = [*words_of(settings), "report_to="]
    command = [sys.executable, "-m", "tests.smoke.float32_run", str(processes), *words]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr[-2000:]
    return torch.load(settings.out / "state.pt", weights_only=True)


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
    one, two = states
    assert one["losses"] == pytest.approx(two["losses"], rel=1e-4)
    assert one["best"] == pytest.approx(two["best"], rel=1e-4)
    for name, weight in one["trained"].items():
        torch.testing.assert_close(weight, two["trained"][name], atol=2e-4, rtol=1e-2, msg=name)
