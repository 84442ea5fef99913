"""On a ZeroGPU Space every call of the model has a process of its own: the same jobs with the same results."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from sqllm.batch.columns import Wanted
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.profiles import TYPICAL
from sqllm.signal.audio import AudioError
from sqllm.ui.batch_files import gather
from sqllm.ui.batch_run import run_batch
from sqllm.ui.compare_tab import CompareTab
from sqllm.ui.lane import THE_JUDGE, JudgeLane
from sqllm.ui.page import build_page
from sqllm.ui.questions_panel import History
from sqllm.ui.rate_tab import RateTab
from tests import zero_gpu_stand_in as zero_gpu


@pytest.fixture
def forked(tiny: SpeechQualityLLM, lane: JudgeLane, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeLane]:
    """A lane as it is on such a Space; `lane` is none of them."""
    assert not lane.forked
    monkeypatch.setitem(sys.modules, "spaces", zero_gpu)
    zero_gpu.calls.clear()
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    forked = JudgeLane(lambda: tiny)
    forked.load_early()
    yield forked
    assert not forked._hearings, "nothing may be listened to outside of a call"


def last(updates: Iterator[Any]) -> Any:
    *_, end = updates
    return end


def test_rating_and_answer_are_those_of_other_hardware(
    forked: JudgeLane, lane: JudgeLane, clips: list[Path], reference_file: Path
) -> None:
    clip, reference = str(clips[0]), str(reference_file)
    rated = [last(RateTab(one, gr.HTML()).rate(clip, reference, "strict-expert")) for one in (forked, lane)]
    assert rated[0][3] == rated[1][3]
    asked = [last(RateTab(one, gr.HTML()).ask(History(), clip, "How noisy is it?")) for one in (forked, lane)]
    assert asked[0][1] == asked[1][1]
    assert zero_gpu.calls == ["stream", "stream"]


def test_comparison_and_panel_are_those_of_other_hardware(
    forked: JudgeLane, lane: JudgeLane, clips: list[Path]
) -> None:
    files = list(map(str, clips))
    compared = [last(CompareTab(one, gr.HTML()).compare(files)) for one in (forked, lane)]
    assert compared[0][2] == compared[1][2]
    assert zero_gpu.calls == ["stream"]
    panels = [
        one.run(SpeechQualityLLM.panel, THE_JUDGE, one.listen(files[0]), None, 8, None, 3).to_json()
        for one in (forked, lane)
    ]
    assert panels[0] == panels[1]


def test_batch_has_a_call_for_every_eight_clips(
    forked: JudgeLane, lane: JudgeLane, clips: list[Path], tmp_path: Path
) -> None:
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("broken.wav", "not audio")
        for number in range(9):
            packed.write(clips[number % 3], f"{number}.wav")
    runs = [
        last(run_batch(one, gather([str(archive)], gr.File()), TYPICAL, Wanted(faults=True))) for one in (forked, lane)
    ]
    assert len(runs[0].rows) == 10
    assert runs[0].failed == 1
    assert [row | {"file": ""} for row in runs[0].told()] == [row | {"file": ""} for row in runs[1].told()]
    assert zero_gpu.calls == ["stream", "stream"]


def test_what_users_can_mend_is_told_as_elsewhere(forked: JudgeLane, clips: list[Path], tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not audio")
    with pytest.raises(AudioError, match="can't be read as audio"):
        forked.listen(str(text))
    with pytest.raises(ValueError, match="unheard-of"):
        forked.run(Hearing.rate, forked.listen(str(clips[0])), "unheard-of")


def test_page_is_built_there_without_a_live_tab(forked: JudgeLane, tiny: SpeechQualityLLM) -> None:
    page = build_page(lambda: tiny, load_early=True)
    assert not any(getattr(block, "elem_id", "") == "live-microphone" for block in page.blocks.values())
