"""The LLM that reads and writes words alone: the base LLM with a LoRA of its own, beside the one that listens.

It never hears audio, and the one that listens never has this LoRA: scores are the same with it and without.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sqllm.model.base_llm import add_lora, load_llm
from sqllm.model.config import ModelConfig
from sqllm.model.device import CPU, choose_dtype, return_freed_memory
from sqllm.model.language_model import LanguageModel
from sqllm.model.weights import fill

PREFIX = "words."  # of its weights' names in a checkpoint


def lora_weights(model: LanguageModel) -> dict[str, Tensor]:
    """The LoRA of an LLM, themselves, not copies; none where it is merged."""
    return {name: weight for name, weight in model.llm.state_dict().items() if "lora_" in name}


def new_words(
    config: ModelConfig, dtype: torch.dtype = torch.bfloat16, seed: int = 0, device: torch.device = CPU
) -> LanguageModel:
    """The base LLM with fresh LoRA of `config.words_rank`, to train."""
    torch.manual_seed(seed)
    llm, tokenizer = load_llm(config, dtype, device)
    return LanguageModel(add_lora(llm, config, words=True), tokenizer, config.nucleus).to(device)


def load_words(weights: Mapping[str, Tensor], config: ModelConfig, device: torch.device = CPU) -> LanguageModel:
    """The base LLM with trained LoRA, to use: merged into it (kept apart under NF4), then in bfloat16 where the device
    computes in it, since words, unlike scores, don't depend on the last bits.

    Raises `ValueError` naming a weight that is missing, has no place or another shape.
    """
    model = new_words(config, torch.float32, device=device)
    fill(lora_weights(model), weights)
    if not config.quantize:
        model.llm = model.llm.merge_and_unload().to(choose_dtype(device)[0])
        return_freed_memory()
    return model.requires_grad_(False).eval()


def stored_words(folder: Path) -> dict[str, Tensor]:
    """The LoRA for words that a checkpoint's folder holds, by the LLM's names."""
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    return {name.removeprefix(PREFIX): weight for name, weight in weights.items() if name.startswith(PREFIX)}


def with_words(folder: Path, words: LanguageModel, config: ModelConfig, card: Mapping[str, Any], out: Path) -> None:
    """Write a checkpoint's folder anew with other words in it, and what their training tells; all else stays bit for
    bit. `config` holds their rank.
    """
    from safetensors.torch import load_file, save_file

    kept = {
        name: tensor for name, tensor in load_file(folder / "model.safetensors").items() if not name.startswith(PREFIX)
    }
    ours = {f"{PREFIX}{name}": weight.detach().half().contiguous() for name, weight in lora_weights(words).items()}
    content = json.loads((folder / "sqllm.json").read_text(encoding="utf-8"))
    made = {name: getattr(config, name) for name in ("words_rank", "words_alpha", "words_from", "extra")}
    names = {**content["weights"], "words": sorted(lora_weights(words))}
    content = {**content, "config": content["config"] | made, **card, "weights": names}
    out.mkdir(parents=True, exist_ok=True)
    save_file(kept | ours, out / "model.safetensors")
    (out / "model.safetensors").chmod(0o644)
    (out / "sqllm.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
