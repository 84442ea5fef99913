"""Which channels of a recording are heard: the mean of all, unless some are dead, only noise, or cancel each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FRAME_SECONDS = 0.02
BAND_RATE = 12_000  # Hz, about: samples are averaged in blocks down to it
LAG_BLOCKS = 12  # a millisecond: the difference over it holds speech, no DC and little hum
DEAD_DECIBELS = 40.0  # so far below the loudest channel it adds nothing to the mean but a lower level
STEADY_DECIBELS, LIVELY_DECIBELS = 4.0, 12.0  # speech comes and goes, noise does not
SAME_DECIBELS = 3.0  # of channels that come and go equally far
MOST_SHARED = 0.1  # correlation of a channel that holds none of what another holds
FRAMES_AT_ONCE = 32
FEWEST_FRAMES = 100  # two seconds: less doesn't tell speech from noise
CANCELLED_POWER = 0.25  # of what independent channels would leave in their mean
LOWEST_DB, HIGHEST_DB = -120, 60
SIDES = ("left", "right")


@dataclass(frozen=True)
class HeardChannels:
    """The channels whose mean is heard, counted from 0, and a sentence where they are not all."""

    indices: tuple[int, ...]
    note: str = ""


class ChannelStatistics:
    """What a recording's channels hold, gathered piece by piece in little memory, whatever its length.

    Kept are the covariance of the channels' changes, [channels, channels], and for every channel how often each
    level in dB occurs in frames of 20 ms.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self.channels = channels
        self._step = max(1, round(rate / BAND_RATE))
        self._frame = max(1, round(FRAME_SECONDS * rate / self._step)) * self._step
        self._gathered: list[np.ndarray] = []
        self._length = 0
        self._covariance = np.zeros((channels, channels))
        self._count = 0
        self._levels = np.zeros((channels, HIGHEST_DB - LOWEST_DB + 1), np.int64)

    def add(self, samples: np.ndarray) -> None:
        """Take in a piece, [channels, samples] float32."""
        self._gathered.append(samples)
        self._length += samples.shape[1]
        if self._length >= FRAMES_AT_ONCE * self._frame:
            self._take_frames()

    def _take_frames(self) -> None:
        whole = np.concatenate(self._gathered, axis=1)
        frames = whole.shape[1] // self._frame
        self._gathered = [whole[:, frames * self._frame :]]
        self._length = self._gathered[0].shape[1]
        with np.errstate(all="ignore"):  # samples that are no numbers are told apart in the end
            self._count_frames(whole[:, : frames * self._frame], frames)

    def _count_frames(self, whole: np.ndarray, frames: int) -> None:
        blocks = sum((whole[:, first :: self._step] for first in range(1, self._step)), start=whole[:, :: self._step])
        blocks = blocks.reshape(self.channels, frames, -1) / self._step
        changes = blocks[..., LAG_BLOCKS:] - blocks[..., :-LAG_BLOCKS]  # [channels, frames, blocks - 12]
        flat = changes.reshape(self.channels, -1)
        self._covariance += flat @ flat.T
        self._count += flat.shape[1]
        power = np.einsum("cfb,cfb->cf", changes, changes) / changes.shape[-1]
        decibels = np.nan_to_num(10 * np.log10(power + 1e-12), nan=LOWEST_DB, posinf=HIGHEST_DB)
        bins = np.clip(decibels.round().astype(int), LOWEST_DB, HIGHEST_DB) - LOWEST_DB
        for counts, channel in zip(self._levels, bins, strict=True):
            counts += np.bincount(channel, minlength=len(counts))

    def heard(self) -> HeardChannels:
        """The channels to hear."""
        if self._length >= self._frame:
            self._take_frames()
        everyone = HeardChannels(tuple(range(self.channels)))
        if self.channels < 2 or not self._count:
            return everyone
        return _choose(self._covariance / self._count, self._spreads()) or everyone

    def _spreads(self) -> np.ndarray:
        """How far each channel's level comes and goes, in dB between its 5% and 95%, [channels]."""
        shares = np.cumsum(self._levels, axis=1)
        total = shares[:, -1:]
        if total[0, 0] < FEWEST_FRAMES:
            return np.full(self.channels, (STEADY_DECIBELS + LIVELY_DECIBELS) / 2)
        high, low = ((shares >= share * total).argmax(axis=1) for share in (0.95, 0.05))
        return (high - low).astype(float)


def _choose(covariance: np.ndarray, spreads: np.ndarray) -> HeardChannels | None:
    """The channels to hear, where those are not all of them."""
    power = np.diag(covariance)
    numbers = np.isfinite(power)
    loudest = power[numbers].max(initial=0.0)
    if loudest <= 0:
        return None
    alive = numbers & (power > loudest * 10 ** (-DEAD_DECIBELS / 10))
    lively = alive & (spreads > LIVELY_DECIBELS)
    scale = np.sqrt(np.where(alive, power, np.inf))
    shared = np.abs(covariance[:, lively] / scale[:, None] / scale[lively]).max(axis=1, initial=0.0)
    steady = alive & (spreads < STEADY_DECIBELS) & (shared < MOST_SHARED) & lively.any()
    kept = np.flatnonzero(alive & ~steady)
    if len(kept) > 1:
        together = covariance[np.ix_(kept, kept)].sum() / len(kept) ** 2
        if together < CANCELLED_POWER * power[kept].mean() / len(kept):
            clear = kept[spreads[kept] > spreads[kept].max() - SAME_DECIBELS]
            loud = clear[power[clear] > 0.9 * power[clear].max()]
            best = int(loud[spreads[loud].argmax()])
            return HeardChannels((best,), _cancel_note(best, len(power)))
    if len(kept) == len(power):
        return None
    heard = tuple(map(int, kept))
    reasons = ["no sound"] * bool((~alive).any()) + ["nothing but steady noise"] * bool(steady.any())
    return HeardChannels(heard, _left_out_note(" or ".join(reasons), heard, len(power)))


def _cancel_note(heard: int, channels: int) -> str:
    which = f"the {SIDES[heard]} one" if channels == 2 else f"channel {heard + 1}"
    return f"The channels cancel each other: {which} was heard."


def _left_out_note(holds: str, heard: tuple[int, ...], channels: int) -> str:
    if channels == 2:
        return f"The {SIDES[1 - heard[0]]} channel holds {holds}: the {SIDES[heard[0]]} one was heard."
    out = channels - len(heard)
    which = f"channel {heard[0] + 1}" if len(heard) == 1 else f"the mean of the other {len(heard)}"
    return f"{out} of {channels} channels {'hold' if out > 1 else 'holds'} {holds}: {which} was heard."
