"""What a question names is answered: parts, decibels, votes, dimensions, sounds; and a yes to nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sqllm.scores import HeardArtifact
from sqllm.words.fact_check import unproven
from sqllm.words.facts import Facts, Window
from sqllm.words.questions import Question
from sqllm.words.selection.select import select
from tests.words.named import CUTS, DROP_OUTS, MEASURED, NOISE, all_match, answers, asked, clip

LONG = clip(
    HeardArtifact("amplitude-clipping", "moderate", ((30.0, 40.0),)),
    mos=3.8,
    windows=[Window(10.0 * n, 10.0 * (n + 1), mos) for n, mos in enumerate((4.4, 4.7, 4.1, 2.2, 4.3, 2.9))],
)


@pytest.mark.parametrize(
    ("text", "family", "right"),
    [
        ("Which ten seconds are best?", "worst-time", r"10\.0 to 20\.0 s.* 4\.7"),
        ("Which part is best?", "fine", r"10\.0 to 20\.0 s.* 4\.7"),
        ("Where does it sound best?", "fine", r"10\.0 to 20\.0 s.* 4\.7"),
        ("Is the first half better?", "constancy", r"^Yes, MOS 4\.4 from 0\.0 to 30\.0 s is better than 3\.1 from"),
        ("Is the first half worse than the second?", "constancy", r"^No, MOS 4\.4"),
        (
            "Is the end better than the start?",
            "constancy",
            r"^No, MOS 3\.6 from 40\.0 to 60\.0 s is worse than 4\.5[56]?|4\.6",
        ),
        ("Which half is worse?", "compare", r"^MOS 4\.4 from 0\.0 to 30\.0 s is better than 3\.1"),
        ("How are the first ten seconds?", "part", r"0\.0 to 10\.0 s.* 4\.4"),
        ("What about the last ten seconds?", "part", r"50\.0 to 60\.0 s.* 2\.9"),
        ("Is it worth keeping the first 25 s?", "part", r"0\.0 to 25\.0 s"),
        ("How is it from 30 to 40 s?", "part", r"30\.0 to 40\.0 s.* 2\.2"),
    ],
)
def test_parts_of_a_long_clip_are_those_that_are_named(text: str, family: str, right: str) -> None:
    part = {"part": "time"} if family == "part" else {}
    assert all_match(right, answers(LONG, asked(text, family, **part)))


def test_the_last_second_of_a_short_clip_is_a_second() -> None:
    said = answers(
        clip(NOISE, measures=replace(MEASURED, seconds=7.0)), asked("How is the last second?", "part", part="end")
    )
    assert all_match(r"6\.0 and 7\.0 s as from beginning to end: .*noise", said)


@pytest.mark.parametrize(
    ("text", "family", "slots"),
    [
        ("Could the noise be wind?", "presence", {"kinds": ("background-noise",), "asked": "wind"}),
        ("Is there a whistle?", "presence", {"kinds": ("background-noise",), "asked": "noise"}),
        ("Is there music in it?", "speech-share", {}),
        ("Are there beeps?", "presence", {"kinds": ("interference",), "asked": "beeps"}),
        ("Is there comfort noise?", "presence", {"kinds": ("background-noise",), "asked": "noise"}),
        ("Do I hear a dog?", "presence", {"kinds": ("background-noise",), "asked": "noise"}),
        ("When are the clicks?", "when", {"kinds": ("clicks",), "asked": "clicks"}),
        ("Are there pops?", "presence", {"kinds": ("clicks",), "asked": "pops"}),
    ],
)
def test_what_is_not_heard_apart_is_neither_confirmed_nor_denied(
    text: str, family: str, slots: dict[str, object]
) -> None:
    for facts in (clip(NOISE), clip()):
        said = answers(facts, asked(text, family, **slots))
        assert all_match("I can't tell", said)
        assert not any(re.match("Yes|No", one) or "I hear no" in one for one in said)


@pytest.mark.parametrize(
    ("text", "family", "kinds"),
    [
        ("Is the drop-out caused by clipping?", "presence", DROP_OUTS),
        ("Does the noise mask the speech?", "speech-share", ()),
        ("Is it phase-inverted?", "constancy", ()),
        ("Is there only a little noise?", "presence", ("background-noise",)),
        ("Is there silence in the middle?", "speech-share", ()),
        ("Is it the kind of noise that one gets used to?", "presence", ("background-noise",)),
    ],
)
def test_a_yes_is_given_to_nothing_that_was_not_computed(text: str, family: str, kinds: tuple[str, ...]) -> None:
    said = answers(clip(NOISE, CUTS), asked(text, family, kinds=kinds, asked="noise" if kinds else ""))
    assert not any(re.match("Yes|No", one) for one in said), said


@pytest.mark.parametrize("text", ["Is there noise?", "Is it noisy?", "Do you hear any background noise in this clip?"])
def test_a_plain_question_for_a_named_fault_keeps_its_yes(text: str) -> None:
    question = asked(text, "presence", kinds=("background-noise", "hum"), asked="noise")
    assert all_match("^Yes, ", answers(clip(NOISE), question))
    assert all_match("^No, ", answers(clip(), question))


NARROW = clip(measures=replace(MEASURED, bandwidth_hz=3200.0))


@pytest.mark.parametrize(
    ("facts", "text", "slots", "right"),
    [
        (NARROW, "Is it band-limited?", {"kinds": ("band-limited",), "asked": "band limitation"}, r"^Yes, .*3\.2 kHz"),
        (NARROW, "Is it muffled?", {"kinds": ("band-limited",), "asked": "muffled sound"}, r"^Yes, .*3\.2 kHz"),
        (NARROW, "Is it wideband?", {"measure": "bandwidth"}, r"^No, .*3\.2 kHz"),
        (NARROW, "Is it narrowband?", {"measure": "bandwidth"}, r"^Yes, .*3\.2 kHz"),
        (NARROW, "Is it HD voice?", {"measure": "bandwidth"}, r"^No, .*3\.2 kHz"),
        (clip(), "Is it HD voice?", {"measure": "bandwidth"}, r"^Yes, .*7\.4 kHz or more"),
        (clip(), "Is it narrowband?", {"measure": "bandwidth"}, r"^No, .*7\.4 kHz or more"),
        (NARROW, "Is it limited to 3 kHz?", {"measure": "bandwidth"}, r"^Yes, "),
        (NARROW, "Is it superwideband?", {"measure": "bandwidth"}, "I can't tell"),
        (
            clip(measures=replace(MEASURED, clipped_percent=0.4)),
            "Is there clipping?",
            {"kinds": ("amplitude-clipping",), "asked": "clipping"},
            r"^Yes, 0\.4% of the samples are clipped, though I don't hear it",
        ),
        (clip(), "Is it clipped?", {"measure": "clipping"}, r"^No, .*0\.0%"),
        (clip(), "Is there clipping?", {"kinds": ("amplitude-clipping",), "asked": "clipping"}, "^No, "),
    ],
)
def test_what_is_measured_and_what_is_heard_are_one_answer(
    facts: Facts, text: str, slots: dict[str, object], right: str
) -> None:
    family = "measurement" if "measure" in slots else "presence"
    assert all_match(right, answers(facts, asked(text, family, **slots)))


QUIET = clip(HeardArtifact("too-quiet", "strong"), measures=replace(MEASURED, active_level_dbov=-52.0))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("How many dB should I raise it?", r"^Raise it by 26\.0 dB"),
        ("By how many dB is it too quiet?", r"^Raise it by 26\.0 dB"),
        ("How much gain does it need?", r"^Raise it by 26\.0 dB"),
        ("How far is the level from -23 dBov?", r"^Raise it by 29\.0 dB.* -23 dBov"),
    ],
)
@pytest.mark.parametrize("family", ["measurement", "level-verdict", "listeners-needed"])
def test_decibels_that_are_asked_for_are_told(text: str, right: str, family: str) -> None:
    assert all_match(right, answers(QUIET, asked(text, family)))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Does it need to be louder?", "^Yes, .*too (?:quiet|low)"),
        ("Does it need to be quieter?", "^No, .*too (?:quiet|low)"),
        ("Should I turn it up?", "^Yes, "),
        ("Should it be turned down?", "^No, "),
    ],
)
def test_which_way_the_level_has_to_go_is_what_is_answered(text: str, right: str) -> None:
    assert all_match(right, answers(QUIET, asked(text, "level-verdict", kinds=("too-loud",))))


def test_the_level_of_the_noise_is_not_that_of_the_speech_and_steadiness_is_neither() -> None:
    for text in ("Is the noise loud?", "Is the background quiet?", "Does the noise mask the speech?"):
        said = answers(clip(NOISE), asked(text, "level-verdict", kinds=("too-loud",)))
        assert all_match(r"^The noise floor is at -50 dBov, 23 dB below the speech, and I hear .*noise", said)
    jumps = HeardArtifact("level-change", "strong", ((2.0, 2.1),))
    for text, steady, unsteady in (("Is the volume steady?", "Yes", "No"), ("Does the level change?", "No", "Yes")):
        assert all_match(f"^{steady}, the level is steady", answers(clip(), asked(text, "level-verdict")))
        assert all_match(f"^{unsteady}, the level is not steady", answers(clip(jumps), asked(text, "constancy")))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("How many listeners for ±0.1?", r"^About 2\d\d listeners .* ±0\.1 \(95%\)"),
        ("How many listeners for a 95% CI of 0.2?", r"^About \d\d listeners .* ±0\.2"),
        (
            "How many listeners do I need to detect a difference of 0.2?",
            r"^About 1\d\d listeners for each of two clips",
        ),
        ("What is the probability that a listener gives 1?", r"^About \d+% of listeners would vote 1,"),
        ("How many people would give it 4 or more?", r"^About \d+% of listeners would vote 4 or more"),
        ("How likely is it that the MOS is above 3?", r"^With a probability of 2% it is above 3"),
        ("What are the odds that it is below 2.6?", r"^With a probability of 50% it is below 2\.6"),
    ],
)
@pytest.mark.parametrize("family", ["listeners-needed", "confidence"])
def test_panels_and_odds_are_computed_with_the_figure_that_is_named(text: str, right: str, family: str) -> None:
    assert all_match(right, answers(clip(), asked(text, family)))


@pytest.mark.parametrize(
    ("text", "family", "right"),
    [
        ("Which dimension is worst?", "dominant", r"^The noisiness is lowest, at 1\.7"),
        ("What is the lowest of the four dimensions?", "dominant", r"^The noisiness is lowest"),
        ("Which is the best dimension?", "fine", r"^The coloration is highest, at 3\.9"),
        ("Rank the dimensions.", "multi-dim", r"noisiness 1\.7, discontinuity 3\.0, loudness 3\.4, coloration 3\.9"),
        ("NISQA score?", "dim-numeric", r"^I can't give NISQA.*MOS 2\.6, noisiness 1\.7"),
        ("How noisy is it on a scale of 1 to 10?", "other-scale", r"^The noisiness of 1\.7 is 2\.6, .* 1 to 10"),
        ("One word: good or bad?", "mos-numeric", r"^Fair\.$"),
        ("What can I ask?", "fix", r"^Ask me for the MOS"),
        ("help", "fix", r"^Ask me for the MOS"),
        ("How many people are talking?", "count", r"^One, as far as I can tell: I hear no second voice"),
        ("How many bits?", "count", "I can't tell that from the sound"),
        ("Is it long enough to rate?", "measurement", r"^Yes, it is long enough"),
    ],
)
def test_dimensions_and_help_are_what_is_asked_for(text: str, family: str, right: str) -> None:
    assert all_match(right, answers(clip(NOISE), asked(text, family)))


def test_scores_of_a_very_short_clip_are_told_with_care() -> None:
    short = clip(measures=replace(MEASURED, seconds=0.5))
    for family in ("mos-numeric", "acceptability", "multi-dim"):
        assert all_match(r"0\.5 s are uncertain\.$", answers(short, Question(family, "Is it good?")))
    assert "It does not say" in " ".join(unproven("MOS 2.6.", select(short, Question("mos-numeric", "?"))))


@pytest.mark.parametrize("family", ["acceptability", "use", "presence", "origin", "worst-time", "when", "count"])
def test_no_answer_is_a_fragment_without_its_yes_or_no(family: str) -> None:
    slots = {"use": "a podcast", "kinds": DROP_OUTS, "asked": "drop-outs"}
    for facts in (clip(CUTS), clip(), clip(HeardArtifact("packet-loss", "moderate", CUTS.spans))):
        for text in answers(facts, Question(family, "?", closed=True, doubted=True, **slots)):  # type: ignore[arg-type]
            assert not re.match("With a MOS", text), text
            assert "notice noticeable" not in text
            assert "the way first" not in text


def test_a_ratio_to_noise_is_as_certain_as_it_was_found() -> None:
    unsteady = clip(measures=replace(MEASURED, active_level_dbov=-25.1, noise_floor_dbov=-53.5, snr_db=10.9))
    question = asked("SNR?", "measurement", measure="snr")
    assert all_match("11 dB with all that the pauses hold.* 28 dB over the steady noise", answers(unsteady, question))
    assert all_match("23 dB.* 2 dB", answers(clip(), question))


def test_a_dry_clip_is_one_without_reverberation() -> None:
    question = asked("Is it dry?", "presence", kinds=("too-quiet",), asked="low level")
    assert all_match(
        "^No, .*reverberation|room", answers(clip(HeardArtifact("reverberation", "strong")), question, misread=True)
    )
    assert all_match("^Yes, .*no reverberation", answers(clip(), question, misread=True))
    boomy = asked("Is it boomy?", "presence", kinds=("too-quiet",), asked="low level")
    assert all_match(
        "^Yes, .*(?:reverberation|room)", answers(clip(HeardArtifact("reverberation", "strong")), boomy, misread=True)
    )


def test_of_what_is_not_there_there_is_not_much_and_of_what_is_no_one_knows() -> None:
    question = asked("Is there a lot of noise?", "presence", kinds=("background-noise", "hum"), asked="noise")
    assert all_match("^No, ", answers(clip(), question))
    assert not any(re.match("Yes|No", text) for text in answers(clip(NOISE), question))
    said = answers(clip(), asked("Is the background silent?", "speech-share"))
    assert all_match("^The noise floor is at -50 dBov, 23 dB below the speech, and I hear no noise", said)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("Is high-frequency content missing?", "acceptability"),
        ("Is it thin?", "acceptability"),
        ("Is the delay a problem?", "acceptability"),
        ("Does the clip contain hate speech?", "speech-share"),
    ],
)
def test_a_verdict_on_the_whole_is_no_answer_to_one_of_its_traits(text: str, family: str) -> None:
    assert not any(said.startswith(("Yes", "No")) for said in answers(clip(NOISE), asked(text, family, closed=True)))
    assert all_match("^(Yes|No)", answers(clip(NOISE), asked("Is it acceptable?", "acceptability", closed=True)))
