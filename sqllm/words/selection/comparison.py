"""Facts that tell which of two clips is better, by how much and why."""

from __future__ import annotations

from sqllm.words.comparison import MOST_NOTED, Comparison
from sqllm.words.facts import Facts
from sqllm.words.selection.selected import Selected


def compare(first: Facts, second: Facts) -> Selected:
    """The verdict on clips A (`first`) and B, what pulls the worse one down and what is left to say of the better."""
    pair = Comparison.of(first.mos, second.mos)
    sides = {"A": first, "B": second}
    said = {"better": pair.better, "worse": pair.worse, "high": f"{pair.high:.2f}", "low": f"{pair.low:.2f}"}
    if pair.same:
        return Selected("compare", "same" if pair.gap else "equal", said).and_then(
            *(_side(sides[letter], letter, "same") for letter in (pair.better, pair.worse) if sides[letter].certain)
        )
    told = Selected("compare", "better", said | {"gap": f"{pair.gap:.2f}"})
    return told.and_then(
        _side(sides[pair.worse], pair.worse, "worse"), _side(sides[pair.better], pair.better, "better")
    )


def _side(facts: Facts, letter: str, side: str) -> Selected:
    """What is heard of one of the clips."""
    if facts.faults:
        return Selected("compare", f"{side} faults", {"clip": letter}, faults=facts.faults[:MOST_NOTED])
    if facts.low:
        return Selected("compare", f"{side} low", {"clip": letter}, low=facts.low[:MOST_NOTED])
    return Selected("compare", f"{side} none", {"clip": letter})
