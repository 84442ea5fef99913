"""Every recipe at tiny size: 20 steps with falling loss, saved, loaded, evaluated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from sqllm.model.checkpoint import load_checkpoint
from sqllm.training.settings import read_settings
from tests.training.large_runs import tiny_settings
from train.evaluate import EvaluateSettings, paper_lines
from train.large import LargeSettings, train_large
from train.sizes import RECIPES

RUNS = [(recipe, mode) for recipe in RECIPES for mode in (0, 1)] + [("full.yaml", 0.5)]
# What makes a recipe tiny; all else is as it says.
TINY = ("audio_tokens=8", "steps=20", "warmup=2", "validate_every=10", "validate_clips=4", "workers=0", "quantize=")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recipes")


@pytest.mark.parametrize(("recipe", "double_ended"), RUNS)
def test_a_recipe_learns_is_saved_loaded_and_evaluated(folder: Path, recipe: str, double_ended: float) -> None:
    kind, out = read_settings(LargeSettings, [recipe]).encoder, folder / f"{recipe}-{double_ended}"
    tiny = tiny_settings(folder, kind)
    places: dict[str, object] = {"corpus": tiny.corpus, "cache": tiny.cache, "encoder_source": tiny.encoder_source}
    places |= {"llm_source": tiny.llm_source, "out": out, "double_ended": double_ended, "device": "cpu"}
    faster = ("batch=4", "micro_batch=2", "learning_rate=5e-3", "encoder_learning_rate=1e-3")
    train_large([recipe, *(f"{name}={value}" for name, value in places.items()), *TINY, *faster])
    state = torch.load(out / "state.pt", weights_only=True)
    losses = torch.tensor(state["losses"])
    assert len(losses) == 20
    assert losses[-5:].mean() < losses[:5].mean()
    assert list((out / "log").glob("events*")), "nothing for TensorBoard"
    model, _ = load_checkpoint(out / "checkpoint", device="cpu")
    assert model.config.encoder == kind
    settings = EvaluateSettings(
        corpus=tiny.corpus, split="VAL", model=out / "checkpoint", cache=folder / "heard", device="cpu"
    )
    report = "\n".join(paper_lines(settings))
    assert re.search(r"\| mos-numeric, mos \| .*\(\d+ of 8\)", report)
    assert "ours, double-ended" in report
