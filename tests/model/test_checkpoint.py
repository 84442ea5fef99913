"""Checkpoints: saving, loading, quantisation, and errors in words."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.base_llm import CheckpointError, base_llm_folder
from sqllm.model.checkpoint import (
    DEFAULT_CHECKPOINT,
    WEIGHTS_NAME,
    adopt_weights,
    carried_weights,
    encoder_from_checkpoint,
    load_checkpoint,
    new_model,
    save_checkpoint,
)
from sqllm.model.config import EncoderParts
from sqllm.model.encoders.base import pad_batch
from sqllm.model.prompt_tree import PromptTree
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import Clip
from tests.model.checkpoints import config_for, json_of, sentence, trained_along, trained_model
from tests.tiny import TOKEN_WIDTH, random_tokens, speech_like


def means(judge: SpeechQualityLLM, seconds: float = 1.5) -> np.ndarray:
    scores = judge.listen(Clip(speech_like(seconds))).scores()
    return np.array([scores[dimension].mean for dimension in DIMENSIONS])


@pytest.mark.parametrize("quantize", ["", "nf4"])
@pytest.mark.parametrize("choice", ["none", "queries", "all"])
@pytest.mark.parametrize("kind", ["compact", "ast", "whisper"])
def test_what_was_trained_scores_the_same_when_loaded(
    llm_folder: Path, sources: dict[str, str], tmp_path: Path, kind: str, choice: str, quantize: str
) -> None:
    made = {"encoder": kind, "encoder_source": sources[kind], "trained_encoder": choice, "quantize": quantize}
    model = new_model(config_for(llm_folder, **made), torch.float32).eval()
    weights = {name: weight.data for name, weight in model.named_parameters() if weight.requires_grad}
    fresh = {name: weight.clone() for name, weight in weights.items()}
    generator = torch.Generator().manual_seed(1)
    for weight in weights.values():
        weight.add_(0.2 * torch.randn(weight.shape, generator=generator)).copy_(weight.half())
    trained = {name: weight.clone() for name, weight in weights.items()}
    before = heard(model)
    save_checkpoint(model, tmp_path / "saved")
    after = heard(load_checkpoint(tmp_path / "saved", device="cpu")[0])
    assert furthest(after, before) < 1e-4
    parts = {name.split(".")[0] for name in weights}
    assert parts == {"projector", "llm"} | ({"encoder"} if choice != "none" else set())
    for part in parts:  # whichever were lost, it would have been noticed
        for name, weight in weights.items():
            weight.copy_((fresh if name.startswith(part) else trained)[name])
        assert furthest(heard(model), before) > 1e-3, part


def furthest(some: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> float:
    return max(float((one - other).abs().max()) for one, other in zip(some, others, strict=True))


def heard(model: SpeechQualityModel) -> tuple[torch.Tensor, ...]:
    """Scores, audio tokens and, where the encoder tells them, moments of a clip."""
    scores = means(SpeechQualityLLM(model, {"name": "mine"}), 0.5)
    with torch.inference_mode():
        tokens, moments = model.listen(*pad_batch([speech_like(0.5)]))
    return torch.from_numpy(scores), tokens, *(moments or [])


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


def test_a_scale_that_was_stored_without_a_shape_is_read(saved: Path, tmp_path: Path) -> None:
    other = shutil.copytree(saved, tmp_path / "other")
    state = load_file(other / WEIGHTS_NAME)
    assert state["projector.scale"].shape == (1,)
    save_file(state | {"projector.scale": torch.tensor(2.5)}, other / WEIGHTS_NAME)
    assert load_checkpoint(other, device="cpu")[0].projector.scale.tolist() == [2.5]


@pytest.mark.parametrize(("name", "new"), [("changes.weight", 6), ("layers.0.weight", 1)])
def test_what_an_older_projector_was_not_given_says_nothing_to_it(
    saved: Path, tmp_path: Path, name: str, new: int
) -> None:
    other = shutil.copytree(saved, tmp_path / "other")
    state = load_file(other / WEIGHTS_NAME)
    taught = torch.rand_like(state[f"projector.{name}"])[:, :-new].contiguous()
    save_file(state | {f"projector.{name}": taught}, other / WEIGHTS_NAME)
    read = load_checkpoint(other, device="cpu")[0].projector.state_dict()[name]
    assert torch.equal(read[:, :-new], taught)
    assert not read[:, -new:].any()


def test_only_what_was_trained_is_saved(saved: Path) -> None:
    names = set(load_file(saved / WEIGHTS_NAME))
    assert all(name.startswith(("projector.", "encoder.")) or "lora_" in name for name in names)
    assert {name.split(".")[0] for name in names} == {"projector", "encoder", "llm"}
    content = json_of(saved)
    assert content["step"] == 7
    assert content["config"]["audio_tokens"] == 8
    assert {f"{part}.{name}" for part, named in content["weights"].items() for name in named} == names


@pytest.mark.parametrize("kind", ["ast", "whisper"])
def test_of_a_published_encoder_only_what_was_trained_is_saved(
    llm_folder: Path, sources: dict[str, str], kind: str
) -> None:
    def carried(choice: str) -> set[str]:
        config = config_for(llm_folder, encoder=kind, encoder_source=sources[kind], trained_encoder=choice)
        return set(carried_weights(new_model(config, torch.float32))["encoder"])

    assert carried("none") == set()
    assert carried("queries")
    assert all(".query." in name or ".q_proj." in name for name in carried("queries"))
    assert carried("queries") < carried("all")


def test_a_model_that_was_loaded_to_rate_is_not_saved_without_its_lora(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="its LoRA is merged into its LLM"):
        save_checkpoint(load_checkpoint(saved, device="cpu")[0], tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(("choice", "some", "every"), [("none", 0, 0), ("queries", 14, 14), ("all", 100, 999)])
def test_of_the_encoder_trains_what_was_chosen(llm_folder: Path, choice: str, some: int, every: int) -> None:
    model = new_model(config_for(llm_folder, trained_encoder=choice), torch.float32)
    trained = [weight for weight in model.encoder.parameters() if weight.requires_grad]
    assert some <= len(trained) <= every
    assert all(weight.requires_grad for weight in model.projector.parameters())
    assert set(carried_weights(model)["encoder"]) == set(model.encoder.state_dict())  # a compact one travels whole


def test_a_new_model_can_have_the_encoder_of_a_checkpoint(
    llm_folder: Path, saved: Path, sources: dict[str, str]
) -> None:
    model = new_model(config_for(llm_folder), torch.float32, seed=5, encoder_of=saved)
    stored = load_file(saved / WEIGHTS_NAME)["encoder.project.weight"]
    torch.testing.assert_close(model.encoder.state_dict()["project.weight"], stored.float())
    with pytest.raises(ValueError, match=r"Give encoder_source=.*has no ast encoder but compact\.$"):
        new_model(config_for(llm_folder, encoder="ast", encoder_source=sources["ast"]), encoder_of=saved)


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


@pytest.mark.parametrize("kind", ["compact", "ast"])
def test_going_on_from_trained_encoders_begins_at_their_mean(
    llm_folder: Path, sources: dict[str, str], tmp_path: Path, kind: str
) -> None:
    folders = [tmp_path / "two", tmp_path / "four"]
    for seed, folder in zip((2, 4), folders, strict=True):
        save_checkpoint(trained_along(llm_folder, sources, kind, "queries", seed), folder)
    model = trained_along(llm_folder, sources, kind, "all")
    adopt_weights(model, *folders)
    assert float(model.projector.scale.detach()) == 3.0
    assert all((model.encoder.get_parameter(name) == 3.0).all() for name in model.encoder.queries())


def test_a_trained_encoder_that_would_not_be_kept_is_refused(
    llm_folder: Path, sources: dict[str, str], tmp_path: Path
) -> None:
    save_checkpoint(trained_along(llm_folder, sources, "ast", "queries"), tmp_path / "queries")
    model = trained_along(llm_folder, sources, "ast", "none", seed=1)
    with pytest.raises(CheckpointError, match=r"encoder\.model\..*q_proj.* trained_encoder=none would not keep"):
        adopt_weights(model, tmp_path / "queries")
    assert float(model.projector.scale.detach()) == 1.0


@pytest.mark.parametrize(
    ("make", "more", "reason"),
    [
        (("compact", "none"), {"lora_alpha": 8}, r"its lora_alpha is 32, not 8\.$"),
        (("compact", "none"), {"lora_layers": ("q_proj",)}, "its lora_layers is "),
        (("ast", "none"), {}, r"its encoder is compact, not ast\.$"),
    ],
)
def test_a_checkpoint_of_another_make_is_not_gone_on_from(
    llm_folder: Path, sources: dict[str, str], saved: Path, make: tuple[str, str], more: dict[str, Any], reason: str
) -> None:
    model = trained_along(llm_folder, sources, *make, seed=1, **more)
    with pytest.raises(CheckpointError, match=reason) as caught:
        adopt_weights(model, saved)
    sentence(caught.value)
    assert float(model.projector.scale.detach()) == 1.0


def test_checkpoints_whose_encoders_trained_differently_have_no_mean(
    llm_folder: Path, sources: dict[str, str], tmp_path: Path
) -> None:
    for choice in ("queries", "all"):
        save_checkpoint(trained_along(llm_folder, sources, "ast", choice), tmp_path / choice)
    model = trained_along(llm_folder, sources, "ast", "all")
    with pytest.raises(CheckpointError, match=r"all does not fit .* encoder\.model\..* has no place\.$"):
        adopt_weights(model, tmp_path / "queries", tmp_path / "all")


def test_the_ear_and_heads_of_the_encoder_travel_with_a_checkpoint(
    llm_folder: Path, sources: dict[str, str], tmp_path: Path
) -> None:
    model = trained_along(llm_folder, sources, "compact", "none")
    encoder = model.encoder
    save_checkpoint(model, tmp_path / "saved")
    content = json_of(tmp_path / "saved")
    assert content["encoder_parts"] == {"ear": True, "locator": ["packet-loss", "hum"], "opinions": 7}
    assert content["config"]["encoder_source"] == ""
    for other in (
        load_checkpoint(tmp_path / "saved")[0].encoder,
        encoder_from_checkpoint(tmp_path / "saved", "compact"),
    ):
        assert other.parts == encoder.parts == EncoderParts(ear=True, locator=("packet-loss", "hum"), opinions=7)
        torch.testing.assert_close(dict(other.state_dict()), dict(encoder.state_dict()))


def nf4_step(model: SpeechQualityModel) -> list[torch.Tensor]:
    """The gradients of every LoRA B after one loss."""
    tree = PromptTree()
    tree.add(model.encode_text("\nRate."))
    tokens = random_tokens(2)
    model.train()
    model.zero_grad()
    model(model.prefix(tokens), [tree, tree]).float().square().mean().backward()
    grads = [weight.grad for name, weight in model.llm.named_parameters() if "lora_B" in name]
    return [torch.zeros(1) if grad is None else grad for grad in grads]


def test_lora_on_nf4_has_gradients_also_after_an_evaluation_pass(llm_folder: Path) -> None:
    from bitsandbytes.nn.modules import Linear4bit

    model = new_model(config_for(llm_folder, quantize="nf4"), torch.float32)
    quantised = [module for module in model.llm.modules() if isinstance(module, Linear4bit)]
    assert len(quantised) == 14
    assert not any(module.support_avx512bf16_for_cpu for module in quantised)
    before = nf4_step(model)
    model.eval()
    tree = PromptTree()
    tree.add(model.encode_text("\nRate."))
    with torch.inference_mode():
        model(model.prefix(torch.zeros(1, 8, TOKEN_WIDTH)), [tree])
    with torch.no_grad():
        model(model.prefix(torch.zeros(1, 8, TOKEN_WIDTH)), [tree])
    after = nf4_step(model)
    assert all(grad.abs().sum() > 0 for grad in after)
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-3)


def test_a_checkpoint_loads_in_four_bits_with_nearly_the_same_scores(saved: Path) -> None:
    plain = SpeechQualityLLM.from_pretrained(saved, device="cpu")
    small = SpeechQualityLLM.from_pretrained(saved, device="cpu", quantize="nf4")
    assert any(type(module).__name__ == "Linear4bit" for module in small.model.modules())
    assert 0 < np.abs(means(plain) - means(small)).max() < 0.2
    assert small.name["revision"] == f"{plain.name['revision']}-nf4"


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


def test_the_default_checkpoint_is_small_and_says_what_it_holds() -> None:
    assert (DEFAULT_CHECKPOINT / WEIGHTS_NAME).is_file()
    assert sum(file.stat().st_size for file in DEFAULT_CHECKPOINT.iterdir()) <= 24 * 2**20
    encoder = encoder_from_checkpoint(DEFAULT_CHECKPOINT, "compact")
    assert encoder.parts.to_json() == json_of(DEFAULT_CHECKPOINT)["encoder_parts"]
