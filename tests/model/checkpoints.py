"""Tiny models to save and load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from sqllm.model.checkpoint import CONFIG_NAME, new_model
from sqllm.model.config import ModelConfig
from sqllm.model.speech_llm import SpeechQualityModel


def config_for(llm_folder: Path, **more: Any) -> ModelConfig:
    return ModelConfig(llm_source=str(llm_folder), audio_tokens=8, lora_rank=4, **more)


def trained_model(config: ModelConfig) -> SpeechQualityModel:
    """A new model whose LoRA and projector are no longer as they began."""
    model = new_model(config, torch.float32)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.copy_(0.2 * torch.randn(weight.shape, generator=generator))
        model.projector.scale.fill_(2.0)
    return model.eval()


def trained_along(
    llm_folder: Path, sources: dict[str, str], kind: str, choice: str, seed: int = 0, **more: Any
) -> SpeechQualityModel:
    """A new model of a kind of encoder, its projector's scale the seed."""
    config = config_for(llm_folder, encoder=kind, encoder_source=sources[kind], trained_encoder=choice, **more)
    model = new_model(config, torch.float32, seed)
    torch.nn.init.constant_(model.projector.scale, seed)
    for name in model.encoder.queries():
        torch.nn.init.constant_(model.encoder.get_parameter(name), seed)
    return model


def json_of(folder: Path) -> Any:
    return json.loads((folder / CONFIG_NAME).read_text())


def sentence(problem: Exception) -> str:
    message = str(problem)
    assert "\n" not in message
    assert message.endswith(".")
    return message
