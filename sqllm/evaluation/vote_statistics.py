"""How votes scatter: statistics of listening tests, and the vote model fitted so that they come out as published."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist

import numpy as np

from sqllm.listeners.votes import CROWD, LABORATORY, Listeners, VoteModel

MOS_BINS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)


@dataclass(frozen=True)
class VoteStatistics:
    """Of votes of several listeners: `sos`, the a of variance = a (MOS - 1)(5 - MOS) (Hossfeld, Schatz, Egger, QoMEX
    2011); standard deviations between listeners of their `bias` and `slope` against the clips' means, and of the
    `rest`; mean Pearson's `r` of one listener with the mean of the others.
    """

    sos: float
    bias: float
    slope: float
    rest: float
    r: float


def sos(mos: np.ndarray, variance: np.ndarray) -> float:
    """The SOS parameter a, by least squares, from clips' MOS and the variance of their votes, [clips] each."""
    shape = (mos - 1) * (5 - mos)
    return float(variance @ shape / (shape @ shape))


def vote_statistics(votes: np.ndarray) -> VoteStatistics:
    """Statistics of votes [listeners, clips], not a number where a listener did not vote on a clip."""
    votes = np.asarray(votes, float)
    cast = np.isfinite(votes)
    mos = np.nanmean(votes, axis=0)
    lines = [
        np.polynomial.Polynomial.fit(mos[heard] - 3, row[heard], 1) for row, heard in zip(votes, cast, strict=True)
    ]
    slopes = np.array([line.convert().coef[1] for line in lines])
    rest = np.concatenate([row[h] - line(mos[h] - 3) for row, h, line in zip(votes, cast, lines, strict=True)])
    others = (np.nansum(votes, axis=0) - np.nan_to_num(votes)) / np.maximum(cast.sum(axis=0) - cast, 1)
    r = [np.corrcoef(row[h], other[h])[0, 1] for row, h, other in zip(votes, cast, others, strict=True)]
    return VoteStatistics(
        sos(mos, np.nanvar(votes, axis=0, ddof=1)),
        float(np.nanmean(votes - mos, axis=1).std(ddof=1)),
        float(slopes.std(ddof=1)),
        float(np.sqrt(np.mean(np.square(rest)))),
        float(np.mean(r)),
    )


@dataclass(frozen=True)
class PublishedTest:
    """A listening test with its statistics: how many listeners, clips and votes a clip, over which range of MOS.

    The clips' MOS are taken as even over `low` to `high`, which no publication says: the range is the one whose mean of
    (MOS - 1)(5 - MOS) follows from the published variances.
    """

    name: str
    model: VoteModel
    published: VoteStatistics
    listeners: int
    clips: int
    votes: int
    low: float
    high: float

    def simulated(self, model: VoteModel, tests: int = 12, seed: int = 0) -> VoteStatistics:
        """The statistics of simulated tests, on average; their listeners differ by just as much as the model says."""
        rng = np.random.default_rng(seed)
        clips, spread = np.linspace(self.low, self.high, self.clips), _even_normal(self.listeners)
        found = []
        for _ in range(tests):
            bias, slope = model.bias * rng.permutation(spread), 1 + model.slope * rng.permutation(spread)
            votes = Listeners(bias, slope, model).vote(clips, rng).astype(float)
            order = rng.random(votes.shape).argsort(axis=0).argsort(axis=0)
            found.append(vote_statistics(np.where(order < self.votes, votes, np.nan)))
        names = ("sos", "bias", "slope", "rest", "r")
        return VoteStatistics(*(float(np.mean([getattr(one, name) for one in found])) for name in names))

    def fitted(self, steps: int = 10) -> VoteModel:
        """The model whose simulated tests have the published bias, slope and rest."""
        wanted = self.published
        model = self.model
        for _ in range(steps):
            had = self.simulated(model)
            model = replace(
                model,
                bias=model.bias * wanted.bias / had.bias,
                slope=model.slope * (wanted.slope / had.slope if np.isfinite(wanted.slope) else 1),
                noise=model.noise * wanted.rest / had.rest,
            )
        return model


def _even_normal(count: int) -> np.ndarray:
    """Quantiles of a normal distribution with mean 0 and standard deviation 1 over `count` listeners, [count]."""
    quantiles = np.array([NormalDist().inv_cdf((k + 0.5) / count) for k in range(count)])
    return quantiles / quantiles.std(ddof=1)


TESTS = (
    PublishedTest("laboratory ACR", LABORATORY, VoteStatistics(0.207, 0.24, 0.13, 0.73, 0.79), 24, 384, 24, 1.2, 4.8),
    PublishedTest("crowd P.835", CROWD, VoteStatistics(0.178, 0.32, np.nan, 0.54, 0.84), 10, 280, 5, 1.2, 4.8),
)


@dataclass(frozen=True)
class SpreadByMos:
    """Of a bin of clips: `clips`, mean `mos`, the `observed` standard deviation of votes (root of the mean variance),
    and the one the model has for clips of these MOS.
    """

    clips: int
    mos: float
    observed: float
    model: float


def spread_by_mos(mos: np.ndarray, std: np.ndarray, model: VoteModel = LABORATORY) -> Iterator[SpreadByMos]:
    """How votes scatter along the scale, from clips' MOS and standard deviations [clips], against a model."""
    drawn = model.variance(mos)
    for low, high in pairwise(MOS_BINS):
        rows = (mos >= low) & ((mos < high) | (high == MOS_BINS[-1]))
        if rows.any():
            observed, modelled = (float(np.sqrt(np.mean(v[rows]))) for v in (np.square(std), drawn))
            yield SpreadByMos(int(rows.sum()), float(mos[rows].mean()), observed, modelled)


def read_spreads(path: Path) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
    """MOS and standard deviation of the votes, [clips] each, by database, from a table in the NISQA corpus's form.

    The columns are `filepath_deg,votes,mos,mos_std`; clips with fewer than two votes are left out.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if int(row["votes"]) > 1]
    databases = dict.fromkeys(row["filepath_deg"].split("/")[0] for row in rows)
    found = {}
    for name in databases:
        own = [(float(r["mos"]), float(r["mos_std"])) for r in rows if r["filepath_deg"].split("/")[0] == name]
        mos, std = np.array(own).T
        found[name] = (mos, std)
    return found
