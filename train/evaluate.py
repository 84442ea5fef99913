"""Evaluate a checkpoint on a corpus in the NISQA layout or on a CSV of ratings, beside published models.

    python -m train.evaluate train/configs/evaluate.yaml corpus=DIR [split=TEST] [ratings=CSV] [out=TABLE.md]

Prints Markdown: Pearson r, Spearman, MAE raw and after a first-order fit (ITU-T P.1401), single- and double-ended on
the same clips, parse rate of text answers, and speed. Settings and their meaning: `train/configs/evaluate.yaml`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqllm.training.settings import read_settings, run_command


@dataclass(frozen=True)
class EvaluateSettings:
    """What to evaluate on what. `ratings` is a CSV with file[, ref], and mos or overall, and set."""

    corpus: Path | None = None
    ratings: Path | None = None
    split: str = "TEST"
    model: Path | None = None
    baselines: tuple[str, ...] = ()
    nisqa_weights: Path | None = None
    probe_corpus: Path | None = None
    probe_reference_share: float = 1.0
    cache: Path = Path("tokens")
    text_clips: int = 100
    conduct_clips: int = 0
    timed_beside: tuple[str, ...] = ()
    out: Path | None = None
    threads: int = 0


def evaluate(words: Sequence[str]) -> None:
    """Print (and write) the tables that the settings ask for."""
    import torch

    from sqllm.corpus.layout import read_corpus, read_ratings
    from sqllm.judge import SpeechQualityLLM
    from sqllm.training.report import evaluation_report

    settings = read_settings(EvaluateSettings, words)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    if settings.ratings:
        clips = read_ratings(settings.ratings)
    elif settings.corpus:
        clips = read_corpus(settings.corpus, settings.split or None)
    else:
        raise ValueError("Give a corpus=DIR or a ratings=CSV.")
    if not clips:
        raise ValueError("There are no clips to evaluate on.")
    judge = SpeechQualityLLM.from_pretrained(settings.model)
    lines = []
    for line in evaluation_report(judge, clips, settings):
        print(line, flush=True)
        lines.append(line)
    if settings.out:
        settings.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], evaluate)
