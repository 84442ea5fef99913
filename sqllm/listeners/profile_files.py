"""A listener of one's own in a YAML file.

    name: my-reviewer
    title: Reviewer on the train
    base: strict-expert
    chain: handset
    more: [noisiness]
    less: {loudness: 0.5}
    strictness: 0.3
    description: Reviews voice mails on the way to work.

`base` is a profile that comes with the program; `chain` what reaches the ears instead, of `CHAIN_PROFILES`. `more` and
`less` name dimensions that the listener minds more or less than the base, with a factor or without; `strictness` is
added to the base's. All but `name` may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqllm.listeners.habits import Habits
from sqllm.listeners.known import PROFILES, TYPICAL
from sqllm.listeners.listener import ListenerProfile
from sqllm.scores import DIMENSIONS

FILE_SUFFIXES = (".yaml", ".yml")
LARGEST_FILE = 100_000  # bytes
MORE, LESS = 1.4, 0.6  # factors where a file gives none
MOST_FACTOR = 2.0
# The profile that was taught what reaches the ears over each chain.
CHAIN_PROFILES = {"none": TYPICAL.name} | {
    profile.chain: name for name, profile in PROFILES.items() if profile.hears_otherwise
}
_KEYS = ("name", "title", "base", "chain", "more", "less", "strictness", "description")
_MINDED = tuple(dimension for dimension in DIMENSIONS if dimension != "mos")


def is_profile_file(name: str) -> bool:
    """Whether a listener's name is that of a YAML file."""
    return Path(name).suffix.lower() in FILE_SUFFIXES


def load_profile(path: str | Path) -> ListenerProfile:
    """Read a listener from a YAML file. Raises `ValueError` with a sentence that says what is wrong with it."""
    import yaml

    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise ValueError(f"{path} is too large for a listener profile.")
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as problem:
        raise ValueError(f"{path} can't be read as a listener profile: {str(problem).splitlines()[0]}.") from problem
    try:
        return profile_of(content)
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from problem


def profile_of(content: Any) -> ListenerProfile:
    """A listener from the content of such a file; raises `ValueError` with a sentence."""
    if not isinstance(content, Mapping) or "name" not in content:
        raise ValueError("A listener profile has a line 'name: ...', and others such as 'base: strict-expert'.")
    if unknown := [str(key) for key in content if key not in _KEYS]:
        raise ValueError(f"A listener profile has no {unknown[0]!r}; it has {', '.join(_KEYS)}.")
    name = _text(content, "name")
    if name in PROFILES:
        raise ValueError(f"The name {name!r} is one of the program's own listeners: choose another.")
    base = _one_of(content, "base", {key: key for key in PROFILES}, TYPICAL.name)
    heard = _one_of(content, "chain", CHAIN_PROFILES, base)
    asked = PROFILES[heard]
    return replace(
        asked,
        name=name,
        title=_text(content, "title", name),
        who=_text(content, "description", f"A listener of yours, after {PROFILES[base].title.lower()}."),
        asked=asked.taught_as,
        habits=PROFILES[base].habits.beside(Habits(_factors(content), _strictness(content))),
    )


def _text(content: Mapping[str, Any], key: str, default: str = "") -> str:
    value = content.get(key, default)
    if not isinstance(value, str) or not value.strip() or len(value) > 500 or (key == "name" and ":" in value):
        raise ValueError(f"The {key} of a listener profile has to be a short text, not {value!r}.")
    return " ".join(value.split())


def _one_of(content: Mapping[str, Any], key: str, known: Mapping[str, str], default: str) -> str:
    value = content.get(key)
    if value is None and key not in content:
        return default
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"There is no {key} {value!r}; choose one of {', '.join(known)}.")
    return known[value]


def _strictness(content: Mapping[str, Any]) -> float:
    value = content.get("strictness", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1 <= value <= 1:
        raise ValueError(f"The strictness has to be a number from -1 (lenient) to 1 (strict), not {value!r}.")
    return float(value)


def _factors(content: Mapping[str, Any]) -> dict[str, float]:
    """The sensitivities that a file gives, by dimension."""
    factors: dict[str, float] = {}
    for key, usual, low, high in (("more", MORE, 1.0, MOST_FACTOR), ("less", LESS, 0.0, 1.0)):
        given = content.get(key) or {}
        names = given if isinstance(given, list) else [str(given)]
        pairs = given if isinstance(given, Mapping) else dict.fromkeys(map(str, names), usual)
        for dimension, factor in pairs.items():
            if dimension not in _MINDED:
                raise ValueError(f"Nobody can mind {dimension!r} {key}; dimensions are {', '.join(_MINDED)}.")
            if isinstance(factor, bool) or not isinstance(factor, int | float) or not low <= factor <= high:
                raise ValueError(
                    f"The factor of {dimension} in {key!r} has to be a number {low:g} to {high:g}, not {factor!r}."
                )
            if dimension in factors:
                raise ValueError(f"{dimension} can't be minded both more and less.")
            factors[dimension] = float(factor)
    return factors
