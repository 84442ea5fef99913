"""What faults cost, and what mending one gives."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from sqllm.scores import ARTIFACT_KINDS, SEVERITIES, HeardArtifact
from sqllm.words.repair import COSTS, TOP_MOS, by_importance, first_fix, mos_without


def test_every_kind_costs_more_the_stronger_it_is() -> None:
    assert set(COSTS) == set(ARTIFACT_KINDS)
    for costs in COSTS.values():
        assert tuple(costs) == SEVERITIES
        assert all(0 < less < more < 1 for less, more in pairwise(costs.values()))


@pytest.mark.parametrize(("mos", "severity"), product((1.0, 2.3, 4.0, 4.6, 4.9), SEVERITIES))
def test_mending_never_lowers_the_mos_nor_lifts_it_above_the_top(mos: float, severity: str) -> None:
    for kind in ARTIFACT_KINDS:
        artifacts = [HeardArtifact(kind, severity), HeardArtifact("echo" if kind != "echo" else "hum", "moderate")]
        assert mos <= mos_without(mos, artifacts, kind) <= max(mos, TOP_MOS)


def test_mending_what_is_not_there_changes_nothing() -> None:
    assert mos_without(2.4, [HeardArtifact("echo", "strong")], "hum") == 2.4
    assert mos_without(2.4, [], "hum") == 2.4


def test_mending_the_stronger_fault_gains_more() -> None:
    artifacts = [HeardArtifact("packet-loss", "strong"), HeardArtifact("hum", "slight")]
    assert mos_without(1.9, artifacts, "packet-loss") > mos_without(1.9, artifacts, "hum") > 1.9
    assert first_fix(1.9, artifacts) == ("packet-loss", pytest.approx(mos_without(1.9, artifacts, "packet-loss")))


def test_a_strong_fault_alone_explains_more_of_a_low_mos_than_a_slight_one() -> None:
    strong, slight = ([HeardArtifact("codec", severity)] for severity in ("strong", "slight"))
    assert mos_without(2.0, strong, "codec") > mos_without(2.0, slight, "codec") + 0.5


def test_a_clip_as_good_as_its_costs_predict_gets_what_they_predict_without_one() -> None:
    artifacts = [HeardArtifact("codec", "moderate"), HeardArtifact("echo", "slight")]
    kept = 1 - COSTS["echo"]["slight"]
    present = 1 + (TOP_MOS - 1) * kept * (1 - COSTS["codec"]["moderate"])
    assert mos_without(present, artifacts, "codec") == pytest.approx(1 + (TOP_MOS - 1) * kept)


def test_importance_is_certainty_then_severity_then_cost() -> None:
    artifacts = [
        HeardArtifact("background-noise", "strong", probability=0.6),
        HeardArtifact("level-change", "moderate"),
        HeardArtifact("packet-loss", "moderate"),
        HeardArtifact("level-change", "strong"),
    ]
    assert [(a.kind, a.severity) for a in by_importance(artifacts)] == [
        ("level-change", "strong"),
        ("packet-loss", "moderate"),
        ("level-change", "moderate"),
        ("background-noise", "strong"),
    ]
    assert first_fix(3.0, artifacts[:1]) is not None
    assert first_fix(3.0, []) is None
