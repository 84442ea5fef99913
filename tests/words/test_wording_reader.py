"""The linear reader of questions: its n-grams, the weights that come with the package, and how it is fitted."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.training.asked_questions import all_wordings
from sqllm.training.reader_fit import fit_reader
from sqllm.words.understanding import CHOICES
from sqllm.words.wording_reader import OTHERS, as_steps, grams, hashed, multiplied, wording_reader


def test_a_typing_error_leaves_most_letter_grams() -> None:
    right, wrong = set(grams("Is there any background noise?")), set(grams("Is there any backgruond noise?"))
    assert len(right & wrong) > 0.7 * len(right)


def test_the_question_before_counts_apart_from_the_question() -> None:
    alone, _ = hashed("And the noise?", None)
    behind, values = hashed("And the noise?", "How bad is the echo?")
    assert set(alone) - set(behind) <= set(hashed("", None)[0])
    assert np.square(values[:-2]).sum() == pytest.approx(2, abs=1e-4)


def test_the_weights_that_come_along_fit_the_choices() -> None:
    reader = wording_reader()
    assert reader.family.shape[1] == len(reader.family_steps) == len(CHOICES["family"])
    assert reader.others.shape[1] == len(reader.other_steps) == sum(len(CHOICES[name]) for name in OTHERS)
    read = reader.read("Is there an echo?", None)
    assert {name: len(logs) for name, logs in read.items()} == {name: len(options) for name, options in CHOICES.items()}
    assert all(np.exp(logs).sum() == pytest.approx(1, abs=1e-4) for logs in read.values())


@pytest.mark.parametrize("text", ["", "?", "😀", "x" * 10_000, "noise " * 2_000])
def test_any_text_is_read_by_the_linear_reader(text: str) -> None:
    assert all(np.isfinite(logs).all() for logs in wording_reader().read(text).values())


def test_a_reader_learns_the_wordings_it_is_fitted_to() -> None:
    wordings = [wording for wording in all_wordings() if wording.family in ("when", "term", "lay")]
    reader = fit_reader(wordings, 2048)
    read = {
        text: reader.read(text)["family"] for text in ("When is the hum?", "What does MOS mean?", "In plain words?")
    }
    assert [CHOICES["family"][int(logs.argmax())] for logs in read.values()] == ["when", "term", "lay"]


def test_weights_as_steps_are_near_what_they_were() -> None:
    weights = np.random.default_rng(0).normal(size=(50, 3))
    whole, steps = as_steps(weights)
    assert np.abs(whole * steps - weights).max() <= steps.max() / 2 + 1e-6


def test_probabilities_of_both_readers_are_multiplied() -> None:
    joint = multiplied({"two": {"no": 0.8, "yes": 0.2}}, {"two": np.log([0.25, 0.75])}, 1.0)["two"]
    assert joint["no"] == pytest.approx(0.2 / 0.35)
    assert multiplied({"two": {"no": 0.8, "yes": 0.2}}, {"two": np.log([0.25, 0.75])}, 0.0)["two"][
        "no"
    ] == pytest.approx(0.8)
