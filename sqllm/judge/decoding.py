"""Answers in words, a sentence at a time: one that can't be proven is not said, but drawn again, at last composed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from sqllm.model.language_model import LanguageModel

LONGEST_ANSWER = 96  # tokens
MOST_DRAWS = 2  # of one answer: composing one is faster than a third
_SENTENCE_ENDS = re.compile(r"""[.!?]["')]?\s""")


def tell(
    model: LanguageModel,
    cache: Any,
    asked: list[int],
    seed: int,
    proven: Callable[[str, bool], bool] = lambda text, whole: True,
    composed: Callable[[], str] = str,
) -> Iterator[str]:
    """The answer behind a remembered prefix and a question's tokens, in sentences, the same every time.

    `proven` is told the text so far with each new sentence, and whether that is the whole answer. Where it objects, the
    answer goes on from the sentence before in other words (other draws from the model, by `seed`). After `MOST_DRAWS`
    draws it ends there if it is whole so, else with what is `composed`: nothing that is not proven is ever said.
    Between sentences an empty string comes for every token, so that whoever reads can stop at any time.
    """
    said: list[int] = []
    shown = ""
    for draw in range(MOST_DRAWS):
        drawn = model.answer_tokens(cache, asked + said, LONGEST_ANSWER - len(said), seed + draw)
        with closing(drawn):
            for text, tokens, whole in _sentences(model, said, drawn):
                if not tokens:
                    yield ""
                elif not proven(text, whole):
                    break
                else:
                    yield text[len(shown) :]
                    said, shown = tokens, text
            else:
                if shown:
                    return
    if not shown or not proven(shown, True):
        yield f" {composed()}" if shown else composed()


def _sentences(model: LanguageModel, said: list[int], drawn: Iterator[int]) -> Iterator[tuple[str, list[int], bool]]:
    """The whole text, its tokens and whether it ends, as of each sentence that is complete, and `("", [], False)` for
    every token before it.
    """
    begun, written = len(said), list(said)
    for token in drawn:
        if _SENTENCE_ENDS.search(_text(model, [*written[begun:], token])):
            yield _text(model, written), list(written), False
            begun = len(written)
        written.append(token)
        yield "", [], False
    if len(written) > begun:
        yield _text(model, written), written, True


def _text(model: LanguageModel, tokens: list[int]) -> str:
    return model.tokenizer.decode(tokens, skip_special_tokens=True).removesuffix("\ufffd")
