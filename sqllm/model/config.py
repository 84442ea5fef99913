"""What a model is made of, as a checkpoint's JSON stores it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sqllm.scores import ARTIFACT_KINDS, PROFILE_NAMES

_LISTS = ("lora_layers", "artifact_kinds", "profiles")
LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
NO_WORDS = {"words_rank": 0, "words_alpha": 16, "words_from": 0}  # what a checkpoint without words need not name
OUR_LAYOUT = {
    "lora_dropout": 0.0,
    "projector": "two-layer",
    "prompt": "audio-first",
    "encoder_layer": 0,
}  # nor one of ours


@dataclass(frozen=True)
class ModelConfig:
    """What a model is made of. Sources are Hub names or folders; empty ones are the embedded defaults. `nucleus` is the
    share of the probability that the tokens of an answer are drawn from (0: always the likeliest). `artifact_kinds` are
    those it was taught to hear, and is asked for, `profiles` the listeners it was taught to answer for. `words_rank` is
    that of the LoRA that reads and writes text only (0: the model has none), on `lora_layers` of the LLM's blocks from
    `words_from` on. `projector` is two-layer (ours, with the levels beside the frames) or linear (the paper's),
    `prompt` audio-first (read once, asked often) or question-first (the paper's); `encoder_layer` is the block of a
    published encoder that its frames come from (0: the last).
    """

    encoder: str = "compact"
    encoder_source: str = ""
    llm_source: str = ""
    audio_tokens: int = 32
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_layers: tuple[str, ...] = LINEAR_LAYERS
    quantize: str = ""
    trained_encoder: str = "none"
    nucleus: float = 0.0
    artifact_kinds: tuple[str, ...] = ARTIFACT_KINDS
    profiles: tuple[str, ...] = PROFILE_NAMES
    words_rank: int = 0
    words_alpha: int = 16
    words_from: int = 0
    lora_dropout: float = 0.0
    projector: str = "two-layer"
    prompt: str = "audio-first"
    encoder_layer: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {name: list(getattr(self, name)) for name in _LISTS}

    @classmethod
    def of(cls, settings: object) -> ModelConfig:
        """What a training's settings say of a model, by the same names; the rest as by default."""
        said = (f.name for f in fields(cls) if hasattr(settings, f.name))
        return cls(**{name: getattr(settings, name) for name in said})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Raises `ValueError` naming a setting that is missing or unknown."""
        values = {**NO_WORDS, **OUR_LAYOUT, **values}
        check_names(values, [f.name for f in fields(cls)])
        return cls(**{**values, **{name: tuple(values[name]) for name in _LISTS}})


@dataclass(frozen=True)
class EncoderParts:
    """What not every encoder of a kind has (the compact one can): an ear, a `locator` of artifacts of some kinds (none:
    no locator), and an assessor with so many `opinions` of every frame (0: no assessor).
    """

    ear: bool = False
    locator: tuple[str, ...] = ()
    opinions: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"locator": list(self.locator)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> EncoderParts:
        """Raises `ValueError` naming a part that is missing or unknown."""
        check_names(values, [f.name for f in fields(cls)])
        return cls(**{**values, "locator": tuple(values["locator"])})


def check_names(values: Mapping[str, Any], known: Collection[str]) -> None:
    """Raises `ValueError` naming the first of the known names that is missing, or the first that is unknown."""
    if missing := [name for name in known if name not in values]:
        raise ValueError(f"{missing[0]} is missing")
    if unknown := [name for name in values if name not in known]:
        raise ValueError(f"{unknown[0]} is unknown")
