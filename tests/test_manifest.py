"""Tables as people write them: read, or refused in one sentence; no row loses its reference."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from sqllm.batch import list_clips
from sqllm.manifest import read_manifest

PLAIN = "file,ref,condition\na.wav,r.wav,one\nb.wav,,two\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    for name in ("a.wav", "b.wav", "r.wav", "sub/c.wav", "sub/d, e.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def read(desk: Path, text: str | bytes, name: str = "clips.csv") -> list[tuple[str, str]]:
    """Files and references of a table, relative to the desk."""
    path = desk / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    rows = read_manifest(path).rows
    return [tuple(row.get(key, "").replace(f"{desk}/", "") for key in ("file", "ref")) for row in rows]


WANTED = [("a.wav", "r.wav"), ("b.wav", "")]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", ", ", " ; "])
def test_columns_may_be_parted_by_any_usual_mark(desk: Path, mark: str) -> None:
    assert read(desk, PLAIN.replace(",", mark)) == WANTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_any_usual_encoding_is_read(desk: Path, encoding: str) -> None:
    (desk / "Müller é.wav").touch()
    assert read(desk, "file;ref\nMüller é.wav;r.wav\n".encode(encoding)) == [("Müller é.wav", "r.wav")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_blank_lines_are_read(desk: Path, end: str) -> None:
    assert read(desk, f"{end}{PLAIN.replace(chr(10), end + end)}{end}") == WANTED


@pytest.mark.parametrize(
    "header",
    [
        "File,Reference,Condition",
        " FILE , REF ,con",
        "filename,clean,system",
        "path,ref_path,cond",
        '"File","ref",x',
        "filepath_deg,filepath_ref,con",
        "Audio File,Reference-File,condition",
        "degraded,original,c",
    ],
)
def test_columns_are_known_by_their_usual_names(desk: Path, header: str) -> None:
    assert read(desk, PLAIN.replace("file,ref,condition", header)) == WANTED


def test_the_nisqa_corpus_index_is_read_by_its_paths(desk: Path) -> None:
    index = "db,con,filename_deg,filename_ref,filepath_deg,filepath_ref\nx,1,c.wav,r.wav,sub/c.wav,r.wav\n"
    assert read(desk, index) == [("sub/c.wav", "r.wav")]


def test_backslashes_and_either_form_of_accents_find_the_file(desk: Path) -> None:
    composed = unicodedata.normalize("NFC", "é.wav")
    (desk / "sub" / unicodedata.normalize("NFD", composed)).touch()
    found = read(desk, f"file,ref\nsub\\c.wav,.\\r.wav\nsub\\{composed},\n")
    assert found == [("sub/c.wav", "r.wav"), (f"sub/{unicodedata.normalize('NFD', composed)}", "")]


def test_paths_from_the_working_folder_are_found(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    assert read(desk, "file\nsub/c.wav\n", "sub/clips.csv") == [("sub/c.wav", "")]


def test_a_quoted_name_may_hold_the_delimiter(desk: Path) -> None:
    assert read(desk, 'file, ref\n"sub/d, e.wav", "r.wav"\n') == [("sub/d, e.wav", "r.wav")]


def test_cells_that_say_nothing_are_no_reference_and_short_rows_have_none(desk: Path) -> None:
    assert read(desk, "file,ref\na.wav,nan\na.wav,-\na.wav\na.wav,r.wav,,\n") == [("a.wav", "")] * 3 + [WANTED[0]]


def test_other_columns_are_kept(desk: Path) -> None:
    (desk / "own.csv").write_text("file,talker,ref\na.wav,Ann,r.wav\n")
    table = list_clips(desk / "own.csv")
    assert list(table.columns) == ["file", "talker", "ref"]
    assert table["talker"].tolist() == ["Ann"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty: write a first line such as file,ref,condition"),
        ("\n \n", "is empty"),
        ("file,ref\n", "has no rows below"),
        ("a.wav,r.wav\nb.wav,r.wav\n", "has no column named file"),
        ("file,ref,ref\na.wav,r.wav,r.wav\n", "more than one column named 'ref'"),
        ("file,File\na.wav,b.wav\n", "has two columns for file"),
        ("file,refs_used\na.wav,r.wav\n", "'refs_used' that may be the reference: name it ref"),
        ("file,my clean clip\na.wav,r.wav\n", "that may be the reference"),
        ("file,ref,original\na.wav,r.wav,\na.wav,,r.wav\n", "a reference in line 3 under 'original'"),
        ("file,ref\nsub/d, e.wav,r.wav\n", 'has 3 cells in line 2, but 2 columns: put names .* into "quotation marks"'),
        ('file,ref\n"a.wav,r.wav\nb.wav,r.wav\n', "can't be read as CSV near line"),
        (b"file,ref\n\x00\x01\x02,\x00\n", "can't be read as a table of text"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00", "can't be read as a table of text"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(desk: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        read(desk, text)
    assert "\n" not in str(refused.value)


def test_a_spreadsheet_is_asked_for_as_csv(desk: Path) -> None:
    with pytest.raises(ValueError, match="save it as CSV"):
        read(desk, b"PK\x03\x04", "clips.xlsx")


def test_a_file_that_is_not_there_keeps_its_place_beside_the_table(desk: Path) -> None:
    assert read(desk, f"file,ref\ngone.wav,lost.wav\n{'x' * 300}.wav,\n")[0] == ("gone.wav", "lost.wav")
