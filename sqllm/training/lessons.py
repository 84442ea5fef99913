"""What a clip teaches in one pass: a tree of score blocks and fault blocks, with soft targets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from sqllm.corpus.fusion import without_lost_speech
from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.judge.readout import FIRST_DIGITS, ScoreNode, Vocabulary, add_score_block
from sqllm.listeners.profiles import PROFILES, TYPICAL, ListenerProfile
from sqllm.model.prompt_tree import ROOT, PromptTree
from sqllm.scores import DIMENSIONS, GRID, HIGHEST, SEVERITIES, clamp
from sqllm.words.questions import (
    FAULT_REQUESTS,
    SCORE_BLOCKS,
    SCORE_REQUESTS,
    SPEECH_BLOCK,
    fault_block,
    with_listener,
)

LABEL_SD = 0.3  # where a label comes without a spread
SMALLEST_SD, PANEL = 0.15, 8  # a label is what a panel of eight says: its standard error, from one vote's spread
ABSENT_FAULTS = 6  # asked for at random, beside those that sound like what is there
# Kinds that are taken for each other: where one is there and another is not, that is always asked for.
SOUND_ALIKE = (
    {"echo", "competing-speaker", "reverberation"},
    {"packet-loss", "time-clipping", "clicks", "level-change"},
    {"too-loud", "amplitude-clipping"},
    {"codec", "noise-suppression", "band-limited", "unknown"},
    {"background-noise", "hum", "interference", "competing-speaker"},
    {"time-warp", "codec", "unknown"},
)
TARGET_KINDS = ("score", "text", "fault")


@dataclass(frozen=True)
class Target:
    """What should follow the token at `position`: probabilities over token ids, how much it counts, and its kind."""

    position: int
    ids: tuple[int, ...]
    probabilities: tuple[float, ...]
    weight: float
    kind: str


@dataclass(frozen=True)
class ScoreTarget:
    """A score whose expectation is trained too: the indices of its targets (block, then branches) and the label."""

    rows: tuple[int, ...]
    branches: tuple[int, ...]
    label: float


@dataclass
class Lesson:
    """A tree with its targets."""

    tree: PromptTree = field(default_factory=PromptTree)
    targets: list[Target] = field(default_factory=list)
    scores: list[ScoreTarget] = field(default_factory=list)


def label_distribution(label: float, sd: float = LABEL_SD) -> np.ndarray:
    """A Gaussian around a label over 1.0 ... 5.0, shape [41]."""
    weights = np.exp(-0.5 * np.square((GRID - label) / sd))
    return weights / weights.sum()


def label_sds(clip: CorpusClip, reference: bool = False) -> dict[str, float]:
    """How far each of a clip's labels is from certain: the standard error of a panel of eight, .15 at least."""
    stds = clip.label_stds(reference)
    return {
        name: max(SMALLEST_SD, stds[name] / PANEL**0.5) if name in stds else LABEL_SD for name in clip.labels(reference)
    }


def listener_scores(clip: CorpusClip, profile: ListenerProfile, reference: bool = False) -> dict[str, float]:
    """A clip's labels for a listener, clamped to 1-5: what is heard through their ears, rated their way.

    Beside the `reference` the clip has its double-ended labels; those who hear it otherwise have none of their own, but
    they too miss the speech that is lost.
    """
    heard = clip.profile_scores.get(profile.name)
    if heard is None:
        heard = clip.labels(reference)
    elif reference:
        heard = without_lost_speech(heard, clip.lost)
    return profile.rate({name: clamp(value) for name, value in heard.items()})


def as_own_reference(clip: CorpusClip) -> CorpusClip:
    """A clip as it is beside itself: nothing differs, whatever is wrong with it. What those say who hear it otherwise
    is not known then.
    """
    top = dict.fromkeys(clip.scores, HIGHEST)
    whole = replace(clip, degradation_scores=top, degradation_stds={}, profile_scores={}, recorded=(), lost=0.0)
    return replace(whole, artifacts=() if clip.artifacts is not None and clip.speech else clip.artifacts)


@dataclass(frozen=True)
class Tasks:
    """What else a pass asks beside the typical listener's scores; tokens are what training costs."""

    other_listener: bool = True
    faults: bool = True


def make_lesson(
    clip: CorpusClip,
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    plain: float,
    tasks: Tasks | None = None,
    reference: bool = False,
) -> Lesson:
    """One pass over a clip. `plain` (0-1) is the probability of the canonical wordings, `reference` whether the clip is
    heard with its reference, whose labels are then the double-ended ones.

    A clip without speech has no scores to teach: it asks for speech only.
    """
    tasks = tasks or Tasks()
    lesson = Lesson()
    if clip.speech:
        _add_scores(lesson, clip, TYPICAL, vocabulary, rng, plain, reference)
        labelled = [name for name, scores in clip.profile_scores.items() if set(scores) == set(DIMENSIONS)]
        known = [profile for name, profile in PROFILES.items() if profile.hears_otherwise and name in labelled]
        if known and tasks.other_listener:
            _add_scores(lesson, clip, known[int(rng.integers(len(known)))], vocabulary, rng, plain, reference)
    if clip.artifacts is not None and (tasks.faults or not clip.speech):
        _add_faults(lesson, clip, vocabulary, rng, plain, reference)
    return lesson


def _wording(rng: np.random.Generator, count: int, plain: float) -> int:
    return 0 if rng.random() < plain else int(rng.integers(count))


def _add_scores(
    lesson: Lesson,
    clip: CorpusClip,
    profile: ListenerProfile,
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    plain: float,
    reference: bool,
) -> None:
    labels, sds = listener_scores(clip, profile, reference), label_sds(clip, reference)
    request = SCORE_REQUESTS[_wording(rng, len(SCORE_REQUESTS), plain)]
    wording = _wording(rng, max(1, len(profile.wordings)), plain)
    stem = lesson.tree.add(vocabulary.stem(with_listener(request, profile, wording)), ROOT)
    for dimension in DIMENSIONS:
        if dimension in labels:
            name = SCORE_BLOCKS[dimension][_wording(rng, len(SCORE_BLOCKS[dimension]), plain)]
            mass = label_distribution(labels[dimension], sds.get(dimension, LABEL_SD))
            node = add_score_block(lesson.tree, vocabulary, stem, name, likely_branches(mass))
            _add_score_targets(lesson, node, labels[dimension], mass, vocabulary)


def likely_branches(mass: np.ndarray) -> tuple[int, ...]:
    """The two first digits a label is most likely written with (5 has no second digit to learn); `mass`: [41]."""
    per_digit = [float(mass[(digit - 1) * 10 : digit * 10].sum()) for digit in FIRST_DIGITS[:4]]
    return tuple(sorted(int(digit) + 1 for digit in np.argsort(per_digit)[-2:]))


def _add_score_targets(lesson: Lesson, node: ScoreNode, label: float, mass: np.ndarray, vocabulary: Vocabulary) -> None:
    first = [float(mass[(digit - 1) * 10 : digit * 10].sum()) for digit in FIRST_DIGITS]
    start = len(lesson.targets)
    ids = tuple(vocabulary.digits[digit] for digit in FIRST_DIGITS)
    lesson.targets.append(Target(lesson.tree.last(node.block), ids, tuple(first), 1.0, "score"))
    for digit, branch in node.branches.items():
        second = mass[(digit - 1) * 10 : digit * 10]
        probabilities = tuple((second / max(second.sum(), 1e-12)).tolist())
        position = lesson.tree.last(branch)
        lesson.targets.append(Target(position, vocabulary.digits, probabilities, first[digit - 1], "score"))
    rows = tuple(range(start, len(lesson.targets)))
    lesson.scores.append(ScoreTarget(rows, tuple(node.branches), label))


def _add_faults(
    lesson: Lesson, clip: CorpusClip, vocabulary: Vocabulary, rng: np.random.Generator, plain: float, reference: bool
) -> None:
    """Ask for every fault that is there, for those that sound like it and for some others that are not, weighted as if
    all had been asked.
    """
    request = FAULT_REQUESTS[_wording(rng, len(FAULT_REQUESTS), plain)]
    stem = lesson.tree.add(vocabulary.stem(request), ROOT)
    if rng.random() < 0.3 or not clip.speech:
        block = lesson.tree.add(vocabulary.model.encode_text(SPEECH_BLOCK), stem)
        _add_choice(lesson, block, vocabulary.speech[int(clip.speech)], 1.0)
    if not clip.speech:
        return
    kinds = vocabulary.model.config.artifact_kinds
    present = {a.kind: a.severity for a in clip.faults(reference) if a.kind in kinds}
    absent = [kind for kind in kinds if kind not in present]
    alike = [kind for kind in absent if any(kind in group and group & set(present) for group in SOUND_ALIKE)]
    others = [kind for kind in absent if kind not in alike]
    asked = list(map(str, rng.choice(others, size=min(ABSENT_FAULTS, len(others)), replace=False)))
    for kind in (*present, *alike, *asked):
        block = lesson.tree.add(vocabulary.model.encode_text(fault_block(kind)), stem)
        severity = 1 + SEVERITIES.index(present[kind]) if kind in present else 0
        _add_choice(lesson, block, vocabulary.faults[severity], len(others) / len(asked) if kind in asked else 1.0)


def _add_choice(lesson: Lesson, block: int, token: int, weight: float) -> None:
    lesson.targets.append(Target(lesson.tree.last(block), (token,), (1.0,), weight, "fault"))
