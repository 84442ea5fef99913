"""Whether simulated panels vote as listening tests do, and what they cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from sqllm.evaluation.vote_statistics import VoteStatistics, vote_statistics
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.readout import Reading, Vocabulary, read_tokens
from sqllm.listeners.panel import Mix, Panel, SeatedPanel
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import Score
from sqllm.signal.audio import Clip

LISTENERS = 24
SIZES = (12, 24, 48, 96, 200)
PANELS = 10  # panels of each kind, all of other people
CROWD = 2000  # listeners that stand for everybody


@dataclass(frozen=True)
class PanelStudy:
    """Panels on `clips` clips. `statistics` are those of panels of 24 on all clips; `off` the MOS of very large panels
    less the mix of the profiles' scores, [clips], and `off_24` that of panels of 24, [panels, clips]; `widths` the mean
    half width of the 95% interval, by listeners.
    """

    clips: int
    statistics: VoteStatistics
    off: np.ndarray
    off_24: np.ndarray
    widths: Mapping[int, float]

    def lines(self) -> list[str]:
        """The figures as a Markdown list."""
        s = self.statistics
        widths = ", ".join(f"{n}: {w:.3f} ({w * n**0.5:.2f})" for n, w in self.widths.items())
        return [
            f"\n#### Panels of {LISTENERS} on {self.clips} clips, mean of {PANELS} panels\n",
            f"- SOS parameter {s.sos:.3f}; between listeners: bias {s.bias:.2f}, slope {s.slope:.2f}, rest "
            f"{s.rest:.2f}; one listener against the rest r {s.r:.3f}.",
            f"- MOS less the same mix of scores: panels of {CROWD} {self.off.mean():+.3f} on average, at most "
            f"{np.abs(self.off).max():.3f} on any clip; panels of {LISTENERS} {self.off_24.mean():+.3f} over all clips "
            f"(at most {np.abs(self.off_24.mean(axis=1)).max():.3f} in a panel), {self.off_24.std():.3f} a clip.",
            f"- Half width of the 95% interval by listeners (times the root of their number): {widths}.",
        ]


def mix_scores(model: SpeechQualityModel, degraded: Tensor, mix: Mix) -> list[list[Score]]:
    """The MOS of each profile of a mix, a list a clip, from audio tokens [clips, tokens, width + BESIDE]."""
    reading = Reading.of(Vocabulary.of(model), mix.profiles, dimensions=("mos",))
    heard = read_tokens(model, reading, degraded, batch=8)
    return [[listener["mos"] for listener in one.scores] for one in heard]


def study_panels(scores: Sequence[Sequence[Score]], mix: Mix) -> PanelStudy:
    """Hold panels on clips whose scores by profile are known, [clips][profiles]."""
    expected = np.array([[score.mean for score in row] for row in scores]) @ np.array(mix.shares)
    panels = [_votes(scores, SeatedPanel.drawn(mix, LISTENERS, seed)) for seed in range(PANELS)]
    found = [vote_statistics(votes) for votes in panels]
    names = ("sos", "bias", "slope", "rest", "r")
    everybody = _votes(scores, SeatedPanel.drawn(mix, CROWD, PANELS))
    return PanelStudy(
        len(scores),
        VoteStatistics(*(float(np.mean([getattr(one, name) for one in found])) for name in names)),
        everybody.mean(axis=0) - expected,
        np.array([votes.mean(axis=0) - expected for votes in panels]),
        {size: _half_width(scores, SeatedPanel.drawn(mix, size, PANELS + size), mix) for size in SIZES},
    )


def _votes(scores: Sequence[Sequence[Score]], panel: SeatedPanel) -> np.ndarray:
    """Votes on all clips, [listeners, clips]."""
    return np.array([panel.vote(row, clip) for clip, row in enumerate(scores)]).T


def _half_width(scores: Sequence[Sequence[Score]], seated: SeatedPanel, mix: Mix) -> float:
    names = tuple(profile.name for profile in mix.profiles)
    widths = []
    for clip, row in enumerate(scores):
        votes = seated.vote(row, clip)
        panel = Panel("", seated.seed, votes, seated.seats, names, tuple(row), None, (), {})
        low, high = panel.interval or (0.0, 0.0)
        if low > 1 and high < 5:
            widths.append((high - low) / 2)
    return float(np.mean(widths))


@dataclass(frozen=True)
class PanelCost:
    """Median seconds over clips: of one rating without words, and of panels by name, decoding left out."""

    clips: int
    rating: float
    panels: Mapping[str, float]

    def lines(self) -> list[str]:
        told = ", ".join(f"{name} {s:.2f} s ({s / self.rating:.2f} times)" for name, s in self.panels.items())
        return [f"- Cost, median of {self.clips} clips: one rating {self.rating:.2f} s; {told}."]


def measure_cost(judge: SpeechQualityLLM, clips: Sequence[Clip]) -> PanelCost:
    """Time a rating and panels in turn on the same clips."""
    taught = judge.model.config.profiles
    ten = dict.fromkeys(taught[:10], 1.0)
    more = (f"A listener of kind {number}." for number in range(10))
    ten |= dict.fromkeys((text for _, text in zip(range(10 - len(ten)), more, strict=False)), 1.0)
    calls: dict[str, Callable[[Clip], object]] = {
        "rating": lambda clip: judge.rate(clip, rationale=False),
        f"24 listeners of {len(taught)} profiles": lambda clip: judge.panel(clip, listeners=24),
        "24 of 10": lambda clip: judge.panel(clip, listeners=24, mix=ten),
        "200 of 10": lambda clip: judge.panel(clip, listeners=200, mix=ten),
    }
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for clip in clips:
        for name, call in calls.items():
            began = time.perf_counter()
            call(clip)
            taken[name].append(time.perf_counter() - began)
    medians = {name: float(np.median(seconds)) for name, seconds in taken.items()}
    return PanelCost(len(clips), medians.pop("rating"), medians)
