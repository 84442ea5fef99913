"""`say`: a composed answer from what was selected; and everything such an answer can be made of, for the check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import TYPE_CHECKING

from sqllm.words.selection.selected import NO, YES, Selected
from sqllm.words.sentences import rationales
from sqllm.words.sentences.comparisons import COMPARISONS
from sqllm.words.sentences.fault_sentences import FAULTS, TIMES
from sqllm.words.sentences.glossary import TERMS
from sqllm.words.sentences.limit_sentences import LIMITS
from sqllm.words.sentences.named_sentences import NAMED
from sqllm.words.sentences.phrasing import (
    DOUBT,
    LASTING,
    UNPLACED,
    Sentences,
    counted_phrases,
    fault_name,
    fault_phrase,
    phrases,
    pick,
    places,
    sentence,
    series,
    times_only,
)
from sqllm.words.sentences.scope_sentences import CANNOT_TELL, MEASURED, POINTERS, REFERENCES
from sqllm.words.sentences.score_sentences import SCALES, SCORES
from sqllm.words.wordings.faults import NAMES
from sqllm.words.wordings.verdicts import CLEAN, FINE, LOW, NO_FAULT, UNNAMED

if TYPE_CHECKING:
    import numpy as np

SENTENCES: Sentences = {
    **SCORES,
    **SCALES,
    **LIMITS,
    **FAULTS,
    **TIMES,
    **MEASURED,
    **REFERENCES,
    **CANNOT_TELL,
    **TERMS,
    **NAMED,
    **COMPARISONS,
    **rationales.EXTRAS,
}
_LEADS = {YES: "yes, ", NO: "no, "}
_WHOLE: Mapping[str, tuple[str, ...]] = {
    "unnamed": UNNAMED,
    "clean": CLEAN,
    "faultless": NO_FAULT,
    "pointer": POINTERS,
    "throughout": LASTING,
}


def say(selected: Selected, rng: np.random.Generator) -> str:
    """A composed answer: a sentence a part, in one of several wordings."""
    if selected.family in rationales.COMPOSERS:
        return rationales.COMPOSERS[selected.family](selected, rng, clause)
    return " ".join(sentence(_led(part, rng)) for part in selected.parts())


def _led(part: Selected, rng: np.random.Generator) -> str:
    return _LEADS.get(part.verdict, "") + clause(part, rng)


def clause(part: Selected, rng: np.random.Generator) -> str:
    """One part in words, without a capital, a full stop or what follows it."""
    template = pick(rng, SENTENCES[part.family][part.case])
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    return template.format(**{name: _slot(name, part, rng) for name in names})


def _slot(name: str, part: Selected, rng: np.random.Generator) -> str:
    """What fills a slot: a fact by its name, else words for faults and dimensions."""
    if name in part.facts:
        return part.facts[name]
    if name in _WHOLE:
        said = pick(rng, _WHOLE[name])
        return said if name == "throughout" or said.startswith("I ") else said[0].lower() + said[1:]
    if name == "praise":
        chosen = rng.permutation(len(part.fine))[: int(rng.integers(1, 3))]
        return series([pick(rng, FINE[part.fine[int(i)]]) for i in chosen])
    if name == "low":
        return series([LOW[dimension] for dimension in part.low])
    return _fault_slot(name, part, rng)


def _fault_slot(name: str, part: Selected, rng: np.random.Generator) -> str:
    first, *rest = part.faults
    if name in ("fault_name", "severity"):
        return fault_name(first) if name == "fault_name" else first.severity
    if name == "is_":
        return "are" if fault_name(first).endswith("s") else "is"
    if name == "named":
        return f"{'' if first.certain else DOUBT}{first.severity} {fault_name(first)}"
    if name in ("when", "when_only"):
        return pick(rng, (places(first) if name == "when" else times_only(first)) or LASTING)
    if name == "faults":
        return series([fault_phrase(first, rng), *(fault_phrase(fault, rng, placed=False) for fault in rest)])
    if name == "all_bare":
        return series([fault_phrase(fault, rng, placed=False) for fault in part.faults])
    return fault_phrase(rest[0] if name == "other" else first, rng, placed=name == "fault")


def templates(part: Selected) -> tuple[str, ...]:
    """Every template in which a part can be said."""
    if part.family in rationales.COMPOSERS:
        return rationales.templates(part)
    return SENTENCES[part.family][part.case]


def slot_texts(part: Selected) -> Iterator[str]:
    """Every text that a part's slots can be filled with, its facts aside."""
    for fault in part.faults:
        yield from (*phrases(fault), *counted_phrases(fault), *places(fault), *times_only(fault))
        yield from (NAMES[fault.kind], fault.severity, *rationales.detail_texts(part, fault))
        yield from () if fault.spans else LASTING if fault.placed else UNPLACED
    for dimension in part.fine:
        yield from FINE[dimension]
    yield from (LOW[dimension] for dimension in part.low)
    for name, options in _WHOLE.items():
        if any(f"{{{name}}}" in template for template in templates(part)):
            yield from options
