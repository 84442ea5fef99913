"""How well speech is told from other sounds: of each kind of sound, how many clips are taken for speech."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sqllm.evaluation.speech_sounds import NOT_SPEECH, SPEECH, UNDECIDED, Make, Recordings, clips_of
from sqllm.evaluation.tables import markdown_table
from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.speech import find_speech


@dataclass(frozen=True)
class Found:
    """What was found in the clips of one kind of sound; `holds` whether it holds speech (None: people would differ).

    `shares` of each clip that were taken for speech, 0-1; `seconds` that the detector took for 10 s of it.
    """

    kind: str
    holds: bool | None
    shares: tuple[float, ...]
    seconds: float

    @property
    def taken(self) -> int:
        """The clips in which any speech was found."""
        return sum(share > 0 for share in self.shares)

    def cells(self) -> list[str]:
        holds = {True: "yes", False: "no", None: "-"}[self.holds]
        return [self.kind, holds, f"{self.taken} of {len(self.shares)}", f"{np.median(self.shares):.0%}"]


def measure_speech_detection(recordings: Recordings, clips: int = 10) -> Iterator[Found]:
    """Look for speech in so many clips of every kind of sound, a kind at a time."""
    groups: dict[bool | None, Mapping[str, Make]] = {True: SPEECH, False: NOT_SPEECH, None: UNDECIDED}
    for holds, kinds in groups.items():
        for kind, make in kinds.items():
            waves = list(clips_of(kind, make, recordings, clips))
            started = time.perf_counter()
            shares = tuple(find_speech(wave).share for wave in waves)
            taken = time.perf_counter() - started
            yield Found(kind, holds, shares, 10 * taken * SAMPLE_RATE / sum(map(len, waves)))


def table(found: Sequence[Found]) -> list[str]:
    """The figures as a Markdown table, and what they come to in a sentence."""
    right = {holds: [(one.taken, len(one.shares)) for one in found if one.holds is holds] for holds in (True, False)}
    (heard, spoken), (wrong, others) = (np.sum(right[holds] or [(0, 0)], axis=0) for holds in (True, False))
    return [
        *markdown_table(("kind of sound", "speech", "taken for speech", "share (median)"), [f.cells() for f in found]),
        "",
        f"{heard} of {spoken} clips of speech are found, {wrong} of {others} other sounds are taken for speech; "
        f"10 s take {1000 * np.median([one.seconds for one in found]):.0f} ms.",
    ]
