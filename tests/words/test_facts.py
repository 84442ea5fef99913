"""Facts of clips short and long, and the one category that a score has everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.listeners.votes import draw_votes
from sqllm.scores import DIMENSIONS, GRID, HeardArtifact, Score, Speech, category, describe, stated
from sqllm.ui.cards import _score_html
from sqllm.words.facts import Facts, Window, vote_shares
from tests.words.composed import UNMEASURED

MINUTE = [Window(10.0 * n, 10.0 * (n + 1), 3.0) for n in range(6)]


def facts_of(*artifacts: HeardArtifact, mos: float = 3.0, windows: list[Window] | None = None) -> Facts:
    scores = {name: Score(mos if name == "mos" else 3.0, 0.2) for name in DIMENSIONS}
    known = windows or [Window(0.0, 8.0, mos)]
    return Facts.of("typical", scores, artifacts, UNMEASURED, Speech((), 0.0), known)


@pytest.mark.parametrize("score", [1.495, 1.5, 2.446, 2.45, 2.4949, 2.495, 2.5, 2.55, 2.96, 3.449, 3.5, 4.45, 4.499])
def test_a_score_has_one_category_on_the_card_in_words_and_in_its_figure(score: float) -> None:
    facts, card = facts_of(mos=score), _score_html("mos", Score(score, 0.1))
    assert f">{describe('mos', score)}<" in card
    assert facts.word("mos") == describe("mos", score).lower()
    assert category(float(stated(score))) == category(score) == category(round(score, 2))


def test_a_stated_score_is_the_nearest_tenth_unless_that_would_cross_a_border() -> None:
    said = [stated(score) for score in (2.44, 2.45, 2.46, 2.54, 2.95, 2.94, 3.0, 4.99, 1.0)]
    assert said == ["2.4", "2.45", "2.46", "2.5", "2.95", "2.9", "3.0", "4.99", "1.0"]
    for score in np.linspace(1, 5, 401):
        assert abs(float(stated(float(score))) - score) < 0.0501


def test_events_are_counted_and_windows_are_stretches() -> None:
    loss = HeardArtifact("packet-loss", "strong", tuple((n + 0.1, n + 0.2) for n in range(11)))
    hum = HeardArtifact("hum", "strong", ((20.0, 30.0),))
    noise = HeardArtifact("background-noise", "slight", tuple((w.start, w.end) for w in MINUTE))
    unplaced = HeardArtifact("time-clipping", "slight")
    by_kind = {fault.kind: fault for fault in facts_of(loss, hum, noise, unplaced, windows=MINUTE).faults}
    assert by_kind["packet-loss"].count == 11
    assert by_kind["hum"].stretches == ((20.0, 30.0),)
    assert not by_kind["hum"].lasting
    assert by_kind["background-noise"].lasting
    assert (by_kind["time-clipping"].placed, by_kind["time-clipping"].lasting) == (False, False)


def test_neighbouring_windows_are_one_stretch() -> None:
    hum = HeardArtifact("hum", "strong", ((10.0, 20.0), (20.0, 30.0), (50.0, 60.0)))
    assert facts_of(hum, windows=MINUTE).faults[0].stretches == ((10.0, 30.0), (50.0, 60.0))


@pytest.mark.parametrize("mos", [1.2, 2.5, 3.0, 4.4])
def test_vote_shares_are_those_of_drawn_votes(mos: float) -> None:
    drawn = draw_votes(np.array([mos]), 200_000, np.random.default_rng(0))[:, 0]
    assert vote_shares(mos) == pytest.approx([float(np.mean(drawn == vote)) for vote in range(1, 6)], abs=0.01)
    assert sum(vote_shares(mos)) == pytest.approx(1)


def test_the_first_fix_is_a_certain_fault_where_there_is_one() -> None:
    doubted = HeardArtifact("background-noise", "strong", probability=0.6)
    facts = facts_of(doubted, HeardArtifact("hum", "slight"))
    assert facts.first_fix is not None
    assert facts.first_fix.kind == "hum"
    assert facts.faults[0].mended >= facts.mos
    assert facts_of().first_fix is None


def test_means_are_those_of_the_distribution() -> None:
    weights = np.exp(-0.5 * np.square((GRID - 2.6) / 0.3))
    score = Score.from_probabilities(weights / weights.sum())
    facts = Facts.of("typical", dict.fromkeys(DIMENSIONS, score), [], UNMEASURED, Speech((), 0.0), [Window(0, 5, 2.6)])
    assert facts.mos == round(score.mean, 2)
