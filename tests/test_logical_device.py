"""The logical device refuses what a GPU refuses, and does the rest with the same results."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tests.logical_device import NAME, is_there, logical_device, parts_elsewhere


@pytest.fixture(autouse=True)
def logical() -> Iterator[None]:
    with logical_device():
        yield


def ramp(*shape: int) -> Tensor:
    return torch.arange(float(np.prod(shape))).reshape(shape)


MIXTURES: dict[str, Callable[[Tensor, Tensor], object]] = {
    "sum": lambda here, there: here + there,
    "product in place": lambda here, there: there.mul_(here),
    "concatenation": lambda here, there: torch.cat([there, here]),
    "matrix product": lambda here, there: there @ here.T,
    "linear layer": lambda here, there: nn.functional.linear(here, there),
    "embedding": lambda here, there: nn.functional.embedding(here.long(), there),
    "choice": lambda here, there: torch.where(here > 1, there, there),
    "mask": lambda here, there: there.masked_fill(here > 1, 0.0),
    "gather": lambda here, there: there.gather(1, here.long().clamp(max=1)),
    "index into the CPU": lambda here, there: here[there[:, 0].long().clamp(max=1)],
    "values put in": lambda here, there: there.index_put((torch.tensor([0]),), here[:1]),
    "CPU with a number that is there": lambda here, there: here * there.sum(),
    "result given": lambda here, there: torch.add(there, there, out=torch.empty_like(here)),
}


@pytest.mark.parametrize("inference", [True, False])
@pytest.mark.parametrize("mixture", MIXTURES)
def test_a_mixture_of_devices_is_refused(mixture: str, inference: bool) -> None:
    with (
        torch.inference_mode(inference),
        pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"),
    ):
        MIXTURES[mixture](ramp(3, 2), ramp(3, 2).to(NAME))


ALLOWED: dict[str, Callable[[Tensor], Tensor]] = {
    "arithmetic": lambda x: (2 * x + 1).clamp(min=3) / 7,
    "number of no dimension": lambda x: x * torch.tensor(3.0),
    "indices on the CPU": lambda x: x[torch.tensor([2, 0])] + x[[0, 1]],
    "slices and views": lambda x: x.T[:, 1:].reshape(-1)[None].expand(2, -1),
    "in place": lambda x: x.clone().add_(1).mul_(2),
    "put": lambda x: x.index_put((torch.tensor([1]),), x[:1]),
    "made on the device": lambda x: x + torch.arange(2, device=x.device) + torch.tensor([1.0, 2.0], device=x.device),
    "made alike": lambda x: x + torch.ones_like(x) + x.new_tensor([3.0, 4.0]),
    "spectrum": lambda x: torch.view_as_real(torch.fft.rfft(x)),
    "attention": lambda x: nn.functional.scaled_dot_product_attention(x[None], x[None], x[None])[0],
    "convolution": lambda x: nn.functional.conv1d(x[None], torch.ones(1, 3, 2, device=x.device))[0],
    "best": lambda x: x.topk(1).values + x.cumsum(0),
}


@pytest.mark.parametrize("inference", [True, False])
@pytest.mark.parametrize("allowed", ALLOWED)
def test_what_a_gpu_does_is_done_with_the_same_result(allowed: str, inference: bool) -> None:
    with torch.inference_mode(inference):
        there = ALLOWED[allowed](ramp(3, 2).to(NAME))
        assert is_there(there)
        torch.testing.assert_close(there.cpu(), ALLOWED[allowed](ramp(3, 2)))


def test_copies_go_both_ways() -> None:
    there, here = ramp(3, 2).to(NAME), torch.zeros(3, 2)
    here[1] = there[1]
    there[0] = here[1]
    assert here.tolist() == [[0, 0], [2, 3], [0, 0]]
    assert there.tolist() == [[2, 3], [2, 3], [4, 5]]
    assert not is_there(there.to("cpu"))
    assert is_there(here.to(there))
    assert (there.sum().item(), int(there[0, 0]), bool((there > 1).all())) == (19, 2, True)


def test_numpy_is_refused_before_the_way_back() -> None:
    there = torch.ones(2, device=NAME)
    conversions: list[Callable[[Tensor], object]] = [lambda x: x.numpy(), np.asarray]
    for conversion in conversions:
        with pytest.raises(TypeError, match="can't convert logical device type tensor to numpy"):
            conversion(there)
    assert there.cpu().numpy().tolist() == [1, 1]


def test_a_module_moves_with_all_its_parts_and_keeps_its_parameters() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    before = list(module.parameters())
    assert len(list(parts_elsewhere(module))) == 7
    module.to(NAME)
    assert list(parts_elsewhere(module)) == []
    assert all(one is other for one, other in zip(before, module.parameters(), strict=True))
    assert list(parts_elsewhere(copy.deepcopy(module))) == []


def stepped(device: str) -> nn.Module:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1)).to(device)
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        module(ramp(3, 2).to(device)).square().mean().backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
    return module


def test_training_steps_are_those_of_the_cpu() -> None:
    there = stepped(NAME)
    assert list(parts_elsewhere(there)) == []
    for one, other in zip(there.parameters(), stepped("cpu").parameters(), strict=True):
        torch.testing.assert_close(one.detach().cpu(), other.detach())


def test_a_step_on_inputs_of_the_cpu_is_refused() -> None:
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        nn.Linear(2, 3).to(NAME)(ramp(3, 2))


def test_what_is_saved_is_loaded_on_the_cpu() -> None:
    file = io.BytesIO()
    torch.save({"weight": ramp(3, 2).to(NAME)}, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=True)["weight"]
    assert not is_there(loaded)
    assert torch.equal(loaded, ramp(3, 2))


def test_a_forked_process_can_use_the_cpu_alone() -> None:
    there = torch.ones(2, device=NAME)

    def answer(use: Callable[[Any], object]) -> object:
        steps: Any = range(1)
        loader: DataLoader[Any] = DataLoader(
            steps, batch_size=None, num_workers=1, collate_fn=use, multiprocessing_context="fork"
        )
        return next(iter(loader))

    assert answer(lambda _: float(torch.ones(2).sum())) == 2.0
    with pytest.raises(RuntimeError, match="in forked subprocess"):
        answer(lambda _: float(there.sum()))


def test_what_was_made_in_inference_mode_is_read_outside_of_it() -> None:
    with torch.inference_mode():
        there = 2 * ramp(3, 2).to(NAME)
    assert there.is_inference()
    assert [row.tolist() for row in there] == (2 * ramp(3, 2)).tolist()
    with pytest.raises(RuntimeError, match="nference"):
        nn.Linear(2, 3).to(NAME)(there)
    before = ramp(3, 2).to(NAME)
    with torch.inference_mode():
        assert before[1:].tolist() == [[2, 3], [4, 5]]


def test_autocast_is_passed_over() -> None:
    there = ramp(3, 2).to(NAME)
    with torch.autocast(NAME, torch.bfloat16):
        assert nn.Linear(2, 3).to(NAME)(there.split([1, 1], dim=1)[0].expand(3, 2)).dtype == torch.float32
