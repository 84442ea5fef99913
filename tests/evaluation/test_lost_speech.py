"""Pairs with a loss whose place is known, and what is counted of them."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from sqllm.evaluation.alignment_pairs import Sources
from sqllm.evaluation.lost_speech import (
    LOSSES,
    SIDES,
    LostPair,
    lost_speech_table,
    make_lost_pairs,
    measure_lost_speech,
)
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import speech_like


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    folder = tmp_path_factory.mktemp("material")
    for talker in range(12):
        for take in range(2):
            path = folder / "speech" / f"t{talker:02}" / f"{take}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, speech_like(4.0, 10 * talker + take), SAMPLE_RATE)
    (folder / "noise").mkdir()
    for number in range(4):
        hiss = np.random.default_rng(number).normal(0, 0.05, SAMPLE_RATE)
        soundfile.write(folder / "noise" / f"n{number}.wav", hiss, SAMPLE_RATE)
    return Sources.of(folder / "speech", folder / "noise", "VAL")


def test_what_is_said_to_be_lost_is_silent_and_nothing_else_is(sources: Sources) -> None:
    for pair in make_lost_pairs(sources, len(LOSSES), 0):  # the first ones have nothing done beside
        assert (pair.side, pair.clip.shape) == (SIDES[0], pair.reference.shape)
        differs = np.flatnonzero(pair.clip != pair.reference) / SAMPLE_RATE
        if pair.span is None:
            assert differs.size == 0
        else:
            assert pair.span[0] - 1e-3 <= differs.min() < differs.max() <= pair.span[1]


def test_a_loss_counts_as_found_at_its_place_alone(sources: Sources) -> None:
    onset, second, word, whole = make_lost_pairs(sources, len(LOSSES), 1)
    assert second.span is not None
    elsewhere = LostPair(second.loss, SIDES[1], second.clip, second.reference, (0.0, second.span[0] - 0.5))
    figures = measure_lost_speech([second, elsewhere, whole])
    assert figures[second.loss, SIDES[0]].told == 1
    assert figures[second.loss, SIDES[1]].told == 0
    assert figures[whole.loss, SIDES[0]].told == 0
    table = "\n".join(lost_speech_table(measure_lost_speech([onset, word])))
    assert table.count("1 of 1") == 4
