"""Tune the compact encoder's transformer on a corpus in the NISQA layout, before the LLM is trained on what it hears.

    python -m train.tune train/configs/tune.yaml corpus=DIR out=DIR cache=DIR [encoder_source=FILE|CHECKPOINT]

Writes `out/encoder.safetensors`, which `train.finetune` takes as `encoder_source=`. Goes on after a kill, at the last
checkpoint. Settings and their meaning: `train/configs/tune.yaml`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqllm.training.encoder_tuning import Tuner, TuningSettings, opinions_of
from sqllm.training.settings import read_settings, run_command


@dataclass(frozen=True)
class TuneSettings(TuningSettings):
    """A corpus, an encoder and how to tune it; `reference_share` and `train_clips` are as in `train.finetune`, and
    `validate_clips` VAL clips choose the best epoch.
    """

    reference_share: float = 0.33
    train_clips: int = 0
    validate_clips: int = 500


def published_trunk() -> Path:
    """The weights of Distill-MOS in the installed package; raises `ValueError` when it is not there."""
    package = find_spec("distillmos")
    if package is None or not package.submodule_search_locations:
        raise ValueError("Give encoder_source=.../distill_mos_v7.pt, or: pip install --no-deps distillmos==0.9.1.")
    return Path(package.submodule_search_locations[0]) / "weights" / "distill_mos_v7.pt"


def tune(arguments: Sequence[str]) -> None:
    """Listen to the corpus, tune."""
    from sqllm.corpus.nisqa_layout import read_corpus
    from sqllm.features.token_set import training_clips
    from sqllm.model.checkpoint import encoder_from_checkpoint, stored_config
    from sqllm.model.encoders.load import load_encoder

    settings = read_settings(TuneSettings, arguments)
    source = Path(settings.encoder_source or published_trunk())
    encoder = encoder_from_checkpoint(source, "compact") if source.is_dir() else load_encoder("compact", str(source))
    train = training_clips(settings.corpus, settings.reference_share, settings.train_clips)
    validation = read_corpus(settings.corpus, "VAL")[: settings.validate_clips]
    known = opinions_of(stored_config(source)) if source.is_dir() else []
    Tuner(encoder, train, validation, settings, known).run()  # type: ignore[arg-type]


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], tune)
