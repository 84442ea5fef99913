"""The process in which files from anywhere are decoded; `decoder_process` starts it by this module's name.

Requests come on standard input, answers go to standard output, both as messages of a kind (one byte), a length (eight
bytes, big-endian) and as many bytes. A file that makes a decoder crash, hang or grow ends this process and no other.
"""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import IO, cast

import numpy as np

from sqllm.signal.decode import AudioError, RawSamples, Sink, Source, SourceFacts, decode_into

HEADER = struct.Struct(">cQ")
READY, SAMPLES, RESTART, FACTS, REFUSED = b"!", b"S", b"R", b"F", b"E"
MEMORY_LIMIT = 2 << 30  # bytes of addresses, of which a decoder needs a tenth
UNHEARD_SECONDS = 600  # a worker that is busy for so long without a word ends, should nobody be left to end it
SAMPLES_A_MESSAGE = 1 << 16

Decode = Callable[[Sink, Source, str, RawSamples | None], SourceFacts]


class _Pipe:
    """The sink of a worker: samples go to the judge in messages of about four seconds."""

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers
        self._waiting: list[np.ndarray] = []
        self._count = 0

    def write(self, samples: np.ndarray) -> None:
        self._waiting.append(samples)
        self._count += len(samples)
        if self._count >= SAMPLES_A_MESSAGE:
            self.flush()

    def restart(self) -> None:
        self._waiting, self._count = [], 0
        send(self._answers, RESTART, b"")

    def flush(self) -> None:
        _stay(UNHEARD_SECONDS)
        if self._count:
            send(self._answers, SAMPLES, np.concatenate(self._waiting).tobytes())
        self._waiting, self._count = [], 0


def send(pipe: IO[bytes], kind: bytes, content: bytes) -> None:
    """Write one message."""
    for part in (HEADER.pack(kind, len(content)), content):
        left = memoryview(part)
        while len(left):
            left = left[pipe.write(left) :]


def receive(pipe: IO[bytes]) -> tuple[bytes, bytearray] | None:
    """Read one message; none where the other end is gone."""
    if (header := _exactly(pipe, HEADER.size)) is None:
        return None
    kind, length = HEADER.unpack(header)
    return None if (content := _exactly(pipe, length)) is None else (kind, content)


def _exactly(pipe: IO[bytes], length: int) -> bytearray | None:
    content, got = bytearray(length), 0
    with memoryview(content) as view:
        while got < length:
            count = cast(io.RawIOBase, pipe).readinto(view[got:])
            if not count:
                return None
            got += count
    return content


def serve(decode: Decode = decode_into) -> None:
    """Answer requests until standard input ends."""
    requests, answers = _take_pipes()
    _set_limits()
    import av  # noqa: F401 (here, so that what is slow is done before the first file)
    import soxr  # noqa: F401

    send(answers, READY, b"")
    while (request := receive(requests)) is not None and (data := receive(requests)) is not None:
        _stay(UNHEARD_SECONDS)
        _answer(answers, decode, json.loads(request[1]), bytes(data[1]))
        _stay(0)


def _answer(answers: IO[bytes], decode: Decode, request: dict[str, object], data: bytes) -> None:
    raw, shown, path = request["raw"], str(request["shown"]), request["path"]
    sink = _Pipe(answers)
    try:
        source = data if path is None else str(path)
        facts = decode(sink, source, shown, RawSamples(*raw) if isinstance(raw, list) else None)
        sink.flush()
        send(answers, FACTS, json.dumps(asdict(facts)).encode())
    except BrokenPipeError:
        os._exit(0)
    except AudioError as refusal:
        send(answers, REFUSED, str(refusal).encode("utf-8", "replace"))
    except MemoryError:
        send(answers, REFUSED, f"{shown} needs more memory to decode than there is.".encode("utf-8", "replace"))
    except Exception as problem:
        told = f"{shown} can't be decoded ({type(problem).__name__})."
        send(answers, REFUSED, told.encode("utf-8", "replace"))


def _take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The two pipes, under numbers of their own: what a library prints to standard output goes nowhere."""
    requests, answers = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nowhere, standard)
    return requests, answers


def _set_limits() -> None:
    """Little memory, no files written, no core dumps, Ctrl-C left to the judge: as far as the system knows these."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, most in (("RLIMIT_AS", MEMORY_LIMIT), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        try:
            limit = getattr(resource, name)
            resource.setrlimit(limit, (most, most))
        except (AttributeError, ValueError, OSError):  # not every system bears every limit
            continue


def _stay(seconds: int) -> None:
    """End this process by a signal in so many seconds, also in the midst of a decoder's loop; 0: don't."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


if __name__ == "__main__":
    serve()
    sys.exit(0)
