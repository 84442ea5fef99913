"""Shared fixtures: the tiny judge, the real default judge, and clips on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import soundfile

if (workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))) > 1:
    # Before torch is imported: workers that all use every core wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like, tiny_judge


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the logical device come first: PyTorch counts the devices of gradients once, at the first of them."""
    items.sort(key=lambda item: "device" not in item.path.stem or item.path.parent.name != "tests")


@pytest.fixture(scope="session")
def tiny() -> SpeechQualityLLM:
    return tiny_judge()


@pytest.fixture(scope="session")
def default_judge() -> SpeechQualityLLM:
    """The embedded default checkpoint on the CPU, loaded once for all tests."""
    return SpeechQualityLLM.from_pretrained(device="cpu")


@pytest.fixture
def speech_file(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    soundfile.write(path, speech_like(), SAMPLE_RATE, subtype="FLOAT")
    return path
