"""Training the LLM for words: it learns, and goes on after a kill as if nothing had happened."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from sqllm.model.checkpoint import save_checkpoint, stored_config
from sqllm.model.config import ModelConfig
from sqllm.model.words_llm import lora_weights, new_words, stored_words
from sqllm.training.word_lessons import WordTeacher, split_wordings
from sqllm.training.words_trainer import WordsSettings, WordsTrainer
from sqllm.words.understanding import CHOICES
from tests.model.checkpoints import config_for, trained_model
from tests.tiny import save_tiny_llm
from train.words import train_words


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    config = config_for(save_tiny_llm(folder / "llm"))
    save_checkpoint(trained_model(config), folder / "saved")
    return folder / "saved"


def trainer(checkpoint: Path, out: Path, steps: int) -> WordsTrainer:
    settings = WordsSettings(
        out=out, steps=steps, batch=8, learning_rate=1e-2, warmup=2, validate_every=100, validate_questions=8
    )
    config: ModelConfig = dataclasses.replace(stored_config(checkpoint), words_rank=4)
    return WordsTrainer(new_words(config, torch.float32), config, checkpoint, settings)


def test_lessons_ask_for_the_right_option_at_its_place(checkpoint: Path, tmp_path: Path) -> None:
    made = trainer(checkpoint, tmp_path, 1)
    lesson = made.teacher.draw(np.random.default_rng(0), 20)
    codes = {token for choice in CHOICES for token in made.teacher.codes[choice]}
    assert len(lesson.targets) > 30
    assert all(target.ids[0] in codes and target.position < len(lesson.tree) for target in lesson.targets)
    ends = {lesson.tree.last(node) for node in range(len(lesson.tree.spans))}
    assert {target.position for target in lesson.targets} <= ends


def test_wordings_kept_to_validate_never_train() -> None:
    trained, kept = split_wordings()
    assert not {id(wording) for wording in trained} & {id(wording) for wording in kept}
    assert {wording.family for wording in kept} == {wording.family for wording in trained}


def test_training_learns_and_resumes_exactly(checkpoint: Path, tmp_path: Path) -> None:
    whole = trainer(checkpoint, tmp_path / "whole", 6)
    first = whole._train_step()
    whole = trainer(checkpoint, tmp_path / "whole", 6)
    whole.run()
    assert whole._train_step() < first
    whole = trainer(checkpoint, tmp_path / "whole", 6)
    whole._resume()
    begun = trainer(checkpoint, tmp_path / "parts", 6)
    while begun.step < 3:
        begun._train_step()
        begun.step += 1
    begun.settings.out.mkdir()
    begun._save()
    resumed = trainer(checkpoint, tmp_path / "parts", 6)
    resumed.run()
    for one, other in zip(lora_weights(whole.model).values(), lora_weights(resumed.model).values(), strict=True):
        assert torch.equal(one, other)


def test_words_move_to_another_checkpoint_as_they_are(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer(checkpoint, tmp_path / "a", 0).run()
    moved = ["steps=0", "words_rank=4", "words_from=0", "validate_questions=4", f"checkpoint={checkpoint}"]
    train_words([*moved, f"start_from={tmp_path / 'a' / 'checkpoint'}", f"out={tmp_path / 'b'}", "device=cpu"])
    one, other = (stored_words(tmp_path / run / "checkpoint") for run in ("a", "b"))
    assert one
    assert all(torch.equal(other[name], weight) for name, weight in one.items())
    assert "The words are in" in capsys.readouterr().out


def test_teachers_know_every_choice(checkpoint: Path, tmp_path: Path) -> None:
    made = trainer(checkpoint, tmp_path, 1)
    assert isinstance(made.teacher, WordTeacher)
    assert set(made.teacher.codes) == set(CHOICES)
