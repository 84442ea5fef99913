"""Decoding apart: a file from anywhere is decoded by a process of its own, which may die without taking ours along."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import cache, partial
from multiprocessing.spawn import get_executable
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from sqllm.signal.decode import SAMPLE_RATE, AudioError, RawSamples, Source, SourceFacts
from sqllm.signal.decoder_worker import FACTS, READY, REFUSED, RESTART, SAMPLES, receive, send

WORKER = "sqllm.signal.decoder_worker"
MOST_WORKERS = 2  # at once: an hour-long upload does not make everybody else wait
START_SECONDS = 60.0
PATIENCE_SECONDS = 30.0  # for a file, and more for a large or a long one:
SLOWEST_READING = 20e6  # bytes a second
SLOWEST_DECODING = 5.0  # seconds of sound a second
LARGEST_UPLOAD = 1 << 29  # bytes that are handed over; a path is as good for any size


def decode_apart(source: Source, shown: str, raw: RawSamples | None = None) -> tuple[np.ndarray, SourceFacts]:
    """Samples [n] (mono float32, 16 kHz) and facts of any file, decoded by another process.

    `shown` is the file's name in messages. Raises `AudioError` with a sentence, also where the decoder crashed, was
    still busy after half a minute (plus a second per 20 MB and per 5 s of sound), or wanted more than 2 GB of memory.
    May be called from several threads, and in a forked process.
    """
    if isinstance(source, bytes) and len(source) > LARGEST_UPLOAD:
        raise AudioError(f"{shown} is larger than 512 MB: save it as a file and give its path.")
    return _workers().decode(source, shown, raw)


class _WorkerGone(Exception):
    """The worker ended in the midst of a message."""


class _Worker:
    """One worker process and the pipes to it; used by one thread at a time."""

    def __init__(self) -> None:
        paths = [path or os.getcwd() for path in sys.path]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
        try:
            self.process = subprocess.Popen(
                [get_executable(), "-P", "-m", WORKER],  # -P: modules are looked for where ours were, and nowhere else
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,  # a buffer's lock may be taken when another thread forks
                env=environment,
            )
        except OSError as problem:
            raise AudioError(f"The audio decoder can't be started ({problem.strerror}).") from problem
        self.requests, self.answers = cast(IO[bytes], self.process.stdin), cast(IO[bytes], self.process.stdout)
        with _Deadline(self, START_SECONDS):
            ready = receive(self.answers)
        if ready is None or ready[0] != READY:
            self.end()
            raise AudioError(f"The audio decoder can't be started (it ended with {self.process.returncode}).")

    def alive(self) -> bool:
        return self.process.poll() is None

    def decode(self, source: Source, raw: RawSamples | None, shown: str, deadline: _Deadline) -> tuple[bytearray, Any]:
        """Samples as bytes and facts as a JSON object; raises `AudioError` (refused) and `_WorkerGone`."""
        data = source if isinstance(source, bytes) else b""
        request = {
            "path": None if isinstance(source, bytes) else str(Path(source).absolute()),
            "shown": shown,
            "raw": [raw.rate, raw.encoding] if raw else None,
        }
        try:
            send(self.requests, SAMPLES, json.dumps(request).encode())
            send(self.requests, SAMPLES, data)
        except OSError as problem:
            raise _WorkerGone from problem
        samples = bytearray()
        while (message := receive(self.answers)) is not None:
            kind, content = message
            if kind == SAMPLES:
                samples += content
                deadline.extend(len(content) / 4 / SAMPLE_RATE / SLOWEST_DECODING)
            elif kind == RESTART:
                samples = bytearray()
            elif kind == REFUSED:
                raise AudioError(content.decode("utf-8"))
            elif kind == FACTS:
                return samples, json.loads(content)
        raise _WorkerGone

    def end(self) -> None:
        """Kill the process and close the pipes; the end of a process is waited for, so that no zombie stays."""
        self.process.kill()
        self.process.wait()
        self._close()

    def leave(self) -> None:
        """Let go of a worker that belongs to the process this one was forked from."""
        self.process.returncode = 0  # it isn't ours to wait for
        self._close()

    def _close(self) -> None:
        for pipe in (self.requests, self.answers):
            with contextlib.suppress(OSError):
                pipe.close()


class _Deadline:
    """Kills a worker that is busy for longer than it may; may be extended."""

    def __init__(self, worker: _Worker, seconds: float) -> None:
        self._worker, self._end = worker, time.monotonic() + seconds
        self._timer: threading.Timer | None = None
        self.passed = False

    def extend(self, seconds: float) -> None:
        self._end += seconds

    def __enter__(self) -> _Deadline:
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._end = float("inf")
        if self._timer:
            self._timer.cancel()

    def _wait(self) -> None:
        left = self._end - time.monotonic()
        if left == float("inf"):
            return
        if left <= 0:
            self.passed = True
            self._worker.process.kill()
            return
        self._timer = threading.Timer(left, self._wait)
        self._timer.daemon = True
        self._timer.start()


class _Workers:
    """The idle workers, and a place for each that may be at work."""

    def __init__(self) -> None:
        self.idle: list[_Worker] = []
        self.busy: set[_Worker] = set()
        self._places = threading.BoundedSemaphore(MOST_WORKERS)

    def decode(self, source: Source, shown: str, raw: RawSamples | None) -> tuple[np.ndarray, SourceFacts]:
        size = len(source) if isinstance(source, bytes) else _size(source)
        with self._places:
            worker = self._worker()
            self.busy.add(worker)
            healthy = False
            try:
                with _Deadline(worker, PATIENCE_SECONDS + size / SLOWEST_READING) as deadline:
                    samples, facts = worker.decode(source, raw, shown, deadline)
                healthy = not deadline.passed
            except AudioError:
                healthy = True
                raise
            except _WorkerGone:
                worker.end()
                raise AudioError(_how_it_ended(shown, deadline.passed, worker.process.returncode)) from None
            finally:
                self.busy.discard(worker)
                if healthy:
                    self.idle.append(worker)
                else:
                    worker.end()
        facts["conditioning"] = tuple(facts["conditioning"])
        return np.frombuffer(samples, np.float32), SourceFacts(**facts)

    def _worker(self) -> _Worker:
        """An idle worker, or a new one."""
        while self.idle:
            with contextlib.suppress(IndexError):  # another thread took the last
                worker = self.idle.pop()
                if worker.alive():
                    return worker
                worker.end()
        return _Worker()

    def end(self) -> None:
        """Kill all workers."""
        for worker in (*self.idle, *self.busy):
            worker.end()
        self.idle.clear()
        self.busy.clear()

    def leave(self) -> None:
        """Let go of all workers, after a fork."""
        for worker in (*self.idle, *self.busy):
            worker.leave()
        self.idle.clear()
        self.busy.clear()


def _size(path: str | os.PathLike[str]) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # gone since it was looked for: the worker will say so
        return 0


@cache
def _workers() -> _Workers:
    """This process's workers; a forked one makes its own."""
    workers = _Workers()
    atexit.register(workers.end)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=partial(_leave, workers))
    return workers


def _leave(workers: _Workers) -> None:
    workers.leave()
    _workers.cache_clear()


def _how_it_ended(shown: str, too_long: bool, status: int | None) -> str:
    if too_long:
        return f"{shown} kept the decoder busy for too long: it can't be read."
    return f"{shown} made the decoder crash ({_status_in_words(status)}): it can't be read."


def _status_in_words(status: int | None) -> str:
    if status is not None and status < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
    return f"exit status {status}"
