"""One page and one headless Chromium for all browser tests of a module."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.checkpoint import CONFIG_NAME, DEFAULT_CHECKPOINT
from sqllm.signal.audio import SAMPLE_RATE
from tests.browser.visit import CHROMIUM, FLAGS, Visit
from tests.tiny import speech_like, tiny_judge

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from sqllm.ui.page import build_page, launch_settings


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


@pytest.fixture
def open_page(chromium: Any, address: str) -> Iterator[Callable[..., Visit]]:
    """Opens the page at a window width in pixels; closed again after the test, which fails where there was an error on
    the page, or a request to another host.
    """
    visits: list[Visit] = []

    def open_at(width: int = 1280, scheme: str = "light", **settings: Any) -> Visit:
        visits.append(Visit(chromium, settings.pop("address", address), width, scheme, **settings))
        return visits[-1]

    yield open_at
    for visit in visits:
        visit.page.close()
        assert visit.errors == []
        assert visit.hosts <= {"127.0.0.1", "localhost", ""}


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    """A clip with its reference, delayed against each other."""
    reference = speech_like(4.0)
    paths = tmp_path / "call.wav", tmp_path / "studio.wav"
    for path, samples in zip(paths, (0.3 * reference[1600:], reference), strict=True):
        soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    return paths
