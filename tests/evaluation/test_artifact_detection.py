"""Artifacts told against the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.artifact_detection import macro_f1, measure_detection
from sqllm.scores import HeardArtifact

HUM, LOUD_HUM = HeardArtifact("hum", "slight"), HeardArtifact("hum", "strong")
ECHO = HeardArtifact("echo", "moderate")


def loss(*spans: tuple[float, float]) -> HeardArtifact:
    return HeardArtifact("packet-loss", "strong", spans)


def clip(*artifacts: HeardArtifact, speech: bool = True) -> CorpusClip:
    return CorpusClip(Path("a.wav"), None, "X_TEST", "", "", 1, {"mos": 3.0}, artifacts=artifacts, speech=speech)


def test_kinds_severities_moments_and_false_alarms_are_counted() -> None:
    clips = [clip(HUM), clip(HUM), clip(ECHO), clip(), clip(), clip(HUM, ECHO), clip(loss((1, 1.2), (5, 5.5)))]
    heard = [[HUM], [LOUD_HUM], [], [HUM], [], [HUM], [loss((1.01, 1.2), (7, 7.5))]]
    found = measure_detection([*clips, clip(speech=False)], [*heard, [ECHO]])
    single = {one.kind: one for one in found.single}
    assert (single["hum"].clips, single["hum"].precision, single["hum"].recall) == (2, pytest.approx(2 / 3), 1.0)
    assert single["hum"].f1 == pytest.approx(0.8)
    assert (single["echo"].recall, single["echo"].precision, single["echo"].f1) == (0.0, None, 0.0)
    assert single["codec"].f1 is None
    assert macro_f1(found.single) == pytest.approx((0.8 + 0 + 1) / 3)
    assert macro_f1(found.several) == pytest.approx((1 + 0) / 2)
    assert (found.clean_clips, found.false_alarms) == (2, 1)
    assert (found.severities, found.severity_right, found.severity_near) == (4, 0.75, 0.75)
    spans, *_ = found.spans
    assert (spans.moments, spans.found, spans.told) == (2, 1, 2)
    assert "- False alarms on 1 of 2 clean clips." in found.lines()
