"""The device and the type of number are chosen with their reasons."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.base_llm import load_llm
from sqllm.model.config import ModelConfig
from sqllm.model.device import choose_device, choose_dtype, training_precision
from tests.tiny import save_tiny_llm, tiny_llm

CPU = torch.device("cpu")


def test_the_chosen_device_comes_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert choose_device() == (CPU, "there is no GPU")
    assert choose_device("cpu") == (CPU, "asked for")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert choose_device() == (torch.device("cuda"), "a GPU is there")


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "0x"])
def test_a_device_that_is_not_there_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match=f"There is no device '{name}' here; choose cpu, or cuda where there is a GPU"):
        SpeechQualityLLM.from_pretrained(device=name)


@pytest.mark.parametrize(
    ("able", "wanted"),
    [({"avx2": True}, torch.float32), ({"amx_bf16": True}, torch.bfloat16), ({"avx512_bf16": True}, torch.bfloat16)],
)
def test_a_cpu_trains_in_bfloat16_where_it_computes_in_it(
    able: dict[str, bool], wanted: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    reason = "this CPU computes in it" if wanted == torch.bfloat16 else "this CPU does not compute in bfloat16"
    assert choose_dtype(CPU) == (wanted, reason)
    with training_precision(CPU):
        assert torch.nn.functional.linear(torch.ones(2, 4), torch.ones(3, 4)).dtype == wanted
    with training_precision(CPU, torch.bfloat16):
        assert torch.nn.functional.linear(torch.ones(2, 4), torch.ones(3, 4)).dtype == torch.bfloat16


@pytest.mark.parametrize("native", [True, False])
def test_a_gpu_trains_in_bfloat16_where_it_does_not_only_emulate_it(
    native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A T4 says that it supports bfloat16, until it is asked about emulation."""
    monkeypatch.setattr(torch.cuda, "device", nullcontext)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or native)
    dtype, reason = choose_dtype(torch.device("cuda"))
    assert dtype == (torch.bfloat16 if native else torch.float32)
    assert reason == ("this GPU computes in it" if native else "this GPU does not compute in bfloat16")


@pytest.mark.parametrize(("quantize", "place"), [("nf4", {"": "cuda:1"}), ("", None)])
def test_an_llm_in_four_bits_comes_straight_onto_the_wanted_device(
    quantize: str, place: dict[str, str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("bitsandbytes")
    asked: list[dict[str, Any]] = []

    def loads(source: str, **settings: Any) -> Any:
        asked.append(settings)
        return tiny_llm()

    config = ModelConfig(llm_source=str(save_tiny_llm(tmp_path)), quantize=quantize)
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", loads)
    load_llm(config, torch.float32, torch.device("cuda:1"))
    assert [settings["device_map"] for settings in asked] == [place]


def test_an_unknown_device_trains_in_float32() -> None:
    dtype, reason = choose_dtype(torch.device("meta"))
    assert (dtype, reason) == (torch.float32, "it is not known whether meta computes in bfloat16")
