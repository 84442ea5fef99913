"""What docs/LISTENERS.md shows, done."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sqllm.listeners.panel import Mix
from sqllm.listeners.profile_files import CHAIN_PROFILES
from sqllm.listeners.profiles import PROFILES

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "LISTENERS.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's files and a clip."""
    profile, mix = blocks("yaml")
    (tmp_path / "train-reviewer.yaml").write_text(profile)
    (tmp_path / "mix.yaml").write_text(mix)
    shutil.copy(ROOT / "assets" / "examples" / "noise.flac", tmp_path / "clip.wav")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_python_of_the_page_prints_what_it_shows(desk: Path) -> None:
    (program,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.stdout == blocks("text")[0]


def test_the_mix_of_the_page_is_one(desk: Path) -> None:
    assert [profile.name for profile in Mix.read(desk / "mix.yaml").profiles] == ["typical", "train-reviewer"]


def test_the_page_tells_of_every_listener_and_every_chain() -> None:
    assert all(f"| `{name}` |" in PAGE for name in PROFILES)
    assert all(f"`{chain}`" in PAGE for chain in CHAIN_PROFILES)


@pytest.mark.checkpoint
def test_the_command_of_the_page_runs(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sqllm.cli import main

    (command,) = blocks("sh")
    main(shlex.split(command)[1:])
    assert "train-reviewer listener" in capsys.readouterr().out
