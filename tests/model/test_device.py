"""The device is chosen with its reason."""

from __future__ import annotations

import pytest
import torch

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.device import choose_device


def test_the_chosen_device_comes_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert choose_device() == (torch.device("cpu"), "there is no GPU")
    assert choose_device("cpu") == (torch.device("cpu"), "asked for")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert choose_device() == (torch.device("cuda"), "a GPU is there")


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "0x"])
def test_a_device_that_is_not_there_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match=f"There is no device '{name}' here; choose cpu, or cuda where there is a GPU"):
        SpeechQualityLLM.from_pretrained(device=name)
