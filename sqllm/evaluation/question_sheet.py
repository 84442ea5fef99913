"""The study sheet: questions as people who do this job type them, written without sight of any wording that trains.

`question_sheet.csv` has a row a question: what was asked before (`previous`), the family (several joined by `+` for two
questions in one) and slots that are right, and `alternatives`, families that a sensible person would also accept. It is
an examination: nothing is trained, tuned or chosen on it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqllm.evaluation.tables import markdown_table
from sqllm.words.questions import Question

SHEET = Path(__file__).with_name("question_sheet.csv")
SLOTS = ("dimension", "use", "measure", "scale", "topic")
UNTELLABLE = frozenset({"cannot-tell", "off-topic", "unclear", "other-language"})  # families that tell nothing asked

Reader = Callable[[str, str | None], Sequence[Question]]  # a text and the one before it -> what was understood


@dataclass(frozen=True)
class SheetQuestion:
    """A question of the sheet, and what is right."""

    text: str
    previous: str | None
    families: tuple[str, ...]
    slots: dict[str, str]
    kinds: frozenset[str]
    alternatives: tuple[tuple[str, ...], ...]

    def family_right(self, understood: Sequence[Question]) -> bool:
        """Whether the families are those of the sheet, in any order, or an alternative to them."""
        found = sorted(question.family for question in understood)
        return any(found == sorted(families) for families in (self.families, *self.alternatives))

    def slots_right(self, understood: Sequence[Question]) -> bool:
        """Whether what the question is about was understood too; not asked of alternatives and of pairs."""
        if not self.family_right(understood):
            return False
        if len(self.families) > 1 or understood[0].family != self.families[0]:
            return True
        one = understood[0]
        named = all((getattr(one, name) or "mos") == wanted for name, wanted in self.slots.items())
        wider = len(one.kinds) > 1 and self.kinds < {*one.kinds}  # "drop-outs" are lost packets or cut speech
        return named and (not self.kinds or self.kinds == {*one.kinds} or wider)


def read_sheet() -> list[SheetQuestion]:
    """The questions of the sheet."""
    with SHEET.open(newline="", encoding="utf-8") as file:
        return [_question(row) for row in csv.DictReader(file)]


def _question(row: dict[str, str]) -> SheetQuestion:
    slots = {name: row[name] for name in SLOTS if row[name] and "+" not in row[name]}
    kinds = frozenset(kind for kind in row["kinds"].split(";") if kind and "+" not in kind)
    alternatives = tuple(tuple(whole.split("+")) for whole in row["alternatives"].split(";") if whole)
    families = tuple(row["family"].split("+"))
    return SheetQuestion(row["question"], row["previous"] or None, families, slots, kinds, alternatives)


@dataclass(frozen=True)
class SheetFigures:
    """Shares of the sheet's questions: family right, slots right too; and of those that can be answered (cannot), how
    many were evaded (told to be beyond what can be told).
    """

    questions: int
    families: float
    whole: float
    evaded: float
    refused: float
    wrong: tuple[tuple[str, str, str], ...]

    def lines(self) -> list[str]:
        """The figures as Markdown."""
        head = ("questions", "family right", "slots too", "answerable, evaded", "beyond what can be told, said so")
        shares = (self.families, self.whole, self.evaded, self.refused)
        cells = (str(self.questions), *(f"{share:.1%}" for share in shares))
        misread = [f"- {text!r}: {found}, not {wanted}" for text, wanted, found in self.wrong]
        return ["\n## The study sheet\n", *markdown_table(head, [cells]), "\nMisread:\n", *misread]


def grade_sheet(read: Reader, sheet: Sequence[SheetQuestion] | None = None) -> SheetFigures:
    """What a reader understands of the sheet's questions."""
    sheet = read_sheet() if sheet is None else sheet
    understood = [tuple(read(question.text, question.previous)) for question in sheet]
    pairs = list(zip(sheet, understood, strict=True))
    tellable = [_evaded(found) for asked, found in pairs if not {*asked.families} & UNTELLABLE]
    untellable = [_evaded(found) for asked, found in pairs if {*asked.families} <= UNTELLABLE]
    return SheetFigures(
        len(sheet),
        _share(asked.family_right(found) for asked, found in pairs),
        _share(asked.slots_right(found) for asked, found in pairs),
        _share(tellable),
        _share(untellable),
        tuple(
            (asked.text, "+".join(asked.families), "+".join(question.family for question in found))
            for asked, found in pairs
            if not asked.family_right(found)
        ),
    )


def _evaded(understood: Sequence[Question]) -> bool:
    return any(question.family in UNTELLABLE for question in understood)


def _share(hits: Iterable[bool]) -> float:
    counted = list(hits)
    return sum(counted) / len(counted) if counted else float("nan")
