"""Facts and questions drawn at random: to learn to word them, and to test what is said, no audio is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sqllm.listeners.profiles import PROFILES
from sqllm.scores import (
    ARTIFACT_KINDS,
    BRIEF_KINDS,
    DIMENSIONS,
    GRID,
    SEVERITIES,
    HeardArtifact,
    Measures,
    ReferenceMatch,
    Score,
    Speech,
    clamp,
)
from sqllm.words.facts import Facts, Span, Window
from sqllm.words.questions import (
    DIMENSION_NAMES,
    FAMILIES,
    LEVEL_KINDS,
    MEASURES,
    PARTS,
    SCALES,
    TERMS,
    TOPICS,
    USES,
    Question,
)
from sqllm.words.repair import TOP_MOS, TOUCHES, cost
from sqllm.words.wordings.faults import ASKED, SHARED

if TYPE_CHECKING:
    from collections.abc import Sequence

Rng = np.random.Generator
WINDOW = 10.0  # s
CLOSED = {
    *("acceptability", "use", "presence", "same-reference", "reference-difference", "distinguishable"),
    *("level-verdict", "confidence", "agreement", "listeners-needed", "constancy", "speech-share"),
}


def random_facts(rng: Rng, heard: Sequence[str] = ()) -> Facts:
    """The facts of a clip that might be: short or long, with a reference or without, clean or with up to four faults
    that explain most of its scores; those of the kinds `heard` are among them.
    """
    windows = 1 if rng.random() < 0.65 else int(rng.integers(2, 8))
    spans = [(WINDOW * n, WINDOW * (n + 1)) for n in range(windows)]
    if windows == 1:
        spans = [(0.0, float(np.round(rng.uniform(1.5, 10), 2)))]
    state = str(rng.choice(["none", "same", "identical", "other"], p=[0.5, 0.3, 0.08, 0.12]))
    state = "none" if heard and state == "identical" else state
    clean = state == "identical" or (rng.random() < 0.15 and not heard)
    artifacts = [] if clean else random_artifacts(rng, spans, heard)
    means = _means(artifacts, rng)
    scores = {name: _score(mean, rng) for name, mean in means.items()}
    mos = scores["mos"].mean
    swing = rng.choice([0.1, 0.8]) if windows > 1 else 0.0
    parts = [Window(*span, clamp(mos + float(rng.normal(0, swing)))) for span in spans]
    length = spans[-1][1]
    measures = random_measures(rng, length, {artifact.kind for artifact in artifacts})
    reference = replace(measures, **_better(measures, rng)) if state == "same" else None  # type: ignore[arg-type]
    match = _match(state, rng)
    profile = list(PROFILES.values())[int(rng.integers(len(PROFILES)))]
    speech = Speech(((0.2, float(rng.uniform(0.5, 1)) * length),), length)
    return Facts.of(profile.name, scores, artifacts, measures, speech, parts, match, reference)


def random_artifacts(rng: Rng, windows: list[Span], heard: Sequence[str] = ()) -> list[HeardArtifact]:
    """One to four faults, and those `heard`; those that happen at moments mostly with these, the others of a long clip
    in some windows.
    """
    found = []
    drawn = rng.choice(ARTIFACT_KINDS, size=int(rng.integers(1, 5)), replace=False)
    for kind in dict.fromkeys([*heard, *(str(kind) for kind in drawn)]):
        length = windows[-1][1]
        spans: tuple[Span, ...] = ()
        if kind in BRIEF_KINDS and rng.random() < 0.8:
            starts = np.sort(rng.uniform(0, length - 0.5, int(rng.integers(1, 14))))
            spans = tuple((float(start), float(start) + 0.3) for start in starts)
        elif len(windows) > 1:
            among = np.sort(rng.permutation(len(windows))[: int(rng.integers(1, len(windows) + 1))])
            spans = tuple(windows[int(window)] for window in among)
        probability = float(rng.choice([0.99, 0.9, 0.6], p=[0.5, 0.3, 0.2]))
        found.append(HeardArtifact(str(kind), str(rng.choice(SEVERITIES)), spans, probability))
    return found


def _means(artifacts: list[HeardArtifact], rng: Rng) -> dict[str, float]:
    if rng.random() < 0.3:
        return {name: float(rng.uniform(1, 5)) for name in DIMENSIONS}
    left = float(np.prod([1 - cost(artifact) for artifact in artifacts]))
    means = {"mos": clamp(1 + (TOP_MOS - 1) * left + float(rng.normal(0, 0.3)))}
    for name in DIMENSIONS[1:]:
        touched = [1 - cost(artifact) for artifact in artifacts if artifact.kind in TOUCHES[name]]
        means[name] = clamp(1 + 3.6 * float(np.prod(touched)) + float(rng.normal(0, 0.3)))
    return means


def _score(mean: float, rng: Rng) -> Score:
    weights = np.exp(-0.5 * np.square((GRID - mean) / rng.uniform(0.08, 0.6)))
    return Score.from_probabilities(weights / weights.sum())


def random_measures(rng: Rng, seconds: float, kinds: set[str]) -> Measures:
    """What might be measured of a clip with these faults."""
    shift = -18 * ("too-quiet" in kinds) + 12 * ("too-loud" in kinds)
    level = float(rng.normal(-26, 3)) + shift
    floor = level - float(rng.uniform(5, 25) if "background-noise" in kinds else rng.uniform(25, 60))
    narrow = "band-limited" in kinds or rng.random() < 0.2
    gaps = tuple((t, t + 0.12) for t in np.sort(rng.uniform(0, seconds, int(rng.integers(0, 4)))).tolist())
    rate = int(rng.choice([8000, 16000, 44100, 48000]))
    return Measures(
        active_level_dbov=level,
        activity=float(rng.uniform(0.4, 0.95)),
        noise_floor_dbov=floor,
        snr_db=level - floor if rng.random() < 0.9 else None,
        bandwidth_hz=float(rng.uniform(2500, 7000)) if narrow else None,
        clipped_percent=float(rng.uniform(0.2, 4)) if "amplitude-clipping" in kinds else 0.0,
        dc=float(rng.choice([0.0, rng.normal(0, 0.02)])),
        gaps=gaps if rng.random() < 0.4 else (),
        crest_db=float(rng.uniform(12, 22)),
        peak_dbov=min(0.0, level + 18),
        seconds=seconds,
        format=str(rng.choice(["WAV", "FLAC", "MP3", "Ogg"])),
        rate_hz=rate,
        channels=int(rng.choice([1, 2, 4], p=[0.7, 0.25, 0.05])),
    )


def _better(measures: Measures, rng: Rng) -> dict[str, float | None]:
    """What a reference measures otherwise: often nothing, else another level, less noise, more bandwidth."""
    if rng.random() < 0.3:
        return {}
    level = (measures.active_level_dbov or -26) + float(rng.normal(0, 4))
    return {"active_level_dbov": level, "noise_floor_dbov": -80.0, "bandwidth_hz": None, "clipped_percent": 0.0}


def _match(state: str, rng: Rng) -> ReferenceMatch | None:
    if state == "none":
        return None
    if state != "same":
        return ReferenceMatch(state, 0.0, 0.0, 1.0 if state == "identical" else 0.0)
    lag = float(rng.choice([0.0, rng.uniform(-2, 2)]))
    drift = float(rng.choice([0.0, 0.0, rng.uniform(-0.02, 0.02)]))
    return ReferenceMatch("same", lag, drift, float(rng.uniform(0.5, 1)))


def random_question(rng: Rng, facts: Facts, family: str | None = None) -> Question:
    """A question of a family with slots drawn at random, without words: half of those about faults ask for one that is
    there.
    """
    family = family or str(rng.choice(list(FAMILIES)))
    question = Question(family, "", negated=bool(rng.random() < 0.25), closed=family in CLOSED or rng.random() < 0.2)
    if family in ("dim-numeric", "dim-categorical"):
        return replace(question, dimension=_any(rng, DIMENSION_NAMES))
    of_one = family in ("confidence", "fix") and rng.random() < 0.3
    if family in ("presence", "when", "severity", "count") or of_one:
        asked, kinds = _asked(rng, facts)
        return replace(question, asked=asked, kinds=kinds)
    number = float(rng.choice([4, 8, 24, 32, 100])) if family in ("listeners-needed", "distinguishable") else None
    number = float(rng.choice([2.5, 3, 3.5, 4])) if family == "acceptability" and rng.random() < 0.3 else number
    moment = float(np.round(rng.uniform(0, facts.seconds + 1), 1))
    part = str(rng.choice(PARTS))
    kinds = ((), LEVEL_KINDS[:1], LEVEL_KINDS[1:], LEVEL_KINDS)[int(rng.integers(4))]
    slots: dict[str, Question] = {
        "use": replace(question, use=_any(rng, USES)),
        "measurement": replace(question, measure=_any(rng, MEASURES)),
        "other-scale": replace(question, scale=_any(rng, SCALES)),
        "part": replace(question, part=part, seconds=(moment,) if part == "time" else ()),
        "cannot-tell": replace(question, topic=_any(rng, TOPICS)),
        "term": replace(question, term=_any(rng, TERMS), number=float(rng.integers(1, 6))),
        "level-verdict": replace(question, kinds=kinds),
    }
    return slots.get(family, replace(question, number=number))


def _any(rng: Rng, options: object) -> str:
    return str(rng.choice(list(options)))  # type: ignore[call-overload]


def _asked(rng: Rng, facts: Facts) -> tuple[str, tuple[str, ...]]:
    """Words for a fault and the kinds they mean."""
    if rng.random() < 0.16:
        return ("", ()) if rng.random() < 0.5 else ("faults", ARTIFACT_KINDS)
    there = [fault.kind for fault in facts.faults]
    kind = _any(rng, there) if there and rng.random() < 0.5 else _any(rng, ARTIFACT_KINDS)
    shared = [word for word, meant in SHARED.items() if kind in meant]
    if shared and rng.random() < 0.25:
        word = _any(rng, shared)
        return word, SHARED[word]
    return _any(rng, ASKED[kind]), (kind,)
