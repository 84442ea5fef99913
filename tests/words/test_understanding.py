"""What code reads of a question, and what the choices make of it."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.scores import ARTIFACT_KINDS
from sqllm.words.figures import number_in, seconds_in
from sqllm.words.questions import FAMILIES, USES, Question
from sqllm.words.several import halves
from sqllm.words.understanding import (
    CHOICES,
    CODES,
    NEEDS,
    NONE,
    is_closed,
    question_of,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("What happens at 4.2 s?", (4.2,)),
        ("what's at second 7", (7.0,)),
        ("How is it at 0:08?", (8.0,)),
        ("and at 1:05?", (65.0,)),
        ("the 3rd second, what is it?", (3.0,)),
        ("From 2 to 5 seconds, how is it?", (2.0, 5.0)),
        ("between 0:02 and 0:05", (2.0, 5.0)),
        ("2-4 s: any good?", (2.0, 4.0)),
        ("from 8 to 3 s", (3.0, 8.0)),
        ("around 3,5 seconds", (3.5,)),
        ("Is the MOS above 3.5?", ()),
        ("Rate it from 1 to 5.", ()),
        ("How many listeners for 0.2?", ()),
    ],
)
def test_times_are_read_in_seconds(text: str, seconds: tuple[float, ...]) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Is the MOS above 3.5?", 3.5),
        ("Does it reach a 4?", None),
        ("Are 8 listeners enough?", 8.0),
        ("Are ten people enough?", 10.0),
        ("Is it 16 kHz?", 16.0),
        ("We need at least 3.8", 3.8),
        ("What is the MOS?", None),
        ("What happens at 4.2 s?", None),
        ("Rate it from 1 to 5.", None),
        ("What does a 3.2 mean?", 3.2),
    ],
)
def test_figures_that_are_no_times_are_read(text: str, number: float | None) -> None:
    if text == "Does it reach a 4?":
        assert number_in(text) in (None, 4.0)
    else:
        assert number_in(text) == number


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("Is there any echo?", True),
        ("so, is it noisy", True),
        ("Would people agree?", True),
        ("Isn't it too loud?", True),
        ("Tell me whether it hums.", True),
        ("What is the MOS?", False),
        ("How bad is the noise?", False),
        ("Is it the noise or the codec?", False),
        ("Is it good or not?", True),
        ("Echo: yes or no?", True),
        ("Explain your rating.", False),
    ],
)
def test_questions_for_yes_or_no_are_told_from_others(text: str, closed: bool) -> None:
    assert is_closed(text) == closed


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("Is there an echo and how bad is it?", ("Is there an echo", "how bad is it?")),
        ("What's the MOS? Is it loud enough?", ("What's the MOS?", "Is it loud enough?")),
        ("Any hum; where?", ("Any hum", "where?")),
    ],
)
def test_two_questions_can_be_taken_apart(text: str, pair: tuple[str, str]) -> None:
    assert pair in halves(text)


def test_one_question_has_no_halves() -> None:
    assert halves("What is the MOS?") == []


def test_every_option_has_a_letter_and_every_family_is_one() -> None:
    assert {family for family in FAMILIES if family != "other-language"} < set(CHOICES["family"])
    for name, options in CHOICES.items():
        assert len(set(options)) == len(options) <= len(CODES), name
    assert set(NEEDS) <= set(CHOICES["family"])
    assert {slot for slots in NEEDS.values() for slot in slots} <= set(CHOICES)


def test_slots_that_a_family_does_not_need_are_left_out() -> None:
    question = question_of("Is there an echo?", "presence", {"fault": "echo", "use": "a podcast", "opposite": "no"})
    assert question == Question("presence", "Is there an echo?", kinds=("echo",), asked="echo", closed=True)


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("drop-outs", ("packet-loss", "time-clipping")),
        ("faults", ARTIFACT_KINDS),
        ("another fault", ()),
        (NONE, ()),
    ],
)
def test_a_word_for_several_kinds_means_all_of_them(fault: str, kinds: tuple[str, ...]) -> None:
    assert question_of("?", "presence", {"fault": fault}).kinds == kinds


def test_a_fault_without_a_kind_is_called_what_the_asker_calls_it() -> None:
    assert question_of("Any Sibilance?", "presence", {"fault": "another fault"}).asked == "sibilance"
    assert question_of("Any swooshing?", "presence", {"fault": "another fault"}).asked == "another fault"


def test_loud_enough_asks_whether_it_is_not_too_quiet() -> None:
    question = question_of("Is it loud enough?", "level-verdict", {"fault": "too-quiet", "opposite": "yes"})
    assert (question.kinds, question.negated) == (("too-quiet",), True)
    assert question_of("Is the level right?", "level-verdict", {"fault": "level problems"}).kinds == (
        "too-quiet",
        "too-loud",
    )


def test_every_use_has_one_limit_on_the_scale() -> None:
    assert all(1 < limit < 5 for limit in USES.values())
    assert np.all([use.startswith(("a ", "an ", "speech", "voice")) for use in USES])
