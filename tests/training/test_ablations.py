"""Small trainings that differ in one thing each, and the command that trains from a checkpoint's encoder."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sqllm.model.encoders.base import pad_batch
from sqllm.model.encoders.load import load_encoder
from sqllm.scores import DIMENSIONS
from sqllm.training.ablations import AUDIO_TOKENS, Outcome, Variant, ablations_table, random_encoder, variants
from tests.tiny import save_tiny_llm, speech_like, write_corpus
from train.ablations import ablate


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half-second clips of all three splits, every one with a reference."""
    return write_corpus(tmp_path_factory.mktemp("corpus"), [0.5] * 12, ("TRAIN", "VAL", "TEST"))


def test_each_variant_changes_one_thing_and_the_common_training_is_made_once() -> None:
    planned = variants("trunk.pt", Path("encoders"), tokens=32, clips=3000, steps=400)
    folders = [variant.folder for variant in planned]
    assert folders.count("base") == len({variant.question for variant in planned}) == 4
    assert len(set(folders)) == len(planned) - 3
    assert [v.changes.get("audio_tokens", 32) for v in planned[: len(AUDIO_TOKENS)]] == list(AUDIO_TOKENS)
    assert [v.name for v in planned if v.question == "steps"] == ["100", "400", "1200"]
    assert [v.name for v in planned if v.question == "training clips"] == ["750", "3000", "all"]


@pytest.mark.parametrize("kind", ["ast", "whisper"])
def test_an_encoder_from_nothing_hears(kind: str, tmp_path: Path) -> None:
    encoders = [load_encoder(kind, str(random_encoder(kind, tmp_path / str(run)))) for run in (1, 2)]
    heard = [encoder(*pad_batch([speech_like(1.0), speech_like(0.5, 1)])) for encoder in encoders]
    frames, counts = heard[0]
    assert frames.shape[2] == encoders[0].width == 192
    assert counts[0] > counts[1] > 0
    assert torch.equal(frames, heard[1][0])


def test_the_command_trains_measures_and_reads_back(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sqllm.training.ablations.AUDIO_TOKENS", (4, 8))
    words = [f"corpus={corpus}", f"test_corpus={corpus}", f"cache={tmp_path / 'cache'}", f"out={tmp_path / 'out'}"]
    words += [f"llm_source={save_tiny_llm(tmp_path / 'llm')}", "audio_tokens=8", "steps=2", "warmup=1"]
    ablate([*words, "questions=audio tokens a clip"])
    table = (tmp_path / "out" / "ablations.md").read_text()
    assert [line.split(" | ")[1] for line in table.splitlines()[2:]] == ["4", "8"]
    assert table in capsys.readouterr().out
    first = Outcome.read(tmp_path / "out" / "base" / "figures.json")
    assert set(first.single) == set(first.double) == set(DIMENSIONS)
    assert first.single["mos"]["clips"] == 4

    monkeypatch.setattr("train.ablations.prepare", lambda *_: pytest.fail("trained again"))
    ablate([*words, "questions=audio tokens a clip"])
    assert (tmp_path / "out" / "ablations.md").read_text() == table
    with pytest.raises(ValueError, match="There is no question colour; choose from audio tokens a clip, encoder, "):
        ablate([*words, "questions=colour"])


def test_the_table_has_a_dash_where_nothing_has_a_reference() -> None:
    single = {d: {"r": 0.5, "mae": 0.25} for d in DIMENSIONS if d != "loudness"}
    table = ablations_table([(Variant("steps", "100"), Outcome(90.0, single, {}))])
    assert table.splitlines()[-1] == "| steps | 100 | 0.500 | 0.500 | 0.500 | 0.500 | - | 0.250 | - | 2 |"
