"""How a judge behaves beyond being accurate: speed, repeatability, batches, and whether its listeners differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.features.read_pair import read_alone
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.readout import Reading, Vocabulary, read_tokens
from sqllm.listeners.known import STRICT_EXPERT, TYPICAL
from sqllm.scores import DIMENSIONS, Score
from sqllm.signal.audio import SAMPLE_RATE, Clip, set_level

TELEPHONE_BAND = (300.0, 3400.0)
BATCH = 8


@dataclass(frozen=True)
class Conduct:
    """What was measured on `clips` clips.

    `seconds`: median time of a call on a clip of 10 s, by model. `typical_falls`, `phone_moves`: what a limit to
    300-3400 Hz takes from two listeners' MOS, [clean clips]. `expert_gaps`: the typical listener's MOS less the strict
    expert's, [clips]; `expert_habits`: what it would be by that one's habits. `batch_gap`, `cache_gap`: the largest
    difference of any score alone and in a batch, from the cache and in one plain pass. `same_json`: two runs agree.
    """

    clips: int
    seconds: Mapping[str, float]
    typical_falls: np.ndarray
    phone_moves: np.ndarray
    expert_gaps: np.ndarray
    expert_habits: np.ndarray
    batch_gap: float
    cache_gap: float
    same_json: bool

    def lines(self) -> list[str]:
        """The figures as a Markdown list."""
        typical, phone, gaps = self.typical_falls, self.phone_moves, self.expert_gaps
        same = "identical" if self.same_json else "DIFFERENT"
        return [
            f"\n#### Conduct on {self.clips} clips\n",
            "- One clip of 10 s: " + ", ".join(f"{name} {value:.2f} s" for name, value in self.seconds.items()) + ".",
            f"- Clean clips limited to 300-3400 Hz: the typical listener's MOS falls by {typical.mean():.2f} (by more "
            f"than 0.5 in {np.mean(typical > 0.5):.0%}), the phone listener's moves by {np.abs(phone).mean():.2f} (by "
            f"less than 0.15 in {np.mean(np.abs(phone) < 0.15):.0%}; mean change {-phone.mean():+.2f}).",
            f"- The strict expert's MOS is {gaps.mean():.2f} below the typical listener's (sd {gaps.std():.2f}); "
            f"by the expert's habits it would be {self.expert_habits.mean():.2f}.",
            f"- Largest difference of any score: alone or in a batch of {BATCH} {self.batch_gap:.5f}, from the cache "
            f"or in one plain pass {self.cache_gap:.5f}. Two runs give {same} JSON.",
        ]


def measure_conduct(
    judge: SpeechQualityLLM, clips: Sequence[CorpusClip], beside: Mapping[str, Callable[..., object]]
) -> Conduct:
    """Measure on some held-out clips with references; `beside` are baselines to time in the same run."""
    hearings = judge.listen_many([(Clip(read_alone(clip.degraded, clip.level_of)), None) for clip in clips])
    hearings = [heard for heard in hearings if heard.speech_found]
    degraded = [heard.clip for heard in hearings]
    gaps = np.array([_mos(heard, TYPICAL.name) - _mos(heard, STRICT_EXPERT.name) for heard in hearings])
    habits = np.array([_mos(heard, TYPICAL.name) - STRICT_EXPERT.rate(heard.means())["mos"] for heard in hearings])
    seconds = _seconds(judge, degraded[0], beside)
    falls, moves = _band_limit_costs(judge, clips)
    batch_gap, cache_gap, same = _sameness(judge, degraded[:BATCH], hearings[:BATCH])
    return Conduct(len(hearings), seconds, falls, moves, gaps, habits, batch_gap, cache_gap, same)


def _seconds(judge: SpeechQualityLLM, clip: Clip, beside: Mapping[str, Callable[..., object]]) -> dict[str, float]:
    """Median seconds of seven calls on a clip of 10 s, after two to warm up."""
    from tqdm import tqdm

    samples = np.resize(clip.samples, 10 * SAMPLE_RATE)
    calls: dict[str, Callable[[], object]] = {"ours, scores only": lambda: judge.listen(Clip(samples)).scores()}
    calls |= {name: partial(rate, samples, None) for name, rate in beside.items()}
    calls["ours, scores and reason"] = lambda: judge.rate(Clip(samples))
    medians = {}
    for name, call in tqdm(calls.items(), desc="timing", unit="model"):
        seconds = []
        for _ in range(9):
            started = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - started)
        medians[name] = float(np.median(seconds[2:]))
    return medians


def _band_limit_costs(judge: SpeechQualityLLM, clips: Sequence[CorpusClip]) -> tuple[np.ndarray, np.ndarray]:
    """What a limit to the telephone band costs a typical listener, and one who hears it through a handset anyway."""
    from scipy.signal import butter, sosfilt

    sections = butter(10, TELEPHONE_BAND, btype="bandpass", fs=SAMPLE_RATE, output="sos")
    clean = [Clip(read_alone(clip.reference, clip.level_of)) for clip in clips if clip.reference]
    limited = [Clip(set_level(sosfilt(sections, clip.samples).astype(np.float32), -26)) for clip in clean]
    pairs = [judge.listen_many([(clip, None) for clip in group]) for group in (clean, limited)]
    typical, phone = (
        np.array([_mos(full, name) - _mos(narrow, name) for full, narrow in zip(*pairs, strict=True)])
        for name in (TYPICAL.name, "phone-speaker")
    )
    return typical, phone


def _sameness(judge: SpeechQualityLLM, clips: Sequence[Clip], batched: Sequence[Hearing]) -> tuple[float, float, bool]:
    alone = [judge.listen(clip) for clip in clips]
    same = [judge.rate(clip).to_json() for clip in clips[:2]] == [judge.rate(clip).to_json() for clip in clips[:2]]
    reading = Reading.of(Vocabulary.of(judge.model), [TYPICAL])
    plain = [read_tokens(judge.model, reading, heard.degraded)[0].scores[0] for heard in alone if len(heard.spans) == 1]
    cached = [heard.scores() for heard in alone if len(heard.spans) == 1]
    batch_gap = max(_gap(one.scores(), other.scores()) for one, other in zip(alone, batched, strict=True))
    cache_gap = max(_gap(one, other) for one, other in zip(cached, plain, strict=True))
    return batch_gap, cache_gap, same


def _mos(heard: Hearing, profile: str) -> float:
    return heard.scores(profile)["mos"].mean


def _gap(one: Mapping[str, Score], other: Mapping[str, Score]) -> float:
    return max(abs(one[name].mean - other[name].mean) for name in DIMENSIONS)
