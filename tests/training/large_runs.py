"""Tiny runs of training at size."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from tests.tiny import save_tiny_encoder, save_tiny_llm, write_corpus
from train.large import LargeSettings, start_accelerator, trainer_of

PAPER: dict[str, Any] = {"prompt": "question-first", "projector": "linear", "lora_layers": ("q_proj", "k_proj")}


def tiny_settings(folder: Path, kind: str = "whisper", **more: Any) -> LargeSettings:
    """Settings of a run on 16 short TRAIN and 8 VAL clips, all made in `folder` where they are not there yet."""
    corpus = folder / "corpus"
    if not corpus.is_dir():
        corpus.mkdir()
        write_corpus(corpus, [0.5, 0.6] * 12, splits=("TRAIN", "TRAIN", "VAL"), faults=[["hum"], ["codec"]] * 12)
        save_tiny_llm(folder / "llm")
    encoder = folder / kind
    source = str(encoder) if encoder.is_dir() else save_tiny_encoder(kind, encoder)
    shape = LargeSettings(
        corpus=corpus,
        cache=folder / "tokens",
        encoder=kind,
        encoder_source=source,
        llm_source=str(folder / "llm"),
        audio_tokens=4,
        lora_rank=2,
        batch=4,
        steps=6,
        warmup=2,
        learning_rate=3e-3,
        encoder_learning_rate=3e-3,
        validate_every=100,
        validate_clips=4,
        report_to="",
        device="cpu",
    )
    return dataclasses.replace(shape, **more)


def run(settings: LargeSettings) -> Any:
    """The trainer after its run, in this process."""
    trainer = trainer_of(settings, start_accelerator(settings))
    trainer.run()
    return trainer
