"""Pictures of a clip and its reference, as matplotlib figures that look right on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sqllm.scores import HeardArtifact
from sqllm.signal.audio import SAMPLE_RATE, Clip

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WINDOW_SAMPLES = 512
SHORTEST_HOP = 128
MOST_COLUMNS = 1500  # more than a screen is wide; keeps an hour's spectrogram small
RANGE_DB = 80.0
QUIETEST_TOP_DB = -60.0
FLOOR_DB = QUIETEST_TOP_DB - RANGE_DB - 20  # digital silence: below every colour scale, however it rounds
INK = "#858c99"  # readable on white and on near-black


def spectrogram(samples: np.ndarray) -> np.ndarray:
    """Levels in dB of [n] samples at 16 kHz, shape [257 bins of 0-8 kHz, columns]; a full-scale sine is 0 dB.

    A long clip is sampled more coarsely in time: at most about 1,500 columns.
    """
    import librosa

    hop = max(SHORTEST_HOP, -(-len(samples) // MOST_COLUMNS))
    padded = np.pad(samples, (0, max(0, WINDOW_SAMPLES - len(samples))))
    magnitude = np.abs(librosa.stft(padded, n_fft=WINDOW_SAMPLES, hop_length=hop, window="hann", pad_mode="constant"))
    return np.asarray(librosa.amplitude_to_db(magnitude * 4 / WINDOW_SAMPLES, amin=10 ** (FLOOR_DB / 20), top_db=None))


def spectrogram_figure(degraded: Clip, reference: Clip | None = None, faults: Sequence[HeardArtifact] = ()) -> Figure:
    """Spectrograms of a clip and its reference under each other: one time axis (s), kHz, one colour scale (dB).

    The scale ends at the louder clip's loudest spot and spans 80 dB, so that what differs in level looks different.
    The moments of faults are marked on the clip's, with their names.
    """
    from matplotlib.figure import Figure

    clips = [("Degraded clip", degraded)] + ([("Reference", reference)] if reference else [])
    levels = [spectrogram(clip.samples) for _, clip in clips]
    top = max(QUIETEST_TOP_DB, float(np.ceil(max(level.max() for level in levels) / 10) * 10))
    figure = Figure(figsize=(4.8, 0.5 + 1.35 * len(clips)), dpi=200, layout="constrained", facecolor="none")
    panels: list[Any] = list(figure.subplots(len(clips), 1, sharex=True, squeeze=False)[:, 0])
    image: Any = None
    for axes, (title, clip), level in zip(panels, clips, levels, strict=True):
        image = axes.imshow(
            level,
            origin="lower",
            aspect="auto",
            extent=(0.0, clip.seconds, 0.0, SAMPLE_RATE / 2000),
            cmap="magma",
            vmin=top - RANGE_DB,
            vmax=top,
            interpolation="nearest",
        )
        _dress(axes, title)
    for fault in faults:
        _mark(panels[0], fault)
    panels[-1].set_xlim(0.0, max(clip.seconds for _, clip in clips))
    panels[-1].set_xlabel("Time (s)", fontsize=9, color=INK)
    bar = figure.colorbar(image, ax=panels, pad=0.02, aspect=12 * len(clips), fraction=0.06)
    bar.set_label("Level (dB)", fontsize=9, color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=INK, labelsize=8)
    return figure


def _mark(axes: Any, fault: HeardArtifact) -> None:
    """The spans of a fault as frames, its name in the first one."""
    for number, (start, end) in enumerate(fault.spans):
        axes.axvspan(start, end, facecolor="none", edgecolor="white", linewidth=0.7)
        if not number:
            axes.text(start, 7.8, fault.kind.replace("-", " "), fontsize=6, color="white", va="top", clip_on=True)


def _dress(axes: Any, title: str) -> None:
    """Quiet axes: left-aligned title, kHz in steps of 2, no frame."""
    axes.set_title(title, loc="left", fontsize=9, color=INK)
    axes.set_ylabel("kHz", fontsize=9, color=INK)
    axes.set_yticks([0, 2, 4, 6, 8])
    axes.set_facecolor("black")
    axes.tick_params(colors=INK, labelsize=8)
    axes.spines[:].set_visible(False)
