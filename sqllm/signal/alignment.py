"""A reference moved onto its degraded clip, piece by piece where its lag changes, and whether it is the same speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sqllm.scores import ReferenceMatch
from sqllm.signal.audio import SAMPLE_RATE, frame_energies
from sqllm.signal.lag_search import CHUNK, COHERENT, HOP, STEADY, LagPath, find_path, refine
from sqllm.signal.spans import Span, merge_spans

SAME_SPEECH = 1.8  # strength of a path from which it is the same speech
MATCHED, MOMENT = 2.0, 25  # mean prominence over so many frames from which a moment matches
SPEECH_RANGE = 30.0  # dB below the loudest frames, down to which a frame is speech
ROUNDING, RESAMPLING = 2 / 32768, 2e-3  # largest difference between copies: absolute (16 bits), and of the peak
COPIED_HERTZ = 7150  # up to here: what lies above, resampling takes away
SHORTEST_PIECE = 3  # frames
SHORTEST_SKIP = 3200  # samples, .2 s: what a receiver takes out to catch up is shorter
FADE = 80  # samples of the cross-fade between two pieces, 5 ms


@dataclass(frozen=True)
class Piece:
    """From sample `start` to `stop` a clip is `lag` samples late; None where its reference has nothing to it."""

    start: int
    stop: int
    lag: int | None


@dataclass(frozen=True)
class Alignment:
    """A reference moved onto its degraded clip.

    `samples` is the reference on the clip's time axis, [n] of the clip, zeros where it has nothing; `pieces` are what
    it is put together from; `match` says how well it fits. Of other speech it is the best there is.
    """

    samples: np.ndarray
    pieces: tuple[Piece, ...]
    match: ReferenceMatch

    @property
    def lag(self) -> float:
        """How much later the main part of the clip is, in seconds."""
        return self.match.lag

    @property
    def same_speech(self) -> bool:
        return self.match.state != "other"

    def covered(self, samples: int) -> list[Span]:
        """The spans of the clip, in seconds, in which a reference of so many samples has something to it."""
        edges = [
            (max(piece.start, piece.lag), min(piece.stop, samples + piece.lag))
            for piece in self.pieces
            if piece.lag is not None
        ]
        return merge_spans([(start / SAMPLE_RATE, stop / SAMPLE_RATE) for start, stop in edges if start < stop])

    def skipped(self, reference: np.ndarray) -> np.ndarray:
        """What the clip skips of its reference (`match.removed`), one piece behind the other: [n]."""
        parts = [
            reference[max(0, before.stop - before.lag) : max(0, after.start - after.lag)]
            for before, after in _skips(self.pieces)
            if before.lag is not None and after.lag is not None
        ]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def align_reference(reference: np.ndarray, degraded: np.ndarray) -> Alignment:
    """Move a reference onto a degraded clip; lags of up to 5 s are found, and followed where they change.

    Both are [n] float32 at 16 kHz, of any lengths. A lag that is the same all along gives the reference shifted by
    whole samples, to the peak of the cross-correlation.
    """
    from scipy.ndimage import uniform_filter1d

    if _is_copy(reference, degraded, 0):
        return _single(reference, degraded, 0, 1.0, "identical")
    path = find_path(degraded, reference)
    speech = _speech_frames(degraded, reference, path.lags)
    matches = speech & (uniform_filter1d(path.prominence, MOMENT, mode="nearest") >= MATCHED)
    weights = matches if matches.any() else np.ones_like(matches)
    lag = _peak_lag(reference, degraded, int(np.median(path.lags[weights])) * HOP)
    if _is_copy(reference, degraded, lag):
        return _single(reference, degraded, lag, 1.0, "identical")
    matched = float(matches.sum() / max(1, speech.sum()))
    if path.strength < SAME_SPEECH and path.coherence < COHERENT:
        return _single(reference, degraded, lag, matched, "other")
    lags = refine(reference, degraded, path)
    main = int(np.median(lags[weights]))
    if np.abs(lags - main).max() <= STEADY:
        return _single(reference, degraded, lag, matched, "same")
    pieces = tuple(_without_replays(_pieces(lags, len(degraded)), path))
    drift = _drift(np.flatnonzero(weights), lags[weights])
    match = ReferenceMatch("same", main / SAMPLE_RATE, drift, matched, removed=_removed(pieces))
    return Alignment(_spliced(reference, pieces), pieces, match)


def _removed(pieces: Sequence[Piece]) -> tuple[tuple[float, float], ...]:
    """Where the clip skips a piece of its reference, in seconds of the clip, and how many seconds of it."""
    skips = [(after.start, (before.lag or 0) - (after.lag or 0)) for before, after in _skips(pieces)]
    return tuple((start / SAMPLE_RATE, skip / SAMPLE_RATE) for start, skip in skips)


def _skips(pieces: Sequence[Piece]) -> list[tuple[Piece, Piece]]:
    """The pieces between which some of the reference is skipped."""
    known = [piece for piece in pieces if piece.lag is not None]
    return [(one, other) for one, other in pairwise(known) if (one.lag or 0) - (other.lag or 0) >= SHORTEST_SKIP]


def _single(reference: np.ndarray, degraded: np.ndarray, lag: int, matched: float, state: str) -> Alignment:
    """The reference moved by one lag."""
    pieces = (Piece(0, len(degraded), lag),)
    return Alignment(_spliced(reference, pieces), pieces, ReferenceMatch(state, lag / SAMPLE_RATE, 0.0, matched))


def _is_copy(reference: np.ndarray, degraded: np.ndarray, lag: int) -> bool:
    """Whether nothing differs at a lag but what rounding to 16 bits and resampling do, and silence around it."""
    moved = _shifted(reference, lag, len(degraded))
    most = max(ROUNDING, RESAMPLING * float(np.abs(reference).max(initial=0)))
    if not _alike(moved, degraded, most):
        return False
    left_out = (reference[: max(0, -lag)], reference[max(0, len(degraded) - lag) :])
    return all(np.abs(part).max(initial=0) <= most for part in left_out)


def _alike(one: np.ndarray, other: np.ndarray, most: float) -> bool:
    """Whether two clips of a length differ by no more, resampling aside."""
    from scipy.signal import firwin, oaconvolve

    difference = one - other
    if np.abs(difference).max(initial=0) <= most:
        return True
    if np.square(difference).mean() > 0.01 * np.square(other).mean():  # too much for the top of the band
        return False
    low = oaconvolve(difference, firwin(129, COPIED_HERTZ, fs=SAMPLE_RATE), mode="same")
    return bool(np.abs(low).max() <= most)


def _shifted(reference: np.ndarray, lag: int, samples: int) -> np.ndarray:
    """The reference `lag` samples later, cut or filled up with zeros: [samples] float32."""
    moved = reference[-lag:] if lag < 0 else np.pad(reference[:samples], (min(lag, samples), 0))
    return np.pad(moved[:samples], (0, max(0, samples - len(moved)))).astype(np.float32)


def _speech_frames(degraded: np.ndarray, reference: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Frames in which the clip speaks, [frames]: it is loud there, and the reference, where it has that moment, too."""
    heard, known = (_loud(samples, len(lags)) for samples in (degraded, reference))
    places = np.arange(len(lags)) - lags
    covered = (places >= 0) & (places < len(reference) // HOP)
    places = np.clip(places, 0, len(known) - 1)
    return heard & (known[places] | ~covered)


def _loud(samples: np.ndarray, frames: int) -> np.ndarray:
    energies = frame_energies(samples)
    return np.pad(energies >= energies.max() - SPEECH_RANGE, (0, max(0, frames - len(energies))))


def _peak_lag(reference: np.ndarray, degraded: np.ndarray, near: int) -> int:
    """The lag in samples at the highest peak of the cross-correlation within 20 ms of one, summed over minutes."""
    from scipy.signal import correlate

    total, minute = np.zeros(2 * HOP + 1), CHUNK * HOP
    for start in range(0, len(degraded), minute):
        part = degraded[start : start + minute].astype(np.float32)
        beside = _shifted(reference, near + HOP - start, len(part) + 2 * HOP)
        total += correlate(beside, part, mode="valid", method="fft")
    return near + HOP - int(np.argmax(np.abs(total)))


def _pieces(lags: np.ndarray, samples: int) -> list[Piece]:
    """Stretches of one lag each, the median of those of its frames: a new one where they leave it for good."""
    starts, begun = [0], 0
    for frame in range(1, len(lags)):
        ahead = lags[frame : frame + SHORTEST_PIECE]
        if np.abs(ahead - np.median(lags[begun:frame])).min() > STEADY and frame - begun >= SHORTEST_PIECE:
            starts.append(frame)
            begun = frame
    groups = np.split(lags, starts[1:])
    edges = [0, *(start * HOP - HOP // 2 for start in starts[1:]), samples]
    return [
        Piece(start, stop, int(np.median(group))) for start, stop, group in zip(edges, edges[1:], groups, strict=False)
    ]


def _without_replays(pieces: Sequence[Piece], path: LagPath) -> list[Piece]:
    """Pieces with nothing between two where the clip falls back by more than two frames: the reference has nothing to
    what was put in there. It is as long as the fall, and where clip and reference are most alike before and behind it.
    """
    out = [pieces[0]]
    for piece in pieces[1:]:
        before = out[-1]
        fall = (piece.lag or 0) - (before.lag or 0)
        if fall <= 2 * HOP:
            out.append(piece)
            continue
        first = max(before.start, piece.start - fall)
        frames = np.arange(first // HOP, max(first, min(piece.start, piece.stop - fall) + fall) // HOP + 1)
        one, other = (np.cumsum(path.likeness(frames, piece.lag or 0)) for piece in (before, piece))
        width = min(fall // HOP, len(frames) - 1)
        start = first + HOP * int(np.argmax(one[: len(frames) - width] - other[width:]))
        stop = min(start + fall, piece.stop)
        out[-1] = Piece(before.start, start, before.lag)
        out += [Piece(start, stop, None), Piece(stop, piece.stop, piece.lag)]
    return [piece for piece in out if piece.stop > piece.start]


def _spliced(reference: np.ndarray, pieces: Sequence[Piece]) -> np.ndarray:
    """The reference put together from its pieces, [n] float32, cross-faded where they meet."""
    out = np.zeros(pieces[-1].stop, np.float32)
    for piece in pieces:
        begin = max(0, piece.start - FADE) if piece.start else 0
        part = np.zeros(piece.stop - begin, np.float32)
        if piece.lag is not None:
            part = _shifted(reference, piece.lag - begin, len(part))
        ramp = piece.start - begin
        weight = np.linspace(0, 1, ramp, dtype=np.float32)
        out[begin : piece.start] = (1 - weight) * out[begin : piece.start] + weight * part[:ramp]
        out[piece.start : piece.stop] = part[ramp:]
    return out


def _drift(frames: np.ndarray, lags: np.ndarray) -> float:
    """The slope of lags (samples) over frames by Theil and Sen; 0 unless one line fits nine in ten of them to 20 ms."""
    from scipy.stats import theilslopes

    some = slice(None, None, max(1, len(frames) // 200))
    slope, offset, *_ = theilslopes(lags[some], frames[some] * HOP)
    far = np.abs(lags - offset - slope * frames * HOP) > HOP
    return float(slope) if far.mean() <= 0.1 else 0.0
