"""Clips and references whose alignment is known: is a true one kept, another refused, and is the lag right?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from sqllm.corpus.sources import SourceFile, assign_split, list_recordings, read_recording
from sqllm.evaluation.alignment_damages import DAMAGES, Material, Traced
from sqllm.signal.alignment import Alignment, align_reference
from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, set_level

SHORTEST, LONGEST = 3 * SAMPLE_RATE, 10 * SAMPLE_RATE  # of an excerpt, samples
MOST_LAG = 5.0
OTHERS = ("other-talker", "same-talker", "noise-only")
COMBINED, LAGGED = "combined", "lag"
CLOSE = 0.02  # s
STEP = 160  # samples between the moments at which lags are compared


@dataclass(frozen=True)
class AlignmentPair:
    """A degraded clip and a reference, [n] each, made for a test of alignment.

    `kind` is what was done; `true` whether the reference holds the clip's speech; `places` the reference's sample that
    sounds at each of the clip's, [n], NaN where none does.
    """

    kind: str
    true: bool
    degraded: np.ndarray
    reference: np.ndarray
    places: np.ndarray


@dataclass(frozen=True)
class Sources:
    """Recordings of one split: speech by talker, and noise."""

    talkers: dict[str, list[SourceFile]]
    noises: list[SourceFile]

    @classmethod
    def of(cls, speech: Path, noise: Path, split: str) -> Sources:
        """Half the talkers and noises for TEST, the others for VAL; raises `ValueError` where a folder has too few."""
        talkers: dict[str, list[SourceFile]] = {}
        for file in list_recordings(speech):
            if assign_split(file.speaker, "", (), 0.5, 0.5) == split:
                talkers.setdefault(file.speaker, []).append(file)
        noises = [f for f in list_recordings(noise) if assign_split(f.path.name, "", (), 0.5, 0.5) == split]
        if len(talkers) < 3 or not noises or max(map(len, talkers.values())) < 2:
            raise ValueError("Three talkers, one of them with two recordings, and a noise are needed in each split.")
        return cls(talkers, noises)


def make_pairs(sources: Sources, count: int, seed: int, others: float = 1 / 3) -> Iterator[AlignmentPair]:
    """`count` pairs, `others` of them with a reference of other speech; every damage comes in turn."""
    kinds = (*DAMAGES, LAGGED, *[COMBINED] * 3)
    true = round(count * (1 - others))
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        if number < true:
            yield _true_pair(sources, kinds[number % len(kinds)], rng)
        else:
            yield _other_pair(sources, OTHERS[number % len(OTHERS)], rng)


def _true_pair(sources: Sources, kind: str, rng: np.random.Generator) -> AlignmentPair:
    talker, (reference,) = draw_speech(sources, rng)
    return _lagged(kind, _damaged(kind, reference, _material(sources, {talker}, rng), rng), reference, rng)


def _other_pair(sources: Sources, kind: str, rng: np.random.Generator) -> AlignmentPair:
    """Of damaged speech (or noise) and a reference that has nothing to do with it."""
    talker, (reference, *others) = draw_speech(sources, rng, 2 if kind == "same-talker" else 1)
    spoken, other = draw_speech(sources, rng, without=talker)
    if kind == "noise-only":
        clip = Traced(_excerpt(_any(sources.noises, rng), rng), np.zeros(0))
    else:
        speech = others[0] if others else other[0]
        damage = str(rng.choice([*DAMAGES, COMBINED]))
        clip = _damaged(damage, speech, _material(sources, {talker, spoken}, rng), rng)
    return AlignmentPair(kind, False, clip.samples, reference, np.full(len(clip.samples), np.nan))


def _damaged(kind: str, speech: np.ndarray, material: Material, rng: np.random.Generator) -> Traced:
    names = [kind]
    if kind == COMBINED:
        names = [str(name) for name in rng.choice(list(DAMAGES), int(rng.integers(2, 5)), replace=False)]
    clip = Traced(speech, np.arange(len(speech), dtype=np.float64))
    for name in names:
        if name != LAGGED:
            clip = DAMAGES[name](clip, rng, material)
    return clip


def _lagged(kind: str, clip: Traced, reference: np.ndarray, rng: np.random.Generator) -> AlignmentPair:
    """The clip late or early: by up to 5 s for the kind `lag`, by up to 1.5 s for half of the others."""
    most = {LAGGED: MOST_LAG, "none": 0.0}.get(kind, float(rng.choice([0.0, 1.5])))
    samples = round(float(rng.uniform(-most, most)) * SAMPLE_RATE)
    if kind == LAGGED:  # what is left of a clip that begins early is a good part of it
        samples = max(samples, -len(clip.samples) // 2)
    degraded, places = clip.samples[max(0, -samples) :], clip.places[max(0, -samples) :]
    if samples > 0:
        lead = 1e-4 * rng.standard_normal(samples)
        degraded = np.concatenate([lead, degraded]).astype(np.float32)
        places = np.concatenate([np.full(samples, np.nan), places])
    return AlignmentPair(kind, True, degraded, reference, places)


def draw_speech(
    sources: Sources, rng: np.random.Generator, recordings: int = 1, without: str = ""
) -> tuple[str, list[np.ndarray]]:
    """A talker and excerpts of so many different recordings, each of 3 s at least."""
    names = [name for name, files in sources.talkers.items() if len(files) >= recordings and name != without]
    for name in rng.permutation(names):
        files = sources.talkers[str(name)]
        long = (files[i] for i in rng.permutation(len(files)) if len(read_recording(files[i].path)) >= SHORTEST)
        found = list(islice(long, recordings))
        if len(found) == recordings:
            return str(name), [_excerpt(file, rng) for file in found]
    raise ValueError(f"Recordings of {SHORTEST / SAMPLE_RATE:g} s or more are needed.")


def _any(files: Sequence[SourceFile], rng: np.random.Generator) -> SourceFile:
    return files[int(rng.integers(len(files)))]


def _excerpt(file: SourceFile, rng: np.random.Generator) -> np.ndarray:
    """3 to 10 s of a recording (or all of a shorter one) at the nominal level."""
    wave = read_recording(file.path)
    width = int(rng.integers(SHORTEST, LONGEST + 1))
    start = int(rng.integers(max(1, len(wave) - width)))
    return set_level(wave[start : start + width], NOMINAL_DBOV)


def _material(sources: Sources, without: set[str], rng: np.random.Generator) -> Material:
    names = [name for name in sources.talkers if name not in without]
    drawn = rng.choice(names, min(8, len(names)), replace=False)
    talkers = [_excerpt(_any(sources.talkers[str(name)], rng), rng) for name in drawn]
    return Material((_excerpt(_any(sources.noises, rng), rng),), tuple(talkers))


@dataclass(frozen=True)
class Aligned:
    """What alignment made of a pair: the state it found and the seconds of CPU it took; of true pairs, where there is a
    true place, the share (0-1) of time with a lag that is right to 20 ms, and the median error of the lag in seconds.
    """

    kind: str
    true: bool
    state: str
    seconds: float
    right: float = float("nan")
    error: float = float("nan")


def measure_alignment(pairs: Iterable[AlignmentPair]) -> list[Aligned]:
    """Align all pairs and compare with what was done to them."""
    found = []
    for pair in pairs:
        started = time.process_time()
        alignment = align_reference(pair.reference, pair.degraded)
        seconds = (time.process_time() - started) * 10 * SAMPLE_RATE / len(pair.degraded)
        errors = np.abs(_lags(alignment)[::STEP] - (np.arange(len(pair.places)) - pair.places)[::STEP]) / SAMPLE_RATE
        known = ~np.isnan(pair.places[::STEP])
        accuracy = {}
        if known.any() and alignment.same_speech:
            errors = np.where(np.isnan(errors), np.inf, errors)[known]
            accuracy = {"right": float(np.mean(errors <= CLOSE)), "error": float(np.median(errors))}
        found.append(Aligned(pair.kind, pair.true, alignment.match.state, seconds, **accuracy))
    return found


def _lags(alignment: Alignment) -> np.ndarray:
    """The lag at each sample; NaN where the reference was taken to have nothing."""
    lags = np.full(len(alignment.samples), np.nan)
    for piece in alignment.pieces:
        if piece.lag is not None:
            lags[piece.start : piece.stop] = piece.lag
    return lags


def alignment_table(found: Sequence[Aligned]) -> list[str]:
    """Lines of Markdown: how many references were kept, and how right their lags are, all and by kind."""
    true, others = [one for one in found if one.true], [one for one in found if not one.true]
    seconds = np.median([one.seconds for one in found])
    lines = [
        f"Kept {_share(true)} true references, refused {len(others) - sum(one.state != 'other' for one in others)} of "
        f"{len(others)} others; {1000 * seconds:.0f} ms of CPU for 10 s.\n",
        "| kind | pairs | kept | lag right to 20 ms, of the time | median error of the lag |",
        "|---|---|---|---|---|",
    ]
    kinds = dict.fromkeys(one.kind for one in found)
    groups = [("all true references", true)] + [(kind, [one for one in found if one.kind == kind]) for kind in kinds]
    for name, group in groups:
        placed = [one for one in group if one.right == one.right]
        right = f"{np.mean([one.right for one in placed]):.1%}" if placed else "-"
        error = f"{1000 * np.median([one.error for one in placed]):.1f} ms" if placed else "-"
        lines.append(f"| {name} | {len(group)} | {_share(group)} | {right} | {error} |")
    return lines


def _share(group: Sequence[Aligned]) -> str:
    return f"{sum(one.state != 'other' for one in group)} of {len(group)}"
