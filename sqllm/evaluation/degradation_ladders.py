"""Ladders: one clean clip degraded in steps by one thing alone, from nothing to extreme. A score must fall on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sqllm.corpus.codecs import CODECS, transcode
from sqllm.corpus.degradations import clip_share, mix_at_snr
from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, set_level

FALLING = 0.9  # Spearman's rho of steps and falling scores from which a ladder counts as monotonic
PACKET_SECONDS = 0.02
PACKET_BIT_RATE = 32_000

Wave = np.ndarray
Degrade = Callable[[Wave, float, np.random.Generator], Wave]


@dataclass(frozen=True)
class Ladder:
    """One degradation in `steps`, from mild to extreme, in `unit`; the first leaves the clip clean or as good."""

    name: str
    unit: str
    steps: tuple[float, ...]
    degrade: Degrade

    def rungs(self, clean: Wave, seed: int = 0) -> list[Wave]:
        """The clip brought to -26 dBov and degraded, one wave a step, [samples] each; chance is the same in each."""
        level = set_level(clean, NOMINAL_DBOV)
        return [self.degrade(level, step, np.random.default_rng(seed)) for step in self.steps]


def _add_white_noise(wave: Wave, snr: float, rng: np.random.Generator) -> Wave:
    noise = rng.standard_normal(len(wave)).astype(np.float32)
    return wave if np.isinf(snr) else mix_at_snr(wave, noise, snr)


def _cut_highs(wave: Wave, hertz: float, rng: np.random.Generator) -> Wave:
    """A low-pass of 8th order; the level is kept."""
    from scipy.signal import butter, sosfilt

    if np.isinf(hertz):
        return wave
    sections = butter(8, hertz, fs=SAMPLE_RATE, output="sos")
    return set_level(np.asarray(sosfilt(sections, wave), np.float32), NOMINAL_DBOV)


def lose_opus_packets(wave: Wave, percent: float, rng: np.random.Generator) -> Wave:
    """Single packets of Opus at 32 kbit/s are lost, those of the milder steps among them; its decoder conceals."""
    packets = int(len(wave) / SAMPLE_RATE / PACKET_SECONDS) + 8
    lost = rng.random(packets) < percent / 100
    return transcode(wave, CODECS["opus"], PACKET_BIT_RATE, lost)[0]


def _clip_peaks(wave: Wave, percent: float, rng: np.random.Generator) -> Wave:
    """So many of the active part's samples are cut off; the level is kept."""
    return set_level(clip_share(wave, percent / 100), NOMINAL_DBOV) if percent else wave


def _lower(wave: Wave, dbov: float, rng: np.random.Generator) -> Wave:
    return set_level(wave, dbov)


LADDERS = (
    Ladder("white noise", "dB SNR", (np.inf, 50, 40, 30, 20, 10, 5, 0, -5), _add_white_noise),
    Ladder("low-pass", "Hz", (np.inf, 7500, 6000, 5000, 4000, 3400, 2500, 2000, 1500, 1000), _cut_highs),
    Ladder("packet loss", "%", (0, 1, 2, 5, 10, 20, 30, 40), lose_opus_packets),
    Ladder("amplitude clipping", "% of samples", (0, 1, 2, 5, 10, 20, 30, 50, 70, 90), _clip_peaks),
    Ladder("level", "dBov", (-26, -30, -34, -38, -42, -46, -50, -55, -60), _lower),
)


@dataclass(frozen=True)
class Climb:
    """How a model's MOS goes down one ladder on some clips.

    `steps` are the ladder's, in `unit` (None: nothing was done); `mos` the mean MOS at each. `rho` is Spearman's rho of
    falling MOS and steps, mean over clips (1: falls at every step), `monotone` the share of clips that have .9 or more.
    `span` is how far the MOS falls from the first step to the last, mean over clips, and `least_span` the smallest.
    """

    name: str
    unit: str
    steps: tuple[float | None, ...]
    mos: tuple[float, ...]
    rho: float
    monotone: float
    span: float
    least_span: float

    @classmethod
    def of(cls, ladder: Ladder, mos: np.ndarray) -> Climb:
        """From the MOS of every clip at every step, [clips, steps]."""
        rho = np.array([falling(row) for row in mos])
        spans = mos[:, 0] - mos[:, -1]
        return cls(
            ladder.name,
            ladder.unit,
            tuple(None if np.isinf(step) else step for step in ladder.steps),
            tuple(mos.mean(axis=0).tolist()),
            float(rho.mean()),
            float(np.mean(rho >= FALLING)),
            float(spans.mean()),
            float(spans.min()),
        )

    def line(self) -> str:
        """The figures as an item of a Markdown list."""
        first, last = ("none" if step is None else f"{step:g}" for step in (self.steps[0], self.steps[-1]))
        return (
            f"- {self.name.capitalize()}, {first} to {last} {self.unit}: MOS {self.mos[0]:.2f} to {self.mos[-1]:.2f}, "
            f"span {self.span:.2f} (least {self.least_span:.2f}), rho {self.rho:.2f}, monotonic in {self.monotone:.0%}."
        )


def falling(scores: np.ndarray) -> float:
    """Spearman's rho of scores, [steps], and the steps downwards: 1 where they fall at every step, 0 without spread."""
    from scipy.stats import spearmanr

    if np.ptp(scores) < 1e-9:
        return 0.0
    return -float(spearmanr(np.arange(len(scores)), scores).statistic)


def climb_all(clean: list[Wave], mos: Callable[[list[Wave]], np.ndarray]) -> list[Climb]:
    """Send clean clips down every ladder; `mos` gives the MOS of waves, [waves]. With a progress bar."""
    from tqdm import tqdm

    read: Mapping[str, list[np.ndarray]] = {ladder.name: [] for ladder in LADDERS}
    for seed, wave in enumerate(tqdm(clean, desc="ladders", unit="clip")):
        for ladder in LADDERS:
            read[ladder.name].append(mos(ladder.rungs(wave, seed)))
    return [Climb.of(ladder, np.array(read[ladder.name])) for ladder in LADDERS if clean]
