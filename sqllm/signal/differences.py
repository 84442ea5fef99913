"""What a clip has lost and gained against its aligned reference: speech that is gone, and sound that was not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE, SILENCE_DBOV, active_level, level_of_active
from sqllm.signal.spans import Span, merge_spans, spans_of_frames

FRAME, HOP = 0.01, SAMPLE_RATE // 100  # s, samples
TINY = 1e-10
FILTERED_DB = 8.0  # by which a band falls behind those that hold most of the speech, from which on it is not passed
SPOKEN_DB = 18.0  # below the reference's active level, down to which a frame is speech that would be missed
SURELY_LOST_DB = 28.0  # by which a frame falls short of what the reference and the clip's own gain promise
LOST_DB, FLOOR_DB = 12.0, 5.0  # or by this, where nothing but the clip's own background is left
SILENT_DB = 35.0  # below its active level, from which on the reference is silent
ADDED_DB, HEARD_DB = 12.0, 30.0  # above the background, and down to so far below the clip's active level, is heard
SHORTEST_LOSS, SHORTEST_ADDITION = 0.05, 0.03  # s
JOINED, LONGEST_PAUSE = 0.06, 0.6  # s


@dataclass(frozen=True)
class Differences:
    """Spans in seconds of the clip's time: speech of the reference that is `lost`, and sound that is `added` where the
    reference is silent; `share_lost` of the reference's speech is gone, 0 to 1, what the clip skips of it included.
    """

    lost: tuple[Span, ...] = ()
    added: tuple[Span, ...] = ()
    share_lost: float = 0.0


def find_differences(
    clip: np.ndarray, reference: np.ndarray, covered: Sequence[Span] | None = None, skipped: np.ndarray | None = None
) -> Differences:
    """What differs in energy between a clip and its reference moved onto it, [n] float32 at 16 kHz each.

    Compared is what the clip's band passes on. Its own gain is the median of what it has more or less than the
    reference where both speak. Lost is what falls short of that by 28 dB, or by 12 dB down to the clip's background;
    what fills a loss with sound, as repeated packets do, is not found, nor is what lies under added noise. Nothing is
    known outside the spans that the reference has `covered` (None: all of the clip). `skipped` is what the clip leaves
    out of the reference, [n], so that it has no place in the clip's time.
    """
    if min(active_level(clip), active_level(reference)) < SILENCE_DBOV:
        return Differences()
    heard, known, left_out = _in_shared_band(clip, reference, np.zeros(0) if skipped is None else skipped)
    level, own = level_of_active(known), level_of_active(heard)
    spoken, silent = known >= level - SPOKEN_DB, known < level - SILENT_DB
    gain = float(np.median((heard - known)[spoken])) if spoken.any() else 0.0
    background = float(np.median(heard[silent])) if silent.sum() >= 10 else float(np.percentile(heard, 3))
    short = known + gain - heard
    gone = spoken & ((short >= SURELY_LOST_DB) | ((short >= LOST_DB) & (heard <= background + FLOOR_DB)))
    lost = _spans(_through_pauses(gone, spoken & ~gone & (heard > background + FLOOR_DB)), SHORTEST_LOSS)
    loud = max(background + ADDED_DB, own - HEARD_DB)
    added = _spans(silent & (heard >= loud) & _inside(covered, len(heard)), SHORTEST_ADDITION)
    unheard = int((left_out >= level - SPOKEN_DB).sum())
    share = float(((gone.sum() if lost else 0) + unheard) / max(1, spoken.sum() + unheard))
    return Differences(lost, added, share)


def _inside(spans: Sequence[Span] | None, frames: int) -> np.ndarray:
    """Which frames lie in the spans, [frames]."""
    inside = np.full(frames, spans is None)
    for start, stop in spans or ():
        inside[round(start / FRAME) : round(stop / FRAME)] = True
    return inside


def _in_shared_band(
    clip: np.ndarray, reference: np.ndarray, skipped: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The energies of all in dB, [frames], of the bands of 500 Hz that the clip's band does not take away: an s of
    the talker's above it was filtered, not lost.
    """
    bands = [_band_power(samples) for samples in (clip, reference)]
    totals = bands[1].sum(axis=1)
    loud = totals >= totals.max() * 10 ** (-SPOKEN_DB / 10)
    ratios = np.median(10 * np.log10((bands[0][loud] + TINY) / (bands[1][loud] + TINY)), axis=0)
    weights = bands[1][loud].mean(axis=0)
    order = np.argsort(weights)[::-1]
    held = np.cumsum(weights[order])
    middle = float(np.median(ratios[order[: 1 + int(np.searchsorted(held, 0.95 * weights.sum()))]]))
    passed = ratios >= middle - FILTERED_DB
    heard, known, left_out = (10 * np.log10(p[:, passed].sum(axis=1) + TINY) for p in (*bands, _band_power(skipped)))
    return heard, known, left_out[: len(skipped) // HOP]


def _band_power(samples: np.ndarray) -> np.ndarray:
    """Power in 16 bands of 500 Hz, of 20 ms around the middle of each frame: [frames, 16]."""
    count = max(1, len(samples) // HOP)
    padded = np.pad(samples.astype(np.float32), (HOP // 2, HOP // 2 + max(0, HOP - len(samples))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * HOP)[::HOP][:count]
    spectra = np.square(np.abs(np.fft.rfft(windows * np.hanning(2 * HOP).astype(np.float32), axis=1)))
    return spectra[:, : 10 * 16].reshape(len(spectra), 16, 10).sum(axis=2) * (8 / 3 / (2 * HOP) ** 2) * 2


def _through_pauses(gone: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Frames that are gone, [frames], and what lies between two such without speech that is kept: one loss, not two."""
    whole = gone.copy()
    for (_, before), (after, _) in pairwise(spans_of_frames(gone.astype(float), 1)):
        stop, start = int(before), int(after)
        if start - stop <= LONGEST_PAUSE / FRAME and not kept[stop:start].any():
            whole[stop:start] = True
    return whole


def _spans(frames: np.ndarray, shortest: float) -> tuple[Span, ...]:
    joined = merge_spans(spans_of_frames(frames.astype(float), 1 / FRAME), JOINED)
    return tuple(span for span in joined if span[1] - span[0] >= shortest - 1e-9)
