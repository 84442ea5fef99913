"""`score_many`: a row out per row in, in order, also on failure."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar, cast

import numpy as np
import pandas as pd
import pytest
import soundfile

from sqllm.batch import list_clips, score_many, scoring
from sqllm.batch.columns import FACT_COLUMNS, SCORE_COLUMNS, VOTE_COLUMNS, Layout, Wanted
from sqllm.batch.scoring import CLIPS_A_BATCH, cut_clip, score_rows
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.listening import read_together
from sqllm.listeners.mapping import ScaleMapping
from sqllm.listeners.profiles import get_profile
from sqllm.model.config import ModelConfig
from sqllm.scores import DIMENSIONS, Judgement, Speech
from sqllm.signal.audio import SAMPLE_RATE, AudioError, Clip, load_clip
from tests.tiny import speech_like


def test_every_row_comes_back_in_order_also_a_broken_one(tiny: SpeechQualityLLM, folder: Path) -> None:
    scored = score_many(tiny, list_clips(folder))
    assert list(scored.columns) == ["file", *SCORE_COLUMNS, *FACT_COLUMNS]
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


def test_every_row_says_what_made_it_also_a_broken_one(tiny: SpeechQualityLLM, folder: Path) -> None:
    files = [str(folder / "clip2.wav"), str(folder / "clip3.wav")]
    good, broken = score_many(tiny, files, profile="strict-expert").to_dict("records")
    assert [row["profile"] for row in (good, broken)] == ["strict-expert"] * 2
    assert [row["revision"] for row in (good, broken)] == [tiny.name["revision"]] * 2
    assert good["seconds"] == 2.0
    assert good["speech"] == pytest.approx(tiny.listen(files[0]).speech.share, abs=1e-3)
    assert np.isnan(broken["seconds"])


def test_a_csv_names_references_and_conditions(tiny: SpeechQualityLLM, folder: Path) -> None:
    table = folder / "list.csv"
    table.write_text("file,ref,condition\nclip0.wav,clip0.wav,a\nclip1.wav,,b\nnone.wav,,b\n")
    scored = score_many(tiny, list_clips(table))
    assert list(scored["condition"]) == ["a", "b", "b"]
    assert "There is no audio file" in scored["error"][2]
    paired = tiny.listen(folder / "clip0.wav", folder / "clip0.wav").scores()
    assert scored["mos"][0] == pytest.approx(paired["mos"].mean, abs=0.01)


def test_empty_cells_of_a_frame_are_no_reference_and_no_file(tiny: SpeechQualityLLM, folder: Path) -> None:
    table = pd.DataFrame({"file": [folder / "clip0.wav", None], "ref": [np.nan, None], "start": [np.nan, 1.0]})
    scored = score_many(tiny, table)
    assert scored["error"].tolist() == ["", "This row names no file."]


def test_the_revision_tells_that_scores_were_mapped(tiny: SpeechQualityLLM) -> None:
    mapping = ScaleMapping((0.5, 0.8), 1.5, 4.5)
    mapped = tiny.with_mapping(mapping).name["revision"]
    assert mapped == f"{tiny.name['revision']}-{mapping.name}"
    assert mapped != tiny.with_mapping(replace(mapping, high=4.4)).name["revision"]


def test_votes_to_expect_stand_in_columns_of_their_own(tiny: SpeechQualityLLM, folder: Path) -> None:
    scored = score_many(tiny, [str(folder / f"clip{number}.wav") for number in (0, 3)], votes=True)
    good, broken = scored[VOTE_COLUMNS].to_numpy(float)
    judgement = tiny.rate(folder / "clip0.wav", rationale=False)
    assert judgement.votes is not None
    np.testing.assert_allclose(good, [*judgement.votes.probabilities, judgement.votes.std], atol=6e-3)
    assert np.isnan(broken).all()


def test_own_columns_stand_in_front_and_none_is_overwritten(tiny: SpeechQualityLLM, folder: Path) -> None:
    table = pd.DataFrame({"talker": ["Ann"], "mos": [4.25], "file": [folder / "clip0.wav"], "own_mos": ["kept"]})
    scored = score_many(tiny, table)
    assert list(scored.columns[:5]) == ["talker", "own_own_mos", "file", "own_mos", "mos"]
    assert list(scored.iloc[0, [0, 1, 3]]) == ["Ann", 4.25, "kept"]
    assert scored["mos"][0] == score_many(tiny, [str(folder / "clip0.wav")])["mos"][0]


def test_faults_are_told_as_rate_tells_them(tiny: SpeechQualityLLM, folder: Path) -> None:
    files = [str(folder / f"clip{number}.wav") for number in (0, 3)]
    scored = score_many(tiny, files, faults=True)
    heard = tiny.listen(files[0]).artifacts()
    assert len(heard) > 1
    assert scored["faults"][0].split("; ") == [f"{fault.severity} {fault.kind}" for fault in heard]
    assert pd.isna(scored["faults"][1])


def test_a_clip_without_speech_has_empty_cells_and_a_reason(tiny: SpeechQualityLLM, folder: Path) -> None:
    for name, level in (("silence.wav", 0.0), ("noise.wav", 0.05)):
        noise = level * np.random.default_rng(0).standard_normal(3 * SAMPLE_RATE)
        soundfile.write(folder / name, noise, SAMPLE_RATE, subtype="FLOAT")
    files = [str(folder / name) for name in ("clip0.wav", "silence.wav", "noise.wav", "clip3.wav")]
    scored = score_many(tiny, files, rationale=True)
    assert scored[SCORE_COLUMNS].isna().all(axis=1).tolist() == [False, True, True, True]
    assert scored["rationale"].isna().tolist() == [False, True, True, True]
    assert all("nothing to rate" in reason for reason in scored["warnings"][1:3])
    assert (scored["error"] == "").tolist() == [True, True, True, False]
    assert scored["speech"].tolist()[1:3] == [0.0, 0.0]


def test_a_part_is_scored_as_a_file_of_its_own(tiny: SpeechQualityLLM, tmp_path: Path) -> None:
    wave = speech_like(9.0)
    soundfile.write(tmp_path / "whole.wav", wave, SAMPLE_RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "part.wav", wave[2 * SAMPLE_RATE : 5 * SAMPLE_RATE], SAMPLE_RATE, subtype="FLOAT")
    table = tmp_path / "parts.csv"
    table.write_text(
        "file,start,end,ref\nwhole.wav,2,5,\npart.wav,,,\nwhole.wav,2,5,whole.wav\nwhole.wav,2,5,part.wav\n"
        "whole.wav,20,25,\nwhole.wav,3,3.05,\nwhole.wav,5,2,\nwhole.wav,0:02,5,\nwhole.wav,,30,\n"
    )
    scored = score_many(tiny, list_clips(table))
    names = [*SCORE_COLUMNS, "seconds", "speech"]
    numbers = scored[names].to_numpy(float)
    assert numbers[0] == pytest.approx(numbers[1], abs=2e-3)
    # Its reference runs beside the whole file, or was made for the part.
    assert numbers[2].tolist() == numbers[3].tolist()
    assert list(scored["error"][:4]) == [""] * 4
    said = ["nothing is left from 20 s on", "is 0.05 s long", "is 0.00 s long", "start is '0:02'"]
    assert all(words in error for words, error in zip(said, scored["error"][4:8], strict=True))
    assert scored["seconds"][8] == 9.0


def test_a_part_is_cut_to_the_sample() -> None:
    clip = Clip(np.arange(SAMPLE_RATE, dtype=np.float32), "a.wav")
    assert cut_clip(clip, 0.25, 0.75).samples.tolist() == list(range(4000, 12000))
    assert cut_clip(clip, None, None).seconds == 1.0
    with pytest.raises(AudioError, match=r"a\.wav lasts 1\.00 s"):
        cut_clip(clip, 1.0, None)


def test_a_file_of_many_parts_is_decoded_once(tiny: SpeechQualityLLM, folder: Path, monkeypatch) -> None:
    decoded: list[str] = []

    def decode(path: str, raw: None) -> Clip:
        decoded.append(Path(path).name)
        return load_clip(path)

    monkeypatch.setattr(scoring, "load_clip", decode)
    rows = [{"file": str(folder / name), "start": start} for name in ("clip8.wav", "clip9.wav") for start in (0, 1, 2)]
    assert len(list(score_rows(tiny, rows, Layout.of(["file", "start"], Wanted())))) == 6
    assert decoded == ["clip8.wav", "clip9.wav"]


class _Deaf:
    """A judge that listens to nothing: every clip is silent."""

    name: ClassVar[dict[str, str]] = {"name": "deaf", "revision": "0"}

    model = SimpleNamespace(config=ModelConfig())
    speech_found = False

    def listen_many(self, pairs: Sequence[tuple[Clip, Clip | None]]) -> list[_Deaf]:
        return [self for _ in pairs]

    def rate(self, *asked: object) -> Judgement:
        return Judgement("", None, 10.0, "typical", None, None, (), Speech((), 10.0), ("silent",), self.name)


def test_a_thousand_clips_take_no_more_memory_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Clip(np.zeros(10 * SAMPLE_RATE, np.float32))
    monkeypatch.setattr(scoring, "load_clip", lambda path, raw: replace(made, samples=made.samples.copy()))
    rows = [{"file": f"{number}.wav"} for number in range(1000)]
    tracemalloc.start()
    try:
        scored = score_rows(cast(SpeechQualityLLM, _Deaf()), rows, Layout.of(["file"], Wanted()))
        assert sum(1 for _ in scored) == 1000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * CLIPS_A_BATCH * made.samples.nbytes  # all of them would be 1,000 times a clip


@pytest.mark.parametrize(("profile", "faults"), [("typical", True), ("phone-speaker", False)])
def test_clips_are_read_together_as_they_are_alone(
    tiny: SpeechQualityLLM, folder: Path, profile: str, faults: bool
) -> None:
    soundfile.write(folder / "long.wav", speech_like(14.0), SAMPLE_RATE, subtype="FLOAT")
    paths = [folder / name for name in ("clip9.wav", "long.wav", "clip0.wav")]
    pairs = [(paths[0], None), (paths[1], paths[1]), (paths[1], None), (paths[2], paths[0]), (paths[2], paths[2])]
    together = tiny.listen_many(pairs)
    read_together(together, get_profile(profile), faults)
    for hearing, pair in zip(together, pairs, strict=True):
        alone = tiny.listen(*pair)
        assert hearing.means(profile) == pytest.approx(alone.means(profile), abs=1e-3)
        assert hearing.artifacts() == (alone.artifacts() if faults else ())


def test_few_decoded_clips_are_held_at_once(tiny: SpeechQualityLLM, folder: Path, monkeypatch) -> None:
    """However many rows there are, and fewer of long clips."""
    listened: list[int] = []
    listen = tiny.listen_many

    def listen_many(pairs: list[tuple[Clip, Clip | None]]) -> list[Hearing]:
        listened.append(len(pairs))
        return listen(pairs)

    monkeypatch.setattr(tiny, "listen_many", listen_many)
    rows = [{"file": str(folder / f"clip{number % 2}.wav")} for number in range(10)]
    layout = Layout.of(["file"], Wanted())
    short = list(score_rows(tiny, rows, layout))
    assert listened == [8, 2]
    listened.clear()
    monkeypatch.setattr(scoring, "MOST_SECONDS_A_BATCH", 3.0)
    assert [row["file"] for row in score_rows(tiny, rows, layout)] == [row["file"] for row in short]
    assert max(listened) == 2
