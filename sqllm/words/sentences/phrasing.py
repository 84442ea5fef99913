"""Putting faults into words: which, how strong, and when; every way of saying it, and one drawn from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqllm.words.facts import FaultFact
from sqllm.words.selection.selected import MOST_TIMES, seconds, span_text, told_moments
from sqllm.words.wordings.faults import COUNTED, COUNTED_SEVERITY, NAMES, NUMBER_WORDS, PHRASES

if TYPE_CHECKING:
    import numpy as np

Sentences = Mapping[str, Mapping[str, tuple[str, ...]]]  # templates by family and case

_MOMENTS = {
    1: ("near {first} s", "at about {first} s", "around {first} s"),
    2: ("near {first} s and {last} s", "at {first} and {last} s", "around {first} and {last} s"),
    3: ("near {list} s", "at {list} s", "around {list} s"),
}
_MANY_MOMENTS = (
    "from {first} s on, {count} times",
    "{count} times from {first} s on",
    "{count} times between {first} and {last} s",
)
_WHEN_MANY = ("between {first} and {last} s", "from {first} s on")
_STRETCHES = ("from {spans} s",)
_MANY_STRETCHES = ("in {count} parts, the first from {first} s", "in {count} parts from {start} s on")
LASTING = ("all along", "throughout the clip", "from beginning to end")
UNPLACED = ("at times that I can't tell",)
DOUBT = "possibly "
_COUNTS = re.compile(r"^an? |\b(?:few|several|many|repeated|or two)\b")


def pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    """One of several wordings."""
    return options[int(rng.integers(len(options)))]


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return capital(text) + ("" if text[-1:] in ".?!。।" else ".")


def series(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def indefinite(word: str) -> str:
    """The word behind "a" or "an"."""
    return f"{'an' if word[0].lower() in 'aeiou' else 'a'} {word}"


def count_word(count: int) -> str:
    """A number in words up to twelve, else in digits."""
    return NUMBER_WORDS[count] if count < len(NUMBER_WORDS) else str(count)


def places(fault: FaultFact) -> tuple[str, ...]:
    """Every way to say when a fault happens: "near 2.1 s", "from 20.0 to 30.0 s"; empty where it has no times."""
    if fault.moments:
        told = told_moments(fault)
        options = _MOMENTS[min(3, len(told))] if told else _MANY_MOMENTS
        return _filled(options, fault)
    if len(fault.stretches) > MOST_TIMES:
        first = fault.stretches[0]
        words = {"count": count_word(len(fault.stretches)), "first": span_text(first), "start": seconds(first[0])}
        return tuple(option.format(**words) for option in _MANY_STRETCHES)
    if fault.stretches:
        return tuple(option.format(spans=_spans(fault)) for option in _STRETCHES)
    return ()


def _spans(fault: FaultFact) -> str:
    return series([span_text(fault.stretches[0]), *(f"from {span_text(span)}" for span in fault.stretches[1:])])


def times_only(fault: FaultFact) -> tuple[str, ...]:
    """The same without how often, for sentences that have said it."""
    return places(fault) if told_moments(fault) or not fault.moments else _filled(_WHEN_MANY, fault)


def _filled(options: Sequence[str], fault: FaultFact) -> tuple[str, ...]:
    starts = [seconds(start) for start, _ in fault.moments]
    words = {"first": starts[0], "last": starts[-1], "count": count_word(fault.count), "list": series(starts)}
    return tuple(option.format(**words) for option in options)


def phrases(fault: FaultFact) -> tuple[str, ...]:
    """Every way to name a fault with how strong it is: "heavy packet loss", "possibly a faint hum"; of one that is
    counted, none that would say another number ("a few", "a cut-out").
    """
    said = PHRASES[fault.kind][fault.severity]
    if fault.count:
        said = tuple(phrase for phrase in said if not _COUNTS.search(phrase)) or counted_phrases(fault)
        said = tuple(phrase.removeprefix(DOUBT) for phrase in said)
    return tuple(("" if fault.certain else DOUBT) + phrase for phrase in said)


def counted_phrases(fault: FaultFact) -> tuple[str, ...]:
    """Every way to name a fault by how often it happens: "three severe packet losses", "a severe packet loss"; empty
    where it is not counted.
    """
    if fault.kind not in COUNTED or not fault.count:
        return ()
    doubt, once = "" if fault.certain else DOUBT, fault.count == 1
    return tuple(
        doubt + (indefinite(f"{strong} {singular}") if once else f"{count_word(fault.count)} {strong} {plural}")
        for strong in COUNTED_SEVERITY[fault.severity]
        for singular, plural in COUNTED[fault.kind]
    )


def fault_phrase(fault: FaultFact, rng: np.random.Generator, placed: bool = True) -> str:
    """A fault in words, with its times if `placed`: "heavy packet loss near 2.1 s", "possibly a faint hum"."""
    where = places(fault) if placed else ()
    if not where:
        return pick(rng, phrases(fault))
    counted = counted_phrases(fault)
    if counted and (rng.random() < 0.5 or set(phrases(fault)) <= set(counted)):
        return f"{pick(rng, counted)} {pick(rng, times_only(fault))}"
    return f"{pick(rng, phrases(fault))} {pick(rng, where)}"


def fault_name(fault: FaultFact | str) -> str:
    """The name of a fault's kind, to stand behind "the"."""
    return NAMES[fault if isinstance(fault, str) else fault.kind]
