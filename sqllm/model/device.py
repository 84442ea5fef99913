"""The device to run on, and why."""

from __future__ import annotations

import torch


def choose_device(wanted: str | None = None) -> tuple[torch.device, str]:
    """The device to run on, and why: the wanted one, else a GPU where there is one, else the CPU.

    Raises `ValueError` with a sentence where the wanted one is not there.
    """
    if wanted:
        return _device_named(wanted), "asked for"
    if torch.cuda.is_available():
        return torch.device("cuda"), "a GPU is there"
    return torch.device("cpu"), "there is no GPU"


def _device_named(name: str) -> torch.device:
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as problem:  # of PyTorch's, without a GPU and for names it does not know
        raise ValueError(f"There is no device {name!r} here; choose cpu, or cuda where there is a GPU.") from problem
