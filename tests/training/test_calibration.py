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
from sqllm.judge.readout import TEMPERATURES
from sqllm.model.checkpoint import CONFIG_NAME, load_checkpoint, save_checkpoint
from sqllm.scores import DIMENSIONS, Score, with_temperature
from sqllm.training.calibration import calibrate_checkpoint, fit_temperature
from sqllm.training.lessons import label_distribution
from tests.tiny import save_tiny_llm, tiny_model


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
    tokens = torch.randn(4, 8, model.encoder.width + 2)
    fitted = calibrate_checkpoint(tmp_path / "checkpoint", TokenSet(clips, tokens, torch.full_like(tokens, torch.nan)))
    assert set(fitted) == set(DIMENSIONS)
    stored = json.loads((tmp_path / "checkpoint" / CONFIG_NAME).read_text())
    assert stored["config"]["extra"][TEMPERATURES] == fitted
    assert load_checkpoint(tmp_path / "checkpoint")[0].config.extra[TEMPERATURES] == fitted
