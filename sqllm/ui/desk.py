"""The listening desk: clips as pictures and sounds on one time axis, with the faults heard and the scores over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import gradio as gr
from gradio.blocks import Block

from sqllm.judge.hearing import TimelinePoint
from sqllm.scores import HIGHEST, LOWEST, HeardArtifact
from sqllm.signal.alignment import align_reference
from sqllm.signal.audio import AudioError, Clip, load_clip
from sqllm.signal.plots import RANGE_DB
from sqllm.ui.fresh import key_mark
from sqllm.ui.pictures import (
    DIFFERENCE_DB,
    DIFFERENCES_MAP,
    LEVELS_MAP,
    difference_image,
    gradient,
    levels_image,
    levels_of,
    top_of,
)
from sqllm.ui.published import address, publish, publish_sound

SCRIPT = Path(__file__).with_name("desk.js")
EMPTY = '<p class="sq-hint">Players and spectrograms appear here once there is a clip.</p>'
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)  # s between marks of the time axis
MOST_TICKS = 10


@dataclass(frozen=True)
class Track:
    """A picture of `seconds` on the time axis, and the `sound` that a click on it plays ("" for none of its own)."""

    name: str
    picture: str
    seconds: float
    sound: str = ""


@dataclass(frozen=True)
class Desk:
    """What the listening desk shows: tracks on one axis, faults and scores over time of the first one, and the levels
    in dBov that the colour scale ends at. `key` says of which files.
    """

    key: str
    tracks: tuple[Track, ...]
    top: float
    faults: tuple[HeardArtifact, ...] = ()
    timeline: tuple[TimelinePoint, ...] = ()
    compared: bool = False

    @property
    def seconds(self) -> float:
        return max(track.seconds for track in self.tracks)

    def html(self) -> str:
        """The desk as HTML; `desk.js` makes it play."""
        rows = "".join((*_timeline(self), *_faults(self), *_pictures(self), _axis(self.seconds)))
        return (
            f'<section class="sq-desk" aria-label="Listening desk" {key_mark(self.key)} '
            f'data-seconds="{self.seconds:.3f}" data-at="0">{_transport(self)}<div class="sq-rows">{rows}</div>'
            f"{_legend(self)}</section>"
        )


def desk_component(value: str = EMPTY, **settings: object) -> gr.HTML:
    """An empty desk on the page."""
    return gr.HTML(value, js_on_load=SCRIPT.read_text(encoding="utf-8"), elem_classes="sq-bare", **settings)  # type: ignore[arg-type]


def pair_desk(owner: Block, degraded: Clip, beside: Clip | None, key: str) -> Desk:
    """The desk of a clip and its reference, which is put on the clip's time axis and left out where it holds other
    speech.
    """
    alignment = align_reference(beside.samples, degraded.samples) if beside else None
    if beside is None or alignment is None or not alignment.same_speech:
        return clips_desk(owner, [("Clip", degraded)], key)
    levels = levels_of(degraded.samples), levels_of(alignment.samples)
    desk = clips_desk(owner, [("Clip", degraded), ("Reference", Clip(alignment.samples, beside.name))], key)
    picture = publish(owner, difference_image(*levels, desk.top), "difference.png")
    tracks = (*desk.tracks, Track("Difference", address(picture), degraded.seconds))
    return Desk(key, tracks, desk.top, compared=True)


def clips_desk(owner: Block, clips: Sequence[tuple[str, Clip]], key: str) -> Desk:
    """The desk of several named clips, all on one colour scale."""
    levels = [levels_of(clip.samples) for _, clip in clips]
    top = top_of(levels)
    tracks = [
        Track(
            name,
            address(publish(owner, levels_image(level, top), "spectrogram.png")),
            clip.seconds,
            publish_sound(owner, clip.samples, clip.name),
        )
        for (name, clip), level in zip(clips, levels, strict=True)
    ]
    return Desk(key, tuple(tracks), top)


def desk_html(owner: Block, clip: str | None, reference: str | None, key: str) -> str:
    """The desk of a clip and its reference as HTML; a sentence where there is nothing to show."""
    if not clip:
        return EMPTY
    try:
        return pair_desk(owner, load_clip(clip), load_clip(reference) if reference else None, key).html()
    except AudioError as problem:
        return f'<p class="sq-hint" role="status">{escape(str(problem))}</p>'


def _transport(desk: Desk) -> str:
    """A button a sound; changing from one to the other goes on where it is."""
    buttons = "".join(
        f'<button type="button" class="sq-play" data-play="{number}" aria-pressed="false">{escape(track.name)}</button>'
        for number, track in enumerate(desk.tracks)
        if track.sound
    )
    sounds = "".join(
        f'<i hidden data-sound="{escape(track.sound)}" data-track="{number}"></i>'
        for number, track in enumerate(desk.tracks)
        if track.sound
    )
    return (
        f'<div class="sq-transport" role="group" aria-label="Players">{buttons}{sounds}'
        f'<span class="sq-clock">0.0 of {desk.seconds:.1f} s</span>'
        '<span class="sq-hint">A click on a picture or a fault plays from there.</span></div>'
    )


def _row(name: str, lane: str, kind: str = "") -> str:
    return f'<div class="sq-row {kind}"><div class="sq-row-name">{name}</div>{lane}</div>'


def _place(desk: Desk, start: float, end: float) -> str:
    """Where a span lies on the time axis, as CSS."""
    return f"left:{100 * start / desk.seconds:.3f}%;width:{100 * (end - start) / desk.seconds:.3f}%"


def _faults(desk: Desk) -> Iterator[str]:
    """A lane a fault, its moments as buttons that play from there."""
    for fault in desk.faults:
        name = fault.kind.replace("-", " ").capitalize()
        spans = fault.spans or ((0.0, desk.tracks[0].seconds),)
        buttons = "".join(
            f'<button type="button" class="sq-span" data-severity="{fault.severity}" data-at="{start:.3f}" '
            f'data-until="{end:.3f}" style="{_place(desk, start, end)}" title="{name}, {_when(fault, start, end)}" '
            f'aria-label="Play {name.lower()}, {_when(fault, start, end)}"></button>'
            for start, end in spans
        )
        yield _row(f"{name} <small>{fault.severity}</small>", f'<div class="sq-lane">{buttons}</div>', "sq-fault")


def _when(fault: HeardArtifact, start: float, end: float) -> str:
    return f"{start:.1f} to {end:.1f} s" if fault.spans else "all along"


def _pictures(desk: Desk) -> Iterator[str]:
    """The spectrograms; the first one has the moments of the faults marked."""
    marks = "".join(
        f'<i class="sq-marked" style="{_place(desk, start, end)}"></i>'
        for fault in desk.faults
        for start, end in fault.spans
    )
    for number, track in enumerate(desk.tracks):
        plays = number if track.sound else 0
        picture = (
            f'<div class="sq-picture" role="slider" tabindex="0" data-play="{plays}" aria-label="Position in '
            f'{escape(track.name)}, in seconds" aria-valuemin="0" aria-valuemax="{desk.seconds:.2f}" aria-valuenow="0">'
            f'<img alt="Spectrogram: {escape(track.name)}" src="{escape(track.picture)}" draggable="false" '
            f'style="width:{100 * track.seconds / desk.seconds:.3f}%">{"" if number else marks}'
            '<i class="sq-cursor"></i><span class="sq-khz" aria-hidden="true"><b>8 kHz</b><b>4</b><b>0</b></span></div>'
        )
        yield _row(escape(track.name), picture, "sq-spectrogram")


def _timeline(desk: Desk) -> Iterator[str]:
    """The MOS of each window of a long clip: the height of a bar, its number on it."""
    if len(desk.timeline) < 2:
        return
    bars = "".join(
        f'<button type="button" class="sq-window" data-at="{point.start:.3f}" data-until="{point.end:.3f}" '
        f'style="{_place(desk, point.start, point.end)};--share:{_height(point.scores["mos"].mean):.3f}" '
        f'title="{_told(point)}" aria-label="Play {_told(point)}"><span>{point.scores["mos"].mean:.1f}</span></button>'
        for point in desk.timeline
    )
    yield _row("MOS over time", f'<div class="sq-lane sq-windows">{bars}</div>', "sq-time")


def _told(point: TimelinePoint) -> str:
    told = ", ".join(f"{name} {score.mean:.1f}" for name, score in point.scores.items())
    return f"{point.start:.0f} to {point.end:.0f} s: {told}".replace("mos", "MOS")


def _height(mos: float) -> float:
    return (mos - LOWEST) / (HIGHEST - LOWEST)


def _axis(seconds: float) -> str:
    step = next((step for step in TICKS if seconds / step <= MOST_TICKS), TICKS[-1])
    ticks = [step * number for number in range(int(seconds / step + 1e-9) + 1)]
    marks = "".join(f'<span style="left:{100 * at / seconds:.3f}%">{at:g}</span>' for at in ticks)
    return _row("Time (s)", f'<div class="sq-axis" aria-hidden="true">{marks}</div>', "sq-axis-row")


def _legend(desk: Desk) -> str:
    levels = (
        f'<span class="sq-scale-key"><span>{desk.top - RANGE_DB:.0f}</span>'
        f'<i style="background:{gradient(LEVELS_MAP)}"></i><span>{desk.top:.0f} dBov</span></span>'
    )
    difference = (
        f'<span class="sq-scale-key"><span>less, −{DIFFERENCE_DB:.0f}</span><i style="background:'
        f'{gradient(DIFFERENCES_MAP)}"></i><span>+{DIFFERENCE_DB:.0f} dB, more than the reference</span></span>'
    )
    return f'<div class="sq-legend">{levels}{difference if desk.compared else ""}</div>'
