"""The template bank: what can be asked about a clip, in many wordings, and the answers that truth gives.

Five task families of the paper (arXiv 2512.08238): mos-numeric, dim-numeric, dim-categorical, multi-dim and
explanatory, plus acceptability. Beside these stand the short reading blocks, from whose next-token probabilities
scores and faults are read, and the notes of those readings, behind which every text answer is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqllm.profiles import ListenerProfile
from sqllm.scores import DIMENSIONS, HeardArtifact, category, describe

if TYPE_CHECKING:
    import numpy as np

FAMILIES = ("mos-numeric", "dim-numeric", "dim-categorical", "multi-dim", "explanatory", "acceptability")
ACCEPTABLE_MOS = 3.0

# Reading blocks: the first wording of each reads, all of them train.
SCORE_REQUESTS = (
    "Rate this clip.",
    "Please rate the quality.",
    "Score this recording.",
    "Give your ratings.",
    "Judge this speech sample.",
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


NAMES = {
    "noisiness": ("noisiness", "background noise", "noise level"),
    "coloration": ("coloration", "sound coloration", "timbre"),
    "discontinuity": ("discontinuity", "continuity", "smoothness"),
    "loudness": ("loudness", "volume", "level"),
}

QUESTIONS: Mapping[str, Sequence[str]] = {
    "mos-numeric": (
        "What is the MOS of this clip?",
        "What is the overall quality from 1 to 5?",
        "How good does this sound, from 1 to 5?",
        "Give the mean opinion score.",
        "Which MOS would a listening panel give?",
        "Rate the overall quality with one number.",
        "How would you score this speech overall?",
        "On a scale of 1 to 5, how good is the quality?",
        "Please estimate the MOS.",
        "What overall score does this recording deserve?",
        "Tell me the overall quality score.",
        "How would listeners rate this sample on the ACR scale?",
        "Put a number on the quality of this call.",
        "What score would you give this clip?",
    ),
    "dim-numeric": (
        "How do you rate the {name} from 1 to 5?",
        "What is the {name} score?",
        "Give a score for {name}.",
        "Score the {name} of this clip.",
        "On a scale of 1 to 5, how good is the {name}?",
        "Please rate {name} with one number.",
        "Which {name} score would a panel give?",
        "Estimate the {name} of this recording.",
        "Put a number on the {name}.",
        "How would listeners score {name}?",
        "Tell me the {name} rating.",
        "Judge only the {name}: which score?",
        "From 1 (worst) to 5 (best), what is the {name}?",
    ),
    "dim-categorical": (
        "Is the {name} very bad, poor, fair, good or excellent?",
        "Describe the {name} in one word of the scale.",
        "Which category fits the {name}?",
        "How is the {name}: very bad, poor, fair, good or excellent?",
        "Choose a category for {name}.",
        "Name the quality category of the {name}.",
        "In words, how good is the {name}?",
        "Classify the {name} of this clip.",
        "Would you call the {name} poor, fair or good?",
        "What is the {name} like, in one word?",
        "Grade the {name} in words.",
        "Give the {name} as a category.",
    ),
    "multi-dim": (
        "Give the MOS and all four dimensions.",
        "Rate the overall quality, noisiness, coloration, discontinuity and loudness.",
        "Score all five scales.",
        "What are the MOS and the dimension scores?",
        "Please fill in all ratings.",
        "List the five scores.",
        "How do you rate this clip on every scale?",
        "Give a full set of scores.",
        "Rate MOS, noise, coloration, discontinuity and loudness.",
        "Report every quality dimension with its score.",
        "I need all five numbers.",
        "Assess the clip on all scales.",
    ),
    "explanatory": (
        "Explain your rating.",
        "What is wrong with this clip?",
        "Why would a listener rate it like that?",
        "Describe the quality and give reasons.",
        "Give your verdict with a reason.",
        "How does it sound, and why?",
        "What limits the quality here?",
        "Tell me what you hear and how much it costs.",
        "Justify the overall score.",
        "What would a careful listener say about this?",
        "Summarise the quality of this clip.",
        "Which degradations do you hear?",
        "Rate the clip and explain.",
    ),
    "acceptability": (
        "Would this pass in a business call?",
        "Is this good enough for a phone call?",
        "Is the quality acceptable?",
        "Could I use this recording?",
        "Would you accept this quality?",
        "Is this clip usable?",
        "Would a customer be happy with this?",
        "Is it fine for a meeting?",
        "Can this be used as it is?",
        "Does it meet an acceptable quality?",
        "Would most users be satisfied?",
        "Is that good enough?",
    ),
}

RATIONALE_QUESTION = QUESTIONS["explanatory"][0]
PRESETS = {
    "Explain the rating": RATIONALE_QUESTION,
    "What is wrong with it?": QUESTIONS["explanatory"][1],
    "Overall score": QUESTIONS["mos-numeric"][0],
    "All five scores": QUESTIONS["multi-dim"][0],
    "How noisy is it?": QUESTIONS["dim-numeric"][0].format(name="noisiness"),
    "Good enough for a call?": QUESTIONS["acceptability"][0],
}


_NUMERIC = ("MOS {mos}.", "I would give it {mos}.", "The MOS is {mos}.", "{mos}")
_DIMENSION = ("{name} {slot}.", "I rate the {name} {slot}.", "{slot}")
_CATEGORICAL = ("{category}", "The {name} is {category}.")
_ALL = "MOS {mos}, noisiness {noisiness}, coloration {coloration}, discontinuity {discontinuity}, loudness {loudness}."
_VERDICTS = (
    "MOS {mos}, {word}.",
    "I hear {word} quality, about {mos}.",
    "Overall {word}, {mos} on the scale.",
    "A {word} clip: {mos}.",
    "This gets {mos} from me, which is {word}.",
    "{word} overall ({mos}).",
)
_FAULTS = {
    "background-noise": {
        "slight": "faint background noise",
        "moderate": "clearly audible background noise",
        "strong": "strong background noise",
    },
    "hum": {"slight": "a faint hum", "moderate": "a clear hum", "strong": "a loud hum"},
    "competing-speaker": {
        "slight": "another voice faintly behind the talker",
        "moderate": "a second voice in the background",
        "strong": "another talker speaking over the first",
    },
    "packet-loss": {
        "slight": "a few lost packets",
        "moderate": "repeated packet loss",
        "strong": "heavy packet loss",
    },
    "time-clipping": {"slight": "a short drop-out", "moderate": "several drop-outs", "strong": "many drop-outs"},
    "amplitude-clipping": {
        "slight": "slight clipping on the peaks",
        "moderate": "audible clipping",
        "strong": "harsh clipping",
    },
    "codec": {
        "slight": "slight codec colouring",
        "moderate": "audible codec distortion",
        "strong": "strong codec distortion",
    },
    "noise-suppression": {
        "slight": "light traces of noise suppression",
        "moderate": "audible noise-suppression artifacts",
        "strong": "speech damaged by noise suppression",
    },
    "band-limited": {
        "slight": "slightly dull sound",
        "moderate": "a narrow telephone-like band",
        "strong": "a very narrow band that makes it muffled or thin",
    },
    "reverberation": {
        "slight": "a little room sound",
        "moderate": "clear reverberation",
        "strong": "heavy reverberation",
    },
    "echo": {"slight": "a faint echo", "moderate": "a clear echo", "strong": "a strong echo"},
    "too-quiet": {"slight": "a low level", "moderate": "a level that is too low", "strong": "a level far too low"},
    "too-loud": {
        "slight": "a rather high level",
        "moderate": "a level that is too high",
        "strong": "a level far too high",
    },
    "level-change": {
        "slight": "a small change of level",
        "moderate": "a clear change of level",
        "strong": "a sudden large change of level",
    },
}
_WITHOUT_TRUTH = {
    "noisiness": "noise",
    "coloration": "an unnatural sound colour",
    "discontinuity": "interruptions",
    "loudness": "an unpleasant level",
}
_ONE_FAULT = (
    "It suffers from {first}.",
    "The main problem is {first}.",
    "What stands out is {first}.",
    "I notice {first}.",
    "{first} sets the verdict.",
)
_MORE_FAULTS = (
    "The main problem is {first}, with {rest} on top.",
    "I hear {first} and also {rest}.",
    "It suffers from {first}; there is {rest} too.",
    "{first} weighs most, then {rest}.",
)
_NO_FAULT = (
    "Clean, natural speech without interruptions.",
    "Nothing disturbs: clear and continuous at a good level.",
    "I hear no noise, no gaps and a natural voice.",
    "The speech is clear and undistorted.",
)
_UNNAMED_FAULT = ("No single fault stands out, yet it does not sound good.", "It sounds poor without one clear cause.")
_FINE = {
    "noisiness": "there is no noise to speak of",
    "coloration": "the voice sounds natural",
    "discontinuity": "the speech is continuous",
    "loudness": "the level is pleasant",
}
_TOUCHES = {
    "noisiness": {"background-noise", "hum", "competing-speaker"},
    "coloration": {
        "codec",
        "band-limited",
        "amplitude-clipping",
        "reverberation",
        "echo",
        "noise-suppression",
        "packet-loss",
    },
    "discontinuity": {"packet-loss", "time-clipping"},
    "loudness": {"too-quiet", "too-loud", "level-change", "packet-loss", "time-clipping"},
}
NO_SPEECH_ANSWERS = (
    "There is no speech in this clip to rate.",
    "I hear no speech here, so there is nothing to rate.",
    "This clip holds no speech.",
)
_SEVERITY_ORDER = ("strong", "moderate", "slight")


@dataclass(frozen=True)
class Question:
    """A question as worded, its task family, and the dimension it is about, where it is about one."""

    family: str
    text: str
    dimension: str | None = None


def draw_question(rng: np.random.Generator, family: str) -> Question:
    """A random wording of a family, about a random dimension where it needs one."""
    wording = str(rng.choice(list(QUESTIONS[family])))
    if "{name}" not in wording:
        return Question(family, wording, "mos" if family == "mos-numeric" else None)
    dimension = str(rng.choice(DIMENSIONS[1:]))
    return Question(family, wording.format(name=str(rng.choice(NAMES[dimension]))), dimension)


def compose_answer(
    question: Question,
    scores: Mapping[str, float],
    artifacts: Sequence[HeardArtifact],
    rng: np.random.Generator,
) -> str:
    """What truth answers: `scores` are the listener's own (1-5), `artifacts` the faults that are known of the clip."""
    said = {name: f"{value:.1f}" for name, value in scores.items()}
    if question.family == "mos-numeric":
        return _pick(rng, _NUMERIC).format(**said)
    if question.family in ("dim-numeric", "dim-categorical"):
        name = str(question.dimension)
        templates = _DIMENSION if question.family == "dim-numeric" else _CATEGORICAL
        chosen = _pick(rng, templates)
        return _capital(chosen.format(name=name, slot=said[name], category=category(scores[name])))
    if question.family == "multi-dim":
        return _ALL.format(**said)
    verdict, reason = _verdict(scores["mos"], rng), _reason(scores, artifacts, rng)
    if question.family == "acceptability":
        yes = round(scores["mos"], 1) >= ACCEPTABLE_MOS
        return f"{'Yes' if yes else 'No'}, with a MOS of {said['mos']}. {reason}"
    return f"{verdict} {reason}"


def _verdict(mos: float, rng: np.random.Generator) -> str:
    word = describe("mos", round(mos, 1)).lower()
    return _capital(_pick(rng, _VERDICTS).format(mos=f"{mos:.1f}", word=word))


def _reason(scores: Mapping[str, float], artifacts: Sequence[HeardArtifact], rng: np.random.Generator) -> str:
    """One or two sentences: the faults by weight, and what is fine."""
    faults = _faults_by_weight(scores, artifacts)
    if not faults:
        return _pick(rng, _NO_FAULT if scores["mos"] >= 3.5 else _UNNAMED_FAULT)
    first, rest = faults[0], faults[1:3]
    template = _pick(rng, _MORE_FAULTS if rest else _ONE_FAULT)
    sentence = _capital(template.format(first=first, rest=" and ".join(rest)))
    kinds = {artifact.kind for artifact in artifacts}
    fine = [_FINE[name] for name in _FINE if scores[name] >= 4.2 and not kinds & _TOUCHES[name]]
    if fine and rng.random() < 0.6:
        sentence += " " + _capital(_pick(rng, fine)) + "."
    return sentence


def _faults_by_weight(scores: Mapping[str, float], artifacts: Sequence[HeardArtifact]) -> list[str]:
    """The faults in words, the worst first; where none is known, the dimensions that are low."""
    if artifacts:
        return [_FAULTS[artifact.kind][artifact.severity] for artifact in _by_severity(artifacts)]
    low = sorted((name for name in _WITHOUT_TRUTH if scores[name] < 3.5), key=lambda name: scores[name])
    return [_WITHOUT_TRUTH[name] for name in low]


def _by_severity(artifacts: Sequence[HeardArtifact]) -> list[HeardArtifact]:
    return sorted(artifacts, key=lambda artifact: _SEVERITY_ORDER.index(artifact.severity))


def notes(scores: Mapping[str, float], artifacts: Sequence[HeardArtifact]) -> str:
    """What the listener has noted before answering: own scores and faults, read off the same audio.

    Every text answer begins behind them, so that words, scores and faults can't contradict each other.
    """
    numbers = _ALL.format(**{dimension: f"{scores[dimension]:.1f}" for dimension in DIMENSIONS})
    faults = ", ".join(f"{a.severity} {a.kind.replace('-', ' ')}" for a in _by_severity(artifacts)) or "none"
    return f"Notes: {numbers} Faults: {faults}.\n"


def with_listener(request: str, profile: ListenerProfile, wording: int = 0) -> str:
    """A request as one listener's: the profile's words and note, then the request."""
    words = profile.words[wording % len(profile.words)] if profile.words else ""
    return " ".join(part for part in (words, profile.note, request) if part)


def fault_block(kind: str) -> str:
    """The reading block of an artifact kind: "Background noise:"."""
    return _capital(kind.replace("-", " ")) + ":"


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
