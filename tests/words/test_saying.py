"""What is said: every family in every case, right, proven, and of many kinds."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from sqllm.evaluation.spoken_claims import false_claims
from sqllm.scores import HeardArtifact, ReferenceMatch
from sqllm.words.fact_check import unproven
from sqllm.words.questions import FAMILIES, SCALES, TERMS, TOPICS, Question
from sqllm.words.selection.comparison import compare
from sqllm.words.selection.select import select
from sqllm.words.sentences.made_facts import random_facts, random_question
from sqllm.words.sentences.say import SENTENCES, say
from tests.words.composed import labelled

DRAWS = 40
SLIPS = re.compile(r"[{}]|\s\s|\s[.,:;?!]|\.\.|^\s|\s$|\ba [aeio]|\ban [^aeiou\W]|\bno an? ")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_composed_is_whole_proven_and_true(family: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(DRAWS):
        facts = random_facts(rng)
        question = random_question(rng, facts, family)
        selected = select(facts, question)
        text = say(selected, rng)
        assert unproven(text, selected) == [], text
        assert false_claims(text, question, facts) == [], (text, selected.text())
        assert not SLIPS.search(text), text
        assert not re.search(r"\b([a-z]+) \1\b", text, re.IGNORECASE), text
        assert text[0].isupper() or text[0].isdigit() or text[0] == "-", text
        assert text[-1] in ".?", text


@pytest.mark.parametrize("family", FAMILIES)
def test_where_it_is_in_doubt_what_is_asked_nothing_leads_with_yes_or_no(family: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(DRAWS // 2):
        facts = random_facts(rng)
        question = replace(random_question(rng, facts, family), closed=True, doubted=True)
        selected = select(facts, question)
        text = say(selected, rng)
        assert not re.match(r"(yes|no), ", text, re.IGNORECASE), text
        assert unproven(text, selected) == [], text
        assert not SLIPS.search(text), text
        assert text[0].isupper() or text[0].isdigit() or text[0] == "-", text


def test_comparisons_are_whole_proven_and_swap_with_their_clips() -> None:
    rng = np.random.default_rng(1)
    for seed in range(200):
        first, second = random_facts(rng), random_facts(rng)
        selected, swapped = compare(first, second), compare(second, first)
        text, other = say(selected, np.random.default_rng(seed)), say(swapped, np.random.default_rng(seed))
        assert unproven(text, selected) == [], text
        if first.mos != second.mos:
            assert other == re.sub(r"\b[AB]\b", lambda letter: {"A": "B", "B": "A"}[letter.group()], text)
            assert unproven(text, swapped) != []


@pytest.mark.parametrize(
    ("slot", "family", "values"),
    [("scale", "other-scale", SCALES), ("topic", "cannot-tell", TOPICS), ("term", "term", TERMS)],
)
def test_every_scale_topic_and_term_has_a_sentence(slot: str, family: str, values: tuple[str, ...]) -> None:
    rng = np.random.default_rng(2)
    for value in values:
        question = Question(family, "?", **{slot: value})  # type: ignore[arg-type]
        said = {say(select(random_facts(rng), question), rng) for _ in range(6)}
        assert all(len(text) > 10 for text in said)
        assert family != "cannot-tell" or all("can't tell" in text and "what I can tell is" in text for text in said)


def test_four_hundred_rationales_are_of_many_kinds_and_none_is_wrong() -> None:
    rng, question = np.random.default_rng(3), Question("explanatory", "?")
    texts = []
    for _ in range(400):
        facts = random_facts(rng)
        selected = select(facts, question)
        texts.append(say(selected, rng))
        assert unproven(texts[-1], selected) == [], texts[-1]
        assert false_claims(texts[-1], question, facts) == [], texts[-1]
    assert len(set(texts)) >= 360
    assert len({" ".join(text.split()[:3]) for text in texts}) >= 100


def test_a_fault_of_ten_seconds_in_a_minute_is_told_with_its_place() -> None:
    rng = np.random.default_rng(4)
    told = 0
    for _ in range(300):
        facts = random_facts(rng)
        placed = [fault for fault in facts.faults[:2] if fault.stretches]
        text = say(select(facts, Question("explanatory", "?")), rng)
        for fault in placed:
            start, end = fault.stretches[0]
            assert f"{start:.1f} to {end:.1f}" in text, text
            assert not re.search("all along|throughout|beginning to end", text)
            told += 1
    assert told > 20


def test_a_long_clip_whose_quality_changes_is_told_so() -> None:
    rng = np.random.default_rng(5)
    changing = [facts for facts in (random_facts(rng) for _ in range(300)) if not facts.constant]
    assert len(changing) > 20
    for facts in changing:
        text = say(select(facts, Question("explanatory", "?")), rng)
        worst = facts.worst_window
        assert f"{worst.start:.1f} to {worst.end:.1f} s" in text, text


def test_without_a_reference_nothing_speaks_of_one() -> None:
    rng = np.random.default_rng(6)
    for _ in range(300):
        facts = random_facts(rng)
        if facts.state in ("none", "other"):
            text = say(select(facts, Question("explanatory", "?")), rng)
            assert "reference" not in text


def test_only_an_identical_reference_is_said_to_be_identical() -> None:
    rng = np.random.default_rng(7)
    for family in ("explanatory", "same-reference", "reference-difference", "distinguishable"):
        for _ in range(60):
            facts = random_facts(rng)
            text = say(select(facts, random_question(rng, facts, family)), rng)
            assert ("identical" in text) == (facts.state == "identical"), text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Is it as good as the reference?", "Yes"),
        ("Does it sound like the reference?", "Yes"),
        ("Does it differ from the reference?", "No"),
        ("Isn't it the same as the reference?", "No"),
    ],
)
@pytest.mark.parametrize("family", ["reference-difference", "distinguishable"])
def test_an_identical_clip_is_as_good_as_its_reference(family: str, text: str, said: str) -> None:
    top = dict.fromkeys(("mos", "noisiness", "coloration", "discontinuity", "loudness"), 5.0)
    facts = replace(labelled(top, []), match=ReferenceMatch("identical", 0.0, 0.0, 1.0))
    assert say(select(facts, Question(family, text, closed=True)), np.random.default_rng(0)).startswith(f"{said},")


def test_doubted_faults_are_told_with_doubt() -> None:
    rng = np.random.default_rng(8)
    hum = HeardArtifact("hum", "strong", probability=0.6)
    facts = labelled(dict.fromkeys(("mos", "noisiness", "coloration", "discontinuity", "loudness"), 2.5), [hum])
    for family in ("explanatory", "presence", "severity", "dominant", "lay", "engineer", "fix", "count", "when"):
        question = Question(family, "?", kinds=("hum",), asked="hum")
        for _ in range(10):
            assert re.search("possibly|perhaps", say(select(facts, question), rng), re.IGNORECASE)


def test_no_number_in_a_sentence_can_be_taken_for_another_fact() -> None:
    """The word before a slot tells which fact is there, so that the fact check can."""
    plain = {"mos", "limit", "mended", "low", "high", "score", "needed", "listeners", "width", "within", "top"}
    for family, cases in SENTENCES.items():
        for case, templates in cases.items():
            before: dict[str, set[str]] = {}
            for template in templates:
                for word, slot in re.findall(r"([\w']+)[^\w{]*\{(\w+)\}", template):
                    if slot in plain:
                        before.setdefault(word, set()).add(slot)
            assert all(len(slots) == 1 for slots in before.values()), (family, case, before)
