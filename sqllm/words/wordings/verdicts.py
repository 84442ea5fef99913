"""What is said of dimensions and of whole clips: what is fine, what is low, and what clean speech sounds like."""

from __future__ import annotations

from collections.abc import Mapping

FINE: Mapping[str, tuple[str, ...]] = {
    "noisiness": (
        "there is no noise to speak of",
        "the background is quiet",
        "nothing disturbs behind the voice",
        "hardly any noise is heard",
    ),
    "coloration": (
        "the voice sounds natural",
        "the timbre is natural",
        "the voice keeps its colour",
        "the sound of the voice is undistorted",
    ),
    "discontinuity": (
        "the speech is continuous",
        "nothing is missing from the speech",
        "the speech flows without breaks",
        "every word comes through whole",
    ),
    "loudness": ("the level is pleasant", "the level is right", "the volume is comfortable", "it is at a good level"),
}

# A low dimension where no fault is known.
LOW: Mapping[str, str] = {
    "noisiness": "noise",
    "coloration": "an unnatural sound colour",
    "discontinuity": "interruptions",
    "loudness": "an unpleasant level",
}

# Where all four dimensions are fine and no fault is known.
CLEAN: tuple[str, ...] = (
    "Clean, natural speech without interruptions",
    "Nothing disturbs: clear and continuous at a good level",
    "I hear no noise, no gaps and a natural voice",
    "The speech is clear and undistorted",
    "Clear speech, close to a studio recording",
    "A clear, present voice with nothing in the way",
    "Effortless to follow from the first word to the last",
    "The talker sounds close, clear and unimpaired",
    "Transparent sound with no audible impairment",
    "No impairment is audible",
    "The voice is open and free of artifacts",
    "This is what an unimpaired recording sounds like",
    "Spotless speech, quiet background, steady level",
    "I can't name a fault here",
)
NO_FAULT: tuple[str, ...] = (
    "No fault stands out",
    "I can't point to a fault",
    "Nothing in particular disturbs",
    "I find no clear fault",
)
NONE_FOUND: tuple[str, ...] = (
    "no artifacts found",
    "no impairment detected",
    "no degradation identified",
    "there is no fault to fix",
    "nothing to mend",
    "no artifacts",
    "no faults",
    "no impairments",
    "no degradations",
)
UNNAMED: tuple[str, ...] = (
    "No single fault stands out, yet it does not sound good",
    "It sounds poor without one clear cause",
    "I can't name one cause, but the impression is weak",
    "Something is off as a whole rather than in one place",
)
LIKE_REFERENCE: tuple[str, ...] = (
    "It sounds like the reference",
    "I hear no change against the reference",
    "Nothing was lost against the reference",
    "Clip and reference sound alike",
)

# How it is to listen to, by category of the MOS, worst first.
LAY_VERDICTS: tuple[tuple[str, ...], ...] = (
    ("This is very hard to listen to", "You would give up on this call", "Hardly anybody could follow this"),
    ("This is tiring to listen to", "You would soon get annoyed with this", "It takes real effort to follow this"),
    ("You can follow this with some effort", "It will do, but it is not nice to hear", "This is passable"),
    ("This is easy to listen to", "You would be content with this", "This sounds good on the whole"),
    ("This sounds as if the person were in the room", "You could not wish for better", "This is a joy to hear"),
)
