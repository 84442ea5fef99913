"""The live meter: the last seconds, scored as they come, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.base_llm import CheckpointError
from sqllm.signal.audio import SAMPLE_RATE, Clip
from sqllm.ui.lane import JudgeLane
from sqllm.ui.live_meter import KEPT_POINTS, WINDOW_SECONDS, LiveMeter, LivePoint
from sqllm.ui.live_tab import LiveTab
from tests.tiny import speech_like

SPEECH = speech_like(12.0)


def feed(meter: LiveMeter, samples: np.ndarray, rate: int = SAMPLE_RATE) -> None:
    for start in range(0, len(samples), rate):
        meter.add(rate, samples[start : start + rate])
        meter.finish()


def test_scores_are_those_of_the_last_eight_seconds(lane: JudgeLane, tiny: SpeechQualityLLM) -> None:
    meter = LiveMeter(lane)
    feed(meter, SPEECH)
    assert [point.at for point in meter.points] == [float(second) for second in range(2, 13)]
    expected = tiny.listen(Clip(SPEECH[-8 * SAMPLE_RATE :])).scores()
    scores = meter.points[-1].scores
    assert scores is not None
    assert scores["mos"].mean == pytest.approx(expected["mos"].mean)


def test_sound_of_any_kind_is_taken(lane: JudgeLane) -> None:
    stereo = np.repeat(np.repeat(SPEECH[: 3 * SAMPLE_RATE], 3)[:, None], 2, axis=1)  # 48 kHz
    meter = LiveMeter(lane)
    feed(meter, (stereo * 32767).astype(np.int16), 48_000)
    assert meter.seconds == pytest.approx(3.0)
    assert meter.points[-1].scores


def test_silence_has_no_score(lane: JudgeLane) -> None:
    meter = LiveMeter(lane)
    feed(meter, np.zeros(3 * SAMPLE_RATE, np.float32))
    assert meter.points[-1].scores is None
    assert "No speech in these seconds" in meter.html()


def test_sound_is_never_kept_waiting_and_memory_is_bounded() -> None:
    class BusyLane:
        """A lane whose model takes for ever."""

        ready = True

        def submit(self, *_: object) -> object:
            from concurrent.futures import Future

            return Future()

    meter = LiveMeter(BusyLane())  # type: ignore[arg-type]
    for _ in range(60):
        meter.add(SAMPLE_RATE, SPEECH[:SAMPLE_RATE])
    assert meter.seconds == 60.0
    assert len(meter._samples) == WINDOW_SECONDS * SAMPLE_RATE
    meter.points.extend(LivePoint(float(at), None) for at in range(1000))
    assert len(meter.points) == KEPT_POINTS


def test_missing_model_is_told() -> None:
    def load() -> SpeechQualityLLM:
        raise CheckpointError("There is no <checkpoint>.")

    meter = LiveMeter(JudgeLane(load))
    feed(meter, SPEECH[: 2 * SAMPLE_RATE])
    assert "There is no &lt;checkpoint&gt;." in meter.html()


def test_file_is_played_as_if_live(lane: JudgeLane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    path = tmp_path / "call.wav"
    soundfile.write(path, SPEECH[: 4 * SAMPLE_RATE], SAMPLE_RATE)
    shown = list(LiveTab(lane).play(str(path)))
    assert sum(slept) <= 6.0
    assert len(slept) == 4
    assert "4 s heard" in shown[-1]
