"""Train the LLM for words, text only: it tells what a question asks, and says the facts that answer it.

    python -m train.words train/configs/words.yaml [checkpoint=CHECKPOINT] out=DIR

Going on after a kill is the same command again. `out/checkpoint` is the given checkpoint (the default one) with these
words; what listens and rates in it stays bit for bit. Settings and their meaning: `train/configs/words.yaml`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sqllm.training.settings import read_settings, run_command
from sqllm.training.words_trainer import WordsSettings


def train_words(arguments: Sequence[str]) -> None:
    """Train words beside what a checkpoint hears."""
    from dataclasses import replace

    import torch

    from sqllm.model.checkpoint import DEFAULT_CHECKPOINT, stored_config
    from sqllm.model.device import choose_device, choose_dtype
    from sqllm.model.weights import fill
    from sqllm.model.words_llm import lora_weights, new_words, stored_words
    from sqllm.training.words_trainer import WordsTrainer

    settings = read_settings(WordsSettings, arguments)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    checkpoint = settings.checkpoint or DEFAULT_CHECKPOINT
    config = replace(
        stored_config(checkpoint),
        words_rank=settings.words_rank,
        words_alpha=settings.words_alpha,
        words_from=settings.words_from,
        quantize="",
    )
    device, reason = choose_device(settings.device)
    dtype, of_dtype = choose_dtype(device)
    print(f"Training on {device}: {reason}. The LLM is in {str(dtype).removeprefix('torch.')}: {of_dtype}.")
    model = new_words(config, dtype, settings.seed, device)
    if settings.start_from:
        fill(lora_weights(model), stored_words(settings.start_from))
    trainer = WordsTrainer(model, config, checkpoint, settings)
    trainer.run()
    print(f"Understood on validation wordings: {trainer.validate()}. The words are in {settings.out / 'checkpoint'}.")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], train_words)
