"""The seed's experiments at this scale, and one table of them: one thing changed at a time.

    python -m train.ablations train/configs/ablations.yaml corpus=DIR test_corpus=DIR cache=DIR out=DIR \\
        encoder_source=TUNED/encoder.safetensors

Every variant is a small training as by `train.finetune`, measured on the TEST clips of `test_corpus`: how many audio
tokens a clip, which encoder, how many clips, how many steps. Prints the table and writes it to `out/ablations.md`.
Goes on after a kill. Settings and their meaning: `train/configs/ablations.yaml`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqllm.training.settings import read_settings, run_command
from train.finetune import FinetuneSettings, prepare
from train.tune import published_trunk

if TYPE_CHECKING:
    from sqllm.training.ablations import Outcome


@dataclass(frozen=True)
class AblationSettings(FinetuneSettings):
    """The common training, which each variant changes in one thing; `questions` are those to answer (none: all)."""

    test_corpus: Path = Path("corpus")
    questions: tuple[str, ...] = ()


def ablate(arguments: Sequence[str]) -> None:
    """Train and measure every variant that is still missing; the table after each."""
    import torch

    from sqllm.training.ablations import ablations_table, random_encoder, variants

    settings = read_settings(AblationSettings, arguments)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    encoders = settings.out / "encoders"
    planned = variants(str(published_trunk()), encoders, settings.audio_tokens, settings.train_clips, settings.steps)
    known = list(dict.fromkeys(variant.question for variant in planned))
    if unknown := sorted(set(settings.questions) - set(known)):
        raise ValueError(f"There is no question {', '.join(unknown)}; choose from {', '.join(known)}.")
    outcomes = []
    for variant in planned:
        if settings.questions and variant.question not in settings.questions:
            continue
        print(f"{variant.question}: {variant.name}", flush=True)
        if kind := variant.changes.get("encoder"):
            random_encoder(kind, encoders / kind, settings.seed)
        folder = settings.out / variant.folder
        outcomes.append((variant, _outcome(replace(settings, out=folder, **variant.changes))))
        table = ablations_table(outcomes)
        (settings.out / "ablations.md").write_text(table + "\n", encoding="utf-8")
    print(table)


def _outcome(settings: AblationSettings) -> Outcome:
    """What a training comes to on the TEST clips; read back where it was measured before."""
    from sqllm.corpus.nisqa_layout import read_corpus
    from sqllm.evaluation.metrics import accuracy, read_token_set
    from sqllm.features.token_set import cached_tokens, listen_to
    from sqllm.training.ablations import Outcome
    from sqllm.training.trainer import Trainer

    path = settings.out / "figures.json"
    if path.is_file():
        return Outcome.read(path)
    model, corpus, validation = prepare(settings)
    begun = time.monotonic()
    Trainer(model, corpus, validation, settings.out, settings).run()
    seconds = time.monotonic() - begun
    clips = read_corpus(settings.test_corpus, "TEST")
    model.eval()
    if settings.encoder_trains:
        test = listen_to(model, clips)
    else:
        test = cached_tokens(model, clips, settings.token_cache, half_precision=True)
    single = accuracy(test.clips, read_token_set(model, test))
    paired = test.with_reference().nonzero().flatten().tolist()
    beside = test.chosen(paired)
    double = accuracy(beside.clips, read_token_set(model, beside, with_reference=True), True) if paired else {}
    outcome = Outcome(seconds, single, double)
    outcome.write(path)
    return outcome


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], ablate)
