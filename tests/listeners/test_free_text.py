"""Words about a listener become causes, or are said to be ignored; these texts came after the lexicon."""

from __future__ import annotations

import pytest

from sqllm.listeners.profiles import get_profile, understand_listener


@pytest.mark.parametrize(
    ("text", "dimension", "minds"),
    [
        ("doesn't mind a noisy line", "noisiness", "less"),
        ("is not at all bothered by rustling", "noisiness", "less"),
        ("couldn't be happier, but can't stand humming", "noisiness", "more"),
        ("detests buzzing", "noisiness", "more"),
        ("is accustomed to static", "noisiness", "less"),
        ("isn't used to background babble", "noisiness", "more"),
        ("never complains about missing syllables", "discontinuity", "less"),
        ("drop-outs drive her crazy", "discontinuity", "more"),
        ("puts up with choppy calls", "discontinuity", "less"),
        ("gets upset by metallic voices", "coloration", "more"),
        ("overlooks muffled sound", "coloration", "less"),
        ("cannot tolerate reverberation", "coloration", "more"),
        ("is annoyed by level jumps", "loudness", "more"),
        ("faint voices are no problem", "loudness", "less"),
        ("less troubled by noise, less annoyed by hum", "noisiness", "less"),
        ("strict about muffled speech", "coloration", "more"),
        ("can barely tolerate glitches", "discontinuity", "more"),
    ],
)
def test_what_is_minded_more_or_less_is_understood_with_its_negation(text: str, dimension: str, minds: str) -> None:
    mapped = understand_listener(text)
    factors = mapped.profile.on_top.sensitivity
    assert set(factors) == {dimension}
    assert (factors[dimension] > 1) == (minds == "more")
    assert any(dimension in line for line in mapped.understood)


def test_one_who_does_not_mind_noise_never_rates_noise_lower() -> None:
    for text in ("does not mind noise", "a man who doesn't care about hiss", "ignores hum", "hiss never bothers him"):
        profile = understand_listener(text).profile
        for noisiness in (1.0, 2.0, 3.0, 4.0, 5.0):
            scores = dict.fromkeys(("mos", "noisiness", "coloration", "discontinuity", "loudness"), 2.5)
            rated = profile.on_top.rate(scores | {"noisiness": noisiness})
            assert rated["noisiness"] >= noisiness
            assert rated["mos"] >= 2.5


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("my hard of hearing uncle", "hearing-impaired"),
        ("wears hearing aids", "hearing-impaired"),
        ("mildly hearing-impaired", "mild-hearing-loss"),
        ("profoundly deaf since birth", "severe-hearing-loss"),
        ("listens on a landline", "phone-speaker"),
        ("a manager with an old notebook", "laptop-speaker"),
        ("waiting near a busy road", "street-noise"),
        ("an accountant in a train", "street-noise"),
        ("not hard of hearing at all", "typical"),
        ("does not use a phone", "typical"),
        ("annoyed by traffic noise", "typical"),
        ("dislikes telephones", "typical"),
        ("his hearing is failing", "hearing-impaired"),
    ],
)
def test_what_reaches_the_ears_is_the_profile_that_is_asked(text: str, profile: str) -> None:
    assert understand_listener(text).profile.taught_as == profile


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("a demanding audiophile", 1),
        ("somebody fussy", 1),
        ("an easily pleased caller", -1),
        ("not a harsh judge", -1),
        ("a plumber from York", 0),
    ],
)
def test_strictness_is_understood(text: str, sign: int) -> None:
    strictness = understand_listener(text).profile.on_top.strictness
    assert (strictness > 0) - (strictness < 0) == sign


def test_what_has_no_cause_is_said_to_be_ignored() -> None:
    mapped = understand_listener("a gardener, hates hiss, plays chess")
    assert mapped.ignored == ("a gardener", "plays chess")
    assert len(mapped.understood) == 1
    assert understand_listener("a deaf gardener").ignored == ("gardener",)
    assert understand_listener("likes tea very much").profile.on_top.sensitivity == {}


def test_an_attitude_goes_on_and_is_turned_by_not() -> None:
    factors = understand_listener("hates hiss, gaps, not echoes").profile.on_top.sensitivity
    assert factors["noisiness"] > 1
    assert factors["discontinuity"] > 1
    assert factors["coloration"] < 1


def test_a_listener_hears_through_one_thing_and_the_others_are_told() -> None:
    mapped = understand_listener("slightly deaf, on a cheap phone")
    assert mapped.profile.taught_as == "mild-hearing-loss"
    assert mapped.ignored[0].startswith("phone (a listener hears through one thing")


def test_words_are_a_profile_wherever_one_is_named() -> None:
    fan = get_profile("an audiobook fan,  late\nat night")
    assert (fan.name, fan.note) == ("custom", "an audiobook fan, late at night")
    assert fan.ignored == ("an audiobook fan",)
    assert fan == get_profile("an audiobook fan, late at night")
