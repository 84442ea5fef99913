"""Putting noted faults into words: which, how strong, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqllm.words.notes import NotedFault
from sqllm.words.wordings.faults import COUNTED, COUNTED_SEVERITY, NAMES, NUMBER_WORDS, PHRASES

if TYPE_CHECKING:
    import numpy as np

_PLACES = {
    1: ("near {first} s", "at about {first} s", "around {first} s"),
    2: ("near {first} s and {last} s", "at {first} and {last} s", "around {first} and {last} s"),
    3: ("near {list} s", "at {list} s", "around {list} s"),
}
_MANY_PLACES = (
    "from {first} s on, {count} times",
    "{count} times from {first} s on",
    "at {start} s and {more} more times",
)
_COUNTED_FROM = 2


def pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    """One of several wordings."""
    return options[int(rng.integers(len(options)))]


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def series(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def indefinite(word: str) -> str:
    """The word behind "a" or "an"."""
    return f"{'an' if word[0].lower() in 'aeiou' else 'a'} {word}"


def count_word(count: int) -> str:
    """A number in words up to twelve, else in digits."""
    return NUMBER_WORDS[count] if count < len(NUMBER_WORDS) else str(count)


def times_of(fault: NotedFault, rng: np.random.Generator) -> str:
    """When a fault happens: "near 2.1 s and 4.7 s"; empty where no times are noted."""
    if not fault.times:
        return ""
    said = [f"{time:.1f}" for time in fault.times]
    options = _MANY_PLACES if fault.more else _PLACES[min(3, len(said))]
    return pick(rng, options).format(
        first=said[0],
        last=said[-1],
        list=series(said),
        start=", ".join(said),
        count=count_word(fault.count),
        more=fault.more,
    )


def fault_phrase(fault: NotedFault, rng: np.random.Generator, placed: bool = True) -> str:
    """A fault in words, with its times if `placed`: "heavy packet loss near 2.1 s", "possibly a faint hum"."""
    place = times_of(fault, rng) if placed else ""
    doubt = "" if fault.certain else "possibly "
    countable = fault.kind in COUNTED and _COUNTED_FROM <= fault.count < len(NUMBER_WORDS) and not fault.more
    if place and countable and rng.random() < 0.5:
        plural = COUNTED[fault.kind][int(rng.integers(len(COUNTED[fault.kind])))][1]
        severity = pick(rng, COUNTED_SEVERITY[fault.severity])
        return f"{doubt}{count_word(fault.count)} {severity} {plural} {place}"
    phrase = pick(rng, PHRASES[fault.kind][fault.severity])
    return f"{doubt}{phrase} {place}".strip()


def fault_name(fault: NotedFault | str) -> str:
    """The name of a fault's kind, to stand behind "the"."""
    return NAMES[fault if isinstance(fault, str) else fault.kind]
