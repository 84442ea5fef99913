"""A corpus as the trainer sees it: clips with their audio tokens, computed once while the encoder is frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sqllm.audio import SAMPLE_RATE, WINDOW_SECONDS, align_reference, load_clip
from sqllm.corpus.layout import CorpusClip, read_corpus
from sqllm.model import SpeechQualityModel


@dataclass(frozen=True)
class TokenSet:
    """Clips with their audio tokens [clips, tokens, width + 2]; `reference` is NaN where a clip has none."""

    clips: list[CorpusClip]
    degraded: Tensor
    reference: Tensor

    def __len__(self) -> int:
        return len(self.clips)

    def with_reference(self) -> Tensor:
        """Which clips have a reference, bool [clips]."""
        return ~self.reference[:, 0, 0].isnan()


def training_clips(folder: Path, reference_share: float = 1.0) -> list[CorpusClip]:
    """The TRAIN clips of a corpus, every so many of them with their reference (encoding it costs as much again)."""
    clips = read_corpus(folder, "TRAIN")
    kept = [int(i * reference_share) != int((i + 1) * reference_share) for i in range(len(clips))]
    return [clip if keep else replace(clip, reference=None) for clip, keep in zip(clips, kept, strict=True)]


def pad_batch(waves: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Waveforms of any lengths as one batch: [batch, samples] padded with zeros, and their lengths [batch]."""
    lengths = torch.tensor([len(wave) for wave in waves])
    batch = torch.zeros(len(waves), int(lengths.max()))
    for row, wave in enumerate(waves):
        batch[row, : len(wave)] = torch.from_numpy(np.ascontiguousarray(wave))
    return batch, lengths


def read_window(path: Path) -> np.ndarray:
    """The first 10 s of a clip."""
    return load_clip(path).samples[: round(WINDOW_SECONDS * SAMPLE_RATE)]


def listen_to(
    model: SpeechQualityModel, clips: Sequence[CorpusClip], batch: int = 8, half_precision: bool = False
) -> TokenSet:
    """Encode clips and their aligned references with the model's encoder, with a progress bar.

    `half_precision` computes in bfloat16: a third faster, with errors far below the noise that training adds.
    """
    from tqdm import tqdm

    shape = (len(clips), model.config.audio_tokens, model.encoder.width + 2)
    degraded, reference = torch.full(shape, torch.nan), torch.full(shape, torch.nan)
    model.encoder.eval()
    # Clips of like size (bytes stand for seconds) share a batch, so that little is padded.
    order = sorted(range(len(clips)), key=lambda index: clips[index].degraded.stat().st_size)
    for start in tqdm(range(0, len(order), batch), desc="listening", unit="batch", mininterval=5):
        chosen = order[start : start + batch]
        waves = [read_window(clips[index].degraded) for index in chosen]
        autocast = torch.autocast(model.device.type, torch.bfloat16, enabled=half_precision)
        with torch.inference_mode(), autocast:
            degraded[chosen] = model.audio_tokens(*pad_batch(waves)).float()
            paired = [
                (i, clips[i].reference, wave) for i, wave in zip(chosen, waves, strict=True) if clips[i].reference
            ]
            if paired:
                aligned = [align_reference(load_clip(path).samples, wave).samples for _, path, wave in paired if path]
                reference[[index for index, _, _ in paired]] = model.audio_tokens(*pad_batch(aligned)).float()
    return TokenSet(list(clips), degraded, reference)


def cached_tokens(
    model: SpeechQualityModel, clips: Sequence[CorpusClip], cache: Path, half_precision: bool = False
) -> TokenSet:
    """`listen_to`, or what an earlier call with the same encoder and the same clips left in the cache folder."""
    key = hashlib.sha256(f"{model.config.audio_tokens}{' bfloat16' if half_precision else ''}".encode())
    for parameter in model.encoder.state_dict().values():
        key.update(parameter.detach().cpu().numpy().tobytes())
    for clip in clips:
        key.update(f"{clip.degraded} {clip.degraded.stat().st_size} {clip.reference}".encode())
    path = cache / f"tokens-{key.hexdigest()[:16]}.pt"
    if path.is_file():
        stored = torch.load(path, weights_only=True)
        return TokenSet(list(clips), stored["degraded"], stored["reference"])
    tokens = listen_to(model, clips, half_precision=half_precision)
    cache.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save({"degraded": tokens.degraded, "reference": tokens.reference}, partial)
    partial.rename(path)
    return tokens
