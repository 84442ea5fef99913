"""What a clip teaches in one pass: a tree of score blocks, fault blocks and a text answer, with soft targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip, comparable
from sqllm.judge.readout import FIRST_DIGITS, ScoreNode, Vocabulary, add_score_block
from sqllm.listeners.profiles import PROFILES, TYPICAL, ListenerProfile
from sqllm.model.prompt_tree import ROOT, PromptTree
from sqllm.scores import DIMENSIONS, GRID, SEVERITIES, HeardArtifact, clamp
from sqllm.signal.audio import WINDOW_SECONDS
from sqllm.signal.spans import as_moments
from sqllm.words.comparison_notes import comparison_notes
from sqllm.words.facts import Facts
from sqllm.words.notes import Notes, notes
from sqllm.words.questions import (
    COMPARE,
    FAULT_REQUESTS,
    SCORE_BLOCKS,
    SCORE_REQUESTS,
    SPEECH_BLOCK,
    TAUGHT_FAMILIES,
    draw_question,
    fault_block,
    with_listener,
)
from sqllm.words.sentences.answers import compose_answer, compose_comparison

LABEL_SD = 0.3  # where a label comes without a spread
SMALLEST_SD, PANEL = 0.15, 8  # a label is what a panel of eight says: its standard error, from one vote's spread
ABSENT_FAULTS = 6
MISSED_FAULTS, DOUBTED_FAULTS, UNPLACED_FAULTS = 0.2, 0.15, 0.3
DOUBT = 0.6  # the probability of a doubted fault: any below the one from which faults are certain
OTHER_REFERENCE = 0.1
TARGET_KINDS = ("score", "text", "fault")
# How often more than the others: the more there is to say or to weigh, and the more ways of asking there are.
_MORE_OFTEN = {
    "explanatory": 3,
    "dominant": 3,
    "noise-or-codec": 3,
    "lay": 3,
    "fix": 4,
    "severity": 2,
    "acceptability": 2,
    "off-topic": 2,
    "engineer": 1,
    "dim-categorical": 1,
    "use": 1,
    "when": 1,
    "same-reference": 1,
}
TEXT_FAMILIES = (*TAUGHT_FAMILIES, *(family for family, times in _MORE_OFTEN.items() for _ in range(times)))


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


def label_sds(clip: CorpusClip) -> dict[str, float]:
    """How far each of a clip's labels is from certain: the standard error of a panel of eight, .15 at least."""
    return {
        name: max(SMALLEST_SD, clip.stds[name] / PANEL**0.5) if name in clip.stds else LABEL_SD for name in clip.scores
    }


def listener_scores(clip: CorpusClip, profile: ListenerProfile) -> dict[str, float]:
    """A clip's labels for a listener, clamped to 1-5: what is heard through their ears, rated their way."""
    heard = clip.profile_scores.get(profile.name, clip.scores)
    return profile.rate({name: clamp(value) for name, value in heard.items()})


@dataclass(frozen=True)
class Tasks:
    """What else a pass asks beside the typical listener's scores; tokens are what training costs. `texts` answers come
    behind one listener's notes.
    """

    other_listener: bool = True
    faults: bool = True
    texts: int = 1


def make_lesson(
    clip: CorpusClip,
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    plain: float,
    tasks: Tasks | None = None,
    reference: bool = False,
) -> Lesson:
    """One pass over a clip. `plain` (0-1) is the probability of the canonical wordings, `reference` whether the clip is
    heard with its reference.

    A clip without speech has no scores to teach: it asks for speech only.
    """
    tasks = tasks or Tasks()
    lesson = Lesson()
    if clip.speech:
        _add_scores(lesson, clip, TYPICAL, vocabulary, rng, plain)
        known = [p for p in PROFILES.values() if p is not TYPICAL and _can_tell(p, clip)]
        if known and tasks.other_listener:
            # What a listener hears otherwise is harder to learn than how one rates: it is asked twice as often.
            weights = np.array([2.0 if profile.hears_otherwise else 1.0 for profile in known])
            _add_scores(
                lesson, clip, known[int(rng.choice(len(known), p=weights / weights.sum()))], vocabulary, rng, plain
            )
    if clip.artifacts is not None and (tasks.faults or not clip.speech):
        _add_faults(lesson, clip, vocabulary, rng, plain, reference)
    if tasks.texts and comparable(clip):
        _add_texts(lesson, clip, vocabulary, rng, tasks.texts, reference)
    return lesson


def _can_tell(profile: ListenerProfile, clip: CorpusClip) -> bool:
    """Whether all of this listener's labels are known: those who hear it otherwise need labels of their own."""
    heard = clip.profile_scores.get(profile.name, {} if profile.hears_otherwise else clip.scores)
    return set(heard) == set(DIMENSIONS)


def _wording(rng: np.random.Generator, count: int, plain: float) -> int:
    return 0 if rng.random() < plain else int(rng.integers(count))


def _add_scores(
    lesson: Lesson,
    clip: CorpusClip,
    profile: ListenerProfile,
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    plain: float,
) -> None:
    labels, sds = listener_scores(clip, profile), label_sds(clip)
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
    """Ask for every fault that is there and for some that are not, weighted as if all had been asked."""
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
    asked = list(rng.choice(absent, size=ABSENT_FAULTS, replace=False))
    for kind in [*present, *asked]:
        block = lesson.tree.add(vocabulary.model.encode_text(fault_block(str(kind))), stem)
        severity = 1 + SEVERITIES.index(present[kind]) if kind in present else 0
        _add_choice(lesson, block, vocabulary.faults[severity], 1.0 if severity else len(absent) / ABSENT_FAULTS)


def _add_choice(lesson: Lesson, block: int, token: int, weight: float) -> None:
    lesson.targets.append(Target(lesson.tree.last(block), (token,), (1.0,), weight, "fault"))


def _add_texts(
    lesson: Lesson, clip: CorpusClip, vocabulary: Vocabulary, rng: np.random.Generator, count: int, reference: bool
) -> None:
    """Questions of random families behind one random listener's notes, with their whole answers."""
    others = [p for p in PROFILES.values() if p is not TYPICAL and _can_tell(p, clip)]
    listeners = [TYPICAL] * max(1, len(others)) + others
    profile = listeners[int(rng.integers(len(listeners)))]
    scores = listener_scores(clip, profile)
    noted = _noted(clip.faults(reference), rng)
    # A reference of other speech is noted, but not heard.
    state = "same" if reference else "other" if rng.random() < OTHER_REFERENCE else "none"
    root = lesson.tree.add(vocabulary.notes(notes(scores, noted, state)), ROOT)
    for family in rng.choice(TEXT_FAMILIES, size=count):
        question = draw_question(rng, str(family), noted)
        request = with_listener(question.text, profile, int(rng.integers(max(1, len(profile.wordings)))))
        _add_answer(lesson, vocabulary, root, request, compose_answer(question, scores, noted, rng, state))


def make_comparison(first: CorpusClip, second: CorpusClip, vocabulary: Vocabulary, rng: np.random.Generator) -> Lesson:
    """One pass over two clips, heard one behind the other: which is better and why, as the typical listener tells it.

    Both have to be `comparable`.
    """
    lesson = Lesson()
    known = [(listener_scores(clip, TYPICAL), _noted(clip.faults(), rng)) for clip in (first, second)]
    one, other = (Notes.of(*clip) for clip in known)
    root = lesson.tree.add(vocabulary.notes(comparison_notes(one, other)), ROOT)
    answer = compose_comparison(Facts.labelled(*known[0]), Facts.labelled(*known[1]), rng)
    _add_answer(lesson, vocabulary, root, draw_question(rng, COMPARE).text, answer)
    return lesson


def _add_answer(lesson: Lesson, vocabulary: Vocabulary, root: int, request: str, answer: str) -> None:
    """A whole text answer to a request behind the node of what was noted."""
    stem = lesson.tree.add(vocabulary.question(request), root)
    ids = [*vocabulary.model.encode_text(answer), vocabulary.model.encode_text(vocabulary.model.turns.end)[0]]
    node = lesson.tree.add(ids[:-1], stem)
    positions = [lesson.tree.last(stem), *range(*lesson.tree.spans[node])]
    for position, token in zip(positions, ids, strict=True):
        lesson.targets.append(Target(position, (token,), (1.0,), 1.0 / len(ids), "text"))


def _noted(artifacts: Sequence[HeardArtifact], rng: np.random.Generator) -> list[HeardArtifact]:
    """What a listener notes of the faults: some are missed, some doubted, some not placed, in notes and answer alike.

    A listener who missed one still has to give a reason, and must not make up times.
    """
    noted = []
    for artifact in artifacts:
        missed, doubted, unplaced = rng.random(3) < (MISSED_FAULTS, DOUBTED_FAULTS, UNPLACED_FAULTS)
        if not missed:
            spans = () if unplaced else tuple(as_moments(artifact.spans, WINDOW_SECONDS))
            noted.append(replace(artifact, spans=spans, probability=DOUBT if doubted else artifact.probability))
    return noted
