"""A tiny seeded model with every part of the real one, made in a second: for tests of behaviour, not of accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.base_llm import add_lora
from sqllm.model.config import ModelConfig
from sqllm.model.encoders.base import AudioEncoder
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.signal.audio import SAMPLE_RATE, set_level

TINY_CONFIG = ModelConfig(audio_tokens=8, lora_rank=4)


def byte_tokenizer() -> Any:
    """Every byte is a token; the chat marks are tokens of their own."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: index for index, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    fast.chat_template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    return fast


def tiny_llm(seed: int = 0) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(byte_tokenizer()),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
    )
    return LlamaForCausalLM(config)


def save_tiny_llm(folder: Path) -> Path:
    """The tiny LLM and its tokenizer as a folder, as any LLM of a user."""
    tiny_llm().save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


def tiny_model(seed: int = 0, encoder: AudioEncoder | None = None) -> SpeechQualityModel:
    llm = tiny_llm(seed).requires_grad_(False)
    torch.manual_seed(seed)
    model = SpeechQualityModel(encoder or CompactEncoder(), add_lora(llm, TINY_CONFIG), byte_tokenizer(), TINY_CONFIG)
    return model.eval()


def tiny_judge() -> SpeechQualityLLM:
    return SpeechQualityLLM(tiny_model(), {"name": "tiny", "revision": "0"})


def speech_like(seconds: float = 3.0, seed: int = 0, level: float = -26.0) -> np.ndarray:
    """Bursts of a buzzing voice with pauses, at an active level in dBov: [n] float32 at 16 kHz."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    buzz = sum(np.sin(h * phase) / h for h in range(1, 25))
    knots = rng.uniform(0, 1, max(4, int(seconds * 8))) * (rng.uniform(0, 1, max(4, int(seconds * 8))) > 0.3)
    envelope = np.interp(time, np.linspace(0, seconds, len(knots)), knots) + 1e-4
    return set_level((buzz * envelope).astype(np.float32), level)


def tone(hertz: float, level: float = 0.0) -> torch.Tensor:
    """A second of a tone, its amplitude in dB of full scale: [1, samples]."""
    phases = 2 * np.pi * hertz * np.arange(SAMPLE_RATE) / SAMPLE_RATE
    return torch.from_numpy(10 ** (level / 20) * np.sin(phases)).float()[None]
