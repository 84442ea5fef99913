"""How late each moment of a clip is against its reference, whatever happened to the clip.

Spectral shapes (cepstra of 40 ms) of both are compared at every lag. What counts is how far a lag stands out among all
lags of the same moment: noise, level and channel cancel, and the reference at other lags tells what chance gives. A
best path through the lags (Viterbi, IEEE Trans. Inf. Theory, 1967) then gives the lag of each moment, and the phase of
the cross-spectrum (Knapp and Carter, IEEE Trans. ASSP, 1976) makes it accurate to a sample where the waveform survived.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from sqllm.signal.audio import FRAME_SECONDS, SAMPLE_RATE

MAX_LAG_SECONDS = 5.0
HOP = round(FRAME_SECONDS * SAMPLE_RATE)  # samples from frame to frame
REACH = round((MAX_LAG_SECONDS + 0.5) / FRAME_SECONDS)  # frames of lag that are searched on either side
CHUNK = 3000  # frames that are searched together, a minute
BANDS, SHAPES = 24, 16
LONG_CONTEXT, SHORT_CONTEXT = 35, 11  # frames compared at a lag: .7 s to find it, .2 s to follow it
JUMP, STEP = 100.0, 2.0  # what a change of lag costs, to anywhere or by a frame, in prominences of one frame
CLOSE_JUMP = 20.0  # the same for a jump within the corridor
CORRIDOR = 15  # frames on either side of the lag that was found, in which it is followed
COHERENT = 40.0  # peak of a whitened cross-correlation over its root mean square that other speech does not reach
WHITENING = 0.7  # of the cross-spectrum: 0 none, 1 its phase alone
BLOCK, BLOCK_FRAMES, BEND = 4096, 6, 320  # samples compared at once, every so many frames, moved so far either way
STEADY = round(0.005 * SAMPLE_RATE)  # samples by which lags may differ and still be one
FAVOUR = 1.0
MOSTLY, FEW = 0.4, 0.1  # share of blocks that is enough to be believed, and that is if they agree with one lag ...
THERE = 0.75  # ... at which the path is for so much of the time
AGREES = 6.0  # peak of a block over its root mean square from which it is believed


@dataclass(frozen=True)
class LagPath:
    """The lag of each frame of a clip, in frames, [frames], and how far its spectral shape stands out there among all
    lags, in their standard deviations, [frames]. `heard` and `known` are the shapes of the clip and of its reference.

    `strength` is the mean of that over the frames that the reference covers, less what searching costs; `coherence` the
    highest peak of the whitened cross-correlation over its root mean square. Either tells the same speech from other.
    """

    lags: np.ndarray
    prominence: np.ndarray
    strength: float
    coherence: float
    heard: np.ndarray
    known: np.ndarray

    def likeness(self, frames: np.ndarray, lag: int) -> np.ndarray:
        """How like the reference at a lag (samples) some frames are, the more the more there is to hear: [frames]."""
        places = frames - round(lag / HOP)
        known = self.known[np.clip(places, 0, len(self.known) - 1)]
        products = np.einsum("ij,ij->i", self.heard[np.clip(frames, 0, len(self.heard) - 1)], known)
        return np.where((places >= 0) & (places < len(self.known)), products, 0)


def spectral_shapes(samples: np.ndarray) -> np.ndarray:
    """What a clip sounds like every 20 ms, [frames, SHAPES]: cepstra of mel bands without their mean over a second.

    Higher cepstra weigh more and the level hardly counts: syllables come and go alike in all speech, formants do not.
    """
    from scipy.fft import dct
    from scipy.ndimage import uniform_filter1d

    padded = np.pad(samples - samples.mean(), (HOP, HOP)).astype(np.float32)
    frames = sliding_window_view(padded, 2 * HOP)[::HOP]
    powers = [_band_powers(frames[start : start + CHUNK]) for start in range(0, len(frames), CHUNK)]
    decibels = 10 * np.log10(np.concatenate(powers) + 1e-9)
    top = np.percentile(decibels, 95, axis=0)
    floored = np.maximum(decibels, np.maximum(top - 35, top.max() - 60))
    moving = floored - uniform_filter1d(floored, 51, axis=0, mode="nearest")
    weights = np.arange(1, SHAPES + 1) ** 0.8
    weights[0] = 0.3
    return (dct(moving, axis=1, norm="ortho")[:, :SHAPES] * weights).astype(np.float32)


def _band_powers(frames: np.ndarray) -> np.ndarray:
    from scipy.fft import rfft

    return np.square(np.abs(rfft(frames * np.hanning(2 * HOP).astype(np.float32), axis=1))) @ _mel_bands()


@cache
def _mel_bands() -> np.ndarray:
    """Triangles from 100 Hz to 7 kHz on the mel scale: [bins, BANDS]."""
    from transformers.audio_utils import mel_filter_bank

    return mel_filter_bank(HOP + 1, BANDS, 100.0, 7000.0, SAMPLE_RATE, mel_scale="htk").astype(np.float32)


def find_path(degraded: np.ndarray, reference: np.ndarray) -> LagPath:
    """The lags of a clip's frames against its reference, [n] each at 16 kHz.

    Long clips are searched a minute after the other, each around the lag at which the one before ended.
    """
    heard, known = spectral_shapes(degraded), spectral_shapes(reference)
    parts, centre, gained, covered, highest = [], 0, 0.0, 0, 0.0
    for start in range(0, len(heard), CHUNK):
        part = heard[start : start + CHUNK]
        samples = degraded[start * HOP : (start + CHUNK) * HOP]
        peaks = _coherence(samples, reference, (start - centre) * HOP)
        lags, prominence, gain = _search(part, _rows(known, start - centre - REACH, len(part) + 2 * REACH), peaks)
        lags = lags + centre
        places = np.arange(start, start + len(part)) - lags
        inside = int(((places >= 0) & (places < len(known))).sum())
        gained, covered, highest = gained + gain, covered + inside, max(highest, float(peaks.max()))
        if gain > inside or peaks.max() > COHERENT:
            centre = int(lags[-1])
        parts.append((lags, prominence))
    lags, prominence = (np.concatenate(part) for part in zip(*parts, strict=True))
    return LagPath(lags, prominence, gained / max(covered, min(len(heard), len(known)) / 2), highest, heard, known)


def _rows(known: np.ndarray, first: int, count: int) -> np.ndarray:
    """`count` frames (or samples) from `first` on, zeros where there are none."""
    out = np.zeros((count, *known.shape[1:]), np.float32)
    start, stop = max(0, first), max(0, min(len(known), first + count))
    if start < stop:
        out[start - first : stop - first] = known[start:stop]
    return out


def _coherence(samples: np.ndarray, reference: np.ndarray, place: int) -> np.ndarray:
    """Peaks of the whitened cross-correlation over its root mean square, in frames of lag as `_search` takes them.

    `samples` are those of a clip that begin at `place` of the reference where the lag is the expected one.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    beside = _rows(reference, place - REACH * HOP - HOP // 2, len(samples) + (2 * REACH + 1) * HOP)
    length = next_fast_len(len(beside), real=True)
    cross = np.conj(rfft(samples - samples.mean(), length)) * rfft(beside, length)
    whitened = irfft(cross * (np.abs(cross) + 1e-9) ** -WHITENING, length)
    peaks = np.abs(whitened[: (2 * REACH + 1) * HOP])
    return peaks.reshape(-1, HOP).max(axis=1) / (np.sqrt(np.square(peaks).mean()) + 1e-9)


def _search(heard: np.ndarray, known: np.ndarray, peaks: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Lags and prominences of some frames, and what the path gained: coarsely first, then closely around that.

    `known` begins `REACH` frames before the reference's frame that belongs to the first one at lag 0.
    """
    products = heard @ known.T
    strides, shape = products.strides, (len(heard), 2 * REACH + 1)  # column j: lag REACH - j
    at_lags = as_strided(products, shape, (strides[0] + strides[1], strides[1]), writeable=False)
    energies = sliding_window_view(np.square(known).sum(axis=1), shape[1])[: len(heard)]
    own = np.square(heard).sum(axis=1)
    standing_out = _prominence(at_lags, energies, own, LONG_CONTEXT)
    favour = FAVOUR * np.clip(peaks / COHERENT - 1, 0, 1).astype(np.float32)
    path, _ = best_path(standing_out + favour, STEP, JUMP)
    gain = float(np.take_along_axis(standing_out, path[:, None], axis=1).sum())
    moves = np.abs(np.diff(path))
    gain -= float(np.minimum(moves * STEP, JUMP).sum()) + JUMP
    closely = _prominence(at_lags, energies, own, SHORT_CONTEXT) + favour
    near = np.abs(np.arange(shape[1]) - path[:, None]) <= CORRIDOR
    used = slice(max(0, path.min() - CORRIDOR), path.max() + CORRIDOR + 1)
    path = used.start + best_path(np.where(near, closely, -1e6)[:, used], STEP, CLOSE_JUMP)[0]
    found = np.take_along_axis(standing_out, path[:, None], axis=1)[:, 0]
    return REACH - path, found, gain


def best_path(gains: np.ndarray, step: float, jump: float) -> tuple[np.ndarray, float]:
    """The path through states that gains most, and its gain: gains [frames, states] -> states [frames].

    A move to a neighbouring state costs `step`, one to any other `jump`.
    """
    frames, states = gains.shape
    gains = gains.astype(np.float32)
    total, moves = gains[0].copy(), np.zeros((frames, states), np.int8)
    tops, better = np.zeros(frames, int), np.empty(states, bool)
    for frame in range(1, frames):
        stepped, best, move = total - np.float32(step), total.copy(), moves[frame]
        for source, target, way in ((slice(None, -1), slice(1, None), -1), (slice(1, None), slice(None, -1), 1)):
            np.greater(stepped[source], best[target], out=better[1:])
            np.copyto(best[target], stepped[source], where=better[1:])
            move[target][better[1:]] = way
        tops[frame] = total.argmax()
        jumped = total[tops[frame]] - np.float32(jump)
        move[best < jumped] = 2
        total = np.maximum(best, jumped) + gains[frame]
    path = np.empty(frames, int)
    path[-1] = total.argmax()
    for frame in range(frames - 1, 0, -1):
        move = moves[frame, path[frame]]
        path[frame - 1] = tops[frame] if move == 2 else path[frame] + move
    return path, float(total.max())


def _prominence(at_lags: np.ndarray, energies: np.ndarray, own: np.ndarray, context: int) -> np.ndarray:
    """Correlations of frames with the reference at each lag, in standard deviations above their mean over all lags that
    the reference reaches; 0 where it does not.
    """
    from scipy.ndimage import uniform_filter1d

    power, there = uniform_filter1d(energies, context, axis=0, mode="constant"), energies > 0
    power += 0.1 * energies.mean() + 1e-9
    power *= (uniform_filter1d(own, context, mode="constant") + 0.1 * own.mean() + 1e-9)[:, None]
    correlation = uniform_filter1d(at_lags, context, axis=0, mode="constant") / np.sqrt(power)
    correlation *= there
    count = np.maximum(1, there.sum(axis=1, keepdims=True)).astype(np.float32)
    mean = correlation.sum(axis=1, keepdims=True) / count
    square = np.einsum("ij,ij->i", correlation, correlation)[:, None] / count
    correlation -= mean
    correlation *= there / (np.sqrt(np.maximum(0, square - mean**2)) + np.float32(0.03))
    return correlation


def refine(reference: np.ndarray, degraded: np.ndarray, path: LagPath) -> np.ndarray:
    """The lag of each frame in samples, [frames]: as in the path, moved by up to 20 ms to where the waveforms agree.

    Blocks of 256 ms are compared by the phases of their cross-spectra, and a best path leads through their peaks. If
    all that are sure agree with one lag, it is that all along. Where most are not, as when pitch or tempo changed, the
    path stands: a block then finds a period of the voice.
    """
    from scipy.ndimage import uniform_filter1d

    given = path.lags * HOP
    smooth = uniform_filter1d(given.astype(np.float64), 25, mode="nearest")
    coarse = np.where(np.abs(smooth - given) > HOP, given, np.round(smooth)).astype(int)
    frames = np.arange(BLOCK_FRAMES // 2, len(given) + BLOCK_FRAMES // 2, BLOCK_FRAMES).clip(max=len(given) - 1)
    starts, expected = frames * HOP - BLOCK // 2, coarse[frames]
    groups = [slice(first, first + 500) for first in range(0, len(frames), 500)]
    agreement = np.concatenate([_agreement(reference, degraded, starts[g], expected[g]) for g in groups])
    milliseconds = agreement.reshape(len(frames), -1, 16)
    states, _ = best_path(milliseconds.max(axis=2), 1.0, 8.0)
    chosen = milliseconds[np.arange(len(frames)), states]
    found = expected + BEND - (16 * states + chosen.argmax(axis=1))
    sure = chosen.max(axis=1) >= AGREES
    alike = sure[1:] & sure[:-1] & (np.abs(np.diff(found)) <= STEADY)
    sure &= np.append(alike, False) | np.insert(alike, 0, False)  # one alone may be chance
    if sure.mean() > FEW:
        main = int(np.median(found[sure]))
        agreeing = np.mean(np.abs(found[sure] - main) <= STEADY)
        if agreeing >= 0.95 and np.mean(np.abs(given - main) <= 2 * HOP) >= THERE:
            return np.full(len(given), main)
    if sure.mean() < MOSTLY:
        return coarse
    lags, steady = _filled(found, expected, sure)
    block = np.minimum(np.arange(len(given)) // BLOCK_FRAMES, len(frames) - 1)
    return lags[block] + np.where(steady[block], 0, coarse - expected[block])


def _agreement(reference: np.ndarray, degraded: np.ndarray, starts: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Whitened cross-correlations of blocks of a clip with its reference, `BEND` samples around their lags, over their
    root mean squares: [blocks, 2 * BEND], the highest lag first.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    width = BLOCK + 2 * BEND
    blocks = np.stack([_rows(degraded, start, BLOCK) for start in starts]) * np.hanning(BLOCK).astype(np.float32)
    beside = np.stack([_rows(reference, start - lag - BEND, width) for start, lag in zip(starts, lags, strict=True)])
    length = next_fast_len(width, real=True)
    cross = np.conj(rfft(blocks, length, axis=1)) * rfft(beside, length, axis=1)
    whitened = np.abs(irfft(cross * (np.abs(cross) + 1e-9) ** -WHITENING, length, axis=1)[:, : 2 * BEND])
    return whitened / (np.sqrt(np.square(whitened).mean(axis=1, keepdims=True)) + 1e-9)


def _filled(found: np.ndarray, coarse: np.ndarray, sure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lags of blocks, those that are not sure put in, and which blocks keep theirs throughout.

    Between two sure ones that agree, and for a moment at either end, nothing is taken to have changed; elsewhere the
    coarse lag stands, corrected as in the nearest sure block.
    """
    places, rows = np.flatnonzero(sure), np.arange(len(sure))
    after = np.searchsorted(places, rows).clip(max=len(places) - 1)
    before = np.where(places[after] > rows, after - 1, after).clip(min=0)
    left, right = places[before], places[after]
    nearest = np.where(np.abs(rows - left) <= np.abs(right - rows), left, right)
    between = np.abs(found[left] - found[right]) <= STEADY
    at_end = (rows < places[0]) | (rows > places[-1])
    steady = ~sure & between & (~at_end | (np.abs(rows - nearest) <= 4))
    kept = np.where(steady, found[nearest], coarse + (found - coarse)[nearest])
    return np.where(sure, found, kept), steady
