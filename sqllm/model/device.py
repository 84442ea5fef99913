"""The device to run on, and why."""

from __future__ import annotations

import torch


def choose_device(wanted: str | None = None) -> tuple[torch.device, str]:
    """The device to run on, and why: the wanted one, else a GPU where there is one, else the CPU."""
    if wanted:
        return torch.device(wanted), "asked for"
    if torch.cuda.is_available():
        return torch.device("cuda"), "a GPU is there"
    return torch.device("cpu"), "there is no GPU"
