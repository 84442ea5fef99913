"""Whether a model hears with other ears: every listener it was taught, asked in wordings that it never read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.metrics import read_token_set
from sqllm.evaluation.tables import figure, markdown_table
from sqllm.features.token_set import TokenSet
from sqllm.listeners.known import LENIENT, PROFILES, STRICT_EXPERT, TYPICAL
from sqllm.listeners.listener import ListenerProfile
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import DIMENSIONS, clamp

CLEAR = 0.3  # points by which a listener's label differs from the typical one's where that has to be heard
WORDINGS = 3  # held-out ones, of which every clip is asked in one


@dataclass(frozen=True)
class ListenerFigures:
    """A listener against their labels: `clips` that have some; Pearson's `r` of the MOS and its mean over all five; the
    mean error of the MOS; of `clear` scores, whose label differs from the typical listener's by more than .3, the share
    that the model moves the `right_way`; and the mean MOS of `intact` clips, None where the set has none.
    """

    profile: str
    clips: int
    r: float | None
    mean_r: float | None
    error: float
    clear: int
    right_way: float | None
    intact: float | None


@dataclass(frozen=True)
class Listeners:
    """All listeners of a model, on the same clips. `strict_below`: the share of clips on which the strict expert's MOS
    is below that of others, by their name.
    """

    clips: int
    intact: int
    figures: tuple[ListenerFigures, ...]
    strict_below: Mapping[str, float]

    def lines(self) -> list[str]:
        """The figures as a Markdown table."""
        rows = [
            [
                *(one.profile, str(one.clips), figure(one.r), figure(one.mean_r), figure(one.error, ".2f")),
                *(str(one.clear), figure(one.right_way, ".1%"), figure(one.intact, ".2f")),
            ]
            for one in self.figures
        ]
        heads = ("listener", "clips", "r MOS", "mean r", "error", f"moved by > {CLEAR}", "right way", "MOS of intact")
        below = ", ".join(f"{share:.1%} below the {name} listener" for name, share in self.strict_below.items())
        return [
            f"\n#### Listeners on {self.clips} clips ({self.intact} intact), in wordings that were never trained on\n",
            *markdown_table(heads, rows),
            *([f"\n- The strict expert's MOS: {below}."] if below else []),
        ]


def measure_listeners(model: SpeechQualityModel, tokens: TokenSet, with_reference: bool = False) -> Listeners:
    """Every listener that a model was taught, on clips with speech; clip n is asked in held-out wording n mod 3."""
    listeners = [profile for profile in PROFILES.values() if profile.taught_as in model.config.profiles]
    heard = {profile.name: np.full((len(tokens), len(DIMENSIONS)), np.nan) for profile in listeners}
    for wording in range(WORDINGS):
        rows = list(range(wording, len(tokens), WORDINGS))
        asked = [replace(one, wordings=one.held_out[wording : wording + 1]) for one in listeners]
        read = read_token_set(model, tokens.chosen(rows), with_reference, asked) if rows else []
        for row, clip in zip(rows, read, strict=True):
            for profile, scores in zip(listeners, clip.scores, strict=True):
                heard[profile.name][row] = [scores[dimension].mean for dimension in DIMENSIONS]
    return compare_listeners(tokens.clips, listeners, heard)


def compare_listeners(
    clips: Sequence[CorpusClip], listeners: Sequence[ListenerProfile], heard: Mapping[str, np.ndarray]
) -> Listeners:
    """The figures from what the model says for each listener, [clips, 5], by name; the typical one is among them."""
    intact = np.array([clip.artifacts is not None and not clip.faults() for clip in clips])
    usual = np.array([labels_of(clip, TYPICAL) for clip in clips])
    figures = []
    for profile in listeners:
        labels = np.array([labels_of(clip, profile) for clip in clips])
        known = np.isfinite(labels).all(axis=1)
        moved, said = (labels - usual)[known], (heard[profile.name] - heard[TYPICAL.name])[known]
        clear = np.abs(moved) > CLEAR
        rs = [_r(heard[profile.name][known, d], labels[known, d]) for d in range(len(DIMENSIONS))]
        figures.append(
            ListenerFigures(
                profile.name,
                int(known.sum()),
                rs[0],
                None if any(r is None for r in rs) else float(np.mean(np.array(rs, float))),
                float(np.abs(heard[profile.name] - labels)[known, 0].mean()) if known.any() else float("nan"),
                int(clear.sum()),
                float((np.sign(moved) == np.sign(said))[clear].mean()) if clear.any() else None,
                float(heard[profile.name][intact, 0].mean()) if intact.any() else None,
            )
        )
    strict = heard.get(STRICT_EXPERT.name)
    others = [name for name in (TYPICAL.name, LENIENT.name) if name in heard] if strict is not None else []
    below = {name: float(np.mean(strict[:, 0] < heard[name][:, 0])) for name in others} if strict is not None else {}
    return Listeners(len(clips), int(intact.sum()), tuple(figures), below)


def labels_of(clip: CorpusClip, profile: ListenerProfile) -> list[float]:
    """A clip's five labels for a listener, not a number where they are not known."""
    scores = clip.profile_scores.get(profile.name, {} if profile.hears_otherwise else clip.scores)
    if set(scores) != set(DIMENSIONS):
        return [float("nan")] * len(DIMENSIONS)
    rated = profile.rate({name: clamp(value) for name, value in scores.items()})
    return [rated[dimension] for dimension in DIMENSIONS]


def _r(heard: np.ndarray, labels: np.ndarray) -> float | None:
    if len(labels) < 3 or np.ptp(heard) < 1e-9 or np.ptp(labels) < 1e-9:
        return None
    return float(np.corrcoef(heard, labels)[0, 1])
