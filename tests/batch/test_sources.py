"""Files, folders, patterns and tables in any mixture are one list of clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqllm.batch.sources import list_clips, read_sources


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.wav", "b.flac", "sub/c.wav", "sub/d.mp3", "sub/deep/e.wav", "sub/notes.txt", "odd[1].wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "list.csv").write_text("file,condition,talker\na.wav,x,Ann\na.wav,y,Bob\n")
    (tmp_path / "list.jsonl").write_text('{"audio_filepath": "sub/c.wav", "text": "hello", "n": 3}\n')
    (tmp_path / "wav.scp").write_text("utt1 sub/d.mp3\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(*sources: str) -> list[str]:
    return [row["file"] for row in read_sources(sources).rows]


def test_sources_come_in_the_order_they_are_named(desk: Path) -> None:
    assert files("b.flac", "sub", "a.wav") == ["b.flac", "sub/c.wav", "sub/d.mp3", "sub/deep/e.wav", "a.wav"]


def test_a_pattern_finds_clips_and_tables_and_folders(desk: Path) -> None:
    assert files("*.wav") == ["a.wav", "odd[1].wav"]
    assert files("**/*.wav") == ["a.wav", "odd[1].wav", "sub/c.wav", "sub/deep/e.wav"]
    assert files("l*.csv") == ["a.wav", "a.wav"]
    assert files("sub/*") == ["sub/c.wav", "sub/d.mp3", "sub/deep/e.wav"]
    assert read_sources(["sub/*"]).left_out == "Left out: 1 file that is not audio (.txt)."
    assert files("odd[1].wav") == ["odd[1].wav"]


def test_a_file_is_listed_once_but_what_tables_list_is_kept(desk: Path) -> None:
    assert files("a.wav", "./a.wav", "*.wav") == ["a.wav", "odd[1].wav"]
    assert files("sub", "sub") == ["sub/c.wav", "sub/d.mp3", "sub/deep/e.wav"]
    assert files("list.csv", "a.wav") == ["a.wav", "a.wav", "a.wav"]
    (desk / "plain.csv").write_text("file\na.wav\na.wav\n")
    assert files("plain.csv", "plain.csv") == ["a.wav"] * 4


def test_columns_of_all_sources_are_kept(desk: Path) -> None:
    clips = read_sources(["wav.scp", "list.csv", "list.jsonl", "b.flac"])
    assert clips.columns == ("file", "condition", "utterance", "talker", "audio_filepath", "text", "n")
    nothing = dict.fromkeys(clips.columns)
    assert clips.rows == (
        {**nothing, "file": "sub/d.mp3", "utterance": "utt1"},
        {**nothing, "file": "a.wav", "condition": "x", "talker": "Ann"},
        {**nothing, "file": "a.wav", "condition": "y", "talker": "Bob"},
        {**nothing, "file": "sub/c.wav", "audio_filepath": "sub/c.wav", "text": "hello", "n": 3},
        {**nothing, "file": "b.flac"},
    )
    assert {table.name for table in clips.tables} == {"wav.scp", "list.csv", "list.jsonl"}


def test_values_stay_what_they_are_in_a_frame(desk: Path) -> None:
    assert list_clips("list.jsonl", "a.wav")["n"].tolist() == [3, None]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("none", "There is no folder, table or audio file at none."),
        ("empty", "empty holds no audio files."),
        ("*.ogg", "*.ogg holds no audio files."),
        ("sub/notes.txt", "sub/notes.txt is empty"),
        ("bad.csv", "bad.csv has no column named file"),
    ],
)
def test_a_source_without_clips_is_refused_in_a_sentence(desk: Path, source: str, said: str) -> None:
    (desk / "empty").mkdir()
    (desk / "bad.csv").write_text("name\nx.wav\n")
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        read_sources(["a.wav", source])
    assert str(refused.value).startswith(said)
