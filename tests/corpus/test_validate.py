"""What is missing, wrong or shared in a corpus is found and said in a sentence."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sqllm.corpus import validate as check
from sqllm.corpus.nisqa_layout import COLUMNS, INDEX_NAME, TRUTH_NAME, write_index
from sqllm.corpus.sources import SPLITS
from sqllm.corpus.validate import NISQA_SUBSETS, check_corpus, find_leaks
from sqllm.signal.audio import SAMPLE_RATE
from train.check import main

Rows = list[dict[str, Any]]


def make_corpus(folder: Path, name: str = "SQLLM_{}_SIM", clips: int = 2) -> tuple[Rows, Rows]:
    """A good corpus of a few clips a split, of a second's tenth each; its rows and truth, to be changed."""
    rows, truths = [], []
    for split in SPLITS:
        for number in range(clips):
            clip = f"{split.lower()}_{number}.wav"
            for kind in ("deg", "ref"):
                (folder / kind).mkdir(parents=True, exist_ok=True)
                wave = np.random.default_rng([ord(c) for c in kind + clip]).normal(0, 0.1, 1_600)
                soundfile.write(folder / kind / clip, wave, SAMPLE_RATE)
            row = dict.fromkeys(COLUMNS, "") | dict.fromkeys(("mos", "noi", "col", "dis", "loud"), 2 + number % 2)
            names = {"db": name.format(split), "source": f"talker-{split}", "votes": 1}
            rows.append(row | names | {"filepath_deg": f"deg/{clip}", "filepath_ref": f"ref/{clip}"})
            drawn = {"talkers": [f"talker-{split}"], "noises": [f"{split}.wav"], "rooms": [SPLITS.index(split)]}
            truths.append({"file": f"deg/{clip}", "speech": True, "artifacts": [], "drawn": drawn})
    write_index(folder, rows, truths)
    return rows, truths


def row_of(rows: Rows, file: str) -> dict[str, Any]:
    return next(row for row in rows if row.get("filepath_deg", row.get("file")) == f"deg/{file}.wav")


def only(problems: list[str]) -> str:
    (problem,) = problems
    return problem


def test_a_good_corpus_has_no_problem_and_shares_nothing(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    assert check_corpus(tmp_path) == []
    assert find_leaks(tmp_path) == []


def test_a_folder_without_an_index_is_told_where_the_nisqa_corpus_is(tmp_path: Path) -> None:
    assert "zenodo.org/records/4728081" in only(check_corpus(tmp_path))
    assert "is not there" in only(check_corpus(tmp_path / "nowhere"))
    make_corpus(tmp_path / "NISQA_Corpus")
    assert only(check_corpus(tmp_path)).endswith(f"but {tmp_path / 'NISQA_Corpus'} does: give that folder.")


def test_an_index_without_clips_or_columns_is_named(tmp_path: Path) -> None:
    (tmp_path / INDEX_NAME).write_text("db,con\n")
    assert check_corpus(tmp_path) == [f"{INDEX_NAME} lists no clip."]
    (tmp_path / INDEX_NAME).write_text("con,file\n1,1\n")
    assert only(check_corpus(tmp_path)).startswith(f"{INDEX_NAME} lacks the columns db, con_description,")


def test_a_column_missing_from_an_otherwise_good_index_is_the_only_problem(tmp_path: Path) -> None:
    rows, _ = make_corpus(tmp_path)
    kept = [column for column in COLUMNS if column not in ("loud", "lang")]
    with (tmp_path / INDEX_NAME).open("w", newline="") as file:
        writer = csv.DictWriter(file, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    assert check_corpus(tmp_path) == [f"{INDEX_NAME} lacks the columns lang, loud."]


def test_missing_files_are_counted_and_the_first_three_named(tmp_path: Path) -> None:
    make_corpus(tmp_path, clips=5)
    for number in range(4):
        (tmp_path / "deg" / f"train_{number}.wav").unlink()
        (tmp_path / "ref" / f"val_{number}.wav").unlink()
    assert check_corpus(tmp_path) == [
        "SQLLM_TRAIN_SIM: 4 of 5 clips are missing: deg/train_0.wav, deg/train_1.wav, deg/train_2.wav and 1 more.",
        "SQLLM_VAL_SIM: 4 of 5 references are missing: ref/val_0.wav, ref/val_1.wav, ref/val_2.wav and 1 more.",
    ]


def test_a_subset_without_any_file_is_named(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    for number in range(2):
        (tmp_path / "deg" / f"val_{number}.wav").unlink()
    assert "SQLLM_VAL_SIM is listed with 2 clips, but none of its files is there" in only(check_corpus(tmp_path))


def test_talk_over_telephone_lines_needs_no_references(tmp_path: Path) -> None:
    make_corpus(tmp_path, "X_{}_LIVETALK")
    for path in (tmp_path / "ref").iterdir():
        path.unlink()
    assert check_corpus(tmp_path) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda path: path.write_text("no audio"), "can't be read as audio"),
        (lambda path: soundfile.write(path, np.zeros(0), SAMPLE_RATE), "hold no samples"),
        (
            lambda path: soundfile.write(path, np.zeros(99), 48_000),
            "have a sampling rate of 48,000 Hz instead of 16,000",
        ),
    ],
)
def test_audio_that_can_not_be_used_is_found(tmp_path: Path, spoil: Callable[[Path], None], fault: str) -> None:
    make_corpus(tmp_path)
    spoil(tmp_path / "deg" / "test_1.wav")
    problem = only(check_corpus(tmp_path))
    assert problem.startswith(f"SQLLM_TEST_SIM: 1 of 4 sampled files {fault}")
    assert problem.endswith(": deg/test_1.wav.")


def test_recordings_of_another_corpus_may_have_a_higher_rate_but_no_lower_one(tmp_path: Path) -> None:
    make_corpus(tmp_path, "X_{}")
    soundfile.write(tmp_path / "deg" / "val_0.wav", np.zeros(4_800), 48_000)
    assert check_corpus(tmp_path) == []
    soundfile.write(tmp_path / "deg" / "val_0.wav", np.zeros(800), 8_000)
    assert "have a sampling rate of only 8,000 Hz: deg/val_0.wav" in only(check_corpus(tmp_path))


@pytest.mark.parametrize(("name", "wrong", "fine"), [("X_{}", 0.9, 1.0), ("SQLLM_{}_SIM", -0.1, 0.4), ("X_{}", 0, 5)])
def test_ratings_off_the_scale_are_named_teachers_may_go_a_little_below(
    tmp_path: Path, name: str, wrong: float, fine: float
) -> None:
    rows, truths = make_corpus(tmp_path, name)
    row_of(rows, "val_1")["noi"] = fine
    write_index(tmp_path, rows, truths)
    assert check_corpus(tmp_path) == []
    row_of(rows, "val_1")["noi"] = wrong
    write_index(tmp_path, rows, truths)
    assert f"1 ratings in noi are outside {'0-5.5' if 'SQLLM' in name else '1-5'}: {wrong:g} (deg/val_1.wav)." in only(
        check_corpus(tmp_path)
    )


def test_a_clip_without_a_mos_is_named_one_without_dimensions_is_not(tmp_path: Path) -> None:
    rows, truths = make_corpus(tmp_path)
    row_of(rows, "val_1")["noi"] = ""
    for row, mos in zip(rows, ("nan", "", "good"), strict=False):
        row["mos"] = mos
    write_index(tmp_path, rows, truths)
    assert check_corpus(tmp_path) == [
        "SQLLM_TRAIN_SIM: 2 of 2 clips have no mos: deg/train_0.wav, deg/train_1.wav.",
        "SQLLM_VAL_SIM: 1 of 2 clips have no mos: deg/val_0.wav.",
    ]


def test_clips_listed_twice_and_clips_without_truth_or_split_are_named(tmp_path: Path) -> None:
    rows, truths = make_corpus(tmp_path)
    lost = row_of(rows, "test_0")
    write_index(tmp_path, [*rows, rows[0]], [truth for truth in truths if truth["file"] != lost["filepath_deg"]])
    assert check_corpus(tmp_path) == [
        "1 clips are listed more than once: deg/train_0.wav.",
        "truth.jsonl says nothing of 1 simulated clips: deg/test_0.wav.",
    ]
    lost["db"] = "X_OTHER"
    write_index(tmp_path, rows, truths)
    assert "The database 'X_OTHER' is in no split" in only(check_corpus(tmp_path))


def test_a_broken_truth_is_a_sentence(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    (tmp_path / TRUTH_NAME).write_text('{"file": "deg/tr')
    assert only(check_corpus(tmp_path)).startswith("truth.jsonl can't be read (")


def test_subsets_of_the_nisqa_corpus_that_are_absent_or_not_whole_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sum(NISQA_SUBSETS.values()) == 14_432
    make_corpus(tmp_path, "NISQA_{}_LIVE")
    monkeypatch.setattr(check, "NISQA_SUBSETS", {"NISQA_TRAIN_LIVE": 2, "NISQA_VAL_LIVE": 1_020, "NISQA_TEST_FOR": 240})
    assert check_corpus(tmp_path) == [
        "NISQA_VAL_LIVE of the NISQA corpus is not whole: 1,020 clips expected, 2 in the index.",
        "NISQA_TEST_FOR of the NISQA corpus is absent: 240 clips expected, 0 in the index.",
    ]


@pytest.mark.parametrize(("kind", "shared"), [("talkers", "anna"), ("noises", "rain.wav"), ("rooms", 7)])
def test_sources_drawn_in_two_splits_are_leaks(tmp_path: Path, kind: str, shared: object) -> None:
    rows, truths = make_corpus(tmp_path)
    for file in ("train_1", "test_0"):
        row_of(truths, file)["drawn"][kind].append(shared)
    write_index(tmp_path, rows, truths)
    assert find_leaks(tmp_path) == [f"TRAIN and TEST share 1 {kind}: {shared}."]


def test_older_corpora_leak_by_their_source_and_by_the_room_of_a_reverberation(tmp_path: Path) -> None:
    rows, truths = make_corpus(tmp_path)
    for truth in truths:
        del truth["drawn"]
    row_of(rows, "val_0")["source"] = "talker-TRAIN"
    for file in ("val_1", "test_1"):
        row_of(truths, file)["artifacts"] = [{"kind": "reverberation", "parameters": {"room": 4, "t60": 0.4}}]
    write_index(tmp_path, rows, truths)
    assert find_leaks(tmp_path) == [
        "TRAIN and VAL share 1 talkers: talker-TRAIN.",
        "VAL and TEST share 1 rooms: 4.",
    ]


def test_a_source_of_speech_that_people_rated_is_no_talker(tmp_path: Path) -> None:
    rows, _ = make_corpus(tmp_path, "X_{}")
    write_index(tmp_path, [row | {"source": "a collection"} for row in rows], [])
    assert find_leaks(tmp_path) == []


def test_references_leak_by_path_and_by_bytes(tmp_path: Path) -> None:
    rows, truths = make_corpus(tmp_path)
    row_of(rows, "val_0")["filepath_ref"] = "ref/train_0.wav"
    write_index(tmp_path, rows, truths)
    assert find_leaks(tmp_path)[0] == "TRAIN and VAL share 1 reference files: ref/train_0.wav."
    make_corpus(tmp_path)
    (tmp_path / "ref" / "test_1.wav").write_bytes((tmp_path / "ref" / "train_0.wav").read_bytes())
    assert "TRAIN and TEST share 1 recordings as reference (the same bytes)" in only(find_leaks(tmp_path))


def test_the_command_prints_a_line_for_each_subset_and_ends_with_2_when_something_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, truths = make_corpus(tmp_path)
    assert main([str(tmp_path)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:4] == [[f"SQLLM_{split}_SIM", "2", "2", "2.50"] for split in SPLITS]
    row_of(truths, "val_0")["drawn"]["talkers"] = ["talker-TEST"]
    write_index(tmp_path, rows, truths)
    assert main([str(tmp_path)]) == 2
    assert "VAL and TEST share 1 talkers: talker-TEST." in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["one", "two"]])
def test_the_command_takes_one_folder(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err == "Give one folder: python -m train.check FOLDER\n"


@pytest.mark.parametrize("content", [None, "", "con,file\n1,1\n"])
def test_the_command_says_why_a_folder_is_no_corpus(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / INDEX_NAME).write_text(content)
    assert main([str(tmp_path)]) == 2
    assert INDEX_NAME in capsys.readouterr().out
