"""`train.large` by so many processes (gloo) in float32, so that sums in another order differ in the last bits only.

python -m tests.smoke.float32_run [--sharded] [--stop-at STEP] PROCESSES SETTINGS...
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from typing import Any

import torch
from accelerate import Accelerator
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

import sqllm.model.device as device
from sqllm.training.large_trainer import LargeTrainer
from train.large import train_large

PORT = "29517"


def shard(_: Accelerator, module: torch.nn.Module, optimizer: torch.optim.Optimizer) -> tuple[Any, Any]:
    """What accelerate's `prepare` does for FSDP on GPUs (it does nothing of it on CPUs): every block's weights lie in
    shards with the processes, and the optimizer steps on the shards.
    """
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    owned = [[names[id(parameter)] for parameter in group["params"]] for group in optimizer.param_groups]
    for block in [part for part in module.modules() if type(part).__name__ == "LlamaDecoderLayer"]:
        fully_shard(block)
    fully_shard(module)
    sharded = dict(module.named_parameters())
    assert all(isinstance(parameter, DTensor) for parameter in sharded.values())
    for group, of_group in zip(optimizer.param_groups, owned, strict=True):
        group["params"] = [sharded[name] for name in of_group]
    return module, optimizer


def stop_at(last: int) -> None:
    """Let a training end before a step, as if it were killed."""
    step = LargeTrainer._step

    def stopped(trainer: LargeTrainer, passes: list[Any]) -> float:
        if trainer.step == last:
            raise KeyboardInterrupt
        return step(trainer, passes)

    setattr(LargeTrainer, "_step", stopped)  # noqa: B010 (a method is no variable to mypy)


def run(rank: int, options: argparse.Namespace) -> None:
    """What torchrun sets, and one process's part."""
    count = options.processes
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    os.environ |= {name: str(value) for name, value in place.items()}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": PORT}
    torch.set_num_threads(1)
    device.choose_dtype = lambda _: (torch.float32, "as this test wants")  # type: ignore[assignment]
    if options.sharded:
        Accelerator.prepare = shard
    if options.stop_at is not None:
        stop_at(options.stop_at)
    train_large(options.settings)


def main(options: argparse.Namespace) -> None:
    """Start the processes; ends with 1 where one of them failed."""
    if options.processes == 1:
        run(0, options)
        return
    forked = multiprocessing.get_context("fork")
    started = [forked.Process(target=run, args=(rank, options)) for rank in range(options.processes)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    sys.exit(any(process.exitcode for process in started))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sharded", action="store_true")
    parser.add_argument("--stop-at", type=int)
    parser.add_argument("processes", type=int)
    parser.add_argument("settings", nargs="*")
    main(parser.parse_args())
