"""Listener profiles: what each hears and how each rates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch

from sqllm.listeners.chains import AUDIOGRAM_HERTZ, AUDIOGRAMS, CHAINS, STREET_DBOV, street_noise
from sqllm.listeners.known import LENIENT, STRICT_EXPERT
from sqllm.listeners.profiles import PROFILES, TYPICAL, ListenerProfile, as_taught, get_profile, with_words
from sqllm.scores import DIMENSIONS, PROFILE_NAMES
from sqllm.signal.audio import SAMPLE_RATE, active_level, set_level
from tests.tiny import speech_like

SCORES = {"mos": 3.0, "noisiness": 2.5, "coloration": 3.5, "discontinuity": 4.0, "loudness": 4.5}
INTACT = {"mos": 4.5, "noisiness": 4.05, "coloration": 4.17, "discontinuity": 4.46, "loudness": 4.41}
OLD_FIVE = ("typical", "noise-sensitive", "strict-expert", "hearing-impaired", "phone-speaker")


def response(name: str, hertz: float) -> float:
    """A chain's gain at a frequency in dB, from white noise."""
    noise = (0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE * 4)).astype(np.float32)
    densities = [
        np.interp(hertz, *welch(wave, SAMPLE_RATE, nperseg=2048)) for wave in (CHAINS[name].hear(noise), noise)
    ]
    return 10 * float(np.log10(densities[0] / densities[1]))


def test_a_handset_passes_the_telephone_band_and_nothing_else() -> None:
    assert all(abs(response("handset", hertz)) < 1 for hertz in (500, 1000, 3000))
    assert all(response("handset", hertz) < -30 for hertz in (100, 200, 4000, 6000))


def test_a_laptop_has_no_bass() -> None:
    assert response("laptop", 100) < response("laptop", 1000) - 15
    assert response("laptop", 2600) > response("laptop", 1100)


@pytest.mark.parametrize("name", AUDIOGRAMS)
def test_ears_lose_what_their_audiogram_says(name: str) -> None:
    loss = dict(zip(AUDIOGRAM_HERTZ, AUDIOGRAMS[name], strict=True))
    falls = response(f"ears-{name}", 500) - response(f"ears-{name}", 2000)
    assert falls == pytest.approx(loss[2000] - loss[500], abs=4)


def test_a_street_is_as_loud_whatever_the_clip_and_the_same_every_time() -> None:
    loud, quiet = (set_level(speech_like(3.0), level) for level in (-20, -40))
    added = [CHAINS["street"].hear(clip) - clip for clip in (loud, quiet)]
    np.testing.assert_allclose(added[0], added[1], atol=1e-6)
    assert 10 * np.log10(np.mean(np.square(street_noise(20 * SAMPLE_RATE)))) == pytest.approx(STREET_DBOV, abs=0.1)


@pytest.mark.parametrize("name", PROFILES)
def test_a_chain_keeps_length_level_and_silence(name: str) -> None:
    clip = set_level(speech_like(2.0), -30)
    heard = PROFILES[name].hear(clip)
    assert (heard.shape, heard.dtype) == (clip.shape, np.float32)
    assert active_level(heard) == pytest.approx(-30, abs=2)
    assert not PROFILES[name].hear(np.zeros(1_600, np.float32)).any()
    assert np.isfinite(PROFILES[name].hear(speech_like(0.1))).all()


def test_a_strict_expert_is_below_a_lenient_listener_all_over_the_scale() -> None:
    for mos in np.arange(1, 5.01, 0.1):
        strict, typical, lenient = (
            profile.rate(dict.fromkeys(DIMENSIONS, float(mos))) for profile in (STRICT_EXPERT, TYPICAL, LENIENT)
        )
        assert all(strict[d] < lenient[d] - 0.05 and strict[d] <= typical[d] <= lenient[d] for d in DIMENSIONS)


@pytest.mark.parametrize("name", PROFILES)
def test_every_listener_keeps_the_order_of_clips_and_the_scale(name: str) -> None:
    steps = [dict.fromkeys(DIMENSIONS, float(mos)) for mos in np.arange(1, 5.01, 0.1)]
    rated = [PROFILES[name].rate(scores) for scores in steps]
    for dimension in DIMENSIONS:
        scores = np.array([one[dimension] for one in rated])
        assert (np.diff(scores) >= 0).all()
        assert 1 <= scores.min() < 1.2
        assert 4.8 < scores.max() <= 5


@pytest.mark.parametrize("name", PROFILES)
def test_an_intact_clip_is_good_for_everybody(name: str) -> None:
    assert PROFILES[name].rate(INTACT)["mos"] >= 4.3


def test_a_sensitive_listener_minds_what_they_are_sensitive_to() -> None:
    rated = PROFILES["noise-sensitive"].rate(SCORES)
    assert rated["noisiness"] == pytest.approx(4.2 - 1.4 * 1.7)
    assert rated["mos"] == pytest.approx(3.0 - 0.5 * 0.4 * 1.7)
    assert {d: rated[d] for d in DIMENSIONS[2:]} == {d: SCORES[d] for d in DIMENSIONS[2:]}
    assert PROFILES["noise-sensitive"].rate(SCORES | {"noisiness": 4.4})["mos"] == SCORES["mos"]
    assert PROFILES["dropout-sensitive"].rate(SCORES | {"discontinuity": 2.0})["mos"] < 3.0


def test_profiles_are_found_by_any_spelling_of_their_name() -> None:
    assert get_profile(None) is get_profile("") is TYPICAL
    for spelling in ("Hearing-Impaired", "hearing_impaired", " hearing impaired "):
        assert get_profile(spelling) is PROFILES["hearing-impaired"]
    assert get_profile(STRICT_EXPERT) is STRICT_EXPERT


def test_a_word_that_is_no_profile_is_told() -> None:
    with pytest.raises(ValueError, match=r"no listener profile 'strickt'; choose one of typical, .*phone-speaker"):
        get_profile("strickt")


def test_every_profile_says_who_it_is_in_wordings_to_learn_and_others_to_test() -> None:
    assert tuple(PROFILES) == PROFILE_NAMES
    for profile in PROFILES.values():
        assert profile.who.endswith(".")
        assert bool(profile.wordings) == profile.hears_otherwise  # how one rates is computed
        assert profile is TYPICAL or profile.hears_otherwise != bool(profile.habits)
        if profile.wordings:
            assert len(profile.wordings) >= 8
            assert len(profile.held_out) >= 3
    everything = [text for profile in PROFILES.values() for text in (*profile.wordings, *profile.held_out)]
    assert len(set(everything)) == len(everything)


def test_words_on_top_of_a_profile_leave_what_it_is_asked_for() -> None:
    noted = with_words(STRICT_EXPERT, "  hates\nhiss ")
    assert (noted.name, noted.taught_as, noted.wordings) == ("strict-expert", "typical", ())
    assert (noted.note, noted.habits.sensitivity) == ("hates hiss", {"noisiness": 1.5})
    assert noted.habits.strictness == STRICT_EXPERT.habits.strictness
    moved = with_words(STRICT_EXPERT, "on a phone")
    assert (moved.taught_as, moved.habits.strictness) == ("phone-speaker", 1.0)


def test_a_model_answers_only_for_listeners_that_it_was_taught() -> None:
    with pytest.raises(ValueError, match=r"was not taught the listener 'street-noise'; it knows typical, .*phone-sp"):
        as_taught(PROFILES["street-noise"], OLD_FIVE)
    assert as_taught(STRICT_EXPERT, OLD_FIVE) is STRICT_EXPERT


def test_words_that_lead_to_a_listener_who_was_not_taught_are_ignored_or_go_to_the_nearest() -> None:
    laptop = as_taught(get_profile("on a laptop, hates hiss"), OLD_FIVE)
    assert (laptop.taught_as, laptop.habits.sensitivity) == ("typical", {"noisiness": 1.5})
    assert "not taught" in laptop.ignored[0]
    slight = as_taught(get_profile("slightly deaf grandfather"), OLD_FIVE)
    assert slight.taught_as == "hearing-impaired"
    assert "nearest" in slight.understood[0]


def test_a_listener_with_full_band_is_one_more_field() -> None:
    assert ListenerProfile("x", "X", chain="handset", full_band=True).hears_otherwise
