"""Listening: clips and their references through the encoder, once, into hearings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sqllm.judge.hearing import Hearing
from sqllm.judge.readout import Heard, Reading, Vocabulary, read_tokens
from sqllm.judge.signal_checks import prepare_reference, speech_beside, speech_warnings
from sqllm.listeners.profiles import TYPICAL, ListenerProfile, as_taught
from sqllm.model.encoders.base import pad_batch
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.signal.audio import SAMPLE_RATE, Clip
from sqllm.signal.changes import with_changes
from sqllm.signal.speech import speech_windows


def hear_many(
    model: SpeechQualityModel, name: dict[str, str], pairs: Sequence[tuple[Clip, Clip | None]], batch: int = 8
) -> list[Hearing]:
    """Listen to clips with their references, `batch` windows a pass of the encoder."""
    if not pairs:
        return []
    waves: list[np.ndarray] = []
    places: list[tuple[int, bool]] = []
    prepared = [prepare_reference(clip, reference) for clip, reference in pairs]
    found = [speech_beside(clip, aligned) for (clip, _), (aligned, _) in zip(pairs, prepared, strict=True)]
    cuts = [speech_windows(clip.samples, speech) for (clip, _), speech in zip(pairs, found, strict=True)]
    for index, (clip, _) in enumerate(pairs):
        aligned = prepared[index][0]
        for start, end in cuts[index]:
            waves.append(clip.samples[start:end])
            places.append((index, False))
            if aligned is not None and aligned.same_speech:
                waves.append(aligned.samples[start:end])
                places.append((index, True))
    tokens, located = _encode(model, waves, batch)
    hearings = []
    for index, (clip, reference) in enumerate(pairs):
        aligned, warnings = prepared[index]
        warnings += speech_warnings(clip, found[index])
        spans = [(start / SAMPLE_RATE, end / SAMPLE_RATE) for start, end in cuts[index]]
        own = [i for i, place in enumerate(places) if place == (index, False)]
        paired = [i for i, place in enumerate(places) if place == (index, True)]
        beside, moments = None, [located[i] for i in own] if located else []
        if aligned is not None and aligned.same_speech:
            rows = zip(own, paired, strict=True)
            changed = [with_changes(tokens[j], waves[i], waves[j]) for i, j in rows]
            beside = torch.stack(changed) if changed else torch.zeros(0)
        match = aligned.match if aligned else None
        heard = (tokens[own], beside, warnings, found[index], match, moments)
        hearings.append(Hearing(model, name, clip, reference, spans, *heard))
    return hearings


def read_together(hearings: Sequence[Hearing], profile: ListenerProfile, faults: bool = True) -> None:
    """Read a listener's scores of many hearings in few passes; they remember them as if each had been asked.

    Without `faults` none are read, and the hearings know of none: for those that are asked for scores alone.
    """
    if hearings:
        profile = as_taught(profile, hearings[0].model.config.profiles)
    for listener in (profile, *([TYPICAL] if faults and profile != TYPICAL else [])):
        for paired in (False, True):
            group = [h for h in hearings if h.speech_found and (h.reference_tokens is not None) is paired]
            if group:
                _read_group(group, listener, faults and listener == TYPICAL)
    if not faults and profile != TYPICAL:
        for hearing in hearings:
            hearing.remember(TYPICAL, [Heard((), {})] * len(hearing.spans))


def _read_group(hearings: Sequence[Hearing], listener: ListenerProfile, faults: bool) -> None:
    """Read hearings that all have a reference, or all have none."""
    model = hearings[0].model
    reading = Reading.of(Vocabulary.of(model), [listener], model.config.artifact_kinds if faults else ())
    degraded = torch.cat([hearing.degraded for hearing in hearings])
    beside = [hearing.reference_tokens for hearing in hearings if hearing.reference_tokens is not None]
    heard = iter(read_tokens(model, reading, degraded, torch.cat(beside) if beside else None))
    for hearing in hearings:
        hearing.remember(listener, [next(heard) for _ in hearing.spans])


def _encode(model: SpeechQualityModel, waves: Sequence[np.ndarray], batch: int) -> tuple[Tensor, list[Tensor]]:
    """Audio tokens of waves, [waves, tokens, width + BESIDE], and where each has faults, if the encoder can tell."""
    parts, located = [], []
    for start in range(0, len(waves), batch):
        with torch.inference_mode():
            tokens, moments = model.listen(*pad_batch(waves[start : start + batch]))
        parts.append(tokens)
        located += moments or []
    return torch.cat(parts) if parts else torch.zeros(0), located
