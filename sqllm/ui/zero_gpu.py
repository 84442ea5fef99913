"""Forks with a GPU: on a ZeroGPU Space a function has one only in a process of its own, forked for the call.

The package `spaces`, which such a Space brings, does the forking: arguments and results are pickled, the model is
inherited, and nothing that a call leaves in memory is there in the next (https://huggingface.co/docs/hub/spaces-zerogpu).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

SECONDS = 60  # of a GPU that a call may take: a batch of eight clips, or ten minutes of speech


def on_zero_gpu() -> bool:
    """Whether this is a Space on ZeroGPU hardware."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("true", "1")


@dataclass(frozen=True)
class _Problem:
    """What was raised in a fork: the package tells no more of an exception than its name."""

    error: ValueError


class Forks:
    """Has `do(work, *arguments)` done in forks. A `ValueError`, which users can mend, is raised as it was there."""

    def __init__(self, do: Callable[..., Any]) -> None:
        import spaces

        def run(*arguments: Any) -> Any:
            _use_one_thread()
            try:
                return do(*arguments)
            except ValueError as error:
                return _Problem(error)

        def stream(*arguments: Any) -> Iterator[Any]:
            _use_one_thread()
            try:
                yield from do(*arguments)
            except ValueError as error:
                yield _Problem(error)

        self._run, self._stream = spaces.GPU(duration=SECONDS)(run), spaces.GPU(duration=SECONDS)(stream)

    def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """The result of some work, in one call."""
        return _result(self._run(work, *arguments))

    def stream(self, work: Callable[..., Iterator[Any]], *arguments: Any) -> Iterator[Any]:
        """What a generator yields, all of it in one call."""
        yield from map(_result, self._stream(work, *arguments))


def _use_one_thread() -> None:
    """The threads that the CPU's part was shared with stayed in the parent: a fork would wait for them for ever."""
    import torch

    torch.set_num_threads(1)


def _result(result: Any) -> Any:
    if isinstance(result, _Problem):
        raise result.error
    return result
