"""The command line: what it prints, its exit codes, and that bad input is one sentence."""

from __future__ import annotations

import json
import re
import socket
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
    monkeypatch.setattr("sqllm.commands.shared.load_judge", lambda arguments: tiny)
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
    assert re.search(r"^Measured: -\d\d\.\d dBov active, SNR .*clipped, .*16 kHz mono", out, re.MULTILINE)


def test_a_clip_without_speech_is_told_in_a_sentence(run, speech_file: Path, tmp_path: Path) -> None:
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(2 * SAMPLE_RATE), SAMPLE_RATE)
    code, out, _ = run("rate", str(silence))
    assert code == 0
    assert out.splitlines() == [
        "silence.wav, 2.0 s, no speech in 2.0 s, typical listener",
        "Measured: silent, 16 kHz mono WAV",
        "Note: The clip is silent: there is nothing to rate.",
    ]
    assert json.loads(run("rate", str(silence), "--json")[1])["scores"] is None
    code, out, _ = run("compare", str(silence), str(speech_file))
    assert code == 0
    assert out.startswith("A  no speech")
    assert out.splitlines()[2] == "There is no speech in A: there is nothing to compare."


def test_ask_prints_the_answer(run, tiny: SpeechQualityLLM, speech_file: Path) -> None:
    _, out, _ = run("ask", str(speech_file), "What is wrong?")
    assert out.rstrip("\n") == tiny.ask(speech_file, "What is wrong?").text.rstrip("\n")


def test_score_writes_a_table_and_a_summary(run, speech_file: Path, tmp_path: Path) -> None:
    code, out, _ = run("score", str(speech_file.parent), "-o", str(tmp_path / "out.csv"))
    assert code == 0
    assert out.startswith("1 of 1 clips scored.")
    assert (tmp_path / "out.csv").read_text().startswith("file,condition,mos,noisiness")


def test_a_folder_tells_what_it_left_out_and_why(run, speech_file: Path, tmp_path: Path) -> None:
    folder = speech_file.parent
    (folder / "film.avi").write_bytes(b"RIFF\0\0\0\0AVI LIST" + bytes(100))
    (folder / "notes.txt").write_text("not audio")
    code, out, err = run("score", str(folder), "-o", str(tmp_path / "out.csv"))
    assert (code, err) == (0, "Left out: 1 file that is not audio (.txt).\n")
    assert out.startswith("1 of 2 clips scored.")
    assert "film.avi can't be read as audio" in (tmp_path / "out.csv").read_text()


def test_raw_samples_are_rated_with_a_rate_and_refused_without(run, speech_file: Path, tmp_path: Path) -> None:
    samples, rate = soundfile.read(speech_file)
    path = tmp_path / "call.raw"
    path.write_bytes((samples * 32768).round().astype("<i2").tobytes())
    code, out, _ = run("rate", str(path), "--raw-rate", str(rate), "--json")
    assert code == 0
    assert json.loads(out)["seconds"] == pytest.approx(len(samples) / rate, abs=0.01)
    code, out, err = run("rate", str(path))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--raw-rate" in err
    code, _, err = run("rate", str(path), "--raw-rate", "8")
    assert (code, err.count("\n")) == (2, 1)
    code, _, err = run("rate", str(path), "--raw-rate", "8000", "--raw-format", "mp3")
    assert (code, err.count("\n")) == (2, 1)


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


def test_app_refuses_a_place_where_nothing_can_be_served(run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for words in (["--port", port], ["--port", "70000"], ["--port", "0"], ["--host", "300.1.1.1"]):
            code, out, err = run("app", *words)
            assert (code, out, err.count("\n")) == (2, "", 1)
            assert err.startswith(f"The page can't be served at {words[1] if words[0] == '--host' else '127.0.0.1'}")


def test_app_tells_of_a_missing_model_before_there_is_a_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(cli, "_quieten", lambda: None)
    monkeypatch.setattr("sqllm.ui.launch.launch", lambda *settings: pytest.fail("served"))
    with pytest.raises(SystemExit, match="2"):
        cli.main(["app", "--model", str(tmp_path)])
    assert "holds no checkpoint" in capsys.readouterr().err


def test_help_imports_no_torch() -> None:
    code = "import sys, sqllm.cli; sqllm.cli._parser().format_help(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_version_names_the_licences(run) -> None:
    _, out, _ = run("--version", "--verbose")
    assert "CC BY-NC-SA 4.0" in out
    assert "Apache-2.0" in out


def test_a_target_that_cannot_be_written_is_refused_before_anything_is_scored(
    run, speech_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqllm.batch.score_rows", lambda *_: pytest.fail("scored"))
    for target, said in (
        (tmp_path, "is a folder: name a file in it"),
        (tmp_path / "no" / "x.csv", "There is no folder"),
    ):
        code, _, err = run("score", str(speech_file.parent), "-o", str(target))
        assert code == 2
        assert said in err
