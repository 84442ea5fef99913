"""In which precision training computes: bfloat16 where the device does that natively."""

from __future__ import annotations

import torch


def training_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device computes in it, else float32: on a CPU that only emulates it (x86 without AVX512-BF16
    or AMX) a matrix product takes six times as long.
    """
    if device.type != "cpu":
        return torch.bfloat16
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def training_precision(device: torch.device, dtype: torch.dtype | None = None) -> torch.autocast:
    """The context of a training pass: float32 weights compute in `dtype` (left out: `training_dtype`) too."""
    wanted = dtype or training_dtype(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted == torch.bfloat16)
