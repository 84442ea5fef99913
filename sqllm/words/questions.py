"""What can be asked about a clip: the task families, a random question of each, and the reading blocks.

Five task families are the paper's (arXiv 2512.08238): mos-numeric, dim-numeric, dim-categorical, multi-dim and
explanatory. The others ask whether a clip will do, what is wrong, when, how badly and what mending would give, for
lay people and engineers, and what has nothing to do with audio. Beside these stand the short reading blocks, from
whose next-token probabilities scores and faults are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqllm.listeners.profiles import ListenerProfile
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, HeardArtifact
from sqllm.words.wordings.faults import ASKED, SHARED
from sqllm.words.wordings.held_out import HELD_OUT as HELD_OUT
from sqllm.words.wordings.questions import QUESTIONS as QUESTIONS

if TYPE_CHECKING:
    import numpy as np

COMPARE = "compare"
FAMILIES = tuple(family for family in QUESTIONS if family != COMPARE)  # those about one clip
PRESENT_SHARE = 0.5  # of the questions about a fault, where the clip has any

# Reading blocks: the first wording of each reads, all of them train.
SCORE_REQUESTS = (
    "Rate this clip.",
    "Please rate the quality.",
    "Score this recording.",
    "Give your ratings.",
    "Judge this speech sample.",
    "What scores does this clip get?",
    "You are a listener in a test. Rate what you hear.",
    "Fill in the rating form.",
    "Give scores from 1 to 5.",
    "Say how good this sounds.",
    "As an expert, evaluate the speech.",
    "Your ratings, please.",
    "Assess this call.",
)
SCORE_BLOCKS = {
    "mos": ("Overall", "MOS", "Overall quality", "Quality"),
    "noisiness": ("Noise", "Noisiness", "Background"),
    "coloration": ("Coloration", "Sound colour", "Timbre"),
    "discontinuity": ("Discontinuity", "Continuity", "Interruptions"),
    "loudness": ("Loudness", "Volume", "Level"),
}
FAULT_REQUESTS = ("List the faults.", "Which faults do you hear?", "Name the degradations.")
FAULT_ANSWERS = (" no", " slight", " moderate", " strong")
SPEECH_BLOCK, SPEECH_ANSWERS = "Speech:", (" no", " yes")
NO_SPEECH_ANSWERS = (
    "There is no speech in this clip to rate.",
    "I hear no speech here, so there is nothing to rate.",
    "This clip holds no speech.",
)

DIMENSION_NAMES = {
    "noisiness": ("noisiness", "background noise", "noise level"),
    "coloration": ("coloration", "sound coloration", "timbre"),
    "discontinuity": ("discontinuity", "continuity", "smoothness"),
    "loudness": ("loudness", "volume", "level"),
}
# The MOS from which a clip will do, by the words of the ACR scale (ITU-T P.800): a business call takes "fair", an
# audiobook, heard for hours and by choice, "good"; in an emergency call all that counts is to be understood, "poor".
USES = {"a business call": 3.0, "an audiobook": 4.0, "an emergency call": 2.0}
ACCEPTABLE_MOS = 3.0  # the same where no use is named
NOISE_KINDS, CODEC_KINDS = ("background-noise", "hum", "competing-speaker"), ("codec",)

RATIONALE_QUESTION = QUESTIONS["explanatory"][0]
PRESETS = {
    "Explain the rating": RATIONALE_QUESTION,
    "What is wrong with it?": QUESTIONS["explanatory"][1],
    "Overall score": QUESTIONS["mos-numeric"][0],
    "All five scores": QUESTIONS["multi-dim"][0],
    "How noisy is it?": QUESTIONS["dim-numeric"][0].format(name="noisiness"),
    "Good enough for a call?": QUESTIONS["use"][0].format(use="a business call"),
}


@dataclass(frozen=True)
class Question:
    """A question as worded, its task family, and what it is about: a dimension, the artifact kinds that `asked` words
    (more than one for words such as "drop-outs"), or a use.
    """

    family: str
    text: str
    dimension: str | None = None
    kinds: tuple[str, ...] = ()
    asked: str = ""
    use: str | None = None


def draw_question(
    rng: np.random.Generator, family: str, artifacts: Sequence[HeardArtifact] = (), held_out: bool = False
) -> Question:
    """A random question of a family, in a training wording or (`held_out`) in one that never trains.

    Questions about a fault ask for one of `artifacts` in about half the cases, else for one that is not among them.
    """
    wording = str(rng.choice(list((HELD_OUT if held_out else QUESTIONS)[family])))
    if family == "mos-numeric":
        return Question(family, wording, "mos")
    if "{name}" in wording:
        dimension = str(rng.choice(DIMENSIONS[1:]))
        return Question(family, wording.format(name=str(rng.choice(DIMENSION_NAMES[dimension]))), dimension)
    if "{x}" in wording:
        asked, kinds = _draw_fault(rng, artifacts)
        return Question(family, word_fault(wording, asked), kinds=kinds, asked=asked)
    if "{use}" in wording:
        use = str(rng.choice(list(USES)))
        return Question(family, wording.format(use=use), use=use)
    return Question(family, wording)


def _draw_fault(rng: np.random.Generator, artifacts: Sequence[HeardArtifact]) -> tuple[str, tuple[str, ...]]:
    """Words for a fault, and the kinds they mean."""
    present = sorted({artifact.kind for artifact in artifacts})
    absent = [kind for kind in ARTIFACT_KINDS if kind not in present]
    of_present = bool(present) and (not absent or rng.random() < PRESENT_SHARE)
    kind = str(rng.choice(present if of_present else absent))
    shared = [word for word, meant in SHARED.items() if kind in meant and (of_present or not {*meant} & {*present})]
    if shared and rng.random() < 0.25:
        word = str(rng.choice(shared))
        return word, SHARED[word]
    return str(rng.choice(list(ASKED[kind]))), (kind,)


def word_fault(wording: str, asked: str) -> str:
    """A wording with `{x}` filled: "Are there any lost packets?"."""
    plural = asked.endswith("s") and not asked.endswith("ss")
    is_, does = ("are", "do") if plural else ("is", "does")
    text = wording.format(x=asked, is_=is_.capitalize(), is_lower=is_, does=does)
    for before in ("the", "any", "Any", "What degree of"):
        text = text.replace(f"{before} a ", f"{before} ")
    return text


def with_listener(request: str, profile: ListenerProfile, wording: int = 0) -> str:
    """A request as one listener's: the profile's words and note, then the request."""
    words = profile.wordings[wording % len(profile.wordings)] if profile.wordings else ""
    return " ".join(part for part in (words, profile.note, request) if part)


def fault_block(kind: str) -> str:
    """The reading block of an artifact kind: "Background noise:"."""
    return kind.replace("-", " ").capitalize() + ":"
