"""What a question names is answered: the reference and its figures, what was lost, single drop-outs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sqllm.scores import HeardArtifact, ReferenceMatch
from sqllm.words.facts import Window
from sqllm.words.questions import Question
from tests.words.named import CLEAN, CUTS, DROP_OUTS, MEASURED, NOISE, all_match, answers, asked, clip

LOST = ReferenceMatch("same", -0.2, 0.091, 1.0, lost=((1.0, 1.2), (3.0, 3.9), (7.0, 7.3)), share_lost=0.14)
SLOW_QUIET = clip(
    NOISE,
    CUTS,
    measures=replace(
        MEASURED, active_level_dbov=-52.0, noise_floor_dbov=-60.0, bandwidth_hz=3400.0, clipped_percent=1.0
    ),
    match=LOST,
    reference=replace(CLEAN, seconds=8.0),
)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("Is it louder than the reference?", "No, the clip is 26.0 dB quieter"),
        ("Is it quieter than the reference?", "Yes, the clip is 26.0 dB quieter"),
        ("Is the level the same as in the reference?", "No, the clip is 26.0 dB quieter"),
        ("Is the reference louder?", "Yes, the clip is 26.0 dB quieter"),
        ("Is the original softer than the clip?", "No, the clip is 26.0 dB quieter"),
        ("How much louder is it than the reference?", "The clip is 26.0 dB quieter"),
        ("Isn't it louder than the reference?", "The clip is 26.0 dB quieter"),
        ("Is it noisier than the reference?", "Yes, the clip is noisier"),
        ("Is it cleaner than the original?", "No, the clip is noisier"),
        ("Is the bandwidth lower than in the reference?", "Yes, the clip is narrower"),
        ("Is it brighter than the reference?", "No, the clip is narrower"),
        ("Does the reference have more bandwidth?", "Yes, the clip is narrower"),
        ("Is it duller than the original?", "Yes, the clip is narrower"),
        ("Is it the same length as the reference?", "No, the clip is 2.00 s longer"),
        ("Is it the same length?", "No, the clip is 2.00 s longer"),
        ("Is it shorter than the reference?", "No, the clip is 2.00 s longer"),
        ("Is it the same speed?", "No, the clip runs 9.1% slower"),
        ("Is it slower than the original?", "Yes, the clip runs 9.1% slower"),
        ("Is it faster than the reference?", "No, the clip runs 9.1% slower"),
        ("Has the speed changed against the reference?", "Yes, the clip runs 9.1% slower"),
        ("Is there more clipping than in the reference?", "Yes, more is clipped"),
        ("Is it late against the reference?", "No, most of the clip comes 0.20 s earlier"),
        ("How late is the clip compared to the reference?", "Most of the clip comes 0.20 s earlier"),
    ],
)
@pytest.mark.parametrize("family", ["reference-difference", "same-reference"])
def test_one_thing_against_the_reference_is_answered_with_its_direction(text: str, begins: str, family: str) -> None:
    assert all_match(f"^{re.escape(begins)}", answers(SLOW_QUIET, asked(text, family)))


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("What is the SNR of the reference?", "reference.* 60 dB"),
        ("What is the level of the reference?", "reference.* -26.0 dBov"),
        ("What bandwidth did the reference have?", "reference.* 7.4 kHz or more"),
        ("How long is the reference's recording?", "reference.* 8.0 s"),
        ("Is the reference clipped?", "^No, in the reference.* 0.0%"),
        ("Is the reference noisy?", "^In the reference.* 60 dB"),
        ("What is the sampling rate of the original?", "reference.* 16 kHz"),
        ("How loud is the reference?", "reference.* -26.0 dBov"),
        ("What MOS does the reference have?", "I rated the clip and not its reference"),
    ],
)
@pytest.mark.parametrize("family", ["measurement", "reference-difference", "same-reference", "presence"])
def test_figures_of_the_reference_are_the_references(text: str, figure: str, family: str) -> None:
    slots = {"measure": "snr"} if family == "measurement" else {}
    if "How loud" not in text:
        assert all_match(figure, answers(SLOW_QUIET, asked(text, family, **slots)))
    assert all_match("no reference", answers(clip(), asked(text, family, **slots)))


def test_how_a_reference_fits_is_no_question_for_yes_or_no() -> None:
    said = answers(SLOW_QUIET, asked("How does the reference fit?", "same-reference"))
    assert not any(text.startswith(("Yes", "No")) for text in said)
    assert all_match("^Yes, ", answers(SLOW_QUIET, asked("Is it the same speech as the reference?", "same-reference")))


@pytest.mark.parametrize("family", ["speech-share", "measurement", "reference-difference", "count", "explanatory"])
@pytest.mark.parametrize(
    "text", ["How much speech was lost?", "What percentage of speech was lost?", "Share of speech that is missing?"]
)
def test_how_much_was_lost_is_told_by_the_reference_or_not_at_all(text: str, family: str) -> None:
    assert all_match(
        r"^14% of the reference's speech is gone, 1\.4 s in 3 places", answers(SLOW_QUIET, asked(text, family))
    )
    assert all_match(
        "without a reference I can't tell|Without a reference I can't tell", answers(clip(CUTS), asked(text, family))
    )
    assert all_match("^I hear no drop-outs", answers(clip(NOISE), asked(text, family)))
    same = ReferenceMatch("same", 0.0, 0.0, 1.0)
    assert all_match("^Nothing is lost", answers(clip(NOISE, match=same, reference=CLEAN), asked(text, family)))


def test_losses_that_are_filled_are_told_beside_what_is_gone() -> None:
    packets = HeardArtifact("packet-loss", "strong", ((1.0, 1.2), (3.0, 3.9), (7.0, 7.3), (9.0, 9.2)))
    facts = clip(packets, match=LOST, reference=CLEAN)
    said = answers(facts, asked("How much speech was lost?", "speech-share"))
    assert all_match(
        r"^14% of the reference's speech is gone with nothing in its place; .* 4 places, 1\.6 s in all", said
    )


def test_a_rate_of_packets_is_not_made_up() -> None:
    said = answers(SLOW_QUIET, asked("Packet loss rate?", "measurement", measure="sample-rate"))
    assert all_match("^I can't tell a rate of packets; .*14%", said)


@pytest.mark.parametrize(
    ("text", "family", "right"),
    [
        ("How long is the longest drop-out?", "measurement", r"0\.9 s: 3\.0 to 3\.9 s"),
        ("How long is the longest?", "measurement", r"0\.9 s: 3\.0 to 3\.9 s"),
        ("Longest loss in ms?", "measurement", r"0\.9 s"),
        ("How long is the shortest gap?", "measurement", r"0\.2 s: 1\.0 to 1\.2 s"),
        ("How long are the drop-outs in total?", "measurement", r"1\.4 s together, in 3 places"),
        ("How long are they?", "measurement", r"1\.0 to 1\.2 s, 3\.0 to 3\.9 s, 7\.0 to 7\.3 s"),
        ("How long is each drop-out?", "when", r"1\.0 to 1\.2 s, 3\.0 to 3\.9 s, 7\.0 to 7\.3 s"),
        ("List the drop-outs with start and end times.", "when", r"1\.0 to 1\.2 s, 3\.0 to 3\.9 s, 7\.0 to 7\.3 s"),
        ("When was the last drop-out?", "worst-time", r"7\.0 to 7\.3 s"),
        ("When is the first gap?", "when", r"1\.0 to 1\.2 s"),
        ("When was speech lost?", "speech-share", r"1\.0 to 1\.2 s, 3\.0 to 3\.9 s"),
        ("How many drop-outs between 2 and 4 s?", "count", r"1 place: 3\.0 to 3\.9 s"),
        ("How many gaps in the first five seconds?", "count", r"2 places: 1\.0 to 1\.2 s, 3\.0 to 3\.9 s"),
        ("Is there a drop-out at 3 s?", "part", r"^Yes, .*3\.0 to 3\.9 s"),
        ("Is there a drop-out at 5 s?", "part", r"^No, between 4\.5 and 5\.5 s"),
        ("Are the drop-outs periodic?", "presence", r"^The drop-outs in 3 places begin between 2\.0 and 4\.0 s"),
        ("Where is the worst moment?", "worst-time", r"3\.0 s"),
        ("How many drop-outs are there?", "count", r"\b3\b"),
        ("How long is the longest pause?", "measurement", r"1\.5 s: 4\.0 to 5\.5 s"),
    ],
)
def test_drop_outs_have_one_count_and_one_list_for_all_questions(text: str, family: str, right: str) -> None:
    kinds = {"kinds": DROP_OUTS, "asked": "drop-outs"} if family in ("count", "when", "presence") else {}
    assert all_match(right, answers(clip(CUTS), asked(text, family, **kinds)))


def test_the_worst_moment_is_one() -> None:
    for said in answers(clip(CUTS), asked("Where is the worst moment?", "worst-time")):
        assert not re.search(r"1\.0|7\.0|three|3 times", said)


def test_sound_that_the_reference_has_not_is_told_with_its_places() -> None:
    facts = clip(match=replace(LOST, lost=(), share_lost=0.0, added=((3.0, 3.3), (6.0, 6.3))), reference=CLEAN)
    for text, family in (("What was added?", "reference-difference"), ("When was sound added?", "when")):
        assert all_match(r"sound in 2 places: 3\.0 to 3\.3 s, 6\.0 to 6\.3 s", answers(facts, asked(text, family)))


def test_what_is_cut_out_is_told_where_it_is_asked_what_was_lost_or_how_the_lengths_differ() -> None:
    match = ReferenceMatch("same", -2.0, 0.0, 1.0, removed=((4.2, 2.0),))
    facts = clip(measures=replace(MEASURED, seconds=8.0), match=match, reference=replace(MEASURED, seconds=10.0))
    cut = r"[Aa]bout 2\.0 s of the reference are cut out, near 4\.2 s"
    assert all_match(f"^{cut}", answers(facts, asked("How much was lost?", "speech-share")))
    said = answers(facts, asked("Is it the same length as the reference?", "reference-difference"))
    assert all_match(rf"^No, the clip is 2\.00 s shorter .* {cut}", said)
    assert all_match(
        rf"Most of the clip comes 2\.00 s earlier .* {cut}", answers(facts, Question("same-reference", "?"))
    )
    assert all_match(cut, answers(facts, asked("What changed?", "reference-difference")))


def test_the_share_that_is_lost_holds_what_is_cut_out() -> None:
    match = ReferenceMatch("same", -2.0, 0.0, 1.0, removed=((4.2, 2.0),), share_lost=0.21)
    [alone] = answers(clip(match=match, reference=MEASURED), asked("How much was lost?", "speech-share"))
    assert alone.endswith("That is 21% of its speech.")
    both = replace(match, lost=((1.0, 1.2), (3.0, 3.9), (7.0, 7.3)))
    [said] = answers(clip(CUTS, match=both, reference=MEASURED), asked("How much speech was lost?", "speech-share"))
    assert said.startswith("21% of the reference's speech is gone, what is cut out included; where the clip goes on")
    assert said.endswith("About 2.0 s of the reference are cut out, near 4.2 s.")


def test_a_question_without_the_word_reference_compares_with_it_all_the_same() -> None:
    assert all_match(
        "^No, the clip is 2.00 s longer", answers(SLOW_QUIET, asked("Is it the same length?", "constancy"))
    )


def test_whether_packets_are_lost_does_not_ask_for_their_rate() -> None:
    facts = clip(replace(CUTS, kind="packet-loss"), match=LOST)
    wanted = asked("Is there any packet loss?", "presence", kinds=("packet-loss",), asked="packet loss", closed=True)
    for said in answers(facts, wanted):
        assert said.startswith("Yes")
        assert "rate of packets" not in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("How long is the second drop-out?", "the second of the drop-outs is at 3.0 to 3.9 s, about 0.9 s long"),
        ("When is the third gap?", "the third of the drop-outs is at 7.0 to 7.3 s, about 0.3 s long"),
        ("Is the second drop-out longer than the third?", "^Yes, the second of the drop-outs lasts about 0.9 s"),
        ("Is the first gap longer than the third?", "^No, the first of the drop-outs lasts about 0.2 s"),
        ("Is the fifth drop-out long?", "."),
    ],
)
def test_drop_outs_by_their_number(text: str, told: str) -> None:
    assert all_match(f"(?i){told}", answers(clip(CUTS), asked(text, "when", kinds=DROP_OUTS)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("How many of the windows are bad?", "the MOS is below 3.0 in 2 of 3 windows: 0.0 to 10.0 s, 20.0 to 30.0 s"),
        ("How many parts are below 2?", "the MOS is below 2.0 in 1 of 3 windows: 20.0 to 30.0 s"),
        ("How many sections are good?", "the MOS reaches 3.0 in 1 of 3 windows: 10.0 to 20.0 s"),
        ("How many parts are below 1.5?", "the MOS is below 1.5 in none of the 3 windows"),
    ],
)
def test_windows_are_counted(text: str, told: str) -> None:
    windows = [Window(0, 10, 2.6), Window(10, 20, 4.1), Window(20, 30, 1.8)]
    assert all_match(f"(?i){told}", answers(clip(NOISE, windows=windows), asked(text, "count")))
