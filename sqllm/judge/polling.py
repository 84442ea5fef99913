"""Asking a panel: every profile of its mix reads the clip once, in one pass; its listeners then vote by arithmetic."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from sqllm.judge.hearing import Hearing, describe_profile
from sqllm.listeners.panel import Panel, SeatedPanel
from sqllm.scores import Score


def ask_panel(heard: Hearing, panel: SeatedPanel) -> Panel:
    """What the listeners of a panel vote on a clip; where there is no speech, nobody votes."""
    mix = panel.mix
    scores, votes, expected = [], np.zeros(0, int), None
    if heard.speech_found:
        scores = heard.overall(mix.profiles)
        votes = panel.vote(scores, crc32(heard.clip.samples.tobytes()))
        mixed = sum(share * score.probabilities for share, score in zip(mix.shares, scores, strict=True))
        expected = Score.from_probabilities(np.asarray(mixed))
    return Panel(
        heard.clip.name,
        panel.seed,
        votes,
        panel.seats,
        tuple(map(describe_profile, mix.profiles)),
        tuple(scores),
        expected,
        heard.warnings,
        heard.name,
    )
