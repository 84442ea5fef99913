"""Reading scores and faults off next-token probabilities."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sqllm.judge.readout import SPEECH, Heard, Reading, Vocabulary, join_digits, read_tokens
from sqllm.listeners.profiles import PROFILES, TYPICAL, get_profile, with_words
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, GRID, HeardArtifact, Score
from sqllm.signal.changes import unchanged
from tests.tiny import random_tokens, tiny_model


@pytest.fixture(scope="module")
def model() -> SpeechQualityModel:
    model = tiny_model()
    with torch.no_grad():
        for name, weight in model.llm.named_parameters():
            if weight.ndim == 2 and "lora" not in name:
                weight.mul_(6)
        model.projector.scale.fill_(1.0)
    return model


@pytest.fixture(scope="module")
def words(model: SpeechQualityModel) -> Vocabulary:
    return Vocabulary.of(model)


@pytest.fixture(scope="module")
def tokens() -> torch.Tensor:
    return random_tokens(5)


def assert_same(one: dict[str, Score], other: dict[str, Score]) -> None:
    for dimension in DIMENSIONS:
        np.testing.assert_allclose(one[dimension].probabilities, other[dimension].probabilities, atol=1e-4)


def test_joined_digits_are_a_distribution_over_the_grid() -> None:
    rng = np.random.default_rng(0)
    first = rng.dirichlet(np.ones(5))
    seconds = {digit: rng.dirichlet(np.ones(10)) for digit in (1, 2, 3, 4)}
    joint = join_digits(first, seconds)
    assert joint.shape == GRID.shape
    assert joint.sum() == pytest.approx(1)
    assert joint[GRID == 3.7] == pytest.approx(first[2] * seconds[3][7])
    assert joint[GRID == 5.0] == pytest.approx(first[4])
    for digit in (1, 2, 3, 4):
        assert joint[(digit - 1) * 10 : digit * 10].sum() == pytest.approx(first[digit - 1])


def test_certain_digits_give_a_certain_score() -> None:
    seconds = {digit: np.eye(10)[6] for digit in (1, 2, 3, 4)}
    score = Score.from_probabilities(join_digits(np.eye(5)[2], seconds))
    assert (score.mean, score.std) == (pytest.approx(3.6), pytest.approx(0, abs=1e-6))


def test_the_five_scores_are_those_that_the_logits_spell(words: Vocabulary) -> None:
    reading = Reading.of(words, [TYPICAL], [*ARTIFACT_KINDS, SPEECH])
    spelled = dict(zip(DIMENSIONS, (1.0, 2.3, 3.6, 4.9, 5.0), strict=True))
    logits = torch.full((len(reading.positions()), len(words.model.tokenizer)), -9.0)
    rows = {position: row for row, position in enumerate(reading.positions())}
    for dimension, node in reading.scores[0].items():
        digit, tenth = divmod(round(spelled[dimension] * 10), 10)
        logits[rows[reading.tree.last(node.block)], words.digits[digit]] = 30
        if digit < 5:
            logits[rows[reading.tree.last(node.branches[digit])], words.digits[tenth]] = 30
    for index, (kind, node_) in enumerate(reading.faults.items()):
        choice = words.speech[1] if kind == SPEECH else words.faults[index % 4]
        logits[rows[reading.tree.last(node_)], choice] = 30
    heard = reading.read(logits, words)
    assert {name: round(score.mean, 3) for name, score in heard.scores[0].items()} == spelled
    severities = ("slight", "moderate", "strong")
    expected = [HeardArtifact(k, severities[i % 4 - 1]) for i, k in enumerate(ARTIFACT_KINDS) if i % 4]
    assert heard.artifacts() == tuple(expected)
    assert heard.speech == pytest.approx(1)


def test_a_branch_is_asked_behind_its_digit_and_the_point(words: Vocabulary) -> None:
    reading = Reading.of(words, [TYPICAL])
    node = reading.scores[0]["noisiness"]
    start, stop = reading.tree.spans[node.branches[3]]
    assert words.model.tokenizer.decode(reading.tree.ids[start:stop]) == "3."
    start, stop = reading.tree.spans[node.block]
    assert words.model.tokenizer.decode(reading.tree.ids[start:stop]) == "Noise: "
    assert reading.tree.parents[node.branches[3]] == node.block


def test_several_listeners_read_together_as_each_alone(
    model: SpeechQualityModel, words: Vocabulary, tokens: torch.Tensor
) -> None:
    listeners = [*PROFILES.values(), with_words(PROFILES["strict-expert"], "hates hiss, late at night")]
    together = read_tokens(model, Reading.of(words, listeners, ["hum", SPEECH]), tokens[:2])
    for index, listener in enumerate(listeners):
        alone = read_tokens(model, Reading.of(words, [listener]), tokens[:2])
        for clip in range(2):
            assert_same(dict(together[clip].scores[index]), dict(alone[clip].scores[0]))
    means = [heard["mos"].mean for heard in together[0].scores]
    assert np.ptp(means) > 0.01


def test_what_was_said_about_a_listener_moves_the_scores_of_the_nearest_one(
    model: SpeechQualityModel, words: Vocabulary, tokens: torch.Tensor
) -> None:
    listeners = [TYPICAL, get_profile("does not mind noise"), get_profile("hates noise")]
    for clip in read_tokens(model, Reading.of(words, listeners), tokens):
        plain, content, upset = clip.scores
        assert upset["noisiness"].mean < plain["noisiness"].mean < content["noisiness"].mean
        assert upset["mos"].mean < plain["mos"].mean < content["mos"].mean
        assert content["loudness"].mean == pytest.approx(plain["loudness"].mean)
        assert content["mos"].probabilities.sum() == pytest.approx(1)
        assert content["mos"].mean == pytest.approx(
            get_profile("does not mind noise").habits.rate({d: s.mean for d, s in plain.items()})["mos"]
        )
    alone = read_tokens(model, Reading.of(words, listeners, dimensions=("mos",)), tokens)
    assert [one.scores[1]["mos"].mean for one in alone] == pytest.approx(
        [one.scores[1]["mos"].mean for one in read_tokens(model, Reading.of(words, listeners), tokens)], abs=1e-3
    )


def test_faults_are_read_the_same_whoever_else_is_asked(
    model: SpeechQualityModel, words: Vocabulary, tokens: torch.Tensor
) -> None:
    everything = read_tokens(model, Reading.of(words, [TYPICAL], [*ARTIFACT_KINDS, SPEECH]), tokens)
    alone = read_tokens(model, Reading.of(words, [], ["echo"]), tokens)
    for one, other in zip(everything, alone, strict=True):
        assert set(one.faults) == {*ARTIFACT_KINDS, SPEECH}
        assert all(values.sum() == pytest.approx(1) for values in one.faults.values())
        np.testing.assert_allclose(one.faults["echo"], other.faults["echo"], atol=1e-4)


@pytest.mark.parametrize("paired", [False, True])
def test_clips_are_read_the_same_in_batches_of_any_size(
    model: SpeechQualityModel, words: Vocabulary, tokens: torch.Tensor, paired: bool
) -> None:
    reading, reference = Reading.of(words, [TYPICAL]), unchanged(tokens.flip(1)) if paired else None
    by_two = read_tokens(model, reading, tokens, reference, batch=2)
    at_once = read_tokens(model, reading, tokens, reference, batch=8)
    assert len(by_two) == len(at_once) == len(tokens)
    for one, other in zip(by_two, at_once, strict=True):
        assert_same(dict(one.scores[0]), dict(other.scores[0]))
    assert np.ptp([heard.scores[0]["mos"].mean for heard in at_once]) > 0.01


def test_what_is_more_likely_absent_is_not_heard() -> None:
    faults = {"hum": np.array([0.51, 0.49, 0, 0]), "echo": np.array([0.49, 0.2, 0.01, 0.3])}
    heard = Heard((), faults)
    assert heard.artifacts() == (HeardArtifact("echo", "strong"),)
    (echo,) = heard.artifacts()
    assert (echo.probability, echo.certain) == (pytest.approx(0.51), False)
    assert heard.speech == 1.0
    assert replace(heard, faults={SPEECH: np.array([0.8, 0.2])}).speech == 0.2


def test_a_tokenizer_that_joins_digits_is_refused() -> None:
    class Joined:
        turns = SimpleNamespace(to_answer="")

        def encode_text(self, text: str) -> list[int]:
            return [hash(text) % 1_000]

    with pytest.raises(ValueError, match="does not write digits as tokens of their own"):
        Vocabulary.of(Joined())  # type: ignore[arg-type]
