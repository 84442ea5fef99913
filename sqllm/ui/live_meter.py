"""A meter for sound that comes in as it is made: the last seconds are scored again and again."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from html import escape
from threading import Lock

import numpy as np

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.scores import DIMENSION_WORDS, DIMENSIONS, HeardArtifact, Score, describe
from sqllm.signal.audio import SAMPLE_RATE, Clip
from sqllm.ui.charts import Line, lines_chart
from sqllm.ui.lane import THE_JUDGE, JudgeLane

WINDOW_SECONDS = 8.0  # of sound that a score is of
EVERY_SECONDS = 1.0
FEWEST_SECONDS = 2.0  # before the first score
KEPT_POINTS = 300  # five minutes of scores
KEPT_EVENTS = 8
LONGEST_CHUNK = 60.0  # s

NOTHING = (
    '<p class="sq-hint">Allow the microphone and record, or play a file: every second the last 8 s are scored. Nothing '
    "is kept but five minutes of scores.</p>"
)


@dataclass(frozen=True)
class LivePoint:
    """The scores of the seconds before `at`; None where there was no speech in them."""

    at: float
    scores: Mapping[str, Score] | None
    faults: tuple[HeardArtifact, ...] = ()


class LiveMeter:
    """Takes pieces of sound and scores the last seconds on the model's thread, one piece of work at a time, so that
    what comes in is never kept waiting: where the model is slower than the sound, fewer moments are scored.
    """

    def __init__(self, lane: JudgeLane) -> None:
        self._lane, self._lock = lane, Lock()
        self._samples, self._rate = np.zeros(0, np.float32), SAMPLE_RATE
        self.seconds = self._scored_at = 0.0
        self.points: deque[LivePoint] = deque(maxlen=KEPT_POINTS)
        self.events: deque[str] = deque(maxlen=KEPT_EVENTS)
        self.problem = ""
        self._working: Future[LivePoint] | None = None

    def add(self, rate: int, samples: np.ndarray) -> None:
        """Take a piece of sound: [n] or [n, channels], integers or floats, and its sampling rate in Hz."""
        mono = _mono(samples)[: round(LONGEST_CHUNK * rate)]
        with self._lock:
            if rate != self._rate:
                self._samples, self._rate = np.zeros(0, np.float32), rate
            self._samples = np.concatenate([self._samples, mono])[-round(WINDOW_SECONDS * rate) :]
            self.seconds += len(mono) / rate
        self._collect()
        due = self.seconds - self._scored_at >= EVERY_SECONDS - 0.05
        if self._working is None and due and self.seconds >= FEWEST_SECONDS:
            self._scored_at = self.seconds
            self._working = self._lane.submit(self._score, THE_JUDGE, self.seconds)

    def finish(self) -> None:
        """Wait for the score that is being made."""
        if self._working is not None:
            self._working.exception()
            self._collect()

    def _score(self, judge: SpeechQualityLLM, at: float) -> LivePoint:
        with self._lock:
            samples, rate = self._samples.copy(), self._rate
        clip = Clip(_resampled(samples, rate), "live", rate)
        heard = judge.listen(clip)
        if not heard.speech_found:
            return LivePoint(at, None)
        return LivePoint(at, heard.scores(), heard.artifacts())

    def _collect(self) -> None:
        """Take over a score that is done, or why there is none."""
        if self._working is None or not self._working.done():
            return
        work, self._working = self._working, None
        if failed := work.exception():
            self.problem = str(failed)
            return
        point = work.result()
        before = {fault.kind for fault in self.points[-1].faults} if self.points else set()
        for fault in point.faults:
            if fault.kind not in before:
                self.events.append(f"{point.at:.0f} s: {fault.severity} {fault.kind.replace('-', ' ')}")
        self.points.append(point)

    def html(self) -> str:
        """What is heard now, how it was, and which faults came up."""
        self._collect()
        if self.problem:
            return f'<p class="sq-hint" role="alert">{escape(self.problem)}</p>'
        if not self.points:
            loading = "" if self._lane.ready else " The model is being loaded."
            return f'<p class="sq-hint" role="status">Listening: {self.seconds:.0f} s so far.{loading}</p>'
        now = self.points[-1]
        events = "".join(f"<li>{escape(event)}</li>" for event in reversed(self.events))
        return (
            f'<section class="sq-report"><p class="sq-about">{self.seconds:.0f} s heard; of the {WINDOW_SECONDS:.0f} s '
            f"up to {now.at:.0f} s:</p>{_cards(now)}<h2>Over time</h2>{self._chart()}<h2>Faults as they came</h2>"
            f"{f'''<ul class='sq-faults'>{events}</ul>''' if events else '<p class=sq-hint>None yet.</p>'}</section>"
        )

    def _chart(self) -> str:
        rated = [point for point in self.points if point.scores]
        if not rated:
            return '<p class="sq-hint">The timeline begins with the first score.</p>'
        at = np.array([point.at for point in rated])
        mos = np.array([point.scores["mos"].mean for point in rated if point.scores])
        return lines_chart([Line("MOS", at, mos)], "MOS over time", "seconds", "MOS", (1.0, 5.0))


def _cards(point: LivePoint) -> str:
    if point.scores is None:
        return '<div class="sq-card">No speech in these seconds.</div>'
    cells = "".join(
        f'<div class="sq-score" data-dimension="{name}"><div class="sq-line sq-name"><span>{DIMENSION_WORDS[name][0]}'
        f'</span><span class="sq-word">{describe(name, point.scores[name].mean)}</span></div>'
        f'<div class="sq-number">{point.scores[name].mean:.2f}</div></div>'
        for name in DIMENSIONS
    )
    return f'<div class="sq-scores">{cells}</div>'


def _mono(samples: np.ndarray) -> np.ndarray:
    """[n] float32 at full scale +-1."""
    scale = np.iinfo(samples.dtype).max if np.issubdtype(samples.dtype, np.integer) else 1.0
    mono = samples.mean(axis=1) if samples.ndim > 1 else samples
    return np.nan_to_num(np.asarray(mono, np.float32) / np.float32(scale))


def _resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    import soxr

    return samples if rate == SAMPLE_RATE else np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), np.float32)
