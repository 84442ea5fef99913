"""How a judge behaves beyond being accurate: speed, repeatability, batches, and whether its listeners differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from sqllm.audio import SAMPLE_RATE, Clip, load_clip, set_level
from sqllm.corpus.layout import CorpusClip
from sqllm.hearing import Hearing
from sqllm.judge import SpeechQualityLLM
from sqllm.profiles import PROFILES, TYPICAL
from sqllm.reading import Reading, Vocabulary, read_tokens
from sqllm.scores import DIMENSIONS, Score

TELEPHONE_BAND = (300.0, 3400.0)
BATCH = 8


def conduct_report(
    judge: SpeechQualityLLM, clips: Sequence[CorpusClip], beside: dict[str, Callable[..., float]]
) -> Iterator[str]:
    """Lines of Markdown about some held-out clips with references; `beside` are baselines to time in the same run."""
    yield f"\n### Conduct on {len(clips)} clips\n"
    degraded = [load_clip(clip.degraded) for clip in clips]
    yield from _speed_lines(judge, degraded[0], beside)
    yield from _band_limit_lines(judge, clips)
    hearings = judge.listen_many([(clip, None) for clip in degraded])
    yield from _expert_lines(hearings)
    yield from _sameness_lines(judge, degraded[:BATCH], hearings[:BATCH])


def _speed_lines(judge: SpeechQualityLLM, clip: Clip, beside: dict[str, Callable[..., float]]) -> Iterator[str]:
    """Median seconds of seven calls on a clip of 10 s, after two to warm up."""
    samples = np.resize(clip.samples, 10 * SAMPLE_RATE)
    calls: dict[str, Callable[[], object]] = {"ours, scores only": lambda: judge.listen(Clip(samples)).scores()}
    calls |= {name: partial(rate, samples, None) for name, rate in beside.items()}
    calls["ours, scores and reason"] = lambda: judge.rate(Clip(samples))
    medians = {}
    for name, call in calls.items():
        seconds = []
        for _ in range(9):
            started = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - started)
        medians[name] = float(np.median(seconds[2:]))
    yield "- One clip of 10 s: " + ", ".join(f"{name} {value:.2f} s" for name, value in medians.items()) + "."


def _band_limit_lines(judge: SpeechQualityLLM, clips: Sequence[CorpusClip]) -> Iterator[str]:
    """What a limit to the telephone band costs a typical listener, and one who hears it through a handset anyway."""
    from scipy.signal import butter, sosfilt

    sections = butter(10, TELEPHONE_BAND, btype="bandpass", fs=SAMPLE_RATE, output="sos")
    clean = [load_clip(clip.reference) for clip in clips if clip.reference]
    limited = [Clip(set_level(sosfilt(sections, clip.samples).astype(np.float32), -26)) for clip in clean]
    pairs = [judge.listen_many([(clip, None) for clip in group]) for group in (clean, limited)]
    costs = {
        name: np.array([_mos(full, name) - _mos(narrow, name) for full, narrow in zip(*pairs, strict=True)])
        for name in (TYPICAL.name, "phone-speaker")
    }
    typical, phone = costs.values()
    yield (
        f"- Clean clips limited to 300-3400 Hz: the typical listener's MOS falls by {typical.mean():.2f} (by more than "
        f"0.5 in {np.mean(typical > 0.5):.0%}), the phone listener's moves by {np.abs(phone).mean():.2f} (by less than "
        f"0.15 in {np.mean(np.abs(phone) < 0.15):.0%}; mean change {-phone.mean():+.2f})."
    )


def _expert_lines(hearings: Sequence[Hearing]) -> Iterator[str]:
    gaps = np.array([_mos(heard, TYPICAL.name) - _mos(heard, "strict-expert") for heard in hearings])
    free = np.array([_mos(heard, TYPICAL.name) > 1 - PROFILES["strict-expert"].shift for heard in hearings])
    yield (
        f"- The strict expert's MOS is {gaps.mean():.2f} below the typical listener's (sd {gaps.std():.2f}); "
        f"{gaps[free].mean():.2f} where the documented {-PROFILES['strict-expert'].shift:.1f} fit above 1."
    )


def _sameness_lines(judge: SpeechQualityLLM, clips: Sequence[Clip], batched: Sequence[Hearing]) -> Iterator[str]:
    alone = [judge.listen(clip) for clip in clips]
    again = [judge.rate(clip).to_json() for clip in clips[:2]] == [judge.rate(clip).to_json() for clip in clips[:2]]
    reading = Reading.of(Vocabulary.of(judge.model), [TYPICAL])
    plain = [read_tokens(judge.model, reading, heard.degraded)[0].scores[0] for heard in alone if len(heard.spans) == 1]
    cached = [heard.scores() for heard in alone if len(heard.spans) == 1]
    batch_gap = max(_gap(one.scores(), other.scores()) for one, other in zip(alone, batched, strict=True))
    cache_gap = max(_gap(one, other) for one, other in zip(cached, plain, strict=True))
    yield (
        f"- Largest difference of any score: alone or in a batch of {BATCH} {batch_gap:.5f}, from the cache or in one "
        f"plain pass {cache_gap:.5f}. Two runs give {'identical' if again else 'DIFFERENT'} JSON."
    )


def _mos(heard: Hearing, profile: str) -> float:
    return heard.scores(profile)["mos"].mean


def _gap(one: Mapping[str, Score], other: Mapping[str, Score]) -> float:
    return max(abs(one[name].mean - other[name].mean) for name in DIMENSIONS)
