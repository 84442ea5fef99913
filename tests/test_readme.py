"""What the README says can be typed, typed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sqllm.listeners.profiles import PROFILES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.checkpoint


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the README names."""
    for name, example in (("clip.wav", "noise"), ("clean.wav", "clean")):
        shutil.copy(ROOT / "assets" / "examples" / f"{example}.flac", tmp_path / name)
    (tmp_path / "calls" / "monday").mkdir(parents=True)
    shutil.copy(tmp_path / "clip.wav", tmp_path / "calls" / "monday" / "a.wav")
    (tmp_path / "table.jsonl").write_text('{"audio_filepath": "clean.wav", "start": 0, "end": 2.5}\n')
    (tmp_path / "folder_or_table.csv").write_text("file,ref\nclip.wav,clean.wav\nmissing.wav,\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_python_of_the_readme_runs(desk: Path) -> None:
    program = next(program for program in blocks("python") if "from sqllm" in program)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"[1-5]\.\d ± \d\.\d", lines[0])
    assert 1 <= float(lines[1]) <= 5
    assert len(lines) == 5
    assert lines[3] == "B"
    assert 1 <= float(lines[4]) <= 5


def test_the_pages_endpoints_answer_as_the_readme_asks(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sqllm.ui.page import build_page, launch_settings
    from tests.tiny import tiny_judge

    (program,) = (program for program in blocks("python") if "gradio_client" in program)
    judge = tiny_judge()
    page = build_page(lambda: judge)
    _, address, _ = page.launch(**launch_settings(), server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    try:
        exec(program.replace("http://127.0.0.1:7860", address), {})
    finally:
        page.close(verbose=False)
    mos, answer, ranking, votes, scores = capsys.readouterr().out.strip().splitlines()[-5:]
    assert 1 <= float(mos) <= 5
    assert answer
    assert sorted(json.loads(ranking.replace("'", '"'))) == ["A", "B"]
    assert sum(json.loads(votes)) == 12
    assert len(json.loads(scores)) == 2


def test_the_commands_of_the_readme_run(
    desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqllm.cli import main

    commands = [line for line in "".join(blocks("sh")).splitlines() if line.startswith("sqllm")]
    assert len(commands) == 7
    outputs = []
    for command in commands:
        main(shlex.split(command)[1:])
        outputs.append(capsys.readouterr().out)
    assert set(json.loads(outputs[0])["scores"]) == {"mos", "noisiness", "coloration", "discontinuity", "loudness"}
    assert all(outputs)
    assert len((desk / "scores.csv").read_text().splitlines()) == 3
    assert len((desk / "scores.jsonl").read_text().splitlines()) == 3


def test_what_the_readme_points_at_is_there() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
    for name in PROFILES:
        assert f"`{name}`" in README
