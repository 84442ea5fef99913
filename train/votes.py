"""Fit the vote model to published listening tests, hold it against ratings, and hold panels on a corpus.

    python -m train.votes [labels=CSV] [corpus=DIR] [split=TEST] [cache=DIR] [model=DIR] [timed=10] fit=true

`fit`: print the deviations from which simulated tests have the published statistics (seconds). `labels`: ratings with
`filepath_deg,votes,mos,mos_std`, such as those of the NISQA corpus. `corpus`: clips in the NISQA layout, on which
panels vote (`cache` keeps their audio tokens); `timed`: clips on which a rating and panels are timed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqllm.training.settings import read_settings, run_command


@dataclass(frozen=True)
class VotesSettings:
    """What to fit and to hold panels on."""

    fit: bool = True
    labels: Path | None = None
    corpus: Path | None = None
    split: str = "TEST"
    cache: Path = Path("tokens")
    model: Path | None = None
    device: str = ""
    timed: int = 10


def study_votes(arguments: Sequence[str]) -> None:
    """Print the tables that the settings ask for."""
    settings = read_settings(VotesSettings, arguments)
    for part in (_published(settings), _labelled(settings), _panels(settings)):
        for line in part:
            print(line, flush=True)


def _published(settings: VotesSettings) -> Iterator[str]:
    from sqllm.evaluation.vote_statistics import TESTS

    if not settings.fit:
        return
    yield "| test | | SOS a | bias | slope | rest | r |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for test in TESTS:
        fitted = test.fitted()
        for name, s in (("published", test.published), ("simulated", test.simulated(test.model))):
            yield f"| {test.name} | {name} | {s.sos:.3f} | {s.bias:.2f} | {s.slope:.2f} | {s.rest:.2f} | {s.r:.2f} |"
        yield f"\n{test.name}: bias {fitted.bias:.3f}, slope {fitted.slope:.3f}, noise {fitted.noise:.3f} fit best.\n"


def _labelled(settings: VotesSettings) -> Iterator[str]:
    import numpy as np

    from sqllm.evaluation.vote_statistics import read_spreads, sos, spread_by_mos

    if not settings.labels:
        return
    ratings = read_spreads(settings.labels)
    yield "\n| ratings | clips | SOS a |\n| --- | ---: | --- |"
    for name, (mos, std) in ratings.items():
        yield f"| {name} | {len(mos)} | {sos(mos, np.square(std)):.3f} |"
    yield "\n| MOS | clips | sd of votes | of the model |\n| --- | ---: | --- | --- |"
    mos, std = (np.concatenate(values) for values in zip(*ratings.values(), strict=True))
    for one in spread_by_mos(mos, std):
        yield f"| {one.mos:.2f} | {one.clips} | {one.observed:.2f} | {one.model:.2f} |"


def _panels(settings: VotesSettings) -> Iterator[str]:
    from sqllm.corpus.nisqa_layout import read_corpus
    from sqllm.evaluation.panel_study import measure_cost, mix_scores, study_panels
    from sqllm.features.token_set import cached_tokens
    from sqllm.judge.judge import SpeechQualityLLM
    from sqllm.listeners.panel import Mix
    from sqllm.signal.audio import load_clip

    if not settings.corpus:
        return
    clips = [clip for clip in read_corpus(settings.corpus, settings.split) if clip.speech]
    judge = SpeechQualityLLM.from_pretrained(settings.model, settings.device)
    mix = Mix.default(judge.model.config.profiles)
    tokens = cached_tokens(judge.model, clips, settings.cache)
    yield from study_panels(mix_scores(judge.model, tokens.degraded, mix), mix).lines()
    if settings.timed:
        yield from measure_cost(judge, [load_clip(clip.degraded) for clip in clips[: settings.timed]]).lines()


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], study_votes)
