"""A run with the real default checkpoint that is killed goes on to the table that one run writes."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sqllm import cli
from sqllm.batch.columns import FACT_COLUMNS, NUMBERS, SCORE_COLUMNS
from sqllm.judge.judge import SpeechQualityLLM

EXAMPLES = Path(__file__).resolve().parents[2] / "assets" / "examples"
PATIENCE = 120  # seconds
OWN = ["id", "file", "condition", "start", "end", "note"]

pytestmark = pytest.mark.checkpoint


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Nine parts of examples, one more than a batch: with all that is scored here, half a minute."""
    kinds = ("noise", "clean", "packet-loss")
    rows = [
        [f"{number:03}", EXAMPLES / f"{kinds[number % 3]}.flac", kinds[number % 3], number / 4, number / 4 + 1, "a\nb"]
        for number in range(9)
    ]
    with (tmp_path / "parts.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([OWN, *rows])
    return tmp_path / "parts.csv"


def test_a_run_killed_at_a_third_and_resumed_is_row_by_row_that_of_one_run(
    table: Path, default_judge: SpeechQualityLLM, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    killed, one = table.parent / "killed.csv", table.parent / "one.csv"
    command = [sys.executable, "-m", "sqllm.cli", "score", str(table), "--device", "cpu", "-o", str(killed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        ends = time.monotonic() + PATIENCE
        while not (killed.exists() and len(read(killed)) >= 3) and time.monotonic() < ends and run.poll() is None:
            time.sleep(0.05)
        run.kill()
    killed.write_bytes(killed.read_bytes()[:-20])  # in the midst of a line
    assert 2 <= len(read(killed)) < 9

    monkeypatch.setattr("sqllm.commands.shared.load_judge", lambda arguments: default_judge)
    monkeypatch.setattr(cli, "_quieten", lambda: None)
    cli.main(["score", str(table), "-o", str(killed), "--resume"])
    resumed = capsys.readouterr().out
    cli.main(["score", str(table), "-o", str(one)])
    assert resumed.replace("killed.csv", "one.csv") == capsys.readouterr().out
    again, whole, asked = read(killed), read(one), read(table)
    assert list(whole[0]) == [*OWN, *SCORE_COLUMNS, *FACT_COLUMNS]
    assert [{name: row[name] for name in OWN} for row in whole] == asked
    assert {row["revision"] for row in whole} == {default_judge.name["revision"]}
    numeric = NUMBERS & set(whole[0])
    for row, expected in zip(again, whole, strict=True):
        numbers = {name: float(expected[name]) for name in numeric}
        assert {name: float(row[name]) for name in numeric} == pytest.approx(numbers, abs=0.002)
        assert all(row[name] == expected[name] for name in row.keys() - numeric)
