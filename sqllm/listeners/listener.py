"""A listener: how one hears (a chain) and how one rates (habits)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sqllm.listeners.chains import CHAINS
from sqllm.listeners.habits import Habits

TYPICAL_NAME = "typical"


@dataclass(frozen=True)
class ListenerProfile:
    """A listener, by name and by wordings, by what reaches their ears and by how they rate that.

    Labels to train on are made from `chain` (of `CHAINS`; empty: the clip as it is), `audiogram` (of
    `sqllm.listeners.chains.AUDIOGRAMS`; a hearing loss) and `habits`. A listener rates on the scale of what they are
    used to, the chain is none of the clip's faults; one with `full_band` compares with the clip as it is instead.

    A model is taught what reaches the ears and asked for that: it reads one of `wordings`; `held_out` are never trained
    on, so that they can tell whether it understood. How the listener rates it is computed. `asked` is the profile with
    those ears, where it is not the listener's own. `note` is what a user wrote about the listener, `understood` and
    `ignored` are what became of it.
    """

    name: str
    title: str
    who: str = ""
    wordings: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    chain: str = ""
    audiogram: str = ""
    full_band: bool = False
    habits: Habits = field(default_factory=Habits)
    asked: str = ""
    note: str = ""
    understood: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def hear(self, samples: np.ndarray) -> np.ndarray:
        """The clip as this listener hears it: [n] float32 at 16 kHz in and out."""
        return CHAINS[self.chain].hear(samples) if self.chain else np.asarray(samples, dtype=np.float32)

    def rate(self, scores: Mapping[str, float]) -> dict[str, float]:
        """This listener's five scores from the labels of what the listener hears, each 1-5."""
        return self.habits.rate(scores)

    @property
    def hears_otherwise(self) -> bool:
        """Whether what reaches this listener is not the clip as it is."""
        return bool(self.chain)

    @property
    def taught_as(self) -> str:
        """The profile with the same ears, which a model has to have been taught to answer for this listener."""
        return self.asked or (self.name if self.hears_otherwise else TYPICAL_NAME)
