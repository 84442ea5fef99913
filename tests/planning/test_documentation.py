"""What docs/PLANNING.md says can be typed, typed, and what it says is printed, printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

from sqllm import cli
from tests.planning.made import RATE, scores
from tests.tiny import speech_like

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = (DOCS / "PLANNING.md").read_text(encoding="utf-8")
MEANS = (1.6, 2.9, 3.7, 4.5)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty clips in four conditions, five clean recordings, and tables of scores in place of a model's run."""
    table = scores(MEANS, 5).drop(columns=["ref", "condition"])
    names = [
        f"clips/{condition}/r{source}.wav" for condition in ("opus6", "amr", "opus12", "evs") for source in range(5)
    ]
    wave = speech_like(1.5)
    for name in [*names, *(f"clean/r{source}.wav" for source in range(5))]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, wave, RATE)
    table.assign(file=names, seconds=8.0).to_csv(tmp_path / "scores.csv", index=False)
    drop = np.random.default_rng(2).normal(0.02, 0.05, 20) - 0.4 * np.repeat([0, 1, 0, 0], 5)
    new = table.assign(file=names, mos=table["mos"] + drop)
    for frame, name in ((table.assign(file=names), "scores.csv"), (new, "new.csv")):
        conditions = [Path(file).parent.name for file in frame["file"]]
        frame.assign(condition=conditions, seconds=8.0).round(3).to_csv(tmp_path / name, index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "_quieten", lambda: None)
    return tmp_path


def test_the_commands_of_the_page_print_what_it_says(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [line for line in "".join(blocks("sh")).splitlines() if line.startswith("sqllm")]
    assert len(commands) == 5
    outputs, codes = [], []
    for command in commands:
        code = 0
        try:
            cli.main(shlex.split(command)[1:])
        except SystemExit as stop:
            code = int(stop.code or 0)
        codes.append(code)
        outputs.append(capsys.readouterr().out)
    assert codes == [0, 0, 0, 0, 1]
    plan, gated = blocks("text")
    assert outputs[0].strip() == plan.strip()
    assert outputs[-1].strip() == gated.strip()
    assert outputs[-1].strip() in (desk / "summary.md").read_text()
    for folder in ("acr", "crowd", "own", "order"):
        assert (desk / folder / "README.md").is_file()
        assert len(pd.read_csv(desk / folder / "clips.csv")) >= 20


def test_a_plan_needs_a_folder_of_its_own(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["plan", "scores.csv", "-o", "clips"])
    assert capsys.readouterr().err == "clips is there already and not empty: give a folder of its own.\n"


def test_bad_tables_are_one_sentence(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["gate", "none.csv", "--baseline", "scores.csv"],
        ["plan", "scores.csv", "-o", "x", "--clean", "acr"],
    ):
        with pytest.raises(SystemExit, match="2"):
            cli.main(words)
        assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_without_scores_is_scored_first(desk: Path, tiny, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("sqllm.commands.shared.load_judge", lambda arguments: tiny)
    cli.main(["plan", "clips", "-o", "scored", "--listeners", "8", "--per-condition", "2", "--no-references"])
    assert "Clips: 8 of 4 conditions" in capsys.readouterr().out
    assert set(pd.read_csv(desk / "scored" / "clips.csv").condition.dropna()) >= {"opus6", "amr", "opus12", "evs"}


def test_the_workflow_gates_with_a_command_that_is_there() -> None:
    workflow = yaml.safe_load((DOCS / "gate-workflow.yml").read_text(encoding="utf-8"))
    commands = [step["run"] for step in workflow["jobs"]["gate"]["steps"] if "run" in step]
    for command in commands:
        if command.startswith("sqllm"):
            cli._parser().parse_args(shlex.split(command)[1:])
    assert any(command.startswith("sqllm gate") for command in commands)
