"""Opinions moved between clips: whose clip the scores stay with is found out, whichever it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.answer_quality import Share
from sqllm.evaluation.assessor_swap import Agreement, Side, another_of_each, can_swap, measure_swap, mixed
from sqllm.features.token_set import TokenSet
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import DIMENSIONS, HeardArtifact
from sqllm.signal.spectra import CHANGES
from tests.tiny import tiny_model

FEATURES, WIDTH = CompactEncoder.features, CompactEncoder.features + 29


def model_that_hears(heard: slice) -> SpeechQualityModel:
    """A tiny model with an assessor, deaf to all but some channels of a frame, whose scores hang on what it hears."""
    torch.manual_seed(0)
    encoder = CompactEncoder()
    encoder.add_assessor(WIDTH - FEATURES)
    model = tiny_model(encoder=encoder)
    first = model.get_parameter("projector.layers.0.weight")
    deaf = torch.ones(WIDTH + 2, dtype=torch.bool)
    deaf[heard] = False
    with torch.no_grad():
        for name, weight in model.llm.named_parameters():
            if weight.ndim == 2 and "lora" not in name:
                weight.mul_(6)
        model.projector.scale.fill_(1.0)
        first[:, deaf] = 0
        first.mul_(8)
    return model


def token_set(count: int = 10) -> TokenSet:
    generator = torch.Generator().manual_seed(0)
    scores = dict.fromkeys(DIMENSIONS, 3.0)
    clips = [
        CorpusClip(Path(f"{n}.wav"), None, "X_TEST_SIM", "", "", 1, {d: s + n / 10 for d, s in scores.items()})
        for n in range(count)
    ]
    degraded = torch.randn(count, 8, WIDTH + 2, generator=generator)
    return TokenSet(clips, degraded, torch.randn(count, 8, WIDTH + 2 + CHANGES, generator=generator))


@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize(
    ("heard", "followed"), [(slice(FEATURES), "the features' clip"), (slice(FEATURES, WIDTH), "the opinions' clip")]
)
def test_scores_stay_with_the_clip_of_the_channels_that_are_heard(heard: slice, followed: str, reference: bool) -> None:
    swap = measure_swap(model_that_hears(heard), token_set(), reference)
    rows = {(row.moved, row.beside): row for row in swap.rows}
    (left,) = {"the features' clip", "the opinions' clip"} - {followed}
    for moved in ("opinions", "features"):
        with_, without = rows[moved, followed], rows[moved, left]
        assert np.mean(with_.gap) < 0.3 * np.mean(without.gap)
        assert min(with_.r) > 0.8 > max(without.r)
    assert np.mean(rows["nothing", "the other clip"].gap) > 0.1
    assert "| opinions | its labels |" in "\n".join(swap.lines())


def test_only_the_named_channels_move_and_each_clip_gets_them_from_another() -> None:
    tokens, others = token_set(), another_of_each(10, seed=3)
    assert sorted(others) == list(range(10))
    assert all(other != row for row, other in enumerate(others))
    assert others != another_of_each(10, seed=4)
    swapped = mixed(tokens, others, slice(FEATURES, WIDTH))
    for side in ("degraded", "reference"):
        before, after = getattr(tokens, side), getattr(swapped, side)
        assert torch.equal(after[..., FEATURES:WIDTH], before[others][..., FEATURES:WIDTH])
        assert torch.equal(after[..., :FEATURES], before[..., :FEATURES])
        assert torch.equal(after[..., WIDTH:], before[..., WIDTH:])


def test_agreement_counts_kinds_and_severities() -> None:
    means = np.arange(15.0).reshape(3, 5)
    hum, loud = HeardArtifact("hum", "slight"), HeardArtifact("too-loud", "strong")
    one = Side(means, [[hum], [hum, loud], []])
    other = Side(2 * means + 1, [[HeardArtifact("hum", "strong")], [hum], [loud]])
    agreement = Agreement.of("opinions", "its labels", one, other)
    assert agreement.r == pytest.approx([1.0] * 5)
    assert agreement.gap == pytest.approx((means + 1).mean(axis=0).tolist())
    assert agreement.f1 == pytest.approx(2 * 2 / 6)
    assert agreement.severity == Share(1, 2)
    assert Agreement.of("", "", Side(means, [[]] * 3), Side(means, [[]] * 3)).f1 is None


def test_an_encoder_without_an_assessor_has_no_opinions_to_move() -> None:
    assert not can_swap(tiny_model())
    with pytest.raises(ValueError, match="has no assessor"):
        measure_swap(tiny_model(), token_set())
