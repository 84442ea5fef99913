"""What a few votes of one's own are worth, on rated sets: mappings fitted to some clips, means combined of few votes.

Ratings of a clip are published as count, mean and standard deviation; `votes_of` finds whole-point votes that have
these. They stand for everybody's votes on the clip: a resampling draws from them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import torch

from sqllm.corpus.nisqa_layout import at_nominal_level, read_ratings
from sqllm.evaluation.panel_study import mix_scores
from sqllm.features.token_set import cached_tokens
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.combine import ConditionMean, combine
from sqllm.listeners.mapping import RatedClips, fit_mapping
from sqllm.listeners.panel import Mix
from sqllm.listeners.sampling import Votes

POINTS = np.arange(1.0, 6.0)
MOST_VOTES = 40


@dataclass(frozen=True)
class RatedSet:
    """A rated set: predictions, conditions and pooled audio tokens by clip, and each clip's votes."""

    name: str
    predicted: np.ndarray
    condition: np.ndarray
    tokens: np.ndarray
    votes: tuple[np.ndarray, ...]

    @property
    def mos(self) -> np.ndarray:
        return np.array([votes.mean() for votes in self.votes])

    @property
    def clips_a_condition(self) -> int:
        """Of the condition that has the fewest."""
        return int(np.unique(self.condition, return_counts=True)[1].min())

    @property
    def margin(self) -> np.ndarray:
        """Half widths of the 95% intervals, [clips]."""
        return np.array([1.96 * votes.std(ddof=1) / len(votes) ** 0.5 for votes in self.votes])

    def rated(self, tokens: bool) -> RatedClips:
        return RatedClips(self.predicted, self.mos, self.margin, self.condition, self.tokens if tokens else None)


def votes_of(count: int, mean: float, std: float) -> np.ndarray:
    """Whole-point votes whose mean and standard deviation are nearest to a clip's, [count].

    Exact for ratings that were made of so many whole votes; found by the counts of 1 ... 5 that come nearest.
    """
    count = min(count, MOST_VOTES)
    total, squares = mean * count, (std**2) * (count - 1) + count * mean**2
    best, nearest = (0,) * 5, np.inf
    for ones, twos, threes in _first_three(count):
        rest = count - ones - twos - threes
        left = total - ones - 2 * twos - 3 * threes
        fives = int(np.clip(round(left - 4 * rest), 0, rest))
        counts = (ones, twos, threes, rest - fives, fives)
        off = abs(np.dot(counts, POINTS) - total) + abs(np.dot(counts, POINTS**2) - squares) / 4
        if off < nearest:
            best, nearest = counts, off
    return np.repeat(POINTS, best)


def _first_three(count: int) -> Iterator[tuple[int, int, int]]:
    for low, high, last in combinations_with_replacement(range(count + 1), 3):
        yield low, high - low, last - high


def read_rated_sets(
    judge: SpeechQualityLLM, path: Path, names: Sequence[str], cache: Path, nominal_level: bool = True
) -> Iterator[RatedSet]:
    """Sets of a table `file,ref,set,overall,votes,std,condition` (`std` with count - 1 in its denominator), heard by
    the judge without their references.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = {str(path.parent / row["file"]): row for row in csv.DictReader(file)}
    clips = read_ratings(path)
    for name in names:
        own = [clip for clip in (at_nominal_level(clips) if nominal_level else clips) if clip.db == name]
        if not own:
            raise ValueError(f"{path} holds no set {name}.")
        tokens = cached_tokens(judge.model, own, cache).degraded
        predicted = [row[0].mean for row in mix_scores(judge.model, tokens, Mix.of({"typical": 1}))]
        told = [rows[str(clip.degraded)] for clip in own]
        votes = [votes_of(int(float(row["votes"])), float(row["overall"]), float(row["std"])) for row in told]
        pooled = torch.cat([tokens.double().mean(dim=1), tokens.double().std(dim=1)], dim=1).numpy()
        yield RatedSet(name, np.array(predicted), np.array([row["condition"] for row in told]), pooled, tuple(votes))


@dataclass(frozen=True)
class FitWorth:
    """Of fitting to `voted` clips, mean over draws: RMSE on the other clips as they come, mapped without and with what
    the audio adds, and r before and after; `ridge` is how often that was added.
    """

    set_name: str
    voted: int
    before: float
    mapped: float
    with_audio: float
    r_before: float
    r_after: float
    ridge: float

    def row(self) -> str:
        return (
            f"| {self.set_name} | {self.voted} | {self.before:.3f} | {self.mapped:.3f} | {self.with_audio:.3f} | "
            f"{self.r_before:.3f} | {self.r_after:.3f} | {self.ridge:.0%} |"
        )


FIT_HEAD = (
    "| set | voted clips | RMSE before | mapped | and audio | r before | r after | audio used |",
    "| --- | ---: | --- | --- | --- | --- | --- | --- |",
)


def fit_worth(rated_set: RatedSet, voted: int, draws: int = 50, seed: int = 0) -> FitWorth:
    """Fit to clips drawn at random, look at the others."""
    rng = np.random.default_rng([seed, voted])
    found = []
    for _ in range(draws):
        chosen = np.zeros(len(rated_set.mos), bool)
        chosen[rng.permutation(len(chosen))[:voted]] = True
        plain, full = rated_set.rated(False), rated_set.rated(True)
        rest, truth = full.chosen(~chosen), rated_set.mos[~chosen]
        mapping, richer = fit_mapping(plain.chosen(chosen)), fit_mapping(full.chosen(chosen))
        said = (rest.predicted, mapping.predict(rest.predicted), richer.predict(rest.predicted, rest.tokens))
        rmse = [float(np.sqrt(np.mean(np.square(x - truth)))) for x in said]
        r = [float(np.corrcoef(x, truth)[0, 1]) for x in (said[0], said[2])]
        found.append([*rmse, *r, float(bool(richer.weights))])
    return FitWorth(rated_set.name, voted, *(float(x) for x in np.mean(found, axis=0)))


@dataclass(frozen=True)
class CombineWorth:
    """Of combining votes on `clips` clips a condition, `each` votes a clip, over resamplings: how often the 95%
    intervals hold the truth (`least`: of the condition where they do so least) and those of votes alone, their mean
    half widths, and the share of votes saved, of all that votes alone would need.
    """

    set_name: str
    clips: int
    each: int
    borrow: bool
    held: float
    least: float
    held_alone: float
    half: float
    half_alone: float
    saved: float

    def row(self) -> str:
        how = "borrowing" if self.borrow else "each alone"
        return (
            f"| {self.set_name} | {self.clips} x {self.each} | {how} | {self.held:.1%} | {self.least:.0%} | "
            f"{self.held_alone:.1%} | {self.half:.2f} | {self.half_alone:.2f} | {self.saved:.0%} |"
        )


COMBINE_HEAD = (
    "| set | clips x votes | conditions | hold | in the worst one | votes alone hold | +- | of votes alone | saved |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)


def combine_worth(
    rated_set: RatedSet, clips: int, each: int, borrow: bool = False, resamplings: int = 500, seed: int = 0
) -> CombineWorth:
    """Draw clips of each condition and votes on them, combine, and hold the intervals against the condition's mean of
    all clips and votes.
    """
    rng = np.random.default_rng([seed, clips, each])
    names, index = np.unique(rated_set.condition, return_inverse=True)
    truth = dict(zip(names, np.bincount(index, rated_set.mos) / np.bincount(index), strict=True))
    found, saved = [], []
    for _ in range(resamplings):
        drawn = np.concatenate([rng.permutation(np.flatnonzero(index == c))[:clips] for c in range(len(names))])
        values = np.concatenate([rng.choice(rated_set.votes[clip], each) for clip in drawn])
        votes = Votes(np.repeat(drawn, each), np.full(len(values), -1), values)
        combined = combine(rated_set.predicted, rated_set.condition, votes, borrow)
        found.append([_held(one, truth[one.condition]) for one in combined.conditions])
        saved.append(1 - combined.votes / combined.votes_alone)
    by_condition = np.mean(np.array(found, float), axis=0)  # [conditions, 4]
    held, held_alone, half, half_alone = (float(x) for x in by_condition.mean(axis=0))
    least = float(by_condition[:, 0].min())
    return CombineWorth(
        rated_set.name, clips, each, borrow, held, least, held_alone, half, half_alone, float(np.mean(saved))
    )


def _held(one: ConditionMean, truth: float) -> tuple[float, float, float, float]:
    """Whether the intervals hold the truth, and their half widths: of the combination and of votes alone."""
    return (
        float(one.low <= truth <= one.high),
        float(one.votes_low <= truth <= one.votes_high),
        (one.high - one.low) / 2,
        (one.votes_high - one.votes_low) / 2,
    )
