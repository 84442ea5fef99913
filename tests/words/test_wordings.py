"""The wordings that teach what is asked, and those that never train."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from sqllm.training.asked_questions import Asker, all_wordings, lesson_of, mistyped
from sqllm.words.questions import COMPARE, FAMILIES
from sqllm.words.understanding import CHOICES, NEEDS
from sqllm.words.wordings.grammar import Wording, asked_wordings, draw_asked, read_wordings, unseen_wordings

ASKED = [family for family in FAMILIES if family != "other-language"]


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()


@pytest.mark.parametrize("family", [*ASKED, COMPARE])
def test_every_family_is_asked_for_in_sixty_ways_and_in_fifteen_that_never_train(family: str) -> None:
    rng = np.random.default_rng(4)
    ours = [wording for wording in all_wordings() if wording.family == family]
    assert len({draw_asked(rng, wording).text for wording in ours for _ in range(10)}) >= 80
    unseen = [wording.text for wording in unseen_wordings() if wording.family == family]
    assert len(set(unseen)) == len(unseen) >= 14


def test_what_never_trains_is_not_among_what_trains() -> None:
    rng = np.random.default_rng(0)
    trained = {plain(draw_asked(rng, wording).text) for wording in all_wordings() for _ in range(30)}
    repeated = [w.text for w in unseen_wordings() if plain(w.text) in trained and len(plain(w.text)) > 3]
    assert len(repeated) <= 3, repeated


def test_a_wording_opens_its_alternatives_and_fills_its_slots() -> None:
    text = "[count]\nHow (often|many times) does it {verb}?\n[presence fault=echo]\n!Is it free of echo?\n"
    first, second = read_wordings(text)
    drawn = {draw_asked(np.random.default_rng(seed), first).text for seed in range(60)}
    assert {"How often does it clip?", "How many times does it echo?"} & drawn
    assert all(not re.search(r"[(){}|]", question) for question in drawn)
    assert second == Wording("presence", "Is it free of echo?", {"fault": "echo"}, negated=True)


def test_every_wording_names_options_that_there_are() -> None:
    rng = np.random.default_rng(1)
    for wording in (*all_wordings(), *unseen_wordings()):
        for choice, option in lesson_of(draw_asked(rng, wording)).choices.items():
            assert option in CHOICES[choice], wording


@pytest.mark.parametrize("choice", ["use", "measure", "scale", "part", "topic", "dimension"])
def test_every_option_is_asked_for_in_several_ways(choice: str) -> None:
    rng = np.random.default_rng(2)
    seen: Counter[str] = Counter()
    asker = Asker.of(asked_wordings())
    families = [family for family, needed in NEEDS.items() if choice in needed]
    for _ in range(3000):
        seen[lesson_of(asker.one(rng, families)).choices[choice]] += 1
    assert all(seen[option] >= 12 for option in CHOICES[choice] if option != "none"), seen


def test_lessons_hold_follow_ups_pairs_and_slips() -> None:
    rng, asker = np.random.default_rng(3), Asker.of(all_wordings())
    drawn = [asker.draw(rng) for _ in range(1500)]
    assert 0.2 < np.mean([lesson.previous is not None for lesson in drawn]) < 0.5
    assert 0.05 < np.mean([lesson.choices["two"] == "yes" for lesson in drawn]) < 0.2
    assert 0.2 < np.mean([lesson.text == lesson.text.lower() for lesson in drawn]) < 0.6
    assert len({lesson.text for lesson in drawn}) > 1300


def test_the_same_seed_draws_the_same_lessons() -> None:
    asker = Asker.of(all_wordings())
    first, second = ([asker.draw(np.random.default_rng(seed)) for seed in range(50)] for _ in range(2))
    assert first == second


def test_a_typing_error_changes_a_word_and_no_more() -> None:
    text = "Is there any background noise?"
    for seed in range(50):
        wrong = mistyped(np.random.default_rng(seed), text)
        assert abs(len(wrong) - len(text)) <= 1
        assert sum(one != other for one, other in zip(text.split(), wrong.split(), strict=True)) <= 1
