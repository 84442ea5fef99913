"""A decoder's process that fails on demand: what a file begins with says how."""

from __future__ import annotations

import os
import time

import numpy as np

from sqllm.signal.decode import RawSamples, Sink, Source, SourceFacts, decode_into
from sqllm.signal.decoder_worker import serve


def decode(sink: Sink, source: Source, shown: str, raw: RawSamples | None) -> SourceFacts:
    """Decode, or abort, hang, dawdle, take all memory, leave, or break down first."""
    data = source if isinstance(source, bytes) else open(source, "rb").read(8)  # noqa: SIM115
    sink.write(np.zeros(100_000, np.float32))
    if data.startswith(b"ABORT"):
        os.abort()
    if data.startswith(b"HANG"):
        time.sleep(600)
    if data.startswith(b"SPIN"):
        while True:
            pass
    if data.startswith(b"GREED"):
        np.ones(1 << 32)
    if data.startswith(b"LEAVE"):
        os._exit(3)
    if data.startswith(b"BREAK"):
        raise RuntimeError("inside")
    sink.restart()
    return decode_into(sink, source, shown, raw)


if __name__ == "__main__":
    serve(decode)
