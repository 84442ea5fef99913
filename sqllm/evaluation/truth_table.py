"""The truth table: clean clips with known damage in three strengths, each read with and without its reference.

Does the MOS fall with every strength, is the damage named, is nothing else named, and are clean clips left alone?
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from sqllm.corpus.degradations import Wave
from sqllm.corpus.sources import SourceFile, draw_utterance
from sqllm.evaluation.answer_quality import Share
from sqllm.evaluation.tables import markdown_table
from sqllm.evaluation.truth_damages import DAMAGES, INTACT, STRENGTHS, Damage, clean_neighbours
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.listening import read_together
from sqllm.listeners.profiles import TYPICAL
from sqllm.signal.audio import NOMINAL_DBOV, Clip, set_level
from sqllm.signal.measures import measure
from sqllm.signal.speech import find_speech

SECONDS = 6.0
CLEAN_SNR = 32.0  # dB over its noise that a recording needs to be called clean
SLACK = 0.05  # by which a score may rise from one strength to the next without counting as rising: a rounding's worth
MODES = ("single-ended", "double-ended")


@dataclass(frozen=True)
class Reading:
    """What was read of one clip: the MOS and the kinds of faults named. `strength` is that of its damage; of a clean
    clip `damage` says which one it is and `strength` is empty.
    """

    talker: str
    damage: str
    strength: str
    mode: str
    mos: float
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class ReadingStore:
    """Readings of one model, told by its revision, in a file to which they are added a group a line: what is there need
    not be read again.
    """

    path: Path
    revision: str

    def groups(self) -> Iterator[list[Reading]]:
        """What was read before; a line cut short by a kill, or another model's, is left out."""
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.is_file() else ():
            try:
                stored = json.loads(line)
            except json.JSONDecodeError:
                continue
            if stored["revision"] == self.revision:
                yield [Reading(**{**row, "kinds": tuple(row["kinds"])}) for row in stored["readings"]]

    def append(self, group: Sequence[Reading]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            # The newline comes first, so that a line cut short by a kill spoils no other.
            file.write("\n" + json.dumps({"revision": self.revision, "readings": [asdict(one) for one in group]}))


def group_key(group: Sequence[Reading]) -> tuple[str, str]:
    """A group's talker and damage; of clean clips the first one's."""
    return group[0].talker, group[0].damage


@dataclass(frozen=True)
class CleanSpeech:
    """Speech of one talker, [n], with hardly any noise, and a second talker's to disturb it."""

    talker: str
    wave: Wave
    other: Wave


def choose_clean(talkers: Mapping[str, Sequence[SourceFile]], count: int, seed: int) -> list[CleanSpeech]:
    """`count` talkers drawn by a seed whose recordings are clean, 6 s of each.

    Raises `ValueError` where there are not so many.
    """
    chosen: list[tuple[str, Wave]] = []
    for talker in np.random.default_rng(seed).permutation(sorted(talkers)).tolist():
        wave = draw_utterance(talkers[talker], np.random.default_rng([seed, len(chosen)]), SECONDS)
        snr = measure(Clip(wave), find_speech(wave).spans).snr_db
        if snr is not None and snr >= CLEAN_SNR:
            chosen.append((talker, wave))
        if len(chosen) == count:
            return [CleanSpeech(*one, chosen[place - 1][1]) for place, one in enumerate(chosen)]
    raise ValueError(f"Of {count} talkers wanted only {len(chosen)} have recordings with so little noise.")


def read_truth(
    judge: SpeechQualityLLM,
    clean: Sequence[CleanSpeech],
    damages: Sequence[Damage] = DAMAGES,
    known: Collection[tuple[str, str]] = (),
) -> Iterator[list[Reading]]:
    """Readings of the clean clips and of each damaged one, in both modes, a group of clips at a time; none of the
    groups that are `known`, by talker and damage (of clean clips the first one's).
    """
    for number, speech in enumerate(clean):
        reference = set_level(speech.wave, NOMINAL_DBOV)
        if (speech.talker, INTACT) not in known:
            waves = [(name, "", wave) for name, wave in clean_neighbours(speech.wave, number).items()]
            yield _read(judge, speech.talker, waves, reference)
        for damage in damages:
            if (speech.talker, damage.name) not in known:
                made = damage.strengths(speech.wave, speech.other, number)
                waves = [(damage.name, strength, wave) for strength, wave in zip(STRENGTHS, made, strict=True)]
                yield _read(judge, speech.talker, waves, reference)


def _read(
    judge: SpeechQualityLLM, talker: str, waves: Sequence[tuple[str, str, Wave]], reference: Wave
) -> list[Reading]:
    readings = []
    for mode in MODES:
        beside = None if mode == MODES[0] else Clip(reference)
        hearings = judge.listen_many([(Clip(wave), beside) for *_, wave in waves])
        read_together(hearings, TYPICAL)
        for (damage, strength, _), heard in zip(waves, hearings, strict=True):
            mos = heard.scores()["mos"].mean if heard.speech_found else float("nan")
            kinds = tuple(fault.kind for fault in heard.artifacts())
            readings.append(Reading(talker, damage, strength, mode, mos, kinds))
    return readings


@dataclass(frozen=True)
class TruthFigures:
    """What the readings of one mode come to.

    `falling`: series of clean, weak, clear and strong in which the MOS never rises. `named`: damaged clips whose kind
    is named, and `untaught` those of kinds that the model was not taught, which count in nothing else here. `falsely`:
    damaged clips that get a name which does not belong. `blamed`: clean clips with any fault.
    """

    mode: str
    falling: Share
    named: Share
    untaught: Share
    falsely: Share
    blamed: Share

    @classmethod
    def of(
        cls, readings: Sequence[Reading], mode: str, taught: Sequence[str], damages: Sequence[Damage] = DAMAGES
    ) -> TruthFigures:
        own = [one for one in readings if one.mode == mode]
        known = [damage for damage in damages if set(damage.kinds) & set(taught)]
        beyond = [damage for damage in damages if damage not in known]
        return cls(
            mode,
            Share.of([_falls(series) for damage in damages for series in series_of(own, damage)]),
            _share(own, known, is_named),
            _share(own, beyond, is_named),
            _share(own, known, is_false),
            Share.of([bool(one.kinds) for one in own if not one.strength]),
        )

    def cells(self) -> list[str]:
        return [self.mode, *map(str, (self.falling, self.named, self.falsely, self.blamed, self.untaught))]


def _share(readings: Sequence[Reading], damages: Sequence[Damage], holds: Callable[[Reading, Damage], bool]) -> Share:
    by_name = {damage.name: damage for damage in damages}
    return Share.of([holds(one, by_name[one.damage]) for one in readings if one.damage in by_name])


def is_named(reading: Reading, damage: Damage) -> bool:
    """Whether a damaged clip gets a name that fits."""
    return bool(set(reading.kinds) & set(damage.kinds))


def is_false(reading: Reading, damage: Damage) -> bool:
    """Whether a damaged clip gets a name that does not belong."""
    return bool(set(reading.kinds) - {*damage.kinds, *damage.beside})


def series_of(readings: Sequence[Reading], damage: Damage) -> Iterator[list[float]]:
    """The MOS of the intact clip and of the damaged one by strength, a talker each."""
    intact = {one.talker: one.mos for one in readings if one.damage == INTACT}
    for talker, mos in intact.items():
        by_strength = {one.strength: one.mos for one in readings if (one.talker, one.damage) == (talker, damage.name)}
        if by_strength:
            yield [mos, *(by_strength[strength] for strength in STRENGTHS)]


def _falls(series: Sequence[float]) -> bool:
    """Whether scores never rise by more than the slack; not where one is no number."""
    return bool((np.diff(series) <= SLACK).all())


def truth_report(readings: Sequence[Reading], taught: Sequence[str], damages: Sequence[Damage] = DAMAGES) -> list[str]:
    """Markdown: the figures of both modes, and a row a damage and a clean clip, each single-ended / double-ended."""
    figures = [TruthFigures.of(readings, mode, taught, damages) for mode in MODES]
    heads = ("mode", "MOS falls", "rightly named", "also falsely named", "clean clips blamed", "of kinds not taught")
    lines = [*markdown_table(heads, [one.cells() for one in figures]), ""]
    rows = [_damage_row(readings, damage, taught) for damage in damages]
    lines += markdown_table(
        ("damage", "named weak, clear, strong", "false names", "MOS falls", "MOS clean > strong"), rows
    )
    names = dict.fromkeys(one.damage for one in readings if not one.strength)
    clean = [_clean_row(readings, name) for name in names]
    return [*lines, "", *markdown_table(("clean clip", "blamed", "for", "MOS"), clean)]


def _damage_row(readings: Sequence[Reading], damage: Damage, taught: Sequence[str]) -> list[str]:
    named, falling, means, false = [], [], [], Counter[str]()
    for mode in MODES:
        own = [one for one in readings if one.mode == mode]
        mine = [one for one in own if one.damage == damage.name]
        by_strength = [[is_named(one, damage) for one in mine if one.strength == strength] for strength in STRENGTHS]
        named.append(" ".join(str(sum(hits)) for hits in by_strength))
        series = list(series_of(own, damage))
        falling.append(f"{sum(map(_falls, series))}")
        means.append(" ".join(f"{mos:.2f}" for mos in np.mean(series, axis=0)))
        false.update(kind for one in mine for kind in one.kinds if kind not in {*damage.kinds, *damage.beside})
    count = len({one.talker for one in readings})
    untaught = "" if set(damage.kinds) & set(taught) else " (not taught)"
    blamed = ", ".join(f"{kind} {times}" for kind, times in false.most_common(3)) or "-"
    return [
        f"{damage.name}{untaught}",
        f"{' / '.join(named)} of {count}",
        blamed,
        " / ".join(falling),
        " / ".join(means),
    ]


def _clean_row(readings: Sequence[Reading], name: str) -> list[str]:
    own = [[one for one in readings if (one.mode, one.damage) == (mode, name)] for mode in MODES]
    kinds = Counter(kind for mode in own for one in mode for kind in one.kinds)
    blamed = " / ".join(f"{sum(bool(one.kinds) for one in mode)}" for mode in own)
    mos = " / ".join(f"{np.mean([one.mos for one in mode]):.2f}" for mode in own)
    causes = ", ".join(f"{kind} {times}" for kind, times in kinds.most_common(3)) or "-"
    return [name, f"{blamed} of {len(own[0])}", causes, mos]
