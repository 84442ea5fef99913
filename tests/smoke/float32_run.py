"""`train.large` in float32, so that sums in another order differ in the last bits only: started by torchrun."""

from __future__ import annotations

import sys

import torch

import sqllm.model.device as device
from train.large import train_large

if __name__ == "__main__":
    torch.set_num_threads(1)
    device.choose_dtype = lambda _: (torch.float32, "as this test wants")  # type: ignore[assignment]
    train_large(sys.argv[1:])
