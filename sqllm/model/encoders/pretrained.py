"""Published encoders of transformers behind our interface: AST and Whisper."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sqllm.model.encoders.base import TAIL_SECONDS, AudioEncoder
from sqllm.signal.audio import SAMPLE_RATE, WINDOW_SECONDS


class AstEncoder(AudioEncoder):
    """The Audio Spectrogram Transformer of transformers, its patches averaged over frequency: frames over time.

    The patch sequence is frequency-major. Always hears its full 10.24 s, zeros behind a shorter clip.
    """

    def __init__(self, model: Any, extractor: Any) -> None:
        super().__init__()
        self.model: Any = model
        self.extractor = extractor
        config = model.config
        self.bands = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
        self.frame_rate, self.width = 100 / config.time_stride, config.hidden_size

    @classmethod
    def from_pretrained(cls, source: str) -> AstEncoder:
        from transformers import ASTFeatureExtractor, ASTModel

        return cls(ASTModel.from_pretrained(source), ASTFeatureExtractor.from_pretrained(source))

    def forward(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        clips = [clip[:length].cpu().numpy() for clip, length in zip(waveforms, lengths.tolist(), strict=True)]
        inputs = self.extractor(clips, sampling_rate=SAMPLE_RATE, return_tensors="pt")["input_values"]
        patches = self.model(inputs.to(self.device, self.dtype)).last_hidden_state[:, 2:].float()
        frames = patches.unflatten(1, (self.bands, -1)).mean(dim=1)  # [batch, frames, width]
        counts = (lengths * self.frame_rate / SAMPLE_RATE).long().clamp(1, frames.shape[1])
        return frames, counts


class WhisperEncoder(AudioEncoder):
    """The encoder of Whisper, its positions cut to 10.2 s so that no frame is spent on 20 s of padding."""

    frame_rate = 50.0
    seconds = WINDOW_SECONDS + 2 * TAIL_SECONDS

    def __init__(self, model: Any, extractor: Any) -> None:
        super().__init__()
        self.model: Any = model
        self.extractor, self.width = extractor, model.config.d_model
        positions = min(model.config.max_source_positions, round(self.seconds * self.frame_rate))
        model.config.max_source_positions = model.max_source_positions = positions
        kept = model.embed_positions.weight.detach()[:positions].clone()
        model.embed_positions = nn.Embedding.from_pretrained(kept, freeze=True)

    @classmethod
    def from_pretrained(cls, source: str) -> WhisperEncoder:
        from transformers import WhisperFeatureExtractor, WhisperModel

        return cls(WhisperModel.from_pretrained(source).encoder, WhisperFeatureExtractor.from_pretrained(source))

    def forward(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        samples = self.model.config.max_source_positions * 320
        clips = [clip[:length].cpu().numpy() for clip, length in zip(waveforms, lengths.tolist(), strict=True)]
        inputs = self.extractor(
            clips, sampling_rate=SAMPLE_RATE, return_tensors="pt", padding="max_length", max_length=samples
        )["input_features"]
        frames = self.model(inputs.to(self.device, self.dtype)).last_hidden_state.float()
        counts = torch.div(lengths, 320, rounding_mode="floor").clamp(1, frames.shape[1])
        return frames, counts
