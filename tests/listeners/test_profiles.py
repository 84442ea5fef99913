"""Listener profiles: what each hears and how each rates."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.listeners.profiles import AUDIOGRAM_N3, PROFILES, TYPICAL, ListenerProfile, get_profile
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE, active_level
from tests.tiny import speech_like

SCORES = {"mos": 3.0, "noisiness": 2.5, "coloration": 4.0, "discontinuity": 4.5, "loudness": 3.5}


def response(profile: ListenerProfile, hertz: float) -> float:
    """The profile's gain at a frequency in dB, from white noise (levels set back included)."""
    noise = np.random.default_rng(0).normal(0, 0.05, 8 * SAMPLE_RATE).astype(np.float32)
    powers = [
        np.abs(np.fft.rfft(wave.reshape(-1, 1_600) * np.hanning(1_600), axis=1)) ** 2
        for wave in (profile.hear(noise), noise)
    ]
    near = slice(round(hertz / 10) - 3, round(hertz / 10) + 4)
    return float(10 * np.log10(powers[0][:, near].mean() / powers[1][:, near].mean()))


def test_the_typical_listener_hears_the_clip_as_it_is() -> None:
    clip = speech_like(1.0)
    np.testing.assert_array_equal(TYPICAL.hear(clip), clip)


def test_the_handset_passes_300_to_3400_hz() -> None:
    phone = PROFILES["phone-speaker"]
    for hertz in (500, 1_000, 2_000, 3_000):
        assert response(phone, hertz) == pytest.approx(0, abs=1)
    for hertz in (150, 4_500, 7_000):
        assert response(phone, hertz) < -40


def test_the_n3_loss_has_the_slope_of_its_audiogram() -> None:
    impaired = PROFILES["hearing-impaired"]
    loss = dict(AUDIOGRAM_N3)
    for hertz in (500, 1_000, 2_000, 4_000, 6_000):
        slope = response(impaired, hertz) - response(impaired, 1_000)
        assert slope == pytest.approx(loss[1_000] - loss[hertz], abs=1.5)


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_heard_keeps_length_type_and_time_axis(name: str) -> None:
    clip = speech_like(2.0)
    heard = PROFILES[name].hear(clip)
    assert heard.shape == clip.shape
    assert heard.dtype == np.float32
    correlation = np.correlate(heard, clip[1_600:-1_600], "valid")
    assert abs(int(np.argmax(correlation)) - 1_600) <= 1


def test_a_hearing_loss_is_turned_up_to_the_clips_own_level() -> None:
    clip = speech_like(2.0, level=-30)
    assert active_level(PROFILES["hearing-impaired"].hear(clip)) == pytest.approx(-30, abs=0.1)


@pytest.mark.parametrize("name", PROFILES)
def test_silence_and_the_shortest_clip_can_be_heard(name: str) -> None:
    assert not PROFILES[name].hear(np.zeros(1_600, np.float32)).any()
    assert np.isfinite(PROFILES[name].hear(speech_like(0.1))).all()


def test_the_strict_expert_takes_half_a_point_from_every_score() -> None:
    rated = PROFILES["strict-expert"].rate(SCORES)
    assert rated == pytest.approx({name: score - 0.5 for name, score in SCORES.items()})


def test_the_noise_sensitive_listener_loses_two_fifths_more_to_noise_and_half_of_that_in_mos() -> None:
    rated = PROFILES["noise-sensitive"].rate(SCORES)
    assert rated == pytest.approx(SCORES | {"noisiness": 5 - 1.4 * 2.5, "mos": 3.0 - 0.5})


def test_nobody_minds_noise_that_is_not_there() -> None:
    assert PROFILES["noise-sensitive"].rate(SCORES | {"noisiness": 5.0}) == SCORES | {"noisiness": 5.0}


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("score", [1.0, 5.0])
def test_ratings_stay_on_the_scale_and_leave_their_input(name: str, score: float) -> None:
    scores = dict.fromkeys(DIMENSIONS, score)
    assert all(1 <= value <= 5 for value in PROFILES[name].rate(scores).values())
    assert scores == dict.fromkeys(DIMENSIONS, score)


def test_profiles_are_found_by_any_spelling_of_their_name() -> None:
    assert get_profile(None) is TYPICAL
    assert get_profile("typical") is TYPICAL
    for spelling in ("hearing-impaired", "Hearing Impaired", "hearing_impaired", " HEARING-IMPAIRED "):
        assert get_profile(spelling) is PROFILES["hearing-impaired"]
    assert get_profile(PROFILES["strict-expert"]) is PROFILES["strict-expert"]


def test_an_unknown_single_word_is_refused_with_the_known_names() -> None:
    with pytest.raises(ValueError, match=r"no listener profile 'strickt'; choose one of typical, .*phone-speaker\."):
        get_profile("strickt")


def test_free_text_becomes_the_note_of_a_listener_who_rates_like_the_typical_one() -> None:
    fan = get_profile("an audiobook fan,  late\nat night")
    assert (fan.name, fan.note) == ("custom", "an audiobook fan, late at night")
    assert fan.rate(SCORES) == SCORES


def test_a_note_keeps_the_rest_of_the_listener() -> None:
    noted = PROFILES["strict-expert"].with_note("  in a\ncar ")
    assert noted.note == "in a car"
    assert (noted.name, noted.shift, noted.wordings) == ("strict-expert", -0.5, PROFILES["strict-expert"].wordings)
    assert PROFILES["strict-expert"].note == ""


def test_names_are_their_keys_and_everyone_but_the_typical_listener_has_words() -> None:
    for name, profile in PROFILES.items():
        assert profile.name == name
        assert (len(profile.wordings) >= 4) == (profile is not TYPICAL)
