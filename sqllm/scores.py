"""Scores: what a judgement is made of, and its wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

DIMENSIONS = ("mos", "noisiness", "coloration", "discontinuity", "loudness")
LOWEST, HIGHEST = 1.0, 5.0
GRID = np.round(np.arange(10, 51) / 10, 1)  # 1.0 ... 5.0, what a score's probabilities belong to

ARTIFACT_KINDS = (
    "background-noise",
    "hum",
    "competing-speaker",
    "packet-loss",
    "time-clipping",
    "amplitude-clipping",
    "codec",
    "noise-suppression",
    "band-limited",
    "reverberation",
    "echo",
    "too-quiet",
    "too-loud",
    "level-change",
    "clicks",
    "interference",
    "time-warp",
    "unknown",  # heard, but none of the names above fits
)
PROFILE_NAMES = (  # of the listeners that come with the program (`sqllm.listeners.known`)
    "typical",
    "noise-sensitive",
    "dropout-sensitive",
    "strict-expert",
    "lenient",
    "mild-hearing-loss",
    "hearing-impaired",
    "severe-hearing-loss",
    "phone-speaker",
    "laptop-speaker",
    "street-noise",
    "quiet-headphones",
)
# Those that happen at moments, and with them those that may begin or end within a clip; in the locator's order.
BRIEF_KINDS = ("packet-loss", "time-clipping", "level-change", "clicks", "interference")
LOCATED_KINDS = (*BRIEF_KINDS, "time-warp", "band-limited")
SEVERITIES = ("slight", "moderate", "strong")
CERTAIN = 0.75  # the probability from which an artifact is stated as heard

# (upper end of the range, category of the paper, wording of the ITU-T P.800 scale)
_CATEGORIES = ((1.5, "very bad", "Bad"), (2.5, "poor", "Poor"), (3.5, "fair", "Fair"), (4.5, "good", "Good"))
CATEGORIES = ("very bad", "poor", "fair", "good", "excellent")

DIMENSION_WORDS = {
    "mos": ("Overall quality", ("Bad", "Poor", "Fair", "Good", "Excellent")),
    "noisiness": ("Noisiness", ("Very noisy", "Noisy", "Somewhat noisy", "Slightly noisy", "Not noisy")),
    "coloration": ("Coloration", ("Very distorted", "Distorted", "Somewhat coloured", "Slightly coloured", "Natural")),
    "discontinuity": (
        "Discontinuity",
        ("Very discontinuous", "Discontinuous", "Somewhat choppy", "Slightly choppy", "Continuous"),
    ),
    "loudness": (
        "Loudness",
        ("Very unpleasant level", "Unpleasant level", "Somewhat off", "Slightly off", "Optimal level"),
    ),
}


def clamp(score: float) -> float:
    """The nearest score of the scale, 1 to 5."""
    return min(HIGHEST, max(LOWEST, score))


@dataclass(frozen=True)
class Score:
    """A score on the 1-5 scale (5 = best): mean and standard deviation over `probabilities`.

    `probabilities` belong to 1.0, 1.1, ... 5.0, shape [41]; empty where only mean and std are known.
    """

    mean: float
    std: float
    probabilities: np.ndarray = field(default_factory=lambda: np.zeros(0), compare=False, repr=False)

    @classmethod
    def from_probabilities(cls, probabilities: np.ndarray) -> Score:
        """Mean and standard deviation of a distribution over the grid 1.0 ... 5.0, shape [41]."""
        mean = float(probabilities @ GRID)
        std = float(max(0.0, float(probabilities @ np.square(GRID - mean)))) ** 0.5
        return cls(mean, std, probabilities)

    def interval(self, coverage: float = 0.9) -> tuple[float, float]:
        """The central interval that holds `coverage` of the probability; a normal one's where only mean and std are
        known.
        """
        if not len(self.probabilities):
            half = NormalDist().inv_cdf((1 + coverage) / 2) * self.std
            return self.mean - half, self.mean + half
        cumulated = np.cumsum(self.probabilities)
        tail = (1 - coverage) / 2
        low = int(np.searchsorted(cumulated, tail))
        high = int(np.searchsorted(cumulated, 1 - tail - 1e-9))
        return float(GRID[low]), float(GRID[min(high, len(GRID) - 1)])

    def to_json(self) -> dict[str, float]:
        """Mean, standard deviation, and the ends of the 90% interval."""
        low, high = self.interval()
        return {"mean": round(self.mean, 2), "std": round(self.std, 2), "low": round(low, 2), "high": round(high, 2)}


@dataclass(frozen=True)
class VoteShares:
    """How votes on a clip would fall: `probabilities` of 1, 2, 3, 4 and 5, shape [5].

    This is what people differ in; what a score's `std` tells is how unsure the model is of their mean.
    """

    probabilities: np.ndarray = field(compare=False)

    @property
    def std(self) -> float:
        """Standard deviation of a vote."""
        points = np.arange(1, len(self.probabilities) + 1)
        mean = float(self.probabilities @ points)
        return float(np.sqrt(max(0.0, float(self.probabilities @ np.square(points - mean)))))

    def to_json(self) -> dict[str, object]:
        return {"probabilities": [round(float(share), 3) for share in self.probabilities], "std": round(self.std, 2)}


@dataclass(frozen=True)
class HeardArtifact:
    """An artifact the model hears: kind and severity of the closed sets, spans in seconds (empty: all along), and how
    probable it is that it is there at all (1 for what was done to a simulated clip).
    """

    kind: str
    severity: str
    spans: tuple[tuple[float, float], ...] = ()
    probability: float = field(default=1.0, compare=False)

    @property
    def certain(self) -> bool:
        """Whether it is stated without a "possibly"."""
        return self.probability >= CERTAIN

    def to_json(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "severity": self.severity,
            "probability": round(self.probability, 3),
            "spans": [list(span) for span in self.spans],
        }


@dataclass(frozen=True)
class ReferenceMatch:
    """How a reference fits its clip: `identical` (nothing differs), `same` (speech) or `other` (speech: not used).

    `lag` is how much later the main part of the clip is, in seconds; `drift` how much slower the clip runs (0.01: 1%);
    `matched` the share (0-1) of the clip's speech that the reference holds. `lost` are the spans (seconds of the clip)
    in which speech of the reference is gone, `share_lost` of all of it, and `added` those in which there is sound where
    the reference is silent. `removed` are the places where the clip skips a piece of the reference: about when, in
    seconds of the clip, and how many seconds of the reference are skipped.
    """

    state: str
    lag: float
    drift: float
    matched: float
    lost: tuple[tuple[float, float], ...] = ()
    added: tuple[tuple[float, float], ...] = ()
    share_lost: float = 0.0
    removed: tuple[tuple[float, float], ...] = ()

    @property
    def seconds_removed(self) -> float:
        """How much of the reference the clip skips in all."""
        return sum(length for _, length in self.removed)

    def text(self) -> str:
        """ "The reference is 1.53 s early; 92% of the speech matched."; empty unless it is the same speech, changed."""
        if self.state != "same":
            return ""
        when = f"{abs(self.lag):.2f} s {'early' if self.lag > 0 else 'late'}" if abs(self.lag) >= 0.005 else "in time"
        runs = f", the clip runs {abs(self.drift):.1%} {'slower' if self.drift > 0 else 'faster'}"
        drifts = runs if abs(self.drift) >= 0.0005 else ""
        return f"The reference is {when}{drifts}; {self.matched:.0%} of the speech matched."

    def to_json(self) -> dict[str, object]:
        if self.state == "other":
            return {"state": self.state, "lag": None, "matched": None, "drift": None, "lost": [], "added": []}
        numbers = {"lag": round(self.lag, 4), "matched": round(self.matched, 3), "drift": round(self.drift, 5)}
        spans = {"lost": [list(span) for span in self.lost], "added": [list(span) for span in self.added]}
        cut = {"removed": [[round(when, 2), round(length, 2)] for when, length in self.removed]}
        return {"state": self.state, **numbers, **spans, "share_lost": round(self.share_lost, 3), **cut}


@dataclass(frozen=True)
class Speech:
    """The speech in a clip of `duration` seconds: spans (start, end) in seconds, in order."""

    spans: tuple[tuple[float, float], ...]
    duration: float

    @property
    def seconds(self) -> float:
        """How much of the clip is speech."""
        return sum(end - start for start, end in self.spans)

    @property
    def share(self) -> float:
        """How much of the clip is speech, 0-1."""
        return self.seconds / self.duration if self.duration else 0.0

    def __str__(self) -> str:
        """ "speech in 21 of 60 s", "no speech in 4.2 s"."""
        places = 0 if self.duration >= 10 else 1
        there = f"{self.duration:.{places}f} s"
        return f"speech in {self.seconds:.{places}f} of {there}" if self.spans else f"no speech in {there}"

    def to_json(self) -> dict[str, object]:
        return {"share": round(self.share, 3), "spans": [[round(start, 2), round(end, 2)] for start, end in self.spans]}


@dataclass(frozen=True)
class Measures:
    """The measured facts of a clip (`sqllm.signal.measures`); levels in dBov, 0 dBov being a full-scale square wave.

    - `active_level_dbov`: level while there is speech (ITU-T P.56, method B), to .1 dB; None for silence.
    - `activity`: share of the time that is active by P.56, its hangover included, 0-1.
    - `noise_floor_dbov`: level of the steady noise, to 2 dB; -100 for none.
    - `snr_db`: active level of the speech over the noise, to 2 dB from 0 to 40 dB in steady noise; for noise that
      comes and goes see `noise_floor.speech_to_noise`; 60 stands for more; None where it can't be told.
    - `bandwidth_hz`: where the spectrum ends, to 300 Hz where it ends in a steep edge; None from 7.4 kHz on.
    - `clipped_percent`: share of the samples that lie at a ceiling, to .2 points; less after lossy coding.
    - `dc`: mean of the file's samples, full scale being 1; exact.
    - `gaps`: where the sound is gone between sounds, (start, end) in s, to 10 ms.
    - `crest_db`: peak over the active level, to .1 dB; None for silence.
    - `peak_dbov`: the largest absolute sample; exact.
    - `seconds`, `format` ("WAV"; empty where it did not come from a file), `rate_hz`, `channels`: what the file is.

    How each is found stands in `sqllm.signal` (`speech_level`, `noise_floor`, `clipping`, `gaps`); what it was held to,
    in `sqllm.evaluation.measures_validation`.
    """

    active_level_dbov: float | None
    activity: float
    noise_floor_dbov: float
    snr_db: float | None
    bandwidth_hz: float | None
    clipped_percent: float
    dc: float
    gaps: tuple[tuple[float, float], ...]
    crest_db: float | None
    peak_dbov: float
    seconds: float
    format: str
    rate_hz: int
    channels: int

    def to_json(self) -> dict[str, object]:
        """The object under `measures`; every unit is in its key."""
        return {
            "active_level_dbov": _rounded(self.active_level_dbov, 1),
            "activity_percent": round(100 * self.activity, 1),
            "noise_floor_dbov": round(self.noise_floor_dbov, 1),
            "snr_db": _rounded(self.snr_db, 1),
            "bandwidth_hz": _rounded(self.bandwidth_hz, -1),
            "clipped_percent": round(self.clipped_percent, 2),
            "dc": round(self.dc, 4) + 0.0,  # no "-0.0"
            "gaps": [[round(start, 3), round(end, 3)] for start, end in self.gaps],
            "crest_db": _rounded(self.crest_db, 1),
            "peak_dbov": round(self.peak_dbov, 1),
            "seconds": round(self.seconds, 2),
            "format": self.format,
            "rate_hz": self.rate_hz,
            "channels": self.channels,
        }

    def in_words(self) -> str:
        """One line: "-26.1 dBov active, SNR 18 dB, 3.4 kHz wide, 0.0% clipped, 16 kHz mono WAV"."""
        if self.active_level_dbov is None:
            return f"silent, {self.source_in_words()}"
        level, clipped = f"{self.active_level_dbov:.1f} dBov active", f"{self.clipped_percent:.1f}% clipped"
        parts = [level, f"SNR {self.snr_in_words()}", self.width_in_words(), clipped]
        if self.gaps:
            lost = sum(end - start for start, end in self.gaps)
            parts.append(f"sound gone in {len(self.gaps)} place{'s' * (len(self.gaps) > 1)} ({lost:.2f} s)")
        return ", ".join([*parts, self.source_in_words()])

    def snr_in_words(self) -> str:
        if self.snr_db is None:
            return "unknown"
        return f"{self.snr_db:.0f} dB{' or more' if self.snr_db >= 60 else ''}"

    def width_in_words(self) -> str:
        return "7.4 kHz wide or more" if self.bandwidth_hz is None else f"{self.bandwidth_hz / 1000:.1f} kHz wide"

    def source_in_words(self) -> str:
        """What the file is: "16 kHz mono WAV"."""
        channels = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self.rate_hz / 1000:g} kHz {channels} {self.format}".strip()


def _rounded(value: float | None, digits: int) -> float | None:
    if value is None:
        return None
    return round(value, digits) if digits > 0 else int(round(value, digits))


@dataclass(frozen=True)
class ListenerNotes:
    """Whom the model answered for: the profile it was `asked` for, and what of a user's words about the listener was
    `understood` and what `ignored`.
    """

    asked: str
    understood: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        return {"asked": self.asked, "understood": list(self.understood), "ignored": list(self.ignored)}


@dataclass(frozen=True)
class Judgement:
    """What a listener says of a clip: five scores, a reason, the artifacts heard, and warnings.

    `reference` is the file that it was compared with and `alignment` how that fits, both None where none was given; of
    a reference that was refused only `alignment` is left. `votes` are those of people who hear as this listener does. A
    clip without speech has no scores (None), no votes, no reason and no artifacts.
    """

    file: str
    reference: str | None
    seconds: float
    profile: str
    scores: Mapping[str, Score] | None
    rationale: str | None
    artifacts: tuple[HeardArtifact, ...]
    speech: Speech
    warnings: tuple[str, ...]
    model: Mapping[str, str]
    alignment: ReferenceMatch | None = None
    measures: Measures | None = None
    conditioning: tuple[str, ...] = ()
    votes: VoteShares | None = None
    listener: ListenerNotes | None = None

    def to_json(self) -> dict[str, object]:
        """The object that `sqllm rate --json` prints."""
        return {
            "file": self.file,
            "reference": self.reference,
            "seconds": round(self.seconds, 2),
            "profile": self.profile,
            "listener": self.listener and self.listener.to_json(),
            "scores": self.scores and {name: self.scores[name].to_json() for name in DIMENSIONS},
            "votes": self.votes and self.votes.to_json(),
            "rationale": self.rationale,
            "artifacts": [artifact.to_json() for artifact in self.artifacts],
            "speech": self.speech.to_json(),
            "alignment": self.alignment.to_json() if self.alignment else None,
            "measures": None if self.measures is None else self.measures.to_json(),
            "conditioning": list(self.conditioning),
            "warnings": list(self.warnings),
            "model": dict(self.model),
        }


def category(score: float) -> str:
    """The paper's category of a score: <1.5 very bad, <2.5 poor, <3.5 fair, <4.5 good, else excellent.

    Decided by the score in hundredths, as cards and JSON show it.
    """
    return next((name for upper, name, _ in _CATEGORIES if round(score, 2) < upper), CATEGORIES[-1])


def stated(score: float) -> str:
    """A score as words state it: "2.6"; in hundredths where rounding to a tenth would carry it up to a whole or a half,
    where categories and limits of use lie: "2.46" is poor and "2.5" is fair.
    """
    shown = round(score, 2)
    tenths = round(10 * shown + 1e-9)
    return f"{shown:.2f}" if tenths % 5 == 0 and tenths / 10 > shown else f"{tenths / 10:.1f}"


def describe(dimension: str, score: float) -> str:
    """Words for a score on its dimension's scale: "Slightly noisy" for a noisiness of 4.1."""
    return DIMENSION_WORDS[dimension][1][CATEGORIES.index(category(score))]
