"""The model as a whole: batches, caches, references and one golden forward pass."""

from __future__ import annotations

from types import GeneratorType

import numpy as np
import pytest
import torch

from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.readout import Reading, Vocabulary, read_tokens
from sqllm.listeners.profiles import TYPICAL
from sqllm.model.config import ModelConfig
from sqllm.model.prompt_tree import PromptTree
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import Clip
from sqllm.signal.changes import CHANGES, unchanged
from tests.tiny import buzz, random_tokens, speech_like, tiny_model

LENGTHS = torch.full((4,), 32_000)


@pytest.fixture(scope="module")
def model() -> SpeechQualityModel:
    """The tiny model with larger weights and settled norms: its scores hang on the audio as a trained model's do."""
    model = tiny_model()
    for norm in model.encoder.modules():
        if isinstance(norm, torch.nn.BatchNorm1d):
            norm.momentum = 1.0
            norm.train()
    with torch.no_grad():
        model.encoder(torch.from_numpy(np.stack([buzz(2.0, seed) for seed in range(20, 24)])), LENGTHS)
    model.eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in model.llm.named_parameters():
            if "lora_B" in name:
                weight.copy_(0.1 * torch.randn(weight.shape, generator=generator))
            elif weight.ndim == 2 and "lora" not in name:
                weight.mul_(6)
        model.projector.scale.fill_(1.0)
        model.projector.reference_segment.copy_(torch.randn(64, generator=generator))
    return model


@pytest.fixture(scope="module")
def judge(model: SpeechQualityModel) -> SpeechQualityLLM:
    return SpeechQualityLLM(model, {"name": "tiny", "revision": "0"})


def clip_of(seconds: float, seed: int = 0) -> Clip:
    return Clip(speech_like(seconds, seed), f"{seed}.wav")


def means(hearing: Hearing) -> np.ndarray:
    return np.array([hearing.scores()[dimension].mean for dimension in DIMENSIONS])


def test_score_does_not_change_with_its_batch(judge: SpeechQualityLLM) -> None:
    clips = [clip_of(1.0 + 0.8 * seed, seed) for seed in range(8)]
    together = [means(hearing) for hearing in judge.listen_many([(clip, None) for clip in clips])]
    for clip, beside in zip(clips[:4], together, strict=False):
        assert np.abs(means(judge.listen(clip)) - beside).max() < 1e-3
    assert np.ptp(together, axis=0).max() > 0.3


def test_rows_come_back_in_order_when_the_order_changes(judge: SpeechQualityLLM) -> None:
    one, other = clip_of(2.0, 1), clip_of(4.0, 2)
    forth = judge.listen_many([(one, None), (other, None)])
    back = judge.listen_many([(other, None), (one, None)])
    assert [hearing.clip.name for hearing in back] == ["2.wav", "1.wav"]
    np.testing.assert_allclose(means(forth[0]), means(back[1]), atol=1e-3)
    np.testing.assert_allclose(means(forth[1]), means(back[0]), atol=1e-3)


@pytest.mark.parametrize("with_reference", [False, True])
def test_cached_and_plain_path_read_the_same(judge: SpeechQualityLLM, with_reference: bool) -> None:
    clip = clip_of(2.5, 5)
    hearing = judge.listen(clip, clip if with_reference else None)
    reading = Reading.of(Vocabulary.of(judge.model), [TYPICAL])
    plain = read_tokens(judge.model, reading, hearing.degraded, hearing.reference_tokens)[0].scores[0]
    for dimension, score in hearing.scores().items():
        np.testing.assert_allclose(score.probabilities, plain[dimension].probabilities, atol=1e-4)


def test_the_cache_is_left_as_it_was(model: SpeechQualityModel) -> None:
    torch.manual_seed(0)
    tree = PromptTree()
    stem = tree.add(model.encode_text("\nRate."))
    tree.add(model.encode_text("Noise: "), stem)
    with torch.inference_mode():
        cache = model.remember(model.prefix(random_tokens(1)))
        before = [layer.keys.clone() for layer in cache.layers]
        heard = cache.get_seq_length()
        first = model.continue_from(cache, tree)
        tokens = list(model.answer_tokens(cache, model.encode_text("\nWhy?"), 12, seed=3))
        halfway = model.answer_tokens(cache, model.encode_text("\nWhy?"), 12, seed=3)
        next(halfway)
        assert isinstance(halfway, GeneratorType)
        halfway.close()
        assert cache.get_seq_length() == heard
        for layer, keys in zip(cache.layers, before, strict=True):
            assert torch.equal(layer.keys, keys)
        torch.testing.assert_close(model.continue_from(cache, tree), first, atol=1e-6, rtol=1e-6)
        assert list(model.answer_tokens(cache, model.encode_text("\nWhy?"), 12, seed=3)) == tokens
    assert 0 < len(tokens) <= 12


def test_answers_are_drawn_by_their_seed_from_the_nucleus() -> None:
    model = tiny_model()
    with torch.inference_mode():
        tokens = random_tokens(1)
        cache = model.remember(model.prefix(tokens))

        def answers(nucleus: float) -> set[tuple[int, ...]]:
            model.nucleus = nucleus
            asked = model.encode_text("\nWhy?")
            return {tuple(model.answer_tokens(cache, asked, 6, seed)) for seed in (1, 2, 3, 1, 2, 3)}

        assert len(answers(0.8)) == 3
        assert len(answers(0.0)) == 1


def test_asking_changes_neither_scores_nor_later_answers(judge: SpeechQualityLLM) -> None:
    clip, other = clip_of(2.0, 6), clip_of(2.0, 7)
    asked, fresh = judge.listen(clip), judge.listen(clip)
    first = asked.ask("Why would a listener rate it like that?").text
    asked.ask("Is there noise?", profile="strict-expert")
    assert asked.ask("Why would a listener rate it like that?").text == first
    assert fresh.ask("Why would a listener rate it like that?").text == first
    np.testing.assert_array_equal(means(asked), means(fresh))
    assert judge.listen(other).ask("Why would a listener rate it like that?").text != first


def test_listeners_and_questions_are_heard(judge: SpeechQualityLLM) -> None:
    hearing = judge.listen(clip_of(2.0, 6))
    answers = {hearing.ask(question).text for question in ("Is it noisy?", "Is it loud?", "Describe the voice.")}
    assert len(answers) == 3
    strict = hearing.scores("strict-expert")
    assert max(abs(strict[name].mean - score.mean) for name, score in hearing.scores().items()) > 0.01


def test_the_reference_changes_the_scores(judge: SpeechQualityLLM) -> None:
    clean = clip_of(3.0, 8)
    noise = np.random.default_rng(0).normal(0, 0.005, len(clean.samples)).astype(np.float32)
    degraded = Clip(clean.samples + noise, "noisy.wav")
    alone = means(judge.listen(degraded))
    compared, itself = judge.listen(degraded, clean), judge.listen(degraded, degraded)
    assert compared.reference_tokens is not None
    assert np.abs(means(compared) - alone).max() > 0.01
    assert np.abs(means(compared) - means(itself)).max() > 0.01


def test_a_reference_equal_to_the_clip_adds_only_its_segment(model: SpeechQualityModel) -> None:
    tokens = random_tokens(2)
    with torch.inference_mode():
        prefix = model.prefix(tokens, unchanged(tokens))
        opening = prefix.shape[1] - 16
        torch.testing.assert_close(prefix[:, :-8], model.prefix(tokens))
        torch.testing.assert_close(prefix[:, opening + 8 :], model.projector.reference_segment.expand(2, 8, -1))


def test_what_changed_is_heard_once_it_is_learnt(model: SpeechQualityModel) -> None:
    tokens, fresh = random_tokens(1), tiny_model()
    same, changed = (torch.cat([tokens, torch.full((1, 8, CHANGES), value)], dim=2) for value in (0.0, 1.0))
    with torch.inference_mode():
        torch.testing.assert_close(fresh.prefix(tokens, same), fresh.prefix(tokens, changed))
        torch.nn.init.ones_(fresh.projector.changes.weight)
        difference = fresh.prefix(tokens, changed) - fresh.prefix(tokens, same)
    torch.testing.assert_close(difference[:, -8:], torch.full_like(difference[:, -8:], CHANGES))
    assert not difference[:, :-8].any()


def test_audio_tokens_have_the_norm_of_text(model: SpeechQualityModel) -> None:
    fresh = tiny_model()
    text = fresh.llm.get_input_embeddings().weight
    with torch.inference_mode():
        audio = fresh.projector(random_tokens(3))
    assert audio.shape == (3, 8, 64)
    torch.testing.assert_close(audio.square().mean().sqrt(), text.square().mean().sqrt(), atol=0, rtol=0.05)


def test_only_the_llms_lora_projector_and_encoder_can_train() -> None:
    trained = {name for name, weight in tiny_model().llm.named_parameters() if weight.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)
    for layer in ("q_proj", "down_proj"):
        assert any(layer in name for name in trained)


def test_the_forward_pass_gives_the_numbers_it_gave_when_it_was_written(model: SpeechQualityModel) -> None:
    """Golden: what changes these numbers changes every score of every published checkpoint."""
    clip = np.sin(np.arange(24_000) * 0.05, dtype=np.float64) * np.linspace(0.05, 0.3, 24_000)
    tree = PromptTree()
    stem = tree.add(model.encode_text("\nRate this clip."))
    tree.add(model.encode_text("Noise: "), stem)
    with torch.inference_mode():
        tokens = model.audio_tokens(torch.from_numpy(clip).float()[None], torch.tensor([24_000]))
        reference = unchanged(tokens.flip(1))
        states = model(model.prefix(tokens, reference), [tree])[0]
        logits = model.logits(states[-1])
    np.testing.assert_allclose(
        tokens[0, 3, [0, 1, 2, 200, 201]], [-0.73803, -0.588599, 0.233416, 1.404399, 1.253364], rtol=1e-4
    )
    np.testing.assert_allclose(states[tree.last(stem), :4], [-0.919183, -0.283244, 1.373555, 1.615844], rtol=1e-4)
    np.testing.assert_allclose(logits[[10, 20, 30, 40]], [-0.004862, 0.250882, -1.577414, 0.069587], rtol=1e-4)


def test_a_configuration_survives_json() -> None:
    config = ModelConfig(encoder="whisper", lora_layers=("q_proj",), extra={"temperatures": {"mos": 0.5}})
    assert ModelConfig.from_json(config.to_json()) == config
