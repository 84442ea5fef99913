"""What happens to a clip between the talker's mouth and the listener's ear, drawn at random, in call order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sqllm.corpus import codecs, disturbances, enhancement, timing, vocoders
from sqllm.corpus import degradations as damage
from sqllm.corpus import terminals as capture
from sqllm.corpus.degradations import Artifact, Rng, Wave
from sqllm.corpus.severity import JUDGED_WHERE_MADE, quality_drop, severity_of_drop, severity_of_residue
from sqllm.corpus.sources import SourceFile, draw_noise, draw_utterance
from sqllm.scores import SEVERITIES
from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, active_level, frame_energies, set_level

Degradation = Callable[[Wave, Rng, str], tuple[Wave, Artifact]]

# Room and talker, capture, enhancement, codec, network, playback; the weight is how often a kind is drawn.
CALL_ORDER = {
    "reverberation": 0.9,
    "competing-speaker": 1.2,
    "background-noise": 1.5,
    "hum": 0.7,
    "amplitude-clipping": 0.8,
    "band-limited": 1.2,
    "noise-suppression": 1.0,
    "codec": 1.4,
    "packet-loss": 1.5,
    "time-clipping": 1.1,
    "echo": 0.9,
    "level-change": 0.8,
    "too-quiet": 0.9,
    "too-loud": 0.9,
    "clicks": 1.4,
    "interference": 1.9,
    "time-warp": 1.7,
    "unknown": 1.3,
}
# The ways a kind comes about, and how often each.
WAYS: dict[str, tuple[tuple[float, Degradation], ...]] = {
    "hum": ((1, damage.add_hum),),
    "amplitude-clipping": ((1, damage.clip_amplitude),),
    "band-limited": ((0.3, damage.limit_band), (0.3, capture.limit_device), (0.4, damage.switch_band)),
    "codec": (
        (0.43, codecs.apply_codec),
        (0.12, codecs.tandem),
        (0.05, capture.add_mnru),
        (0.28, vocoders.vocode),
        (0.12, vocoders.code_by_codec2),
    ),
    "packet-loss": ((0.75, codecs.lose_packets), (0.13, capture.jitter_time), (0.12, timing.stutter)),
    "time-clipping": ((0.35, damage.clip_time), (0.4, capture.clip_onsets), (0.25, timing.mute_stretch)),
    "echo": ((1, damage.add_echo),),
    "level-change": ((0.3, damage.change_level), (0.45, capture.pump_gain), (0.25, damage.swing_level)),
    "too-quiet": ((1, damage.set_too_quiet),),
    "too-loud": ((1, damage.set_too_loud),),
    "clicks": ((1, disturbances.add_clicks),),
    "interference": ((1, disturbances.add_interference),),
    "time-warp": ((0.4, timing.stretch_pieces), (0.35, timing.swing_speed), (0.25, timing.play_at_wrong_speed)),
    "unknown": ((1, disturbances.disturb),),
}
ARTIFACTS_PER_CLIP = {0: 0.10, 1: 0.48, 2: 0.27, 3: 0.11, 4: 0.04}
USUAL_LEVELS = (-32.5, -19.5)  # dBov: nobody calls speech in between too quiet or too loud
OTHER_LEVEL_SHARE = 0.5  # of the references: how loud they are is no reason to blame a clip
NOT_SPEECH = ("silence", "tone", "noise", "recorded-noise")
# dB, of the noise that a denoiser is put to work on
SUPPRESSED_SNRS = {"slight": (24.0, 42.0), "moderate": (12.0, 28.0), "strong": (0.0, 22.0)}


@dataclass(frozen=True)
class Sources:
    """What one split draws from: talkers by name, noise recordings, and the numbers of the simulated rooms."""

    talkers: dict[str, list[SourceFile]]
    noises: list[SourceFile]
    rooms: range


@dataclass
class Drawn:
    """What was drawn for one clip, so that leaks between splits can be found."""

    talkers: set[str] = field(default_factory=set)
    noises: set[str] = field(default_factory=set)
    rooms: set[str] = field(default_factory=set)

    def to_json(self) -> dict[str, list[str]]:
        return {name: sorted(values) for name, values in vars(self).items()}


@dataclass(frozen=True)
class MadeClip:
    """A degraded clip with its clean reference and its truth.

    `artifacts` are heard, `inaudible` ones were applied in vain; `speech` is false for clips that hold none. `drop` is
    `audibility.quality_drop` of the clip, where making it has told.
    """

    degraded: Wave
    reference: Wave
    artifacts: list[Artifact]
    inaudible: list[Artifact]
    talker: str
    lang: str
    drawn: Drawn
    speech: bool = True
    drop: float | None = None


def make_clip(sources: Sources, rng: Rng, not_speech_share: float = 0.02) -> MadeClip:
    """Draw a talker, an utterance of 3 to 10 s, and up to four degradations."""
    talker = str(rng.choice(sorted(sources.talkers)))
    files = sources.talkers[talker]
    clean = draw_utterance(files, rng, float(rng.uniform(4.0, 10.0)))
    reference = _at_usual_level(clean, rng)
    call = Call(sources, talker, reference)
    if rng.random() < not_speech_share:
        wave = call.no_speech(rng, len(reference))
        return MadeClip(wave, reference, [], [], talker, files[0].lang, call.drawn, False)
    kinds = _draw_kinds(rng)
    wave, artifacts = reference, []
    for kind in kinds:
        wave, made = call.degrade(wave, kind, str(rng.choice(SEVERITIES)), int(rng.integers(2**32)))
        artifacts += made
    artifacts.sort(key=lambda artifact: list(CALL_ORDER).index(artifact.kind))
    degraded = np.clip(wave, -1, 1).astype(np.float32)
    heard = [artifact for artifact in artifacts if artifact.severity]
    inaudible = [artifact for artifact in artifacts if not artifact.severity]
    drop = call.drop if len(kinds) == 1 else None if kinds else 0.0
    beside = _at_usual_level(reference, rng) if rng.random() < OTHER_LEVEL_SHARE else reference
    return MadeClip(degraded, beside, heard, inaudible, talker, files[0].lang, call.drawn, drop=drop)


def _at_usual_level(wave: Wave, rng: Rng) -> Wave:
    wave = set_level(wave, float(np.clip(rng.normal(NOMINAL_DBOV, 3), *USUAL_LEVELS)))
    return wave / max(np.float32(1), np.abs(wave).max())  # peaks stay whole


def _draw_kinds(rng: Rng) -> list[str]:
    counts, shares = zip(*ARTIFACTS_PER_CLIP.items(), strict=True)
    weights = np.array(list(CALL_ORDER.values()))
    count = int(rng.choice(counts, p=shares))
    drawn = set(rng.choice(list(CALL_ORDER), size=count, replace=False, p=weights / weights.sum()))
    for one, other in (("too-quiet", "too-loud"), ("noise-suppression", "background-noise")):
        if {one, other} <= drawn:  # a denoiser brings the noise it works on
            drawn.discard(other)
    return [kind for kind in CALL_ORDER if kind in drawn]


@dataclass
class Call:
    """One talker's call: applies degradations and notes what it drew for them, and how far the last one dropped."""

    sources: Sources
    talker: str
    reference: Wave
    drawn: Drawn = field(default_factory=Drawn)
    drop: float | None = None

    def __post_init__(self) -> None:
        self.drawn.talkers.add(self.talker)

    def degrade(self, wave: Wave, kind: str, wanted: str, seed: int) -> tuple[Wave, list[Artifact]]:
        """Apply a kind with a parameter of the wanted severity; its artifacts, each with the severity that is heard
        (empty: none), by what the same step does to the clean clip alone.
        """
        degraded, artifact = self._apply(wave, kind, wanted, np.random.default_rng(seed))
        # A vocoder's false phases are not in the energies that `quality_drop` compares.
        if kind == "too-loud":
            return degraded, [artifact, *damage.overload(degraded)]
        if kind in JUDGED_WHERE_MADE or artifact.parameters.get("codec") == "vocoder":
            return degraded, [artifact]
        alone = degraded
        if wave is not self.reference:
            alone, _ = self._apply(self.reference, kind, wanted, np.random.default_rng(seed))
        drop = quality_drop(self.reference, np.clip(alone, -1, 1))
        self.drop = None if np.isnan(drop) else drop
        severity = wanted if self.drop is None else severity_of_drop(self.drop)
        measured = replace(artifact, severity=severity, parameters={**artifact.parameters, "drop": round(drop, 3)})
        return degraded, [*self._residue(kind, alone), measured]

    def _apply(self, wave: Wave, kind: str, wanted: str, rng: Rng) -> tuple[Wave, Artifact]:
        if kind == "reverberation":
            degraded, artifact = damage.add_reverberation(wave, rng, wanted, self.sources.rooms)
            self.drawn.rooms.add(str(artifact.parameters["room"]))
            return degraded, artifact
        if kind == "background-noise":
            noise, name = self._background(rng, len(wave))
            return damage.add_noise(wave, rng, wanted, noise, name)
        if kind == "competing-speaker":
            return damage.add_competing_speaker(wave, rng, wanted, self._other_talker(rng, len(wave)))
        if kind == "noise-suppression":
            noise, name = self._background(rng, len(wave))
            snr = damage.within(rng, wanted, SUPPRESSED_SNRS)
            degraded, artifact = enhancement.suppress_noise(damage.mix_at_snr(wave, noise, snr), rng, wanted)
            return degraded, replace(artifact, parameters={**artifact.parameters, "snr": snr, "source": name})
        shares, ways = zip(*WAYS[kind], strict=True)
        return ways[int(rng.choice(len(ways), p=shares))](wave, rng, wanted)

    def _residue(self, kind: str, alone: Wave) -> list[Artifact]:
        """The noise that a denoiser left, by its level in the pauses of the clean clip."""
        if kind != "noise-suppression":
            return []
        energies = frame_energies(self.reference)
        pauses = energies < active_level(self.reference) - 30
        if pauses.sum() < 10:
            return []
        left = 10 * np.log10(np.mean(10 ** (frame_energies(alone)[pauses] / 10)))
        decibels = float(active_level(alone) - left)
        severity = severity_of_residue(decibels)
        return [Artifact("background-noise", severity, [], {"snr": decibels, "source": "residue"})] if severity else []

    def _background(self, rng: Rng, samples: int) -> tuple[Wave, str]:
        draw = rng.random()
        if draw < 0.55 and self.sources.noises:
            return self._recorded(rng, samples), "recorded"
        if draw < 0.7:
            voices = [self._other_talker(rng, samples) for _ in range(int(rng.integers(6, 13)))]
            return np.sum([set_level(voice, -26) for voice in voices], axis=0).astype(np.float32), "babble"
        return damage.coloured_noise(rng, samples), "coloured"

    def _recorded(self, rng: Rng, samples: int) -> Wave:
        file = self.sources.noises[int(rng.integers(len(self.sources.noises)))]
        self.drawn.noises.add(file.path.name)
        return draw_noise(file, rng, samples)

    def _other_talker(self, rng: Rng, samples: int) -> Wave:
        others = sorted(name for name in self.sources.talkers if name != self.talker) or [self.talker]
        name = str(rng.choice(others))
        self.drawn.talkers.add(name)
        speech = draw_utterance(self.sources.talkers[name], rng, samples / SAMPLE_RATE)
        return np.roll(np.resize(speech, samples), int(rng.integers(samples)))

    def no_speech(self, rng: Rng, samples: int) -> Wave:
        """Silence, a tone, or noise, without any speech."""
        kind, level = str(rng.choice(NOT_SPEECH)), float(rng.uniform(-50, -15))
        if kind == "silence":
            return (rng.standard_normal(samples) * 10 ** (float(rng.uniform(-100, -70)) / 20)).astype(np.float32)
        if kind == "tone":
            time, hertz = np.arange(samples) / SAMPLE_RATE, float(rng.uniform(80, 4000))
            return set_level(np.sin(2 * np.pi * hertz * time).astype(np.float32), level)
        recorded = kind == "recorded-noise" and self.sources.noises
        noise = self._recorded(rng, samples) if recorded else damage.coloured_noise(rng, samples)
        return np.clip(set_level(noise, level), -1, 1)


def list_artifacts(artifacts: Sequence[Artifact]) -> str:
    """The artifacts of a clip in one cell: "packet-loss:strong+codec:slight"."""
    return "+".join(f"{artifact.kind}:{artifact.severity}" for artifact in artifacts) or "clean"
