"""Which of two clips is better, by how much and why: swapping the clips swaps the letters and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqllm.notes import Notes
from sqllm.phrasing import capital, fault_phrase, pick, series
from sqllm.words.verdicts import LOW

if TYPE_CHECKING:
    import numpy as np

MOST_NOTED = 2  # faults a clip
SAME_WITHIN = 0.2  # MOS differences below this are "about the same"
_BETTER = (
    "{better} is better by {gap}: MOS {high} against {low}.",
    "{better} sounds better, MOS {high} against {low}, which is {gap} more.",
    "I prefer {better}: it is {gap} above {worse}, MOS {high} against {low}.",
    "{better} wins by {gap}, with a MOS of {high} against {low}.",
    "Listeners would prefer {better}, by {gap} (MOS {high} against {low}).",
    "{better}: MOS {high}, while {worse} gets {low}, a lead of {gap}.",
)
_SAME = (
    "They are about the same: {better} has MOS {high}, {worse} {low}.",
    "About the same, with MOS {high} for {better} and {low} for {worse}.",
    "Hardly any difference: {better} at MOS {high}, {worse} at {low}.",
)
_EQUAL = ("They are about the same, both at MOS {high}.", "About the same: MOS {high} each.")
_WHY = ("{worse} suffers from {faults}", "in {worse} I hear {faults}", "what pulls {worse} down is {faults}")
_WHY_NOT = ("{better} has only {faults}", "in {better} I still hear {faults}", "{better} shows {faults}")
_CLEAN = ("{better} has no fault that I can name", "in {better} nothing disturbs in particular")


@dataclass(frozen=True)
class Comparison:
    """Two clips by MOS: the letters and notes of the better and the worse one; A first where both are equal."""

    better: str
    worse: str
    high: Notes
    low: Notes

    @classmethod
    def of(cls, first: Notes, second: Notes) -> Comparison:
        """`first` is clip A, `second` clip B."""
        if second.mos > first.mos:
            return cls("B", "A", second, first)
        return cls("A", "B", first, second)

    @property
    def gap(self) -> float:
        """By how much the better clip's MOS is above the other's."""
        return round(self.high.mos - self.low.mos, 1)

    @property
    def same(self) -> bool:
        """Whether they count as equally good."""
        return self.gap < SAME_WITHIN


def comparison_notes(first: Notes, second: Notes) -> str:
    """What the listener has noted of clips A and B before comparing them, with the verdict."""
    pair = Comparison.of(first, second)
    sides = [f"{letter} MOS {noted.mos:.1f}, {_noted_faults(noted)}" for letter, noted in (("A", first), ("B", second))]
    verdict = "about the same" if pair.same else f"{pair.better} by {pair.gap:.1f}"
    return f"Notes: {'; '.join(sides)}. {verdict}.\n"


def _noted_faults(noted: Notes) -> str:
    said = [f"{fault.severity} {fault.kind.replace('-', ' ')}" for fault in noted.faults[:MOST_NOTED]]
    return " and ".join(said or [LOW[name] for name in noted.low[:MOST_NOTED]] or ["no fault"])


def compose_comparison(first: Notes, second: Notes, rng: np.random.Generator) -> str:
    """What truth answers when clip A (`first`) and clip B (`second`) are compared."""
    pair = Comparison.of(first, second)
    words = {"better": pair.better, "worse": pair.worse, "gap": f"{pair.gap:.1f}"}
    words |= {"high": f"{pair.high.mos:.1f}", "low": f"{pair.low.mos:.1f}"}
    if pair.same:
        return pick(rng, _SAME if pair.gap else _EQUAL).format(**words)
    verdict = pick(rng, _BETTER).format(**words)
    return " ".join([verdict, *_reasons(pair, words, rng)])


def _reasons(pair: Comparison, words: dict[str, str], rng: np.random.Generator) -> list[str]:
    """What is wrong with the worse clip and, at times, what is left to say of the better one."""
    faults = _faults(pair.low, rng)
    said = [pick(rng, _WHY).format(faults=faults, **words)] if faults else []
    if rng.random() < 0.5:
        left = _faults(pair.high, rng, most=1)
        said.append(pick(rng, _WHY_NOT).format(faults=left, **words) if left else pick(rng, _CLEAN).format(**words))
    return [f"{capital(sentence)}." for sentence in said]


def _faults(notes: Notes, rng: np.random.Generator, most: int = 2) -> str:
    said = [fault_phrase(fault, rng, placed=False) for fault in notes.faults[:most]]
    return series(said or [LOW[name] for name in notes.low[:most]] or [""])
