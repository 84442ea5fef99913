"""How far a run is, on stderr: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
EVERY_SECONDS = 30.0


def watched(rows: Iterable[T], total: int, done: int = 0, every: float = EVERY_SECONDS) -> Iterator[T]:
    """Pass rows on and tell how many of `total` there were, how fast, and how long the rest will take.

    `done` of them were made before. Where stderr is no terminal, a line comes `every` seconds, whatever a row takes.
    """
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(rows, total=total, initial=done, unit="clip")
        return
    begun, ended, made = time.monotonic(), threading.Event(), 0

    def tell() -> None:
        while not ended.wait(every):
            try:
                print(in_words(done, made, total, time.monotonic() - begun), file=sys.stderr, flush=True)
            except (OSError, ValueError):  # nobody listens any more
                return

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        for row in rows:
            yield row
            made += 1
    finally:
        ended.set()
        teller.join()


def in_words(done: int, made: int, total: int, seconds: float) -> str:
    """ "37 of 500 clips, 1.2 clips/s, 6 min left" where `made` clips took so many seconds, and `done` were there."""
    told = f"{done + made} of {total} clips"
    if not made:
        return told
    rate = made / seconds
    speed = f"{rate:.1f} clips/s" if rate >= 1 else f"{1 / rate:.1f} s a clip"
    return f"{told}, {speed}, {_duration((total - done - made) / rate)} left"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
