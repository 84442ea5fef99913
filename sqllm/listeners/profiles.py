"""Listener profiles: how a listener hears a clip and how that listener rates it.

A profile has wordings (what the model reads) and a cause (what training labels are made from): the teachers rate
the clip as `hear` passes it on, and `rate` turns that into this listener's scores. The model itself always gets
the clip as uploaded, together with one of the wordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from sqllm.scores import clamp
from sqllm.signal.audio import SAMPLE_RATE, active_level, set_level

# Audiogram N3 (moderate, sloping) of IEC 60118-15, hearing threshold in dB HL.
AUDIOGRAM_N3 = ((250, 35), (500, 35), (1000, 40), (1500, 45), (2000, 50), (3000, 55), (4000, 60), (6000, 65))


@dataclass(frozen=True)
class ListenerProfile:
    """A listener, by name, by wordings the model is trained on, and by what they do to a clip and its scores.

    `band` (Hz) is what the playback passes on. `audiogram` (Hz, dB HL) is a hearing loss, applied as a filter and
    turned up to the clip's own level, as such a listener would. `shift` is added to every score; `sensitivity`
    multiplies the distance of a dimension's score from 5, and `mos_weight` says how much of the extra distance
    the MOS loses. `note` is free text that is added to a wording (not trained on: the model's own reading of it).
    """

    name: str
    title: str
    wordings: tuple[str, ...] = ()
    band: tuple[float, float] | None = None
    audiogram: tuple[tuple[float, float], ...] = ()
    shift: float = 0.0
    sensitivity: Mapping[str, float] = field(default_factory=dict)
    mos_weight: float = 0.5
    note: str = ""

    def hear(self, samples: np.ndarray) -> np.ndarray:
        """The clip as this listener hears it: [n] float32 at 16 kHz in and out."""
        from scipy.signal import butter, fftconvolve, firwin2, sosfiltfilt

        heard = samples
        if self.band:
            sections = butter(10, self.band, btype="bandpass", fs=SAMPLE_RATE, output="sos")
            heard = sosfiltfilt(sections, heard)
        if self.audiogram:
            hertz, loss = np.array(self.audiogram, dtype=float).T
            grid = np.array([0, *hertz, SAMPLE_RATE / 2])
            gain = 10 ** (-np.array([loss[0], *loss, loss[-1]]) / 20)
            heard = fftconvolve(heard, firwin2(257, grid, gain / gain.max(), fs=SAMPLE_RATE), mode="same")
            heard = set_level(heard.astype(np.float32), active_level(samples))
        return np.asarray(heard, dtype=np.float32)

    def rate(self, scores: Mapping[str, float]) -> dict[str, float]:
        """This listener's five scores from the teachers' scores of what the listener hears, each 1-5."""
        rated = dict(scores)
        for dimension, factor in self.sensitivity.items():
            lost = (factor - 1) * (5 - scores[dimension])
            rated[dimension] -= lost
            rated["mos"] -= self.mos_weight * lost
        return {name: clamp(value + self.shift) for name, value in rated.items()}

    @property
    def hears_otherwise(self) -> bool:
        """Whether what reaches this listener is not the clip as it is."""
        return bool(self.band or self.audiogram)

    def with_note(self, note: str) -> ListenerProfile:
        """The same listener with something more to read about them."""
        return replace(self, note=" ".join(note.split()))


TYPICAL = ListenerProfile("typical", "Typical listener")
PROFILES: dict[str, ListenerProfile] = {
    profile.name: profile
    for profile in (
        TYPICAL,
        ListenerProfile(
            "noise-sensitive",
            "Noise-sensitive listener",
            wordings=(
                "The listener is sensitive to noise.",
                "Answer for someone who is easily bothered by background noise.",
                "Imagine a listener who can't stand noise.",
                "Noise annoys this listener more than most.",
            ),
            sensitivity={"noisiness": 1.4},
        ),
        ListenerProfile(
            "strict-expert",
            "Strict expert",
            wordings=(
                "The listener is a strict expert.",
                "Answer as a critical audio engineer who rates half a point lower than most.",
                "Imagine a demanding expert listener.",
                "A severe, trained listener is rating.",
            ),
            shift=-0.5,
        ),
        ListenerProfile(
            "hearing-impaired",
            "Listener with hearing loss",
            wordings=(
                "The listener has a moderate hearing loss.",
                "Answer for a hearing-impaired person with an N3 audiogram.",
                "Imagine someone who is hard of hearing, mostly at high frequencies.",
                "The person listening has impaired hearing.",
            ),
            audiogram=AUDIOGRAM_N3,
        ),
        ListenerProfile(
            "phone-speaker",
            "Phone speaker",
            wordings=(
                "The listener hears it on a phone.",
                "It is played through a telephone handset, 300 to 3400 Hz.",
                "Answer for someone on a narrow-band phone line.",
                "Imagine listening through a small phone speaker.",
            ),
            band=(300.0, 3400.0),
        ),
    )
}


def get_profile(profile: str | ListenerProfile | None) -> ListenerProfile:
    """A profile by its name; other text becomes the note of a typical listener ("an audiobook fan, late at night").

    Raises `ValueError` for a single word that is no profile's name: most likely a typing error.
    """
    if isinstance(profile, ListenerProfile):
        return profile
    name = (profile or "").strip() or TYPICAL.name
    key = name.lower().replace("_", "-").replace(" ", "-")
    if key in PROFILES:
        return PROFILES[key]
    if " " not in name:
        raise ValueError(f"There is no listener profile {name!r}; choose one of {', '.join(PROFILES)}.")
    return replace(TYPICAL, name="custom", title="Custom listener").with_note(name)
