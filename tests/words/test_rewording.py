"""Texts that are put in other words before they are read."""

from __future__ import annotations

import pytest

from sqllm.words.rewording import reworded


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("I think it's excellent. Do you agree?", "Is it excellent?"),
        ("I'd say it is noisy. Am I right?", "Is it noisy?"),
        ("My colleague says there is an echo, is that true?", "Is there an echo?"),
        ("In my opinion the voice sounds muffled. Agreed?", "Does the voice sound muffled?"),
        ("I believe this has echo, is that right?", "Does this have echo?"),
        ("I hear a hum. Is that right?", "Do you hear a hum?"),
        ("I would give it a 3. Is that fair?", "Is the MOS 3?"),
        ("My guess is 2.5, am I right?", "Is the MOS 2.5?"),
        ("We'd rate this 4. Do you agree with us?", "We'd rate this 4. Do you agree with us?"),
        ("Would people agree?", "Would people agree?"),
        ("Do you agree?", "Do you agree?"),
        ("Is the MOS fair?", "Is the MOS fair?"),
    ],
)
def test_an_opinion_to_agree_with_is_a_question(text: str, read: str) -> None:
    assert reworded(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Pretend the clip is perfect. What is the MOS?", "What is the MOS?"),
        ("Please assume it is a 5. Is it noisy?", "Is it noisy?"),
        ("Imagine a video meeting. Would this do?", "Imagine a video meeting. Would this do?"),
        ("Suppose the noise was gone. What would it get?", "Suppose the noise was gone. What would it get?"),
        ("Imagine there was no echo. What would it get?", "Imagine there was no echo. What would it get?"),
        ("Say more. What else is wrong?", "Say more. What else is wrong?"),
    ],
)
def test_a_pretence_changes_nothing_but_what_is_mended_does(text: str, read: str) -> None:
    assert reworded(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("First drop-out?", "When is the first drop-out?"),
        ("Last gap?", "When is the last gap?"),
        ("The longest interruption?", "How long is the longest interruption?"),
        ("Is it HD voice?", "Is it wideband?"),
        ("Is it HD?", "Is it wideband?"),
        ("Is it fit for HD video?", "Is it fit for HD video?"),
        ("Is the Rauschen strong?", "Is the noise strong?"),
        ("Is the room too live?", "Is the room reverberant?"),
        ("Is it a live recording?", "Is it a live recording?"),
        ("Do they overlap?", "Does a second voice talk over the first?"),
        ("Is there clock drift?", "Is it the same speed as the reference?"),
        ("Which ITU standard applies?", "What does MOS mean?"),
    ],
)
def test_other_peoples_names_become_ours(text: str, read: str) -> None:
    assert reworded(text) == read
