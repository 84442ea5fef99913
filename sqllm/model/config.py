"""What a model is made of, as a checkpoint's JSON stores it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class ModelConfig:
    """What a model is made of. Sources are Hub names or folders; empty ones are the embedded defaults. `nucleus` is the
    share of the probability that the tokens of an answer are drawn from (0: always the likeliest).
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
    extra: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"lora_layers": list(self.lora_layers)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ModelConfig:
        return cls(**(values | {"lora_layers": tuple(values["lora_layers"])}))
