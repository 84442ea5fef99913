"""One page on the tiny judge for all tests of a module, and what it is asked with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from gradio_client import Client

from sqllm.ui.lane import JudgeLane
from sqllm.ui.page import build_page, launch_settings
from sqllm.ui.rate_tab import RateTab


@pytest.fixture(scope="module")
def page(tiny: SpeechQualityLLM) -> Iterator[gr.Blocks]:
    blocks = build_page(lambda: tiny)
    settings = {"server_name": "127.0.0.1", "prevent_thread_lock": True, "quiet": True}
    blocks.launch(**(launch_settings() | settings))
    yield blocks
    blocks.close(verbose=False)


@pytest.fixture(scope="module")
def client(page: gr.Blocks) -> Client:
    return Client(page.local_url, verbose=False, analytics_enabled=False)


@pytest.fixture
def lane(tiny: SpeechQualityLLM) -> JudgeLane:
    return JudgeLane(lambda: tiny)


@pytest.fixture
def tab(lane: JudgeLane) -> RateTab:
    return RateTab(lane, gr.HTML())


@pytest.fixture
def reference_file(tmp_path: Path) -> Path:
    path = tmp_path / "reference.wav"
    soundfile.write(path, speech_like(), SAMPLE_RATE, subtype="FLOAT")
    return path


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """Three clips of other speech each."""
    paths = [tmp_path / f"{name}.wav" for name in ("first", "second", "third")]
    for seed, path in enumerate(paths):
        soundfile.write(path, speech_like(2.0, seed), SAMPLE_RATE, subtype="FLOAT")
    return paths
