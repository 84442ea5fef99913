"""The page's one lane to the model: its judge, one thread, and the clips that were listened to last."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import gradio as gr

from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.profiles import PROFILES, ListenerProfile, get_profile, with_words
from sqllm.model.base_llm import CheckpointError
from sqllm.model.checkpoint import DEFAULT_CHECKPOINT, stored_config
from sqllm.signal.audio import AudioError

REMEMBERED_CLIPS = 12
REMEMBERED_SECONDS = 1800.0  # of sound in all of them, so that memory is bounded for long clips too
LONGEST_TEXT = 500  # characters of a note or a question
NO_CLIP = "Add a clip first: upload a file or record one."

Result = TypeVar("Result")


class JudgeLane:
    """The page's one judge, loaded at first use, and its memory of the last clips it listened to.

    Everything the model does runs on one thread of its own: a `Hearing` bears no second one, and torch's inference
    mode, which an answer keeps on while it is streamed, belongs to a thread.
    """

    def __init__(
        self,
        loader: Callable[[], SpeechQualityLLM],
        remembered: int = REMEMBERED_CLIPS,
        seconds: float = REMEMBERED_SECONDS,
    ) -> None:
        self._loader, self._remembered, self._seconds = loader, remembered, seconds
        self._judge: SpeechQualityLLM | None = None
        self._hearings: OrderedDict[tuple[str, ...], Hearing] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="judge")

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
        return [(profile.title, profile.name) for profile in PROFILES.values() if profile.name in config.profiles]

    def load_early(self) -> None:
        """Start loading without waiting; a failure is told to whoever asks for the first rating."""
        self._thread.submit(self._load)

    def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """The result of some work on the model's thread."""
        return self._thread.submit(work, *arguments).result()

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Have some work done on the model's thread, without waiting for it."""
        return self._thread.submit(work, *arguments)

    def here(self) -> SpeechQualityLLM:
        """The judge itself, for work that is on the model's thread already; raises `CheckpointError`."""
        return self._load()

    def judge(self) -> SpeechQualityLLM:
        """The judge itself, for work that is done by `run` or `stream`; raises `CheckpointError`."""
        return self.run(self._load)

    def listen(self, clip: str, reference: str | None = None) -> Hearing:
        """The hearing of these two files' contents, new or remembered; raises `AudioError`, `CheckpointError`."""
        return self.run(self._listen, clip, reference)

    def stream(self, work: Iterator[Result]) -> Iterator[Result]:
        """What a generator yields, each piece made on the model's thread, between which others have their turn."""
        pieces = cast(Generator[Result, None, None], work)
        end = object()
        try:
            while (piece := self.run(next, pieces, end)) is not end:
                yield cast(Result, piece)
        finally:
            self._thread.submit(pieces.close)

    def _load(self) -> SpeechQualityLLM:
        if self._judge is None:
            self._judge = self._loader()
        return self._judge

    def _listen(self, clip: str, reference: str | None) -> Hearing:
        key = tuple(part for path in (clip, reference) if path for part in (Path(path).name, _digest(path)))
        if key not in self._hearings:
            self._hearings[key] = self._load().listen(clip, reference)
        self._hearings.move_to_end(key)
        while len(self._hearings) > 1 and not self._fits(list(self._hearings.values())):
            self._hearings.popitem(last=False)
        return self._hearings[key]

    def _fits(self, hearings: Sequence[Hearing]) -> bool:
        return len(hearings) <= self._remembered and sum(heard.clip.seconds for heard in hearings) <= self._seconds


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
