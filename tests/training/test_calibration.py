"""Temperatures: distributions that are too narrow or too wide are made as wide as their errors are."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.metrics import coverage
from sqllm.features.token_set import TokenSet
from sqllm.judge.readout import (
    PAIRED_TEMPERATURES,
    TEMPERATURES,
    Heard,
    Reading,
    Vocabulary,
    read_tokens,
    with_temperature,
)
from sqllm.listeners.profiles import TYPICAL
from sqllm.model.checkpoint import CONFIG_NAME, load_checkpoint, save_checkpoint
from sqllm.model.encoders.base import BESIDE
from sqllm.scores import DIMENSIONS, Score
from sqllm.signal.changes import unchanged
from sqllm.training.calibration import calibrate_checkpoint, fit_temperature, fit_temperatures
from sqllm.training.lessons import label_distribution
from tests.tiny import random_tokens, save_tiny_llm, tiny_model


def test_a_temperature_widens_and_narrows_and_keeps_the_middle() -> None:
    plain = label_distribution(3.0, 0.3)
    wide, narrow = with_temperature(plain, 4.0), with_temperature(plain, 0.25)
    stds = [Score.from_probabilities(p).std for p in (narrow, plain, wide)]
    assert stds == pytest.approx([0.15, 0.3, 0.6], abs=0.01)
    assert Score.from_probabilities(wide).mean == pytest.approx(3.0)
    np.testing.assert_allclose(with_temperature(plain, 1.0), plain)


@pytest.mark.parametrize(("claimed", "true"), [(0.2, 0.4), (0.4, 0.2), (0.3, 0.3)])
def test_the_fitted_temperature_makes_intervals_true(claimed: float, true: float) -> None:
    rng = np.random.default_rng(0)
    means = rng.uniform(2, 4, 400)
    labels = (means + rng.normal(0, true, 400)).tolist()
    distributions = [label_distribution(float(mean), claimed) for mean in means]
    fitted = fit_temperature(distributions, labels)
    assert fitted == pytest.approx((true / claimed) ** 2, rel=0.3)
    scores = [Score.from_probabilities(with_temperature(p, fitted)) for p in distributions]
    assert coverage(scores, np.array(labels))[0] == pytest.approx(0.9, abs=0.04)


def test_a_checkpoint_reads_with_its_temperatures(tmp_path: Path) -> None:
    llm = save_tiny_llm(tmp_path / "llm")
    model = tiny_model()
    model.config = dataclasses.replace(model.config, llm_source=str(llm), extra={})
    save_checkpoint(model, tmp_path / "checkpoint")
    clips = [CorpusClip(Path(f"{i}.wav"), None, "X_VAL", "", "", 1, dict.fromkeys(DIMENSIONS, 3.0)) for i in range(4)]
    tokens = torch.randn(4, 8, model.encoder.width + BESIDE)
    fitted = calibrate_checkpoint(tmp_path / "checkpoint", TokenSet(clips, tokens, torch.full_like(tokens, torch.nan)))
    assert set(fitted) == set(DIMENSIONS)
    stored = json.loads((tmp_path / "checkpoint" / CONFIG_NAME).read_text())
    assert stored["config"]["extra"] == {TEMPERATURES: fitted}
    assert load_checkpoint(tmp_path / "checkpoint")[0].config.extra[TEMPERATURES] == fitted


def test_what_is_heard_beside_references_is_calibrated_by_its_own_labels() -> None:
    rng = np.random.default_rng(1)
    means = rng.uniform(2, 4, 200)
    heard = [Heard(({"mos": Score.from_probabilities(label_distribution(float(mean), 0.3))},), {}) for mean in means]

    def clip_of(mean: float, error: float, double: float) -> CorpusClip:
        away = float(rng.normal())
        labels = {"mos": mean + error * away}, {"mos": mean + double * away}
        clip = CorpusClip(Path("a.wav"), None, "X_VAL", "", "", 1, labels[0])
        return dataclasses.replace(clip, degradation_scores=labels[1])

    clips = [clip_of(mean, 0.3, 0.1) for mean in means.tolist()]
    single, double = (fit_temperatures(clips, heard, reference)["mos"] for reference in (False, True))
    assert single == pytest.approx(1.0, abs=0.35)
    assert double == pytest.approx(1 / 9, abs=0.06)


def test_a_checkpoint_keeps_the_temperatures_of_both_modes(tmp_path: Path) -> None:
    model = tiny_model()
    model.config = dataclasses.replace(model.config, llm_source=str(save_tiny_llm(tmp_path / "llm")), extra={})
    save_checkpoint(model, tmp_path / "checkpoint")
    clips = [CorpusClip(Path(f"{i}.wav"), None, "X_VAL", "", "", 1, dict.fromkeys(DIMENSIONS, 3.0)) for i in range(4)]
    tokens = torch.randn(4, 8, model.encoder.width + BESIDE)
    for references, kept in ((unchanged(tokens), {TEMPERATURES, PAIRED_TEMPERATURES}), (None, {TEMPERATURES})):
        missing = torch.full_like(tokens, torch.nan)
        calibrate_checkpoint(
            tmp_path / "checkpoint", TokenSet(clips, tokens, missing if references is None else references)
        )
        assert set(load_checkpoint(tmp_path / "checkpoint")[0].config.extra) == kept


def test_scores_beside_a_reference_are_read_with_their_own_temperatures() -> None:
    model, tokens = tiny_model(), random_tokens(2)
    vocabulary, stds = Vocabulary.of(model), {}
    for name, temperatures in (("one", {TEMPERATURES: {"mos": 0.2}}), ("two", {PAIRED_TEMPERATURES: {"mos": 0.2}})):
        model.config = dataclasses.replace(model.config, extra=temperatures)
        for reference in (None, unchanged(tokens)):
            heard = read_tokens(model, Reading.of(vocabulary, [TYPICAL]), tokens, reference)
            stds[name, reference is not None] = heard[0].scores[0]["mos"].std
    assert stds["one", False] < stds["two", False]
    assert stds["two", True] == pytest.approx(stds["one", True])  # those without serve where there are no others
