"""Answers in words, a sentence at a time: one that contradicts what was heard is not said, but drawn again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from sqllm.model.speech_llm import SpeechQualityModel

LONGEST_ANSWER = 96  # tokens
MOST_DRAWS = 6  # of one answer
_SENTENCE_ENDS = re.compile(r"""[.!?]["')]?\s""")


def tell(
    model: SpeechQualityModel,
    cache: Any,
    asked: list[int],
    seed: int,
    contradicts: Callable[[str], bool] = lambda text: False,
) -> Iterator[str]:
    """The answer behind a remembered prefix and a question's tokens, in sentences, the same every time.

    `contradicts` is told the text so far with each new sentence. Where it objects, the answer goes on from the sentence
    before in other words (other draws from the model, by `seed`), and ends there after `MOST_DRAWS` draws; an answer
    whose first sentence is never right is said as it was drawn last. Between sentences an empty string comes for every
    token, so that whoever reads can stop at any time.
    """
    said: list[int] = []
    shown = sentence = ""
    for draw in range(MOST_DRAWS):
        drawn = model.answer_tokens(cache, asked + said, LONGEST_ANSWER - len(said), seed + draw)
        with closing(drawn):
            for sentence, tokens in _sentences(model, said, drawn):
                if not tokens:
                    yield ""
                elif contradicts(sentence):
                    break
                else:
                    yield sentence[len(shown) :]
                    said, shown = tokens, sentence
            else:
                return
    if not said:
        yield sentence


def _sentences(model: SpeechQualityModel, said: list[int], drawn: Iterator[int]) -> Iterator[tuple[str, list[int]]]:
    """The whole text and its tokens as of each sentence that is complete, and `("", [])` for every token before it."""
    begun, written = len(said), list(said)
    for token in drawn:
        if _SENTENCE_ENDS.search(_text(model, [*written[begun:], token])):
            yield _text(model, written), list(written)
            begun = len(written)
        written.append(token)
        yield "", []
    if len(written) > begun:
        yield _text(model, written), written


def _text(model: SpeechQualityModel, tokens: list[int]) -> str:
    return model.tokenizer.decode(tokens, skip_special_tokens=True).removesuffix("\ufffd")
