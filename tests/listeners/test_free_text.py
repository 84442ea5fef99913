"""Words about a listener become causes, or are said to be ignored; these texts came after the lexicon."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.listeners.profiles import PROFILES, get_profile, understand_listener

# How people put the habits of the program's own listeners.
HABITS_IN_WORDS: dict[str, tuple[str, ...]] = {
    "noise-sensitive": (
        "The listener is sensitive to noise.",
        "Answer for someone who is easily bothered by background noise.",
        "Imagine a listener who can't stand noise.",
        "Noise annoys this listener more than most.",
        "The person rating hates hiss and hum behind a voice.",
        "Judge it like somebody who wants silence behind the talker.",
        "Any sound besides the speech disturbs this person.",
        "The rater can't concentrate when there is background noise.",
        "Even a little noise spoils it for this listener.",
        "Rate as someone who can't bear any hiss would.",
        "Background sounds get on this listener's nerves.",
    ),
    "dropout-sensitive": (
        "The listener is sensitive to drop-outs.",
        "Answer for someone who can't stand gaps in the speech.",
        "Imagine a listener who is upset by every lost syllable.",
        "Interruptions annoy this listener more than most.",
        "The person rating hates choppy sound.",
        "Judge it like somebody who notices every break in the sound.",
        "Lost packets and cuts disturb this person.",
        "The rater can't concentrate when words drop out.",
        "Missing words drive this listener mad.",
        "Rate as someone who minds stutters and holes most of all would.",
        "This listener wants speech without any break.",
    ),
    "strict-expert": (
        "The listener is a strict expert.",
        "Answer as a critical audio engineer who rates half a point lower than most.",
        "Imagine a demanding expert listener.",
        "A severe, trained listener is rating.",
        "The person rating is a professional who forgives nothing.",
        "Judge it as severely as a studio engineer would.",
        "A critical ear listens and gives full marks only to perfect sound.",
        "The rater has high standards and is rarely satisfied.",
        "A merciless sound engineer listens.",
        "Rate as a hard-to-please specialist would.",
        "This listener is trained to find faults and marks them down.",
    ),
    "lenient": (
        "The listener is lenient.",
        "Answer as someone who is easily pleased and rates higher than most.",
        "Imagine a forgiving listener.",
        "An uncritical listener is rating.",
        "The person rating is content as long as the words come across.",
        "Judge it as kindly as somebody who hardly listens for quality.",
        "A tolerant ear listens and gives good marks gladly.",
        "The rater has low standards and is easily satisfied.",
        "This listener doesn't take faults amiss.",
        "Rate as someone generous with good marks would.",
        "An easy-going person listens, who is happy with almost anything.",
    ),
    "quiet-headphones": (
        "The listener wears good headphones in a quiet room.",
        "Answer for someone who listens over studio headphones.",
        "Imagine hearing it over headphones late at night, with nothing else to hear.",
        "It is played over closed headphones in silence.",
        "The person rating listens closely over hi-fi headphones.",
        "Judge it as one hears it over fine headphones, undisturbed.",
        "The rater sits in a silent studio with headphones on.",
        "For somebody in a quiet place who wears very good headphones.",
        "This listener hears every detail over high-quality headphones.",
        "Rate it as it sounds over headphones in a silent room.",
        "The listener is alone with a good pair of headphones.",
    ),
}


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
    factors = mapped.profile.habits.sensitivity
    assert set(factors) == {dimension}
    assert (factors[dimension] > 1) == (minds == "more")
    assert any(dimension in line for line in mapped.understood)


def test_one_who_does_not_mind_noise_never_rates_noise_lower() -> None:
    for text in ("does not mind noise", "a man who doesn't care about hiss", "ignores hum", "hiss never bothers him"):
        profile = understand_listener(text).profile
        for noisiness in (1.0, 2.0, 3.0, 4.0, 5.0):
            scores = dict.fromkeys(("mos", "noisiness", "coloration", "discontinuity", "loudness"), 2.5)
            rated = profile.habits.rate(scores | {"noisiness": noisiness})
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
    strictness = understand_listener(text).profile.habits.strictness
    assert (strictness > 0) - (strictness < 0) == sign


def test_what_has_no_cause_is_said_to_be_ignored() -> None:
    mapped = understand_listener("a gardener, hates hiss, plays chess")
    assert mapped.ignored == ("a gardener", "plays chess")
    assert len(mapped.understood) == 1
    assert understand_listener("a deaf gardener").ignored == ("gardener",)
    assert understand_listener("likes tea very much").profile.habits.sensitivity == {}


def test_an_attitude_goes_on_and_is_turned_by_not() -> None:
    factors = understand_listener("hates hiss, gaps, not echoes").profile.habits.sensitivity
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


@pytest.mark.parametrize("name", PROFILES)
def test_what_people_say_of_the_programs_own_listeners_leads_to_them(name: str) -> None:
    profile = PROFILES[name]
    for text in (*profile.wordings, *profile.held_out, *HABITS_IN_WORDS.get(name, ())):
        found = understand_listener(text).profile
        assert found.taught_as == profile.taught_as, text
        if not profile.hears_otherwise:
            assert np.sign(found.habits.strictness) == np.sign(profile.habits.strictness), text
            more = [{d for d, factor in one.habits.sensitivity.items() if factor > 1} for one in (found, profile)]
            assert more[0] == more[1], text


@pytest.mark.parametrize(
    ("text", "profile", "minds", "strictness"),
    [
        ("someone whose hearing got worse with the years", "hearing-impaired", "", 0),
        ("no hearing problems", "typical", "", 0),
        ("hearing is fine", "typical", "", 0),
        ("a listener with slight packet loss", "typical", "", 0),
        ("packet loss drives her crazy", "typical", "discontinuity", 0),
        ("hum and hiss annoy him", "typical", "noisiness", 0),
        ("someone who needs silence to follow a call", "typical", "noisiness", 0),
        ("someone who finds robotic voices unbearable", "typical", "coloration", 0),
        ("someone at an airport gate", "street-noise", "", 0),
        ("a rater who gives everyone five stars", "typical", "", -1),
        ("one who never gives top marks", "typical", "", 1),
        ("gives full marks only to perfect sound, a critical ear", "typical", "", 1),
    ],
)
def test_neighbours_of_what_people_say(text: str, profile: str, minds: str, strictness: int) -> None:
    found = understand_listener(text).profile
    assert found.taught_as == profile
    assert {d for d, factor in found.habits.sensitivity.items() if factor > 1} == ({minds} if minds else set())
    assert np.sign(found.habits.strictness) == strictness
