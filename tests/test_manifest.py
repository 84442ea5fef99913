"""Tables as people write them: read, or refused in one sentence; no row loses its reference."""

from __future__ import annotations

import json
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


def test_a_column_of_another_name_keeps_its_name_and_text_beside_ours(desk: Path) -> None:
    (desk / "own.csv").write_text("Path,system,Begin,Ref\nsub/c.wav,7,1.5,\n")
    manifest = read_manifest(desk / "own.csv")
    assert manifest.columns == ("file", "condition", "start", "Path", "system", "Begin", "ref")
    own = {"Path": "sub/c.wav", "system": "7", "Begin": "1.5", "ref": ""}
    assert manifest.rows == ({"file": str(desk / "sub" / "c.wav"), "condition": "7", "start": "1.5", **own},)


NEMO = {"audio_filepath": "sub/c.wav", "offset": 1.25, "duration": 2.5, "text": "Grüße\u2028", "reference_text": "x"}


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "json", "txt"])
def test_json_lines_are_read_with_all_their_keys(desk: Path, suffix: str) -> None:
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in (NEMO, {"audio_filepath": "a.wav", "n": [1]}))
    (desk / f"clips.{suffix}").write_text(f"{text}\n\n", encoding="utf-8")
    manifest = read_manifest(desk / f"clips.{suffix}")
    assert manifest.columns == ("file", "start", "end", *NEMO, "n")
    part = {"file": str(desk / "sub" / "c.wav"), "start": 1.25, "end": 3.75}
    whole = {"file": str(desk / "a.wav"), "start": None, "end": None}
    assert manifest.rows == (
        {**part, **NEMO, "n": None},
        {**whole, **dict.fromkeys(NEMO), "audio_filepath": "a.wav", "n": [1]},
    )
    assert manifest.lines == (1, 2)


def test_a_json_list_is_read_as_lines_are(desk: Path) -> None:
    (desk / "clips.json").write_text(json.dumps([{"file": "a.wav", "ref": "r.wav"}, {"file": "b.wav"}], indent=1))
    rows = read_manifest(desk / "clips.json").rows
    assert [(row["file"], row["ref"]) for row in rows] == [(f"{desk}/a.wav", f"{desk}/r.wav"), (f"{desk}/b.wav", "")]


def test_a_length_alone_is_no_part(desk: Path) -> None:
    assert read_manifest(written(desk, '{"file": "a.wav", "duration": 3.5}')).columns == ("file", "duration")
    (row,) = read_manifest(written(desk, '{"file": "a.wav", "start": 1, "duration": 3.5}')).rows
    assert row == {"file": f"{desk}/a.wav", "start": 1, "duration": 3.5, "end": 4.5}


def written(desk: Path, text: str, name: str = "clips.jsonl") -> Path:
    (desk / name).write_text(text)
    return desk / name


def test_kaldis_files_are_read_and_its_commands_never_run(desk: Path) -> None:
    (desk / "spaced name.wav").touch()
    scp = written(desk, f"u1 a.wav\nu2\tsub/c.wav\n\nu3  {desk}/spaced name.wav\n", "wav.scp")
    manifest = read_manifest(scp)
    assert manifest.columns == ("utterance", "file")
    assert [row["utterance"] for row in manifest.rows] == ["u1", "u2", "u3"]
    assert [row["file"] for row in manifest.rows] == [
        f"{desk}/{name}" for name in ("a.wav", "sub/c.wav", "spaced name.wav")
    ]
    with pytest.raises(ValueError, match="has a command in line 2, which is not run: write its output to a file"):
        read_manifest(written(desk, f"u1 a.wav\nu2 touch {desk}/run |\n", "wav.scp"))
    assert not (desk / "run").exists()
    with pytest.raises(ValueError, match="names no file in line 1"):
        read_manifest(written(desk, "u1\n", "wav.scp"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"file": "a.wav"}\n{"file": \n', "can't be read as JSON in line 2"),
        ('{"file": "a.wav"}\n7\n', "has no JSON object in line 2: write one a line"),
        ('{"path_to": "a.wav"}\n', "has no column named file"),
        ("[]", "has no rows"),
        ("", "is empty"),
    ],
)
def test_json_that_cannot_be_read_is_refused_in_one_sentence(desk: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        read_manifest(written(desk, text))
    assert "\n" not in str(refused.value)


def test_an_object_without_a_file_is_a_row_of_its_own(desk: Path) -> None:
    rows = read_manifest(written(desk, '{"file": "a.wav"}\n{"file": null}\n{"file": 7}\n{"n": 1}\n')).rows
    assert [row["file"] for row in rows] == [f"{desk}/a.wav", "", "", ""]


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
