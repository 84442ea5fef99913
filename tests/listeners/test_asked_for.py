"""Listeners whom a question describes."""

from __future__ import annotations

import pytest

from sqllm.listeners.asked_for import (
    described_in,
    listener_before,
    listener_called,
    listeners_in,
    put_to_an_expert,
    put_to_you,
    with_listener_before,
    with_listener_introduced,
)
from sqllm.listeners.known import PROFILES

TAUGHT = ("typical", "noise-sensitive", "strict-expert", "hearing-impaired", "phone-speaker")


@pytest.mark.parametrize(
    ("question", "taught_as", "causes"),
    [
        ("How would a strict expert rate it?", "typical", 1),
        ("And for a noise-sensitive person?", "typical", 1),
        ("And a lenient listener?", "typical", 1),
        ("or a hard of hearing user", "hearing-impaired", 1),
        ("Would a hearing-impaired listener like it?", "hearing-impaired", 1),
        ("How would someone with hearing loss rate this?", "hearing-impaired", 1),
        ("What would a lenient listener say?", "typical", 1),
        ("How does it sound to an old man with hearing aids who hates hiss?", "hearing-impaired", 2),
        ("Would my aunt, who doesn't mind noise, accept it?", "typical", 1),
        ("How would a person with a severe hearing loss judge the clip?", "hearing-impaired", 1),
    ],
)
def test_a_described_listener_is_mapped_to_causes(question: str, taught_as: str, causes: int) -> None:
    found = listener_called(described_in(question), TAUGHT)
    assert found is not None
    assert found.profile.taught_as == taught_as
    assert len(found.understood) == causes


def test_verbs_of_judging_are_no_attitude() -> None:
    found = listener_called(described_in("Would a listener who hates noise accept it?"), TAUGHT)
    assert found is not None
    assert found.profile.habits.sensitivity["noisiness"] > 1


@pytest.mark.parametrize("question", ["How would a child rate it?", "And for somebody in a noisy street?"])
def test_a_listener_who_is_not_known_is_not_made_up(question: str) -> None:
    found = listener_called(described_in(question), TAUGHT)
    assert found is not None
    assert found.understood == ()
    assert found.ignored


@pytest.mark.parametrize(
    "question",
    [
        "What is the MOS of the clip?",
        "Who is listening?",
        "For whom is this score?",
        "What would the typical listener say?",
        "Whose opinion is this?",
    ],
)
def test_a_question_that_describes_nobody(question: str) -> None:
    assert listener_called(described_in(question), tuple(PROFILES)) is None


@pytest.mark.parametrize(
    ("before", "question", "read"),
    [
        ("How would my deaf uncle rate it?", "Would he accept it?", "Would my deaf uncle accept it?"),
        ("And a lenient listener?", "Wouldn't they complain?", "Wouldn't a lenient listener complain?"),
        ("What would a strict expert say?", "What would bother them most?", "What would bother a strict expert most?"),
        ("And for my deaf uncle?", "What does he hear?", "What does my deaf uncle hear?"),
        ("And for people in a car?", "Is it good enough for them?", "Is it good enough for people in a car?"),
        (
            "How would a teenager hear it?",
            "What would the same person say about the noise?",
            "What would a teenager say about the noise?",
        ),
        ("How would a strict expert rate the clicks?", "Do they matter?", "Do they matter?"),
        ("Are the gaps bad for a strict expert?", "When are they?", "When are they?"),
        ("What is wrong with the clip?", "Would he accept it?", "Would he accept it?"),
        ("How would the typical listener rate it?", "Would he accept it?", "Would he accept it?"),
    ],
)
def test_a_pronoun_stands_for_the_listener_of_the_question_before(before: str, question: str, read: str) -> None:
    assert with_listener_before(question, before) == read


@pytest.mark.parametrize(
    ("question", "put"),
    [
        ("Would my deaf uncle mind the noise?", "Would you mind the noise?"),
        ("Does the hum bother somebody with a severe hearing loss?", "Does the hum bother you?"),
        ("Is it too quiet for  a strict expert?", "Is it too quiet for you?"),
        (
            "is it loud enough for a phone and do you hear any echo",
            "is it loud enough for you and do you hear any echo",
        ),
        ("Would a parrot hear the echo?", None),
        ("Is there an echo?", None),
    ],
)
def test_a_question_for_a_known_listener_is_put_to_you(question: str, put: str | None) -> None:
    assert put_to_you(question) == put


def test_what_bothers_a_listener_is_none_of_the_listener() -> None:
    assert described_in("Would the clicks annoy a strict expert?") == "a strict expert"


@pytest.mark.parametrize(
    ("question", "put"),
    [
        ("How would somebody in a noisy street rate it?", "How would a strict expert rate it?"),
        ("How would my loud neighbour rate it?", "How would a strict expert rate it?"),
        ("Would a noise-sensitive person mark it lower?", "Would a strict expert mark it lower?"),
        ("Should the blame go to the encoder or to a noisy room?", None),
        ("Is it noisy?", None),
    ],
)
def test_the_words_for_a_listener_are_not_what_is_asked(question: str, put: str | None) -> None:
    assert put_to_an_expert(question) == (put or question)


@pytest.mark.parametrize(
    "question", ["Why?", "And the noise?", "How sure are you?", "Is it acceptable?", "What's his score?"]
)
def test_a_question_that_goes_on_is_for_the_listener_before(question: str) -> None:
    assert listener_before(question, "How would my deaf uncle rate it?") == "my deaf uncle"
    assert listener_before(question, "Is there an echo?") == ""


@pytest.mark.parametrize("question", ["What is the MOS?", "And for a strict expert?", "Is there an echo?"])
def test_a_question_of_its_own_is_not(question: str) -> None:
    assert listener_before(question, "How would my deaf uncle rate it?") == ""


@pytest.mark.parametrize(
    ("who", "taught_as"), [("a noise sensitive listener", "typical"), ("a hard-of-hearing user", "hearing-impaired")]
)
def test_hyphens_change_nothing(who: str, taught_as: str) -> None:
    found = listener_called(described_in(f"How would {who} rate the noise?"), TAUGHT)
    assert found is not None
    assert found.understood
    assert found.profile.taught_as == taught_as


@pytest.mark.parametrize(
    ("who", "each"),
    [
        ("a lenient listener and a strict expert", ["a lenient listener", "a strict expert"]),
        (
            "a strict expert, a lenient listener or my deaf uncle",
            ["a strict expert", "a lenient listener", "my deaf uncle"],
        ),
        ("someone who hates hiss and a hum", None),
        ("my deaf uncle", None),
        ("", None),
    ],
)
def test_several_listeners_are_several(who: str, each: list[str] | None) -> None:
    assert listeners_in(who) == (each or [who])


@pytest.mark.parametrize(
    ("text", "put"),
    [
        ("I am a strict expert. Is it acceptable?", "Is it acceptable for a strict expert?"),
        ("I'm deaf. Would I mind the noise?", "Would someone who is deaf mind the noise?"),
        ("My uncle is deaf. How would he rate it?", "How would my uncle who is deaf rate it?"),
        ("I am not sure. Is it noisy?", None),
        ("I am in a hurry. Is it good?", None),
        ("My phone is broken. Is it good?", None),
    ],
)
def test_a_listener_who_is_introduced_is_asked(text: str, put: str | None) -> None:
    assert with_listener_introduced(text) == (put or text)
