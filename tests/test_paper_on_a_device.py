"""The paper's prompt on a device that is no hardware, and how often sound crosses to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from sqllm.model.base_llm import add_lora
from sqllm.model.checkpoint import choose_trained_parameters
from sqllm.model.encoders.load import load_encoder
from sqllm.model.question_first import PromptBatch, answer_loss, write_prompt
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.training.large_data import Audio
from tests.logical_device import NAME, is_there, logical_device
from tests.tiny import TINY_CONFIG, byte_tokenizer, save_tiny_encoder, tiny_llm

CONFIG = dataclasses.replace(TINY_CONFIG, encoder="whisper", projector="linear", prompt="question-first")


@pytest.fixture(autouse=True)
def device() -> Iterator[None]:
    with logical_device():
        yield


def model_on(place: str, folder: Path, kind: str = "whisper", trained: str = "none") -> SpeechQualityModel:
    config = dataclasses.replace(CONFIG, encoder=kind, trained_encoder=trained)
    torch.manual_seed(0)
    encoder = load_encoder(kind, save_tiny_encoder(kind, folder))
    torch.manual_seed(1)
    llm = add_lora(tiny_llm().requires_grad_(False), config)
    model = SpeechQualityModel(encoder, llm, byte_tokenizer(), config)
    choose_trained_parameters(model)
    return model.to(place)


def loss_of(model: SpeechQualityModel) -> torch.Tensor:
    """Of two answers to two clips beside their references, heard by an encoder that trains."""
    prompts = [write_prompt(model, "How good?", "The MOS is 3.1."), write_prompt(model, "Why?", "Noise.")]
    waves = 0.1 * torch.randn(2, 8000, generator=torch.Generator().manual_seed(0))
    heard = Audio(waves=waves, lengths=torch.tensor([8000, 6000])).heard_by(model)
    return answer_loss(model, PromptBatch.of(prompts, 2 * CONFIG.audio_tokens), heard, heard)


@pytest.mark.parametrize("kind", ["ast", "whisper"])
def test_a_training_step_is_the_same_on_another_device(tmp_path: Path, kind: str) -> None:
    losses, gradients = [], []
    for place in (NAME, "cpu"):
        model = model_on(place, tmp_path, kind, trained="queries")
        loss = loss_of(model)
        loss.backward()
        losses.append(float(loss.cpu()))
        trained = [p.grad for p in model.parameters() if p.requires_grad]
        gradients.append(sum(float(g.cpu().abs().sum()) for g in trained if g is not None))
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-3)
    assert gradients[0] > 0


@pytest.mark.parametrize("kind", ["ast", "whisper"])
def test_sound_crosses_to_the_device_once_and_never_back(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, back = model_on(NAME, tmp_path, kind), []
    whole = torch.Tensor.cpu

    def watched(tensor: torch.Tensor) -> torch.Tensor:
        back.append(is_there(tensor))
        return whole(tensor)

    monkeypatch.setattr(torch.Tensor, "cpu", watched)
    with torch.inference_mode():
        tokens = model.audio_tokens(torch.randn(2, 8000), torch.tensor([8000, 6000]))
    assert is_there(tokens)
    assert not any(back)
