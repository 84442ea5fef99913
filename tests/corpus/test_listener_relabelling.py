"""A corpus that was made before a listener came to be gets that listener's labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqllm.corpus import listener_labels
from sqllm.corpus.nisqa_layout import read_corpus
from sqllm.scores import DIMENSIONS
from tests.tiny import write_corpus
from train.listeners import relabel


def test_labels_are_added_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_corpus(tmp_path, [0.4, 0.4, 0.4], ("TEST",), ("en",), [(), ("hum",), ("codec",)])
    asked = []

    def label(degraded, clean, figures, weights, names):
        asked.append(names)
        if len(asked) == 2:
            raise ValueError("nothing heard")
        return {"laptop-speaker": dict.fromkeys(DIMENSIONS, 2.5)}

    monkeypatch.setattr(listener_labels, "label_listeners", label)
    before = read_corpus(corpus)
    command = [f"corpus={corpus}", "workers=1", "profiles=laptop-speaker"]
    relabel(command)
    assert "1 failed" in capsys.readouterr().out
    relabel(command)
    assert asked == [("laptop-speaker",)] * 3
    after = read_corpus(corpus)
    assert [("laptop-speaker" in clip.profile_scores) for clip in after] == [True, False, True]
    assert [(clip.scores, clip.artifacts) for clip in after] == [(clip.scores, clip.artifacts) for clip in before]
