"""Checkpoints that can't be loaded are refused in a sentence that names what is wrong."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from sqllm.model.base_llm import CheckpointError
from sqllm.model.checkpoint import CONFIG_NAME, WEIGHTS_NAME, load_checkpoint, new_model, save_checkpoint
from tests.model.checkpoints import config_for, json_of, sentence, trained_along


def refusal(source: str | Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(source, device="cpu")
    return sentence(caught.value)


def spoilt(folder: Path, copy: Path, **changes: Any) -> Path:
    """A copy of a checkpoint whose JSON says something else."""
    shutil.copytree(folder, copy)
    content = json.loads((copy / CONFIG_NAME).read_text())
    (copy / CONFIG_NAME).write_text(json.dumps(content | changes))
    return copy


def test_an_unknown_quantisation_or_training_choice_is_refused(llm_folder: Path) -> None:
    with pytest.raises(ValueError, match="no quantisation 'int3'; choose nf4, bf16 or none"):
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


def test_a_checkpoint_whose_llm_or_encoder_is_gone_is_refused_in_a_sentence(
    llm_folder: Path, sources: dict[str, str], saved: Path, tmp_path: Path
) -> None:
    gone = str(tmp_path / "gone")
    config = json_of(saved)["config"]
    assert f"needs {gone}," in refusal(spoilt(saved, tmp_path / "llm", config=config | {"llm_source": gone}))
    save_checkpoint(trained_along(llm_folder, sources, "ast", "queries"), tmp_path / "ast")
    config = json_of(tmp_path / "ast")["config"]
    moved = spoilt(tmp_path / "ast", tmp_path / "moved", config=config | {"encoder_source": gone})
    assert f"needs {gone}," in refusal(moved)
    without = spoilt(tmp_path / "ast", tmp_path / "without", config=config | {"encoder_source": ""})
    assert "The ast encoder needs a Hub name or a folder" in refusal(without)


@pytest.mark.parametrize("part", ["projector.", "lora_A", "encoder.transformer"])
def test_weights_that_are_named_but_missing_are_refused(saved: Path, tmp_path: Path, part: str) -> None:
    lacking = shutil.copytree(saved, tmp_path / "lacking")
    state = load_file(lacking / WEIGHTS_NAME)
    lost = sorted(name for name in state if part in name)
    save_file({name: value for name, value in state.items() if name not in lost}, lacking / WEIGHTS_NAME)
    assert f"{lost[0]} is named, which {WEIGHTS_NAME} lacks" in refusal(lacking)


def test_weights_that_are_not_named_are_refused(saved: Path, tmp_path: Path) -> None:
    strange = shutil.copytree(saved, tmp_path / "strange")
    state = load_file(strange / WEIGHTS_NAME)
    save_file(state | {"projector.more": torch.zeros(1)}, strange / WEIGHTS_NAME)
    assert f"projector.more is not named, which {WEIGHTS_NAME} holds" in refusal(strange)


@pytest.mark.parametrize(
    ("part", "name"), [("projector", "norm.bias"), ("llm", "lora_A"), ("encoder", "transformer.layers.3.norm1.bias")]
)
def test_weights_that_are_neither_named_nor_there_are_missed(saved: Path, tmp_path: Path, part: str, name: str) -> None:
    weights = json_of(saved)["weights"]
    lost = next(own for own in weights[part] if name in own)
    lacking = spoilt(saved, tmp_path / "lacking", weights=weights | {part: [n for n in weights[part] if n != lost]})
    state = load_file(lacking / WEIGHTS_NAME)
    del state[f"{part}.{lost}"]
    save_file(state, lacking / WEIGHTS_NAME)
    assert f"{part}.{lost} is missing" in refusal(lacking)


@pytest.mark.parametrize("part", ["projector", "llm", "encoder"])
def test_weights_without_a_place_are_refused(saved: Path, tmp_path: Path, part: str) -> None:
    weights = json_of(saved)["weights"]
    strange = spoilt(saved, tmp_path / "strange", weights=weights | {part: [*weights[part], "more.weight"]})
    state = load_file(strange / WEIGHTS_NAME)
    save_file(state | {f"{part}.more.weight": torch.zeros(1)}, strange / WEIGHTS_NAME)
    assert f"{part}.more.weight has no place" in refusal(strange)


def test_weights_of_another_shape_are_refused(saved: Path, tmp_path: Path) -> None:
    config = json_of(saved)["config"]
    message = refusal(spoilt(saved, tmp_path / "rank", config=config | {"lora_rank": 6}))
    assert re.search(r"llm\.\S+lora_A\S+ is \[4, 96\], not \[6, 96\]", message)


def test_a_checkpoint_that_names_parts_that_are_not_there_is_refused(
    llm_folder: Path, sources: dict[str, str], saved: Path, tmp_path: Path
) -> None:
    def said(name: str, folder: Path = saved, **parts: Any) -> str:
        return refusal(spoilt(folder, tmp_path / name, encoder_parts=json_of(folder)["encoder_parts"] | parts))

    assert "encoder.ear.convolutions.0.weight is missing" in said("ear", ear=True)
    assert "encoder.locator.0.weight is missing" in said("locator", locator=["hum"])
    assert "encoder.assessor.0.weight is missing" in said("opinions", opinions=7)
    assert "nose is unknown" in said("nose", nose=True)
    save_checkpoint(trained_along(llm_folder, sources, "compact", "none"), tmp_path / "whole")
    assert "encoder.ear.convolutions.0.bias has no place" in said("deaf", tmp_path / "whole", ear=False)
    assert "encoder.assessor.3.bias is [7], not [8]" in said("eight", tmp_path / "whole", opinions=8)
    save_checkpoint(trained_along(llm_folder, sources, "whisper", "none"), tmp_path / "whisper")
    assert "The whisper encoder has no locator" in said("whispered", tmp_path / "whisper", locator=["hum"])


def test_a_json_that_lacks_something_or_knows_more_is_refused(saved: Path, tmp_path: Path) -> None:
    content = json_of(saved)
    for key in ("config", "encoder_parts", "weights"):
        lacking = shutil.copytree(saved, tmp_path / key)
        (lacking / CONFIG_NAME).write_text(json.dumps({name: v for name, v in content.items() if name != key}))
        assert f"{key} is missing" in refusal(lacking)
    config, weights = content["config"], content["weights"]
    assert "colour is unknown" in refusal(spoilt(saved, tmp_path / "colour", config=config | {"colour": 1}))
    assert "nose is unknown" in refusal(spoilt(saved, tmp_path / "nose", weights=weights | {"nose": []}))
    choice = config | {"trained_encoder": "some"}
    encoderless = spoilt(saved, tmp_path / "wav2vec", config=config | {"encoder": "wav2vec"})
    assert "no encoder 'wav2vec'" in refusal(encoderless)
    assert "trained_encoder is 'some'" in refusal(spoilt(saved, tmp_path / "some", config=choice))
    layers = config | {"lora_layers": ["c_attn"]}
    assert "its LLM has no c_attn" in refusal(spoilt(saved, tmp_path / "layers", config=layers))
    for number, nonsense in enumerate(("[]", "3", '{"config": 3, "encoder_parts": 3, "weights": 3}')):
        broken = shutil.copytree(saved, tmp_path / str(number))
        (broken / CONFIG_NAME).write_text(nonsense)
        refusal(broken)
