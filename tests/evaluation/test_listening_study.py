"""The listening study: blinded, in webMUSHRA's keys, and read back."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import soundfile
import yaml

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.listening_study import CONFIG_NAME, CONSTANT, KEY_NAME, OTHER, OWN, read_study, write_study
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like


@pytest.fixture
def clips(tmp_path: Path) -> list[CorpusClip]:
    made = []
    for number in range(4):
        path = tmp_path / f"clip{number}.wav"
        soundfile.write(path, speech_like(1.5, number), SAMPLE_RATE)
        made.append(CorpusClip(path, None, "X_TEST", "", "en", 1, {"mos": 3.0}, speech=number > 0))
    return made


def read_key(folder: Path) -> list[dict[str, str]]:
    with (folder / KEY_NAME).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_study_is_blinded_and_has_webmushras_keys(
    tiny: SpeechQualityLLM, clips: list[CorpusClip], tmp_path: Path
) -> None:
    write_study(tiny, clips, tmp_path / "study", count=5)
    text = (tmp_path / "study" / "configs" / CONFIG_NAME).read_text()
    config, key = yaml.safe_load(text), read_key(tmp_path / "study")
    welcome, (order, *trials), finish = config["pages"]
    assert order == "random"
    assert (welcome["type"], finish["type"], finish["writeResults"]) == ("generic", "finish", True)
    assert [trial["id"] for trial in trials] == [row["trial"] for row in key]
    assert len(key) == 9
    for clip in ("clip1.wav", "clip2.wav", "clip3.wav"):
        assert {row["rationale"] for row in key if row["clip"] == clip} == {OWN, OTHER, CONSTANT}
    assert not any(word in text for word in ("clip1", OTHER, CONSTANT))
    for trial in trials:
        assert trial["type"] == "likert_single_stimulus"
        assert (tmp_path / "study" / trial["stimuli"]["C1"]).is_file()
        assert [point["value"] for point in trial["response"]] == ["fits", "does not fit"]
    with pytest.raises(ValueError, match="holds a study already"):
        write_study(tiny, clips, tmp_path / "study")


def test_results_are_read_back(tiny: SpeechQualityLLM, clips: list[CorpusClip], tmp_path: Path) -> None:
    write_study(tiny, clips, tmp_path / "study")
    results = tmp_path / "lss.csv"
    rows = ["session_test_id,trial_id,stimuli_rating,stimuli,rating_time"]
    for row in read_key(tmp_path / "study"):
        said = "fits" if row["rationale"] == OWN else "does not fit"
        rows += [f'rationale_fit,{row["trial"]}," {said} ",C1,900'] * 4
    results.write_text("\n".join(rows) + "\n")
    own, other, constant = read_study(tmp_path / "study", results)
    assert own.startswith("own: 100.0% of 12 fit [75")
    assert other.startswith("of another clip: 0.0% of 12")
    assert constant.endswith("24.2%]")
    results.write_text(rows[0] + "\nrationale_fit,trial999,fits,C1,9\n")
    with pytest.raises(ValueError, match="another study"):
        read_study(tmp_path / "study", results)


def test_a_study_needs_clips_with_speech(tiny: SpeechQualityLLM, clips: list[CorpusClip], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two clips with speech"):
        write_study(tiny, clips[:2], tmp_path / "study")
