"""The seed's experiments at this scale: small trainings that differ from a common one in one thing each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqllm.evaluation.tables import figure, markdown_table
from sqllm.scores import DIMENSIONS

AUDIO_TOKENS = (8, 16, 32, 64, 128)  # a clip: the paper's L_a
RANDOM_WIDTH, RANDOM_LAYERS, RANDOM_HEADS = 192, 4, 3  # of encoders from random initialisation


@dataclass(frozen=True)
class Variant:
    """A small training: which question it helps to answer, its name there, and the settings that it changes."""

    question: str
    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """A name for its folder: one for equal changes, so that a training two questions share is made once."""
        return "-".join(f"{key}={Path(str(value)).stem}" for key, value in sorted(self.changes.items())) or "base"


@dataclass(frozen=True)
class Outcome:
    """What a small training came to on unseen clips: figures by dimension, and the seconds it took."""

    seconds: float
    single: Mapping[str, Mapping[str, float]]
    double: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, path: Path) -> Outcome:
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def variants(trunk: str, encoders: Path, tokens: int, clips: int, steps: int) -> list[Variant]:
    """All small trainings. `trunk` is Distill-MOS's published weights, `encoders` the folder of `random_encoder`;
    `tokens`, `clips` and `steps` are the base's.
    """
    of_tokens = [
        Variant("audio tokens a clip", str(count), {} if count == tokens else {"audio_tokens": count})
        for count in AUDIO_TOKENS
    ]
    along = {"trained_encoder": "queries", "encoder_source": trunk}
    whole = {"trained_encoder": "all", "encoder_learning_rate": 3e-4}
    of_encoders = [
        Variant("encoder", "Distill-MOS's, frozen", {"encoder_source": trunk}),
        Variant("encoder", "Distill-MOS's, its queries trained with the LLM", along),
        Variant("encoder", "tuned on the corpus first, frozen"),
        Variant("encoder", "small AST from nothing", whole | _random("ast", encoders)),
        Variant("encoder", "small Whisper from nothing", whole | _random("whisper", encoders)),
    ]
    of_clips = [
        Variant("training clips", str(clips // 4), {"train_clips": clips // 4}),
        Variant("training clips", str(clips)),
        Variant("training clips", "all", {"train_clips": 0}),
    ]
    of_steps = [
        Variant("steps", str(count), {} if count == steps else {"steps": count})
        for count in (steps // 4, steps, 3 * steps)
    ]
    return [*of_tokens, *of_encoders, *of_clips, *of_steps]


def _random(kind: str, encoders: Path) -> dict[str, str]:
    return {"encoder": kind, "encoder_source": str(encoders / kind)}


def random_encoder(kind: str, folder: Path, seed: int = 0) -> Path:
    """Write a small encoder of a kind (`ast` or `whisper`) with random weights, for `load_encoder` to read."""
    import torch
    from transformers import (
        ASTConfig,
        ASTFeatureExtractor,
        ASTModel,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperModel,
    )

    torch.manual_seed(seed)
    width, layers, heads = RANDOM_WIDTH, RANDOM_LAYERS, RANDOM_HEADS
    if kind == "ast":
        ast = ASTConfig(
            hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=4 * width
        )
        ASTModel(ast).save_pretrained(folder)
        ASTFeatureExtractor().save_pretrained(folder)
    else:
        whisper = WhisperConfig(
            d_model=width,
            encoder_layers=layers,
            encoder_attention_heads=heads,
            encoder_ffn_dim=4 * width,
            decoder_layers=1,
            decoder_attention_heads=heads,
            decoder_ffn_dim=width,
        )
        WhisperModel(whisper).save_pretrained(folder)
        WhisperFeatureExtractor().save_pretrained(folder)
    return folder


def ablations_table(outcomes: Iterable[tuple[Variant, Outcome]]) -> str:
    """A row a variant: Pearson's r by dimension, single-ended, the MAE of the MOS, and both with the reference."""
    heads = ["question", "variant", *(f"r {d}" for d in DIMENSIONS), "MAE MOS", "r mos / MAE, double-ended", "minutes"]
    rows: list[Sequence[str]] = []
    for variant, outcome in outcomes:
        single, double = outcome.single, outcome.double
        rows.append(
            [
                variant.question,
                variant.name,
                *(figure(single.get(d, {}).get("r")) for d in DIMENSIONS),
                figure(single["mos"]["mae"]),
                f"{figure(double['mos']['r'])} / {figure(double['mos']['mae'])}" if double else "-",
                f"{outcome.seconds / 60:.0f}",
            ]
        )
    return "\n".join(markdown_table(heads, rows))
