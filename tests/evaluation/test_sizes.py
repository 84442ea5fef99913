"""Sizes at full size, counted without weights, and the memory that a step needs."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from sqllm.evaluation.sizes import NF4_BYTES, Memory, PackedLinear, count_parameters, rating_memory, training_memory
from sqllm.model.config import ModelConfig
from sqllm.training.settings import read_settings
from train.large import LargeSettings
from train.sizes import RECIPES

TINY = {"vocab_size": 300, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4}
TINY |= {"num_attention_heads": 4, "num_key_value_heads": 2}
EARS = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
CONFIG = ModelConfig(encoder="ast", audio_tokens=16, projector="linear", prompt="question-first")


@pytest.mark.parametrize(
    ("recipe", "trained"),
    [
        ("paper_ast_finetuned.yaml", (6_815_744, 3_151_360, 7_087_104)),
        ("paper_whisper_frozen.yaml", (6_815_744, 5_249_536, 0)),
    ],
)
def test_what_trains_is_as_large_as_the_paper_says(recipe: str, trained: tuple[int, int, int]) -> None:
    """LoRA 6.82 M, projector 3.15 M (AST) or 5.25 M (Whisper), AST's attention queries 7.09 M."""
    counts = count_parameters(read_settings(LargeSettings, [recipe]).model_config)
    assert (counts.lora, counts.projector, counts.encoder_trained) == trained
    assert counts.llm == 8_030_261_248
    assert counts.trained == sum(trained)


def test_all_of_the_papers_recipes_are_sized() -> None:
    assert all(read_settings(LargeSettings, [name]).model_config.prompt == "question-first" for name in RECIPES)


def memory(**more: object) -> Memory:
    config = dataclasses.replace(CONFIG, quantize=str(more.pop("quantize", "")))
    shape = {"clips": 4, "text": 200, "answer": 8, "double_ended": False, "checkpointing": False} | more
    return training_memory(config, **shape, llm=TINY, encoder=EARS)  # type: ignore[arg-type]


def test_memory_grows_with_the_batch_and_falls_with_checkpointing_and_four_bits() -> None:
    plain = memory()
    assert memory(clips=8).peak > 1.5 * plain.peak - plain.weights
    assert memory(double_ended=True).peak > plain.peak
    assert memory(checkpointing=True).peak < 0.7 * plain.peak
    assert memory(quantize="nf4").weights < 0.6 * plain.weights
    rated = rating_memory(CONFIG, 4, 200, False, llm=TINY, encoder=EARS)
    assert rated.weights == plain.weights
    assert rated.weights < rated.peak < plain.peak


def test_activations_are_those_that_autograd_keeps() -> None:
    """Of a plain chain of products, what is counted is what is really saved for the way back."""
    from sqllm.evaluation.sizes import _peak_of

    with torch.device("meta"):
        chain = torch.nn.Sequential(*[torch.nn.Linear(64, 64, bias=False) for _ in range(8)])
        inputs = torch.zeros(100, 64)
        peak = _peak_of(chain, lambda: chain(inputs).sum().backward())
    one, weight = 100 * 64 * 4, 64 * 64 * 4
    assert 8 * one <= peak <= 10 * one + 9 * weight


def test_a_packed_layer_weighs_what_bitsandbytes_makes_of_it() -> None:
    import bitsandbytes

    real: Any = bitsandbytes.nn.modules.Linear4bit(
        512, 1024, bias=False, quant_type="nf4", compress_statistics=True, compute_dtype=torch.bfloat16
    ).to("cpu")
    state = real.weight.quant_state
    scales = state.absmax.numel() * state.absmax.element_size()
    nested = state.state2.absmax.numel() * state.state2.absmax.element_size()
    packed = PackedLinear(torch.nn.Linear(512, 1024, bias=False)).weight.numel()
    assert packed == pytest.approx(real.weight.numel() + scales + nested, rel=1e-3)
    assert packed == round(512 * 1024 * NF4_BYTES)


def test_the_smallest_card_that_holds_it_is_named() -> None:
    gib = 2**30
    assert Memory(10 * gib, 5 * gib, 0).card == "RTX 3060 (12)"
    assert Memory(11 * gib, 5 * gib, 0).card == "T4, RTX 4080 (16)"
    assert Memory(200 * gib, 5 * gib, 0).card == "none of one card"
