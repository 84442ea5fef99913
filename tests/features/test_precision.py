"""Training computes in bfloat16 only where the device does so natively."""

from __future__ import annotations

import pytest
import torch

from sqllm.features.precision import training_dtype, training_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("able", "wanted"),
    [({"avx2": True}, torch.float32), ({"amx_bf16": True}, torch.bfloat16), ({"avx512_bf16": True}, torch.bfloat16)],
)
def test_a_cpu_computes_in_bfloat16_where_it_can(
    able: dict[str, bool], wanted: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert training_dtype(CPU) == wanted
    assert training_dtype(torch.device("cuda")) == torch.bfloat16
    with training_precision(CPU):
        assert torch.nn.functional.linear(torch.ones(2, 4), torch.ones(3, 4)).dtype == wanted
    with training_precision(CPU, torch.bfloat16):
        assert torch.nn.functional.linear(torch.ones(2, 4), torch.ones(3, 4)).dtype == torch.bfloat16
