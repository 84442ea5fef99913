"""Published encoders of transformers behind our interface: AST and Whisper."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sqllm.model.encoders.base import TAIL_SECONDS, AudioEncoder
from sqllm.signal.audio import SAMPLE_RATE, WINDOW_SECONDS

FULL_PRECISION = partial(torch.autocast, "cpu", enabled=False)  # spectra are not to be rounded where training is
WHISPER_HEAD = 64  # the width of a head, in every size that was published


def _lowest(layers: Any, count: int) -> nn.ModuleList:
    """The lowest blocks of a stack; raises `ValueError` where it has fewer."""
    if not 0 < count <= len(layers):
        raise ValueError(f"encoder_layer is {count}: this encoder has the layers 1 to {len(layers)} (0: the last).")
    return nn.ModuleList(list(layers)[:count])


class AstEncoder(AudioEncoder):
    """The Audio Spectrogram Transformer of transformers, its patches averaged over frequency: frames over time.

    The patch sequence is frequency-major. Always hears its full 10.24 s, zeros behind a shorter clip. `layer` is the
    block that frames come from (0: the last, with the norm behind it); the blocks above it are left out.
    """

    takes_from_cpu = True

    def __init__(self, model: Any, extractor: Any, layer: int = 0) -> None:
        super().__init__()
        self.model: Any = model
        self.extractor = extractor
        if layer:
            model.layers, model.layernorm = _lowest(model.layers, layer), nn.Identity()
        config = model.config
        self.bands = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
        self.frame_rate, self.width = 100 / config.time_stride, config.hidden_size

    @classmethod
    def from_pretrained(cls, source: str, layer: int = 0) -> AstEncoder:
        from transformers import ASTFeatureExtractor, ASTModel

        return cls(ASTModel.from_pretrained(source), ASTFeatureExtractor.from_pretrained(source), layer)

    def forward(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        clips = [clip[:length].cpu().numpy() for clip, length in zip(waveforms, lengths.tolist(), strict=True)]
        with FULL_PRECISION():
            inputs = self.extractor(clips, sampling_rate=SAMPLE_RATE, return_tensors="pt")["input_values"]
        patches = self.model(inputs.to(self.device, self.dtype)).last_hidden_state[:, 2:].float()
        frames = patches.unflatten(1, (self.bands, -1)).mean(dim=1)  # [batch, frames, width]
        counts = (lengths * self.frame_rate / SAMPLE_RATE).long().clamp(1, frames.shape[1])
        return frames, counts


class WhisperEncoder(AudioEncoder):
    """The encoder of Whisper, its positions cut to 10.2 s so that no frame is spent on 20 s of padding. `layer` is the
    block that frames come from (0: the last, with the norm behind it); the blocks above it are left out.
    """

    frame_rate = 50.0
    seconds = WINDOW_SECONDS + 2 * TAIL_SECONDS
    takes_from_cpu = True

    def __init__(self, model: Any, extractor: Any, layer: int = 0) -> None:
        super().__init__()
        if layer:
            model.layers, model.layer_norm = _lowest(model.layers, layer), nn.Identity()
        self.model: Any = model
        self.extractor, self.width = extractor, model.config.d_model
        positions = min(model.config.max_source_positions, round(self.seconds * self.frame_rate))
        model.config.max_source_positions = model.max_source_positions = positions
        kept = model.embed_positions.weight.detach()[:positions].clone()
        model.embed_positions = nn.Embedding.from_pretrained(kept, freeze=True)

    @classmethod
    def from_pretrained(cls, source: str, layer: int = 0) -> WhisperEncoder:
        from transformers import WhisperFeatureExtractor, WhisperModel

        model, extractor = WhisperModel.from_pretrained(source), WhisperFeatureExtractor.from_pretrained(source)
        return cls(model.encoder, extractor, layer)

    @classmethod
    def from_weights(cls, path: Path, layer: int = 0) -> WhisperEncoder:
        """The encoder alone from one `.safetensors` with transformers' names; its sizes are read off the weights, which
        become float32. Raises `FileNotFoundError` where there is none, `ValueError` where it is no Whisper encoder.
        """
        from safetensors.torch import load_file
        from transformers import WhisperConfig, WhisperFeatureExtractor
        from transformers.models.whisper.modeling_whisper import WhisperEncoder as Published

        if not path.is_file():
            raise FileNotFoundError(f"There is no file {path} to load an encoder from.")
        weights = {name.removeprefix("encoder."): weight.float() for name, weight in load_file(path).items()}
        try:
            width, mels, _ = weights["conv1.weight"].shape
            config = WhisperConfig(
                num_mel_bins=mels,
                d_model=width,
                encoder_layers=1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers.")),
                encoder_attention_heads=width // WHISPER_HEAD,
                encoder_ffn_dim=len(weights["layers.0.fc1.weight"]),
                max_source_positions=len(weights["embed_positions.weight"]),
            )
            model = Published(config)
            model.load_state_dict(weights)
        except (KeyError, RuntimeError, ValueError) as problem:
            raise ValueError(f"{path} does not hold the encoder of a Whisper.") from problem
        return cls(model, WhisperFeatureExtractor(feature_size=mels), layer)

    def forward(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        samples = self.model.config.max_source_positions * 320
        clips = [clip[:length].cpu().numpy() for clip, length in zip(waveforms, lengths.tolist(), strict=True)]
        with FULL_PRECISION():
            inputs = self.extractor(
                clips, sampling_rate=SAMPLE_RATE, return_tensors="pt", padding="max_length", max_length=samples
            )["input_features"]
        frames = self.model(inputs.to(self.device, self.dtype)).last_hidden_state.float()
        counts = torch.div(lengths, 320, rounding_mode="floor").clamp(1, frames.shape[1])
        return frames, counts
