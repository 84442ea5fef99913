"""The data sheet of a corpus: every table, people's ratings beside the labels, and clips that can be listened to."""

from __future__ import annotations

import csv
import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from sqllm.corpus.datasheet import write_datasheet
from sqllm.corpus.datasheet_render import PASS, SHORT, Table
from sqllm.corpus.human_ratings import CENTRES, correlation, human_ratings, summarise, summarise_nisqa, write_summaries
from sqllm.corpus.nisqa_layout import COLUMNS, INDEX_NAME, write_index
from sqllm.scores import DIMENSIONS
from tests.corpus.test_validate import Rows, make_corpus, row_of

TITLES = (
    "Clips and sources",
    "Languages",
    "Labels against people's ratings",
    "Correlations between the labels",
    "What was done to the clips",
    "Artifacts a clip",
    "Shared between the splits",
)
HUM = {"kind": "hum", "severity": "strong", "spans": [[0.5, 1.25]], "parameters": {"hertz": 50.0, "source": "<fan>"}}


def write_rows(folder: Path, rows: Rows) -> None:
    """An index with whatever columns the rows have."""
    with (folder / INDEX_NAME).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve clips, half of them with a hum, one without speech, with a second teacher's labels in the index."""
    folder = tmp_path_factory.mktemp("a corpus")
    rows, truths = make_corpus(folder, clips=4)
    for number, (row, truth) in enumerate(zip(rows, truths, strict=True)):
        row |= {"lang": ("de", "en")[number % 2], "mos": 1.5 + 0.25 * number, "mos_other": 1 + 0.1 * number}
        row |= {"dmos": 5.0 if number > 9 else 1.6 + 0.25 * number, "dmos_std": 0.3}
        truth["artifacts"] = [HUM] if number % 2 else []
    row_of(truths, "train_0")["speech"] = False
    row_of(truths, "val_0")["drawn"]["noises"] = ["TRAIN.wav"]
    write_index(folder, [{name: row[name] for name in COLUMNS} for row in rows], truths)
    write_rows(folder, rows)
    return folder


@pytest.fixture(scope="module")
def sheet(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_datasheet(corpus, tmp_path_factory.mktemp("sheet"))


def table_of(sheet: Path, title: str) -> dict[str, list[str]]:
    """The rows of a section's table in the Markdown, by their first cell."""
    text = sheet.with_name("datasheet.md").read_text()
    section = text.split(f"## {title}\n")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {first: rest for first, *rest in cells}


@pytest.mark.parametrize("title", [*TITLES, "Double-ended labels", "Other teachers"])
def test_page_and_markdown_hold_every_table(sheet: Path, title: str) -> None:
    assert f"<h2>{escape(title)}</h2>" in sheet.read_text()
    assert f"\n## {title}\n" in sheet.with_name("datasheet.md").read_text()


def test_labels_beside_references_stand_beside_those_of_clips_alone(sheet: Path) -> None:
    table = table_of(sheet, "Double-ended labels")
    assert table["label"] == ["clips", "mean", "(alone)", "sd", "(alone)", "r", "intact"]
    clips, mean, alone, *_, r, intact = table["dmos"]
    assert (clips, intact) == ("11", "18%")
    assert float(mean) > float(alone)
    assert 0 < float(r) < 1
    assert {"dmos", "dmos_std"}.isdisjoint(table_of(sheet, "Other teachers"))


def test_splits_are_counted(sheet: Path) -> None:
    counts = table_of(sheet, "Clips and sources")
    assert counts["split"] == ["clips", "no speech", "seconds", "talkers", "languages", "noises", "rooms"]
    assert counts["TRAIN"] == ["4", "1", "0", "1", "2", "1", "1"]
    assert counts["all"] == ["12", "1", "1", "3", "2", "3", "3"]
    assert table_of(sheet, "Languages")["de"] == ["2", "2", "2", "6"]


def test_artifacts_are_counted_by_kind_severity_and_split(sheet: Path) -> None:
    counts = table_of(sheet, "What was done to the clips")
    strong = [cell for name, cell in zip(counts["kind"], counts["hum"], strict=True) if name.endswith("strong")]
    assert strong == ["2", "2", "2", "6"]
    assert set(counts["echo"]) == {"0"}
    several = table_of(sheet, "Artifacts a clip")
    assert (several["1"], several["0"], several["no speech"]) == (
        ["2", "2", "2", "6"],
        ["1", "2", "2", "5"],
        ["1", "0", "0", "1"],
    )


def test_labels_are_judged_against_peoples_ratings_without_clips_that_hold_no_speech(sheet: Path) -> None:
    rows = table_of(sheet, "Labels against people's ratings")
    mos = 1.5 + 0.25 * np.arange(1, 12)
    assert rows["mos, mean"] == [f"{mos.mean():.2f}", "2.98", PASS]
    assert rows["mos, sd"] == [f"{mos.std():.2f}", "1.09", SHORT]
    assert [rows[f"{name}, r"][1] for name in DIMENSIONS[1:]] == ["0.66", "0.80", "0.75", "0.60"]
    assert {rows[f"{name}, r"][2] for name in DIMENSIONS[1:]} == {SHORT}
    assert "<td class='short'>✗ falls short</td>" in sheet.read_text()


def test_other_teachers_are_correlated(sheet: Path) -> None:
    teachers = table_of(sheet, "Other teachers")
    assert teachers["mos_other"][teachers["label"].index("mos")] == "1.00"


def test_what_splits_share_is_said(sheet: Path) -> None:
    assert "TRAIN and VAL share 1 noises: TRAIN.wav." in table_of(sheet, "Shared between the splits")


def test_page_asks_for_nothing_from_outside_and_all_links_resolve(sheet: Path) -> None:
    page = sheet.read_text()
    assert not re.search(r"https?:|//\w|@import|<script|<link", page)
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(links) == 6 + 2 * 12
    for link in links:
        assert (sheet.parent / unquote(link)).is_file(), link


def test_clips_are_listed_with_labels_and_what_was_done(sheet: Path) -> None:
    card = sheet.read_text().split("<h3>val_1.wav</h3>")[1].split("</article>")[0]
    assert "VAL · en · talker-VAL · 0.1 s" in card
    assert re.findall(r"<span>([\d.]+)</span>", card) == ["2.75", "3.00", "3.00", "3.00", "3.00"]
    assert "hum <em>strong</em><small>hertz 50, source &lt;fan&gt;; 0.50–1.25 s</small>" in card


def test_the_sheet_lies_in_the_corpus_by_default_and_is_the_same_again(corpus: Path, sheet: Path) -> None:
    page = write_datasheet(corpus)
    assert page == corpus / "datasheet" / "index.html"
    assert 'src="../deg/train_0.wav"' in page.read_text()
    for name in ("datasheet.md", "artifacts.png", *(f"{dimension}.png" for dimension in DIMENSIONS)):
        assert page.with_name(name).read_bytes() == sheet.with_name(name).read_bytes()


def test_twenty_clips_are_drawn_by_the_seed(tmp_path: Path) -> None:
    make_corpus(tmp_path, clips=8)
    pages = [write_datasheet(tmp_path, tmp_path / str(seed), seed).read_text() for seed in (0, 1)]
    drawn = [re.findall(r"<h3>(.+?)</h3>", page) for page in pages]
    assert [len(set(names)) for names in drawn] == [20, 20]
    assert drawn[0] != drawn[1]


def test_a_corpus_that_people_rated_has_a_sheet_without_truth_references_or_dimensions(tmp_path: Path) -> None:
    rows, _ = make_corpus(tmp_path, "X_{}")
    few = [{key: row[key] for key in ("db", "filepath_deg", "mos", "con_description")} for row in rows]
    write_rows(tmp_path, [row | {"con_description": "phone & car"} for row in few])
    (tmp_path / "truth.jsonl").unlink()
    (tmp_path / "deg" / "val_0.wav").unlink()
    sheet = write_datasheet(tmp_path)
    assert "Labels by people" in sheet.read_text()
    assert "<li>phone &amp; car</li>" in sheet.read_text()
    assert "What was done to the clips" not in sheet.read_text()
    assert table_of(sheet, "Clips and sources")["all"] == ["6", "0", "0", "–", "–", "–", "–"]
    assert list(table_of(sheet, "Labels against people's ratings")) == ["figure", "---", "mos, mean", "mos, sd"]


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is not a corpus"):
        write_datasheet(tmp_path)
    (tmp_path / INDEX_NAME).write_text(",".join(COLUMNS) + "\n")
    with pytest.raises(ValueError, match="lists no clip"):
        write_datasheet(tmp_path)


def test_stored_ratings_of_people_are_those_of_the_nisqa_corpus() -> None:
    people = human_ratings()
    assert tuple(people) == DIMENSIONS
    assert [summary.clips for summary in people.values()] == [10_000, 712, 712, 712, 712]
    assert (people["mos"].mean, people["mos"].sd) == pytest.approx((2.98, 1.09), abs=0.006)
    assert list(people["mos"].correlations.values()) == pytest.approx([0.66, 0.80, 0.75, 0.60], abs=0.005)
    for summary in people.values():
        assert summary.shares.shape == CENTRES.shape
        assert summary.shares.sum() == pytest.approx(1, abs=0.002)
        assert summary.shares @ CENTRES == pytest.approx(summary.mean, abs=0.02)


def test_summaries_count_shares_and_correlate_over_what_both_have() -> None:
    scores = {"mos": np.array([0.2, 1.09, 3.0, 5.0, np.nan]), "noisiness": np.array([1.0, 2.0, 3.0, np.nan, 1.0])}
    summaries = summarise("x", scores | {"loudness": np.full(5, np.nan)})
    assert set(summaries) == {"mos", "noisiness"}
    mos = summaries["mos"]
    assert (mos.clips, mos.mean) == (4, pytest.approx(2.3225))
    assert dict(zip(CENTRES[mos.shares > 0], mos.shares[mos.shares > 0], strict=True)) == {1: 0.5, 3: 0.25, 5: 0.25}
    assert mos.correlations["noisiness"] == pytest.approx(np.corrcoef([0.2, 1.09, 3.0], [1, 2, 3])[0, 1])
    assert np.isnan(correlation(np.ones(5), scores["mos"]))


def test_summaries_are_made_from_tables_of_ratings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ("filepath_deg", "mos", "noi", "col", "dis", "loud")
    clips: list[dict[str, Any]] = [
        dict(zip(columns, ("T/a", *np.arange(n, n + 5) / 2), strict=True)) for n in (2, 3, 5)
    ]
    for name in ("nisqa_corpus_mos_no_audio.csv", "nisqa_test_human_no_audio.csv"):
        with (tmp_path / name).open("w") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows([*clips, clips[0] | {"filepath_deg": "NISQA_TRAIN_SIM/deg/a.wav", "mos": 4.5}])
    write_summaries(summarise_nisqa(tmp_path), tmp_path / "stored.csv")
    monkeypatch.setattr("sqllm.corpus.human_ratings.STORED", tmp_path / "stored.csv")
    people = human_ratings()
    assert (people["mos"].clips, people["mos"].mean) == (1, 4.5)
    assert (people["loudness"].clips, people["loudness"].mean) == (4, 3.5)
    assert people["loudness"].correlations["noisiness"] == 1


def test_cells_can_not_break_the_tables() -> None:
    table = Table("<t>", "a & b", ("x", "y"), [("p|q", "<b>")], {})
    assert table.to_markdown().endswith("| p\\|q | <b> |")
    assert "<tr><th>p|q</th><td>&lt;b&gt;</td></tr>" in table.to_html()
