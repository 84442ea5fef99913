"""The command line: what it prints, its exit codes, and that bad input is one sentence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sqllm import cli
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import SAMPLE_RATE


@pytest.fixture
def run(tiny: SpeechQualityLLM, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Call the command with the tiny judge: (exit code, stdout, stderr)."""
    monkeypatch.setattr(cli, "_judge", lambda arguments: tiny)
    monkeypatch.setattr(cli, "_quieten", lambda: None)

    def call(*words: str) -> tuple[int, str, str]:
        code = 0
        try:
            cli.main(words)
        except SystemExit as stop:
            code = int(stop.code or 0)
        return (code, *capsys.readouterr())

    return call


def test_json_is_one_object_and_nothing_else(run, tiny: SpeechQualityLLM, speech_file: Path) -> None:
    code, out, err = run("rate", str(speech_file), "--profile", "phone-speaker", "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert json.loads(out) == tiny.rate(speech_file, profile="phone-speaker").to_json()


def test_two_runs_print_the_same_bytes(run, speech_file: Path) -> None:
    assert run("rate", str(speech_file), "--json") == run("rate", str(speech_file), "--json")


def test_words_for_people(run, speech_file: Path) -> None:
    _, out, _ = run("rate", str(speech_file), "--no-rationale")
    assert [line.split()[0] for line in out.splitlines()[1:6]] == [
        "Overall",
        "Noisiness",
        "Coloration",
        "Discontinuity",
        "Loudness",
    ]
    assert re.search(r"^Measured: -\d\d\.\d dBov active, SNR .*clipped, 16 kHz mono", out, re.MULTILINE)


def test_ask_prints_the_answer(run, tiny: SpeechQualityLLM, speech_file: Path) -> None:
    _, out, _ = run("ask", str(speech_file), "What is wrong?")
    assert out.rstrip("\n") == tiny.ask(speech_file, "What is wrong?").text.rstrip("\n")


def test_score_writes_a_table_and_a_summary(run, speech_file: Path, tmp_path: Path) -> None:
    code, out, _ = run("score", str(speech_file.parent), "-o", str(tmp_path / "out.csv"))
    assert code == 0
    assert out.startswith("1 of 1 clips scored.")
    assert (tmp_path / "out.csv").read_text().startswith("file,condition,mos,noisiness")


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "header", "nan", "nothing", "playlist"])
def test_bad_input_is_one_sentence_and_exit_2(run, tmp_path: Path, speech_file: Path, kind: str) -> None:
    path = tmp_path / "bad.wav"
    contents = {
        "empty": b"",
        "text": b"These are words.\n",
        "header": speech_file.read_bytes()[:20],
        "playlist": b"#EXTM3U\n#EXTINF:3,\nspeech.wav\n",
    }
    if kind in contents:
        path.write_bytes(contents[kind])
    elif kind != "missing":
        samples = np.full(SAMPLE_RATE if kind == "nan" else 0, np.nan, np.float32)
        soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    code, out, err = run("rate", str(path))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.endswith(".\n")
    assert "Traceback" not in err


def test_an_unknown_profile_is_one_sentence(run, speech_file: Path) -> None:
    code, _, err = run("rate", str(speech_file), "--profile", "expret")
    assert code == 2
    assert err.startswith("There is no listener profile 'expret'")


def test_help_imports_no_torch() -> None:
    code = "import sys, sqllm.cli; sqllm.cli._parser().format_help(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_version_names_the_licences(run) -> None:
    _, out, _ = run("--version", "--verbose")
    assert "CC BY-NC-SA 4.0" in out
    assert "Apache-2.0" in out
