"""From selected facts to words: by the LLM where it learnt to, proven sentence by sentence; composed else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from sqllm.judge.decoding import tell
from sqllm.model.language_model import LanguageModel
from sqllm.words.fact_check import unproven
from sqllm.words.questions import Question
from sqllm.words.selection.selected import Selected
from sqllm.words.sentences.say import say

SAYS = "says"  # of a checkpoint's configuration: the families of questions whose answers its LLM for words says well
# Always composed: what they say is no fact of the clip, so that nothing could prove it.
FIXED_FAMILIES = frozenset({"term", "off-topic", "other-language", "compare"})
SPEECHLESS_FAMILIES = frozenset({"measurement", "speech-share", *FIXED_FAMILIES})  # those that need no scores


@dataclass(frozen=True)
class Wording:
    """What is to be said to a question as `request` words it; the same words every time. What is not `checked` is said
    as the LLM drafts it first.
    """

    request: str
    question: Question
    selected: Selected
    checked: bool = True

    def composed(self) -> str:
        """The answer without any LLM."""
        return say(self.selected, np.random.default_rng(self._seed(self.selected.text())))

    def proven(self, text: str, whole: bool) -> bool:
        """Whether a text, so far or as a whole, says only what was selected."""
        return not self.checked or not unproven(text, self.selected, whole)

    def _seed(self, read: str) -> int:
        return crc32((self.request + read).encode())

    def by_words(self, words: LanguageModel) -> Iterator[str]:
        """The words of the LLM that reads and writes text only, behind the selected facts and the question."""
        read = f"{self.selected.text()}{self.question.text}"
        asked = words.encode_text(f"{read}{words.turns.to_answer}")
        remembered = words.remember_text(words.turns.opening)
        return tell(words, remembered, asked, self._seed(read), self.proven, self.composed)
