"""The whole recipe at a tiny size: from a corpus to a calibrated checkpoint that rates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sqllm.corpus.nisqa_layout import write_index
from sqllm.judge.readout import TEMPERATURES
from sqllm.model.checkpoint import CONFIG_NAME, load_checkpoint
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import save_tiny_encoder, save_tiny_llm, speech_like
from train.finetune import finetune


def write_corpus(folder: Path) -> Path:
    """Half-second clips, six to learn from and three to validate with, every one with a reference."""
    folder.mkdir()
    rows = []
    for number in range(9):
        name = f"{number}.wav"
        soundfile.write(folder / name, speech_like(0.5, number), SAMPLE_RATE)
        split = ("TRAIN", "TRAIN", "VAL")[number % 3]
        scores = dict(zip(("mos", "noi", "col", "dis", "loud"), np.roll([1.5, 2, 3, 4, 5], number), strict=True))
        rows.append({"db": f"X_{split}_SIM", "filepath_deg": name, "filepath_ref": name, **scores})
    write_index(folder, rows, [])
    return folder


@pytest.mark.parametrize("choice", ["none", "queries"])
@pytest.mark.parametrize("kind", ["ast", "whisper"])
def test_training_on_a_published_encoder_ends_with_a_calibrated_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, choice: str
) -> None:
    settings = {
        "corpus": write_corpus(tmp_path / "corpus"),
        "out": tmp_path / "out",
        "encoder": kind,
        "encoder_source": save_tiny_encoder(kind, tmp_path / "encoder"),
        "llm_source": save_tiny_llm(tmp_path / "llm"),
        "trained_encoder": choice,
        "audio_tokens": 4,
        "lora_rank": 2,
        "steps": 2,
        "batch": 2,
        "validate_every": 2,
        "probe": False,
    }
    finetune([f"{name}={value}" for name, value in settings.items()])
    best = tmp_path / "out" / "checkpoint"
    assert capsys.readouterr().out.endswith(f"The best model is in {best}.\n")
    content = json.loads((best / CONFIG_NAME).read_text())
    assert set(content["config"]["extra"][TEMPERATURES]) == set(DIMENSIONS)
    assert bool(content["weights"]["encoder"]) == (choice == "queries")
    assert load_checkpoint(best, device="cpu")[0].config.to_json() == content["config"]
