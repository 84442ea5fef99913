"""A linear reader of questions beside the LLM: the n-grams of a question, and of the one before it, weigh for options.

It knows the words that people use better than an LLM of this size does after an hour of training, and the LLM knows
what it never saw: their probabilities are multiplied. Its weights (`reader.npz`, fitted by `train.wordings`) rest on
the wordings alone. n-grams are hashed (Weinberger et al., ICML 2009), those of letters stay within words, so that a
typing error leaves most of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from zlib import crc32

import numpy as np

from sqllm.words.understanding import CHOICES, LONGEST

BUCKETS, SLOT_BUCKETS = 2**14, 2**12  # of the family's n-grams; of all other choices'
LETTERS, WORDS = (2, 3, 4, 5), (1, 2, 3)  # lengths of the n-grams
PREVIOUS = "<"  # before the n-grams of the question before
FILE = "reader.npz"
OTHERS = tuple(name for name in CHOICES if name != "family")


def grams(text: str) -> list[str]:
    """The n-grams of a text: of letters within words, and of words."""
    words = re.findall(r"[^\W_]+(?:'[a-z]+)?|[±%?]", text.lower().replace("’", "'")[:LONGEST])
    found = [" ".join(words[at : at + n]) + "_" for n in WORDS for at in range(len(words) - n + 1)]
    if words:
        found += [f"^{words[0]}", f"^{' '.join(words[:2])}", f"${words[-1]}"]
    for word in words:
        padded = f" {word} "
        found += [padded[at : at + n] for n in LETTERS for at in range(len(padded) - n + 1)]
    return found


def hashed(text: str, previous: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the n-grams of a question and of the one before, and how much each counts: [n-grams] int64, float32;
    those of the question have a length of one together, and so have those before.
    """
    own, before = grams(text), [f"{PREVIOUS}{gram}" for gram in grams(previous or "")]
    values = [np.full(len(some), 1 / max(1, len(some)) ** 0.5, np.float32) for some in (own, before)]
    codes = [crc32(gram.encode()) for gram in (*own, *before, "bias", f"bias{bool(previous)}")]
    return np.array(codes, np.int64), np.concatenate([*values, np.ones(2, np.float32)])


@dataclass(frozen=True)
class WordingReader:
    """Weights as small integers: `family` [buckets, families] and `others` [buckets, all other options], with the size
    of a step for each option, `family_steps` and `other_steps`.
    """

    family: np.ndarray
    others: np.ndarray
    family_steps: np.ndarray
    other_steps: np.ndarray

    def read(self, text: str, previous: str | None = None) -> dict[str, np.ndarray]:
        """The logarithms of the probabilities of the options of every choice, in their order."""
        codes, values = hashed(text, previous)
        family = values @ self.family[codes % len(self.family)] * self.family_steps
        others = values @ self.others[codes % len(self.others)] * self.other_steps
        logits = {"family": family}
        for name in OTHERS:
            logits[name], others = others[: len(CHOICES[name])], others[len(CHOICES[name]) :]
        return {name: values - np.logaddexp.reduce(values) for name, values in logits.items()}


def as_steps(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights [buckets, options] as int8 and the size of a step, [options]."""
    steps = np.abs(weights).max(axis=0).clip(1e-9) / 127
    return np.round(weights / steps).astype(np.int8), steps.astype(np.float32)


@cache
def wording_reader() -> WordingReader:
    """The reader that comes with the package."""
    with (files("sqllm.words") / FILE).open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return WordingReader(**{name: stored[name] for name in stored.files})


def multiplied(
    read: Mapping[str, Mapping[str, float]], beside: Mapping[str, np.ndarray], weight: float
) -> dict[str, dict[str, float]]:
    """Probabilities by option times those of the reader to the power of `weight`, made to sum to one again."""
    joint = {}
    for name, options in read.items():
        logs = np.log(np.array(list(options.values())) + 1e-9) + weight * beside[name]
        shares = np.exp(logs - np.logaddexp.reduce(logs))
        joint[name] = dict(zip(options, shares.tolist(), strict=True))
    return joint
