"""Which clips a test takes: those to rate, for training, as gold and trapping clips, and in which sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sqllm.planning.conditions import PlannedClip, PlannedTest

TRAINING_CLIPS = 5
GOLD_CLIPS = 5  # at each end of the scale
GOLD_GOOD, GOLD_BAD = 4.3, 1.7  # predicted MOS from which nearly everybody answers within one point of 5, or of 1


@dataclass(frozen=True)
class GoldClip:
    """A clip whose answer is obvious: 5 or 1, a vote one point off still counts as right (P.808 toolkit)."""

    clip: PlannedClip
    answer: int


def choose_clips(tests: PlannedTest, per_condition: int | None = None) -> PlannedTest:
    """As many clips of every condition, of the same recordings where these are there in all conditions.

    Without `per_condition`, as many as the smallest condition has. Of more recordings than wanted, those are taken
    whose scores together are most like the means of all conditions. Raises `ValueError` where a condition has fewer.
    """
    most = min(len(tests.of(name)) for name in tests.conditions)
    wanted = per_condition or most
    if wanted > most:
        smallest = min(tests.conditions, key=lambda name: len(tests.of(name)))
        raise ValueError(f"Condition {smallest} has {most} clips, fewer than the {wanted} wanted of each.")
    shared = shared_sources(tests)
    if len(shared) >= wanted:
        by_key = {(clip.condition, clip.source): clip for clip in tests.clips}
        scores = np.array([[by_key[name, source].mos for name in tests.conditions] for source in shared])
        sources = [shared[row] for row in most_like_the_mean(scores, wanted)]
        return PlannedTest(tuple(by_key[name, source] for name in tests.conditions for source in sources))
    chosen: list[PlannedClip] = []
    for name in tests.conditions:
        clips = tests.of(name)
        rows = most_like_the_mean(np.array([[clip.mos] for clip in clips]), wanted)
        chosen += [clips[row] for row in rows]
    return PlannedTest(tuple(chosen))


def shared_sources(tests: PlannedTest) -> list[str]:
    """Recordings of which every condition has exactly one clip, in order."""
    counts = [[clip.source for clip in tests.of(name)] for name in tests.conditions]
    return [source for source in dict.fromkeys(counts[0]) if all(sources.count(source) == 1 for sources in counts)]


def most_like_the_mean(scores: np.ndarray, wanted: int) -> list[int]:
    """Rows of `scores` [rows, conditions] whose mean is nearest to the mean of all: greedy, then by swaps."""
    target = scores.mean(axis=0)
    chosen: list[int] = []
    for _ in range(wanted):
        left = [row for row in range(len(scores)) if row not in chosen]
        chosen.append(min(left, key=lambda row: _off(scores, [*chosen, row], target)))
    for place in range(wanted):
        left = [row for row in range(len(scores)) if row not in chosen]
        best = min([chosen[place], *left], key=lambda row: _off(scores, _swapped(chosen, place, row), target))
        chosen[place] = best
    return sorted(chosen)


def _swapped(chosen: Sequence[int], place: int, row: int) -> list[int]:
    return [*chosen[:place], row, *chosen[place + 1 :]]


def _off(scores: np.ndarray, rows: Sequence[int], target: np.ndarray) -> float:
    return float(np.abs(scores[list(rows)].mean(axis=0) - target).sum())


def spread_over_scale(clips: Sequence[PlannedClip], count: int) -> tuple[PlannedClip, ...]:
    """Clips at even steps from the worst to the best predicted MOS, each once: what listeners are trained with."""
    ordered = sorted(clips, key=lambda clip: clip.mos)
    if len(ordered) <= count:
        return tuple(ordered)
    chosen: list[PlannedClip] = []
    for wanted in np.linspace(ordered[0].mos, ordered[-1].mos, count):
        left = [clip for clip in ordered if clip not in chosen]
        chosen.append(min(left, key=lambda clip: abs(clip.mos - wanted)))
    return tuple(sorted(chosen, key=lambda clip: clip.mos))


def training_clips(tests: PlannedTest, rated: PlannedTest) -> tuple[PlannedClip, ...]:
    """Clips over the whole range, of those that aren't rated where these cover it, else of all."""
    taken = {clip.file for clip in rated.clips}
    spare = [clip for clip in tests.clips if clip.file not in taken]
    reach = np.ptp([clip.mos for clip in spare]) if len(spare) >= TRAINING_CLIPS else 0.0
    return spread_over_scale(spare if reach >= 0.8 * np.ptp(tests.mos) else tests.clips, TRAINING_CLIPS)


def gold_clips(clips: Sequence[PlannedClip]) -> tuple[GoldClip, ...]:
    """Clips near 5 or near 1 that the model is surest of, up to five at each end."""
    good = sorted((c for c in clips if c.mos >= GOLD_GOOD), key=lambda c: 5 - c.mos + c.std.get("mos", 0))
    bad = sorted((c for c in clips if c.mos <= GOLD_BAD), key=lambda c: c.mos - 1 + c.std.get("mos", 0))
    return (*(GoldClip(c, 5) for c in good[:GOLD_CLIPS]), *(GoldClip(c, 1) for c in bad[:GOLD_CLIPS]))


def balanced_blocks(tests: PlannedTest, per_session: int, rng: np.random.Generator) -> list[tuple[PlannedClip, ...]]:
    """Sessions in which every condition occurs equally often, each clip once in all, recordings spread over sessions.

    A session holds as many whole blocks (one clip of each condition) as fit into `per_session`, at least one; the
    last may be shorter. In a block no two clips are of one recording as long as there are enough of these.
    """
    columns = [sorted(tests.of(name), key=lambda clip: clip.source) for name in tests.conditions]
    count = len(columns[0])
    if any(len(column) != count for column in columns):
        raise ValueError("Balanced blocks need equally many clips of every condition.")
    blocks = [[column[(block + shift) % count] for shift, column in enumerate(columns)] for block in range(count)]
    order = rng.permutation(count)
    at_once = max(1, per_session // len(columns))
    sessions = []
    for start in range(0, count, at_once):
        clips = [clip for block in order[start : start + at_once] for clip in blocks[block]]
        sessions.append(tuple(clips[place] for place in rng.permutation(len(clips))))
    return sessions
