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

# Audio tokens [sounds, tokens, width + BESIDE] of some sounds, whose waves are at hand.
Encode = Callable[[Sequence[Sound], list[np.ndarray]], Tensor]


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
    return TokenSet(list(clips), *(_gather(model, clips, side, batch) for side in (False, True)))


def hear_sounds(model: SpeechQualityModel, sounds: Sequence[Sound], encode: Encode | None = None) -> list[Tensor]:
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


def _training_ears(model: SpeechQualityModel, clips: Sequence[CorpusClip], cache: Path) -> Encode:
    """The model's encoder in training precision, the compact one by its convolutions' maps in the cache: errors are far
    below the noise that training adds.
    """
    if not isinstance(model.encoder, CompactEncoder):

        def hear(sounds: Sequence[Sound], waves: list[np.ndarray]) -> Tensor:
            with training_precision(model.device):
                return model.audio_tokens(*pad_batch(waves)).float()

        return hear
    store = MapStore(model.encoder, cache)
    store.fill(sounds_of(clips))

    def hear_by_maps(sounds: Sequence[Sound], waves: list[np.ndarray]) -> Tensor:
        maps, lengths = store.batch(sounds)
        with training_precision(model.device):
            frames, counts = store.encoder.upper(maps.to(model.device), lengths.to(model.device))
        return model.pool(frames.float(), counts, *pad_batch(waves))

    return hear_by_maps


def _side(clips: Sequence[CorpusClip], reference: bool) -> dict[int, Sound]:
    """What is heard of some clips, by their row: the clips, or those references that there are."""
    return {row: Sound.of(clip, reference) for row, clip in enumerate(clips) if clip.reference or not reference}


def _gather(
    model: SpeechQualityModel,
    clips: Sequence[CorpusClip],
    reference: bool,
    batch: int = 8,
    encode: Encode | None = None,
) -> Tensor:
    """The audio tokens of clips or of their references, [clips, tokens, width + BESIDE (+ CHANGES)], with a progress
    bar.
    """
    from tqdm import tqdm

    width = model.encoder.width + BESIDE + CHANGES * reference
    shape = (len(clips), model.config.audio_tokens, width)
    # Clips of like size (bytes stand for seconds) share a batch, so that little is padded.
    places = sorted(_side(clips, reference).items(), key=lambda place: place[1].clip.stat().st_size)
    if not places:
        return torch.tensor(torch.nan).expand(shape)
    heard = torch.full(shape, torch.nan)
    model.encoder.eval()
    for start in tqdm(range(0, len(places), batch), desc="listening", unit="batch", mininterval=5):
        chosen = places[start : start + batch]
        with torch.inference_mode():
            rows = hear_sounds(model, [sound for _, sound in chosen], encode)
        for (index, _), row in zip(chosen, rows, strict=True):
            heard[index] = row
    return heard


def cached_tokens(
    model: SpeechQualityModel, clips: Sequence[CorpusClip], cache: Path, half_precision: bool = False
) -> TokenSet:
    """`listen_to`, or what an earlier call with the same encoder and the same clips left in the cache folder: clips and
    references apart, so that both modes share what is heard of the clips.

    `half_precision` will do for training: the compact encoder then listens by its stored maps.
    """
    head = f"{model.config.audio_tokens} {HIGHEST_HERTZ} {BESIDE} {CHANGES}{' bfloat16' if half_precision else ''}"
    head = f"{head} {fingerprint(model.encoder).hex()}"
    heard, encode = [], None
    for reference in (False, True):
        names = [f"{row} {sound.name}" for row, sound in _side(clips, reference).items()]
        key = "\n".join([head, f"{len(clips)} {'references' if reference else 'clips'}", *names])
        path = cache / f"tokens-{hashlib.sha256(key.encode()).hexdigest()[:16]}.pt"
        if not path.is_file():
            if half_precision:
                encode = encode or _training_ears(model, clips, cache)
            cache.mkdir(parents=True, exist_ok=True)
            save_whole(_gather(model, clips, reference, encode=encode), path)
        heard.append(torch.load(path, map_location="cpu", weights_only=True))
    return TokenSet(list(clips), *heard)
