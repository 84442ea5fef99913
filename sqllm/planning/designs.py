"""The designs of listening tests: what is asked, on which scales, how often a clip is heard, and what it must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

QUALITY = ("Bad", "Poor", "Fair", "Good", "Excellent")
DEGRADATION = ("Very annoying", "Annoying", "Slightly annoying", "Audible but not annoying", "Inaudible")
COMPARISON = (
    "Much worse",
    "Worse",
    "Slightly worse",
    "About the same",
    "Slightly better",
    "Better",
    "Much better",
)


@dataclass(frozen=True)
class Scale:
    """One question of a design: its column in our tables, what is asked, and the answers from `lowest` upwards."""

    name: str
    question: str
    answers: tuple[str, ...] = QUALITY
    lowest: int = 1


@dataclass(frozen=True)
class Design:
    """`heard`: clips listened to for one answer sheet. `by_reference`: each clip is compared with its clean one."""

    name: str
    title: str
    scales: tuple[Scale, ...]
    heard: int = 1
    by_reference: bool = False


OVERALL = Scale("mos", "The overall quality of the speech is")
SIGNAL = Scale(
    "signal",
    "The speech signal alone is",
    ("Very distorted", "Fairly distorted", "Somewhat distorted", "Slightly distorted", "Not distorted"),
)
BACKGROUND = Scale(
    "background",
    "The background alone is",
    (
        "Very intrusive",
        "Somewhat intrusive",
        "Noticeable but not intrusive",
        "Slightly noticeable",
        "Not noticeable",
    ),
)


def _dimension(name: str, bad: str, good: str) -> Scale:
    return Scale(name, f"{name.capitalize()}: 1 is {bad}, 5 is {good}", ("1", "2", "3", "4", "5"))


DESIGNS: Mapping[str, Design] = {
    design.name: design
    for design in (
        Design("acr", "absolute category rating, ITU-T P.800 annex B", (OVERALL,)),
        Design(
            "dcr",
            "degradation category rating, ITU-T P.800 annex D",
            (Scale("mos", "Against the first clip, the degradation of the second is", DEGRADATION),),
            heard=2,
            by_reference=True,
        ),
        Design(
            "ccr",
            "comparison category rating, ITU-T P.800 annex E",
            (Scale("mos", "Against the first clip, the quality of the second is", COMPARISON, -3),),
            heard=2,
            by_reference=True,
        ),
        Design("p835", "speech, background and overall, ITU-T P.835", (SIGNAL, BACKGROUND, OVERALL), heard=3),
        Design(
            "p804",
            "perceptual dimensions, ITU-T P.804",
            (
                _dimension("noisiness", "noisy", "not noisy"),
                _dimension("coloration", "coloured", "natural"),
                _dimension("discontinuity", "discontinuous", "continuous"),
                _dimension("loudness", "not optimal", "optimal"),
                _dimension("reverberation", "reverberant", "not reverberant"),
                SIGNAL,
                OVERALL,
            ),
            heard=2,
        ),
        Design(
            "mushra",
            "multiple stimuli with hidden reference and anchors, ITU-R BS.1534",
            (Scale("mushra", "The quality of each clip, 0 to 100", lowest=0),),
            heard=3,
            by_reference=True,
        ),
        Design(
            "pairs",
            "preference between two systems",
            (Scale("preference", "Which is better?", ("The first", "The second"), 1),),
            heard=2,
        ),
    )
}

PLATFORM_DESIGNS: Mapping[str, tuple[str, ...]] = {
    "p808": ("acr", "dcr", "ccr", "p835", "p804", "pairs"),
    "hitapp": ("acr", "dcr", "ccr", "p835", "p804", "pairs"),
    "webmushra": tuple(DESIGNS),
    "golisten": ("acr", "mushra", "pairs"),
}


def check_design(design: str, platform: str) -> None:
    """Raises `ValueError` with a sentence where a platform doesn't know the design."""
    if design not in PLATFORM_DESIGNS[platform]:
        able = [name for name, designs in PLATFORM_DESIGNS.items() if design in designs]
        raise ValueError(f"There is no {design} test on {platform}: take --platform {' or '.join(able)}.")
