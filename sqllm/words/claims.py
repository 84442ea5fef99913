"""What a text claims of a clip: faults with severity, denials, times, scores, and what it calls fine.

Every phrase of the wording tables is understood as what it stands for; other wordings by the names of the kinds and
the severity words around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from sqllm.scores import ARTIFACT_KINDS, DIMENSION_WORDS, DIMENSIONS, HIGHEST, LOWEST
from sqllm.words.repair import TOUCHES
from sqllm.words.wordings.faults import (
    ASKED,
    LAY,
    LAY_FEW,
    NAMES,
    NUMBER_WORDS,
    PHRASES,
    SEVERITY_WORDS,
    SHARED,
    UNDERSTOOD,
    UNDERSTOOD_SHARED,
)
from sqllm.words.wordings.verdicts import CLEAN, FINE, LIKE_REFERENCE, LOW, NO_FAULT, NONE_FOUND, UNNAMED

_SEVERITY_OF = {word: severity for severity, words in SEVERITY_WORDS.items() for word in words}
_SEVERITY = re.compile(rf"\b({'|'.join(sorted(_SEVERITY_OF, key=len, reverse=True))})\b")
_SEVERITY_BEHIND = re.compile(rf"^\s*(?:\(|is |are |sounds? |: ?)?(?:rather |very |quite )?{_SEVERITY.pattern}")
_DENIAL = re.compile(
    r"\b(?:no|nor|neither|not any|hardly any|(?:without|free of|free from|not)(?! (?:the|its|this|for)\b))\b"
)
_DENIAL_BEHIND = re.compile(r"^\s*(?:is|are|was|were) (?:not|absent|hardly)\b")
_DENIAL_GOES_ON = re.compile(r"\s*,?\s*(?:or|nor)\s*(?:any\s*)?")
_RATED = re.compile(r"^\s*(?:is|at|:|of)?\s*[1-5]\.\d(?!\s?s\b)")
_DOUBT = re.compile(r"\b(?:possibly|perhaps|maybe|probably|might|may)\b")
_CLAUSE = re.compile(r"[.,;:!?()]")

_NUMBER = r"\d+(?:\.\d+)?"
_COUNT = re.compile(
    rf"\b(?:\d+|{'|'.join(NUMBER_WORDS)}) (?:more )?times\b|\band \d+ more\b|\b\d+ places?\b"
    rf"|\b{_NUMBER} s (?:in all|together)\b"
)
_LIMIT = re.compile(
    rf"\b(?:at least|needs|minimum of|limit of|scale of 1 to|scale of|out of|from 1 to|(?<![\d.])1 to|/) ?{_NUMBER}"
)
_GAP = re.compile(rf"\b(?:by|lead of|which is) {_NUMBER}\b|\b{_NUMBER} (?:above|below|more|less|points?)\b")
_JOINED = r"(?:, and from |, and |, from |, | and from | and | to |-)"
_TIMES = re.compile(rf"(?<![\d.])({_NUMBER}(?:{_JOINED}{_NUMBER})*)\s?s(?:ec(?:ond)?s?)?\b")
_RISE = re.compile(r"\b(?:mos|rise) from (\d\.\d\d?) to (\d\.\d)\b")
_MENDED = re.compile(
    r"\b(?:reach|rise to|get|become|bring (?:it|this) (?:up )?to|would be|would give|be near)"
    r" (?:about |around |near )?(?:a mos of )?(\d(?:\.\d)?)\b"
)
_SCORE_NAMES = {
    "mos": r"mos|overall(?: quality)?|quality",
    "noisiness": r"noisiness|noise level|noise",
    "coloration": r"colou?ration|timbre",
    "discontinuity": r"discontinuity|continuity",
    "loudness": r"loudness|volume",
}
_NAMED = {
    d: re.compile(rf"\b(?:{names})\b[^\d\n;,.]{{0,24}}?({_NUMBER})(?![\d%])") for d, names in _SCORE_NAMES.items()
}
_CATEGORY = re.compile(rf"\b({'|'.join(DIMENSION_WORDS['mos'][1]).lower()})\b(?! (?:level|volume|enough))")
_DIMENSION = "|".join(DIMENSIONS[1:])
_WEAKEST = re.compile(
    rf"\b(?:weakest|lowest)\b[^.;,]{{0,30}}?\b({_DIMENSION})\b|\b({_DIMENSION})(?: is)?(?: the)? (?:weakest|lowest)\b"
)
_UNNAMED = re.compile(r"(?<![\d.,])\d(?:\.\d\d?)?(?![\d.]\d|\d)")


@dataclass(frozen=True)
class FaultClaim:
    """That a fault is there, or (`present` false) is not. `kinds` has more than one for words that fit several.

    `dimension` is set where the words would also fit a low dimension without a known fault ("noise").
    """

    kinds: tuple[str, ...]
    severity: str | None = None
    present: bool = True
    doubted: bool = False
    dimension: str | None = None


@dataclass(frozen=True)
class Claims:
    """What a text states. `scores` by dimension, `unnamed` the scores without one; `times` in seconds; `mended` the MOS
    after a repair; `category` the word beside the MOS; `weakest` the dimension it calls the lowest; `fine` the
    dimensions it praises; `faultless` whether it says that no fault is heard, and `clean` whether it praises the clip
    as a whole.
    """

    faults: tuple[FaultClaim, ...] = ()
    times: tuple[float, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    unnamed: tuple[float, ...] = ()
    mended: float | None = None
    category: str | None = None
    weakest: str | None = None
    fine: tuple[str, ...] = ()
    faultless: bool = False
    clean: bool = False

    def score(self, dimension: str) -> float | None:
        """The score of a dimension; of a text with one score and no name, that one."""
        named = self.scores.get(dimension)
        return self.unnamed[0] if named is None and len(self.unnamed) == 1 else named


@dataclass(frozen=True)
class _Meaning:
    """What a phrase stands for: kinds (with severity), a fine dimension, no fault at all, or a clean clip."""

    kinds: tuple[str, ...] = ()
    severity: str | None = None
    dimension: str | None = None
    fine: str | None = None
    faultless: bool = False
    clean: bool = False


def claims(text: str) -> Claims:
    """What a text claims; wordings that are not understood claim nothing."""
    lowered = " ".join(text.lower().replace("’", "'").split())
    found = list(_meanings(lowered))
    return replace(
        _numbers(lowered),
        category=_category_of_mos(lowered),
        weakest=next((name for names in _WEAKEST.findall(lowered) for name in names if name), None),
        faults=tuple(_fault_claims(lowered, found)),
        fine=tuple(dict.fromkeys(meaning.fine for _, meaning in found if meaning.fine)),
        faultless=any(meaning.faultless for _, meaning in found),
        clean=any(meaning.clean for _, meaning in found),
    )


def _category_of_mos(text: str) -> str | None:
    """The word of the scale in the sentence that states the MOS, such as "fair"."""
    for sentence in re.split(r"[.!?;] ", text):
        word = _CATEGORY.search(sentence)
        if word and re.search(r"\bmos\b", sentence):
            return word.group(1)
    return None


@cache
def _vocabulary() -> tuple[re.Pattern[str], Mapping[str, _Meaning]]:
    """One pattern of all known phrases, the longest first, and what each stands for."""
    meanings: dict[str, _Meaning] = {}
    for kind in ARTIFACT_KINDS:
        words = (*ASKED[kind], *UNDERSTOOD.get(kind, ()), NAMES[kind], kind, kind.replace("-", " "))
        meanings |= {word.removeprefix("a ").removeprefix("an "): _Meaning((kind,)) for word in words}
        for phrases in (PHRASES, LAY):
            for severity, said in phrases[kind].items():
                meanings |= {phrase.lower(): _Meaning((kind,), severity) for phrase in said}
    meanings |= {phrase: _Meaning((kind,)) for kind, phrases in LAY_FEW.items() for phrase in phrases}
    meanings |= {word: _Meaning(kinds) for word, kinds in {**SHARED, **UNDERSTOOD_SHARED}.items()}
    for dimension, word in LOW.items():
        kinds = meanings[word].kinds if word in meanings else tuple(sorted(TOUCHES[dimension]))
        meanings[word] = _Meaning(kinds, dimension=dimension)
    for dimension, praises in FINE.items():
        meanings |= {praise: _Meaning(fine=dimension) for praise in praises}
    meanings |= {said.lower(): _Meaning(faultless=True, clean=True) for said in (*CLEAN, *LIKE_REFERENCE)}
    meanings |= {said.lower(): _Meaning(faultless=True) for said in (*NO_FAULT, *NONE_FOUND, *UNNAMED)}
    longest = sorted(meanings, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?!\w)"), meanings


def _meanings(text: str) -> Iterator[tuple[re.Match[str], _Meaning]]:
    pattern, meanings = _vocabulary()
    for match in pattern.finditer(text):
        yield match, meanings[match.group()]


def _fault_claims(text: str, found: list[tuple[re.Match[str], _Meaning]]) -> Iterator[FaultClaim]:
    before, denied = 0, False
    for match, meaning in found:
        lead, behind = text[before : match.start()], text[match.end() :]
        before = match.end()
        if not meaning.kinds or (meaning.dimension and _RATED.match(behind)):
            denied = False
            continue
        goes_on = denied and bool(_DENIAL_GOES_ON.fullmatch(lead))
        lead = _CLAUSE.split(lead)[-1]
        severity = meaning.severity
        if severity is None:
            around = _SEVERITY.findall(lead)[-1:] or _SEVERITY_BEHIND.findall(behind)
            severity = _SEVERITY_OF[around[0]] if around else None
        denied = goes_on or bool(_DENIAL.search(lead) or _DENIAL_BEHIND.match(behind))
        yield FaultClaim(meaning.kinds, severity, not denied, bool(_DOUBT.search(lead)), meaning.dimension)


def _numbers(text: str) -> Claims:
    """Times, scores and the mended MOS; what is understood is struck out before the next reading."""
    scores: dict[str, float] = {}
    for pattern in (_COUNT, _LIMIT, _GAP):
        text = pattern.sub(" ", text)
    times = tuple(float(n) for listed in _TIMES.findall(text) for n in re.findall(_NUMBER, listed))
    text = _TIMES.sub(" s ", text)
    mended = None
    for before, after in _RISE.findall(text):
        scores["mos"], mended = float(before), float(after)
    text = _RISE.sub(" ", text)
    for after in _MENDED.findall(text):
        mended = float(after)
    text = _MENDED.sub(" ", text)
    for dimension, pattern in _NAMED.items():
        named = pattern.search(text)
        if named and _on_scale(named.group(1)):
            scores.setdefault(dimension, float(named.group(1)))
        text = pattern.sub(" ", text)
    unnamed = tuple(float(n) for n in _UNNAMED.findall(text) if _on_scale(n))
    return Claims(times=times, scores=scores, unnamed=unnamed, mended=mended)


def _on_scale(number: str) -> bool:
    return LOWEST <= float(number) <= HIGHEST
