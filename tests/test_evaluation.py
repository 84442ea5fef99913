"""The evaluation report on a tiny set of rated clips."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from sqllm.audio import SAMPLE_RATE
from sqllm.corpus.layout import read_ratings
from sqllm.judge import SpeechQualityLLM
from sqllm.training.baselines import load_baselines
from sqllm.training.report import evaluation_report
from tests.tiny import speech_like
from train.evaluate import EvaluateSettings


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    lines = ["file,ref,set,overall"]
    for number in range(5):
        name = f"clip{number}.wav"
        soundfile.write(tmp_path / name, speech_like(1.5, number), SAMPLE_RATE, subtype="FLOAT")
        lines.append(f"{name},{'clip0.wav' if number < 4 else ''},panel,{1.5 + number / 2}")
    (tmp_path / "index.csv").write_text("\n".join(lines))
    return tmp_path / "index.csv"


def test_ratings_are_read_and_a_clip_is_not_its_own_reference(ratings: Path) -> None:
    clips = read_ratings(ratings)
    assert [clip.scores["mos"] for clip in clips] == [1.5, 2.0, 2.5, 3.0, 3.5]
    assert [clip.reference is not None for clip in clips] == [False, True, True, True, False]
    assert {clip.db for clip in clips} == {"panel"}


def test_ratings_without_a_rating_are_refused(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file\nx.wav\n")
    with pytest.raises(ValueError, match="needs the columns file, and mos or overall"):
        read_ratings(tmp_path / "index.csv")


def test_the_report_counts_clips_with_and_without_reference(
    tiny: SpeechQualityLLM, ratings: Path, tmp_path: Path
) -> None:
    settings = EvaluateSettings(ratings=ratings, cache=tmp_path / "tokens", conduct_clips=2)
    report = "\n".join(evaluation_report(tiny, read_ratings(ratings), settings))
    assert "### panel" in report
    for row in ("ours, single-ended (5)", "ours, single-ended (3)", "ours, double-ended (3)"):
        assert f"| {row} |" in report
    assert "### Conduct on 2 clips" in report
    assert "Two runs give identical JSON." in report


def test_an_unknown_baseline_is_refused() -> None:
    with pytest.raises(ValueError, match="There is no baseline 'MOSNet'"):
        load_baselines(("MOSNet",))
