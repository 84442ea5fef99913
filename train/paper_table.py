"""The paper's table at small scale: its encoders, frozen and fine-tuned, in both modes, trained here at equal steps.

    python -m train.paper_table train/configs/paper_table.yaml corpus=DIR test_corpus=DIR cache=DIR out=DIR \\
        whisper=ENCODERS/whisper-base-encoder.safetensors

Every variant is a training as by `train.large`, asked every task on the TEST clips of `test_corpus`, all on the same
clips of a mode. Prints the tables after each and writes them to `out/paper_table.md`. Goes on after a kill.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqllm.training.settings import read_settings, run_command
from train.large import LargeSettings, start_accelerator, trainer_of

if TYPE_CHECKING:
    from sqllm.corpus.nisqa_layout import CorpusClip
    from sqllm.evaluation.paper_table import Answers


@dataclass(frozen=True)
class PaperTableSettings(LargeSettings):
    """The common training; `whisper` is a published Whisper encoder (a `.safetensors`, a folder or a Hub name), whose
    `whisper_layer` is tried beside its last; `variants` are those to train, by name (none: all).
    """

    test_corpus: Path = Path("corpus")
    test_clips: int = 0
    whisper: str = "openai/whisper-base"
    whisper_layer: int = 3
    variants: tuple[str, ...] = ()


def variants_of(settings: PaperTableSettings) -> dict[str, dict[str, Any]]:
    """What each variant changes, by name."""
    whisper = {"encoder": "whisper", "encoder_source": settings.whisper}
    small = str(settings.out / "encoders" / "ast")
    return {
        "Whisper frozen": whisper,
        "Whisper finetuned": whisper | {"trained_encoder": "queries"},
        f"Whisper layer {settings.whisper_layer} frozen": whisper | {"encoder_layer": settings.whisper_layer},
        "compact frozen": {"encoder": "compact"},
        "small AST from nothing": {"encoder": "ast", "encoder_source": small, "trained_encoder": "all"},
    }


def make_table(arguments: Sequence[str]) -> None:
    """Train and ask every variant that is still missing, in both modes; the tables after each."""
    import torch

    from sqllm.corpus.nisqa_layout import read_corpus
    from sqllm.training.ablations import random_encoder

    settings = read_settings(PaperTableSettings, arguments)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    planned = variants_of(settings)
    if unknown := sorted(set(settings.variants) - set(planned)):
        raise ValueError(f"There is no variant {unknown[0]}; choose from {', '.join(planned)}.")
    random_encoder("ast", settings.out / "encoders" / "ast", settings.seed)
    clips = [clip for clip in read_corpus(settings.test_corpus, "TEST") if clip.speech]
    clips = clips[: settings.test_clips or None]
    answered: dict[str, list[tuple[str, Answers]]] = {"single-ended": [], "double-ended": []}
    for name in settings.variants or planned:
        for mode in answered:
            folder = settings.out / f"{name} {mode}".replace(" ", "-").lower()
            print(f"{name}, {mode}", flush=True)
            double = float(mode == "double-ended")
            own = replace(settings, out=folder, double_ended=double, **planned[name])
            chosen = [clip for clip in clips if clip.reference or not double]
            answered[mode].append((name, _answers(own, chosen, mode)))
            table = "\n".join(_tables(clips, answered))
            (settings.out / "paper_table.md").write_text(table + "\n", encoding="utf-8")
    print(table)


def _answers(settings: PaperTableSettings, clips: Sequence[CorpusClip], mode: str) -> Answers:
    """What a training's best model answers; read back where it was asked before."""
    import numpy as np
    import torch

    from sqllm.evaluation.paper_table import ROWS, Answers, ask_tasks
    from sqllm.features.token_set import cached_tokens
    from sqllm.model.checkpoint import load_checkpoint
    from sqllm.model.device import choose_dtype

    path = settings.out / "answers.npz"
    if not path.is_file():
        accelerator = start_accelerator(settings)
        trainer_of(settings, accelerator).run()
        half = choose_dtype(accelerator.device)[0] == torch.bfloat16  # as it was trained
        model, _ = load_checkpoint(settings.out / "checkpoint", settings.device or None, "bf16" if half else None)
        tokens = cached_tokens(model, clips, settings.cache or settings.out / "tokens")
        said = ask_tasks(model, tokens, mode == "double-ended")
        by_name: dict[str, Any] = {" ".join(row): values for row, values in said.values.items()}
        np.savez(path, **by_name)
    stored = np.load(path)
    return Answers(mode, {row: stored[" ".join(row)] for row in ROWS})


def _tables(clips: Sequence[CorpusClip], answered: dict[str, list[tuple[str, Answers]]]) -> list[str]:
    from sqllm.evaluation.paper_table import task_table

    lines = ["r / MAE (parsed); of dim-categorical the share of right categories among the parsed ones."]
    for mode, named in answered.items():
        chosen = [clip for clip in clips if clip.reference or mode == "single-ended"]
        if named:
            lines += [f"\n### {mode.capitalize()}, {len(chosen)} clips\n", *task_table(chosen, named)]
    return lines


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], make_table)
