"""Reading what a question asks off the next-token probabilities of the LLM for words: family and slots.

They are multiplied with those of the linear reader (`sqllm.words.wording_reader`), which alone reads where a model has
no LLM for words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import torch

from sqllm.listeners.asked_for import (
    described_in,
    listener_before,
    listeners_in,
    put_to_an_expert,
    put_to_you,
    with_listener_introduced,
)
from sqllm.model.language_model import LanguageModel
from sqllm.model.prompt_tree import ROOT, PromptTree
from sqllm.words.by_code import settled
from sqllm.words.follow_ups import resolved
from sqllm.words.language import language_of
from sqllm.words.letter_case import in_sentence_case
from sqllm.words.names import asks_of_the_clip, fault_named
from sqllm.words.questions import Question
from sqllm.words.rewording import reworded
from sqllm.words.several import halves, listed_in, questions_in
from sqllm.words.understanding import (
    CHOICES,
    CODES,
    LONGEST,
    NEEDS,
    NO,
    OTHER_LANGUAGE,
    UNCLEAR,
    YES,
    Understood,
    is_closed,
    question_of,
)
from sqllm.words.wording_reader import multiplied, wording_reader
from sqllm.words.wordings.option_words import OPTION_WORDS

SURE = 0.3  # the probability below which a question counts as unclear
READER_WEIGHT = 1.0  # the power of the linear reader's probabilities beside the LLM's, as good as any on kept wordings
# A question is negated from the second probability on, and not below the first. In between it is answered without a yes
# or no: of the closed ones that are hardest to tell 15% would get the wrong one else, so 7%.
NOT_NEGATED, NEGATED = 0.05, 0.9
MOST_HALVES = 4
LIKELY = 2  # families whose slots are asked for in the same pass; those of others the linear reader reads alone


ALWAYS = ("family", "opposite", "two")


def add_question(
    tree: PromptTree, model: LanguageModel, text: str, previous: str | None, choices: Sequence[str]
) -> dict[str, int]:
    """Ask for some choices about a question in a tree; the node of each. `previous` is the question before it, which a
    follow-up such as "And the noise?" goes on from. Any number of questions stand side by side in one tree.
    """
    before = f"{_shown(previous)}\nThen: " if previous else ""
    stem = tree.add(model.encode_text(f"{model.turns.opening}{before}{_shown(text)}\n"), ROOT)
    return {name: tree.add(model.encode_text(f"{name}:"), stem) for name in choices}


def _shown(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def code_tokens(model: LanguageModel, choice: str) -> list[int]:
    """The token that says each option of a choice: the first of its word, or a letter where an LLM's tokenizer has the
    same one for several.
    """
    tokens = [model.encode_text(f" {OPTION_WORDS.get(option, option)}")[0] for option in CHOICES[choice]]
    if len(set(tokens)) == len(tokens):
        return tokens
    return [model.encode_text(code)[-1] for code in CODES[: len(CHOICES[choice])]]


@torch.inference_mode()
def read_choices(
    model: LanguageModel, asked: Sequence[tuple[str, str | None]], choices: Sequence[str] = tuple(CHOICES)
) -> list[dict[str, dict[str, float]]]:
    """The probabilities of every option of some choices, for questions with those before them, in one pass."""
    tree = PromptTree()
    nodes = [add_question(tree, model, text, previous, choices) for text, previous in asked]
    positions = [tree.last(node) for named in nodes for node in named.values()]
    rows = iter(model.logits(model.read_trees([tree])[0, positions]).double())
    codes = {name: code_tokens(model, name) for name in choices}
    return [
        {
            name: dict(zip(CHOICES[name], torch.softmax(next(rows)[codes[name]], dim=0).tolist(), strict=True))
            for name in choices
        }
        for _ in asked
    ]


def _read(
    model: LanguageModel | None, asked: Sequence[tuple[str, str | None]], choices: Sequence[str]
) -> list[dict[str, dict[str, float]]]:
    """The probabilities of both readers, multiplied."""
    asked = [(_as_read(text), previous) for text, previous in asked]
    if model is None:
        even = {name: dict.fromkeys(CHOICES[name], 1.0) for name in choices}
        return [multiplied(even, wording_reader().read(*one), 1.0) for one in asked]
    read = read_choices(model, asked, choices)
    return [multiplied(by, wording_reader().read(*one), READER_WEIGHT) for by, one in zip(read, asked, strict=True)]


def understand(model: LanguageModel | None, text: str, previous: str | None = None) -> tuple[Understood, ...]:
    """What a text asks, a question each where it asks several; `previous` is the question before it.

    A text in another language is `other-language`, with the language's code as `asked`; one whose family is not
    `SURE` is `unclear`.
    """
    if language := language_of(text):
        return (Understood(Question(OTHER_LANGUAGE, text, asked=language), 1.0),)
    before = _readable(previous) if previous else None
    found = _understand_plain(model, resolved(_readable(text), before), previous)
    goes_on_for = listener_before(_readable(text), before or "")
    return tuple(each for one in found for each in _for_each_listener(_for_listener(one, goes_on_for)))


def _understand_plain(model: LanguageModel | None, plain: str, previous: str | None) -> tuple[Understood, ...]:
    for taken_apart in (questions_in, listed_in):
        if (parts := taken_apart(plain)) and (found := _understand_parts(model, parts, previous)):
            return found
    beside = wording_reader().read(_as_read(plain), previous)
    likely = [CHOICES["family"][at] for at in beside["family"].argsort()[-LIKELY:]]
    asked = tuple(dict.fromkeys([*ALWAYS, *(slot for family in likely for slot in NEEDS.get(family, ()))]))
    [read] = _read(model, [(plain, previous)], asked)
    if read["two"][YES] > 0.5 and (found := _understand_halves(model, plain, previous)):
        return found
    if missing := [slot for slot in NEEDS.get(_likeliest(read["family"]), ()) if slot not in read]:
        read |= _read(None, [(plain, previous)], missing)[0]
    return (_understood(plain, read),)


def _readable(text: str) -> str:
    return reworded(with_listener_introduced(in_sentence_case(text)))


@lru_cache(maxsize=64)
def _as_read(text: str) -> str:
    """A question as the readers get it: where more than a listener is asked for it is about that, whoever is asked
    ("Would my deaf uncle mind the noise?"); the words for a listener are not ("somebody in a noisy street").
    """
    put, who = put_to_you(text), described_in(text)
    if put and asks_of_the_clip(put):
        return put
    return put_to_an_expert(text) if who and asks_of_the_clip(who) else text


def _for_each_listener(understood: Understood) -> list[Understood]:
    """What is understood, once for each of the listeners who are described."""
    question = understood.question
    return [replace(understood, question=replace(question, listener=who)) for who in listeners_in(question.listener)]


def _for_listener(understood: Understood, who: str) -> Understood:
    """What is understood, for a listener who is described elsewhere, where it describes none itself."""
    if not who or understood.question.listener:
        return understood
    return replace(understood, question=replace(understood.question, listener=who))


def _understand_parts(
    model: LanguageModel | None, parts: Sequence[str], previous: str | None
) -> tuple[Understood, ...]:
    """The questions of a text that code took apart, each with the one before it; what asks the same is asked once, and
    what is unclear is left out.
    """
    asked, before = [], previous
    for part in parts:
        asked.append((resolved(part, before), before))
        before = part if fault_named(part)[0] or not fault_named(before or "")[0] else before
    read = _read(model, asked, tuple(CHOICES))
    found: dict[Question, Understood] = {}
    for (part, _), choices in zip(asked, read, strict=True):
        one = _understood(part, choices)
        if one.question.family != UNCLEAR:
            found.setdefault(replace(one.question, text=""), one)
    return tuple(found.values())


def _understand_halves(model: LanguageModel | None, text: str, previous: str | None) -> tuple[Understood, ...]:
    """The two questions of a text, taken apart where both are understood best; none where they can't be, or are one."""
    pairs = halves(text)[:MOST_HALVES]
    if not pairs:
        return ()
    asked = [(part, before) for one, other in pairs for part, before in ((one, previous), (other, one))]
    read = _read(model, asked, tuple(CHOICES))
    understood = [_understood(part, choices) for (part, _), choices in zip(asked, read, strict=True)]
    found = [(understood[n], understood[n + 1]) for n in range(0, len(understood), 2)]
    first, second = max(found, key=lambda pair: pair[0].confidence * pair[1].confidence)
    if UNCLEAR in (first.question.family, second.question.family):
        return ()
    second = _for_listener(second, first.question.listener)
    same = replace(first.question, text="") == replace(second.question, text="")
    return () if same else (first, second)


def _understood(text: str, read: Mapping[str, Mapping[str, float]]) -> Understood:
    family, plain = _likeliest(read["family"]), _as_read(text)
    confidence = read["family"][family]
    if confidence < SURE:
        question = Question(UNCLEAR, plain, closed=is_closed(plain))
    else:
        opposite = read["opposite"][YES]
        chosen = {name: _likeliest(read[name]) for name in NEEDS.get(family, ())}
        chosen["opposite"] = YES if opposite > 0.5 else NO
        question = replace(question_of(plain, family, chosen), doubted=NOT_NEGATED <= opposite < NEGATED)
    return Understood(replace(settled(question), text=text, listener=described_in(text) or ""), confidence)


def _likeliest(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=lambda option: probabilities[option])
