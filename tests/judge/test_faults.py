"""The faults of a whole clip, put together from windows and from what a reference shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sqllm.judge.faults import with_lost_speech
from sqllm.scores import HeardArtifact, ReferenceMatch

WHOLE = [(0.0, 8.0)]


def match(*lost: tuple[float, float]) -> ReferenceMatch:
    return ReferenceMatch("same", 0.0, 0.0, 1.0, lost=lost)


@pytest.mark.parametrize(("seconds", "severity"), [(0.1, "slight"), (0.4, "moderate"), (1.0, "strong")])
def test_speech_that_only_the_reference_holds_is_cut_speech(seconds: float, severity: str) -> None:
    (fault,) = with_lost_speech([], match((2.0, 2.0 + seconds)), WHOLE)
    assert fault == HeardArtifact("time-clipping", severity, ((2.0, 2.0 + seconds),))
    assert fault.certain


def test_lost_packets_that_are_heard_take_the_moments_and_no_second_fault_is_told() -> None:
    heard = [HeardArtifact("packet-loss", "moderate", ((1.0, 1.2),), 0.6), HeardArtifact("hum", "slight", (), 0.9)]
    hum, loss = sorted(with_lost_speech(heard, match((5.0, 5.3)), WHOLE), key=lambda fault: fault.kind)
    assert hum == heard[1]
    assert (loss.kind, loss.severity, loss.spans) == ("packet-loss", "moderate", ((1.0, 1.2), (5.0, 5.3)))
    assert loss.certain


def test_what_the_reference_shows_to_be_cut_is_the_one_list_of_a_clip() -> None:
    cuts = HeardArtifact("time-clipping", "strong", ((3.0, 3.2), (7.9, 8.0)), 0.9)
    (fault,) = with_lost_speech([cuts], match((1.0, 1.16), (3.0, 3.16)), WHOLE)
    assert (fault.kind, fault.spans) == ("time-clipping", ((1.0, 1.16), (3.0, 3.16)))
    packets = HeardArtifact("packet-loss", "slight", ((5.0, 5.2),), 0.8)
    (fault,) = with_lost_speech([packets, cuts], match((1.0, 1.16), (3.0, 3.16)), WHOLE)
    assert (fault.kind, fault.spans) == ("packet-loss", ((1.0, 1.16), (3.0, 3.16), (5.0, 5.2)))


def test_a_window_in_which_cuts_were_heard_gives_way_to_the_moments() -> None:
    windows = [(0.0, 10.0), (10.0, 20.0)]
    (fault,) = with_lost_speech([HeardArtifact("time-clipping", "slight", (windows[1],))], match((12.0, 12.4)), windows)
    assert fault.spans == ((12.0, 12.4),)


def test_where_nothing_is_lost_faults_stay_as_they_were() -> None:
    heard = (HeardArtifact("hum", "slight", (), 0.9), HeardArtifact("echo", "strong", (), 0.7))
    assert with_lost_speech(heard, match(), WHOLE) == with_lost_speech(heard, None, WHOLE) == heard


def test_speech_that_the_clip_skips_is_told_where_it_is_skipped() -> None:
    cut = replace(match(), removed=((3.7, 1.0),), share_lost=0.15)
    (fault,) = with_lost_speech([], cut, WHOLE)
    assert (fault.kind, fault.severity) == ("time-clipping", "strong")
    assert fault.spans[0][0] < 3.7 < fault.spans[0][1]
    assert with_lost_speech([], replace(cut, share_lost=0.0), WHOLE) == ()  # a pause
