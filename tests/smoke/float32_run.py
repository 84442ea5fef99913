"""`train.large` by so many processes (gloo) in float32, so that sums in another order differ in the last bits only.

python -m tests.smoke.float32_run PROCESSES SETTINGS...
"""

from __future__ import annotations

import multiprocessing
import os
import sys

import torch

import sqllm.model.device as device
from train.large import train_large

PORT = "29517"


def run(rank: int, processes: int, words: list[str]) -> None:
    """What torchrun sets, and one process's part."""
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
    os.environ |= {name: str(value) for name, value in place.items()}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": PORT}
    torch.set_num_threads(1)
    device.choose_dtype = lambda _: (torch.float32, "as this test wants")  # type: ignore[assignment]
    train_large(words)


def main(count: int, words: list[str]) -> None:
    """Start the processes; ends with 1 where one of them failed."""
    if count == 1:
        run(0, 1, words)
        return
    forked = multiprocessing.get_context("fork")
    started = [forked.Process(target=run, args=(rank, count, words)) for rank in range(count)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    sys.exit(any(process.exitcode for process in started))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
