"""Speech that is taken away beside its reference, as onsets, seconds and words: is the loss found, and where?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfiltfilt

from sqllm.corpus import codecs, degradations
from sqllm.corpus.degradations import Rng, Wave
from sqllm.evaluation.alignment_pairs import Sources, draw_speech
from sqllm.evaluation.tables import markdown_table
from sqllm.signal.alignment import align_reference
from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, active_level, frame_energies
from sqllm.signal.differences import find_differences
from sqllm.signal.spans import Span, overlap, spans_of_frames

LOSSES = ("cut onset", "muted second", "lost word", "nothing lost")
SIDES = ("alone", "noise at 25 dB", "noise at 15 dB", "codec", "14 dB quieter", "narrow band", "level changes")
SHORTEST_WORD = 0.2  # s
FOUND = 0.5  # intersection over union


@dataclass(frozen=True)
class LostPair:
    """A clip and its reference, [n] each; the span that is lost (None: nothing is) and what was done beside it."""

    loss: str
    side: str
    clip: Wave
    reference: Wave
    span: Span | None


def make_lost_pairs(sources: Sources, count: int, seed: int) -> Iterator[LostPair]:
    """`count` pairs, a quarter of them without a loss; losses and what is done beside them come in turn."""
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        _, (reference,) = draw_speech(sources, rng)
        words = _words(reference)
        loss, side = LOSSES[number % len(LOSSES)], SIDES[number // len(LOSSES) % len(SIDES)]
        start, stop = words[int(rng.integers(len(words)))] if words else (1.0, 2.0)
        if loss == "cut onset":
            stop = start + float(rng.uniform(0.08, 0.15))
        elif loss == "muted second":
            stop = min(start + 1.0, len(reference) / SAMPLE_RATE)
        clip = reference.copy()
        if loss != LOSSES[-1]:
            clip[round(start * SAMPLE_RATE) : round(stop * SAMPLE_RATE)] = 0
        yield LostPair(loss, side, _changed(clip, side, rng), reference, None if loss == LOSSES[-1] else (start, stop))


def _words(speech: Wave) -> list[Span]:
    """Stretches of speech between pauses, long enough for a word."""
    loud = frame_energies(speech, 0.01) > active_level(speech) - 18
    return [span for span in spans_of_frames(loud.astype(float), 100) if span[1] - span[0] >= SHORTEST_WORD]


def _changed(clip: Wave, side: str, rng: Rng) -> Wave:
    if side.startswith("noise"):
        snr = float(side.split()[2])
        hiss = rng.standard_normal(len(clip)) * 10 ** ((NOMINAL_DBOV - snr) / 20)
        return (clip + hiss).astype(np.float32)
    if side == "codec":
        return codecs.apply_codec(clip, rng, "moderate")[0]
    if side == "narrow band":
        return sosfiltfilt(butter(6, (300, 3400), "bandpass", fs=SAMPLE_RATE, output="sos"), clip).astype(np.float32)
    if side == "level changes":
        return degradations.change_level(clip, rng, "moderate")[0]
    return clip * np.float32(0.2) if side == "14 dB quieter" else clip


@dataclass(frozen=True)
class LossFigures:
    """Of `clips`, in how many the loss was found at its place, or (where nothing is lost) one was told."""

    clips: int
    told: int


def measure_lost_speech(pairs: Iterable[LostPair]) -> dict[tuple[str, str], LossFigures]:
    """Figures by loss and what was done beside it."""
    figures: dict[tuple[str, str], LossFigures] = {}
    for pair in pairs:
        aligned = align_reference(pair.reference, pair.clip)
        lost = find_differences(pair.clip, aligned.samples).lost if aligned.same_speech else ()
        told = any(pair.span is None or overlap(span, pair.span) >= FOUND for span in lost)
        before = figures.get((pair.loss, pair.side), LossFigures(0, 0))
        figures[pair.loss, pair.side] = LossFigures(before.clips + 1, before.told + told)
    return figures


def lost_speech_table(figures: dict[tuple[str, str], LossFigures]) -> list[str]:
    """Markdown: how many losses were found, by what else was done; of nothing lost, how many were told all the same."""
    rows = []
    for loss in LOSSES:
        cells = [figures.get((loss, side), LossFigures(0, 0)) for side in SIDES]
        whole = LossFigures(sum(cell.clips for cell in cells), sum(cell.told for cell in cells))
        rows.append([loss, *(f"{cell.told} of {cell.clips}" for cell in (*cells, whole))])
    return markdown_table(("lost", *SIDES, "all"), rows)
