"""What the signal itself says before the model is asked: warnings, speech, and whether a reference matches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sqllm.scores import Speech
from sqllm.signal.alignment import Alignment, align_reference
from sqllm.signal.audio import SAMPLE_RATE, SILENCE_DBOV, Clip, active_level
from sqllm.signal.differences import find_differences
from sqllm.signal.spans import merge_spans
from sqllm.signal.speech import find_speech
from sqllm.signal.speed import suspected_speed

UNCERTAIN_SECONDS = 1.0
MOSTLY_MATCHED = 0.5  # share of the speech below which a reference says little of the rest


def prepare_reference(clip: Clip, reference: Clip | None) -> tuple[Alignment | None, tuple[str, ...]]:
    """The reference's alignment, whatever it holds, and the warnings that need no model."""
    warnings = list(_signal_warnings(clip))
    if reference is None:
        return None, tuple(warnings)
    alignment = _with_differences(align_reference(reference.samples, clip.samples), clip, reference)
    if alignment.match.state == "identical":
        warnings.append("The clip and its reference are identical: nothing was changed.")
    elif is_silent(reference.samples):
        warnings.append("The reference is silent: the clip was rated without it.")
    elif alignment.same_speech and alignment.match.matched < MOSTLY_MATCHED:
        share = f"{alignment.match.matched:.0%}"
        warnings.append(f"Only {share} of the speech matches the reference: the comparison holds for that part alone.")
    elif not alignment.same_speech and not is_silent(clip.samples):
        warnings.append(
            "The reference does not seem to be the same speech, or begins more than 5 s apart: the clip was rated "
            "without it."
        )
    if alignment.match.removed and alignment.match.share_lost:
        skipped = f"{alignment.match.seconds_removed:.1f} s"
        warnings.append(f"The clip skips {skipped} of the reference: the scores hardly count what is missing.")
    if alignment.same_speech:
        warnings += reference_notes(reference)
    return alignment, tuple(warnings)


def _with_differences(alignment: Alignment, clip: Clip, reference: Clip) -> Alignment:
    """An alignment whose match tells what the clip has lost and gained against a reference of the same speech."""
    if alignment.match.state != "same":
        return alignment
    covered, skipped = alignment.covered(len(reference.samples)), alignment.skipped(reference.samples)
    found = find_differences(clip.samples, alignment.samples, covered, skipped)
    match = replace(alignment.match, lost=found.lost, added=found.added, share_lost=found.share_lost)
    return replace(alignment, match=match)


def reference_notes(reference: Clip) -> list[str]:
    """What was done to a reference before it was heard, a sentence each."""
    return [f"Reference: {note[0].lower()}{note[1:]}" for note in reference.conditioning]


def _signal_warnings(clip: Clip) -> Iterator[str]:
    yield from clip.conditioning
    if clip.seconds < UNCERTAIN_SECONDS:
        yield f"The clip lasts only {clip.seconds:.2f} s: scores of clips under 1 s are uncertain."
    if is_silent(clip.samples):
        yield "The clip is silent: there is nothing to rate."
    peak = float(np.abs(clip.samples).max())
    if peak >= 0.98 and float(np.mean(np.abs(clip.samples) >= 0.98 * peak)) > 0.05:
        yield "The clip is at full scale for much of its length: it is overloaded."
    if clip.source_rate < SAMPLE_RATE:
        yield f"The file is sampled at {clip.source_rate} Hz: it holds nothing above {clip.source_rate / 2000:g} kHz."


def speech_beside(clip: Clip, aligned: Alignment | None) -> Speech:
    """The speech in a clip, and what a reference of the same speech says should be there: muted words are rated."""
    speech = find_speech(clip.samples)
    if aligned is None or not aligned.same_speech:
        return speech
    return Speech(tuple(merge_spans([*speech.spans, *find_speech(aligned.samples).spans])), speech.duration)


def speech_warnings(clip: Clip, speech: Speech) -> tuple[str, ...]:
    """What to keep in mind where there is no speech, hardly any, or some at a speed that is not a talker's."""
    if is_silent(clip.samples):
        return ()  # said already
    if not speech.spans:
        return ("No speech was found in this clip: there is nothing to rate.",)
    if speech.seconds < UNCERTAIN_SECONDS <= clip.seconds:
        return (f"Only {speech.seconds:.1f} s of speech were found in this clip: the scores are uncertain.",)
    speed = suspected_speed(clip.samples)
    return (speed,) if speed else ()


def is_silent(samples: np.ndarray) -> bool:
    return active_level(samples) < SILENCE_DBOV
