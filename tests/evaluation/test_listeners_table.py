"""The table of listeners: what it counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.listeners_table import compare_listeners, labels_of
from sqllm.listeners.known import HANDSET, LENIENT, STRICT_EXPERT, TYPICAL
from sqllm.scores import DIMENSIONS, HeardArtifact


def clip(mos: float, phone: float | None = None, intact: bool = False) -> CorpusClip:
    heard = {} if phone is None else {"phone-speaker": dict.fromkeys(DIMENSIONS, phone)}
    faults = () if intact else (HeardArtifact("hum", "slight"),)
    scores = dict.fromkeys(DIMENSIONS, mos)
    return CorpusClip(Path("a.wav"), None, "X_TEST", "", "en", 1, scores, profile_scores=heard, artifacts=faults)


CLIPS = [clip(4.5, 4.5, True), clip(2.0, 3.0), clip(3.0, 2.0), clip(1.5), clip(4.0, 3.9)]


def said(offsets: list[float]) -> np.ndarray:
    usual = np.array([labels_of(one, TYPICAL) for one in CLIPS])
    return usual + np.array(offsets)[:, None]


def test_a_change_counts_where_the_label_changes_and_is_right_by_its_sign() -> None:
    heard = {TYPICAL.name: said([0] * 5), HANDSET.name: said([0, 0.1, 0.1, 0, -1])}
    table = compare_listeners(CLIPS, [TYPICAL, HANDSET], heard)
    phone = table.figures[1]
    assert (phone.clips, phone.clear, phone.right_way) == (4, 10, 0.5)
    assert phone.intact == pytest.approx(4.5)
    assert table.figures[0].r == pytest.approx(1)
    assert (table.figures[0].clear, table.figures[0].right_way) == (0, None)
    assert table.intact == 1
    assert "phone-speaker" in "\n".join(table.lines())


def test_the_strict_one_is_counted_against_the_others() -> None:
    heard = {
        TYPICAL.name: said([0] * 5),
        STRICT_EXPERT.name: said([-0.1, -0.1, 0.1, -0.1, -0.1]),
        LENIENT.name: said([0.2] * 5),
    }
    table = compare_listeners(CLIPS, [TYPICAL, STRICT_EXPERT, LENIENT], heard)
    assert table.strict_below == {"typical": pytest.approx(0.8), "lenient": pytest.approx(1)}
