"""The LLM for words: saved, loaded and refused beside what listens, whose scores it leaves as they are."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.base_llm import CheckpointError
from sqllm.model.checkpoint import WEIGHTS_NAME, load_checkpoint, stored_config
from sqllm.model.language_model import LanguageModel
from sqllm.model.prompt_tree import PromptTree
from sqllm.model.words_llm import load_words, lora_weights, new_words, with_words
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import Clip
from tests.model.checkpoints import config_for, sentence
from tests.tiny import speech_like


def trained_words(llm_folder: Path, words_from: int = 0) -> LanguageModel:
    words = new_words(config_for(llm_folder, words_rank=2, words_from=words_from), torch.float32)
    generator = torch.Generator().manual_seed(3)
    for weight in lora_weights(words).values():
        weight.copy_((0.3 * torch.randn(weight.shape, generator=generator)).half())
    return words.eval()


@pytest.fixture
def with_words_folder(saved: Path, llm_folder: Path, tmp_path: Path) -> Path:
    words = trained_words(llm_folder)
    config = dataclasses.replace(stored_config(saved), words_rank=2)
    with_words(saved, words, config, {}, tmp_path / "worded")
    return tmp_path / "worded"


def read(words: LanguageModel, text: str = "Is there an echo?") -> torch.Tensor:
    tree = PromptTree()
    tree.add(words.encode_text(text))
    with torch.inference_mode():
        return words.logits(words.read_trees([tree])[0, -1])


def scores(folder: Path) -> list[float]:
    heard = SpeechQualityLLM(*load_checkpoint(folder, device="cpu")).listen(Clip(speech_like(1.5)))
    return [heard.scores()[dimension].mean for dimension in DIMENSIONS]


def test_words_read_the_same_when_loaded(with_words_folder: Path, llm_folder: Path) -> None:
    loaded = load_checkpoint(with_words_folder, device="cpu")[0].words
    assert loaded is not None
    trained, fresh = trained_words(llm_folder), new_words(config_for(llm_folder, words_rank=2), torch.float32)
    away = (read(trained) - read(fresh.eval())).abs().max()
    assert (read(loaded) - read(trained)).abs().max() < 0.1 * away


def test_scores_are_bit_for_bit_the_same_with_words_and_without(saved: Path, with_words_folder: Path) -> None:
    assert scores(with_words_folder) == scores(saved)


def test_what_listens_is_stored_bit_for_bit_as_it_was(saved: Path, with_words_folder: Path) -> None:
    before, after = load_file(saved / WEIGHTS_NAME), load_file(with_words_folder / WEIGHTS_NAME)
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
    assert {name.split(".")[0] for name in set(after) - set(before)} == {"words"}


def test_words_can_be_put_in_anew(with_words_folder: Path, llm_folder: Path, tmp_path: Path) -> None:
    config = dataclasses.replace(stored_config(with_words_folder), words_rank=3)
    with_words(with_words_folder, new_words(config, torch.float32), config, {"step": 9}, tmp_path / "again")
    assert load_checkpoint(tmp_path / "again", device="cpu")[0].words is not None
    assert stored_config(tmp_path / "again").words_rank == 3


def test_a_model_of_another_llm_without_words_has_none(saved: Path) -> None:
    assert load_checkpoint(saved, device="cpu")[0].words is None


def test_words_that_are_missing_or_have_no_place_are_refused(with_words_folder: Path) -> None:
    weights = load_file(with_words_folder / WEIGHTS_NAME)
    name = next(name for name in weights if name.startswith("words."))
    save_file({**weights, name: weights[name][:1]}, with_words_folder / WEIGHTS_NAME)
    with pytest.raises(CheckpointError) as raised:
        load_checkpoint(with_words_folder, device="cpu")
    assert name.removeprefix("words.") in sentence(raised.value)
    save_file({key: weight for key, weight in weights.items() if key != name}, with_words_folder / WEIGHTS_NAME)
    with pytest.raises(CheckpointError, match="is named"):
        load_checkpoint(with_words_folder, device="cpu")


def test_blocks_below_the_first_have_no_lora(llm_folder: Path) -> None:
    words = trained_words(llm_folder, words_from=1)
    assert {name.split(".layers.")[1][0] for name in lora_weights(words)} == {"1"}


def test_under_nf4_words_are_kept_apart(with_words_folder: Path) -> None:
    words = load_checkpoint(with_words_folder, device="cpu", quantize="nf4")[0].words
    assert words is not None
    assert lora_weights(words)
    assert torch.isfinite(read(words)).all()


def test_trees_beside_longer_ones_are_read_as_alone(llm_folder: Path) -> None:
    words = trained_words(llm_folder)
    short, long = PromptTree(), PromptTree()
    short.add(words.encode_text("Is it?"))
    long.add(words.encode_text("Is there an echo in this clip?"))
    with torch.inference_mode():
        together, alone = words.read_trees([short, long]), words.read_trees([short])
    assert torch.isfinite(together).all()
    assert (together[0, : len(short)] - alone[0]).abs().max() < 1e-5


def test_loading_words_needs_all_of_them(llm_folder: Path) -> None:
    with pytest.raises(ValueError, match="is missing"):
        load_words({}, config_for(llm_folder, words_rank=2))
