"""The main job of each other tab as a visitor does it, on the example clips."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from sqllm.ui.examples import EXAMPLES, read_examples
from tests.browser.visit import CHROMIUM, Visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason=f"Chromium is not installed at {CHROMIUM}"),
    pytest.mark.skipif(not read_examples(EXAMPLES), reason="assets/examples is empty"),
]
Open = Callable[..., Visit]


def example(name: str) -> Path:
    return EXAMPLES / f"{name}.flac"


def first_seconds(clip: Path, to: Path, seconds: float = 3.0) -> Path:
    """The beginning of a clip, so that many of them are soon rated."""
    samples, rate = soundfile.read(clip)
    soundfile.write(to, samples[: round(seconds * rate)], rate)
    return to


def test_clips_are_compared(open_page: Open) -> None:
    visit = open_page(scheme="dark")
    visit.open_tab("Compare")
    visit.page.locator("#compare").click()
    visit.page.get_by_test_id("toast-body").get_by_text("Add 2 to 8 clips").wait_for()
    visit.add_files("compare-files", example("noise"), example("clean"))
    visit.page.locator("#compare").click()
    visit.page.locator("#comparison .sq-card").wait_for()
    assert "B · clean.flac is the best" in visit.page.locator("#comparison").inner_text()
    assert visit.page.locator("#compare-desk .sq-picture").count() == 2
    visit.page.locator("#compare-desk .sq-picture").nth(1).click(position={"x": 200, "y": 30})
    assert float(visit.page.locator("#compare-desk .sq-desk").get_attribute("data-at")) > 0.5
    visit.picture("compare-1280-dark")
    assert visit.violations() == []


def test_stopped_batch_keeps_its_rows_and_they_are_planned_with(open_page: Open, tmp_path: Path) -> None:
    archive = tmp_path / "clips.zip"
    first = {
        name: first_seconds(example(name), tmp_path / f"{name}.flac") for name in ("clean", "packet-loss", "codec")
    }
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("good/broken.wav", "not audio")
        for number in range(4):
            for condition, name in (("good", "clean"), ("bad", "packet-loss")):
                packed.write(first[name], f"{condition}/{number}.flac")
        for number in range(40):
            packed.write(first["codec"], f"fair/{number}.flac")
    visit = open_page()
    visit.open_tab("Batch")
    visit.add_files("batch-files", archive)
    visit.page.locator("#score-all").click()
    visit.page.locator("#batch-chart circle").nth(1).wait_for()
    visit.page.locator("#stop").click()
    visit.page.locator("#batch-status").get_by_text("then stopped").wait_for()
    with visit.page.expect_download() as taken:
        visit.page.locator("#batch-csv").click()
    with open(taken.value.path(), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert 8 <= len(rows) < 49
    assert [row["file"] for row in rows][:2] == ["good/broken.wav", "good/0.flac"]
    assert "can't be read as audio" in rows[0]["error"]
    visit.picture("batch-1280-light")
    assert visit.violations() == []
    visit.open_tab("Plan")
    visit.page.locator("#plan-from-batch").click()
    visit.page.locator("#plan-conditions .sq-chart").wait_for()
    visit.open_tab("Batch")
    assert "then stopped" in visit.page.locator("#batch-status").inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_test_is_planned_from_a_table_and_votes_are_fitted(
    open_page: Open, tmp_path: Path, width: int, scheme: str
) -> None:
    scores, votes = tmp_path / "scores.csv", tmp_path / "votes.csv"
    clips = [(f"c{c}_{n}.wav", f"c{c}", 1.5 + c + n / 10) for c in range(4) for n in range(4)]
    scores.write_text("\n".join(["file,condition,mos", *(f"{name},{c},{mos:.2f}" for name, c, mos in clips)]))
    votes.write_text("\n".join(["file,vote", *(f"{name},{0.7 * mos + 0.8:.2f}" for name, _, mos in clips)]))
    visit = open_page(width, scheme)
    visit.open_tab("Plan")
    visit.page.locator("#plan-scores input[type=file]").set_input_files(scores)
    visit.page.locator("#plan-conditions .sq-chart").wait_for()
    visit.page.locator("#plan-to-panel").click()
    visit.page.locator("#plan-ask").click()
    visit.page.locator("#plan-panel .sq-chart").first.wait_for()
    visit.picture(f"plan-panel-{width}-{scheme}")
    assert visit.sideways() <= 0
    visit.page.locator("#plan-to-design").click()
    visit.page.locator("#plan-make").click()
    visit.page.locator("#plan .sq-card").wait_for()
    with visit.page.expect_download() as taken:
        visit.page.locator("#plan-zip").click()
    assert "listening-test/README.md" in zipfile.ZipFile(taken.value.path()).namelist()
    visit.page.get_by_text("Bring your votes").click()
    visit.add_files("votes-file", votes)
    visit.page.locator("#votes-fit").click()
    visit.page.locator("#votes-shown .sq-chart").nth(1).wait_for()
    visit.picture(f"plan-votes-{width}-{scheme}")
    assert visit.sideways() <= 0
    assert visit.violations() == []


def test_file_is_played_as_if_live_and_the_model_says_who_it_is(open_page: Open) -> None:
    visit = open_page(390)
    visit.open_tab("Live")
    visit.upload("live-file", example("packet-loss"))
    visit.page.locator("#live-play").click()
    visit.page.locator("#live .sq-scores").wait_for()
    visit.picture("live-390-light")
    assert visit.sideways() <= 0
    assert visit.violations() == []
    visit.open_tab("About")
    visit.page.locator("#version").get_by_text("revision").wait_for()
    visit.picture("about-390-light")
    assert visit.sideways() <= 0
    assert visit.violations() == []
