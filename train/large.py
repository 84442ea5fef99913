"""Train at size: the paper's recipes and `full`, on one GPU or several, with accelerate.

    python -m train.large train/configs/paper_ast_frozen.yaml corpus=NISQA_Corpus out=RUN
    accelerate launch --num_processes 4 -m train.large train/configs/full.yaml corpus=NISQA_Corpus out=RUN
    accelerate launch --config_file train/configs/fsdp_qlora.yaml -m train.large train/configs/full.yaml ...

Going on after a kill is the same command again, bit for bit. The best model by validation loss is in `out/checkpoint`;
`train.evaluate ... paper=true` measures it. Settings and their meaning: `train/configs/full.yaml`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqllm.model.config import LINEAR_LAYERS, ModelConfig
from sqllm.training.large_trainer import LargeTrainer, LargeTrainerSettings
from sqllm.training.settings import read_settings, run_command

if TYPE_CHECKING:
    from sqllm.corpus.nisqa_layout import CorpusClip
    from sqllm.features.token_set import TokenSet
    from sqllm.model.speech_llm import SpeechQualityModel
    from sqllm.training.large_data import Curriculum, Objective


@dataclass(frozen=True)
class LargeSettings(LargeTrainerSettings):
    """A corpus, a model and how to train it. `cache` keeps the audio tokens of a frozen encoder; `train_clips` takes
    the first so many training clips (0: all); `threads` are torch's on a CPU (0: its own choice).
    """

    corpus: Path = Path("corpus")
    out: Path = Path("run")
    cache: Path | None = None
    encoder: str = "ast"
    encoder_source: str = ""
    encoder_layer: int = 0
    llm_source: str = ""
    quantize: str = ""
    trained_encoder: str = "none"
    projector: str = "two-layer"
    prompt: str = "audio-first"
    audio_tokens: int = 128
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    lora_layers: tuple[str, ...] = LINEAR_LAYERS
    fault_weight: float = 0.3
    train_clips: int = 0
    device: str = ""
    threads: int = 0

    @property
    def model_config(self) -> ModelConfig:
        """What the model to train is made of."""
        return ModelConfig.of(self)


def start_accelerator(settings: LargeSettings) -> Any:
    """accelerate's own view of devices and processes, as `accelerate launch` or nothing set them up.

    Raises `ValueError` where the tracker that was asked for is not installed.
    """
    from accelerate import Accelerator
    from accelerate.utils import DistributedDataParallelKwargs

    from sqllm.model.device import choose_device, choose_dtype

    device, _ = choose_device(settings.device)
    precision = "bf16" if str(choose_dtype(device)[0]) == "torch.bfloat16" else "no"
    # Without references, what marks them gets no gradient: DDP is not to wait for it.
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    accelerator = Accelerator(
        cpu=device.type == "cpu",
        mixed_precision=os.environ.get("ACCELERATE_MIXED_PRECISION", precision),
        log_with=settings.report_to or None,
        project_dir=str(settings.out),
        kwargs_handlers=[unused],
    )
    if settings.report_to and not accelerator.log_with:
        raise ValueError(f"report_to={settings.report_to} can't be used: pip install it, or leave it empty.")
    if settings.report_to:
        accelerator.init_trackers("log", {})
    return accelerator


def prepare(settings: LargeSettings, device: Any) -> tuple[SpeechQualityModel, TokenSet, TokenSet]:
    """The model to train, and what it learns from and is validated on; unheard where its encoder trains."""
    from sqllm.corpus.nisqa_layout import read_corpus
    from sqllm.features.token_set import TokenSet, cached_tokens, training_clips
    from sqllm.model.checkpoint import DEFAULT_CHECKPOINT, new_model
    from sqllm.model.device import choose_dtype
    from sqllm.training.large_data import all_known

    config = settings.model_config
    encoder_of = DEFAULT_CHECKPOINT if config.encoder == "compact" and not config.encoder_source else None
    model = new_model(config, choose_dtype(device)[0], settings.seed, encoder_of, device)
    train, validation = training_clips(settings.corpus, most=settings.train_clips), read_corpus(settings.corpus, "VAL")
    clips = [_with_needed(all_known(some), settings.double_ended) for some in (train, validation)]
    few = max(settings.batch, settings.validate_clips)
    clips[1] = clips[1][:: max(1, len(clips[1]) // few)][:few]  # from all over the split
    for name, some in zip(("TRAIN", "VAL"), clips, strict=True):
        if len(some) < settings.batch:
            raise ValueError(f"{len(some)} {name} clips are fewer than a batch of {settings.batch}.")
    if settings.trained_encoder != "none":
        return model, TokenSet.unheard(clips[0]), TokenSet.unheard(clips[1])
    cache = settings.cache or settings.out / "tokens"
    heard = [cached_tokens(model, some, cache, half_precision=True) for some in clips]
    return model, heard[0], heard[1]


def _with_needed(clips: Sequence[CorpusClip], double_ended: float) -> list[CorpusClip]:
    """Training with references only leaves out clips without; training without any forgets them."""
    from dataclasses import replace

    if double_ended == 1:
        return [clip for clip in clips if clip.reference]
    return list(clips) if double_ended else [replace(clip, reference=None) for clip in clips]


def objective_of(settings: LargeSettings, model: SpeechQualityModel) -> Objective:
    """What the prompt's order asks for: the paper's answers, or our lessons."""
    from sqllm.training.large_data import AnswerObjective, LessonObjective
    from sqllm.training.lessons import Tasks

    if settings.prompt == "question-first":
        return AnswerObjective(model)
    return LessonObjective(model, Tasks(), settings.fault_weight)


def trainer_of(settings: LargeSettings, accelerator: Any) -> LargeTrainer:
    """All that a run needs, from a corpus to the trainer."""
    from sqllm.training.large_data import Curriculum, Order

    with accelerator.main_process_first():  # the others find its tokens in the cache
        model, *heard = prepare(settings, accelerator.device)
    objective = objective_of(settings, model)
    share = accelerator.process_index, accelerator.num_processes
    curricula: list[Curriculum] = []
    for tokens, seed in zip(heard, (settings.seed, 0), strict=True):
        paired = tuple(tokens.with_reference().nonzero().flatten().tolist())
        order = Order(len(tokens), settings.batch, paired, settings.double_ended, seed)
        micro = settings.micro_batch or max(1, settings.batch // share[1])
        curricula.append(Curriculum(objective, tokens, order, micro, share, settings.trained_encoder != "none"))
    steps = settings.steps or settings.epochs * len(heard[0]) // settings.batch
    return LargeTrainer(accelerator, curricula[0], curricula[1], settings.out, settings, steps)


def train_large(arguments: Sequence[str]) -> None:
    """Train; tells where the best model is."""
    import torch

    settings = read_settings(LargeSettings, arguments)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    accelerator = start_accelerator(settings)
    trainer_of(settings, accelerator).run()
    accelerator.end_training()
    if accelerator.is_main_process:
        print(f"The best model is in {settings.out / 'checkpoint'}.")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], train_large)
