"""Two to eight clips held against each other: who is better than whom, how surely, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any

from sqllm.judge.compare import COMPARE_QUESTION, Preference, prefer
from sqllm.judge.hearing import Hearing
from sqllm.listeners.profiles import ListenerProfile
from sqllm.scores import DIMENSION_WORDS, DIMENSIONS, HeardArtifact, Score
from sqllm.ui.charts import Interval, intervals_chart, table_html

FEWEST, MOST = 2, 8
LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Compared:
    """A clip among others: its letter, file, scores (None where there is no speech), faults and warnings."""

    letter: str
    file: str
    scores: Mapping[str, Score] | None
    faults: tuple[HeardArtifact, ...]
    warnings: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.letter} · {self.file}"

    @property
    def mos(self) -> float:
        return self.scores["mos"].mean if self.scores else 0.0


@dataclass(frozen=True)
class ClipComparison:
    """`clips` as they came, their `ranking` from the best on (letters), and the `preferences` of every two."""

    clips: tuple[Compared, ...]
    profile: str
    preferences: Mapping[tuple[str, str], Preference] = field(repr=False)
    model: Mapping[str, str] = field(default_factory=dict)

    @property
    def ranked(self) -> list[Compared]:
        return sorted(self.clips, key=lambda clip: -clip.mos)

    def probability(self, one: Compared, other: Compared) -> float | None:
        """How likely one clip is better than another."""
        if (one.letter, other.letter) in self.preferences:
            return self.preferences[one.letter, other.letter].probability
        found = self.preferences[other.letter, one.letter].probability
        return None if found is None else 1 - found

    def to_json(self) -> dict[str, Any]:
        """Clips with scores, the ranking, and a verdict for every two."""
        return {
            "profile": self.profile,
            "clips": [
                {
                    "letter": clip.letter,
                    "file": clip.file,
                    "scores": clip.scores and {name: clip.scores[name].to_json() for name in DIMENSIONS},
                    "artifacts": [fault.to_json() for fault in clip.faults],
                    "warnings": list(clip.warnings),
                }
                for clip in self.clips
            ],
            "ranking": [clip.letter for clip in self.ranked],
            "pairs": [
                {"first": a, "second": b, **_verdict(preference)} for (a, b), preference in self.preferences.items()
            ],
            "model": dict(self.model),
        }


def _verdict(preference: Preference) -> dict[str, Any]:
    told = preference.to_json()
    better = {"A": "first", "B": "second"}.get(str(told["better"]), told["better"])
    return {
        "difference": told["difference"],
        "probability_first_is_better": told["probability_a_is_better"],
        "better": better,
        "text": told["text"],
    }


def compare_clips(heard: Sequence[Hearing], profile: ListenerProfile) -> Iterator[ClipComparison | int]:
    """Compare clips that were listened to: how many are judged as it goes, then the comparison."""
    clips: list[Compared] = []
    for letter, hearing in zip(LETTERS, heard, strict=False):
        judgement = hearing.rate(profile, False)
        name = hearing.clip.name
        clips.append(Compared(letter, name, judgement.scores, judgement.artifacts, judgement.warnings))
        yield len(clips)
    preferences = {
        (LETTERS[i], LETTERS[j]): prefer(heard[i], heard[j], COMPARE_QUESTION, profile)
        for i in range(len(heard))
        for j in range(i + 1, len(heard))
    }
    yield ClipComparison(tuple(clips), judgement.profile, preferences, judgement.model)


def comparison_html(found: ClipComparison) -> str:
    """The verdicts in words, the ranking with intervals, the chances of every two, and a table of all scores."""
    return f'<section class="sq-report" aria-live="polite">{"".join(_parts(found))}</section>'


def _parts(found: ClipComparison) -> Iterator[str]:
    warnings = [f"{clip.name}: {warning}" for clip in found.clips for warning in clip.warnings]
    if warnings:
        yield f'<ul class="sq-warnings" role="alert">{"".join(f"<li>{escape(one)}</li>" for one in warnings)}</ul>'
    ranked = found.ranked
    yield f'<div class="sq-card"><p><b>{escape(_headline(found))}</b></p>'
    yield "".join(f"<p>{escape(_in_words(found, one, other))}</p>" for one, other in pairwise(ranked))
    yield "</div><h2>Ranking (MOS with its 90% interval)</h2>"
    rows = [Interval(c.name, c.mos, *c.scores["mos"].interval()) for c in ranked if c.scores]
    yield intervals_chart(rows, "Clips from the best to the worst") if rows else ""
    yield "<h2>How likely the clip of the row is better than that of the column</h2>"
    heads = ["", *(escape(clip.letter) for clip in ranked)]
    yield table_html(heads, [_chances(found, clip) for clip in ranked], "Chances of every two clips")
    yield "<h2>All scores</h2>"
    heads = ["Clip", *(DIMENSION_WORDS[name][0] for name in DIMENSIONS), "Faults heard"]
    yield table_html(heads, [_cells(clip) for clip in ranked], "Scores of the clips")


def _headline(found: ClipComparison) -> str:
    best, second = found.ranked[:2]
    chance = found.probability(best, second)
    if best.scores is None:
        return "None of the clips holds speech: there is nothing to compare."
    if chance is None:
        return f"{best.name} is the only clip with speech, MOS {best.mos:.2f}."
    if abs(best.mos - second.mos) < 0.2:
        return f"{best.name} and {second.name} are as good as each other: MOS {best.mos:.2f} and {second.mos:.2f}."
    ahead = f"{round(best.mos, 2) - round(second.mos, 2):.2f} above the next ({_percent(chance)} sure)"
    return f"{best.name} is the best: MOS {best.mos:.2f}, {ahead}."


def _in_words(found: ClipComparison, one: Compared, other: Compared) -> str:
    """The verdict on two neighbours in the ranking; it speaks of A and B as of the letters of these two."""
    pair = (one.letter, other.letter)
    turned = pair not in found.preferences
    text = found.preferences[pair[::-1] if turned else pair].text
    first, second = pair[::-1] if turned else pair
    named = "".join({"A": first, "B": second}[word] if word in ("A", "B") else word for word in _tokens(text))
    return f"{one.letter} against {other.letter}: {named}"


def _tokens(text: str) -> list[str]:
    """A text as words and what lies between them, so that single letters can be replaced."""
    return re.findall(r"\w+|\W+", text)


def _chances(found: ClipComparison, one: Compared) -> list[str]:
    cells = [escape(one.name)]
    for other in found.ranked:
        chance = None if other is one else found.probability(one, other)
        told = (
            "" if chance is None else f'<span class="sq-chance" style="--share:{chance:.2f}">{_percent(chance)}</span>'
        )
        cells.append(told)
    return cells


def _percent(chance: float) -> str:
    """A probability as people read it: nothing is 0% or 100% sure."""
    return "over 99%" if chance > 0.99 else "under 1%" if chance < 0.01 else f"{chance:.0%}"


def _cells(clip: Compared) -> list[str]:
    faults = ", ".join(f"{fault.severity} {fault.kind.replace('-', ' ')}" for fault in clip.faults) or "none stands out"
    if clip.scores is None:
        return [escape(clip.name), *["–"] * len(DIMENSIONS), "no speech"]
    return [escape(clip.name), *(f"{clip.scores[name].mean:.2f}" for name in DIMENSIONS), escape(faults)]
