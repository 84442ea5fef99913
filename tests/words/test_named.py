"""What a question names is what is answered: the reference, single drop-outs, parts, decibels, votes, sounds."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from sqllm.evaluation.spoken_claims import false_claims
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, HeardArtifact, Measures, ReferenceMatch, Score, Speech
from sqllm.words.fact_check import unproven
from sqllm.words.facts import Facts, Window
from sqllm.words.questions import Question
from sqllm.words.selection.select import select
from sqllm.words.sentences.say import say
from sqllm.words.understanding import is_closed, number_in, seconds_in

MEASURED = Measures(-27.0, 0.9, -50.0, 23.0, None, 0.0, 0.0, (), 14.0, -12.0, 10.0, "WAV", 16_000, 1)
CLEAN = replace(MEASURED, active_level_dbov=-26.0, noise_floor_dbov=-87.0, snr_db=60.0)
HEARD_KINDS = tuple(kind for kind in ARTIFACT_KINDS if kind not in ("clicks", "interference", "time-warp", "unknown"))
NOISE = HeardArtifact("background-noise", "strong")
CUTS = HeardArtifact("time-clipping", "moderate", ((1.0, 1.2), (3.0, 3.9), (7.0, 7.3)))
DROP_OUTS = ("packet-loss", "time-clipping")
MEANS = {"mos": 2.6, "noisiness": 1.7, "coloration": 3.9, "discontinuity": 3.0, "loudness": 3.4}


def clip(
    *artifacts: HeardArtifact,
    measures: Measures = MEASURED,
    match: ReferenceMatch | None = None,
    reference: Measures | None = None,
    windows: list[Window] | None = None,
    mos: float = 2.6,
    hears: tuple[str, ...] = HEARD_KINDS,
) -> Facts:
    scores = {name: Score(MEANS[name] if name != "mos" else mos, 0.2) for name in DIMENSIONS}
    length = windows[-1].end if windows else measures.seconds
    speech = Speech(((0.0, 4.0), (5.5, length)), length)
    known = windows or [Window(0.0, length, mos)]
    measured = replace(measures, seconds=length)
    return Facts.of("typical", scores, artifacts, measured, speech, known, match, reference, hears)


def asked(text: str, family: str, **slots: object) -> Question:
    """A question as understood, with what code reads of its text."""
    known = {"closed": is_closed(text), "seconds": seconds_in(text), "number": number_in(text)}
    return Question(family, text, **(known | slots))  # type: ignore[arg-type]


def answers(facts: Facts, question: Question, misread: bool = False) -> set[str]:
    """What is said, in every draw; all of it proven, and true by the other reading of a question not `misread`."""
    rng, selected = np.random.default_rng(0), select(facts, question)
    texts = {say(selected, rng) for _ in range(8)}
    for text in texts:
        assert unproven(text, selected) == [], text
        assert misread or false_claims(text, question, facts) == [], text
    return texts


def all_match(pattern: str, texts: set[str]) -> bool:
    return all(re.search(pattern, text) for text in texts)


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
