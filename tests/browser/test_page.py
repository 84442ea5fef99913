"""The page as a visitor meets it, in headless Chromium. Pictures of it go to `$SQLLM_SCREENSHOTS`, if that is set."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
import soundfile

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.checkpoint import CONFIG_NAME, DEFAULT_CHECKPOINT
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.formats import AUDIO_SUFFIXES
from tests.signal.files import encoded
from tests.tiny import speech_like, tiny_judge

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from sqllm.ui.page import build_page, launch_settings
from sqllm.ui.rate_tab import EXAMPLES, read_examples

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 120_000  # ms

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason=f"Chromium is not installed at {CHROMIUM}"),
]


@pytest.fixture(scope="module")
def judge() -> SpeechQualityLLM:
    if (DEFAULT_CHECKPOINT / CONFIG_NAME).is_file():
        return SpeechQualityLLM.from_pretrained(device="cpu")
    return tiny_judge()


@pytest.fixture(scope="module")
def address(judge: SpeechQualityLLM) -> Iterator[str]:
    page = build_page(lambda: judge)
    settings = launch_settings() | {"server_name": "127.0.0.1", "prevent_thread_lock": True, "quiet": True}
    _, local, _ = page.launch(**settings)
    yield local
    page.close(verbose=False)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield browser
        browser.close()


class Visit:
    """An open page that notes every host it asks and every error it has."""

    def __init__(self, browser: Any, address: str, width: int, scheme: str) -> None:
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.on("request", lambda request: self.hosts.add(urlparse(request.url).hostname or ""))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)
        self.page.get_by_role("button", name="Rate", exact=True).wait_for(timeout=PATIENCE)

    def rate(self, clip: Path, reference: Path | None = None) -> None:
        """Upload, press Rate, and wait until the reason is written."""
        for box, path in (("clip", clip), ("reference", reference)):
            if path is not None:
                self.page.locator(f"#{box} input[type=file]").set_input_files(path)
                self.page.locator(f"#{box} input[type=file]").wait_for(state="detached", timeout=PATIENCE)
        self.press_rate()

    def drop(self, clip: Path) -> None:
        """Drag a file onto the box of the clip."""
        dropped = self.page.evaluate_handle(
            "([name, bytes]) => {const files = new DataTransfer();"
            " files.items.add(new File([new Uint8Array(bytes)], name)); return files}",
            [clip.name, list(clip.read_bytes())],
        )
        self.page.locator("#clip button[aria-dropeffect]").dispatch_event("drop", {"dataTransfer": dropped})
        self.page.locator("#clip input[type=file]").wait_for(state="detached", timeout=PATIENCE)

    def press_rate(self) -> None:
        self.page.get_by_role("button", name="Rate", exact=True).click()
        self.page.locator(".sq-report[aria-busy=false]").wait_for(timeout=PATIENCE)

    def ask(self, preset: str) -> str:
        """Choose a preset question, press Ask, and give the answer's text once it is written."""
        self.page.get_by_role("button", name=preset).click()
        self.page.get_by_role("button", name="Ask", exact=True).click()
        self.page.locator("#answer .sq-words:not(.sq-writing)").wait_for(timeout=PATIENCE)
        return str(self.page.locator("#answer .sq-words").inner_text())

    def scores(self) -> dict[str, tuple[float, float]]:
        """Mean and standard deviation of each dimension, as a reader sees them."""
        texts = {d: self.page.locator(f"[data-dimension={d}] .sq-number").inner_text() for d in DIMENSIONS}
        numbers = {d: [float(n) for n in re.findall(r"\d\.\d\d", text)] for d, text in texts.items()}
        return {d: (mean, std) for d, (mean, std) in numbers.items()}

    def sideways(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def picture(self, name: str) -> None:
        folder = os.environ.get("SQLLM_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture
def open_page(chromium: Any, address: str) -> Iterator[Callable[..., Visit]]:
    """Opens the page at a window width in pixels; closed again after the test."""
    visits: list[Visit] = []

    def open_at(width: int, scheme: str = "light") -> Visit:
        visits.append(Visit(chromium, address, width, scheme))
        return visits[-1]

    yield open_at
    for visit in visits:
        visit.page.close()


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    """A clip with its reference, delayed against each other."""
    reference = speech_like(4.0)
    paths = tmp_path / "call.wav", tmp_path / "studio.wav"
    for path, samples in zip(paths, (0.3 * reference[1600:], reference), strict=True):
        soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    return paths


def test_five_scores_on_the_page_are_those_of_the_judge(
    open_page: Callable[..., Visit], judge: SpeechQualityLLM, speech_file: Path
) -> None:
    visit = open_page(width=1280)
    visit.rate(speech_file)
    expected = judge.listen(speech_file).scores()
    assert visit.scores() == {d: (round(s.mean, 2), round(s.std, 2)) for d, s in expected.items()}
    assert visit.hosts <= {"127.0.0.1", "localhost", ""}
    assert visit.errors == []


def test_raw_answer_on_the_page_is_the_judgement(
    open_page: Callable[..., Visit], judge: SpeechQualityLLM, speech_file: Path
) -> None:
    visit = open_page(width=1280)
    visit.rate(speech_file)
    visit.page.get_by_text("Raw answers (JSON)").click()
    shown = visit.page.locator("#rating-json").inner_text()
    mos = judge.rate(speech_file, rationale=False).to_json()["scores"]["mos"]  # type: ignore[index]
    assert json.dumps(mos["mean"]) in shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_scrolls_sideways(
    open_page: Callable[..., Visit], clips: tuple[Path, Path], width: int, scheme: str
) -> None:
    visit = open_page(width, scheme)
    visit.picture(f"{width}-{scheme}-empty")
    assert visit.sideways() <= 0
    visit.rate(*clips)
    assert visit.ask("Good enough for a call?")
    visit.page.locator(".sq-picture").wait_for(timeout=PATIENCE)
    visit.picture(f"{width}-{scheme}-rated")
    assert visit.sideways() <= 0
    assert visit.errors == []


def test_new_clip_takes_the_old_scores_away(open_page: Callable[..., Visit], clips: tuple[Path, Path]) -> None:
    visit = open_page(width=1280)
    visit.rate(clips[0])
    visit.page.locator("#reference input[type=file]").set_input_files(clips[1])
    visit.page.locator(".sq-empty").wait_for(timeout=PATIENCE)
    assert visit.page.locator("[data-dimension=mos] .sq-number").inner_text() == "–"


def test_unreadable_file_is_told_in_a_sentence(open_page: Callable[..., Visit], tmp_path: Path) -> None:
    text = tmp_path / "notes.wav"
    text.write_text("not audio")
    visit = open_page(width=390)
    visit.page.locator("#clip input[type=file]").set_input_files(text)
    visit.page.locator("#spectrograms").get_by_text("can't be read as audio").wait_for(timeout=PATIENCE)
    visit.page.get_by_role("button", name="Rate", exact=True).click()
    visit.page.get_by_test_id("toast-body").get_by_text("can't be read as audio").wait_for(timeout=PATIENCE)
    visit.picture("390-error")


@pytest.mark.parametrize("how", ["chosen", "dropped"])
@pytest.mark.parametrize(
    ("name", "container", "codec", "rate"),
    [
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
    ],
)
def test_files_that_browsers_know_no_sound_type_for_are_rated(
    open_page: Callable[..., Visit],
    judge: SpeechQualityLLM,
    tmp_path: Path,
    name: str,
    container: str,
    codec: str,
    rate: int,
    how: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(encoded(speech_like(2.0), container, codec, rate))
    visit = open_page(width=1280)
    if how == "chosen":
        visit.rate(path)
    else:
        visit.drop(path)
        visit.press_rate()
    mean = judge.listen(path).scores()["mos"].mean
    assert visit.scores()["mos"][0] == pytest.approx(mean, abs=0.0051)
    assert visit.errors == []


def test_the_file_chooser_offers_what_is_taken(open_page: Callable[..., Visit]) -> None:
    visit = open_page(width=1280)
    with visit.page.expect_file_chooser():
        visit.page.locator("#clip button[aria-dropeffect]").click()
    accepted = visit.page.locator("#clip input[type=file]").get_attribute("accept").split(",")
    assert {"audio/*", "video/*", *AUDIO_SUFFIXES} == set(accepted)


def test_a_text_is_refused_by_the_decoder_and_not_by_its_type(open_page: Callable[..., Visit], tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not audio")
    visit = open_page(width=1280)
    visit.page.locator("#clip input[type=file]").set_input_files(text)
    visit.page.locator("#spectrograms").get_by_text("can't be read as audio").wait_for(timeout=PATIENCE)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.skipif(not read_examples(EXAMPLES), reason="assets/examples is empty")
def test_example_fills_both_clips_with_the_files_as_they_are(
    open_page: Callable[..., Visit], judge: SpeechQualityLLM, width: int
) -> None:
    clip, reference, kind = read_examples(EXAMPLES)[1]
    visit = open_page(width)
    visit.page.locator("#examples").get_by_text(kind, exact=True).click()
    for box in ("clip", "reference") if reference else ("clip",):
        visit.page.locator(f"#{box} input[type=file]").wait_for(state="detached", timeout=PATIENCE)
    visit.press_rate()
    expected = judge.listen(clip, reference).scores()
    assert visit.scores() == {d: (round(s.mean, 2), round(s.std, 2)) for d, s in expected.items()}
    visit.page.locator(".sq-picture").wait_for(timeout=PATIENCE)
    visit.picture(f"page-{width}")
