"""How fast training is: tokens and clips a second, and which share of the card's arithmetic that is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import torch

# Dense bfloat16 operations a second by the makers' data sheets, the longest name first where one holds another.
PEAKS = {
    "H200": 989e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "RTX 4090": 165e12,
    "RTX 3090": 71e12,
    "L4": 121e12,
    "T4": 65e12,
}


def peak_of(name: str) -> float | None:
    """A card's peak in bfloat16 operations a second, by its name; none where it is not known."""
    return next((peak for card, peak in PEAKS.items() if card in name), None)


@dataclass
class Throughput:
    """Counts what is read between two readings. `operations` are those that a token costs."""

    operations: float
    tokens: int = 0
    clips: int = 0
    since: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, model: Any, checkpointing: bool) -> Throughput:
        """A token costs two operations a weight on the way there, two on the way back through frozen weights (their own
        gradients are not needed), and two more where blocks are computed again (Kaplan et al., 2020).
        """
        weights = sum(weight_count(p) for p in model.llm.parameters())
        embedded = model.llm.get_input_embeddings().weight.numel()
        return cls((6.0 if checkpointing else 4.0) * (weights - embedded))

    def count(self, tokens: int, clips: int) -> None:
        self.tokens, self.clips = self.tokens + tokens, self.clips + clips

    def read(self, device: torch.device, processes: int = 1) -> dict[str, float]:
        """Figures since the last reading, of all processes where each does as much as this one."""
        seconds = max(1e-9, time.monotonic() - self.since)
        figures = {
            "tokens_per_second": processes * self.tokens / seconds,
            "clips_per_second": processes * self.clips / seconds,
        }
        if device.type == "cuda":
            figures["peak_gib"] = torch.cuda.max_memory_allocated(device) / 2**30
            if peak := peak_of(torch.cuda.get_device_name(device)):
                figures["share_of_peak"] = self.operations * self.tokens / seconds / peak
        self.tokens, self.clips, self.since = 0, 0, time.monotonic()
        return figures


def weight_count(parameter: torch.nn.Parameter) -> int:
    """How many weights a parameter stands for: 4-bit ones are packed by the two (and, for FSDP, into wider numbers)."""
    state = getattr(parameter, "quant_state", None)
    return int(state.shape.numel()) if state is not None else parameter.numel()
