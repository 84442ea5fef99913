"""`score_many`: a row out per row in, in order, also on failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from sqllm.batch import (
    COLUMNS,
    SCORE_COLUMNS,
    list_clips,
    read_scores,
    score_many,
    score_rows,
    summarise,
    write_scores,
)
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
        alone = tiny.listen(path).scores()
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


def test_a_clip_without_speech_has_empty_cells_and_a_reason_and_enters_no_mean(
    tiny: SpeechQualityLLM, folder: Path
) -> None:
    for name, level in (("silence.wav", 0.0), ("noise.wav", 0.05)):
        noise = level * np.random.default_rng(0).standard_normal(3 * SAMPLE_RATE)
        soundfile.write(folder / name, noise, SAMPLE_RATE, subtype="FLOAT")
    table = folder / "list.csv"
    table.write_text("file,condition\nclip0.wav,a\nsilence.wav,a\nnoise.wav,b\nclip3.wav,b\n")
    scored = score_many(tiny, list_clips(table), rationale=True)
    assert scored[SCORE_COLUMNS].isna().all(axis=1).tolist() == [False, True, True, True]
    assert scored["rationale"].isna().tolist() == [False, True, True, True]
    assert all("nothing to rate" in reason for reason in scored["warnings"][1:3])
    assert (scored["error"] == "").tolist() == [True, True, True, False]
    lines = list(summarise(scored))
    assert lines[0] == "1 of 4 clips scored; 2 without speech."
    assert [line.split(":")[0] for line in lines[1:]] == ["all clips", "a"]
    assert f"MOS {scored['mos'][0]:.2f}, sd 0.00, n 1" in lines[2]


def rated(values: list[float], condition: str = "") -> pd.DataFrame:
    columns = {"condition": condition, "mos": values, "mos_std": 0.3, "error": ""}
    return pd.DataFrame(columns, index=range(len(values)))


def test_an_interval_stays_on_the_scale_and_says_what_it_covers() -> None:
    lines = list(summarise(rated([1.2, 4.6], "few")))
    assert lines[1] == (
        "all clips: MOS 2.90, sd 1.70, n 2, 95% interval over clips 1.00 to 5.00; each clip's score +-0.30"
    )
    copies = list(summarise(rated([4.47] * 125)))[1]
    assert copies.endswith("95% interval over clips 4.47 to 4.47; each clip's score +-0.30")


def test_rows_are_kept_as_they_are_made(tiny: SpeechQualityLLM, folder: Path, tmp_path: Path) -> None:
    """What was scored before an interruption is in the file, whole."""
    rows = score_rows(tiny, list_clips(folder).to_dict("records"))

    def interrupted() -> Iterator[dict[str, Any]]:
        for number, row in enumerate(rows):
            if number == 5:
                raise KeyboardInterrupt
            yield row

    out = tmp_path / "scores.csv"
    with pytest.raises(KeyboardInterrupt):
        write_scores(out, interrupted())
    kept = read_scores(out)
    assert [Path(name).name for name in kept["file"]] == [f"clip{number}.wav" for number in range(5)]
    assert kept["mos"].isna().tolist() == [number == 3 for number in range(5)]


def test_a_written_table_is_read_back_as_it_was(tiny: SpeechQualityLLM, folder: Path, tmp_path: Path) -> None:
    table = list_clips(folder).assign(condition="007")
    scored, out = score_many(tiny, table), tmp_path / "scores.csv"
    write_scores(out, score_rows(tiny, table.to_dict("records")))
    pd.testing.assert_frame_equal(read_scores(out), scored, check_dtype=False, atol=2e-3)
