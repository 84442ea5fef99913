"""What checkpoints are made from: a tiny LLM, tiny encoders, and a checkpoint that nobody changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sqllm.model.checkpoint import save_checkpoint
from sqllm.model.config import EncoderParts
from sqllm.model.encoders.compact import CompactEncoder
from tests.model.checkpoints import config_for, trained_model
from tests.tiny import save_tiny_encoder, save_tiny_llm


@pytest.fixture(scope="session")
def llm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What encoders are loaded from; the compact one has all parts, and weights that float16 holds exactly."""
    folder = tmp_path_factory.mktemp("encoders")
    encoder = CompactEncoder(EncoderParts(ear=True, locator=("packet-loss", "hum"), opinions=7))
    for weight in encoder.state_dict().values():
        if weight.is_floating_point():
            weight.add_(0.03 * torch.rand_like(weight)).copy_(weight.half())
    encoder.save(folder / "tuned.safetensors")
    tiny = {kind: save_tiny_encoder(kind, folder / kind) for kind in ("ast", "whisper")}
    return {"compact": str(folder / "tuned.safetensors"), **tiny}


@pytest.fixture(scope="session")
def saved(llm_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "mine"
    save_checkpoint(trained_model(config_for(llm_folder)), folder, {"step": 7})
    return folder
