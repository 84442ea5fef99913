"""The evaluation report: tables in Markdown, line by line as they are measured."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sqllm.audio import load_clip
from sqllm.corpus.layout import CorpusClip
from sqllm.hearing import hear
from sqllm.judge import SpeechQualityLLM
from sqllm.questions import QUESTIONS
from sqllm.scores import DIMENSIONS, ParseError, parse_score, parse_scores
from sqllm.training.baselines import load_baselines
from sqllm.training.conduct import conduct_report
from sqllm.training.dataset import TokenSet, cached_tokens, training_clips
from sqllm.training.evaluation import accuracy, fit_figures, read_token_set, table
from sqllm.training.files import read_pair
from sqllm.training.probe import probe

FIGURES = ("r", "rho", "mae", "mae_fit")


class Settings(Protocol):
    """What of `train.evaluate`'s settings the report needs."""

    baselines: tuple[str, ...]
    nisqa_weights: Path | None
    probe_corpus: Path | None
    probe_reference_share: float
    cache: Path
    text_clips: int
    conduct_clips: int
    timed_beside: tuple[str, ...]


def evaluation_report(judge: SpeechQualityLLM, clips: Sequence[CorpusClip], settings: Any) -> Iterator[str]:
    """The lines of the report, a data set at a time."""
    groups: dict[str, list[CorpusClip]] = defaultdict(list)
    for clip in clips:
        if clip.speech:
            groups[clip.db].append(clip)
    yield f"Model {judge.name['name']}, revision {judge.name['revision']}. Cells: {' / '.join(FIGURES)}."
    for name, group in groups.items():
        tokens = cached_tokens(judge.model, group, settings.cache)
        yield from _accuracy_lines(name, judge, tokens, settings)
        if settings.text_clips and set(group[0].scores) == set(DIMENSIONS):
            yield from _text_lines(judge, group[: settings.text_clips])
        paired = [clip for clip in group if clip.reference][: settings.conduct_clips]
        if paired:
            yield from conduct_report(judge, paired, load_baselines(settings.timed_beside))


def _accuracy_lines(name: str, judge: SpeechQualityLLM, tokens: TokenSet, settings: Settings) -> Iterator[str]:
    paired = tokens.with_reference().numpy()
    alone = read_token_set(judge.model, tokens)
    rows = {f"ours, single-ended ({len(tokens)})": accuracy(tokens.clips, alone)}
    if paired.any():
        kept = np.flatnonzero(paired).tolist()
        both = TokenSet([tokens.clips[i] for i in kept], tokens.degraded[kept], tokens.reference[kept])
        if len(kept) < len(tokens):
            rows[f"ours, single-ended ({len(kept)})"] = accuracy(both.clips, [alone[i] for i in kept])
        rows[f"ours, double-ended ({len(kept)})"] = accuracy(both.clips, read_token_set(judge.model, both, True))
    if settings.probe_corpus:
        rows |= _probe_rows(judge, tokens, settings)
    for baseline, rate in load_baselines(settings.baselines, settings.nisqa_weights).items():
        rows[baseline] = _baseline_row(tokens.clips, rate)
    yield f"\n### {name}\n"
    yield table(rows, FIGURES)


def _probe_rows(judge: SpeechQualityLLM, tokens: TokenSet, settings: Settings) -> dict[str, Any]:
    assert settings.probe_corpus is not None
    clips = training_clips(settings.probe_corpus, settings.probe_reference_share)
    return probe(cached_tokens(judge.model, clips, settings.cache, half_precision=True), tokens)


def _baseline_row(clips: Sequence[CorpusClip], rate: Any) -> dict[str, dict[str, float]]:
    """A baseline's MOS on the clips it can rate."""
    values = []
    for clip in clips:
        values.append((rate(*read_pair(clip.degraded, clip.reference)), clip.scores["mos"]))
    known = np.array([pair for pair in values if np.isfinite(pair[0])])
    return {"mos": fit_figures(known[:, 0], known[:, 1])} if len(known) > 2 else {}


def _text_lines(judge: SpeechQualityLLM, clips: Sequence[CorpusClip]) -> Iterator[str]:
    """Parse rate of text answers, and how far they are from the read scores."""
    parsed, asked, gaps = 0, 0, []
    started = time.monotonic()
    for index, clip in enumerate(clips):
        heard = hear(judge.model, judge.name, load_clip(clip.degraded))
        read = heard.scores()
        for family in ("mos-numeric", "multi-dim", "explanatory"):
            asked += 1
            text = heard.ask(QUESTIONS[family][index % len(QUESTIONS[family])]).text
            try:
                said = parse_scores(text) if family == "multi-dim" else {"mos": parse_score(text, "mos")}
            except ParseError:
                continue
            parsed += 1
            gaps += [abs(said[name] - read[name].mean) for name in said]
    seconds = (time.monotonic() - started) / max(1, asked)
    gap = np.array(gaps)
    yield (
        f"\nText answers on {len(clips)} clips: parse rate {parsed / asked:.1%} of {asked}; text against read score: "
        f"mean gap {gap.mean():.3f}, within .2 in {np.mean(gap <= 0.2):.1%}; {seconds:.2f} s an answer."
    )
