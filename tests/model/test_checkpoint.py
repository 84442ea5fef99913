"""Checkpoints: saving, loading, quantisation, and errors in words."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.base_llm import CheckpointError, base_llm_folder
from sqllm.model.checkpoint import (
    CONFIG_NAME,
    DEFAULT_CHECKPOINT,
    WEIGHTS_NAME,
    adopt_encoder,
    adopt_weights,
    load_checkpoint,
    new_model,
    save_checkpoint,
    trained_state,
)
from sqllm.model.config import ModelConfig
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.prompt_tree import PromptTree
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import Clip
from sqllm.signal.spectra import BANDS
from tests.tiny import save_tiny_llm, speech_like


@pytest.fixture(scope="module")
def llm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


def config_for(llm_folder: Path, **more: Any) -> ModelConfig:
    return ModelConfig(llm_source=str(llm_folder), audio_tokens=8, lora_rank=4, **more)


def trained_model(config: ModelConfig) -> SpeechQualityModel:
    """A new model whose LoRA and projector are no longer as they began."""
    model = new_model(config, torch.float32)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.copy_(0.2 * torch.randn(weight.shape, generator=generator))
        model.projector.scale.fill_(2.0)
    return model.eval()


@pytest.fixture(scope="module")
def saved(llm_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "mine"
    save_checkpoint(trained_model(config_for(llm_folder)), folder, {"step": 7})
    return folder


def means(judge: SpeechQualityLLM, seconds: float = 1.5) -> np.ndarray:
    scores = judge.listen(Clip(speech_like(seconds))).scores()
    return np.array([scores[dimension].mean for dimension in DIMENSIONS])


def refusal(source: str | Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(source)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_a_saved_model_gives_the_same_scores(llm_folder: Path, saved: Path) -> None:
    before = means(SpeechQualityLLM(trained_model(config_for(llm_folder)), {"name": "mine"}))
    loaded = SpeechQualityLLM.from_pretrained(saved, device="cpu")
    assert np.abs(means(loaded) - before).max() < 1e-3
    untrained = means(SpeechQualityLLM(new_model(config_for(llm_folder), torch.float32).eval(), {"name": "new"}))
    assert np.abs(untrained - before).max() > 5e-3


def test_a_loaded_model_is_named_and_has_a_revision(saved: Path, tmp_path: Path) -> None:
    model, name = load_checkpoint(saved, device="cpu")
    assert name["name"] == "mine"
    assert re.fullmatch("[0-9a-f]{12}", name["revision"])
    assert not model.training
    assert not any(weight.requires_grad for weight in model.parameters())
    other = shutil.copytree(saved, tmp_path / "other")
    state = load_file(other / WEIGHTS_NAME)
    save_file(state | {"projector.scale": state["projector.scale"] + 1}, other / WEIGHTS_NAME)
    assert load_checkpoint(other, device="cpu")[1]["revision"] != name["revision"]


def test_only_what_was_trained_is_saved(saved: Path) -> None:
    names = set(load_file(saved / WEIGHTS_NAME))
    assert all(name.startswith(("projector.", "encoder.")) or "lora_" in name for name in names)
    assert {name.split(".")[0] for name in names} == {"projector", "encoder", "llm"}
    content = json.loads((saved / CONFIG_NAME).read_text())
    assert content["step"] == 7
    assert content["config"]["audio_tokens"] == 8


@pytest.mark.parametrize(("choice", "some", "every"), [("none", 0, 0), ("queries", 14, 14), ("all", 100, 999)])
def test_of_the_encoder_trains_what_was_chosen(llm_folder: Path, choice: str, some: int, every: int) -> None:
    model = new_model(config_for(llm_folder, trained_encoder=choice), torch.float32)
    trained = [weight for weight in model.encoder.parameters() if weight.requires_grad]
    assert some <= len(trained) <= every
    assert all(weight.requires_grad for weight in model.projector.parameters())
    assert "encoder.project.weight" in trained_state(model)


def test_the_encoder_of_a_checkpoint_can_be_adopted(llm_folder: Path, saved: Path) -> None:
    model = new_model(config_for(llm_folder), torch.float32, seed=5)
    adopt_encoder(model.encoder, saved)
    stored = load_file(saved / WEIGHTS_NAME)["encoder.project.weight"]
    torch.testing.assert_close(model.encoder.state_dict()["project.weight"], stored.float())


def test_going_on_from_a_checkpoint_leaves_the_encoder_as_it_is(llm_folder: Path, saved: Path) -> None:
    model = new_model(config_for(llm_folder), torch.float32, seed=5)
    for weight in model.encoder.parameters():
        torch.nn.init.normal_(weight)
    before = {name: weight.clone() for name, weight in model.encoder.state_dict().items()}
    adopt_weights(model, saved)
    for name, weight in model.encoder.state_dict().items():
        torch.testing.assert_close(weight, before[name], msg=name)
    assert float(model.projector.scale.detach()) == 2.0


def test_going_on_from_several_checkpoints_begins_at_their_mean(llm_folder: Path, saved: Path, tmp_path: Path) -> None:
    model, other = (new_model(config_for(llm_folder), torch.float32, seed=seed) for seed in (5, 6))
    torch.nn.init.constant_(other.projector.scale, 5.0)
    save_checkpoint(other, tmp_path / "other")
    adopt_weights(model, saved, tmp_path / "other")
    assert float(model.projector.scale.detach()) == 3.5


def test_the_ear_and_heads_of_the_encoder_travel_with_a_checkpoint(llm_folder: Path, tmp_path: Path) -> None:
    plain = new_model(config_for(llm_folder), torch.float32)
    save_checkpoint(plain, tmp_path / "without")
    encoder = plain.encoder
    assert isinstance(encoder, CompactEncoder)
    torch.nn.init.normal_(encoder.add_ear().project.weight, std=0.03)
    encoder.add_locator()
    encoder.add_assessor(7)
    model = SpeechQualityModel(encoder, plain.llm, plain.tokenizer, plain.config)
    save_checkpoint(model, tmp_path / "with")
    loaded, _ = load_checkpoint(tmp_path / "with")
    fresh = new_model(config_for(llm_folder), torch.float32, seed=5, encoder_of=tmp_path / "with")
    frames = torch.randn(1, 5, encoder.width)
    expected = encoder.locate(frames)
    assert expected is not None
    for other in (loaded.encoder, fresh.encoder):
        told = other.locate(frames)
        assert told is not None
        assert other.width == encoder.width == encoder.features + 7
        torch.testing.assert_close(told, expected, atol=1e-2, rtol=1e-2)
        assert isinstance(other, CompactEncoder)
        assert other.ear is not None
        bands = torch.randn(1, 5, 2 * BANDS)
        torch.testing.assert_close(other.ear(bands), encoder.ear(bands), atol=1e-2, rtol=1e-2)  # type: ignore[misc]
    assert load_checkpoint(tmp_path / "without")[0].encoder.locate(frames) is None


def nf4_step(model: SpeechQualityModel) -> list[torch.Tensor]:
    """The gradients of every LoRA B after one loss."""
    tree = PromptTree()
    tree.add(model.encode_text("\nRate."))
    tokens = torch.randn(2, 8, 202, generator=torch.Generator().manual_seed(0))
    model.train()
    model.zero_grad()
    model(model.prefix(tokens), [tree, tree]).float().square().mean().backward()
    grads = [weight.grad for name, weight in model.llm.named_parameters() if "lora_B" in name]
    return [torch.zeros(1) if grad is None else grad for grad in grads]


def test_lora_on_nf4_has_gradients_also_after_an_evaluation_pass(llm_folder: Path) -> None:
    model = new_model(config_for(llm_folder, quantize="nf4"), torch.float32)
    quantised = [module for module in model.llm.modules() if type(module).__name__ == "Linear4bit"]
    assert len(quantised) == 14
    assert not any(module.support_avx512bf16_for_cpu for module in quantised)
    before = nf4_step(model)
    model.eval()
    tree = PromptTree()
    tree.add(model.encode_text("\nRate."))
    with torch.inference_mode():
        model(model.prefix(torch.zeros(1, 8, 202)), [tree])
    with torch.no_grad():
        model(model.prefix(torch.zeros(1, 8, 202)), [tree])
    after = nf4_step(model)
    assert all(grad.abs().sum() > 0 for grad in after)
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-3)


def test_a_checkpoint_loads_in_four_bits_with_nearly_the_same_scores(saved: Path) -> None:
    plain = SpeechQualityLLM.from_pretrained(saved, device="cpu")
    small = SpeechQualityLLM.from_pretrained(saved, device="cpu", quantize="nf4")
    assert any(type(module).__name__ == "Linear4bit" for module in small.model.modules())
    assert 0 < np.abs(means(plain) - means(small)).max() < 0.2


def test_an_unknown_quantisation_or_training_choice_is_refused(llm_folder: Path) -> None:
    with pytest.raises(ValueError, match="no quantisation 'int3'; choose nf4 or none"):
        new_model(config_for(llm_folder, quantize="int3"))
    with pytest.raises(ValueError, match="trained_encoder is 'some'; choose none, queries or all"):
        new_model(config_for(llm_folder, trained_encoder="some"))


def test_a_missing_checkpoint_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert "neither a checkpoint folder nor a model of the Hub" in refusal(tmp_path / "nowhere")
    assert "holds no checkpoint" in refusal(tmp_path)


def test_a_broken_checkpoint_is_refused_in_a_sentence(saved: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(saved, tmp_path / "json")
    (broken / CONFIG_NAME).write_text("{")
    refusal(broken)
    cut = shutil.copytree(saved, tmp_path / "weights")
    (cut / WEIGHTS_NAME).write_bytes((cut / WEIGHTS_NAME).read_bytes()[:1_000])
    refusal(cut)


def test_a_checkpoint_whose_llm_is_gone_is_refused_in_a_sentence(saved: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(saved, tmp_path / "moved")
    content = json.loads((moved / CONFIG_NAME).read_text())
    content["config"]["llm_source"] = str(tmp_path / "gone")
    (moved / CONFIG_NAME).write_text(json.dumps(content))
    assert str(tmp_path / "gone") in refusal(moved)


@pytest.mark.parametrize("part", ["projector.", "lora_A", "encoder.transformer"])
def test_a_checkpoint_that_lacks_weights_is_refused(saved: Path, tmp_path: Path, part: str) -> None:
    lacking = shutil.copytree(saved, tmp_path / "lacking")
    state = load_file(lacking / WEIGHTS_NAME)
    save_file({name: value for name, value in state.items() if part not in name}, lacking / WEIGHTS_NAME)
    refusal(lacking)


def test_weights_without_a_place_are_refused(saved: Path, tmp_path: Path) -> None:
    strange = shutil.copytree(saved, tmp_path / "strange")
    state = load_file(strange / WEIGHTS_NAME)
    save_file(state | {"projector.more": torch.zeros(1)}, strange / WEIGHTS_NAME)
    assert "projector.more has no place" in refusal(strange)


def test_another_base_llm_is_not_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLLM_CACHE", str(tmp_path / "cache"))
    (tmp_path / "fake.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr("sqllm.model.base_llm._find_gguf", lambda scratch: tmp_path / "fake.gguf")
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        base_llm_folder()
    assert not (tmp_path / "cache").exists()


def test_a_converted_base_llm_is_found_without_fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLLM_CACHE", str(tmp_path))
    folder = tmp_path / "SmolLM2-135M-Instruct"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    monkeypatch.setattr("sqllm.model.base_llm._find_gguf", lambda scratch: pytest.fail("fetched"))
    assert base_llm_folder() == folder


def test_the_default_checkpoint_is_small() -> None:
    assert (DEFAULT_CHECKPOINT / WEIGHTS_NAME).is_file()
    assert sum(file.stat().st_size for file in DEFAULT_CHECKPOINT.iterdir()) <= 24 * 2**20
