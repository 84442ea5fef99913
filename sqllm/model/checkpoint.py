"""Save and load models: what was trained as safetensors and one JSON, and where the base LLM comes from.

This file alone knows names of repositories, wheels and checksums.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sqllm.model.base_llm import BASE_LLM_NAME, CheckpointError, add_lora, load_llm, sha256
from sqllm.model.config import ModelConfig
from sqllm.model.device import CPU, choose_device
from sqllm.model.encoders.base import AudioEncoder
from sqllm.model.encoders.load import load_encoder
from sqllm.model.speech_llm import SpeechQualityModel

DEFAULT_CHECKPOINT = Path(__file__).resolve().parents[2] / "assets" / "checkpoints" / "compact"
WEIGHTS_NAME, CONFIG_NAME = "model.safetensors", "sqllm.json"


def new_model(
    config: ModelConfig,
    dtype: torch.dtype = torch.bfloat16,
    seed: int = 0,
    encoder_of: Path | None = None,
    device: torch.device = CPU,
) -> SpeechQualityModel:
    """A model to train: base LLM with fresh LoRA, fresh projector, the encoder from its source or as it is in another
    checkpoint, `encoder_of`. All on one device. Raises `ValueError` where that holds none.
    """
    torch.manual_seed(seed)
    llm, tokenizer = load_llm(config, dtype, device)
    encoder = load_encoder(config.encoder, config.encoder_source or None)
    if encoder_of is not None:
        try:
            adopt_encoder(encoder, encoder_of)
        except CheckpointError as problem:
            raise ValueError(f"Give encoder_source=.../distill_mos_v7.pt: {problem}") from problem
    model = SpeechQualityModel(encoder, add_lora(llm, config), tokenizer, config)
    choose_trained_parameters(model)
    return model.to(device)


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

    In float32, with LoRA merged into the LLM (kept apart under NF4). Raises `CheckpointError`, and `ValueError` where
    the device is not there.
    """
    place, _ = choose_device(device)
    folder = _checkpoint_folder(source)
    config, state = _read_checkpoint(folder)
    if quantize is not None:
        config = replace(config, quantize=quantize)
    try:
        llm, tokenizer = load_llm(config, torch.float32, place)
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
    model.requires_grad_(False).eval().to(place)
    name = folder.name if source is None or Path(source).is_dir() else str(source)
    return model, {"name": name, "revision": sha256(folder / WEIGHTS_NAME)[:12]}


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
