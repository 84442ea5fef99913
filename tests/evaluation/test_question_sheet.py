"""The study sheet holds what it says, and is graded by what is right."""

from __future__ import annotations

from collections import Counter

import pytest

from sqllm.evaluation.question_sheet import SheetQuestion, grade_sheet, read_sheet
from sqllm.scores import ARTIFACT_KINDS
from sqllm.words.questions import COMPARE, FAMILIES, Question

SHEET = read_sheet()


def test_the_sheet_asks_for_every_family_and_for_kinds_that_exist() -> None:
    counts = Counter(family for question in SHEET for family in question.families)
    assert set(counts) == {*FAMILIES} - {COMPARE}
    assert min(counts.values()) >= 5
    assert len({(question.text, question.previous) for question in SHEET}) == len(SHEET) >= 200
    assert all(question.kinds <= {*ARTIFACT_KINDS} for question in SHEET)


def test_a_reader_who_knows_all_is_right_and_one_who_evades_is_wrong() -> None:
    by_text = {(question.text, question.previous): question for question in SHEET}

    def knows(text: str, previous: str | None) -> list[Question]:
        asked = by_text[text, previous]
        slots = asked.slots if len(asked.families) == 1 else {}
        return [Question(family, text, kinds=tuple(asked.kinds), **slots) for family in asked.families]  # type: ignore[arg-type]

    figures = grade_sheet(knows)
    assert (figures.families, figures.whole, figures.evaded, figures.refused) == (1, 1, 0, 1)
    assert figures.wrong == ()
    evasive = grade_sheet(lambda text, previous: [Question("unclear", text)])
    assert evasive.evaded == evasive.refused == 1
    assert evasive.families < 0.1


@pytest.mark.parametrize(
    ("understood", "family", "slots"),
    [
        ([Question("presence", "", kinds=("echo",))], True, True),
        ([Question("presence", "", kinds=("hum",))], True, False),
        ([Question("severity", "", kinds=("hum",))], True, True),  # an alternative, whose slots are its own
        ([Question("when", "", kinds=("echo",))], False, False),
        ([Question("presence", "", kinds=("echo",)), Question("when", "")], False, False),
    ],
)
def test_families_and_slots_are_graded_apart(understood: list[Question], family: bool, slots: bool) -> None:
    asked = SheetQuestion("echo?", None, ("presence",), {}, frozenset({"echo"}), (("severity",),))
    assert asked.family_right(understood) is family
    assert asked.slots_right(understood) is slots
