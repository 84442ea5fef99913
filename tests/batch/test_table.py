"""A table of scores: rows are kept as they are made, and a run that was killed goes on where it stopped."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sqllm.batch.columns import SCORE_COLUMNS, Layout, Wanted
from sqllm.batch.table import Kept, ScoreTable, TableError, beside, check_kept, read_scores

FORMATS = ["csv", "jsonl", "parquet"]
OWN = ["file", "talker", "note", "n"]
LAYOUT = Layout.of(OWN, Wanted())
RECORDS = [
    {"file": f"a {number}.wav", "talker": 'Ånn, "the" one', "note": "two\nlines\r\nand \r", "n": number}
    for number in range(5)
]


def rows(start: int = 0, revision: str = "r1") -> Iterator[dict[str, Any]]:
    """Rows as a judge makes them; the fourth has no scores."""
    for number, record in enumerate(RECORDS):
        scores = {} if number == 3 else dict.fromkeys(SCORE_COLUMNS, 1 + number / 3)
        said = {"profile": "typical", "revision": revision, "warnings": "", "error": "broken" * (number == 3)}
        if number >= start:
            yield {**record, **scores, **said}


def whole(folder: Path, kind: str) -> bytes:
    """The file of one run."""
    out = folder / f"whole.{kind}"
    ScoreTable(out, LAYOUT).write(rows())
    return out.read_bytes()


def resumed(out: Path) -> int:
    """Go on with a table; how many rows were kept."""
    table = ScoreTable(out, LAYOUT)
    kept = table.keep(RECORDS)
    table.write(rows(kept.rows))
    return kept.rows


@pytest.fixture(params=FORMATS)
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return str(request.param)


def test_a_written_table_is_read_back_as_it_was(tmp_path: Path, kind: str) -> None:
    whole(tmp_path, kind)
    table = read_scores(tmp_path / f"whole.{kind}")
    assert list(table.columns) == LAYOUT.columns
    assert table["file"].tolist() == [record["file"] for record in RECORDS]
    assert table["note"].tolist() == [record["note"] for record in RECORDS]
    assert table["mos"].isna().tolist() == [False, False, False, True, False]
    assert table["mos"].dropna().tolist() == pytest.approx([1, 4 / 3, 5 / 3, 7 / 3])
    assert table["n"].tolist() == ([str(n) for n in range(5)] if kind == "csv" else list(range(5)))
    assert not beside(tmp_path / f"whole.{kind}").exists()


def test_a_run_cut_at_any_byte_goes_on_to_the_same_file(tmp_path: Path, kind: str) -> None:
    expected = whole(tmp_path, kind)
    out = tmp_path / f"cut.{kind}"
    table = ScoreTable(out, LAYOUT)
    with pytest.raises(KeyboardInterrupt):
        table.write(interrupted(5))
    content = table.rows_at.read_bytes()
    found = set()
    for end in range(0, len(content) + 1, 7):
        table.rows_at.write_bytes(content[:end])
        found.add(resumed(out))
        assert out.read_bytes() == expected
        out.unlink()
    assert found == {0, 1, 2, 3, 4} | ({5} if (len(content) + 1) % 7 == 1 else set())


def interrupted(after: int) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows()):
        if number == after:
            break
        yield row
    raise KeyboardInterrupt


def test_rows_are_there_as_they_are_made(tmp_path: Path, kind: str) -> None:
    table = ScoreTable(tmp_path / f"out.{kind}", LAYOUT)
    with pytest.raises(KeyboardInterrupt):
        table.write(interrupted(3))
    assert table.rows == 3
    assert len(read_scores(table.rows_at)) == 3


def test_a_finished_table_is_gone_on_with_when_there_are_more_clips(tmp_path: Path, kind: str) -> None:
    expected = whole(tmp_path, kind)
    out = tmp_path / f"out.{kind}"
    ScoreTable(out, LAYOUT).write(row for number, row in enumerate(rows()) if number < 3)
    assert resumed(out) == 3
    assert out.read_bytes() == expected
    assert resumed(out) == 5
    assert out.read_bytes() == expected


def test_without_resume_a_table_is_written_anew_but_stays_until_there_is_a_row(tmp_path: Path, kind: str) -> None:
    expected = whole(tmp_path, kind)
    out = tmp_path / f"whole.{kind}"
    with pytest.raises(KeyboardInterrupt):
        ScoreTable(out, LAYOUT).write(interrupted(0))
    assert out.read_bytes() == expected
    ScoreTable(out, LAYOUT).write(rows(4))
    assert len(read_scores(out)) == 1


def test_a_table_of_other_clips_or_options_is_not_gone_on_with(tmp_path: Path, kind: str) -> None:
    whole(tmp_path, kind)
    out = tmp_path / f"whole.{kind}"
    others = [*RECORDS[:2], {**RECORDS[2], "talker": "Bob"}, *RECORDS[3:]]
    for records, said in (
        (others, r"other clips \(from its row 3 on\)"),
        (RECORDS[:3], r"other clips \(from its row 4"),
    ):
        with pytest.raises(TableError, match=said):
            ScoreTable(out, LAYOUT).keep(records)
    with pytest.raises(TableError, match=r"other columns \(rationale\)"):
        ScoreTable(out, Layout.of(OWN, Wanted(rationale=True))).keep(RECORDS)
    assert len(read_scores(out)) == 5


def test_a_table_of_another_listener_or_model_is_not_gone_on_with(tmp_path: Path) -> None:
    whole(tmp_path, "csv")
    kept = ScoreTable(tmp_path / "whole.csv", LAYOUT).keep(RECORDS)
    check_kept(Path("x.csv"), kept, "typical", "r1")
    check_kept(Path("x.csv"), Kept(), "typical", "r1")
    with pytest.raises(TableError, match="made with the profile typical, this run's is phone-speaker"):
        check_kept(Path("x.csv"), kept, "phone-speaker", "r1")
    with pytest.raises(TableError, match="made with the model revision r1, this run's is r2"):
        check_kept(Path("x.csv"), kept, "typical", "r2")


@pytest.mark.parametrize("content", ["nothing of ours\nbut lines\n", "file,mos\na.wav,1,2,3\n", 'a\n"b"c\n', "[1]\n"])
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_another_file_is_not_gone_on_with(tmp_path: Path, content: str, suffix: str) -> None:
    out = tmp_path / f"notes.{suffix}"
    out.write_text(content)
    with pytest.raises(TableError):
        ScoreTable(out, LAYOUT).keep(RECORDS)
    assert out.read_text() == content


def test_names_that_are_no_text_are_kept(tmp_path: Path, kind: str) -> None:
    record = {**RECORDS[0], "file": b"caf\xe9.wav".decode("utf-8", "surrogateescape")}
    out = tmp_path / f"out.{kind}"
    ScoreTable(out, LAYOUT).write([{**next(rows()), **record}])
    assert ScoreTable(out, LAYOUT).keep([record]).rows == 1
    assert read_scores(out)["file"][0].startswith("caf")


def test_nested_and_mixed_values_are_kept(tmp_path: Path, kind: str) -> None:
    layout = Layout.of(["file", "words", "mixed", "flag", "share"], Wanted())
    records: list[dict[str, Any]] = [
        {"file": "a.wav", "words": [{"w": "hé"}], "mixed": 1, "flag": True, "share": 1},
        {"file": "b.wav", "words": None, "mixed": "x", "flag": None, "share": 0.5},
    ]
    out = tmp_path / f"out.{kind}"
    row = {**next(rows()), **dict.fromkeys(("talker", "note", "n"))}
    ScoreTable(out, layout).write({**row, **record} for record in records)
    assert ScoreTable(out, layout).keep(records).rows == 2
    table = read_scores(out)
    words = table["words"][0]
    assert words == ([{"w": "hé"}] if kind == "jsonl" else '[{"w": "hé"}]')
    if kind != "csv":
        assert table["share"].tolist() == [1.0, 0.5]


def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = ScoreTable(tmp_path / "out.csv", LAYOUT)
    monkeypatch.setattr(table, "_opened", lambda: Path("/dev/full").open("wb", buffering=0))  # noqa: SIM115
    with pytest.raises(TableError, match=r"out\.csv can't be written any further \(No space left on device\)"):
        table.write(rows())


def test_a_disk_that_is_full_at_the_end_keeps_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    out = tmp_path / "out.parquet"
    with monkeypatch.context() as patched:
        patched.setattr("sqllm.batch.parquet.write_parquet", full)
        with pytest.raises(TableError, match=r"out\.parquet can't be written any further \(No space left on device\)"):
            ScoreTable(out, LAYOUT).write(rows())
    assert resumed(out) == 5
    assert len(read_scores(out)) == 5


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is a folder: name a file in it"),
        ("no/x.csv", "There is no folder"),
        ("x.xlsx", "ends in .csv, .jsonl or .parquet"),
        ("x", "ends in .csv, .jsonl or .parquet"),
    ],
)
def test_a_target_that_cannot_be_written_is_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(TableError, match=said):
        ScoreTable(tmp_path / name, LAYOUT)


def test_parquet_without_its_package_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqllm.batch.parquet.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"Parquet needs pyarrow \(pip install 'sqllm\[parquet\]'\)"):
        ScoreTable(tmp_path / "x.parquet", LAYOUT)


def test_a_table_of_others_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("file,mos,condition\na.wav,3.5,007\nNA,n/a,None\n")
    table = read_scores(path)
    assert table["condition"].tolist() == ["007", "None"]
    assert table["file"].tolist() == ["a.wav", "NA"]
    assert table["mos"].isna().tolist() == [False, True]
    with pytest.raises(ValueError, match="There is no table of scores at"):
        read_scores(tmp_path / "none.csv")
    path.with_suffix(".jsonl").write_text("{\n")
    with pytest.raises(ValueError, match="can't be read as a table of scores"):
        read_scores(path.with_suffix(".jsonl"))
    assert isinstance(table, pd.DataFrame)
