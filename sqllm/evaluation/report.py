"""The evaluation report, a part at a time as it is measured: Markdown lines and the figures behind them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from sqllm.corpus.nisqa_layout import SIMULATED, CorpusClip, at_nominal_level, comparable
from sqllm.corpus.teachers import Teacher
from sqllm.evaluation.answer_quality import measure_words
from sqllm.evaluation.artifact_detection import Detection, measure_detection
from sqllm.evaluation.baselines import ask_baselines, load_baselines
from sqllm.evaluation.listeners_table import measure_listeners
from sqllm.evaluation.metrics import (
    Calibration,
    Labels,
    Measured,
    Ratings,
    by_kind,
    by_language,
    calibration,
    measure_groups,
    read_token_set,
)
from sqllm.evaluation.plots import save_figures
from sqllm.evaluation.probe import probe_ratings
from sqllm.evaluation.robustness import measure_conduct
from sqllm.evaluation.score_parser import ParseError, parse_score, parse_scores
from sqllm.evaluation.self_consistency import measure_consistency
from sqllm.evaluation.shown_answers import measure_shown
from sqllm.evaluation.tables import group_table, main_table
from sqllm.features.read_pair import read_alone
from sqllm.features.token_set import TokenSet, cached_tokens, training_clips
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import Clip
from sqllm.words.questions import QUESTIONS

Item = TypeVar("Item")

ALONE, BESIDE = "ours, single-ended", "ours, double-ended"
TEXT_FAMILIES = ("mos-numeric", "multi-dim", "explanatory")
EXPLANATION = (
    "r is Pearson's with its 95% bootstrap interval, rho Spearman's; errors are raw and after a first-order fit (ITU-T "
    'P.1401), "-" where the labels are not on the scale 1-5. Every table is of the same clips; where its own count is '
    "lower, a model failed on the others. Double-ended labels rate a clip beside its reference: 5, nothing differs."
)


class Settings(Protocol):
    """What of `train.evaluate`'s settings the report needs."""

    baselines: tuple[str, ...]
    nisqa_weights: Path | None
    nominal_level: bool
    probe_corpus: Path | None
    probe_reference_share: float
    probe_clips: int
    cache: Path
    text_clips: int
    consistency_clips: int
    artifact_clips: int
    word_clips: int
    answer_clips: int
    listener_clips: int
    conduct_clips: int
    timed_beside: tuple[str, ...]
    plots: Path | None


@dataclass(frozen=True)
class Section:
    """A part of the report: of which data set (empty: of none), which part, its Markdown, and its figures for JSON."""

    data_set: str
    part: str
    lines: Sequence[str]
    figures: Any


@dataclass(frozen=True)
class View:
    """The clips of a set that are measured together, with everybody's ratings of them; `name` says which they are."""

    name: str
    clips: Sequence[CorpusClip]
    labels: Labels
    ratings: Sequence[Ratings]
    left_out: Sequence[str]


@dataclass(frozen=True)
class TextAnswers:
    """Text answers to questions for scores: how many stated them, and how far from those that are read.

    `unparsed` holds the clip, the question, the answer and what it lacks of every other.
    """

    clips: int
    asked: int
    parsed: int
    mean_gap: float
    within_fifth: float
    seconds: float
    unparsed: tuple[tuple[str, str, str, str], ...] = ()

    def lines(self) -> list[str]:
        """The figures as a Markdown list."""
        if not self.asked:
            return ["\n#### Text answers\n", "- Nothing was asked: no clip holds speech."]
        return [
            f"\n#### Text answers on {self.clips} clips\n",
            f"- Parse rate {self.parsed / self.asked:.1%} of {self.asked}; {self.seconds:.2f} s an answer.",
            f"- Text against read score: mean gap {self.mean_gap:.3f}, within .2 in {self.within_fifth:.1%}.",
            *(f"- {clip}, {question} {answer!r}: {problem}" for clip, question, answer, problem in self.unparsed),
        ]


def evaluation_report(judge: SpeechQualityLLM, clips: Sequence[CorpusClip], settings: Any) -> Iterator[Section]:
    """The parts of the report, a data set at a time; clips without speech are left out.

    Raises `ValueError` for an unknown baseline before anything is measured.
    """
    baselines = load_baselines(settings.baselines, settings.nisqa_weights)
    beside = load_baselines(settings.timed_beside, settings.nisqa_weights)
    groups: dict[str, list[CorpusClip]] = defaultdict(list)
    for clip in at_nominal_level(clips) if settings.nominal_level else clips:
        if clip.speech:
            groups[clip.db].append(clip)
    title = f"Model {judge.name['name']}, revision {judge.name['revision']}."
    if settings.nominal_level:
        title += " Clips with a reference are heard with the gain that brings it to -26 dBov."
    yield Section("", "model", [f"{title} {EXPLANATION}"], dict(judge.name))
    for name, group in groups.items():
        tokens = cached_tokens(judge.model, group, settings.cache)
        yield _accuracy(name, list(_views(judge, tokens, settings, baselines)), settings.plots)
        paired = [clip for clip in group if clip.reference]
        if few := _some(group, settings.text_clips):
            answers = ask_for_scores(judge, few)
            yield Section(name, "text", answers.lines(), asdict(answers))
        if few := _some([clip for clip in group if clip.artifacts is not None], settings.artifact_clips):
            detection = detect(judge, few)
            yield Section(name, "artifacts", detection.lines(), asdict(detection))
        if few := _some([clip for clip in group if comparable(clip)], settings.word_clips):
            words = measure_words(judge, few)
            yield Section(name, "words", words.lines(), asdict(words))
        if few := _some([clip for clip in group if comparable(clip)], settings.answer_clips):
            shown = measure_shown(judge, few)
            yield Section(name, "answers", shown.lines(), asdict(shown))
        if rows := _some([row for row, clip in enumerate(group) if comparable(clip)], settings.listener_clips):
            listeners = measure_listeners(judge.model, tokens.chosen(rows))
            yield Section(name, "listeners", listeners.lines(), asdict(listeners))
        if few := _some(paired or group, settings.consistency_clips):
            consistency = measure_consistency(judge, few)
            yield Section(name, "consistency", consistency.lines(), asdict(consistency))
        if few := _some(paired, settings.conduct_clips):
            conduct = measure_conduct(judge, few, beside)
            yield Section(name, "conduct", conduct.lines(), asdict(conduct))


def _some(clips: Sequence[Item], count: int) -> list[Item]:
    """So many clips from all over a set, which may be in the order of its conditions; all where there are fewer."""
    return [clips[row * len(clips) // count] for row in range(count)] if count < len(clips) else list(clips)


def _views(
    judge: SpeechQualityLLM, tokens: TokenSet, settings: Settings, baselines: dict[str, Teacher]
) -> Iterator[View]:
    """All clips with who needs no reference; those that have one with everybody, one view where these are the same.
    Where clips have double-ended labels, single-ended scores are held against those too, in a view of its own.
    """
    paired = np.flatnonzero(tokens.with_reference().numpy()).tolist()
    ratings = [Ratings.of(ALONE, read_token_set(judge.model, tokens))]
    if settings.probe_corpus:
        clips = training_clips(settings.probe_corpus, settings.probe_reference_share, settings.probe_clips)
        train = cached_tokens(judge.model, clips, settings.cache, half_precision=True)
        ratings += probe_ratings(train, tokens)
    ratings += ask_baselines(baselines, tokens.clips)
    labels = Labels.of(tokens.clips)
    needy = [name for name, baseline in baselines.items() if baseline.needs_reference]
    if len(paired) < len(tokens):
        able = [one for one in ratings if one.model not in needy]
        yield View("all clips", tokens.clips, labels, able, needy)
    if paired:
        both = tokens.chosen(paired)
        chosen = [one.chosen(paired) for one in ratings]
        beside = Ratings.of(BESIDE, read_token_set(judge.model, both, True))
        name = "clips with a reference" if len(paired) < len(tokens) else "all clips"
        of_its_own = any(clip.degradation_scores for clip in both.clips)
        single = chosen if of_its_own else [chosen[0], beside, *chosen[1:]]
        yield View(name, both.clips, labels.chosen(paired), single, ())
        if of_its_own:
            double = [beside, *chosen]
            yield View(f"{name}, double-ended labels", both.clips, Labels.of(both.clips, reference=True), double, ())


def _accuracy(name: str, views: Sequence[View], plots: Path | None) -> Section:
    """Tables and pictures of a set."""
    lines = [f"\n### {name}, {max(len(view.clips) for view in views)} clips"]
    if name.startswith(SIMULATED):
        lines.append("\nThe labels are teachers', not people's: a baseline that taught is measured against itself.")
    figures: dict[str, list[dict[str, Any]]] = {"figures": [], "calibration": []}
    for view in views:
        measured, calibrations = list(_measured(view)), list(_calibrations(view))
        lines += _view_lines(view, measured)
        figures["figures"] += [{"clips_of": view.name} | asdict(one) for one in measured]
        figures["calibration"] += [{"clips_of": view.name} | asdict(one) for one in calibrations]
        if plots:
            title = name if len(views) == 1 else f"{name} {view.name}"
            ours = [one for one in view.ratings if one.scores]
            saved = [p for one in ours for p in save_figures(plots, title, one, view.labels, measured, calibrations)]
            lines.append(f"\nPlots: {', '.join(path.name for path in saved)}.")
    return Section(name, "accuracy", lines, figures)


def _measured(view: View) -> Iterator[Measured]:
    everything = {"all": list(range(len(view.clips)))}
    for by, groups in {"all": everything, "kind": by_kind(view.clips), "language": by_language(view.clips)}.items():
        yield from measure_groups(by, groups, view.ratings, view.labels)


def _view_lines(view: View, measured: Sequence[Measured]) -> Iterator[str]:
    yield f"\n{view.name.capitalize()} ({len(view.clips)}):\n"
    yield from main_table(measured)
    if gain := gain_of_reference(measured):
        yield f"\n{gain}"
    if view.left_out:
        yield f"\nLeft out here, as they need a reference: {', '.join(view.left_out)}."
    models = [one.model for one in view.ratings]
    for by, groups in {"kind": by_kind(view.clips), "language": by_language(view.clips)}.items():
        if groups:
            yield f"\nMOS by {by}, r / MAE:\n"
            yield from group_table(by, groups, models, measured)


def gain_of_reference(measured: Sequence[Measured]) -> str:
    """A sentence on what double-ended scores have more than single-ended ones of the same clips and labels; empty where
    one of them is not measured.
    """
    known = {(one.model, one.dimension): one.fit.r for one in measured if one.by == "all"}
    gains = {d: known[BESIDE, d] - r for (model, d), r in known.items() if model == ALONE and (BESIDE, d) in known}
    if "mos" not in gains:
        return ""
    mean = f", {np.mean(list(gains.values())):+.3f} on average over {len(gains)} scores" if len(gains) > 1 else ""
    return f"Double-ended, r of the MOS is {known[BESIDE, 'mos']:.3f}, {gains['mos']:+.3f} to single-ended{mean}."


def _calibrations(view: View) -> Iterator[Calibration]:
    """Of every model that predicts distributions and every dimension; none where labels are of another scale."""
    for ours in (one for one in view.ratings if one.scores and view.labels.opinion):
        for dimension, label in view.labels.values.items():
            rows = np.flatnonzero(np.isfinite(label)).tolist()
            if rows:
                scores = [ours.scores[dimension][row] for row in rows]
                yield Calibration(ours.model, dimension, calibration(scores, label[rows]))


def detect(judge: SpeechQualityLLM, clips: Sequence[CorpusClip], batch: int = 8) -> Detection:
    """What is heard in some clips, single-ended, against their truth; with a progress bar."""
    from tqdm import tqdm

    heard = []
    for start in tqdm(range(0, len(clips), batch), desc="artifacts", unit="batch", mininterval=5):
        waves = [read_alone(clip.degraded, clip.level_of) for clip in clips[start : start + batch]]
        heard += [hearing.artifacts() for hearing in judge.listen_many([(Clip(wave), None) for wave in waves])]
    return measure_detection(clips, heard)


def ask_for_scores(judge: SpeechQualityLLM, clips: Sequence[CorpusClip]) -> TextAnswers:
    """Ask for scores in words, a wording of three task families a clip that holds speech; with a progress bar."""
    from tqdm import tqdm

    unparsed, gaps, asked = [], [], 0
    started = time.monotonic()
    for index, clip in enumerate(tqdm(clips, desc="asking", unit="clip", mininterval=5)):
        heard = judge.listen(Clip(read_alone(clip.degraded, clip.level_of)))
        if not heard.speech_found:
            continue
        read, asked = heard.scores(), asked + len(TEXT_FAMILIES)
        for family in TEXT_FAMILIES:
            question = QUESTIONS[family][index % len(QUESTIONS[family])]
            text = heard.ask(question).text
            try:
                said = parse_scores(text) if family == "multi-dim" else {"mos": parse_score(text, "mos")}
            except ParseError as problem:
                unparsed.append((clip.degraded.name, question, text, str(problem)))
                continue
            gaps += [abs(said[name] - read[name].mean) for name in said]
    gap = np.array(gaps or [np.nan])
    seconds = (time.monotonic() - started) / max(1, asked)
    within = float(np.mean(gap <= 0.2))
    parsed = asked - len(unparsed)
    return TextAnswers(len(clips), asked, parsed, float(gap.mean()), within, seconds, tuple(unparsed))
