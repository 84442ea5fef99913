"""A panel of listeners: drawn from a mix of profiles, each with a bias and a use of the scale that stay theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sqllm.listeners.profiles import PROFILES, TYPICAL, ListenerProfile, get_profile, is_profile_file
from sqllm.listeners.votes import POINTS, Listeners
from sqllm.scores import PROFILE_NAMES, Score, clamp

# Of the default mix; all other profiles share the rest evenly. With more of them votes scatter more than in laboratory
# tests, whose listeners are screened (python -m train.votes holds it against these).
TYPICAL_SHARE = 0.8
FEWEST, MOST = 2, 100_000  # listeners
OUTLYING = 2.0  # standard deviations of the panel's votes from which a vote is an outlier
COVERAGE = 0.95


@dataclass(frozen=True)
class Mix:
    """Which profiles a panel is drawn from, and the share of each (they add up to 1)."""

    profiles: tuple[ListenerProfile, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> Mix:
        """A mix from weights above 0 by profile: a profile's name, or words that describe a listener.

        Raises `ValueError` with a sentence where there are none, or one is no such number.
        """
        if not isinstance(weights, Mapping) or not weights:
            raise ValueError("A mix holds a profile a line with its share, such as 'typical: 0.6'.")
        for name, weight in weights.items():
            number = isinstance(weight, int | float) and not isinstance(weight, bool) and np.isfinite(weight)
            if not number or weight <= 0:
                raise ValueError(f"The share of {name!r} in the mix has to be a number above 0, not {weight!r}.")
        total = sum(weights.values())
        return cls(
            tuple(get_profile(str(name)) for name in weights), tuple(weight / total for weight in weights.values())
        )

    @classmethod
    def default(cls, taught: Collection[str] = PROFILE_NAMES) -> Mix:
        """Four in five are typical listeners; the other profiles of those that a model was taught share the rest
        evenly.
        """
        others = [name for name, one in PROFILES.items() if one is not TYPICAL and one.taught_as in taught]
        return cls.of({TYPICAL.name: TYPICAL_SHARE} | dict.fromkeys(others, (1 - TYPICAL_SHARE) / len(others)))

    @classmethod
    def read(cls, path: str | Path) -> Mix:
        """A mix from a YAML file, a line a profile: `strict-expert: 0.2`, or `mine.yaml: 0.2` for the file of a profile
        beside it. Raises `ValueError` where it is none.
        """
        import yaml

        try:
            content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
            raise ValueError(f"{path} can't be read as a mix of profiles: {str(problem).splitlines()[0]}.") from problem
        if isinstance(content, Mapping):
            folder = Path(path).parent
            content = {str(folder / key) if is_profile_file(str(key)) else key: share for key, share in content.items()}
        return cls.of(content)

    def seats(self, listeners: int, rng: np.random.Generator) -> np.ndarray:
        """The number of each listener's profile, [listeners], in drawn order: as many of each as its share gives, the
        places that are left over drawn by what is missing.
        """
        wanted = np.array(self.shares) * listeners
        counts = np.floor(wanted + 1e-9).astype(int)
        missing = np.clip(wanted - counts, 0, None)
        if left := listeners - int(counts.sum()):
            counts[rng.choice(len(counts), left, replace=False, p=missing / missing.sum())] += 1
        return rng.permutation(np.repeat(np.arange(len(counts)), counts))


@dataclass(frozen=True)
class SeatedPanel:
    """Listeners of a mix, drawn once: they are the same on every clip."""

    mix: Mix
    seats: np.ndarray
    listeners: Listeners
    seed: int

    @classmethod
    def drawn(cls, mix: Mix, listeners: int, seed: int = 0) -> SeatedPanel:
        """Raises `ValueError` for fewer than two listeners, or more than anybody needs."""
        if not FEWEST <= listeners <= MOST:
            raise ValueError(f"A panel has {FEWEST} to {MOST:,} listeners, not {listeners}.")
        if seed < 0:
            raise ValueError("A seed is a whole number from 0 on.")
        rng = np.random.default_rng(seed)
        return cls(mix, mix.seats(listeners, rng), Listeners.drawn(listeners, rng), seed)

    def vote(self, scores: Sequence[Score], clip: int) -> np.ndarray:
        """Votes 1-5 on a clip, [listeners], from its MOS a profile; `clip` is a number that is the clip's own, so that
        the noise of votes differs from clip to clip and is the same again for the same clip.
        """
        means = np.array([score.mean for score in scores])[self.seats]
        return self.listeners.vote(means[:, None], np.random.default_rng([self.seed, clip]))[:, 0]


@dataclass(frozen=True)
class ProfileVotes:
    """The listeners of one profile: how many, their MOS (None for none), and the score the model gives for them."""

    profile: str
    listeners: int
    mos: float | None
    score: Score

    def to_json(self) -> dict[str, object]:
        mos = None if self.mos is None else round(self.mos, 2)
        return {"profile": self.profile, "listeners": self.listeners, "mos": mos, "score": self.score.to_json()}


@dataclass(frozen=True)
class Panel:
    """What a panel votes on a clip: `votes`, [listeners], and the number of each listener's profile, `seats`.

    `scores` are the MOS of each of `profiles`, and `expected` the mix of them: what a panel of everybody would give,
    its `std` what the model does not know. A clip without speech has no votes, and neither scores nor `expected`.
    """

    file: str
    seed: int
    votes: np.ndarray
    seats: np.ndarray
    profiles: tuple[str, ...]
    scores: tuple[Score, ...]
    expected: Score | None
    warnings: tuple[str, ...]
    model: Mapping[str, str]

    @property
    def mos(self) -> float | None:
        """The mean vote."""
        return float(self.votes.mean()) if len(self.votes) else None

    @property
    def std(self) -> float | None:
        """Standard deviation of the votes."""
        return float(self.votes.std(ddof=1)) if len(self.votes) else None

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of the MOS over listeners (Student's t), kept on the scale."""
        from scipy.stats import t

        if self.mos is None or self.std is None:
            return None
        count = len(self.votes)
        half = float(t.ppf((1 + COVERAGE) / 2, count - 1)) * self.std / count**0.5
        return clamp(self.mos - half), clamp(self.mos + half)

    @property
    def histogram(self) -> np.ndarray:
        """How many votes each of 1, 2, 3, 4 and 5 got, [5]."""
        return (self.votes[:, None] == POINTS).sum(axis=0)

    def by_profile(self) -> list[ProfileVotes]:
        """The profiles of the mix, in its order; none where nobody voted."""
        found: list[ProfileVotes] = []
        if self.expected is None:
            return found
        for number, (name, score) in enumerate(zip(self.profiles, self.scores, strict=True)):
            own = self.votes[self.seats == number]
            found.append(ProfileVotes(name, len(own), float(own.mean()) if len(own) else None, score))
        return found

    def outliers(self) -> list[int]:
        """The numbers of listeners, from 1 on, whose votes lie more than two standard deviations from the MOS."""
        if self.mos is None or not self.std:
            return []
        return (np.flatnonzero(np.abs(self.votes - self.mos) > OUTLYING * self.std) + 1).tolist()

    def to_json(self) -> dict[str, Any]:
        """The object that `sqllm panel --json` prints."""
        low, high = self.interval or (None, None)
        return {
            "file": self.file,
            "listeners": len(self.seats),
            "seed": self.seed,
            "mos": _rounded(self.mos),
            "low": _rounded(low),
            "high": _rounded(high),
            "std": _rounded(self.std),
            "histogram": self.histogram.tolist(),
            "expected": self.expected and self.expected.to_json(),
            "profiles": [votes.to_json() for votes in self.by_profile()],
            "votes": self.votes.tolist(),
            "seats": [self.profiles[seat] for seat in self.seats.tolist()] if len(self.votes) else [],
            "outliers": self.outliers(),
            "warnings": list(self.warnings),
            "model": dict(self.model),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
