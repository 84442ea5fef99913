"""The page's one lane to the model: its judge, one thread, and the clips that were listened to last."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

import gradio as gr

from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.profiles import PROFILES, ListenerProfile, get_profile, with_words
from sqllm.model.base_llm import CheckpointError
from sqllm.model.checkpoint import DEFAULT_CHECKPOINT, stored_config
from sqllm.signal.audio import AudioError, Clip, load_clip
from sqllm.ui.zero_gpu import Forks, on_zero_gpu

REMEMBERED_CLIPS = 12
REMEMBERED_SECONDS = 1800.0  # of sound in all of them, so that memory is bounded for long clips too
LONGEST_TEXT = 500  # characters of a note or a question
NO_CLIP = "Add a clip first: upload a file or record one."

Result = TypeVar("Result")


@dataclass(frozen=True)
class Listened:
    """A clip and its reference as they were read. Among the arguments of work it stands for its `Hearing`."""

    key: tuple[str, ...]
    clip: Clip = field(repr=False)
    reference: Clip | None = field(repr=False)


class _TheJudge:
    """Stands for the judge among the arguments of work."""


THE_JUDGE: Any = _TheJudge()


class JudgeLane:
    """The page's one judge, loaded at first use, and its memory of the last clips it listened to.

    Everything the model does runs on one thread of its own: a `Hearing` bears no second one, and torch's inference
    mode, which an answer keeps on while it is streamed, belongs to a thread. On a ZeroGPU Space (`forked`) it runs in
    a fork a call instead, which remembers nothing: hence work is a function that is found by its name, and a
    `Listened` or `THE_JUDGE` among its arguments is replaced where the model is.
    """

    def __init__(
        self,
        loader: Callable[[], SpeechQualityLLM],
        remembered: int = REMEMBERED_CLIPS,
        seconds: float = REMEMBERED_SECONDS,
    ) -> None:
        self._loader, self._remembered, self._seconds = loader, remembered, seconds
        self._judge: SpeechQualityLLM | None = None
        self._read: OrderedDict[tuple[str, ...], Listened] = OrderedDict()
        self._hearings: dict[tuple[str, ...], Hearing] = {}
        self._lock = Lock()  # for what is remembered: clips are read by whoever asks
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="judge")
        self._forks = Forks(self._do) if on_zero_gpu() else None

    @property
    def forked(self) -> bool:
        """Whether the model has a fork a call, and no memory between calls."""
        return self._forks is not None

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        return self._judge is not None

    @property
    def name(self) -> dict[str, str] | None:
        """What the loaded model calls itself: its name and revision."""
        return self._judge.name if self._judge else None

    @property
    def listeners(self) -> list[tuple[str, str]]:
        """Title and name of every listener that the model was taught; before it is loaded those of the embedded one."""
        config = self._judge.model.config if self._judge else stored_config(DEFAULT_CHECKPOINT)
        return [(profile.title, profile.name) for profile in PROFILES.values() if profile.taught_as in config.profiles]

    def load_early(self) -> None:
        """Start loading without waiting; a failure is told to whoever asks for the first rating. Where the model runs
        in forks it is loaded before the first of them.
        """
        if self._forks:
            self._load()
        else:
            self._thread.submit(self._load)

    def load(self) -> None:
        """Wait until the model is loaded; raises `CheckpointError`."""
        self._thread.submit(self._load).result()

    def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """The result of some work for the model."""
        if self._forks:
            self._load()
            return cast(Result, self._forks.run(work, *arguments))
        return self.submit(work, *arguments).result()

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Have some work done on the model's thread, without waiting for it."""
        return self._thread.submit(self._do, work, *arguments)

    def stream(self, work: Callable[..., Iterator[Result]], *arguments: Any) -> Iterator[Result]:
        """What a generator yields, each piece made on the model's thread, between which others have their turn."""
        if self._forks:
            self._load()
            yield from self._forks.stream(work, *arguments)
            return
        pieces = cast(Generator[Result, None, None], self.run(work, *arguments))
        end = object()
        try:
            while (piece := self.run(next, pieces, end)) is not end:
                yield cast(Result, piece)
        finally:
            self._thread.submit(pieces.close)

    def listen(self, clip: str, reference: str | None = None) -> Listened:
        """These two files' contents, read and listened to, or remembered; raises `AudioError`, `CheckpointError`."""
        key = tuple(part for path in (clip, reference) if path for part in (Path(path).name, _digest(path)))
        listened = self._read.get(key) or Listened(key, load_clip(clip), load_clip(reference) if reference else None)
        with self._lock:
            self._read[key] = listened
            self._read.move_to_end(key)
            while len(self._read) > 1 and not self._fits():
                self._hearings.pop(self._read.popitem(last=False)[0], None)
        if not self._forks:
            self.run(_nothing, listened)
        return listened

    def _do(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Some work, where the model is."""
        return work(*map(self._resolved, arguments))

    def _resolved(self, argument: Any) -> Any:
        """What an argument of work stands for."""
        if isinstance(argument, Listened):
            return self._hearing(argument)
        if isinstance(argument, _TheJudge):
            return self._load()
        return tuple(map(self._resolved, argument)) if type(argument) is tuple else argument

    def _load(self) -> SpeechQualityLLM:
        if self._judge is None:
            self._judge = self._loader()
        return self._judge

    def _hearing(self, listened: Listened) -> Hearing:
        found = self._hearings.get(listened.key) or self._load().listen(listened.clip, listened.reference)
        with self._lock:
            if listened.key in self._read:
                self._hearings[listened.key] = found
        return found

    def _fits(self) -> bool:
        seconds = sum(listened.clip.seconds for listened in self._read.values())
        return len(self._read) <= self._remembered and seconds <= self._seconds


def _nothing(_: Hearing) -> None:
    """Listening is all the work there is."""


def listener_profile(name: str | None, note: str | None) -> ListenerProfile:
    """A listener by name, with what a visitor added; raises `ValueError` where that is too long."""
    profile = get_profile(name)
    if note and note.strip():
        check_length(note, "addition to the profile")
        profile = with_words(profile, note)
    return profile


def check_length(text: str, what: str) -> None:
    """Raises `ValueError` where a text is longer than the page takes."""
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"The {what} is longer than {LONGEST_TEXT} characters.")


@contextmanager
def errors_in_words() -> Iterator[None]:
    """What the user can mend reaches the page and the API as its sentence, without a traceback."""
    try:
        yield
    except (AudioError, CheckpointError, ValueError) as problem:
        raise gr.Error(str(problem), print_exception=False) from None


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
