"""`score_many`: a row out per row in, in order, also on failure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import soundfile

from sqllm.batch import COLUMNS, list_clips, score_many, summarise
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(10):
        path = tmp_path / f"clip{number}.wav"
        soundfile.write(path, speech_like(1.5 + number / 4, number), SAMPLE_RATE, subtype="FLOAT")
    (tmp_path / "clip3.wav").write_text("no audio")
    return tmp_path


def test_every_row_comes_back_in_order_also_a_broken_one(tiny: SpeechQualityLLM, folder: Path) -> None:
    scored = score_many(tiny, list_clips(folder))
    assert list(scored.columns) == COLUMNS
    assert [Path(name).name for name in scored["file"]] == [f"clip{number}.wav" for number in range(10)]
    assert list(scored["error"] != "") == [number == 3 for number in range(10)]
    assert scored["mos"].isna().tolist() == [number == 3 for number in range(10)]


def test_a_row_has_the_scores_of_its_clip_alone(tiny: SpeechQualityLLM, folder: Path) -> None:
    scored = score_many(tiny, list_clips(folder)).set_index("file")
    for number in (0, 7, 9):
        path = str(folder / f"clip{number}.wav")
        alone = tiny.rate(path, rationale=False).scores
        for name in DIMENSIONS:
            assert scored.loc[path, name] == pytest.approx(alone[name].mean, abs=0.01)


def test_a_csv_names_references_and_conditions(tiny: SpeechQualityLLM, folder: Path) -> None:
    table = folder / "list.csv"
    table.write_text("file,ref,condition\nclip0.wav,clip0.wav,a\nclip1.wav,,b\nnone.wav,,b\n")
    scored = score_many(tiny, list_clips(table))
    assert list(scored["condition"]) == ["a", "b", "b"]
    assert "There is no audio file" in scored["error"][2]
    lines = list(summarise(scored))
    assert lines[0] == "2 of 3 clips scored."
    assert [line.split(":")[0] for line in lines[1:]] == ["all clips", "a", "b"]


def test_a_source_without_clips_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no audio files"):
        list_clips(tmp_path)
    with pytest.raises(ValueError, match="There is no folder or CSV"):
        list_clips(tmp_path / "none")
    (tmp_path / "bad.csv").write_text("name\nx.wav\n")
    with pytest.raises(ValueError, match="has no column named file"):
        list_clips(tmp_path / "bad.csv")


def test_nothing_to_summarise_is_said(tiny: SpeechQualityLLM, tmp_path: Path) -> None:
    scored = score_many(tiny, pd.DataFrame({"file": [str(tmp_path / "none.wav")]}))
    assert list(summarise(scored)) == ["0 of 1 clips scored."]
