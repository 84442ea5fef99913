"""What texts claim, and what is graded right: every composed answer is, and is not once the truth is another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sqllm.evaluation.answer_grading import comparison_is_right, is_right
from sqllm.evaluation.contradictions import contradictions
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, SEVERITIES, HeardArtifact, stated
from sqllm.words.claims import claims
from sqllm.words.comparison import Comparison
from sqllm.words.questions import TAUGHT_FAMILIES, TAUGHT_USES, USES, Question, draw_question
from sqllm.words.repair import by_importance
from sqllm.words.wordings.faults import LAY, PHRASES
from sqllm.words.wordings.verdicts import CLEAN, FINE
from tests.words.composed import compose_answer, compose_comparison, labelled
from tests.words.test_questions import draw_artifacts

DRAWS = 400
REFERENCES = ("none", "same", "other")
SCORES = dict.fromkeys(DIMENSIONS, 3.0)


def draw_scores(rng: np.random.Generator) -> dict[str, float]:
    return {name: float(rng.uniform(1, 5)) for name in DIMENSIONS}


@pytest.mark.parametrize("family", TAUGHT_FAMILIES)
def test_every_composed_answer_is_right_and_contradicts_nothing(family: str) -> None:
    rng = np.random.default_rng(3)
    for _ in range(DRAWS):
        scores, artifacts = draw_scores(rng), draw_artifacts(rng)
        question = draw_question(rng, family, artifacts, held_out=bool(rng.random() < 0.3))
        reference = str(rng.choice(REFERENCES))
        answer = compose_answer(question, scores, artifacts, rng, reference)
        assert contradictions(answer, scores, artifacts) == [], answer
        assert is_right(question, answer, scores, artifacts, reference) is not False, (question, answer)


def test_claims_of_a_rationale_are_what_it_was_composed_from() -> None:
    rng = np.random.default_rng(4)
    named = 0
    for _ in range(DRAWS):
        scores, artifacts = draw_scores(rng), draw_artifacts(rng)
        said = claims(compose_answer(Question("explanatory", "?"), scores, artifacts, rng))
        strong = [claim for claim in said.faults if claim.severity]
        expected = by_importance(artifacts)[: len(strong)]
        assert len(strong) >= min(1, len(artifacts))
        for claim, artifact in zip(strong, expected, strict=True):
            assert artifact.kind in claim.kinds
            assert (claim.severity, claim.present, claim.doubted) == (artifact.severity, True, not artifact.certain)
            named += 1
        assert said.scores["mos"] == float(stated(scores["mos"]))
        facts = labelled(scores, artifacts)
        assert set(said.times) <= {round(edge, 1) for artifact in artifacts for span in artifact.spans for edge in span}
        assert said.mended is None or (facts.first_fix is not None and said.mended == round(facts.first_fix.mended, 1))
        assert set(said.fine) <= set(facts.fine)
    assert named > DRAWS


def test_claims_of_a_report_are_what_it_was_composed_from() -> None:
    rng = np.random.default_rng(5)
    for _ in range(DRAWS):
        scores, artifacts = draw_scores(rng), draw_artifacts(rng)
        said = claims(compose_answer(Question("engineer", "?"), scores, artifacts, rng))
        stated = [(claim.kinds[0], claim.severity, not claim.doubted) for claim in said.faults if claim.severity]
        assert stated == [(a.kind, a.severity, a.certain) for a in by_importance(artifacts)[:3]]
        assert bool(artifacts) != said.faultless


def test_rationales_are_of_many_kinds() -> None:
    rng = np.random.default_rng(0)
    texts = [
        compose_answer(Question("explanatory", "?"), draw_scores(rng), draw_artifacts(rng), rng) for _ in range(200)
    ]
    assert len(set(texts)) >= 180
    assert len({" ".join(text.split()[:3]) for text in texts}) >= 60
    assert all(text.count(". ") <= 5 for text in texts)


def test_every_phrase_is_understood_as_what_it_stands_for() -> None:
    for table in (PHRASES, LAY):
        for kind in ARTIFACT_KINDS:
            for severity in SEVERITIES:
                for phrase in table[kind][severity]:
                    for text in (f"{phrase}.", f"I hear {phrase} near 2.0 s.", f"Yes: possibly {phrase}, and more."):
                        found = [(claim.kinds, claim.severity, claim.present) for claim in claims(text).faults]
                        assert found == [((kind,), severity, True)], text
    for dimension, praises in FINE.items():
        assert all(claims(f"Then {praise}.").fine == (dimension,) for praise in praises)
    assert all(claims(f"{said}.").clean and not claims(f"{said}.").faults for said in CLEAN)


@pytest.mark.parametrize(
    ("text", "kinds", "severity", "present"),
    [
        ("There's a very loud humming all the time", {"hum"}, "strong", True),
        ("No packet loss here.", {"packet-loss"}, None, False),
        ("It is free of echoes", {"echo"}, None, False),
        ("The reverberation is quite severe.", {"reverberation"}, "strong", True),
        ("Codec artifacts (moderate)", {"codec"}, "moderate", True),
        ("I hear five drop-outs", {"packet-loss", "time-clipping"}, None, True),
        ("Mild amplitude clipping", {"amplitude-clipping"}, "slight", True),
        ("The echo is not a problem.", {"echo"}, None, False),
        ("Somewhat muffled", {"band-limited"}, None, True),
        ("Without the hum it would reach 4.0.", {"hum"}, None, True),
    ],
)
def test_other_wordings_are_understood_too(text: str, kinds: set[str], severity: str | None, present: bool) -> None:
    (claim,) = claims(text).faults
    assert (set(claim.kinds), claim.severity, claim.present) == (kinds, severity, present)


def test_one_no_denies_a_series_and_a_rated_dimension_is_no_fault() -> None:
    assert [claim.present for claim in claims("I hear no noise or hum, but an echo.").faults] == [False, False, True]
    assert claims("Quality is 3.9, noise 4.2.").faults == ()


def test_numbers_are_told_apart() -> None:
    said = claims(
        "MOS 3.1, noisiness at 4.2. Eleven times from 1.2 s on, again at 2.5, 3 and 4.5 seconds; it could reach 3.9."
    )
    assert said.scores == {"mos": 3.1, "noisiness": 4.2}
    assert said.times == (1.2, 2.5, 3.0, 4.5)
    assert (said.mended, said.unnamed) == (3.9, ())
    assert claims("I would give it 3.4.").score("mos") == 3.4
    assert claims("On a scale of 1 to 5 it needs 4.0.").unnamed == ()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("I hear a faint hum.", "names hum"),
        ("Slight packet loss near 2.1 s.", "calls packet-loss slight"),
        ("There is no packet loss.", "no packet-loss, which is there"),
        ("MOS 3.3.", "states mos 3.3"),
        ("Noisiness 1.7", "states noisiness 1.7"),
        ("A bad clip, MOS 3.1.", "calls the MOS of 3.0 bad"),
        ("Strong packet loss near 2.1 s. Discontinuity is the weakest.", "the discontinuity of "),
        ("The weakest scale is loudness.", "the loudness of "),
        ("The voice sounds natural.", "praises the coloration"),
        ("There is no noise to speak of.", "praises the noisiness"),
        ("Heavy packet loss near 5.0 s.", "at 5.0 s"),
        ("Nothing disturbs: clear and continuous at a good level.", "there is no fault"),
        ("I can't point to a fault.", "there is no fault"),
    ],
)
def test_what_contradicts_the_truth_is_named(text: str, wrong: str) -> None:
    artifacts = [HeardArtifact("packet-loss", "strong", ((2.0, 2.4), (7.0, 7.1)))]
    scores = SCORES | {"noisiness": 2.0}
    assert any(wrong in sentence for sentence in contradictions(text, scores, artifacts))
    assert contradictions("Strong packet loss near 2.1 s and 7.2 s, MOS 3.1.", scores, artifacts) == []


def test_a_reference_that_was_not_given_is_not_spoken_of() -> None:
    told = "Against the reference I hear strong packet loss, MOS 3.1."
    artifacts = [HeardArtifact("packet-loss", "strong")]
    assert contradictions(told, SCORES, artifacts, "same") == []
    assert any("was not given" in sentence for sentence in contradictions(told, SCORES, artifacts, "none"))
    assert contradictions("I was given no reference.", SCORES, artifacts, "none") == []


def test_a_reference_of_other_speech_is_spoken_of_only_to_say_so() -> None:
    artifacts = [HeardArtifact("packet-loss", "strong")]
    told = "Against the reference I hear strong packet loss, MOS 3.1."
    assert any("other speech" in sentence for sentence in contradictions(told, SCORES, artifacts, "other"))
    for answer in ("No, the reference holds other speech.", "No, clip and reference do not belong together."):
        assert contradictions(answer, SCORES, artifacts, "other") == []


@pytest.mark.parametrize(
    "family", [f for f in TAUGHT_FAMILIES if f not in ("off-topic", "same-reference", "noise-or-codec")]
)
def test_an_answer_is_mostly_wrong_about_another_clip(family: str) -> None:
    rng = np.random.default_rng(6)
    grades = []
    for _ in range(DRAWS):
        artifacts = [HeardArtifact("packet-loss", "strong", ((1.0, 1.1), (3.0, 3.1))), HeardArtifact("hum", "slight")]
        question = draw_question(rng, family, artifacts)
        if question.family in ("presence", "when", "severity") and "packet-loss" not in question.kinds:
            continue
        answer = compose_answer(question, SCORES | {"mos": 2.9}, artifacts, rng)
        others = [HeardArtifact("codec", "moderate")]
        grades.append(is_right(question, answer, {name: 4.5 for name in DIMENSIONS}, others))
    emergency = family == "use"  # what will do for an emergency will do at 4.5 too
    assert np.mean([grade is True for grade in grades]) <= (0.4 if emergency else 0.05)


@pytest.mark.parametrize("reference", REFERENCES)
def test_answers_about_the_reference_fit_only_their_own(reference: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        question = draw_question(rng, "same-reference")
        answer = compose_answer(question, SCORES, [], rng, reference)
        assert [is_right(question, answer, SCORES, [], other) for other in REFERENCES] == [
            other == reference for other in REFERENCES
        ]


@pytest.mark.parametrize(("use", "limit"), [(use, USES[use]) for use in TAUGHT_USES])
def test_each_use_has_its_own_limit(use: str, limit: float) -> None:
    rng = np.random.default_rng(0)
    for mos, word in ((limit, "Yes"), (limit - 0.1, "No")):
        answer = compose_answer(Question("use", "?", use=use), SCORES | {"mos": mos}, [], rng)
        assert answer.startswith(word)
    assert len({USES[use] for use in TAUGHT_USES}) == len(TAUGHT_USES)


def test_presence_of_a_certain_fault_is_yes_with_times_and_of_an_uncertain_one_possibly() -> None:
    rng = np.random.default_rng(0)
    loss = HeardArtifact("packet-loss", "strong", ((2.1, 2.2),))
    question = Question("presence", "?", kinds=("packet-loss",), asked="packet loss")
    for _ in range(20):
        assert compose_answer(question, SCORES, [loss], rng).startswith("Yes, ")
        assert "2.1 s" in compose_answer(question, SCORES, [loss], rng)
        doubted = [replace(loss, probability=0.6)]
        assert compose_answer(question, SCORES, doubted, rng).startswith("Possibly ")
        assert compose_answer(question, SCORES, [], rng).startswith("No, ")


def test_swapping_two_clips_swaps_their_letters_and_nothing_else() -> None:
    swapped = str.maketrans("AB", "BA")
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        clips = [(draw_scores(rng), draw_artifacts(rng)) for _ in range(2)]
        first, second = (labelled(*clip) for clip in clips)
        if first.mos == second.mos:
            continue
        one, other = (
            compose_comparison(*pair, np.random.default_rng(seed)) for pair in ((first, second), (second, first))
        )
        assert other == one.replace("About", "bout").translate(swapped).replace("bout the same,", "About the same,")
        assert comparison_is_right(one, first.mos, second.mos), one
        close = Comparison.of(first.mos, second.mos).same
        assert close == ("about the same" in one.lower() or "Hardly any difference" in one)
        assert close or not comparison_is_right(one, second.mos, first.mos)


def test_two_clips_within_a_fifth_of_a_point_are_about_the_same() -> None:
    rng = np.random.default_rng(0)
    for mos, same in ((3.0, True), (3.1, True), (3.2, False), (2.9, True), (2.8, False)):
        other = labelled(SCORES | {"mos": mos}, [])
        answer = compose_comparison(labelled(SCORES, []), other, rng)
        assert ("same" in answer.lower() or "Hardly any" in answer) == same, answer
