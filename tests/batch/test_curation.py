"""Quality as a metric of training loops, and as a filter of curation pipelines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from sqllm.batch.curation import QualityAnnotator, QualityFilter
from sqllm.batch.metric import SpeechQualityLLMScore
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE, Clip
from tests.tiny import speech_like

WAVES = [speech_like(1.0, seed) for seed in range(3)]


def test_the_metric_is_the_mean_over_all_clips_of_all_updates(tiny: SpeechQualityLLM) -> None:
    metric = SpeechQualityLLMScore(judge=tiny)
    metric.update(torch.from_numpy(np.stack(WAVES[:2])))
    metric.update(torch.from_numpy(WAVES[2]))
    read = [tiny.rate(Clip(wave), rationale=False).scores for wave in WAVES]
    said = metric.compute()
    for dimension in DIMENSIONS:
        means = [scores[dimension].mean for scores in read if scores]
        assert float(said[dimension]) == pytest.approx(np.mean(means), abs=1e-3)
    metric.reset()
    assert torch.isnan(metric.compute()["mos"])


def test_the_metric_leaves_out_clips_without_speech_and_resamples(tiny: SpeechQualityLLM) -> None:
    metric = SpeechQualityLLMScore(judge=tiny)
    metric.update(torch.from_numpy(np.stack([WAVES[0], np.zeros_like(WAVES[0])])))
    alone = SpeechQualityLLMScore(judge=tiny)
    alone.update(torch.from_numpy(WAVES[0]))
    assert float(metric.compute()["mos"]) == pytest.approx(float(alone.compute()["mos"]))
    faster = SpeechQualityLLMScore(judge=tiny)
    faster.update(torch.from_numpy(np.repeat(WAVES[0], 3)), sample_rate=3 * SAMPLE_RATE)
    assert float(faster.count) == 1


def test_the_metric_hears_references(tiny: SpeechQualityLLM) -> None:
    metric = SpeechQualityLLMScore(judge=tiny)
    metric.update(torch.from_numpy(WAVES[0]), torch.from_numpy(WAVES[0]))
    assert 1 <= float(metric.compute()["mos"]) <= 5


def test_the_filter_keeps_what_reaches_every_least_score(tiny: SpeechQualityLLM, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "speech.wav", WAVES[0], SAMPLE_RATE)
    soundfile.write(tmp_path / "silence.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    names = ("speech.wav", "silence.wav", "gone.wav")
    manifest: list[dict[str, Any]] = [
        {"audio_filepath": str(tmp_path / name), "duration": 1.0, "text": name} for name in names
    ]
    rows = QualityAnnotator(judge=tiny).many(manifest)
    assert [row["text"] for row in rows] == list(names)
    assert [row["mos"] is None for row in rows] == [False, True, True]
    assert [bool(row["error"]) for row in rows] == [False, True, True]
    mos = rows[0]["mos"]
    for least, kept in ((mos - 0.01, True), (mos + 0.01, False)):
        keep = QualityFilter(tiny, mos=least)
        assert [keep(entry) for entry in manifest] == [kept, False, False]
        assert [keep.passes(row) for row in rows] == [kept, False, False]
        scores = [keep.score_document(entry["audio_filepath"]) for entry in manifest]
        assert [keep.keep_document(score) for score in scores] == [kept, False, False]
    assert not QualityFilter(tiny, mos=1.0, loudness=5.1).passes(rows[0])
    with pytest.raises(ValueError, match="There is no score pesq; name some of mos"):
        QualityFilter(tiny, pesq=3.0)
