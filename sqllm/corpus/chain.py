"""What happens to a clip between the talker's mouth and the listener's ear, drawn at random, in call order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sqllm.audio import SAMPLE_RATE, set_level
from sqllm.corpus import degradations as damage
from sqllm.corpus.codecs import apply_codec, lose_packets
from sqllm.corpus.degradations import Artifact, Rng, Wave
from sqllm.corpus.sources import SourceFile, draw_noise, draw_utterance
from sqllm.scores import SEVERITIES

# Room and talker, capture, codec, network, playback; the weight is how often a kind is drawn.
CALL_ORDER = {
    "reverberation": 1.0,
    "background-noise": 1.8,
    "competing-speaker": 0.4,
    "hum": 0.6,
    "amplitude-clipping": 0.9,
    "band-limited": 1.0,
    "codec": 1.4,
    "packet-loss": 1.5,
    "time-clipping": 0.7,
    "echo": 0.5,
    "level-change": 0.4,
    "too-quiet": 0.8,
    "too-loud": 0.5,
}
ARTIFACTS_PER_CLIP = {0: 0.08, 1: 0.42, 2: 0.3, 3: 0.14, 4: 0.06}
NOT_SPEECH = ("silence", "tone", "noise", "recorded-noise")


@dataclass(frozen=True)
class Sources:
    """What one split draws from: talkers by name, noise recordings, and the numbers of the simulated rooms."""

    talkers: dict[str, list[SourceFile]]
    noises: list[SourceFile]
    rooms: range


@dataclass(frozen=True)
class MadeClip:
    """A degraded clip with its clean reference and its truth; `speech` is false for clips that hold none."""

    degraded: Wave
    reference: Wave
    artifacts: list[Artifact]
    talker: str
    lang: str
    speech: bool = True


def make_clip(sources: Sources, rng: Rng, not_speech_share: float = 0.02) -> MadeClip:
    """Draw a talker, an utterance of 3 to 10 s, and up to four degradations."""
    talker = str(rng.choice(sorted(sources.talkers)))
    files = sources.talkers[talker]
    clean = draw_utterance(files, rng, float(rng.uniform(4.0, 10.0)))
    reference = set_level(clean, float(np.clip(rng.normal(-26, 1.5), -30, -22)))
    if rng.random() < not_speech_share:
        return MadeClip(_no_speech(sources, rng, len(reference)), reference, [], talker, files[0].lang, False)
    wave, artifacts = reference, []
    for kind in _draw_kinds(rng):
        wave, artifact = _degrade(wave, kind, str(rng.choice(SEVERITIES)), sources, talker, rng)
        artifacts.append(artifact)
    return MadeClip(np.clip(wave, -1, 1).astype(np.float32), reference, artifacts, talker, files[0].lang)


def _draw_kinds(rng: Rng) -> list[str]:
    counts, shares = zip(*ARTIFACTS_PER_CLIP.items(), strict=True)
    weights = np.array(list(CALL_ORDER.values()))
    count = int(rng.choice(counts, p=shares))
    drawn = set(rng.choice(list(CALL_ORDER), size=count, replace=False, p=weights / weights.sum()))
    if {"too-quiet", "too-loud"} <= drawn:
        drawn.discard("too-loud")
    return [kind for kind in CALL_ORDER if kind in drawn]


def _degrade(wave: Wave, kind: str, severity: str, sources: Sources, talker: str, rng: Rng) -> tuple[Wave, Artifact]:
    if kind == "reverberation":
        return damage.add_reverberation(wave, rng, severity, sources.rooms)
    if kind == "background-noise":
        noise, name = _background(sources, talker, rng, len(wave))
        return damage.add_noise(wave, rng, severity, noise, name)
    if kind == "competing-speaker":
        return damage.add_competing_speaker(wave, rng, severity, _other_talker(sources, talker, rng, len(wave)))
    if kind == "codec":
        return apply_codec(wave, rng, severity)
    if kind == "packet-loss":
        return lose_packets(wave, rng, severity)
    return damage.PLAIN[kind](wave, rng, severity)


def _background(sources: Sources, talker: str, rng: Rng, samples: int) -> tuple[Wave, str]:
    draw = rng.random()
    if draw < 0.55 and sources.noises:
        return draw_noise(sources.noises, rng, samples), "recorded"
    if draw < 0.7:
        voices = [_other_talker(sources, talker, rng, samples) for _ in range(int(rng.integers(6, 13)))]
        return np.sum([set_level(voice, -26) for voice in voices], axis=0).astype(np.float32), "babble"
    return damage.coloured_noise(rng, samples), "coloured"


def _other_talker(sources: Sources, talker: str, rng: Rng, samples: int) -> Wave:
    others = sorted(name for name in sources.talkers if name != talker) or [talker]
    speech = draw_utterance(sources.talkers[str(rng.choice(others))], rng, samples / SAMPLE_RATE)
    return np.roll(np.resize(speech, samples), int(rng.integers(samples)))


def _no_speech(sources: Sources, rng: Rng, samples: int) -> Wave:
    kind, level = str(rng.choice(NOT_SPEECH)), float(rng.uniform(-50, -15))
    if kind == "silence":
        return (rng.standard_normal(samples) * 10 ** (float(rng.uniform(-100, -70)) / 20)).astype(np.float32)
    if kind == "tone":
        time, hertz = np.arange(samples) / SAMPLE_RATE, float(rng.uniform(80, 4000))
        return set_level(np.sin(2 * np.pi * hertz * time).astype(np.float32), level)
    noise = (
        damage.coloured_noise(rng, samples)
        if kind == "noise" or not sources.noises
        else draw_noise(sources.noises, rng, samples)
    )
    return np.clip(set_level(noise, level), -1, 1)


def list_artifacts(artifacts: Sequence[Artifact]) -> str:
    """The artifacts of a clip in one cell: "packet-loss:strong+codec:slight"."""
    return "+".join(f"{artifact.kind}:{artifact.severity}" for artifact in artifacts) or "clean"
