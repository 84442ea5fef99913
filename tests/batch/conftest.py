"""Clips on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten files of which the fourth is no audio."""
    clips = tmp_path / "clips"
    clips.mkdir()
    for number in range(10):
        path = clips / f"clip{number}.wav"
        soundfile.write(path, speech_like(1.5 + number / 4, number), SAMPLE_RATE, subtype="FLOAT")
    (clips / "clip3.wav").write_text("no audio")
    return clips
