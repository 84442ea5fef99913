"""Answers a sentence at a time: what contradicts is drawn again, and an answer can be stopped at any token."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from sqllm.judge.decoding import LONGEST_ANSWER, MOST_DRAWS, tell


class Tokenizer:
    """A token is a letter."""

    def decode(self, tokens: list[int], skip_special_tokens: bool) -> str:
        return "".join(map(chr, tokens))


class Scripted:
    """A model whose draw number n continues whatever is said with the n-th script."""

    tokenizer = Tokenizer()

    def __init__(self, *scripts: str) -> None:
        self.scripts, self.behind, self.closed = scripts, list[str](), 0

    def answer_tokens(self, cache: Any, ids: list[int], most: int, seed: int) -> Generator[int, None, None]:
        self.behind.append("".join(map(chr, ids)))
        try:
            yield from map(ord, self.scripts[min(seed, len(self.scripts) - 1)][:most])
        finally:
            self.closed += 1


def told(model: Any, wrong: Callable[[str], bool] = lambda text: False, composed: str = "Composed.") -> list[str]:
    pieces = tell(model, None, [ord("?")], 0, lambda text, whole: not wrong(text), lambda: composed)
    return [piece for piece in pieces if piece]


def test_an_answer_comes_in_sentences_and_figures_are_no_ends() -> None:
    model = Scripted("MOS 2.6. Packets are lost at 1.2 s! All else is fine")
    assert told(model) == ["MOS 2.6.", " Packets are lost at 1.2 s!", " All else is fine"]
    assert model.behind == ["?"]


def test_what_is_not_proven_is_drawn_again_behind_the_sentences_that_stand() -> None:
    model = Scripted("MOS 2.6. There is hum. It is loud.", " There is no hum. It is quiet.")
    pieces = told(model, lambda text: "is hum" in text or "loud" in text)
    assert pieces == ["MOS 2.6.", " There is no hum.", " It is quiet."]
    assert model.behind == ["?", "?MOS 2.6."]
    assert model.closed == 2


def test_an_answer_that_never_comes_right_ends_where_it_was_right_and_whole() -> None:
    model = Scripted("MOS 2.6. There is hum.", " There is hum.")
    assert told(model, lambda text: "hum" in text) == ["MOS 2.6."]
    assert len(model.behind) == MOST_DRAWS


def test_nothing_unproven_is_said_but_what_is_composed() -> None:
    assert told(Scripted("There is hum."), lambda text: True) == ["Composed."]
    assert told(Scripted("")) == ["Composed."]


def test_what_is_right_so_far_but_not_whole_is_completed_with_what_is_composed() -> None:
    model: Any = Scripted("It is loud. There is hum.", " There is hum.")

    def proven(text: str, whole: bool) -> bool:
        return "hum" not in text and not whole

    pieces = [piece for piece in tell(model, None, [ord("?")], 0, proven, lambda: "MOS 2.6.") if piece]
    assert pieces == ["It is loud.", " MOS 2.6."]


def test_an_answer_is_no_longer_than_the_longest_and_can_be_stopped_at_any_token() -> None:
    assert sum(map(len, told(Scripted("a. " * LONGEST_ANSWER)))) == LONGEST_ANSWER
    model = Scripted("One sentence. Two.")
    stream: Any = tell(model, None, [], 0)  # type: ignore[arg-type]
    assert next(stream) == ""
    stream.close()
    assert model.closed == 1


@pytest.mark.parametrize("script", ["No end", "Ends. "])
def test_an_answer_without_an_end_is_said_too(script: str) -> None:
    assert "".join(told(Scripted(script))) == script
