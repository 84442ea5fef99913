"""Texts that ask for several things: taken apart at their marks, at the names that they list, or in two halves."""

from __future__ import annotations

import re

from sqllm.words.names import bare, fault_named, is_name
from sqllm.words.wordings.asked_slots import DIMENSION_NAMES

MOST_PARTS = 6
# What only asks for an answer to the question before it.
_TAG = re.compile(
    r"^\W*(?:yes or no|right|correct|ok|okay|really|please|isn't it|is it|or not|what do you think|thanks?|thank you|"
    r"hm+|huh|eh|can you (?:tell|hear)( me)?( that)?|do you (?:know|think so|hear (?:it|that)))\W*$",
    re.IGNORECASE,
)
_JOINTS = re.compile(
    r"\s*,\s*(?:and|or|plus)\s+|\s*[,/&]\s*|\s+(?:and|or|plus|as well as)\s+(?:also\s+)?", re.IGNORECASE
)
_MOST_WORDS = 5  # of a name
_ALL_SCORES = 4  # dimensions from which all of them are meant
_DIMENSIONS = {name.lower() for names in DIMENSION_NAMES.values() for name in names} | {
    "noise",
    "volume",
    "level",
    "overall",
}


def questions_in(text: str) -> list[str]:
    """The questions of a text that has several marks; none where it has one."""
    parts = [part.strip() for part in re.split(r"(?<=\?)\s+", text) if re.search(r"\w", part)]
    asked = [part for part in parts if part.endswith("?") and not _TAG.match(part)]
    named = len(asked) == 2 and is_name(asked[0].rstrip("?")) and re.search(r"\b(?:that|it|this|they)\b", asked[1])
    return asked[:MOST_PARTS] if len(asked) > 1 and not named else []


def listed_in(text: str) -> list[str]:
    """A question for each of the things that a text lists: "Is it noisy, clipped or choppy?" asks whether it is noisy,
    whether clipped, and whether choppy. None where it lists nothing; the text itself where it asks one thing of all.
    """
    joints = [0, *(place for joint in _JOINTS.finditer(text) for place in joint.span()), len(text)]
    pieces = [(joints[at], text[joints[at] : joints[at + 1]]) for at in range(0, len(joints), 2)]
    for first, (start, piece) in enumerate(pieces[:-1]):
        prefix, name = _last_name(piece)
        names, suffix = _names_then_rest([piece for _, piece in pieces[first + 1 :]])
        if name and len(names) == len(pieces) - first - 1:
            before = text[:start] + prefix
            if is_name(text[len(before) :].rstrip(" ?.!")):
                return []
            if _is_one([name, *names], text):
                return [text]
            return [_joined(before, one, suffix) for one in (name, *names)][:MOST_PARTS]
    return []


def _names_then_rest(pieces: list[str]) -> tuple[list[str], str]:
    """The names with which pieces begin, up to one behind which something else stands, and that."""
    names, rest = [], ""
    for piece in pieces:
        name, rest = _first_name(piece)
        if not name:
            break
        names.append(name)
        if re.search(r"\w", rest):
            break
    return names, rest


def _is_one(names: list[str], text: str) -> bool:
    """Whether names together are one question: for all the scores, or for noise or codec."""
    if sum(bare(name) in _DIMENSIONS for name in names) >= _ALL_SCORES:
        return True
    faults = {fault_named(name)[0] for name in names}
    return "codec" in faults and bool(faults & {"noise", "background-noise"}) and " or " in text


def _joined(prefix: str, name: str, suffix: str) -> str:
    if re.search(r"\b(?:the|an?|any|its)\s*$", prefix):
        name = re.sub(r"^(?:the|an?|any|its) ", "", name)
    return f"{prefix}{name}{suffix}".strip()


def _last_name(piece: str) -> tuple[str, str]:
    """What stands before the name that a piece ends with, and that name, the longest."""
    words = list(re.finditer(r"\S+", piece))
    for word in words[-_MOST_WORDS:]:
        if is_name(piece[word.start() :]) and word[0].lower() not in ("any", "the", "some", "its"):
            return piece[: word.start()], piece[word.start() :]
    return piece, ""


def _first_name(piece: str) -> tuple[str, str]:
    """The name that a piece begins with, the longest, and what stands behind it."""
    words = list(re.finditer(r"[^\s?.!]+", piece))[:_MOST_WORDS]
    for word in reversed(words):
        if is_name(piece[: word.end()]):
            return piece[: word.end()], piece[word.end() :]
    return "", piece


def halves(text: str) -> list[tuple[str, str]]:
    """Where a text of two questions can be taken apart, in both parts of which something is asked."""
    places = [
        m.span() for m in re.finditer(r"(?<=[?!;.])\s+|,?\s+(?:and also|and|also|plus|but|as well as)\s+|[;,]\s+", text)
    ]
    parts = [(text[:start].strip(" ,;"), text[end:].strip(" ,;")) for start, end in places]
    return [(one, other) for one, other in parts if len(one) > 3 and len(other) > 2]
