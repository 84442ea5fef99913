"""What can be asked about a clip: the task families with their slots, and the reading blocks.

Five task families are the paper's (arXiv 2512.08238): mos-numeric, dim-numeric, dim-categorical, multi-dim and
explanatory. The others ask whether a clip will do, what is wrong, when, how badly and what mending would give, what can
be measured of it, how sure the scores are, what can't be told from sound, and what has nothing to do with audio. Beside
these stand the short reading blocks, from whose next-token probabilities scores and faults are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqllm.listeners.listener import ListenerProfile
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, HeardArtifact
from sqllm.words.limits import Limit
from sqllm.words.wordings.faults import ASKED, SHARED
from sqllm.words.wordings.held_out import HELD_OUT as HELD_OUT
from sqllm.words.wordings.questions import QUESTIONS as QUESTIONS

if TYPE_CHECKING:
    import numpy as np

COMPARE = "compare"
TAUGHT_FAMILIES = tuple(family for family in QUESTIONS if family != COMPARE)  # those the listening LLM learns to answer
# All about one clip, with what a plain "yes" means where they can be asked that way.
FAMILIES = (
    *TAUGHT_FAMILIES,  # acceptability, use: good enough; presence: it is there; same-reference: the same speech
    "count",
    "fine",
    "reference-difference",
    "distinguishable",  # people could tell it from the original
    "measurement",
    "level-verdict",  # the fault of `kinds` is there
    "intelligibility",  # the words can be understood
    "other-scale",
    "confidence",  # the model is sure
    "agreement",  # people would agree
    "listeners-needed",
    "worst-time",
    "constancy",  # the same all through
    "part",
    "origin",
    "synthetic",  # the voice is artificial
    "cannot-tell",
    "listener",
    "term",
    "speech-share",  # there is speech
    "other-language",
    "unclear",
)
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
# The MOS from which a clip will do, by the words of the ACR scale (ITU-T P.800): 2 poor, 3 fair, 4 good.
USES = {
    "a business call": 3.0,  # fair: one listens for the content, for minutes, and can ask back
    "a video meeting": 3.0,  # the same, with several people
    "a customer service call": 3.0,  # the same, with a stranger
    "an interview": 3.0,  # content counts, and nobody can ask back
    "a voice message": 2.5,  # heard once, from somebody one knows
    "an emergency call": 2.0,  # all that counts is to be understood
    "a podcast": 3.5,  # between fair and good: heard for long and by choice
    "an online course": 3.5,  # heard for long, with attention
    "a video": 3.5,  # a voice-over, beside pictures and music
    "a broadcast": 4.0,  # good: what listeners are used to from radio and television
    "an audiobook": 4.0,  # good: heard for hours, by choice, and paid for
    "an announcement": 4.0,  # a recorded prompt, heard a thousand times
    "speech recognition": 2.5,  # machines take some damage, as listeners in a hurry do
    "voice training data": 4.3,  # a voice that is built from it inherits every fault
}
TAUGHT_USES = ("a business call", "an audiobook", "an emergency call")  # those the listening LLM knows
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


# What can be measured of a clip.
MEASURES = (
    "level",
    "snr",
    "noise-floor",
    "bandwidth",
    "clipping",
    "dc",
    "gaps",
    "crest",
    "peak",
    "duration",
    "format",
    "sample-rate",
    "channels",
)
# Scales and figures of merit that are not the five: some follow from the MOS by a rule, some can only be declined.
SCALES = (
    "mushra",
    "percent",
    "ten",
    "stars",
    "grade",
    "good-or-better",
    "poor-or-worse",
    "sig",
    "bak",
    "ovrl",
    "dmos",
    "ccr",
    "r-factor",
    "pesq",
    "polqa",
    "visqol",
    "stoi",
    "wer",
    "si-sdr",
)
PARTS = ("beginning", "middle", "end", "time")
# What sound alone, or this model, does not tell.
TOPICS = (
    "sex",
    "age",
    "words",
    "language",
    "emotion",
    "codec-name",
    "device",
    "place",
    "who",
    "cause",
    "date",
    "delay",
)
# What people ask the meaning of, besides dimensions, artifact kinds, measures and scales.
TERMS = (
    "mos",
    *DIMENSIONS[1:],
    *ARTIFACT_KINDS,
    *MEASURES[:9],
    *SCALES,
    "number",  # what a score such as 3 stands for
    "category",  # what a word of the scale stands for
    "interval",
    "votes",
    "severity",
    "reference",
    "listener",
)
LEVEL_KINDS = ("too-quiet", "too-loud")


@dataclass(frozen=True)
class Question:
    """One thing that is asked, as worded, its task family, and what it is about.

    - `dimension` is one of `DIMENSIONS`; `kinds` are the artifact kinds that `asked` words (more than one for words
      such as "drop-outs"; none where it names a fault that is not known); `use` is a key of `USES`; `measure`, `scale`,
      `part`, `topic` and `term` are of `MEASURES`, `SCALES`, `PARTS`, `TOPICS` and `TERMS`.
    - `negated`: a "yes" to it is a "no" to its family's plain question ("Is it free of echo?", "Is it loud enough?",
      which is level-verdict of `too-quiet`, "Would people disagree?"; `FAMILIES` says which is plain).
    - `closed`: it can be answered by yes or no. `doubted`: whether it is negated is in doubt; then it is answered by a
      statement, without a yes or no.
    - `seconds` are the times it names: one moment, or from - to; `number` is another figure in it, such as how many
      listeners there are. `limit` is a score that it compares the clip's with ("above 3", "is it 1.2?").
    - `instead` is what it asks to be measured and is not, as a sentence calls it; `measure` and `kinds` then say what
      is nearest. A `use` that no limit is known for is None, and `asked` what it is called.
    - `listener` are the words that describe whose judgement it wants; empty: of whoever asks.
    - `rank` is the place among the worst that it asks for (2: the second worst), `how_many` how many of them; `each`:
      it asks for all of several, one by one; `all_at_once`: for all of them mended together.
    """

    family: str
    text: str
    dimension: str | None = None
    kinds: tuple[str, ...] = ()
    asked: str = ""
    use: str | None = None
    measure: str | None = None
    scale: str | None = None
    part: str | None = None
    topic: str | None = None
    term: str | None = None
    negated: bool = False
    closed: bool = False
    doubted: bool = False
    seconds: tuple[float, ...] = ()
    number: float | None = None
    limit: Limit | None = None
    rank: int | None = None
    how_many: int | None = None
    each: bool = False
    all_at_once: bool = False
    instead: str = ""
    listener: str = ""

    @property
    def in_full(self) -> str:
        """The question with the listener whom it took over from the one before, as the next one goes on from it."""
        told = not self.listener or self.listener.lower() in self.text.lower()
        return self.text if told else f"{self.text.rstrip(' ?.!')} for {self.listener}?"


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
        use = str(rng.choice(TAUGHT_USES))
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
        text = text.replace(f"{before} a ", f"{before} ").replace(f"{before} an ", f"{before} ")
    return text


def with_listener(request: str, profile: ListenerProfile, wording: int = 0) -> str:
    """A request as one listener's: the profile's words, then the request."""
    return f"{profile.wordings[wording % len(profile.wordings)]} {request}" if profile.wordings else request


def fault_block(kind: str) -> str:
    """The reading block of an artifact kind: "Background noise:"."""
    return kind.replace("-", " ").capitalize() + ":"
