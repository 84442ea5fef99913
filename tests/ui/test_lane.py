"""The page's one lane to the model: loaded once, with a memory of what was listened to last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.base_llm import CheckpointError
from sqllm.signal.audio import SAMPLE_RATE
from sqllm.ui.lane import JudgeLane
from sqllm.ui.page import logins
from tests.tiny import speech_like


class CountingJudge:
    """A judge that counts how often it listens."""

    def __init__(self, judge: SpeechQualityLLM) -> None:
        self.judge, self.listened = judge, 0

    def listen(self, *sources: Any) -> Any:
        self.listened += 1
        return self.judge.listen(*sources)


def counting(tiny: SpeechQualityLLM, **limits: float) -> tuple[CountingJudge, JudgeLane]:
    judge = CountingJudge(tiny)
    return judge, JudgeLane(lambda: judge, **limits)  # type: ignore[arg-type, return-value]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    made = [tmp_path / f"{seed}.wav" for seed in range(3)]
    for seed, path in enumerate(made):
        soundfile.write(path, speech_like(1.0, seed), SAMPLE_RATE)
    return list(map(str, made))


def test_only_the_last_clips_are_remembered(tiny: SpeechQualityLLM, paths: list[str]) -> None:
    judge, lane = counting(tiny, remembered=2)
    for path in (*paths, paths[2]):
        lane.listen(path)
    assert judge.listened == 3
    lane.listen(paths[0])
    assert judge.listened == 4


def test_long_clips_are_forgotten_sooner_but_never_the_last_one(tiny: SpeechQualityLLM, paths: list[str]) -> None:
    judge, lane = counting(tiny, seconds=1.5)
    for path in (paths[0], paths[1], paths[1], paths[0]):
        lane.listen(path)
    assert judge.listened == 3
    _, small = counting(tiny, seconds=0.5)
    assert small.listen(paths[0]) is small.listen(paths[0])


def test_file_with_new_contents_under_the_old_name_is_heard_anew(tiny: SpeechQualityLLM, paths: list[str]) -> None:
    judge, lane = counting(tiny)
    lane.listen(paths[0])
    soundfile.write(paths[0], speech_like(2.0, seed=5), SAMPLE_RATE)
    assert lane.listen(paths[0]).clip.seconds == 2.0
    assert judge.listened == 2


def test_missing_checkpoint_is_told_and_tried_again(tiny: SpeechQualityLLM, paths: list[str]) -> None:
    loads: Iterator[Any] = iter([CheckpointError("There is no checkpoint."), tiny])

    def load() -> SpeechQualityLLM:
        if not isinstance(found := next(loads), SpeechQualityLLM):
            raise found
        return found

    lane = JudgeLane(load)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        lane.listen(paths[0])
    assert lane.name is None
    assert lane.run(Hearing.scores, lane.listen(paths[0]))
    assert lane.name == tiny.name


def test_work_in_pieces_is_closed_when_nobody_wants_more(lane: JudgeLane) -> None:
    closed = []

    def pieces() -> Iterator[int]:
        try:
            yield from range(5)
        finally:
            closed.append(True)

    stream = lane.stream(pieces)
    assert next(stream) == 0
    stream.close()  # type: ignore[attr-defined]
    lane.run(lambda: None)
    assert closed


def test_logins_are_pairs_and_nothing_half_written_opens_the_page() -> None:
    assert logins("") is None
    assert logins("ann:secret, bob:a:b") == [("ann", "secret"), ("bob", "a:b")]
    for wrong in ("ann", "ann:", ":secret", "ann:secret,"):
        with pytest.raises(ValueError, match="SQLLM_AUTH"):
            logins(wrong)
