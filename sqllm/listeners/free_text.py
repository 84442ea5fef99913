"""A listener in a user's words ("an audiobook fan, late at night, hates hiss, slightly deaf, on a cheap phone"), mapped
to causes: through what and with which ears they hear, what they mind more or less than others, how strict they are.

The text is cut into phrases, and each is searched for a cause. What is minded takes two words: an attitude ("hates",
"doesn't mind", "ignores") and a thing ("hiss"); a negation turns the attitude round. What comes of it is arithmetic on
the scores that a model gives for the nearest listener it was taught, so that the same words always do the same. What no
cause was found in is said to be ignored: it changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from sqllm.listeners.habits import Habits
from sqllm.listeners.known import HEARING_IMPAIRED, PROFILES, TYPICAL
from sqllm.listeners.lexicon import (
    ALTOGETHER,
    ASIDE,
    FILLERS,
    FORGIVES,
    HEARS,
    HEARS_WELL,
    LENIENT,
    MINDS,
    NOT,
    SLIGHT,
    SPLIT,
    STRICT,
    STRONG,
    THINGS,
    TURNS_BEFORE,
    TURNS_BEHIND,
    search,
)
from sqllm.listeners.listener import ListenerProfile

CUSTOM = "custom"  # the name of a listener who is known by words alone
MORE, MUCH_MORE, LESS, MUCH_LESS = 1.3, 1.5, 0.7, 0.5


@dataclass(frozen=True)
class MappedListener:
    """What became of a text: a profile that can be asked, what was understood, a cause a line, and what was ignored."""

    profile: ListenerProfile
    understood: tuple[str, ...]
    ignored: tuple[str, ...]


@dataclass
class _Found:
    """What the phrases said so far; `factor` is the last attitude, which a bare "and gaps" goes on from."""

    hears: list[tuple[str, str]]
    habits: Habits
    understood: list[str]
    ignored: list[str]
    factor: float = 1.0


def understand_listener(
    text: str, taught: Collection[str] | None = None, base: ListenerProfile = TYPICAL
) -> MappedListener:
    """Map words about a listener to causes, on top of the profile `base`; `taught` are the profiles that a model knows
    (None: all).

    Example:
        >>> understand_listener("does not mind noise, loves tea").understood
        ('minds it less than others (noisiness): does not mind noise',)
    """
    words = " ".join(text.split())
    found = _Found([], Habits(), [], [])
    for phrase in _phrases(words):
        _read(phrase, found)
    asked = _choose_ears(found, PROFILES if taught is None else taught, base)
    profile = replace(
        asked,
        name=base.name if base is not TYPICAL else CUSTOM,
        title=base.title if base is not TYPICAL else "Custom listener",
        asked=asked.taught_as,
        habits=base.habits.beside(found.habits),
        note=words,
        understood=tuple(dict.fromkeys(found.understood)),
        ignored=tuple(found.ignored),
    )
    return MappedListener(profile, profile.understood, profile.ignored)


def _phrases(text: str) -> Iterator[str]:
    """The parts of a text that say one thing each, in lower case."""
    for part in re.split(SPLIT, text.lower().replace("’", "'")):
        yield from (piece.strip() for piece in _at_and(part) if re.sub(FILLERS, "", piece).strip())


def _at_and(part: str) -> list[str]:
    """A part cut at "and" and "or", unless what follows goes on with the same attitude: "hates hiss and hum"."""
    pieces = [" ".join(piece.split()) for piece in re.split(r"\b(?:and|or|nor)\b", part)]
    joined = pieces[:1]
    for piece in pieces[1:]:
        bare = [_things(one) and not search(f"{MINDS}|{FORGIVES}", one) for one in (joined[-1], piece)]
        if bare[1] or (bare[0] and _things(piece)):
            joined[-1] += f" and {piece}"
        else:
            joined.append(piece)
    return joined


def _read(phrase: str, found: _Found) -> None:
    """Take from a phrase what it says; what no cause is found in is ignored."""
    before, rest = len(found.understood) + len(found.hears), phrase
    things, factor = _things(phrase), _factor(phrase)
    bare = things and factor is None and not _left(phrase) and not search("is|are", phrase)
    if bare and found.factor != 1:
        factor = _turned(found.factor) if re.match(r"not\b", phrase) else found.factor
    if things and factor is not None:
        found.factor = factor
        for dimension in things:
            found.habits = found.habits.beside(Habits({dimension: factor}))
            found.understood.append(f"{_in_words(factor)} ({dimension}): {phrase}")
        rest = re.sub(rf"\b(?:\w+ )?(?:{'|'.join(THINGS.values())})", " ", phrase)
    elif strictness := _strictness(phrase):
        found.habits = found.habits.beside(Habits(strictness=strictness))
        found.understood.append(f"rates {'more strictly' if strictness > 0 else 'more leniently'}: {phrase}")
    if things or not search(MINDS, phrase):  # "hates phones" is not on one
        _read_ears(rest, found)
    if len(found.understood) + len(found.hears) == before:
        found.ignored.append(phrase)
    elif left := _left(phrase):
        found.ignored.append(left)


def _left(phrase: str) -> str:
    """The words of a phrase that none of the tables knows."""
    known = (MINDS, FORGIVES, *THINGS.values(), STRICT, LENIENT, *HEARS.values(), HEARS_WELL, STRONG, SLIGHT)
    for pattern in known:
        phrase = re.sub(rf"\b(?:{pattern})", " ", phrase)
    rest = re.sub(f"{FILLERS}|{NOT}|{ASIDE}", " ", phrase)
    return " ".join(re.findall(r"[^\W\d_]{2,}[\w'-]*", rest))


def _read_ears(phrase: str, found: _Found) -> None:
    """What the listener hears with, or through: every one that a phrase names."""
    if hit := re.search(HEARS_WELL, phrase):
        found.understood.append(f"hears well: {hit.group()}")
        return
    for name, pattern in HEARS.items():
        hit = search(pattern, phrase)
        if hit and not re.search(NOT, phrase[: hit.start()]):
            found.hears.append((name, hit.group()))
            phrase = phrase[: hit.start()] + " | " + phrase[hit.end() :]


def _factor(phrase: str) -> float | None:
    """How much a phrase minds its things, as a factor of sensitivity; None where it does not say."""
    forgives, minds = (
        search(FORGIVES, phrase),
        search(MINDS, phrase) or search(rf"(?:{STRICT}) (?:of|about|with|on)", phrase),
    )
    hit = forgives or minds
    if hit is None:
        return None
    # "can't stand" is an attitude of its own; "can't ignore" is one turned round, and so is "minds neither".
    turns = len(re.findall(rf"{NOT}|\b(?:{TURNS_BEFORE})", phrase[: hit.start()]))
    turns += len(re.findall(rf"\b(?:{TURNS_BEHIND})", phrase[hit.end() :]))
    more = (forgives is None) == (turns % 2 == 0)
    slight = bool(search(SLIGHT, phrase))
    if more:
        return MUCH_MORE if search(STRONG, phrase) and not slight and not turns else MORE
    return MUCH_LESS if search(ALTOGETHER, phrase) else LESS


def _turned(factor: float) -> float:
    return LESS if factor > 1 else MORE


def _in_words(factor: float) -> str:
    degree = {MORE: "more than others", MUCH_MORE: "much more than others", LESS: "less than others"}
    return f"minds it {degree[factor]}" if factor in degree else "hardly minds it"


def _things(phrase: str) -> list[str]:
    """The dimensions that a phrase is about."""
    return [dimension for dimension, pattern in THINGS.items() if search(pattern, phrase)]


def _strictness(phrase: str) -> float:
    """How strict one is by a phrase, 0 where it does not say."""
    amount = 0.4 if search(SLIGHT, phrase) else 0.8
    for sign, pattern in ((-1, LENIENT), (1, STRICT)):
        if hit := search(pattern, phrase):
            return -0.4 * sign if re.search(NOT, phrase[: hit.start()]) else sign * amount
    return 0.0


def _choose_ears(found: _Found, taught: Collection[str], base: ListenerProfile) -> ListenerProfile:
    """The one profile that hears, else `base`: the first of those found, in the table's order, that a model was taught
    or has one near to; the others are ignored.
    """
    order = list(HEARS)
    chosen = base
    for name, words in sorted(found.hears, key=lambda one: order.index(one[0])):
        profile = PROFILES[_nearest(name, taught)]
        title = profile.title.lower() + (
            " (the nearest that this checkpoint was taught)" if profile.name != name else ""
        )
        if name == "quiet-headphones":
            found.habits = found.habits.beside(PROFILES[name].habits)
            found.understood.append(f"notices slight faults sooner, as over headphones in a quiet room: {words}")
        elif chosen.hears_otherwise:
            if chosen is base or profile.name != chosen.name:
                found.ignored.append(f"{words} (a listener hears through one thing: {chosen.title.lower()})")
        elif profile.name not in taught:
            found.ignored.append(f"{words} (this checkpoint was not taught {title})")
        else:
            chosen = profile
            found.understood.append(f"{title}: {words}")
    return chosen


def _nearest(name: str, taught: Collection[str]) -> str:
    """The profile to ask for: another hearing loss where this one was not taught."""
    near = PROFILES[name].audiogram and name not in taught and HEARING_IMPAIRED.name in taught
    return HEARING_IMPAIRED.name if near else name
