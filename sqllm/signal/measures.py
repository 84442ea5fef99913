"""What can be measured of a clip without asking anybody's opinion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sqllm.scores import Measures
from sqllm.signal.audio import Clip
from sqllm.signal.clipping import ClippingMeter
from sqllm.signal.gaps import find_gaps
from sqllm.signal.noise_floor import Spectrum, bandwidth, noise_floor, speech_to_noise
from sqllm.signal.spans import Span
from sqllm.signal.speech_level import speech_level


def measure(clip: Clip, speech: Sequence[Span] | None = None) -> Measures:
    """The facts of a clip: `Measures` says how certain each is. 15 ms for 10 s; linear time, bounded memory.

    `speech`, where it is known, says when there is speech, (start, end) in s: noise that comes and goes is then
    measured in the pauses.
    """
    samples = clip.samples
    spectrum = Spectrum.of(samples)
    level, activity = speech_level(samples) or (None, 0.0)
    peak = float(np.abs(samples).max())
    peak_dbov = 20 * float(np.log10(max(peak, 1e-5)))
    floor = noise_floor(spectrum)
    clipped = clip.clipped
    if clipped is None:
        meter = ClippingMeter()
        meter.add(samples)
        clipped = meter.share()
    return Measures(
        active_level_dbov=level,
        activity=activity,
        noise_floor_dbov=floor,
        snr_db=None if level is None else speech_to_noise(spectrum, speech),
        bandwidth_hz=bandwidth(spectrum),
        clipped_percent=100 * (clipped or 0.0),
        dc=clip.dc + float(samples.mean(dtype=np.float64)),
        gaps=tuple(find_gaps(samples, level, floor)),
        crest_db=None if level is None else peak_dbov - level,
        peak_dbov=peak_dbov,
        seconds=clip.seconds,
        format=clip.container,
        rate_hz=clip.source_rate,
        channels=clip.channels,
    )
