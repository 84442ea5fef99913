"""The recipe as `make checkpoint` runs it: its stages, and the settings files that they read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sqllm.training.settings import read_settings
from sqllm.training.words_trainer import WordsSettings
from train.evaluate import EvaluateSettings
from train.finetune import FinetuneSettings
from train.simulate import SimulateSettings
from train.truth import TruthSettings
from train.tune import TuneSettings
from train.voices import VoicesSettings

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "simulate": SimulateSettings,
    "tune": TuneSettings,
    "finetune": FinetuneSettings,
    "words": WordsSettings,
    "evaluate": EvaluateSettings,
    "truth": TruthSettings,
    "voices": VoicesSettings,
}
STAGES = ["voices", "simulate", "tune", "finetune", "words", "evaluate", "truth"]


def planned(work: Path, *more: str) -> list[list[str]]:
    """The commands of the recipe that `make` would run, a list of arguments each, from the module's name on."""
    folders = ["SPEECH=speech", "NOISE=noise", "TEACHER=teacher", f"WORK={work}"]
    made = subprocess.run(
        ["make", "-n", "checkpoint", *folders, *more], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = made.stdout.replace("\\\n", " ").splitlines()
    return [line.split("-m train.", 1)[1].split() for line in lines if "-m train." in line]


@pytest.mark.parametrize("more", [(), ("FROM=scratch",), ("FROM=elsewhere/checkpoint",)])
def test_every_stage_reads_its_settings(tmp_path: Path, more: tuple[str, ...]) -> None:
    commands = planned(tmp_path, *more)
    assert [name for name, *_ in commands] == STAGES
    for name, *arguments in commands:
        read_settings(SETTINGS[name], arguments)


def test_rated_speech_gets_a_table_where_it_is_given(tmp_path: Path) -> None:
    assert [name for name, *_ in planned(tmp_path, "RATED=rated.csv")] == [*STAGES[:-1], "evaluate", STAGES[-1]]


def test_training_goes_on_from_the_checkpoint_that_ships_unless_told_otherwise(tmp_path: Path) -> None:
    def source(*more: str) -> tuple[Path, ...]:
        (arguments,) = [rest for name, *rest in planned(tmp_path, *more) if name == "finetune"]
        return read_settings(FinetuneSettings, arguments).start_from

    (shipped,) = source()
    assert (ROOT / shipped / "sqllm.json").is_file()
    assert source("FROM=scratch") == ()
    assert source("FROM=mine") == (Path("mine"),)


def test_what_is_made_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    for stage in ("voices", "corpus", "ears"):
        (tmp_path / "made" / stage).touch()
    assert [name for name, *_ in planned(tmp_path)] == STAGES[3:]


def test_a_folder_that_is_not_given_is_asked_for() -> None:
    asked = subprocess.run(["make", "checkpoint", "SPEECH=speech"], cwd=ROOT, capture_output=True, text=True)
    assert asked.returncode == 2
    assert "NOISE=DIR" in asked.stdout
