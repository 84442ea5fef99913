"""Pairs of known alignment: made again alike, true to what they say, and measured by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sqllm.evaluation.alignment_damages import DAMAGES
from sqllm.evaluation.alignment_pairs import AlignmentPair, Sources, alignment_table, make_pairs, measure_alignment
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import sentence
from train.alignment import measure


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Speech of 24 talkers, two sentences each, and eight noises."""
    speech, noise = tmp_path_factory.mktemp("speech"), tmp_path_factory.mktemp("noise")
    for number in range(48):
        (speech / f"talker{number // 2}").mkdir(exist_ok=True)
        path = speech / f"talker{number // 2}" / f"{number}.wav"
        soundfile.write(path, sentence(4, number), SAMPLE_RATE)
    for number in range(8):
        hiss = np.random.default_rng(number).normal(0, 0.05, 4 * SAMPLE_RATE)
        soundfile.write(noise / f"{number}.wav", hiss, SAMPLE_RATE)
    return speech, noise


def test_splits_share_neither_talkers_nor_noises(folders: tuple[Path, Path]) -> None:
    test, val = (Sources.of(*folders, split) for split in ("TEST", "VAL"))
    assert not set(test.talkers) & set(val.talkers)
    assert len(test.talkers) + len(val.talkers) == 24
    assert not {file.path for file in test.noises} & {file.path for file in val.noises}


def test_pairs_are_the_same_for_a_seed_and_others_for_another(folders: tuple[Path, Path]) -> None:
    sources = Sources.of(*folders, "TEST")
    one, again, other = (list(make_pairs(sources, 6, seed)) for seed in (1, 1, 2))
    for a, b in zip(one, again, strict=True):
        assert (a.kind, a.true) == (b.kind, b.true)
        np.testing.assert_array_equal(a.degraded, b.degraded)
    assert any(len(a.degraded) != len(b.degraded) for a, b in zip(one, other, strict=True))


def test_every_damage_comes_and_a_third_are_others(folders: tuple[Path, Path]) -> None:
    pairs = list(make_pairs(Sources.of(*folders, "TEST"), 66, 3))
    assert {pair.kind for pair in pairs if pair.true} >= set(DAMAGES)
    assert {pair.kind for pair in pairs if not pair.true} == {"other-talker", "same-talker", "noise-only"}
    assert sum(not pair.true for pair in pairs) == 22
    for pair in pairs:
        assert len(pair.places) == len(pair.degraded)
        assert np.isfinite(pair.degraded).all()
        assert np.isnan(pair.places).all() or pair.true


def test_figures_count_states_and_lags() -> None:
    reference, other = sentence(5, 1), sentence(5, 2)
    clip = (np.pad(reference, (8_000, 0)) + np.random.default_rng(0).normal(0, 0.001, 88_000)).astype(np.float32)
    right, wrong = (np.arange(88_000) - 8_000.0 + shift for shift in (0, 800))
    pairs = [
        AlignmentPair("late", True, clip, reference, right),
        AlignmentPair("late", True, clip, reference, wrong),
        AlignmentPair("other-talker", False, clip, other, np.full(88_000, np.nan)),
    ]
    found = measure_alignment(pairs)
    assert [one.state for one in found] == ["same", "same", "other"]
    assert [one.right for one in found[:2]] == [1, 0]
    assert found[1].error == pytest.approx(0.05)
    lines = alignment_table(found)
    assert lines[0].startswith("Kept 2 of 2 true references, refused 1 of 1 others")
    assert any(line.startswith("| late | 2 | 2 of 2 | 50.0% |") for line in lines)


def test_the_command_prints_and_writes_the_table(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.md"
    measure([f"speech={folders[0]}", f"noise={folders[1]}", "pairs=6", f"out={out}"])
    assert out.read_text() in capsys.readouterr().out
    assert "refused 2 of 2 others" in out.read_text()


def test_too_few_recordings_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Three talkers"):
        Sources.of(tmp_path, tmp_path, "TEST")
