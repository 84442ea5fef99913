"""Decoding in another process: it may crash, hang or grow, and takes nothing along."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from sqllm.batch import score_many
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal import decoder_process
from sqllm.signal.audio import SAMPLE_RATE, AudioError, load_clip
from sqllm.signal.decode import decode_here
from sqllm.signal.decoder_process import _workers
from tests.signal.files import made
from tests.tiny import speech_like

ROOT = Path(decoder_process.__file__).parents[2]
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers that fail on demand; none of them is left behind."""
    monkeypatch.setattr(decoder_process, "WORKER", "tests.signal.failing_worker")
    monkeypatch.setattr(decoder_process, "PATIENCE_SECONDS", 2.0)
    _workers().end()
    yield
    _workers().end()


def test_a_clip_is_the_same_from_either_process() -> None:
    for kind in ("WAV", "WAV of 8 channels", "FLAC", "M4A"):
        here, apart = load_clip(made(kind), decode=decode_here), load_clip(made(kind))
        np.testing.assert_array_equal(here.samples, apart.samples)
        assert (here.container, here.codec, here.bits) == (apart.container, apart.codec, apart.bits)


def test_samples_may_be_changed_by_their_user() -> None:
    samples = load_clip(made("WAV")).samples
    samples *= 0.5


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (b"ABORT", "made the decoder crash (SIGABRT)"),
        (b"LEAVE", "made the decoder crash (exit status 3)"),
        (b"HANG", "kept the decoder busy for too long"),
        (b"SPIN", "kept the decoder busy for too long"),
        (b"GREED", "needs more memory"),
        (b"BREAK", "can't be decoded (RuntimeError)"),
    ],
)
def test_a_decoder_that_fails_is_an_error_in_a_sentence_and_the_next_file_is_read(
    failing: None, failure: bytes, words: str
) -> None:
    for _ in range(2):
        with pytest.raises(AudioError) as told:
            load_clip(failure, "clip.wav")
        assert str(told.value).startswith("clip.wav ")
        assert words in str(told.value)
        assert load_clip(made("WAV")).seconds == 1.0


def test_a_crash_in_the_midst_of_a_table_costs_one_row(failing: None, tiny: SpeechQualityLLM, tmp_path: Path) -> None:
    for number in range(10):
        soundfile.write(tmp_path / f"{number}.wav", speech_like(1.0, number), SAMPLE_RATE, subtype="FLOAT")
    (tmp_path / "3.wav").write_bytes(b"ABORT")
    (tmp_path / "7.wav").write_bytes(b"HANG")
    scored = score_many(tiny, pd.DataFrame({"file": [str(tmp_path / f"{number}.wav") for number in range(10)]}))
    assert list(scored["error"] != "") == [number in (3, 7) for number in range(10)]
    assert scored["mos"].isna().tolist() == [number in (3, 7) for number in range(10)]
    assert "3.wav made the decoder crash" in scored["error"][3]


def test_an_idle_worker_that_was_killed_is_replaced() -> None:
    load_clip(made("WAV"))
    for worker in _workers().idle:
        worker.process.kill()
        worker.process.wait()
    assert load_clip(made("WAV")).seconds == 1.0


def test_a_worker_is_kept_for_the_next_file() -> None:
    load_clip(made("WAV"))
    (before,) = {worker.process.pid for worker in _workers().idle[-1:]}
    load_clip(made("FLAC"))
    with pytest.raises(AudioError):
        load_clip(b"no audio")
    assert _workers().idle[-1].process.pid == before


def test_threads_decode_at_once_with_few_workers() -> None:
    kinds = ["WAV", "FLAC", "MP3", "Ogg Opus"] * 6
    lengths = {kind: len(load_clip(made(kind), decode=decode_here).samples) for kind in set(kinds)}
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda kind: len(load_clip(made(kind)).samples), kinds))
    assert found == [lengths[kind] for kind in kinds]
    assert len(_workers().idle) <= decoder_process.MOST_WORKERS


def test_an_interrupted_decoding_leaves_no_half_read_answer(failing: None) -> None:
    load_clip(made("WAV"))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            load_clip(b"HANG")
    finally:
        signal.signal(signal.SIGINT, before)
    assert load_clip(made("WAV")).seconds == 1.0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_has_a_worker_of_its_own() -> None:
    load_clip(made("WAV"))
    parents = {worker.process.pid for worker in _workers().idle}
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        seconds = load_clip(made("WAV")).seconds
        others = {worker.process.pid for worker in _workers().idle}
        _workers().end()
        os.write(writing, b"good" if seconds == 1.0 and not others & parents else b"bad")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 4) == b"good"
    assert load_clip(made("FLAC")).seconds == 1.0
    assert {worker.process.pid for worker in _workers().idle} == parents


def seconds_of(data: bytes) -> float:
    return load_clip(data).seconds


@pytest.mark.parametrize("method", ["fork"] if sys.platform == "linux" else ["spawn"])
def test_daemonic_processes_decode_too(method: str) -> None:
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(seconds_of, [made("WAV")] * 4) == [1.0] * 4


SCRIPT = """
import sys, time
from pathlib import Path
from sqllm.signal.audio import load_clip
from sqllm.signal.decoder_process import _workers
print(load_clip(sys.argv[1]).seconds, _workers().idle[0].process.pid, flush=True)
"""


def run_script(script: str, path: Path, folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, str(path)]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)


def ends_within(seconds: float, pid: int) -> bool:
    for _ in range(round(seconds * 20)):
        try:
            if Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


@linux
@pytest.mark.parametrize("last", ["", "import os; os._exit(0)", "import os; os.kill(os.getpid(), 9)"])
def test_the_worker_ends_with_its_process_however_that_ends(last: str, speech_file: Path, tmp_path: Path) -> None:
    process = run_script(SCRIPT + last, speech_file, tmp_path)
    output, _ = process.communicate(timeout=60)
    seconds, worker = output.split()
    assert float(seconds) == 3.0
    assert ends_within(5, int(worker))


def test_modules_in_the_users_folder_are_not_run(speech_file: Path, tmp_path: Path) -> None:
    for name in ("numpy", "av", "soxr", "json"):
        (tmp_path / f"{name}.py").write_text("open('was-run', 'w').close()")
    script = "import sys; sys.path.remove('')\n" + SCRIPT
    assert run_script(script, speech_file, tmp_path).communicate(timeout=60)[0].startswith("3.0")
    assert not (tmp_path / "was-run").exists()


def test_the_worker_needs_neither_torch_nor_scipy() -> None:
    code = "import sys, sqllm.signal.decoder_worker, av, soxr; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not {"torch", "scipy", "pandas", "transformers", "librosa"} & set(done.stdout.split())


def test_a_decoder_that_can_not_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _workers().end()
    monkeypatch.setattr(decoder_process, "WORKER", "sqllm.signal.no_such_module")
    with pytest.raises(AudioError, match="can't be started"):
        load_clip(made("WAV"))


@linux
def test_a_long_recording_is_decoded_in_little_memory(tmp_path: Path) -> None:
    """Five minutes of eight channels: the worker never holds more than pieces of them."""
    import wave

    path, second = tmp_path / "long.wav", (np.tile(speech_like(1.0)[:, None], 8) * 32767).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(8)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for _ in range(300):
            file.writeframes(second)
    _workers().end()
    assert load_clip(path).seconds == 300
    status = Path(f"/proc/{_workers().idle[-1].process.pid}/status").read_text()
    assert int(status.split("VmHWM:")[1].split()[0]) < 120_000  # kB
