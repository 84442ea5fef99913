"""The weights by which `sqllm.signal.speed` tells speech at a wrong speed: a ridge regression on made clips."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE, load_clip
from sqllm.signal.speed import TOO_FAST, TOO_SLOW, speed_features

SPEEDS = (1 / 3, 1 / 2, 1.0, 2.0, 3.0)
ORDINARY = 3  # times an ordinary clip is made, each with another treatment
TREATMENTS = ("plain", "narrow", "lowpass", "noise", "reverberant", "clipped", "tilted", "voice", "tempo")
PLAIN_SHARE = 0.4
RIDGE, ORDINARY_WEIGHT = 30.0, 3.0


@dataclass(frozen=True)
class MadeClips:
    """Features [clips, 65] of clips of one speaker a file, their `speeds`, `treatments` and files."""

    features: np.ndarray
    speeds: np.ndarray
    treatments: np.ndarray

    def fit(self) -> np.ndarray:
        """Weights of `speed_evidence`: the offset, then one a feature. Triple counts as double and a third as half, so
        that the regression does its best where they meet ordinary speech.
        """
        mean, scale = self.features.mean(axis=0), self.features.std(axis=0) + 1e-6
        known = np.column_stack([np.ones(len(self.features)), (self.features - mean) / scale])
        count = np.where(self.speeds == 1, ORDINARY_WEIGHT, 1)
        penalty = np.eye(known.shape[1]) * RIDGE
        penalty[0, 0] = 0
        target = np.clip(np.log2(self.speeds), -1, 1)
        weights = np.linalg.solve((known.T * count) @ known + penalty, (known.T * count) @ target)
        weights[1:] /= scale
        weights[0] -= weights[1:] @ mean
        return weights

    def lines(self, weights: np.ndarray) -> Iterator[str]:
        """A table in Markdown: how many clips of each speed are told slow and fast, plain and treated."""
        evidence = self.features @ weights[1:] + weights[0]
        yield "| speed | clips | told slow | told fast | mean evidence | plain ones: slow | fast |"
        yield "|---|---|---|---|---|---|---|"
        for speed in SPEEDS:
            here, plain = self.speeds == speed, self.treatments == "plain"
            told = [f"{np.mean(test[here]):.1%}" for test in (evidence < TOO_SLOW, evidence > TOO_FAST)]
            bare = [f"{np.mean(test[here & plain]):.1%}" for test in (evidence < TOO_SLOW, evidence > TOO_FAST)]
            cells = [f"{speed:.2f}", str(here.sum()), *told, f"{evidence[here].mean():+.2f}", *bare]
            yield "| " + " | ".join(cells) + " |"
        yield ""
        yield "| ordinary speed, treated | clips | told slow | told fast |"
        yield "|---|---|---|---|"
        for treatment in TREATMENTS:
            here = (self.speeds == 1) & (self.treatments == treatment)
            told = [f"{np.mean(test[here]):.1%}" for test in (evidence < TOO_SLOW, evidence > TOO_FAST)]
            yield f"| {treatment} | {here.sum()} | {' | '.join(told)} |"


def make_clips(files: Sequence[Path], noise: Sequence[Path], seed: int) -> MadeClips:
    """Clips of every file at every speed, treated at random before the speed is changed; the same for the same seed."""
    import soxr

    random, rows = np.random.default_rng(seed), []
    for path in files:
        speech = load_clip(path).samples[: 9 * SAMPLE_RATE].astype(np.float64)
        if len(speech) < 2 * SAMPLE_RATE:
            continue
        for speed in SPEEDS + (1.0,) * (ORDINARY - 1):
            treatment = "plain" if random.random() < PLAIN_SHARE else str(random.choice(TREATMENTS[1:]))
            wave = treat(speech, treatment, noise, random)
            if speed != 1:
                wave = soxr.resample(wave, SAMPLE_RATE * speed, SAMPLE_RATE)
            rows.append((speed_features(wave), speed, treatment))
    features, speeds, treatments = zip(*rows, strict=True)
    return MadeClips(np.array(features), np.array(speeds), np.array(treatments))


def treat(speech: np.ndarray, treatment: str, noise: Sequence[Path], random: np.random.Generator) -> np.ndarray:
    """What becomes of speech, [n] at 16 kHz, on its way at its right speed; `voice` is one of a shorter or longer vocal
    tract (as children's) at the same tempo, `tempo` the same voice talking faster or slower.
    """
    from scipy.signal import butter, oaconvolve, sosfilt

    if treatment == "narrow":
        band = [random.uniform(150, 350), random.uniform(3000, 3800)]
        return np.asarray(sosfilt(butter(6, band, "bandpass", fs=SAMPLE_RATE, output="sos"), speech))
    if treatment == "lowpass":
        return np.asarray(sosfilt(butter(10, random.uniform(2200, 7000), fs=SAMPLE_RATE, output="sos"), speech))
    if treatment == "noise":
        return speech + _noise(noise, len(speech), random) * np.std(speech) * 10 ** (-random.uniform(5, 25) / 20)
    if treatment == "reverberant":
        time = np.arange(round(0.8 * SAMPLE_RATE)) / SAMPLE_RATE
        tail = random.standard_normal(len(time)) * 10 ** (-3 * time / random.uniform(0.2, 0.9))
        tail *= 10 ** (-random.uniform(-3, 9) / 20) / np.linalg.norm(tail)
        tail[0] = 1
        return np.asarray(oaconvolve(speech, tail)[: len(speech)])
    if treatment == "clipped":
        ceiling = np.quantile(np.abs(speech), random.uniform(0.9, 0.995))
        return np.clip(speech, -ceiling, ceiling)
    if treatment == "tilted":
        return np.asarray(sosfilt(np.array([[1, -random.uniform(-0.9, 0.9), 0, 1, 0, 0]]), speech))
    if treatment in ("voice", "tempo"):
        return _stretched(speech, random.uniform(0.82, 1.3), treatment == "voice")
    return speech


def _stretched(speech: np.ndarray, factor: float, same_tempo: bool) -> np.ndarray:
    """Speech faster by a factor at the same pitch, or, at the same tempo, higher by it in pitch and formants."""
    import librosa
    import soxr

    if not same_tempo:
        return np.asarray(librosa.effects.time_stretch(speech, rate=factor))
    higher = soxr.resample(speech, SAMPLE_RATE * factor, SAMPLE_RATE)
    return np.asarray(librosa.effects.time_stretch(higher, rate=1 / factor))


def _noise(files: Sequence[Path], length: int, random: np.random.Generator) -> np.ndarray:
    """White noise, or most often a recording, of power 1: [length]."""
    wave = random.standard_normal(length)
    if len(files) and random.random() < 0.7:
        recorded = load_clip(files[int(random.integers(len(files)))]).samples[: 30 * SAMPLE_RATE]
        if recorded.std() > 1e-4:
            wave = np.tile(recorded, 1 + length // len(recorded))[:length]
    return wave / wave.std()


def save_weights(weights: np.ndarray, path: Path) -> None:
    path.write_text(json.dumps([float(f"{weight:.5g}") for weight in weights]) + "\n", encoding="utf-8")
