"""Which pairs of systems are worth asking about, and the order of the systems from the answers.

Preferences follow Bradley and Terry: the better of two systems `d` MOS apart is preferred with probability
1 / (1 + exp(-STEEPNESS d)). What is predicted is the prior: a mean and a standard deviation for each system.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

# A listener who compares two clips has the noise of two votes, sqrt(2) * .73 MOS; 1.702 turns a normal into a logistic.
STEEPNESS = 1.702 / (2**0.5 * 0.73)
PREDICTION_STD = 0.3  # of a system's mean, where the predictions don't say
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
SIMULATIONS = 200
MOST_VOTES = 2000
MARGIN = 0.05  # above the wanted share, so that another 200 simulations rarely fall short of it by chance


def preference(difference: np.ndarray) -> np.ndarray:
    """Probability that the first of two systems is preferred, from its lead in MOS."""
    return 1 / (1 + np.exp(-STEEPNESS * np.asarray(difference, float)))


def pairs_worth_asking(means: np.ndarray, stds: np.ndarray, count: int, votes: int = 50) -> list[tuple[int, int]]:
    """The `count` pairs of systems that tell most about the order of all, best first.

    One after another, the pair is taken whose answer by `votes` votes is expected to leave the least doubt (entropy,
    summed over all pairs) about which of two systems is better, under a normal prior `means`, `stds` [systems]. Where
    `count` allows, the pairs connect all systems.
    """
    means = np.asarray(means, float)
    candidates = list(combinations(range(len(means)), 2))
    contrasts = np.array([np.eye(len(means))[i] - np.eye(len(means))[j] for i, j in candidates])
    gaps = contrasts @ means
    p = preference(gaps)
    noise = 1 / (votes * STEEPNESS**2 * np.maximum(p * (1 - p), 1e-3))  # of a pair's answer, in MOS squared
    shared = contrasts @ np.diag(np.square(np.asarray(stds, float))) @ contrasts.T  # covariance of the gaps
    one, other = np.array(candidates).T
    chosen: list[int] = []
    group = np.arange(len(means))  # systems that asked pairs connect share a number
    while len(chosen) < min(count, len(candidates)):
        doubt = _doubt(gaps, shared, noise)
        doubt[chosen] = np.inf
        if (parts := len(np.unique(group))) > 1 and count - len(chosen) < parts:
            doubt[group[one] == group[other]] = np.inf  # what is left is needed to connect all systems
        best = int(np.argmin(doubt))
        chosen.append(best)
        group[group == group[other[best]]] = group[one[best]]
        shared = shared - np.outer(shared[best], shared[best]) / (shared[best, best] + noise[best])
    return [candidates[place] for place in chosen]


def _doubt(gaps: np.ndarray, shared: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Expected entropy (bits) of "which is better", summed over pairs, after each pair's answer, [candidates].

    `gaps` [pairs] have the covariance `shared` [pairs, pairs]; the answer to a pair is its gap with `noise` [pairs].
    """
    from scipy.special import ndtr

    before = np.diag(shared)[:, None]
    moved = np.square(shared) / (np.diag(shared) + noise)  # how far each gap's mean may move, [pairs, candidates]
    left = np.sqrt(np.maximum(before - moved, 1e-12))
    p = ndtr((gaps[:, None, None] + np.sqrt(moved)[..., None] * NODES) / left[..., None])
    p = np.clip(p, 1e-12, 1 - 1e-12)
    entropy = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))  # [pairs, candidates, nodes]
    return (entropy @ WEIGHTS).sum(axis=0) / WEIGHTS.sum()


def rank_systems(wins: np.ndarray, means: np.ndarray, stds: np.ndarray) -> np.ndarray:
    """Scores [systems] from `wins` [systems, systems] (how often the row was preferred to the column) and the prior.

    The most probable scores under Bradley-Terry and a normal prior, by Newton's method; the problem is convex.
    """
    scores = means = np.asarray(means, float)
    precision = np.diag(1 / np.square(np.asarray(stds, float)))
    asked = wins + wins.T
    for _ in range(50):
        p = preference(scores[:, None] - scores)
        slope = STEEPNESS * (wins - asked * p).sum(axis=1) - precision @ (scores - means)
        weight = STEEPNESS**2 * asked * p * (1 - p)
        curvature = np.diag(weight.sum(axis=1)) - weight + precision
        step = np.linalg.solve(curvature, slope)
        scores = scores + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-9:
            break
    return scores


def share_in_order(
    truth: np.ndarray,
    stds: np.ndarray,
    pairs: int,
    votes: int,
    rng: np.random.Generator,
    simulations: int = SIMULATIONS,
) -> float:
    """The share of simulated tests that put all systems into their right order.

    In each, the predictions miss the `truth` [systems] by normal errors of `stds`; they choose the pairs and are the
    prior of the ranking; each pair is answered `votes` times.
    """
    right = 0
    for _ in range(simulations):
        predicted = truth + rng.normal(0, stds)
        wins = np.zeros((len(truth), len(truth)))
        for i, j in pairs_worth_asking(predicted, stds, pairs, votes):
            wins[i, j] = rng.binomial(votes, preference(truth[i] - truth[j]))
            wins[j, i] = votes - wins[i, j]
        right += bool((np.argsort(rank_systems(wins, predicted, stds)) == np.argsort(truth)).all())
    return right / simulations


def votes_for_order(
    means: np.ndarray, stds: np.ndarray, pairs: int, share: float = 0.9, seed: int = 0, simulations: int = SIMULATIONS
) -> int | None:
    """The fewest votes a pair (doubling from 10, at most 1280) that give the right order in a share of simulated tests.

    None where even those don't: systems too alike, or too few pairs.
    """
    votes = 10
    while votes <= MOST_VOTES:
        rng = np.random.default_rng([seed, votes])
        if share_in_order(np.asarray(means, float), stds, pairs, votes, rng, simulations) >= min(share + MARGIN, 1):
            return votes
        votes *= 2
    return None
