"""The Rate tab as a visitor meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.formats import AUDIO_SUFFIXES
from sqllm.ui.examples import EXAMPLES, read_examples
from tests.browser.visit import CHROMIUM, Visit
from tests.signal.files import encoded
from tests.tiny import speech_like

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason=f"Chromium is not installed at {CHROMIUM}"),
]
Open = Callable[..., Visit]
with_examples = pytest.mark.skipif(not read_examples(EXAMPLES), reason="assets/examples is empty")


def test_scores_and_raw_answer_are_those_of_the_judge(
    open_page: Open, judge: SpeechQualityLLM, speech_file: Path
) -> None:
    visit = open_page()
    visit.rate(speech_file)
    expected = judge.listen(speech_file).scores()
    assert visit.scores() == {d: (round(s.mean, 2), round(s.std, 2)) for d, s in expected.items()}
    visit.page.get_by_text("Raw answers (JSON)").first.click()
    assert json.dumps(expected["mos"].to_json()["mean"]) in visit.page.locator("#rating-json").inner_text()


@with_examples
def test_what_matters_is_seen_without_scrolling(open_page: Open) -> None:
    visit = open_page()
    visit.try_example("Packet loss")
    visit.press_rate()
    for seen in ("#clip", "#rate", "[data-dimension=mos]", "[data-dimension=loudness]", "#report .sq-words"):
        box = visit.page.locator(seen).bounding_box()
        assert box["y"] + box["height"] <= 800, seen


@with_examples
def test_example_fills_both_clips_with_the_files_as_they_are(open_page: Open, judge: SpeechQualityLLM) -> None:
    clip, reference, kind = read_examples(EXAMPLES)[1]
    visit = open_page(390)
    visit.try_example(kind)
    for box in ("clip", "reference") if reference else ("clip",):
        visit.page.locator(f"#{box} input[type=file]").wait_for(state="detached")
    visit.press_rate()
    expected = judge.listen(clip, reference).scores()
    assert visit.scores() == {d: (round(s.mean, 2), round(s.std, 2)) for d, s in expected.items()}
    assert visit.page.locator("#desk .sq-picture").count() == 3


@with_examples
def test_a_click_on_a_fault_plays_from_there_and_so_does_one_on_the_picture(open_page: Open) -> None:
    visit = open_page()
    visit.try_example("Packet loss")
    visit.press_rate()
    fault = visit.page.locator("#desk .sq-span").nth(3)
    fault.wait_for()
    start, end = (float(fault.get_attribute(name)) for name in ("data-at", "data-until"))
    fault.click()
    desk = visit.page.locator("#desk .sq-desk")
    assert start <= float(desk.get_attribute("data-at")) <= end + 0.4
    assert visit.page.locator(".sq-play[aria-pressed=true]").inner_text() == "Clip"
    picture = visit.page.locator("#desk .sq-picture").nth(1)
    middle = picture.bounding_box()["width"] / 2
    picture.click(position={"x": middle, "y": 30})
    half = float(desk.get_attribute("data-seconds")) / 2
    assert half - 0.1 <= float(desk.get_attribute("data-at")) < half + 1.5
    assert visit.page.locator(".sq-play[aria-pressed=true]").inner_text() == "Reference"
    visit.page.wait_for_function(f"document.querySelector('#desk .sq-desk').dataset.at > {half + 0.1}")
    picture.press("Home")
    picture.press(" ")
    assert visit.page.locator(".sq-play[aria-pressed=true]").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_rated_page_is_narrow_enough_and_open_to_all(
    open_page: Open, clips: tuple[Path, Path], width: int, scheme: str
) -> None:
    visit = open_page(width, scheme)
    visit.picture(f"rate-{width}-{scheme}-empty")
    assert visit.sideways() <= 0
    visit.rate(*clips)
    assert visit.ask("Good enough for a call?")
    visit.picture(f"rate-{width}-{scheme}")
    assert visit.sideways() <= 0
    assert visit.violations() == []


def test_another_listener_shows_what_changed(open_page: Open, speech_file: Path) -> None:
    visit = open_page()
    visit.rate(speech_file)
    visit.page.locator("#listener input").click()
    visit.page.get_by_role("option", name="Strict expert").click()
    visit.page.locator("#report .sq-who").wait_for()
    assert visit.page.locator("#report .sq-typical").count() == 5
    assert "for this listener" in visit.page.locator("#report [data-dimension=mos]").inner_text()


def test_new_clip_takes_all_of_the_old_one_away(open_page: Open, clips: tuple[Path, Path]) -> None:
    visit = open_page()
    visit.rate(clips[0])
    visit.ask("How noisy is it?")
    visit.page.locator("#rate").click()  # still under way when the reference comes
    visit.page.locator("#reference input[type=file]").set_input_files(clips[1])
    visit.page.locator("#report .sq-empty").wait_for()
    visit.page.locator("#desk .sq-picture").nth(2).wait_for()
    visit.page.locator("#report .eta-bar, #report .progress-text").wait_for(state="detached")
    visit.page.wait_for_timeout(500)
    assert visit.page.locator("#report .sq-about").inner_text() == "No rating yet."
    assert visit.page.locator("#answer .sq-answer").count() == 0


def test_copied_link_opens_its_result(open_page: Open, speech_file: Path) -> None:
    visit = open_page(permissions=["clipboard-read", "clipboard-write"])
    visit.rate(speech_file)
    scores = visit.scores()
    visit.page.get_by_role("button", name="Copy a link to this result").click()
    copied = "(navigator.clipboard.readText().then((text) => { window.copied = text }), window.copied)"
    visit.page.wait_for_function(f"{copied}?.includes('deep_link=')")  # promises count as true
    again = open_page(address=visit.page.evaluate("window.copied"))
    again.page.locator("#desk .sq-desk").wait_for()
    again.page.wait_for_timeout(500)
    assert again.scores() == scores


def test_rating_is_taken_away_as_files(open_page: Open, speech_file: Path) -> None:
    visit = open_page()
    visit.rate(speech_file)
    for kind in ("json", "png", "html"):
        with visit.page.expect_download() as taken:
            visit.page.locator(f"#save-{kind}").click()
        assert taken.value.suggested_filename == f"speech.{kind}"


def test_unreadable_file_is_told_in_a_sentence(open_page: Open, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not audio")
    visit = open_page(390)
    visit.page.locator("#clip input[type=file]").set_input_files(text)
    visit.page.locator("#desk").get_by_text("can't be read as audio").wait_for()
    visit.page.locator("#rate").click()
    visit.page.get_by_test_id("toast-body").get_by_text("can't be read as audio").wait_for()
    visit.picture("rate-390-error")


@pytest.mark.parametrize("how", ["chosen", "dropped"])
def test_files_that_browsers_know_no_sound_type_for_are_taken(open_page: Open, tmp_path: Path, how: str) -> None:
    visit = open_page()
    for name, container, codec, rate in (
        ("film.webm", "webm", "libopus", 48_000),
        ("film.mp4", "mp4", "aac", 44_100),
        ("film.mov", "mov", "aac", 44_100),
        ("film.mka", "matroska", "aac", 44_100),
        ("phone.3gp", "3gp", "libopencore_amrnb", 8_000),
        ("phone.amr", "amr", "libopencore_amrnb", 8_000),
        ("studio.caf", "caf", "pcm_s16le", 48_000),
        ("studio.w64", "w64", "pcm_s16le", 48_000),
        ("old.wma", "asf", "wmav2", 44_100),
        ("prompt.g722", "g722", "g722", 16_000),
    ):
        path = tmp_path / name
        path.write_bytes(encoded(speech_like(2.0), container, codec, rate))
        if how == "chosen":
            visit.upload("clip", path)
        else:
            visit.drop(path)
        visit.page.locator(f"#desk .sq-desk[data-key*='{name}']").wait_for()
        visit.page.locator("#clip button[aria-label=Clear]").click()
        visit.page.locator("#clip input[type=file]").wait_for(state="attached")


def test_the_file_chooser_offers_what_is_taken(open_page: Open) -> None:
    visit = open_page()
    with visit.page.expect_file_chooser():
        visit.page.locator("#clip button[aria-dropeffect]").click()
    accepted = visit.page.locator("#clip input[type=file]").get_attribute("accept").split(",")
    assert {"audio/*", "video/*", *AUDIO_SUFFIXES} == set(accepted)


def test_page_speaks_the_visitors_language(open_page: Open) -> None:
    visit = open_page(locale="de-DE")
    assert visit.page.locator("#rate").inner_text() == "Bewerten"
