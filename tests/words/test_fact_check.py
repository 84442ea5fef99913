"""What can't be proven is refused: what users were told wrongly, and proven answers with one thing changed."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from sqllm.evaluation.spoken_claims import false_claims
from sqllm.scores import DIMENSIONS, HeardArtifact, Measures, ReferenceMatch, Score, Speech
from sqllm.words.fact_check import unproven
from sqllm.words.facts import Facts, Window
from sqllm.words.questions import Question
from sqllm.words.selection.select import select
from sqllm.words.sentences.made_facts import random_facts, random_question
from sqllm.words.sentences.say import say
from tests.words.composed import UNMEASURED

LOSSES = HeardArtifact("packet-loss", "strong", tuple((n * 0.7 + 0.1, n * 0.7 + 0.3) for n in range(11)))
MEASURES = replace(UNMEASURED, active_level_dbov=-41.3, noise_floor_dbov=-70.0, seconds=8.0)


def clip(
    mos: float, *artifacts: HeardArtifact, state: str = "none", measures: Measures = MEASURES, loudness: float = 2.0
) -> Facts:
    scores = {name: Score(mos, 0.2) for name in DIMENSIONS} | {"loudness": Score(loudness, 0.2)}
    match = None if state == "none" else ReferenceMatch(state, 0.0, 0.0, 1.0)
    return Facts.of("typical", scores, artifacts, measures, Speech(((0, 8),), 8), [Window(0, 8, mos)], match)


def told(facts: Facts, question: Question, draws: int = 12) -> set[str]:
    rng = np.random.default_rng(0)
    return {say(select(facts, question), rng) for _ in range(draws)}


MOS, PODCAST = Question("mos-numeric", "What is the MOS?", "mos"), Question("use", "?", use="a podcast", closed=True)
LOUD_ENOUGH = Question("level-verdict", "Is it loud enough?", kinds=("too-quiet",), negated=True, closed=True)
TOLD_APART = Question("distinguishable", "Would my panel tell it from the original?", closed=True)
INTELLIGIBLE = Question("intelligibility", "Rate intelligibility.")
SEX, NOISE = Question("cannot-tell", "Male or female?", topic="sex"), ("background-noise", "hum")
HOW_OFTEN = Question("count", "How often?", kinds=("packet-loss",), asked="lost packets")
NOISY = Question("presence", "Is it noisy?", kinds=NOISE, asked="noise", closed=True)
# What was told to users: facts, question, what must not be shown, and what every answer has to say.
TOLD_WRONGLY = [
    (clip(1.72), MOS, "The MOS is 5.7.", r"\b1\.7\b"),
    (clip(4.68), PODCAST, "No, a podcast takes at least 3.0 and this has MOS 4.7.", r"^Yes, .*\b4\.7\b"),
    (clip(2.0), LOUD_ENOUGH, "No, I hear no loudness.", r"^No, .*too (?:quiet|low).*-41\.3 dBov.*15\.3 dB below"),
    (clip(3.0), SEX, "No talker talker.", r"I can't tell whether a man or a woman is talking; what I can tell is"),
    (clip(3.0), INTELLIGIBLE, "Intelligibility 4.1.", "I can't tell how many words"),
    (clip(2.0), TOLD_APART, "Yes, the reference holds the same speech.", "^Yes, .*no original to compare with.*2.0"),
    (clip(4.5), NOISY, "No, I notice no Rausiness here.", r"^No, .*no (?:sign of )?noise"),
    (clip(1.7, LOSSES), HOW_OFTEN, "13 times: strong packet loss, from 0.1 s on.", r"\b11\b"),
    (clip(1.7, LOSSES), HOW_OFTEN, "4.1 times: strong packet loss, from 0.1 s on.", r"\b11\b"),
    (clip(2.55), MOS, "The MOS is 2.6, poor on the five-point scale.", r"\b2\.6\b|\b2\.55\b"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "question", "wrong", "right"), TOLD_WRONGLY)
def test_what_users_were_told_wrongly_is_refused_and_told_right(
    facts: Facts, question: Question, wrong: str, right: str
) -> None:
    assert unproven(wrong, select(facts, question))
    for text in told(facts, question):
        assert re.search(right, text), text
        assert unproven(text, select(facts, question)) == []


@pytest.mark.parametrize("count", [1, 2, 5, 11, 14])
def test_a_count_is_that_of_the_spans_in_every_family(count: int) -> None:
    spans = tuple((n * 0.5 + 0.1, n * 0.5 + 0.2) for n in range(count))
    facts = clip(2.0, HeardArtifact("time-clipping", "moderate", spans))
    numbers = {"one": 1, "two": 2, "five": 5, "eleven": 11, "a": 1}
    for family in ("explanatory", "presence", "when", "count", "dominant", "acceptability", "engineer"):
        question = Question(family, "?", kinds=("time-clipping",), asked="cut-outs", closed=True)
        for text in told(facts, question):
            said = re.findall(r"\b(\w+) (?:times|(?:clear|noticeable) (?:cut-outs?|drop-outs?|gaps?))\b", text.lower())
            assert {numbers.get(word, int(word) if word.isdigit() else 0) for word in said} <= {count}, text


def proven_answers(seed: int, count: int = 150) -> list[tuple[str, Question, Facts]]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        facts = random_facts(rng)
        question = random_question(rng, facts)
        if question.family != "term":  # a definition is never worded by the LLM
            found.append((say(select(facts, question), rng), question, facts))
    return found


def refused(answers: list[tuple[str, Question, Facts]], change: str, into: str) -> list[str]:
    """The changed texts that are refused; fails where one passes. What is said already is not changed."""
    answers = [row for row in answers if into.strip(" .") not in row[0]]
    changed = [(re.sub(change, into, text, count=1), text, question, facts) for text, question, facts in answers]
    touched = [row for row in changed if row[0] != row[1]]
    for wrong, _, question, facts in touched:
        assert unproven(wrong, select(facts, question)), wrong
    return [wrong for wrong, *_ in touched]


@pytest.mark.parametrize(
    ("change", "into", "least"),
    [
        (r"(?<![\d.-])(\d)\.(\d)", r"\g<1>.\g<2>7", 40),  # 2.6: 2.67
        (r"\bMOS (of )?\d\.\d+", r"MOS \g<1>9.9", 40),
        (r"(\d) s\b", r"\1 dB", 8),
        (r"^Yes,", "No,", 5),
        (r"^No,", "Yes,", 5),
        (r"\b(?:bad|poor|fair)\b", "excellent", 10),
        (r"\b(?:good|excellent)\b", "poor", 5),
        (r"\b(the|is|a)\b", r"\1 \1", 60),
        (r"\.$", " on all Rausiness.", 60),
        (r"\.$", ". There is a loud buzzing, too.", 60),
        (r"^", "I hear no echo. ", 60),
        (r"too (?:quiet|low)", "too loud", 1),
        (r"\bstrong\b|\bheavy\b|\bsevere\b", "slight", 8),
    ],
)
def test_a_proven_answer_with_one_thing_changed_is_refused(change: str, into: str, least: int) -> None:
    assert len(refused(proven_answers(1), change, into)) >= least


def test_the_time_of_one_fault_is_not_told_of_another() -> None:
    cuts = HeardArtifact("time-clipping", "slight", ((6.0, 6.2), (7.0, 7.1)))
    losses = HeardArtifact("packet-loss", "strong", ((1.0, 1.2), (2.0, 2.1)))
    selected = select(clip(2.0, cuts, losses), Question("explanatory", "?"))
    right = "MOS 2.0, poor. I hear severe packet loss at 1.0 and 2.0 s, then slight time clipping at 6.0 and 7.0 s."
    assert unproven(right, selected) == []
    assert unproven(right.replace("6.0 and 7.0", "1.0 and 2.0"), selected)


def test_what_was_asked_for_has_to_be_said() -> None:
    selected = select(clip(3.2), Question("use", "?", use="a podcast", closed=True))
    assert unproven("No, not good enough for a podcast.", selected, whole=False) == []
    assert unproven("No, not good enough for a podcast.", selected) == ["It leaves out '3.2'."]
    cannot = select(clip(3.2), SEX)
    assert "It does not say that this can't be told." in unproven("MOS 3.2, fair.", cannot)


def test_the_independent_grader_finds_what_is_wrong() -> None:
    facts = clip(2.0, LOSSES)
    right = "MOS 2.0, poor. I hear eleven severe lost packets between 0.1 and 7.3 s."
    question = Question("explanatory", "?")
    assert false_claims(right, question, facts) == []
    for true, false in (
        ("MOS 2.0", "MOS 2.3"),
        ("poor", "fair"),
        ("lost packets", "clear echoes"),
        ("0.1 and", "0.5 and"),
        ("I hear", "against the reference I hear"),
        ("I hear", "six times I hear"),
    ):
        assert false_claims(right.replace(true, false), question, facts), false
    assert false_claims("Yes, good enough with a MOS of 2.0.", Question("acceptability", "?"), facts)
    assert false_claims("No, I hear no packet loss.", HOW_OFTEN, facts)
