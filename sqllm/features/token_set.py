"""A corpus as the trainer sees it: clips with their audio tokens, computed once while the encoder is frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sqllm.corpus.nisqa_layout import CorpusClip, read_corpus
from sqllm.features.feature_cache import MapStore, Sound, fingerprint, sounds_of
from sqllm.features.read_pair import save_whole
from sqllm.model.device import training_precision
from sqllm.model.encoders.base import BESIDE, pad_batch
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.signal.changes import CHANGES, with_changes
from sqllm.signal.spectra import HIGHEST_HERTZ


@dataclass(frozen=True)
class TokenSet:
    """Clips with their audio tokens [clips, tokens, width + BESIDE]; `reference`, with what changed against it [clips,
    tokens, width + BESIDE + CHANGES], is NaN where a clip has none. Both are on the CPU, whatever device heard them.
    """

    clips: list[CorpusClip]
    degraded: Tensor
    reference: Tensor

    @classmethod
    def unheard(cls, clips: Sequence[CorpusClip]) -> TokenSet:
        """Clips without tokens, as their encoder has still to be trained: `reference` tells which have one."""
        reference = torch.tensor([0.0 if clip.reference else torch.nan for clip in clips])[:, None, None]
        return cls(list(clips), torch.zeros_like(reference), reference)

    def __len__(self) -> int:
        return len(self.clips)

    def with_reference(self) -> Tensor:
        """Which clips have a reference, bool [clips]."""
        return ~self.reference[:, 0, 0].isnan()

    def chosen(self, rows: Sequence[int]) -> TokenSet:
        """The clips of some rows."""
        return TokenSet([self.clips[row] for row in rows], self.degraded[list(rows)], self.reference[list(rows)])


def training_clips(folder: Path, reference_share: float = 1.0, most: int = 0) -> list[CorpusClip]:
    """The TRAIN clips of a corpus (the first `most` of them, where that is not 0), every so many of them with their
    reference (encoding it costs as much again).
    """
    clips = read_corpus(folder, "TRAIN")[: most or None]
    kept = [int(i * reference_share) != int((i + 1) * reference_share) for i in range(len(clips))]
    return [clip if keep else replace(clip, reference=None) for clip, keep in zip(clips, kept, strict=True)]


def listen_to(model: SpeechQualityModel, clips: Sequence[CorpusClip], batch: int = 8) -> TokenSet:
    """Encode clips and their aligned references with the model's encoder, with a progress bar."""
    return _gather(model, clips, batch)


def hear_sounds(
    model: SpeechQualityModel,
    sounds: Sequence[Sound],
    encode: Callable[[Sequence[Sound], list[np.ndarray]], Tensor] | None = None,
) -> list[Tensor]:
    """The audio tokens of some sounds: [tokens, width + BESIDE] each, with CHANGES more behind those of a reference.

    `encode` gives the tokens of some sounds and their waves; left out, it is the model's encoder.
    """
    pairs = [sound.read() for sound in sounds]
    waves = [clip if aligned is None else aligned for clip, aligned in pairs]
    tokens = model.audio_tokens(*pad_batch(waves)) if encode is None else encode(sounds, waves)
    return [
        row if aligned is None else with_changes(row, clip, aligned)
        for row, (clip, aligned) in zip(tokens, pairs, strict=True)
    ]


def listen_by_maps(
    model: SpeechQualityModel, clips: Sequence[CorpusClip], store: MapStore, batch: int = 32
) -> TokenSet:
    """`listen_to` with the compact encoder's convolutions from the store: in training precision, with errors far below
    the noise that training adds.
    """
    store.fill(sounds_of(clips))

    def tokens(sounds: Sequence[Sound], waves: list[np.ndarray]) -> Tensor:
        maps, lengths = store.batch(sounds)
        with training_precision(model.device):
            frames, counts = store.encoder.upper(maps.to(model.device), lengths.to(model.device))
        return model.pool(frames.float(), counts, *pad_batch(waves))

    return _gather(model, clips, batch, tokens)


def _gather(
    model: SpeechQualityModel,
    clips: Sequence[CorpusClip],
    batch: int,
    encode: Callable[[Sequence[Sound], list[np.ndarray]], Tensor] | None = None,
) -> TokenSet:
    from tqdm import tqdm

    width = model.encoder.width + BESIDE
    heard = [torch.full((len(clips), model.config.audio_tokens, w), torch.nan) for w in (width, width + CHANGES)]
    model.encoder.eval()
    places = [(0, i, Sound.of(clip)) for i, clip in enumerate(clips)]
    places += [(1, i, Sound.of(clip, reference=True)) for i, clip in enumerate(clips) if clip.reference]
    # Clips of like size (bytes stand for seconds) share a batch, so that little is padded.
    places.sort(key=lambda place: place[2].clip.stat().st_size)
    for start in tqdm(range(0, len(places), batch), desc="listening", unit="batch", mininterval=5):
        chosen = places[start : start + batch]
        with torch.inference_mode():
            rows = hear_sounds(model, [sound for *_, sound in chosen], encode)
        for (side, index, _), row in zip(chosen, rows, strict=True):
            heard[side][index] = row
    return TokenSet(list(clips), *heard)


def cached_tokens(
    model: SpeechQualityModel, clips: Sequence[CorpusClip], cache: Path, half_precision: bool = False
) -> TokenSet:
    """`listen_to`, or what an earlier call with the same encoder and the same clips left in the cache folder.

    `half_precision` will do for training: the compact encoder then listens by its stored maps.
    """
    precision = " bfloat16" if half_precision else ""
    key = hashlib.sha256(f"{model.config.audio_tokens} {HIGHEST_HERTZ} {BESIDE} {CHANGES}{precision}".encode())
    key.update(fingerprint(model.encoder))
    for clip in clips:
        level = f" at the level of {clip.level_of}" if clip.level_of else ""
        key.update(f"{clip.degraded} {clip.degraded.stat().st_size} {clip.reference}{level}".encode())
    path = cache / f"tokens-{key.hexdigest()[:16]}.pt"
    if path.is_file():
        stored = torch.load(path, map_location="cpu", weights_only=True)
        return TokenSet(list(clips), stored["degraded"], stored["reference"])
    if half_precision and isinstance(model.encoder, CompactEncoder):
        tokens = listen_by_maps(model, clips, MapStore(model.encoder, cache))
    else:
        tokens = listen_to(model, clips)
    cache.mkdir(parents=True, exist_ok=True)
    save_whole({"degraded": tokens.degraded, "reference": tokens.reference}, path)
    return tokens
