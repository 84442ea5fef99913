"""Which of two clips is better, by how much and why: swapping the clips swaps the letters and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqllm.words.comparison_notes import Comparison
from sqllm.words.notes import Notes
from sqllm.words.sentences.phrasing import capital, fault_phrase, pick, series
from sqllm.words.wordings.verdicts import LOW

if TYPE_CHECKING:
    import numpy as np

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
