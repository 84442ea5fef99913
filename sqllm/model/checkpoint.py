"""Save and load models: a folder with the weights that can't be had elsewhere as safetensors, and one JSON.

    {"config": what the model is made of (`ModelConfig`),
     "encoder_parts": what not every encoder of its kind has (`EncoderParts`),
     ... what its training tells about it ...,
     "weights": {"encoder": [names], "projector": [names], "llm": [names], "words": [names]}}

The weights are LoRA (that which listens, and that for words alone), the projector and, of the encoder, what was
trained; a `compact` encoder's are all there. Loading goes by the JSON, and refuses by its name what is missing or has
no place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sqllm.model.base_llm import BASE_LLM_NAME, CheckpointError, add_lora, load_llm, sha256
from sqllm.model.config import EncoderParts, ModelConfig, check_names
from sqllm.model.device import CPU, choose_device, choose_dtype, return_freed_memory
from sqllm.model.encoders.base import BESIDE, AudioEncoder
from sqllm.model.encoders.load import encoder_to_fill, load_encoder
from sqllm.model.language_model import LanguageModel
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.model.weights import check_fit, fill
from sqllm.model.words_llm import load_words, lora_weights
from sqllm.resources import assets_folder
from sqllm.signal.changes import CHANGES

DEFAULT_CHECKPOINT = assets_folder() / "checkpoints" / "compact"
WEIGHTS_NAME, CONFIG_NAME = "model.safetensors", "sqllm.json"
MODEL_PARTS = ("encoder", "projector", "llm", "words")
MAKE = (
    "encoder",
    "encoder_layer",
    "projector",
    "prompt",
    "lora_rank",
    "lora_alpha",
    "lora_layers",
)  # in which a checkpoint to train on from must agree

Weights = dict[str, dict[str, Tensor]]  # of each of `MODEL_PARTS`, under the part's own names


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint's folder holds."""

    folder: Path
    config: ModelConfig
    encoder_parts: EncoderParts
    weights: Weights


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
    if encoder_of is None:
        encoder = load_encoder(config.encoder, config.encoder_source, config.encoder_layer)
    else:
        try:
            encoder = encoder_from_checkpoint(encoder_of, config.encoder)
        except CheckpointError as problem:
            raise ValueError(f"Give encoder_source=.../distill_mos_v7.pt: {problem}") from problem
    model = SpeechQualityModel(encoder, add_lora(llm, config), tokenizer, config)
    choose_trained_parameters(model)
    return model.to(device)


def choose_trained_parameters(model: SpeechQualityModel) -> None:
    """Projector and LoRA train; of the encoder `none`, its attention `queries`, or `all` (config.trained_encoder)."""
    chosen = set(_trained_of(model.encoder, model.config.trained_encoder))
    for name, parameter in model.encoder.named_parameters():
        parameter.requires_grad_(name in chosen)


def _trained_of(encoder: AudioEncoder, choice: str) -> list[str]:
    """Names of the encoder's parameters that train under a choice of `trained_encoder`."""
    if choice not in ("none", "queries", "all"):
        raise ValueError(f"trained_encoder is {choice!r}; choose none, queries or all.")
    if choice == "all":
        return [name for name, _ in encoder.named_parameters()]
    return encoder.queries() if choice == "queries" else []


def carried_weights(model: SpeechQualityModel) -> Weights:
    """The weights of a model that a checkpoint carries, themselves, not copies: projector, LoRA, and of the encoder
    what was trained or can't be had elsewhere.
    """
    words = {} if model.words is None else lora_weights(model.words)
    return {"encoder": _of_encoder(model.encoder, model.config), **_beside_encoder(model), "words": words}


def _of_encoder(encoder: AudioEncoder, config: ModelConfig) -> dict[str, Tensor]:
    weights, trained = encoder.state_dict(), _trained_of(encoder, config.trained_encoder)
    return weights if config.encoder == "compact" else {name: weights[name] for name in trained}


def _beside_encoder(model: SpeechQualityModel) -> Weights:
    return {"projector": model.projector.state_dict(), "llm": lora_weights(model)}


def stored_config(source: str | os.PathLike[str]) -> ModelConfig:
    """What the model of a checkpoint is made of; raises `CheckpointError` where there is none."""
    return _read_checkpoint(_checkpoint_folder(source)).config


def encoder_from_checkpoint(folder: Path, kind: str) -> AudioEncoder:
    """An encoder as it is in a checkpoint (the `compact` default carries its trunk); raises `CheckpointError` where
    that has none of the kind.
    """
    stored = _read_checkpoint(_checkpoint_folder(folder))
    if stored.config.encoder != kind:
        raise CheckpointError(f"{folder} has no {kind} encoder but {stored.config.encoder}.")
    return _stored_encoder(stored)


def adopt_weights(model: SpeechQualityModel, *folders: Path) -> None:
    """Give a model to train what was trained in a checkpoint of the same make, or the mean of several, to train on from
    there. An encoder that was not trained there stays as it is here.

    Raises `CheckpointError` naming a setting or a weight in which they differ.
    """
    checkpoints = [_read_checkpoint(_checkpoint_folder(folder)) for folder in folders]
    begun = replace(model.config, trained_encoder=checkpoints[0].config.trained_encoder)
    places = _beside_encoder(model)
    if begun.trained_encoder != "none":
        places["encoder"] = _of_encoder(model.encoder, begun)
        if lost := sorted(places["encoder"].keys() - _of_encoder(model.encoder, model.config).keys()):
            raise CheckpointError(
                f"{folders[0]} has trained encoder.{lost[0]}, which a model with "
                f"trained_encoder={model.config.trained_encoder} would not keep."
            )
    for stored in checkpoints:
        _check_make(stored, begun)
        _check_fit(stored, places, "the model to train")
    for part, own in places.items():
        fill(own, {name: _mean([stored.weights[part][name] for stored in checkpoints]) for name in own})


def _mean(weights: Sequence[Tensor]) -> Tensor:
    return torch.stack([weight.float() for weight in weights]).mean(dim=0)


def _check_make(stored: Checkpoint, config: ModelConfig) -> None:
    for name in MAKE:
        its, ours = getattr(stored.config, name), getattr(config, name)
        if its != ours:
            raise CheckpointError(f"{stored.folder} does not fit the model to train: its {name} is {its}, not {ours}.")


def _check_fit(stored: Checkpoint, places: Weights, what: str = "its own configuration") -> None:
    try:
        check_fit(_full_names(places), _full_names({part: stored.weights[part] for part in places}))
    except ValueError as problem:
        raise CheckpointError(f"{stored.folder} does not fit {what}: {problem}.") from problem


def _full_names(weights: Weights) -> dict[str, Tensor]:
    """Weights under the names that they have in the whole model, as the safetensors have them."""
    return {f"{part}.{name}": weight for part, named in weights.items() for name, weight in named.items()}


def save_checkpoint(
    model: SpeechQualityModel,
    folder: Path,
    card: dict[str, Any] | None = None,
    gathered: Mapping[str, Tensor] | None = None,
) -> None:
    """Write `model.safetensors` (float16, the projector float32) and `sqllm.json` into a folder. `gathered` are whole
    weights, under the model's names, of which this process holds only shards.

    Raises `ValueError` for a model whose LoRA is merged into its LLM, as rating has it.
    """
    from safetensors.torch import save_file

    carried = carried_weights(model)
    if not carried["llm"]:
        raise ValueError("This model can't be saved: it was loaded to rate, and its LoRA is merged into its LLM.")
    whole = {name: (gathered or {}).get(name, weight) for name, weight in _full_names(carried).items()}
    state = {
        name: weight.half() if weight.is_floating_point() and not name.startswith("projector.") else weight.contiguous()
        for name, weight in whole.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / WEIGHTS_NAME)
    (folder / WEIGHTS_NAME).chmod(0o644)
    # A compact trunk travels in the checkpoint: where it once came from is of no use to anybody else.
    config = replace(model.config, encoder_source="") if model.config.encoder == "compact" else model.config
    content = {
        "config": config.to_json(),
        "encoder_parts": model.encoder.parts.to_json(),
        **(card or {}),
        "weights": {part: sorted(weights) for part, weights in carried.items()},
    }
    (folder / CONFIG_NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load_checkpoint(
    source: str | os.PathLike[str] | None = None, device: str | None = None, quantize: str | None = None
) -> tuple[SpeechQualityModel, dict[str, str]]:
    """A model to rate with, and its name and revision: a folder, a Hub id, or the embedded default.

    In float32, with LoRA merged into the LLM; kept apart where the LLM is quantised, which computes in bfloat16 where a
    GPU does. Raises `CheckpointError`, and `ValueError` where
    the device is not there.
    """
    place, _ = choose_device(device)
    folder = _checkpoint_folder(source)
    stored = _read_checkpoint(folder)
    config = stored.config if quantize is None else replace(stored.config, quantize=quantize)
    encoder = _stored_encoder(stored)
    try:
        # What has 4 bits gains nothing from computing in 32, which on a GPU costs several times as much.
        dtype = choose_dtype(place)[0] if config.quantize and place.type == "cuda" else torch.float32
        # First, as its LoRA is merged in float32: beside the other LLM that would be the most memory ever held.
        words = _stored_words(stored, config, place)
        llm, tokenizer = load_llm(config, dtype, place)
    except OSError as problem:
        raise CheckpointError(
            f"{folder} needs {config.llm_source or BASE_LLM_NAME}, which can't be loaded."
        ) from problem
    try:
        llm = add_lora(llm, config)
    except ValueError as problem:
        raise CheckpointError(
            f"{folder} can't be loaded: its LLM has no {' or '.join(config.lora_layers)}."
        ) from problem
    model = SpeechQualityModel(encoder, llm, tokenizer, config)
    _fill(stored, _beside_encoder(model))
    if not config.quantize:
        model.llm = model.llm.merge_and_unload()
    model.words = words
    model.requires_grad_(False).eval().to(place)
    return_freed_memory()
    name = folder.name if source is None or Path(source).is_dir() else str(source)
    revision = sha256(folder / WEIGHTS_NAME)[:12] + (f"-{quantize}" if quantize else "")  # which moves scores too
    return model, {"name": name, "revision": revision}


def _stored_words(stored: Checkpoint, config: ModelConfig, device: torch.device) -> LanguageModel | None:
    """What reads and writes words, of a checkpoint; of the embedded one where it has none but the same LLM below."""
    if not config.words_rank and not config.llm_source and stored.folder != DEFAULT_CHECKPOINT:
        default = _read_checkpoint(DEFAULT_CHECKPOINT)
        return _stored_words(default, replace(default.config, quantize=config.quantize), device)
    try:
        return load_words(stored.weights["words"], config, device) if config.words_rank else None
    except ValueError as problem:
        raise CheckpointError(f"{stored.folder} does not fit its own configuration: words.{problem}.") from problem


def _fill(stored: Checkpoint, places: Weights) -> None:
    _check_fit(stored, places)
    for part, own in places.items():
        fill(own, stored.weights[part])


def _stored_encoder(stored: Checkpoint) -> AudioEncoder:
    """The encoder of a checkpoint, with its weights: the stored ones, the others from its source."""
    config = stored.config
    try:
        encoder = encoder_to_fill(config.encoder, config.encoder_source, stored.encoder_parts, config.encoder_layer)
        places = {"encoder": _of_encoder(encoder, config)}
    except OSError as problem:
        raise CheckpointError(f"{stored.folder} needs {config.encoder_source}, which can't be loaded.") from problem
    except ValueError as problem:
        raise CheckpointError(f"{stored.folder} can't be loaded: {problem}") from problem
    _fill(stored, places)
    return encoder


def _read_checkpoint(folder: Path) -> Checkpoint:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        content = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
        tensors = load_file(folder / WEIGHTS_NAME)
    except (ValueError, SafetensorError) as problem:
        raise CheckpointError(f"{folder} is broken: its {CONFIG_NAME} or {WEIGHTS_NAME} can't be read.") from problem
    try:
        check_names(content, [*content, "config", "encoder_parts", "weights"])  # what a card tells beside is free
        config = ModelConfig.from_json(content["config"])
        parts = EncoderParts.from_json(content["encoder_parts"])
        return Checkpoint(folder, config, parts, _with_new_inputs(_named_weights(content["weights"], tensors)))
    except ValueError as problem:
        raise CheckpointError(f"{folder} is broken: in its {CONFIG_NAME}, {problem}.") from problem
    except TypeError as problem:
        raise CheckpointError(f"{folder} is broken: its {CONFIG_NAME} is not that of a checkpoint.") from problem


def _named_weights(names: Mapping[str, Sequence[str]], tensors: Mapping[str, Tensor]) -> Weights:
    """Weights by part of the model; raises `ValueError` where names and weights are not the same."""
    names = {"words": [], **names}
    check_names(names, MODEL_PARTS)
    full_names = [f"{part}.{name}" for part in MODEL_PARTS for name in names[part]]
    if missing := [name for name in full_names if name not in tensors]:
        raise ValueError(f"{missing[0]} is named, which {WEIGHTS_NAME} lacks")
    if unnamed := sorted(tensors.keys() - set(full_names)):
        raise ValueError(f"{unnamed[0]} is not named, which {WEIGHTS_NAME} holds")
    return {part: {name: tensors[f"{part}.{name}"] for name in names[part]} for part in MODEL_PARTS}


def _with_new_inputs(weights: Weights) -> Weights:
    """Weights of a checkpoint whose projector was given less beside the frames, or of a reference's changes, than there
    is now: what is new says nothing to it.
    """
    projector, now = dict(weights["projector"]), {"changes.weight": CHANGES}
    if "norm.weight" in projector:
        now["layers.0.weight"] = projector["norm.weight"].numel() + BESIDE
    for name, inputs in now.items():
        taught = projector.get(name)
        if taught is not None and taught.dim() == 2 and taught.shape[1] < inputs:
            projector[name] = nn.functional.pad(taught, (0, inputs - taught.shape[1]))
    return {**weights, "projector": projector}


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
