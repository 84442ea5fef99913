"""FFmpeg's audio filters on samples, through PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE

PIECE = 4096  # samples


def through(wave: np.ndarray, *filters: tuple[str, str]) -> np.ndarray:
    """A clip through FFmpeg filters, each a name and its options ("atempo", "0.8"): [n] float32 at 16 kHz in, [m] out;
    m differs from n where a filter changes the tempo.
    """
    import av

    graph = av.filter.Graph()
    source = last = graph.add_abuffer(sample_rate=SAMPLE_RATE, format="fltp", layout="mono")
    for name, options in (*filters, ("aformat", f"sample_fmts=fltp:channel_layouts=mono:sample_rates={SAMPLE_RATE}")):
        following = graph.add(name, options)
        last.link_to(following)
        last = following
    sink = graph.add("abuffersink")
    last.link_to(sink)
    graph.configure()
    parts: list[np.ndarray] = []
    for start in range(0, len(wave), PIECE):
        piece = np.ascontiguousarray(wave[None, start : start + PIECE], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        source.push(frame)
        parts += _ready(graph)
    source.push(None)
    parts += _ready(graph)
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _ready(graph: Any) -> Iterator[np.ndarray]:
    """What has come out so far."""
    from av.error import BlockingIOError, EOFError

    while True:
        try:
            yield graph.pull().to_ndarray()[0]
        except (BlockingIOError, EOFError):
            return
