"""What a panel tells apart, and how many listeners it takes, by simulated panels and paired tests.

Every listener of a panel hears every clip. A listener's votes on a condition are averaged; two conditions are compared
by a paired t-test over the listeners' means, and all pairs of a test by Holm's step-down (Scand. J. Stat. 6, 1979).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sqllm.listeners.votes import draw_votes
from sqllm.planning.conditions import PlannedTest

ALPHA = 0.05
SIMULATIONS = 400
MOST_LISTENERS = 512
POOL = 4000  # listeners drawn once, for how much they differ
MARGIN = 0.02  # above the wanted power, so that 200 simulated tests rarely fall short of it by chance


def holm(p: np.ndarray) -> np.ndarray:
    """p-values adjusted by Holm's step-down, along the last axis; the family-wise error is theirs."""
    p = np.asarray(p, float)
    order = np.argsort(p, axis=-1)
    count = p.shape[-1]
    stepped = np.take_along_axis(p, order, -1) * (count - np.arange(count))
    stepped = np.minimum(1, np.maximum.accumulate(stepped, axis=-1))
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, stepped, -1)
    return adjusted


def paired_p(differences: np.ndarray) -> np.ndarray:
    """Two-sided p of paired t-tests that the mean of `differences` [..., listeners, pairs] is zero, [..., pairs]."""
    from scipy.stats import t

    listeners = differences.shape[-2]
    mean, sd = differences.mean(axis=-2), differences.std(axis=-2, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(sd > 0, mean / sd * np.sqrt(listeners), np.where(mean == 0, 0, np.inf))
    return 2 * t.sf(np.abs(statistic), listeners - 1)


@dataclass(frozen=True)
class ConditionPair:
    """Two conditions: the predicted difference `first` - `second` (MOS), and the share of panels that tell them apart
    with the sign that is predicted.
    """

    first: str
    second: str
    difference: float
    power: float


@dataclass(frozen=True)
class PanelSize:
    """Listeners that the test takes: for the wanted difference, for the wanted interval, and the greater of both."""

    for_difference: int
    for_interval: int

    @property
    def listeners(self) -> int:
        return max(self.for_difference, self.for_interval)


def listener_means(tests: PlannedTest, listeners: int, rng: np.random.Generator, panels: int = 1) -> np.ndarray:
    """Each listener's mean vote of each condition, [panels, listeners, conditions]."""
    votes = draw_votes(tests.mos, panels * listeners, rng)
    return (votes @ tests.averaging()).reshape(panels, listeners, -1)


def condition_pairs(
    tests: PlannedTest, listeners: int, rng: np.random.Generator, simulations: int = SIMULATIONS
) -> tuple[ConditionPair, ...]:
    """For every two conditions, how often a panel of `listeners` (2 or more) tells them apart after Holm."""
    means = listener_means(tests, listeners, rng, simulations)
    one, other = _pair_indices(len(tests.conditions))
    differences = means[..., one] - means[..., other]
    predicted = tests.condition_mos()[one] - tests.condition_mos()[other]
    found = (holm(paired_p(differences)) < ALPHA) & (np.sign(differences.mean(axis=1)) == np.sign(predicted))
    return tuple(
        ConditionPair(tests.conditions[i], tests.conditions[j], float(predicted[k]), float(found[:, k].mean()))
        for k, (i, j) in enumerate(zip(one, other, strict=True))
    )


def _pair_indices(conditions: int) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(list(combinations(range(conditions), 2)), int).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def panel_size(
    tests: PlannedTest, difference: float, half_width: float, power: float = 0.95, seed: int = 0
) -> PanelSize:
    """Listeners needed so that in a share `power` of panels any two conditions `difference` (MOS) apart in this set are
    told apart after Holm, and so that 95% intervals of conditions are no wider than +- `half_width`.

    The difference is planted where the set's conditions lie and at the strictest of Holm's steps, so that the count
    does not lean on how far apart the predictions are. Raises `ValueError` where more than 512 would be needed.
    """
    if difference <= 0 or half_width <= 0:
        raise ValueError("A difference or an interval to plan for must be above zero.")
    for_difference = listeners_for_difference(tests, middle_condition(tests), difference, power, seed)
    return PanelSize(for_difference, listeners_for_interval(tests, half_width, power, seed))


def middle_condition(tests: PlannedTest) -> int:
    """The condition nearest to the middle of the scale, where no end of it narrows the votes."""
    return int(np.argmin(np.abs(tests.condition_mos() - 3)))


def planted(tests: PlannedTest, condition: int, difference: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores of a condition's clips and of the same clips `difference` lower or higher, to the middle: [clips] each."""
    scores = tests.mos[tests.index == condition]
    other = scores - difference if scores.mean() > 3 else scores + difference
    return scores, other


def detections(
    scores: np.ndarray, other: np.ndarray, pairs: int, listeners: int, rng: np.random.Generator, panels: int
) -> np.ndarray:
    """Which of `panels` panels tell two sets of clips apart at Holm's strictest step among `pairs`, [panels]."""
    votes = draw_votes(np.concatenate([scores, other]), panels * listeners, rng)
    means = votes[:, : len(scores)].mean(axis=1) - votes[:, len(scores) :].mean(axis=1)
    p = paired_p(means.reshape(panels, listeners, 1))[:, 0]
    return p * pairs < ALPHA


def listeners_for_difference(
    tests: PlannedTest, condition: int, difference: float, power: float = 0.95, seed: int = 0
) -> int:
    """The fewest listeners who find `difference` beside a condition in a share `power` of panels.

    How much listeners differ in their difference comes from many simulated ones; the power of the paired t-test at
    Holm's strictest step then from the noncentral t distribution.
    """
    from scipy.stats import nct, t

    scores, other = planted(tests, condition, difference)
    pairs = len(tests.conditions) * (len(tests.conditions) - 1) // 2
    votes = draw_votes(np.concatenate([scores, other]), POOL, np.random.default_rng([seed, 2]))
    each = votes[:, : len(scores)].mean(axis=1) - votes[:, len(scores) :].mean(axis=1)
    effect = abs(each.mean()) / each.std(ddof=1)

    def enough(listeners: int) -> bool:
        critical = t.ppf(1 - ALPHA / pairs / 2, listeners - 1)
        return bool(nct.sf(critical, listeners - 1, effect * np.sqrt(listeners)) >= min(power + MARGIN, 0.999))

    return _fewest(enough, f"a difference of {difference:g}")


def listeners_for_interval(tests: PlannedTest, half_width: float, power: float = 0.95, seed: int = 0) -> int:
    """The fewest listeners with whom the 95% intervals of all conditions' MOS are within +- `half_width` at once in a
    share `power` of panels.
    """
    from scipy.stats import chi2, t

    means = listener_means(tests, POOL, np.random.default_rng([seed, 1]))[0]
    spread = float(means.std(axis=0, ddof=1).max())
    each = power ** (1 / len(tests.conditions))

    def enough(listeners: int) -> bool:
        worst = spread * np.sqrt(chi2.ppf(each, listeners - 1) / (listeners - 1))  # sd of an unlucky panel
        return bool(t.ppf(1 - ALPHA / 2, listeners - 1) * worst / np.sqrt(listeners) <= half_width)

    return _fewest(enough, f"an interval of +-{half_width:g}")


def _fewest(enough: Callable[[int], bool], wanted: str) -> int:
    """The smallest count from 3 on for which `enough` holds, by doubling and halving."""
    low, high = 2, 4
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST_LISTENERS:
            raise ValueError(f"More than {MOST_LISTENERS} listeners would be needed for {wanted}: ask for less.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def told_apart(pairs: Sequence[ConditionPair], share: float = 0.8) -> Iterator[ConditionPair]:
    """The pairs that at least a share of panels tells apart."""
    return (pair for pair in pairs if pair.power >= share)
