"""What code reads of a question without any model: directions, scores to compare with, lists, follow-ups."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.evaluation.question_understanding import wanted_question
from sqllm.scores import ARTIFACT_KINDS
from sqllm.words.by_code import settled
from sqllm.words.figures import asks_for_each, how_many_in, number_in, rank_in, seconds_in
from sqllm.words.follow_ups import resolved
from sqllm.words.known_wordings import known_question
from sqllm.words.letter_case import in_sentence_case
from sqllm.words.limits import Limit, dimension_in, limit_in
from sqllm.words.names import fault_named, is_name
from sqllm.words.polarity import is_opposite
from sqllm.words.questions import Question
from sqllm.words.several import listed_in, questions_in
from sqllm.words.unknown import unknown_use, unmeasured
from sqllm.words.wordings.grammar import asked_wordings, draw_asked, unseen_wordings


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("IS IT NOISY???", "Is it noisy?"),
        ("Is It Noisy?", "Is it noisy?"),
        ("DOES IT ECHO?", "Does it echo?"),
        ("WHAT IS THE SNR?", "What is the SNR?"),
        ("Is there any HUM?!", "Is there any hum?"),
        ("IS IT OK FOR ZOOM", "Is it OK for Zoom"),
        ("What Is The Mos?", "What is the MOS?"),
        ("MOS", "MOS"),
        ("RT60?", "RT60?"),
        ("Which is better, A or B?", "Which is better, A or B?"),
        ("is it noisy", "is it noisy"),
        ("I say: is it good?", "I say: is it good?"),
    ],
)
def test_a_question_is_read_alike_in_any_letters(typed: str, read: str) -> None:
    assert in_sentence_case(typed) == read


@pytest.mark.parametrize(
    ("text", "opposite"),
    [
        ("Is it noisy?", False),
        ("Isn't it noisy?", False),
        ("It isn't noisy, is it?", True),
        ("Is it hissy?", False),
        ("Is it clean?", True),
        ("Isn't it clean?", True),
        ("Is it echo-free?", True),
        ("Is it free of echo?", True),
        ("Is it not free of echo?", False),
        ("Is there nothing wrong?", True),
        ("Does it lack noise?", True),
        ("You don't hear any noise, do you?", True),
        ("Can you rule out clipping?", True),
        ("Is there only a little noise?", None),
        ("Is the drop-out caused by clipping?", None),
        ("Could the noise be wind?", None),
        ("Is it flumpy?", None),
    ],
)
def test_words_and_negations_say_which_way_a_fault_is_asked_for(text: str, opposite: bool | None) -> None:
    assert is_opposite(text, "presence", ("background-noise",)) == opposite


@pytest.mark.parametrize(
    ("text", "opposite"),
    [
        ("Is it annoying?", True),
        ("Would I get tired listening to it?", True),
        ("Should I reject it?", True),
        ("Shouldn't I reject it?", True),
        ("Would nobody complain?", False),
        ("Is it not bad?", False),
        ("Would people hang up?", True),
        ("Is it any good?", False),
        ("Is it not good enough?", True),
        ("Can I use it?", False),
        ("Is it too bad to keep?", True),
        ("Do I need another take?", True),
        ("Could I put up with it?", False),
        ("Is it purple?", None),
    ],
)
def test_words_and_negations_say_which_way_a_verdict_is_asked_for(text: str, opposite: bool | None) -> None:
    assert is_opposite(text, "acceptability") == opposite


@pytest.mark.parametrize("family", ["presence", "acceptability", "use", "intelligibility", "agreement", "constancy"])
def test_a_direction_that_is_decided_is_that_of_the_wordings(family: str) -> None:
    rng, decided = np.random.default_rng(0), []
    for wording in [w for w in (*asked_wordings(), *unseen_wordings()) if w.family == family]:
        question = wanted_question(draw_asked(rng, wording))
        opposite = is_opposite(question.text, family, question.kinds) if question.closed else None
        decided += [] if opposite is None else [opposite == question.negated]
    assert len(decided) > 15
    assert np.mean(decided) > 0.95


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("Is the MOS below 3?", Limit("below", 3)),
        ("Is it worse than 2.5?", Limit("below", 2.5)),
        ("Is it no worse than 3?", Limit("at least", 3)),
        ("Does it reach 4 out of 5?", Limit("at least", 4)),
        ("Is it 4 or better?", Limit("at least", 4)),
        ("Is the MOS 1.2?", Limit("is", 1.2)),
        ("Is it a 4?", Limit("is", 4)),
        ("The MOS is 4.8, isn't it?", Limit("is", 4.8)),
        ("Is it true that the MOS is 1.0?", Limit("is", 1)),
        ("Is it around 3?", Limit("about", 3)),
        ("Is it between 2 and 3?", Limit("between", 2, 3)),
        ("Is it significantly worse than 3?", Limit("below", 3, surely=True)),
        ("Is it better than fair?", Limit("above", 3.5)),
        ("Is it at least good?", Limit("at least", 3.5)),
        ("Is a 4 considered good?", None),
        ("Is the SNR above 3 dB?", None),
        ("Is it over 3 seconds long?", None),
        ("Is it good enough for 3 people?", None),
        ("Is it 16 kHz?", None),
        ("Are there more than 3 drop-outs?", None),
    ],
)
def test_scores_to_compare_with_are_read_with_their_side(text: str, limit: Limit | None) -> None:
    assert limit_in(text) == limit


def test_the_longest_name_says_which_dimension_is_meant() -> None:
    assert dimension_in("Is the noisiness above 3?") == "noisiness"
    assert dimension_in("Is the overall quality above 3?") == "mos"
    assert dimension_in("Is it above 3?") == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("How are the first ten seconds?", (0.0, 10.0)),
        ("first 25 s", (0.0, 25.0)),
        ("the opening minute", (0.0, 60.0)),
        ("How are the last 10 s?", ()),
        ("seconds 2 to 4", (2.0, 4.0)),
        ("at .5 s", (0.5,)),
    ],
)
def test_parts_are_read_in_seconds(text: str, seconds: tuple[float, ...]) -> None:
    assert seconds_in(text) == seconds


def test_a_percentage_or_a_word_that_begins_like_a_number_is_no_figure() -> None:
    assert number_in("How many listeners for a 95% CI of 0.2?") == 0.2
    assert number_in("How often?") is None


def test_which_of_several_is_read() -> None:
    assert rank_in("What is the second worst?") == 2
    assert rank_in("What happens in second 2?") is None
    assert how_many_in("the three worst faults") == how_many_in("top 3 problems") == 3
    assert asks_for_each("What does each fault cost?")
    assert not asks_for_each("Is it the same all through?")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Is it noisy, clipped or choppy?", ["Is it noisy?", "Is it clipped?", "Is it choppy?"]),
        ("SIG, BAK and OVRL", ["SIG", "BAK", "OVRL"]),
        ("Score the noisiness and loudness.", ["Score the noisiness.", "Score the loudness."]),
        ("Any noise, echo or clicks in there?", ["Any noise in there?", "Any echo in there?", "Any clicks in there?"]),
        ("Would it do for a podcast or an audiobook?", ["Would it do for a podcast?", "Would it do for an audiobook?"]),
        ("Is it the noise or the codec?", []),
        ("Is it loud and clear?", []),
        ("Does it speed up or slow down?", []),
        ("What is the MOS?", []),
    ],
)
def test_each_of_a_list_is_a_question(text: str, parts: list[str]) -> None:
    assert listed_in(text) == parts


def test_a_list_of_all_the_scores_is_one_question() -> None:
    text = "Rate MOS, noisiness, coloration, discontinuity and loudness."
    assert listed_in(text) == [text]


def test_several_marks_are_several_questions() -> None:
    assert questions_in("Is there noise? Is there echo? Any hum?") == [
        "Is there noise?",
        "Is there echo?",
        "Any hum?",
    ]
    assert questions_in("Is it noisy? Yes or no?") == []
    assert questions_in("Discontinuity? What is meant by that?") == []


@pytest.mark.parametrize(
    ("text", "before", "read"),
    [
        ("Where are they?", "How many drop-outs are there?", "Where are the drop-outs?"),
        ("When was the first one?", "How many drop-outs are there?", "When was the first drop-out?"),
        ("Can you list them?", "Any clicks?", "When are all the clicks?"),
        ("All of them?", "Any clicks?", "When are all the clicks?"),
        ("How long is the longest?", "Are there gaps?", "How long is the longest gap?"),
        ("Where is it?", "Is it noisy?", "Where is the noise?"),
        ("Are you sure?", "Is there echo?", "are you sure that there is echo?"),
        ("And the hum?", "Is there echo?", "And the hum?"),
        ("Where are they?", "What is the MOS?", "Where are they?"),
        ("Is it good?", "Is there echo?", "Is it good?"),
    ],
)
def test_what_a_follow_up_takes_over_is_put_in_words(text: str, before: str, read: str) -> None:
    assert resolved(text, before).lower() == read.lower()


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("Is it fit for a hearing test?", "a hearing test"),
        ("Can I use it for a hearing aid fitting?", "a hearing aid fitting"),
        ("Would it do for forensic analysis?", "forensic analysis"),
        ("Would it do for music?", "music"),
        ("Can I use it as a ringtone?", "a ringtone"),
        ("Would it do for a wedding video?", ""),
        ("Would it do for a podcsat?", ""),
        ("Is it OK for teleconferencing?", ""),
        ("Is it okay for my grandmother?", ""),
        ("Is it good enough to use?", ""),
    ],
)
def test_a_use_without_a_limit_is_told_from_those_that_have_one(text: str, use: str) -> None:
    assert unknown_use(text) == use


def test_no_use_of_the_wordings_is_unknown() -> None:
    rng = np.random.default_rng(0)
    wordings = [w for w in (*asked_wordings(), *unseen_wordings()) if w.family == "use"]
    assert [text for text in (draw_asked(rng, w).text for w in wordings) if unknown_use(text)] == []


def test_figures_that_are_not_measured_point_to_the_nearest() -> None:
    for text, name, measure in (
        ("LUFS?", "the loudness in LUFS", "level"),
        ("True peak?", "the true peak between samples", "peak"),
        ("What is the RT60?", "the RT60", None),
        ("How fast does he speak?", "how fast one speaks", None),
    ):
        found = unmeasured(text)
        assert found is not None
        assert (found.name, found.measure) == (name, measure)
    assert unmeasured("What does LUFS mean?") is None
    assert unmeasured("What's the SNR?") is None


def test_names_are_found_in_texts() -> None:
    assert fault_named("How many drop-outs are there?") == ("drop-outs", "drop-outs")
    assert fault_named("Is it noisy?") == ("noise", "noisy")
    assert fault_named("What is the MOS?") == ("", "")
    assert is_name("an audiobook")
    assert not is_name("an elephant")


def closed(family: str, text: str, **slots: object) -> Question:
    return settled(Question(family, text, closed=True, doubted=True, **slots))  # type: ignore[arg-type]


def test_code_settles_what_its_readers_doubt() -> None:
    noisy = closed("presence", "Is it noisy?", kinds=("background-noise",))
    assert (noisy.negated, noisy.doubted) == (False, False)
    assert closed("presence", "Is it flumpy?", kinds=("background-noise",)).doubted
    assert closed("mos-numeric", "Would you rate it above 4?").limit == Limit("above", 4)
    assert closed("presence", "Is it tiring?", kinds=("too-quiet",)).family == "acceptability"
    assert closed("use", "Is it fit for a hearing test?", use="a podcast").use is None


def test_what_would_be_without_faults_is_a_question_for_mending() -> None:
    one = settled(Question("dominant", "And if there was no packet loss?"))
    assert (one.family, one.kinds, one.all_at_once) == ("fix", ("packet-loss",), False)
    all_ = settled(Question("fix", "If everything was fixed?"))
    assert (all_.family, all_.kinds, all_.all_at_once) == ("fix", ARTIFACT_KINDS, True)
    each = settled(Question("multi-dim", "What does each fault cost?", each=True))
    assert (each.family, each.each) == ("fix", True)


def test_a_wording_of_ours_is_settled_too() -> None:
    found = known_question("Did I upload the wrong reference?")
    assert found is not None
    assert (found.family, found.negated) == ("same-reference", True)


@pytest.mark.parametrize(
    ("text", "family", "slots"),
    [
        ("What's the standard deviation?", "agreement", {}),
        ("How many dB of noise reduction do I need?", "measurement", {"measure": "snr"}),
        ("Is it bright or dull?", "measurement", {"instead": "how bright, warm or thin it sounds"}),
        ("Is it phase-inverted?", "measurement", {"instead": "phase and polarity"}),
        ("What is the MOS if I ignore the noise?", "fix", {"asked": "noise"}),
        ("Apart from the echo, how good is it?", "fix", {"kinds": ("echo",)}),
        ("Does the clip contain hate speech?", "cannot-tell", {"topic": "words"}),
        ("Is it Allison Smith?", "cannot-tell", {"topic": "who"}),
        ("In German?", "other-language", {"asked": "de"}),
        ("Shorter please", "mos-numeric", {}),
        ("More details, please.", "engineer", {}),
    ],
)
def test_what_no_family_stands_for_is_read_by_its_words(text: str, family: str, slots: dict[str, object]) -> None:
    for read in ("unclear", "measurement", "level-verdict", "term"):
        found = settled(Question(read, text))
        if found.family == family:
            break
    assert found.family == family
    assert {name: getattr(found, name) for name in slots} == slots


def test_what_else_is_wrong_is_no_question_for_mending() -> None:
    assert settled(Question("dominant", "Apart from the noise, what is wrong?")).family == "dominant"


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("Is it worse than toll quality?", Limit("below", 4.0)),
        ("Is it toll quality?", Limit("at least", 4.0)),
        ("Is 4.5 right?", Limit("is", 4.5)),
        ("Is a score of 3 fair?", Limit("is", 3.0)),
        ("Would 2.5 be right?", None),
    ],
)
def test_scores_that_are_named_otherwise(text: str, limit: Limit | None) -> None:
    assert limit_in(text) == limit


@pytest.mark.parametrize(
    ("text", "previous", "read"),
    [
        ("And how long?", "How many drop-outs are there?", "How long are the drop-outs?"),
        ("How many?", "Are there any gaps?", "How many gaps are there?"),
        ("Does it matter?", "Is there noise?", "How bad is the noise?"),
        ("Does it matter?", "What is the MOS?", "Does it matter?"),
        ("How long?", "What is the MOS?", "How long?"),
    ],
)
def test_bare_words_go_on_from_the_fault_before(text: str, previous: str, read: str) -> None:
    assert resolved(text, previous) == read
