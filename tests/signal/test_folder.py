"""A folder's sound and moving pictures, and what else lies in it."""

from __future__ import annotations

from pathlib import Path

from sqllm.signal.folder import left_out, media_files, other_files


def test_audio_and_video_of_every_kind_is_listed_and_the_rest_is_counted(tmp_path: Path) -> None:
    media = ["a.WAV", "b.amr", "c.caf", "d.w64", "e.mka", "f.oga", "g.3gp", "h.mov", "i.g722", "j.pcm", "k.avi", "l.wv"]
    for name in [*media, "notes.txt", "more.TXT", "list.csv", "README", ".DS_Store", "._a.wav"]:
        (tmp_path / name).touch()
    (tmp_path / "sub.wav").mkdir()
    (tmp_path / "sub.wav" / "z.flac").touch()
    found = [path.relative_to(tmp_path).as_posix() for path in media_files(tmp_path)]
    assert found == [*media, "sub.wav/z.flac"]
    told = left_out(other_files(tmp_path))
    assert told is not None
    assert told.startswith("Left out: 6 files that are not audio (.txt, ")
    assert all(kind in told for kind in (".csv", "README", ".DS_Store", "._a.wav"))


def test_nothing_left_out_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert left_out(other_files(tmp_path)) is None
    (tmp_path / "b.txt").touch()
    assert left_out(other_files(tmp_path)) == "Left out: 1 file that is not audio (.txt)."


def test_many_kinds_are_cut_short(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"a.x{number}").touch()
    assert str(left_out(other_files(tmp_path))).endswith(", .x5 and others).")
