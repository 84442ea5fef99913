"""The proof: whether a text says only what was selected for it. What can't be proven is not shown.

A text is held against the selected facts, in four ways:

- every word is one of those in which these facts can be said, and none stands twice in a row: what is not in the
  sentences of this case ("too loud" where it is too quiet) can't be said;
- every number has the neighbours that it has in such a sentence: a limit is not told as the MOS, a time keeps its unit;
- "yes" and "no" lead where the facts do, and nowhere else;
- every fault is one of the selected, as strong and as certain as heard; what is denied was asked for and is absent; the
  categories and what is praised are the facts'.

At the end of an answer, what was asked for has to be in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, takewhile
from string import Formatter

from sqllm.scores import CATEGORIES
from sqllm.words.claims import FaultClaim, claims
from sqllm.words.facts import FaultFact
from sqllm.words.selection.selected import NO, POSSIBLY, YES, Selected
from sqllm.words.sentences.phrasing import counted_phrases, phrases, places, times_only
from sqllm.words.sentences.say import slot_texts, templates
from sqllm.words.wordings.faults import COUNTED_SEVERITY, NAMES, NUMBER_WORDS
from sqllm.words.wordings.verdicts import FINE

# Words that join; all others come with the facts.
JOINING = frozenset(
    re.findall(
        r"\w+",
        "a about all also an and are as at be been but by can clip could does first for from have here however i in is "
        "it its me my of on or overall seems so some still than that the then there these this to too was what which "
        "while with would",
    )
)
COUNTS = {word: str(number) for number, word in enumerate(NUMBER_WORDS) if number >= 2}
UNITS = frozenset({"s", "db", "dbov", "khz", "hz", "times", "points", "listeners", "stars", "channels"})
_LETTER = re.compile(r"\b([AB])\b(?! clip\b)")  # of two clips
_TOKEN = re.compile(r"-?\d+(?:\.\d+)?%?|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER = re.compile(r"-?\d|clip-[ab]$")  # and letters: both are told by where they stand
_LEAD = re.compile(r"\W*(yes|no)\b(?:[,.:;!]|\s*$)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
PLACE_WORDS = frozenset("near at about around from between and to on s times in parts the first".split())  # noqa: SIM905
_DOUBTFUL = re.compile(r"\b(?:possibly|perhaps|if|sure|may|might)\b", re.IGNORECASE)
_CATEGORY = re.compile(rf"\b(?:{'|'.join((*CATEGORIES, 'bad'))})\b(?! (?:level|enough|side|for|to))", re.IGNORECASE)
CANT_TELL = re.compile(r"\bcan't (?:give|tell|say)\b")
START = "^"
_COUNTED = frozenset(word for words in COUNTED_SEVERITY.values() for word in words)
Context = tuple[str, str, str]  # the word before a number, the number, its unit (empty where it has none)


def unproven(text: str, selected: Selected, whole: bool = True) -> list[str]:
    """What a text says beyond the selected facts, a sentence each, empty where all is proven; of a text that is not
    `whole`, without what it may say yet.
    """
    known = _material(selected)
    tokens = _tokens(_marked(text, selected))
    wrong = [f"It says {word!r}." for word in dict.fromkeys(tokens) if _unknown(word, known)]
    wrong += [f"It says {a!r} twice." for a, b in pairwise(tokens) if a == b and a.isalpha()]
    wrong += [f"It says {' '.join(context).strip()}." for context in _contexts(tokens) if context not in known.contexts]
    wrong += [*_wrong_places(tokens, selected)]
    wrong += [*_wrong_lead(text, selected), *_wrong_faults(text, selected), *_wrong_sides(text, selected)]
    wrong += [*_wrong_words(text, selected)]
    return wrong + (list(_missing(text, tokens, selected)) if whole else [])


@dataclass(frozen=True)
class _Material:
    """What selected facts can be said with: words, and numbers with their neighbours."""

    words: frozenset[str]
    contexts: frozenset[Context]


def _marked(text: str, selected: Selected) -> str:
    """A text about two clips with their letters marked, so that "a" remains a word."""
    return _LETTER.sub(r"clip-\1", text) if selected.family == "compare" else text


def _tokens(text: str) -> list[str]:
    """Words in lower case, and numbers, counts in words among them; every sentence begins with `START`."""
    tokens = []
    for sentence in _SENTENCE_END.split(text.lower().replace("’", "'")):
        tokens += [START, *(COUNTS.get(token, token) for token in _TOKEN.findall(sentence))]
    return tokens


def _unknown(token: str, known: _Material) -> bool:
    return token != START and not _NUMBER.match(token) and token not in known.words


def _contexts(tokens: Sequence[str]) -> Iterator[Context]:
    for place, token in enumerate(tokens):
        if _NUMBER.match(token):
            behind = tokens[place + 1] if place + 1 < len(tokens) else ""
            if token.startswith("clip-"):
                yield tokens[place - 1], token, behind.removeprefix(START)
            elif behind in _COUNTED and "." not in token:
                yield "", token, " ".join(tokens[place + 1 : place + 3])
            else:
                yield tokens[place - 1], token, behind if behind in UNITS else ""


@lru_cache(maxsize=256)
def _material_of(lines: tuple[str, ...]) -> _Material:
    words, contexts = set(JOINING), set[Context]()
    for line in lines:
        tokens = _tokens(line)
        words |= {token for token in tokens if not _NUMBER.match(token)}
        contexts |= set(_contexts(tokens))
    return _Material(frozenset(words), frozenset(contexts))


def _material(selected: Selected) -> _Material:
    return _material_of(tuple(dict.fromkeys(line for part in selected.parts() for line in _lines(part))))


def _lines(part: Selected) -> Iterator[str]:
    """Every sentence of a part with its facts filled in, and all that its other slots can hold, joined as they are."""
    lead = {YES: "Yes, ", NO: "No, "}.get(part.verdict, "")
    for template in templates(part):
        filled = _marked(_filled(template, part), part)
        yield filled
        if lead:
            yield lead + filled
    yield from slot_texts(part)
    for fault in part.faults:
        named = (*phrases(fault), NAMES[fault.kind])
        yield from (f"{name} {place}" for name in named for place in (*places(fault), *times_only(fault)))
        yield from (f"{phrase} {place}" for phrase in counted_phrases(fault) for place in times_only(fault))


def _filled(template: str, part: Selected) -> str:
    """A template with its facts; where another slot is, "then", a word that may stand anywhere."""
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format(**{name: part.facts.get(name, "then") for name in names})


def _names(fault: FaultFact) -> set[str]:
    """Every way to name a fault."""
    return {*phrases(fault), *counted_phrases(fault), NAMES[fault.kind]}


def _wrong_places(tokens: Sequence[str], selected: Selected) -> Iterator[str]:
    """Times behind a fault that are another one's."""
    faults = [fault for part in selected.parts() for fault in part.faults]
    for fault in faults:
        longer = [_tokens(name)[1:] for other in faults if other.kind != fault.kind for name in _names(other)]
        own = {token for place in (*places(fault), *times_only(fault)) for token in _tokens(place)}
        for words in (_tokens(name)[1:] for name in _names(fault)):
            for start in range(len(tokens) - len(words)):
                end = start + len(words)
                if tokens[start:end] == words and not any(
                    len(name) > len(words) and tokens[end - len(name) : end] == name for name in longer
                ):
                    behind = takewhile(lambda t: t in PLACE_WORDS or _NUMBER.match(t), tokens[end:])
                    if alien := [token for token in behind if "." in token and token not in own]:
                        yield f"It places {fault.kind} at {', '.join(alien)}."


def _wrong_lead(text: str, selected: Selected) -> Iterator[str]:
    lead = _LEAD.match(f"{text} ")
    said = lead.group(1).lower() if lead else ""
    expected = selected.verdict if selected.verdict in (YES, NO) else ""
    if said != expected:
        yield f"It begins with {said or 'no verdict'!r} instead of {expected or 'none'!r}."
    if selected.verdict == POSSIBLY and not _DOUBTFUL.search(text):
        yield "It is sure of what is only possible."


def _wrong_faults(text: str, selected: Selected) -> Iterator[str]:
    faults = [fault for part in selected.parts() for fault in part.faults]
    absent = {kind for part in selected.parts() for kind in part.absent}
    for claim in claims(text).faults:
        if claim.dimension and any(claim.dimension in part.low for part in selected.parts()):
            continue
        if not claim.present:
            if not {*claim.kinds} & absent and not _of_case(claim, selected):
                yield f"It denies {' or '.join(claim.kinds)}, which nobody asked for."
            continue
        there = [fault for fault in faults if fault.kind in claim.kinds]
        if not there and not _of_case(claim, selected):
            yield f"It names {' or '.join(claim.kinds)}, which is not selected."
        elif claim.severity and claim.severity not in {fault.severity for fault in there} and there:
            yield f"It calls {there[0].kind} {claim.severity}, which is {there[0].severity}."
        elif there and claim.severity and not any(f.certain for f in there) and not _DOUBTFUL.search(text):
            yield f"It is sure of {there[0].kind}, which is only possible."


def _wrong_sides(text: str, selected: Selected) -> Iterator[str]:
    """Faults that are told of the other one of two clips."""
    heard = {part.facts["clip"]: part for part in selected.parts() if "clip" in part.facts}
    for sentence in _SENTENCE_END.split(text):
        letters = set(_LETTER.findall(sentence))
        for letter in letters & set(heard) if len(letters) == 1 else ():
            kinds = {fault.kind for fault in heard[letter].faults}
            for claim in claims(sentence).faults:
                if claim.present and not {*claim.kinds} & kinds and claim.dimension not in heard[letter].low:
                    yield f"It names {' or '.join(claim.kinds)} in {letter}, where it is not."


def _of_case(claim: FaultClaim, selected: Selected) -> bool:
    """Whether the sentences of a case name or deny a fault themselves ("nothing I hear covers the words")."""
    said = " ".join(_filled(template, part) for part in selected.parts() for template in templates(part))
    said += " ".join(FINE[d][i] for part in selected.parts() for d in part.fine for i in range(len(FINE[d])))
    return any({*other.kinds} & {*claim.kinds} for other in claims(said).faults)


def _wrong_words(text: str, selected: Selected) -> Iterator[str]:
    """Categories that are not the facts', praise of what is not fine."""
    allowed = " ".join(line for part in selected.parts() for line in (*_lines(part), *part.facts.values())).lower()
    for word in {match.group().lower() for match in _CATEGORY.finditer(text)}:
        if not re.search(rf"\b{word}\b", allowed):
            yield f"It says {word!r}."
    fine = {dimension for part in selected.parts() for dimension in part.fine}
    for dimension in claims(text).fine:
        if dimension not in fine and not any(praise in allowed for praise in FINE[dimension]):
            yield f"It praises the {dimension}."


def _missing(text: str, tokens: Sequence[str], selected: Selected) -> Iterator[str]:
    """What every sentence of the answer's case says and this one doesn't: a figure, a fault, that it can't be told."""
    options = [{name for _, name, _, _ in Formatter().parse(t) if name} for t in templates(selected)]
    if selected.family == "explanatory":
        options = [{"mos"}]
    for name in set.intersection(*options) & set(selected.facts):
        expected = _tokens(_marked(selected.facts[name], selected))
        if not set(expected) <= set(tokens):
            yield f"It leaves out {selected.facts[name]!r}."
    if selected.faults and all(_FAULT_SLOTS & names for names in options):
        kind = selected.faults[0].kind
        yield from [] if any(kind in claim.kinds for claim in claims(text).faults) else [f"It leaves out {kind}."]
    if all(CANT_TELL.search(template) for template in templates(selected)) and not CANT_TELL.search(text):
        yield "It does not say that this can't be told."
    if any(part.family == "caution" for part in selected.parts()) and "uncertain" not in tokens:
        yield "It does not say that scores of so short a clip are uncertain."


_FAULT_SLOTS = {"fault", "bare", "named", "faults", "all_bare", "fault_name", "details"}
