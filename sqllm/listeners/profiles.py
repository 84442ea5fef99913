"""Listener profiles as users name them: those that come with the program, a file of one's own, or words."""

from __future__ import annotations

from collections.abc import Collection

from sqllm.listeners.free_text import CUSTOM, MappedListener, understand_listener
from sqllm.listeners.known import PROFILES, TYPICAL
from sqllm.listeners.listener import ListenerProfile
from sqllm.listeners.profile_files import is_profile_file, load_profile

__all__ = [
    "PROFILES",
    "TYPICAL",
    "ListenerProfile",
    "MappedListener",
    "as_taught",
    "get_profile",
    "is_profile_file",
    "load_profile",
    "understand_listener",
    "with_words",
]


def get_profile(profile: str | ListenerProfile | None) -> ListenerProfile:
    """A profile by its name, from a YAML file (`mine.yaml`), or from words that describe a listener ("an audiobook fan
    who hates hiss"; `understand_listener` says what becomes of them).

    Raises `ValueError` for a single word that is no profile's name, most likely a typing error, and for a file that
    holds no profile.
    """
    if isinstance(profile, ListenerProfile):
        return profile
    name = (profile or "").strip() or TYPICAL.name
    key = name.lower().replace("_", "-").replace(" ", "-")
    if key in PROFILES:
        return PROFILES[key]
    if is_profile_file(name):
        return load_profile(name)
    if " " not in name:
        raise ValueError(f"There is no listener profile {name!r}; choose one of {', '.join(PROFILES)}.")
    return understand_listener(name).profile


def with_words(profile: ListenerProfile, words: str) -> ListenerProfile:
    """The same listener with what more a user says about them."""
    return understand_listener(words, base=profile).profile


def as_taught(profile: ListenerProfile, taught: Collection[str]) -> ListenerProfile:
    """The listener as a model answers for them that was taught some profiles.

    What words said is understood anew where it led to another; raises `ValueError` where the profile itself is none of
    them.
    """
    if profile.taught_as in taught:
        return profile
    base = TYPICAL if profile.name == CUSTOM else PROFILES.get(profile.name, profile)
    if profile.note and base.taught_as in taught:
        return understand_listener(profile.note, taught, base).profile
    raise ValueError(
        f"This checkpoint was not taught the listener {profile.taught_as!r}; it knows {', '.join(taught)}."
    )
