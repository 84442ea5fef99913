"""A plan: everything that a listening test needs, from clips with predicted scores, before it becomes files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from sqllm.planning.choice import balanced_blocks, choose_clips, gold_clips, shared_sources, training_clips
from sqllm.planning.clip_folder import ClipFolder, cached
from sqllm.planning.conditions import PlannedClip, PlannedTest, span_warning
from sqllm.planning.designs import DESIGNS, Design, check_design
from sqllm.planning.pairs import PREDICTION_STD, pairs_worth_asking, votes_for_order
from sqllm.planning.power import ConditionPair, PanelSize, condition_pairs, panel_size
from sqllm.planning.references import OF_DESIGN, WORST, ReferenceCondition, trapping_clip

SECONDS = 8.0  # of a clip whose length isn't known: what P.800 asks for
ANSWER_SECONDS = 4.0  # to decide and click, a question
SESSION_MINUTES = 3.0  # instructions, set-up and training, a session
REFERENCE_SOURCES = 4  # clean clips that each reference condition is made of
TRAP_ANSWERS = (1, 5, 2, 4, 3)


@dataclass(frozen=True)
class Settings:
    """What the designer decides. `url`: where the clips will be served from. `clean`: a folder of clean clips for the
    reference conditions (else the clips' own references). `completion_code`: shown at the end, "" makes one.
    """

    design: str = "acr"
    platform: str = "p808"
    name: str = "plan"
    difference: float = 0.3
    interval: float = 0.25
    listeners: int | None = None
    per_condition: int | None = None
    per_session: int = 10
    url: str = ""
    completion_code: str = ""
    clean: Path | None = None
    references: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Stimulus:
    """A clip as the test presents it: `file` and `reference` are names in the plan's folder `clips`."""

    file: str
    condition: str
    source: str
    mean: Mapping[str, float] = field(compare=False)
    seconds: float
    reference: str = ""

    @property
    def key(self) -> str:
        return Path(self.file).stem


@dataclass(frozen=True)
class Comparison:
    """Two clips of one recording and two conditions, in the order in which they are heard."""

    first: Stimulus
    second: Stimulus

    @property
    def key(self) -> str:
        return f"{self.first.key}__{self.second.key}"


@dataclass(frozen=True)
class Checked:
    """A clip with an answer that is known: gold (obvious) or trapping (told in the clip); `answers` by scale."""

    stimulus: Stimulus
    answers: Mapping[str, int]


@dataclass(frozen=True)
class Cost:
    """Votes to collect, minutes of listening of all listeners, and of one."""

    votes: int
    minutes: float
    minutes_each: float


@dataclass(frozen=True)
class Plan:
    """A listening test, complete: `sessions` hold stimuli, or comparisons where the design is pairs."""

    settings: Settings
    design: Design
    tests: PlannedTest
    size: PanelSize | None
    listeners: int
    pairs: tuple[ConditionPair, ...]
    asked: tuple[tuple[str, str], ...]
    stimuli: tuple[Stimulus, ...]
    sessions: tuple[tuple[Stimulus | Comparison, ...], ...]
    training: tuple[Stimulus, ...]
    gold: tuple[Checked, ...]
    traps: tuple[Checked, ...]
    cost: Cost
    notes: tuple[str, ...]

    def url(self, file: str) -> str:
        base = self.settings.url or "https://REPLACE-ME.example/clips"
        return f"{base.rstrip('/')}/{file}"

    def checks(self, number: int) -> list[Stimulus]:
        """A gold and a trapping clip to hide in session `number`, as far as there are any that it lacks."""
        held = {one.file for one in _stimuli(self.sessions[number])}
        hidden = []
        for checks in (self.gold, self.traps):
            turned = [checks[(number + step) % len(checks)].stimulus for step in range(len(checks))]
            hidden += [one for one in turned if one.file not in held][:1]
        return hidden

    @property
    def code(self) -> str:
        """The completion code that listeners hand in."""
        drawn = np.random.default_rng([self.settings.seed, 808]).choice(list("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"), 8)
        return self.settings.completion_code or "".join(drawn)


def make_plan(tests: PlannedTest, settings: Settings, clips: ClipFolder) -> Plan:
    """Plan a test of the clips; copies them to `clips` under telling names and makes what the test needs beside them.

    Raises `ValueError` with a sentence where the design can't be had from these clips or on the platform.
    """
    check_design(settings.design, settings.platform)
    design, rng = DESIGNS[settings.design], np.random.default_rng(settings.seed)
    if design.by_reference and not all(clip.reference for clip in tests.clips):
        raise ValueError(f"A {design.name} test compares clips with their clean references: name them in a column ref.")
    chosen = choose_clips(tests, settings.per_condition)
    if design.name in ("mushra", "pairs") and not (shared := shared_sources(chosen)):
        raise ValueError(
            f"A {design.name} test puts clips of one recording side by side: name recordings in a column source."
        )
    notes = [warning] if (warning := span_warning(tests)) else []
    cast = _Cast(chosen, clips, settings, rng)
    size: PanelSize | None = None
    pairs: tuple[ConditionPair, ...] = ()
    asked: list[tuple[str, str]] = []
    if design.name == "pairs":
        asked, listeners, told = _comparisons_worth_asking(chosen, settings, len(shared))
        notes += told
        sessions = _compared(cast, chosen, asked, shared, settings.per_session)
    else:
        size = panel_size(chosen, settings.difference, settings.interval, seed=settings.seed)
        listeners = settings.listeners or size.listeners
        pairs = condition_pairs(chosen, max(2, listeners), rng)
        if design.name in ("dcr", "ccr", "mushra"):
            notes.append("The listeners are counted with votes as they scatter in ACR tests; comparing needs fewer.")
        references = cast.references()
        sessions = _sessions(cast, chosen, references, settings, rng)
    training = tuple(cast.stimulus(clip) for clip in training_clips(tests, chosen))
    gold, traps = _checks(cast, tests, design)
    notes += cast.notes
    if not any(check.answers.get("mos") == 1 for check in gold) and design.name in ("acr", "p835", "p804"):
        notes.append(
            "No clip is predicted near 1, so that there is no gold clip for that end: give clean clips "
            "(--clean FOLDER), of which one is made."
        )
    shown = [item for session in sessions for item in session]
    return Plan(
        settings,
        design,
        chosen,
        size,
        listeners,
        pairs,
        tuple(asked),
        tuple(dict.fromkeys(_stimuli(shown))),
        tuple(sessions),
        training,
        gold,
        traps,
        cost_of(design, sessions, listeners),
        tuple(notes),
    )


def _stimuli(shown: Sequence[Stimulus | Comparison]) -> list[Stimulus]:
    return [one for item in shown for one in ((item.first, item.second) if isinstance(item, Comparison) else (item,))]


def cost_of(design: Design, sessions: Sequence[Sequence[Stimulus | Comparison]], listeners: int) -> Cost:
    """What a test takes when every listener does all sessions, or as many listeners do each session once."""
    shown = [item for session in sessions for item in session]
    seconds = 0.0
    for item in shown:
        clip = item.first if isinstance(item, Comparison) else item
        seconds += design.heard * clip.seconds + ANSWER_SECONDS * len(design.scales)
    each = seconds / 60 + SESSION_MINUTES * len(sessions)
    return Cost(listeners * len(shown) * len(design.scales), listeners * each, each)


class _Cast:
    """Gives every clip of a plan its name in the folder, and makes those that aren't there yet."""

    def __init__(self, chosen: PlannedTest, clips: ClipFolder, settings: Settings, rng: np.random.Generator) -> None:
        self.clips, self.settings, self.rng = clips, settings, rng
        self.numbers = {name: number for number, name in enumerate(chosen.conditions, 1)}
        self.known: dict[str, Stimulus] = {}
        self.notes: list[str] = []
        self.sources = {clip.reference: clip.source for clip in chosen.clips if clip.reference}
        self.clean = self._clean_files()

    def stimulus(self, clip: PlannedClip) -> Stimulus:
        """A clip of the designer under the name cNN_SOURCE, its clean reference as ref_SOURCE."""
        if clip.file not in self.known:
            name = f"c{self.numbers[clip.condition]:02d}_{slug(clip.source)}"
            if any(Path(other.file).stem == name for other in self.known.values()):
                name += f"_{len(self.known)}"
            reference = self.clips.copy(clip.reference, f"ref_{slug(clip.source)}") if clip.reference else ""
            file = self.clips.copy(clip.file, name)
            seconds = clip.seconds or _seconds(clip.file)
            self.known[clip.file] = Stimulus(file, clip.condition, clip.source, clip.mean, seconds, reference)
        return self.known[clip.file]

    def _clean_files(self) -> list[str]:
        if self.settings.clean is not None:
            from sqllm.signal.folder import media_files

            found = [str(path) for path in media_files(self.settings.clean)]
            if not found:
                raise ValueError(f"{self.settings.clean} holds no clean clips to make reference conditions of.")
        else:
            found = list(self.sources)
        there = [file for file in found if Path(file).is_file()]
        if not there and self.settings.references and OF_DESIGN[self.settings.design]:
            self.notes.append("No clean clips are at hand (--clean FOLDER, or a column ref): no reference conditions.")
        return there if self.settings.design == "mushra" else there[:REFERENCE_SOURCES]

    def references(self) -> list[list[Stimulus]]:
        """The design's reference conditions, each of the same clean clips."""
        conditions = OF_DESIGN[self.settings.design] if self.settings.references and self.clean else ()
        if self.settings.design == "mushra" and self.settings.platform == "webmushra":
            conditions = ()  # its pages make the low-pass anchors themselves
        for condition in conditions:
            self.numbers.setdefault(condition.name, len(self.numbers) + 1)
        return [[self.made(condition, file) for file in self.clean] for condition in conditions]

    def made(self, condition: ReferenceCondition, file: str) -> Stimulus:
        """A reference condition of a clean clip."""
        wave, rate = cached(file)
        source = self.sources.get(file, Path(file).stem)
        number = self.numbers.setdefault(condition.name, len(self.numbers) + 1)
        name = self.clips.write(condition.make(wave, rate, self.rng), rate, f"c{number:02d}_{slug(source)}")
        reference = self.clips.copy(file, f"ref_{slug(source)}")
        return Stimulus(name, condition.name, source, {}, len(wave) / rate, reference)

    def trap(self, clip: PlannedClip, answer: int, design: Design) -> Checked | None:
        """A trapping clip of the beginning of a clip; None where that isn't there."""
        if not Path(clip.file).is_file():
            return None
        wave, rate = cached(clip.file)
        trapped = trapping_clip(wave, rate, answer)
        name = self.clips.write(trapped, rate, f"trap{answer}_{slug(clip.source)}")
        stimulus = Stimulus(name, "trap", clip.source, {}, len(trapped) / rate)
        return Checked(stimulus, {scale.name: answer for scale in design.scales})


def slug(text: str) -> str:
    """A name for files and addresses: letters, digits, `-` and `_` only."""
    return re.sub(r"[^0-9A-Za-z_-]+", "-", text).strip("-") or "x"


def _seconds(file: str) -> float:
    import soundfile

    try:
        return float(soundfile.info(file).duration)
    except (soundfile.LibsndfileError, OSError):
        return SECONDS


def _checks(cast: _Cast, tests: PlannedTest, design: Design) -> tuple[tuple[Checked, ...], tuple[Checked, ...]]:
    """Gold and trapping clips; designs that compare have neither (the P.808 toolkit traps them by their references)."""
    if design.name not in ("acr", "p835", "p804"):
        return (), ()
    scales = [scale.name for scale in design.scales]
    gold = [
        Checked(cast.stimulus(gold.clip), _obvious(gold.clip, gold.answer, scales)) for gold in gold_clips(tests.clips)
    ]
    if cast.clean:
        gold.append(Checked(cast.made(OF_DESIGN[design.name][0], cast.clean[0]), {name: 5 for name in scales}))
        gold.append(Checked(cast.made(WORST, cast.clean[0]), {"mos": 1}))
    traps = [
        cast.trap(clip, answer, design)
        for clip, answer in zip(training_clips(tests, tests), TRAP_ANSWERS, strict=False)
    ]
    return tuple(gold), tuple(trap for trap in traps if trap is not None)


def _obvious(clip: PlannedClip, answer: int, scales: Sequence[str]) -> dict[str, int]:
    """Answers to a gold clip: overall, and those dimensions that are predicted as near to an end."""
    answers = {name: 5 for name in scales if clip.mean.get(name, 3) >= 4.3}
    answers |= {name: 1 for name in scales if clip.mean.get(name, 3) <= 1.7}
    return answers | {"mos": answer}


def _sessions(
    cast: _Cast, chosen: PlannedTest, references: list[list[Stimulus]], settings: Settings, rng: np.random.Generator
) -> list[tuple[Stimulus | Comparison, ...]]:
    """Balanced sessions of the clips; the reference conditions are dealt out over them."""
    sessions: list[list[Stimulus | Comparison]]
    if settings.design == "mushra":
        sessions = [[cast.stimulus(clip) for clip in chosen.clips]]
    else:
        blocks = balanced_blocks(chosen, settings.per_session, rng)
        sessions = [[cast.stimulus(clip) for clip in block] for block in blocks]
    for place, stimulus in enumerate(made for condition in references for made in condition):
        session = sessions[place % len(sessions)]
        session.insert(int(rng.integers(len(session) + 1)), stimulus)
    return [tuple(session) for session in sessions]


def _comparisons_worth_asking(
    chosen: PlannedTest, settings: Settings, sources: int
) -> tuple[list[tuple[str, str]], int, list[str]]:
    """A third of all pairs of conditions, the listeners they take, and what to note."""
    means = chosen.condition_mos()
    stds = np.full(len(means), PREDICTION_STD)
    count = max(len(means) - 1, -(-len(means) * (len(means) - 1) // 6))
    votes = votes_for_order(means, stds, count, seed=settings.seed)
    asked = pairs_worth_asking(means, stds, count, votes or 50)
    notes = []
    if votes is None:
        notes.append("Some conditions are predicted so alike that no panel of a sensible size finds their order.")
    listeners = settings.listeners or max(8, -(-(votes or 200) // sources))
    names = chosen.conditions
    return [(names[i], names[j]) for i, j in asked], listeners, notes


def _compared(
    cast: _Cast, chosen: PlannedTest, asked: Sequence[tuple[str, str]], sources: Sequence[str], per_session: int
) -> list[tuple[Stimulus | Comparison, ...]]:
    """Every asked pair for every recording, half of them in either order; sessions hold whole rounds of the pairs."""
    rng = cast.rng
    by_key = {(clip.condition, clip.source): cast.stimulus(clip) for clip in chosen.clips}
    rounds: list[list[Stimulus | Comparison]] = []
    for place, source in enumerate(sources):
        row: list[Stimulus | Comparison] = []
        for number, (one, other) in enumerate(asked):
            first, second = by_key[one, source], by_key[other, source]
            row.append(Comparison(first, second) if (place + number) % 2 else Comparison(second, first))
        rounds.append(row)
    at_once = max(1, per_session // len(asked))
    sessions = [list(chain(*rounds[start : start + at_once])) for start in range(0, len(rounds), at_once)]
    return [tuple(session[k] for k in rng.permutation(len(session))) for session in sessions]
