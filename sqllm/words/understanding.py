"""What is read of a question: its family and slots, each a choice, and what code reads better: times and figures.

The choices are read from the LLM's probabilities (`sqllm.judge.understanding`): one token says an option, the first of
its word (`OPTION_WORDS`), or a letter where a tokenizer has none of their own for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_letters, digits

from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS
from sqllm.words.figures import (
    asks_for_each,
    how_many_in,
    number_in,
    rank_in,
    seconds_in,
)
from sqllm.words.questions import (
    COMPARE,
    FAMILIES,
    LEVEL_KINDS,
    MEASURES,
    PARTS,
    SCALES,
    TERMS,
    TOPICS,
    USES,
    Question,
)
from sqllm.words.wordings.asked_faults import GROUPS
from sqllm.words.wordings.asked_slots import TERMS as TERM_WORDS
from sqllm.words.wordings.fault_nouns import NOUNS
from sqllm.words.wordings.faults import NAMES

NONE, NO, YES = "none", "no", "yes"
OTHER_FAULT = "another fault"  # of `NOUNS`: what has no artifact kind
UNCLEAR, OTHER_LANGUAGE = "unclear", "other-language"
CODES = ascii_letters + digits
LONGEST = 300  # characters of a question that are read

# What is chosen, under the name that the LLM reads, and the options in the order of their codes.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "family": (*(family for family in FAMILIES if family != OTHER_LANGUAGE), COMPARE),
    "fault": (NONE, *NOUNS),
    "dimension": (NONE, *DIMENSIONS),
    "use": tuple(USES),
    "measure": MEASURES,
    "scale": SCALES,
    "part": PARTS,
    "topic": TOPICS,
    "term": tuple(TERM_WORDS),
    "opposite": (NO, YES),  # negated
    "two": (NO, YES),  # two questions in one
}
# Which choices a family needs, besides `opposite` and `two`.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "dim-numeric": ("dimension",),
    "dim-categorical": ("dimension",),
    "presence": ("fault",),
    "when": ("fault",),
    "severity": ("fault",),
    "count": ("fault",),
    "fix": ("fault",),
    "level-verdict": ("fault",),
    "confidence": ("fault", "dimension"),
    "use": ("use",),
    "measurement": ("measure",),
    "other-scale": ("scale",),
    "part": ("part",),
    "cannot-tell": ("topic",),
    "term": ("term",),
}


@dataclass(frozen=True)
class Understood:
    """A question as understood, and how probable that is (0-1)."""

    question: Question
    confidence: float


def question_of(text: str, family: str, chosen: Mapping[str, str]) -> Question:
    """A question from its family and what was chosen for the slots that the family needs."""
    slots = {name: chosen[name] for name in NEEDS.get(family, ()) if chosen.get(name, NONE) != NONE}
    fault = slots.get("fault", "")
    kinds = kinds_of(fault) if fault else ()
    if family == "level-verdict":
        kinds = tuple(kind for kind in kinds if kind in LEVEL_KINDS) or LEVEL_KINDS
    term = slots.get("term")
    return Question(
        family,
        text,
        dimension="mos" if family == "mos-numeric" else slots.get("dimension"),
        kinds=kinds,
        asked=NAMES.get(fault) or _as_asked(fault, text),
        use=slots.get("use"),
        measure=slots.get("measure"),
        scale=slots.get("scale"),
        part=slots.get("part"),
        topic=slots.get("topic"),
        term=term if term in TERMS else None,
        negated=chosen.get("opposite") == YES,
        closed=is_closed(text),
        seconds=seconds_in(text),
        number=number_in(text),
        rank=rank_in(text),
        how_many=how_many_in(text),
        each=asks_for_each(text),
    )


def _as_asked(fault: str, text: str) -> str:
    """The asker's own word for a fault that has no name of ours, where it is a known one."""
    own = [word for word in NOUNS.get(fault, ()) if word.lower() in text.lower()] if fault == OTHER_FAULT else []
    return max(own, key=len, default=fault)


def kinds_of(fault: str) -> tuple[str, ...]:
    """The artifact kinds that a name of `NOUNS` stands for; none where this version has no such kind."""
    if fault == "faults":
        return ARTIFACT_KINDS
    return tuple(kind for kind in GROUPS.get(fault, (fault,)) if kind in ARTIFACT_KINDS)


_OPENERS = [
    "is",
    "are",
    "was",
    "were",
    "am",
    "do",
    "does",
    "did",
    "can",
    "could",
    "would",
    "will",
    "shall",
    "should",
    "may",
    "might",
    "must",
    "has",
    "have",
    "had",
    "isn't",
    "aren't",
    "wasn't",
    "doesn't",
    "don't",
    "didn't",
    "can't",
    "couldn't",
    "wouldn't",
    "won't",
    "shouldn't",
    "hasn't",
    "haven't",
    "any",
]
_LEAD = re.compile(r"^(?:(?:so|and|but|well|hey|hi|ok|okay|please|now|then|also|tell me|say|i wonder|check)[ ,:]+)+")


_REQUEST = re.compile(
    r"^(?:and |so |please )*(?:can|could|would|will) you (?:please |also |just )*(?:list|name|show|give|mark|rate|"
    r"score|explain|describe|count|estimate|locate|point|summari[sz]e|tell me (?!whether|if|that))"
)


def is_closed(text: str) -> bool:
    """Whether a question can be answered by yes or no, by how it opens; "A or B?" can't."""
    lower = text.lower().replace("’", "'")
    if _REQUEST.search(lower):
        return False
    if re.search(
        r"\byes or no\b|\b(whether|tell me if|check if|right|correct)\W*$|, ?(is it|do you|isn't it)\W*$", lower
    ):
        return True
    clause = _LEAD.sub("", re.split(r"[:.] ", lower)[-1].strip())
    first = re.match(r"[a-z']+", clause)
    if first is None or first[0] not in (*_OPENERS, "whether", "if"):
        return False
    return not re.search(r"\bor\b(?! (no|not|so|anything|something|any|better|worse|more|less|higher|lower)\b)", clause)
