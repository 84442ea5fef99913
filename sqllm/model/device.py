"""The device to run on and the dtype to train in, each with its reason in words."""

from __future__ import annotations

import ctypes
import sys

import torch

CPU = torch.device("cpu")


def choose_device(wanted: str | None = None) -> tuple[torch.device, str]:
    """The device to run on, and why: the wanted one, else a GPU where there is one, else the CPU.

    Raises `ValueError` with a sentence where the wanted one is not there.
    """
    if wanted:
        return _device_named(wanted), "asked for"
    if torch.cuda.is_available():
        return torch.device("cuda"), "a GPU is there"
    return CPU, "there is no GPU"


def _device_named(name: str) -> torch.device:
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as problem:  # of PyTorch's, without a GPU and for names it does not know
        raise ValueError(f"There is no device {name!r} here; choose cpu, or cuda where there is a GPU.") from problem


def choose_dtype(device: torch.device) -> tuple[torch.dtype, str]:
    """The LLM's dtype while it trains, and why: bfloat16 where the device computes in it, else float32.

    Emulated, it only costs: on a CPU without it (x86 without AVX512-BF16 or AMX) a matrix product takes six times as
    long. float16 is no way out: its losses would have to be scaled, and the activations of large LLMs pass its 65504.
    """
    if device.type == "cuda":
        with torch.cuda.device(device):
            able = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        able = any(capabilities.get(unit) for unit in ("avx512_bf16", "amx_bf16"))
    else:
        return torch.float32, f"it is not known whether {device.type} computes in bfloat16"
    what = "GPU" if device.type == "cuda" else "CPU"
    if able:
        return torch.bfloat16, f"this {what} computes in it"
    return torch.float32, f"this {what} does not compute in bfloat16"


def training_precision(device: torch.device, dtype: torch.dtype | None = None) -> torch.autocast:
    """The context of a training pass on a device: where `dtype` (left out: that of `choose_dtype`) is bfloat16, float32
    weights compute in it too.
    """
    wanted = dtype or choose_dtype(device)[0]
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted == torch.bfloat16)


def return_freed_memory() -> None:
    """Give what was freed back to the system: glibc keeps it for later, half a gigabyte once an LLM was loaded."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
