"""Train a model on a corpus in the NISQA layout: probe first, then projector and LoRA.

    python -m train.finetune train/configs/compact.yaml corpus=DIR out=DIR

Going on after a kill is the same command again. The best model by validation is in `out/checkpoint`; rate with it by
`SpeechQualityLLM.from_pretrained("out/checkpoint")`. Settings and their meaning: `train/configs/compact.yaml`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqllm.model.config import LINEAR_LAYERS, ModelConfig
from sqllm.training.settings import read_settings, run_command
from sqllm.training.trainer import Trainer, TrainerSettings

if TYPE_CHECKING:
    from sqllm.features.token_set import TokenSet
    from sqllm.model.speech_llm import SpeechQualityModel


@dataclass(frozen=True)
class FinetuneSettings(TrainerSettings):
    """A corpus, a model and how to train it.

    `cache` keeps the audio tokens of frozen encoders; `start_from` is a checkpoint of the same make to go on from, or
    several: then from the mean of their weights. `device` is where to train (empty: a GPU where there is one).
    """

    corpus: Path = Path("corpus")
    out: Path = Path("run")
    cache: Path | None = None
    start_from: tuple[Path, ...] = ()
    encoder: str = "compact"
    encoder_source: str = ""
    llm_source: str = ""
    quantize: str = ""
    trained_encoder: str = "none"
    nucleus: float = 0.8
    audio_tokens: int = 32
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_layers: tuple[str, ...] = LINEAR_LAYERS
    reference_share: float = 1.0
    train_clips: int = 0
    device: str = ""
    threads: int = 0
    probe: bool = True

    @property
    def encoder_trains(self) -> bool:
        return self.trained_encoder != "none"

    @property
    def model_config(self) -> ModelConfig:
        """What the model to train is made of."""
        return ModelConfig.of(self)

    @property
    def token_cache(self) -> Path:
        return self.cache or self.out / "tokens"


def prepare(settings: FinetuneSettings) -> tuple[SpeechQualityModel, TokenSet, TokenSet]:
    """The model to train, and the TRAIN and VAL clips as its encoder hears them (unheard where that trains too)."""
    from sqllm.corpus.nisqa_layout import read_corpus
    from sqllm.features.token_set import TokenSet, cached_tokens, training_clips
    from sqllm.model.checkpoint import DEFAULT_CHECKPOINT, adopt_weights, new_model
    from sqllm.model.device import choose_device, choose_dtype

    config = settings.model_config
    device, reason = choose_device(settings.device)
    dtype, of_dtype = choose_dtype(device)
    print(f"Training on {device}: {reason}. The LLM is in {str(dtype).removeprefix('torch.')}: {of_dtype}.")
    encoder_of = DEFAULT_CHECKPOINT if config.encoder == "compact" and not config.encoder_source else None
    model = new_model(config, dtype, settings.seed, encoder_of, device)
    clips = (
        training_clips(settings.corpus, settings.reference_share, settings.train_clips),
        read_corpus(settings.corpus, "VAL"),
    )
    if settings.start_from:
        adopt_weights(model, *settings.start_from)
    if settings.encoder_trains:
        return model, TokenSet.unheard(clips[0]), TokenSet.unheard(clips[1])
    corpus, validation = (cached_tokens(model, some, settings.token_cache, half_precision=True) for some in clips)
    return model, corpus, validation


def train(settings: FinetuneSettings) -> TokenSet:
    """Listen to the corpus, probe the tokens, train; the validation clips. The model stays in here, so that it can go
    before the best one is loaded.
    """
    from sqllm.evaluation.metrics import table
    from sqllm.evaluation.probe import probe

    model, corpus, validation = prepare(settings)
    if settings.probe and not settings.encoder_trains:
        print(table(probe(corpus, validation)))
    Trainer(model, corpus, validation, settings.out, settings).run()
    return validation


def finetune(arguments: Sequence[str]) -> None:
    """Train, and calibrate the best model."""
    import torch

    from sqllm.training.calibration import calibrate_checkpoint

    settings = read_settings(FinetuneSettings, arguments)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    validation, best = train(settings), settings.out / "checkpoint"
    gc.collect()  # the trained model holds itself, so that only now its memory is free for the best one
    temperatures = calibrate_checkpoint(best, validation, settings.device, listen=settings.encoder_trains)
    print(f"Temperatures: {temperatures}")
    print(f"The best model is in {best}.")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], finetune)
