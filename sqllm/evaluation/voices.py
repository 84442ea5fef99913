"""Voices made from speech by its spectral envelopes alone: whispered, or sung to a melody."""

from __future__ import annotations

import numpy as np

from sqllm.corpus.degradations import Rng, Wave
from sqllm.corpus.synthetic_voices import Voice, sentences
from sqllm.signal.audio import SAMPLE_RATE, active_level, set_level

ORDER = 16  # of linear prediction
SMOOTHED_HERTZ = 100.0  # resonances are made wider by a lag window, or they would follow the harmonics of high voices
FRAME, HOP = 480, 240  # samples


def refilled(speech: Wave, excitation: Wave) -> Wave:
    """Speech with its voice replaced: each frame's spectral envelope (linear prediction) and level stay, what excites
    them is `excitation`, [samples] as long as the speech, of power 1.
    """
    from scipy.linalg import solve_toeplitz
    from scipy.signal import lfilter

    window, made = np.hanning(FRAME), np.zeros(len(speech))
    lag_window = np.exp(-0.5 * np.square(2 * np.pi * SMOOTHED_HERTZ * np.arange(ORDER + 1) / SAMPLE_RATE))
    for start in range(0, len(speech) - FRAME, HOP):
        frame = window * speech[start : start + FRAME]
        correlation = np.correlate(frame, frame, "full")[FRAME - 1 : FRAME + ORDER].astype(np.float64)
        if correlation[0] < 1e-9:
            continue
        smooth = correlation * lag_window
        smooth[0] *= 1 + 1e-5
        predictor = solve_toeplitz(smooth[:-1], smooth[1:])
        run = excitation[max(0, start - FRAME) : start + FRAME]
        filtered = lfilter([1], np.concatenate([[1], -predictor]), run)[-FRAME:]
        power = float(np.square(filtered * window).sum())
        made[start : start + FRAME] += window * filtered * np.sqrt(correlation[0] / max(power, 1e-12))
    return set_level(made.astype(np.float32), active_level(speech))


def whispered(speech: Wave, rng: Rng) -> Wave:
    """Speech as a whisper: noise instead of the voice, its lows weaker, at -40 dBov."""
    breath = np.diff(rng.standard_normal(len(speech) + 1))
    return set_level(refilled(speech, breath), -40)


def resung(speech: Wave, rng: Rng) -> Wave:
    """Speech sung: held notes of a major scale with vibrato, breath between its consonants."""
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    notes = np.repeat(rng.choice(scale, 1 + len(speech) // 6400), 6400)[: len(speech)]
    time = np.arange(len(speech)) / SAMPLE_RATE
    hertz = rng.uniform(120, 240) * 2 ** ((notes + 0.3 * np.sin(2 * np.pi * 5.5 * time)) / 12)
    pulses = np.diff(np.floor(np.cumsum(hertz) / SAMPLE_RATE), prepend=0)
    return refilled(speech, pulses * 10 + 0.1 * rng.standard_normal(len(speech)))


LANGUAGES = ("en-us", "en-gb", "de", "fr-fr", "es", "it", "ru", "tr", "pl", "sv")


def spoken_by_machine(number: int) -> Wave:
    """A sentence spoken by espeak-ng at -26 dBov; ten languages take turns by `number`, a voice each.

    Raises `ValueError` where espeak-ng is not installed.
    """
    language = LANGUAGES[number % len(LANGUAGES)]
    said = sentences(language.split("-")[0])
    voice = language if number % 2 else f"{language}+f3"
    return Voice("espeak-ng", voice, language).say(said[number % len(said)])
