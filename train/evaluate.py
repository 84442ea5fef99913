"""Evaluate a checkpoint on a corpus in the NISQA layout or on a CSV of ratings, beside published models.

    python -m train.evaluate train/configs/evaluate.yaml corpus=DIR|ratings=CSV [out=TABLE.md] [plots=DIR]

Prints Markdown, a data set at a time: Pearson r with its bootstrap interval, Spearman, MAE and RMSE raw and after a
first-order fit (ITU-T P.1401), coverage of the 90% interval, single- and double-ended on the same clips, by kind of
degradation and by language; text answers, artifacts and rationales against the truth, consistency, and conduct.
Settings and their meaning: `train/configs/evaluate.yaml`.

`questions=true` prints how well unseen wordings of questions are understood, a family each, and the study sheet's
questions (`sqllm.evaluation.question_sheet`); that needs no corpus.

`paper=true` prints the paper's table instead (`sqllm.evaluation.paper_table`): per task family, dimension and mode,
ours beside its figures on the same clips, with parse rates; the model may be one of the paper's prompt order.

`study=DIR` writes a listening study instead of a report: do the rationales fit their clips? `study_results=CSV` reads
back what people said (`sqllm.evaluation.listening_study`).

`out=TABLE.md` also writes `TABLE.json`, with null for what is not a number:

    model: {name, revision}
    sets: {SET: {
      accuracy: {
        figures: [{clips_of, by, group, model, dimension, fit}, ...]
          clips_of: "all clips" or "clips with a reference", either also with ", double-ended labels" behind it, where
            what is single-ended is held against those too; by: all, kind or language; group: which kind or language
          fit: {clips, r, r_low, r_high, rho, mae, rmse, mae_fit, rmse_fit, slope, offset, coverage, width}
            as in `sqllm.evaluation.metrics.Fit`
        calibration: [{clips_of, model, dimension, nominal: [18], observed: [18]}, ...]  shares of labels, 0-1
      }
      text: `sqllm.evaluation.report.TextAnswers`: {clips, asked, parsed, mean_gap, within_fifth, seconds,
          unparsed: [[clip, question, answer, what it lacks], ...]}
      artifacts: `sqllm.evaluation.artifact_detection.Detection`, words: `sqllm.evaluation.answer_quality.Words`
      answers: `sqllm.evaluation.shown_answers.ShownAnswers`
      listeners: `sqllm.evaluation.listeners_table.Listeners`
      consistency: `sqllm.evaluation.self_consistency.Consistency`:
          {clips, references, asked, wordings, copies, own_reference, ladders}
        asked, wordings, copies: {NAME: {mean, largest, count}}
        own_reference: [mean MOS, lowest MOS] or null
        ladders: [{name, unit, steps, mos, rho, monotone, span, least_span}, ...]
      conduct: `sqllm.evaluation.robustness.Conduct`
    }}
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqllm.training.settings import read_settings, run_command

if TYPE_CHECKING:
    from sqllm.corpus.nisqa_layout import CorpusClip
    from sqllm.evaluation.report import Section


@dataclass(frozen=True)
class EvaluateSettings:
    """What to evaluate on what. `ratings` is a CSV as in `sqllm.corpus.nisqa_layout.read_ratings`."""

    corpus: Path | None = None
    ratings: Path | None = None
    split: str = "TEST"
    model: Path | None = None
    baselines: tuple[str, ...] = ()
    nisqa_weights: Path | None = None
    nominal_level: bool = False
    probe_corpus: Path | None = None
    probe_reference_share: float = 1.0
    probe_clips: int = 0
    cache: Path = Path("tokens")
    text_clips: int = 100
    artifact_clips: int = 0
    word_clips: int = 0
    answer_clips: int = 0
    listener_clips: int = 0
    consistency_clips: int = 0
    conduct_clips: int = 0
    timed_beside: tuple[str, ...] = ()
    plots: Path | None = None
    study: Path | None = None
    study_clips: int = 20
    study_results: Path | None = None
    out: Path | None = None
    device: str = ""
    threads: int = 0
    questions: bool = False
    paper: bool = False


def evaluate(arguments: Sequence[str]) -> None:
    """Print (and write) the tables that the settings ask for."""
    import torch

    from sqllm.evaluation.listening_study import read_study, write_study
    from sqllm.evaluation.question_sheet import grade_sheet
    from sqllm.evaluation.question_understanding import reader_of, understanding_report
    from sqllm.evaluation.report import evaluation_report
    from sqllm.judge.judge import SpeechQualityLLM

    settings = read_settings(EvaluateSettings, arguments)
    if settings.out and settings.out.suffix == ".json":
        raise ValueError("out= is for Markdown, such as out=TABLE.md; the figures go to TABLE.json beside it.")
    if settings.study_results:
        if not settings.study:
            raise ValueError("Give study=DIR too: the folder that the study was written to holds its key.")
        print("\n".join(read_study(settings.study, settings.study_results)))
        return
    if settings.threads:
        torch.set_num_threads(settings.threads)
    if settings.paper:
        lines = list(paper_lines(settings))
        print("\n".join(lines))
        if settings.out:
            settings.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return
    clips = clips_to_evaluate(settings) if settings.corpus or settings.ratings or not settings.questions else []
    judge = SpeechQualityLLM.from_pretrained(settings.model, settings.device)
    if settings.study:
        write_study(judge, clips, settings.study, settings.study_clips)
        print(f"The study is in {settings.study}; its README.md says how to run it.")
        return
    if settings.questions:
        print(understanding_report(judge.model), flush=True)
        print("\n".join(grade_sheet(reader_of(judge.model.words)).lines()), flush=True)
    if not clips:
        return
    sections = []
    for section in evaluation_report(judge, clips, settings):
        print("\n".join(section.lines), flush=True)
        sections.append(section)
    if settings.out:
        lines = [line for section in sections for line in section.lines]
        settings.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
        text = json.dumps(to_json(sections), indent=1)
        settings.out.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def paper_lines(settings: EvaluateSettings) -> Iterator[str]:
    """The lines of the paper's table for the model and the clips that the settings name."""
    from sqllm.evaluation.baselines import ask_baselines, load_baselines
    from sqllm.evaluation.paper_table import answers_of, paper_report
    from sqllm.features.token_set import cached_tokens
    from sqllm.model.checkpoint import load_checkpoint

    clips = [clip for clip in clips_to_evaluate(settings) if clip.speech]
    baselines = load_baselines(settings.baselines, settings.nisqa_weights)
    model, name = load_checkpoint(settings.model, settings.device)
    answers = answers_of(model, cached_tokens(model, clips, settings.cache))
    yield from paper_report(
        f"{name['name']}, revision {name['revision']}", clips, answers, ask_baselines(baselines, clips)
    )


def clips_to_evaluate(settings: EvaluateSettings) -> list[CorpusClip]:
    """The clips that the settings name; raises `ValueError` where they name none."""
    from sqllm.corpus.nisqa_layout import read_corpus, read_ratings

    if settings.ratings:
        clips = read_ratings(settings.ratings)
    elif settings.corpus:
        clips = read_corpus(settings.corpus, settings.split or None)
    else:
        raise ValueError("Give a corpus=DIR or a ratings=CSV.")
    if not clips:
        raise ValueError("There are no clips to evaluate on.")
    return clips


def to_json(sections: Sequence[Section]) -> dict[str, Any]:
    """Every figure of a report; its keys are in this module's docstring."""
    sets: dict[str, Any] = {}
    everything: dict[str, Any] = {}
    for section in sections:
        place = sets.setdefault(section.data_set, {}) if section.data_set else everything
        place[section.part] = _plain(section.figures)
    return everything | {"sets": sets}


def _plain(value: Any) -> Any:
    """Arrays as lists, and null for what is not a finite number."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and value - value != 0 else value


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], evaluate)
