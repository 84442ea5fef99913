"""The contract of the package `spaces` on a ZeroGPU Space: every call has a process of its own, forked for it.

Arguments and results cross by pickle; a process may have no children; what is raised in it comes back as an error that
names no more than the exception's class. Written from the package's documentation and behaviour (spaces 0.51, zero).
"""

from __future__ import annotations

import inspect
import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import gradio as gr

_fork = multiprocessing.get_context("fork")
calls: list[str] = []  # of the functions that were given a GPU, in this process


def GPU(task: Callable[..., Any] | None = None, *, duration: float | None = None) -> Callable[..., Any]:
    """As `spaces.GPU`: a decorator, with or without settings."""
    if task is None:
        return lambda work: GPU(work, duration=duration)
    if inspect.isgeneratorfunction(task):

        @wraps(task)
        def stream(*arguments: Any) -> Iterator[Any]:
            yield from _call(task, arguments)

        return stream

    @wraps(task)
    def run(*arguments: Any) -> Any:
        *_, result = _call(task, arguments)
        return result

    return run


def gradio_auto_wrap(work: Any) -> Any:
    """What Gradio asks the package about its functions: nothing to be done with any."""
    return work


def _call(task: Callable[..., Any], arguments: tuple[Any, ...]) -> Iterator[Any]:
    """The results of one process."""
    calls.append(task.__name__)
    sent, (ours, theirs) = pickle.dumps(arguments), _fork.Pipe(duplex=False)
    process = _fork.Process(target=_work, args=(task, sent, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        while (told := _received(ours))[0] != "end":
            if told[0] == "error":
                raise gr.Error(str(told[1]), title="ZeroGPU worker error", print_exception=False)
            yield told[1]
    finally:
        process.terminate()
        process.join()


def _received(pipe: Any) -> tuple[str, Any]:
    try:
        return pickle.loads(pipe.recv_bytes())
    except EOFError:
        return "error", "GPU task aborted"


def _work(task: Callable[..., Any], sent: bytes, out: Any) -> None:
    """What the forked process does."""
    try:
        result = task(*pickle.loads(sent))
        for piece in result if inspect.isgeneratorfunction(task) else [result]:
            out.send_bytes(pickle.dumps(("result", piece)))
        out.send_bytes(pickle.dumps(("end", None)))
    except Exception as problem:
        out.send_bytes(pickle.dumps(("error", type(problem).__name__)))
