"""The command line: what it prints, its exit codes, and that bad input is one sentence."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import soundfile

from sqllm import cli
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.scores import SEVERITIES
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like

T = TypeVar("T")


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


def test_several_clips_are_a_list_in_json_and_paragraphs_in_words(
    run, tiny: SpeechQualityLLM, speech_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.wav"
    soundfile.write(other, speech_like(2.0, 7), SAMPLE_RATE, subtype="FLOAT")
    files = [str(speech_file), str(other), str(speech_file)]
    code, out, err = run("rate", *files, "--no-rationale", "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert json.loads(out) == [tiny.rate(file, rationale=False).to_json() for file in files]
    alone = run("rate", files[1], "--no-rationale")[1]
    assert run("rate", *files[:2], "--no-rationale")[1].endswith(f"\n\n{alone}")


def test_a_bad_clip_among_several_is_told_and_the_others_are_rated(run, speech_file: Path, tmp_path: Path) -> None:
    files = [str(tmp_path / "none.wav"), str(speech_file)]
    code, out, err = run("rate", *files, "--no-rationale", "--json")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("There is no audio file at ")
    assert [judgement["file"] for judgement in json.loads(out)] == ["speech.wav"]


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


def test_panel_tells_votes_in_words_and_as_json(run, tiny: SpeechQualityLLM, speech_file: Path, tmp_path: Path) -> None:
    code, out, _ = run("panel", str(speech_file), "--listeners", "12")
    held = tiny.panel(speech_file, listeners=12)
    assert code == 0
    assert out.startswith(f"speech.wav: MOS {held.mos:.2f} (95% ")
    assert sum(int(line.split()[-1]) for line in out.splitlines()[1:6]) == 12
    (tmp_path / "mix.yaml").write_text("strict-expert: 1\n")
    code, out, _ = run("panel", str(speech_file), str(speech_file), "--mix", str(tmp_path / "mix.yaml"), "--json")
    one, other = json.loads(out)
    assert one == other == tiny.panel(speech_file, mix={"strict-expert": 1}).to_json()
    assert set(one["seats"]) == {"strict-expert"}


def test_a_panel_that_cannot_be_is_refused_before_a_model_is_loaded(
    run, speech_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqllm.commands.shared.load_judge", lambda arguments: pytest.fail("loaded"))
    for words in (["--listeners", "1"], ["--mix", str(tmp_path / "none.yaml")], ["--seed", "-1"]):
        code, out, err = run("panel", str(speech_file), *words)
        assert (code, out, err.count("\n")) == (2, "", 1)


def test_score_writes_a_table_and_a_summary(run, speech_file: Path, tmp_path: Path) -> None:
    code, out, _ = run("score", str(speech_file.parent), "-o", str(tmp_path / "out.csv"))
    assert code == 0
    assert out.startswith("1 of 1 clips scored.")
    assert (tmp_path / "out.csv").read_text().startswith("file,mos,noisiness")


def test_score_takes_several_sources_and_adds_to_the_users_columns(run, speech_file: Path, tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text('{"audio_filepath": "speech.wav", "start": 0.5, "end": 2, "mos": 4}\n')
    sources = [str(tmp_path / "list.jsonl"), str(tmp_path / "*.wav")]
    code, out, err = run("score", *sources, "-o", str(tmp_path / "out.jsonl"), "--faults")
    assert code == 0
    assert out.startswith("2 of 2 clips scored.")
    assert err == "Your column mos is written as own_mos: mos is one of ours.\n"
    part, whole = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert list(part)[:5] == ["file", "start", "end", "audio_filepath", "own_mos"]
    assert (part["audio_filepath"], part["own_mos"], part["seconds"]) == ("speech.wav", 4, 1.5)
    assert (whole["audio_filepath"], whole["own_mos"], whole["seconds"]) == (None, None, 3.0)
    assert part["faults"].split("; ")[0].split()[0] in SEVERITIES


def test_the_table_to_write_is_not_one_of_those_to_read(run, speech_file: Path, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("file\nspeech.wav\n")
    for source in ("list.csv", "*.csv"):
        code, _, err = run("score", str(tmp_path / source), "-o", str(table))
        assert (code, err) == (2, f"{table} is a table to read: name another file to write.\n")
    assert table.read_text() == "file\nspeech.wav\n"


def test_an_interrupted_run_tells_how_to_go_on_and_goes_on(
    run, speech_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, out = tmp_path / "list.csv", tmp_path / "out.csv"
    table.write_text("file\n" + "speech.wav\n" * 3)
    assert run("score", str(table), "-o", str(out))[0] == 0
    expected = out.read_bytes()

    def interrupted(rows: Iterable[T], total: int, done: int) -> Iterator[T]:
        yield from islice(rows, 2)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("sqllm.batch.progress.watched", interrupted)
        code, _, err = run("score", str(table), "-o", str(out))
    assert (code, err) == (130, f"2 of 3 rows are in {out}: --resume goes on.\nInterrupted.\n")
    assert len(out.read_bytes().splitlines()) == 3
    code, _, err = run("score", str(table), "-o", str(out), "--resume", "--profile", "phone-speaker")
    assert (code, err.count("\n")) == (2, 1)
    assert "made with the profile typical, this run's is phone-speaker" in err
    code, printed, _ = run("score", str(table), "-o", str(out), "--resume")
    assert code == 0
    assert printed.startswith("3 of 3 clips scored.")
    assert out.read_bytes() == expected


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


def test_a_listener_whom_the_checkpoint_was_not_taught_is_one_sentence(
    run, tiny: SpeechQualityLLM, speech_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny.model, "config", replace(tiny.model.config, profiles=("typical", "lenient")))
    code, out, err = run("rate", str(speech_file), "--profile", "laptop-speaker", "--json")
    assert (code, out) == (2, "")
    assert err == "This checkpoint was not taught the listener 'laptop-speaker'; it knows typical, lenient.\n"
    code, out, _ = run("panel", str(speech_file), "--json")
    assert code == 0
    habits = {"noise-sensitive", "dropout-sensitive", "strict-expert", "lenient", "quiet-headphones"}
    assert {row["profile"] for row in json.loads(out)["profiles"]} == {"typical"} | habits


def test_what_was_understood_of_words_about_a_listener_is_shown(run, speech_file: Path) -> None:
    words = "a gardener, doesn't mind noise"
    _, out, _ = run("rate", str(speech_file), "--no-rationale", "--profile", words)
    assert "Listener: minds it less than others (noisiness): doesn't mind noise" in out
    assert "Ignored of what was said about the listener: a gardener" in out
    _, out, _ = run("rate", str(speech_file), "--no-rationale", "--json", "--profile", words)
    assert json.loads(out)["listener"]["ignored"] == ["a gardener"]


def test_a_listener_may_come_from_a_file(run, speech_file: Path, tmp_path: Path) -> None:
    profile = tmp_path / "mine.yaml"
    profile.write_text("name: mine\nbase: strict-expert\nmore: noisiness\n")
    _, out, _ = run("rate", str(speech_file), "--no-rationale", "--json", "--profile", str(profile))
    assert json.loads(out)["profile"] == "mine"
    assert json.loads(out)["listener"]["asked"] == "typical"
    profile.write_text("name: mine\nbase: nobody\n")
    code, _, err = run("ask", str(speech_file), "Is it good?", "--profile", str(profile))
    assert code == 2
    assert "There is no base 'nobody'" in err


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


def test_whoever_stops_reading_gets_no_traceback() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-m", "sqllm.cli", "--version", "--verbose"]
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, check=False)
    os.close(writes)
    assert (done.returncode, done.stderr) == (141, b"")


def test_version_names_the_licences(run) -> None:
    _, out, _ = run("--version", "--verbose")
    assert "CC BY-NC-SA 4.0" in out
    assert "Apache-2.0" in out


def test_a_target_that_cannot_be_written_is_refused_before_anything_is_scored(
    run, speech_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqllm.batch.scoring.score_rows", lambda *_: pytest.fail("scored"))
    for target, said in (
        (tmp_path, "is a folder: name a file in it"),
        (tmp_path / "no" / "x.csv", "There is no folder"),
    ):
        code, _, err = run("score", str(speech_file.parent), "-o", str(target))
        assert code == 2
        assert said in err


def test_waiting_threads_leave_the_cores_to_others_unless_told_otherwise(run, monkeypatch: pytest.MonkeyPatch) -> None:
    for told, then in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        monkeypatch.setenv("OMP_WAIT_POLICY", told or "")
        if told is None:
            monkeypatch.delenv("OMP_WAIT_POLICY")
        run("--version")
        assert os.environ["OMP_WAIT_POLICY"] == then
