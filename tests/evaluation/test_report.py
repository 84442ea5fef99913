"""Evaluation: figures of known data, and the whole report on tiny sets of rated clips."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sqllm.corpus.nisqa_layout import CorpusClip, at_nominal_level, read_corpus, read_ratings
from sqllm.corpus.teachers import Teacher
from sqllm.evaluation.baselines import ask_baselines, baseline_columns, load_baselines
from sqllm.evaluation.degradation_ladders import LADDERS, Climb, falling
from sqllm.evaluation.metrics import (
    NOMINAL_COVERAGES,
    Fit,
    Labels,
    Measured,
    Ratings,
    by_kind,
    by_language,
    calibration,
    coverage,
    measure,
    r_interval,
)
from sqllm.evaluation.report import evaluation_report, gain_of_reference
from sqllm.evaluation.self_consistency import (
    COPIES,
    UNSEEN_REQUESTS,
    Gap,
    compare_ways_of_asking,
    compare_wordings,
    request_reading,
    score_waves,
)
from sqllm.features.feature_cache import sounds_of
from sqllm.features.read_pair import read_pair
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.readout import Reading, Vocabulary
from sqllm.listeners.profiles import TYPICAL
from sqllm.scores import DIMENSIONS, GRID, HeardArtifact, Score
from sqllm.signal.audio import SAMPLE_RATE, active_level, nominal_gain
from sqllm.words.questions import QUESTIONS, SCORE_REQUESTS
from tests.tiny import buzz, speech_like, write_corpus
from train.evaluate import EvaluateSettings, evaluate, to_json

NAN = math.nan


def gaussian(mean: float, sd: float) -> Score:
    mass = np.exp(-np.square(GRID - mean) / (2 * sd * sd))
    return Score.from_probabilities(mass / mass.sum())


def clip_of(**changes: Any) -> CorpusClip:
    clip = CorpusClip(Path("a.wav"), None, "X_TEST", "", "en", 1, {"mos": 3.0}, artifacts=())
    return dataclasses.replace(clip, **changes)


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    lines = ["file,ref,set,overall"]
    for number in range(5):
        name = f"clip{number}.wav"
        soundfile.write(tmp_path / name, speech_like(1.5, number), SAMPLE_RATE, subtype="FLOAT")
        lines.append(f"{name},{'clip0.wav' if number < 4 else ''},panel,{1.5 + number / 2}")
    (tmp_path / "index.csv").write_text("\n".join(lines))
    return tmp_path / "index.csv"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Eight short clips in the NISQA layout with all labels, references, kinds and two languages."""
    kinds = [(), ("hum",), ("codec",), ("hum",), ("hum", "codec"), ("hum",), (), ("codec", "hum")]
    return write_corpus(tmp_path, [0.6] * len(kinds), ("TEST",), ("en", "de"), kinds)


def test_ratings_are_read_and_a_clip_is_not_its_own_reference(ratings: Path) -> None:
    clips = read_ratings(ratings)
    assert [clip.scores["mos"] for clip in clips] == [1.5, 2.0, 2.5, 3.0, 3.5]
    assert [clip.reference is not None for clip in clips] == [False, True, True, True, False]
    assert {clip.db for clip in clips} == {"panel"}


@pytest.mark.parametrize("names", ["noi,loud", "noisiness,loudness"])
def test_ratings_may_hold_dimensions_and_languages(tmp_path: Path, names: str) -> None:
    (tmp_path / "index.csv").write_text(f"file,mos,{names},lang\na.wav,3,4,,de\n")
    (clip,) = read_ratings(tmp_path / "index.csv")
    assert (clip.scores, clip.lang) == ({"mos": 3.0, "noisiness": 4.0}, "de")


def test_ratings_without_a_rating_are_refused(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file\nx.wav\n")
    with pytest.raises(ValueError, match="needs the columns file, and mos or overall"):
        read_ratings(tmp_path / "index.csv")


def test_the_interval_of_r_is_that_of_fishers_transform() -> None:
    rng = np.random.default_rng(0)
    label = rng.normal(size=400)
    predicted = 0.8 * label + 0.6 * rng.normal(size=400)
    r = np.corrcoef(predicted, label)[0, 1]
    expected = np.tanh(np.arctanh(r) + np.array([-1.96, 1.96]) / np.sqrt(397))
    assert r_interval(predicted, label) == pytest.approx(expected.tolist(), abs=0.015)
    assert r_interval(predicted, label) == r_interval(3 + 2 * predicted, label)
    assert r_interval(predicted, label, seed=1) != r_interval(predicted, label)


def test_draws_without_spread_are_left_out_of_the_interval() -> None:
    low, high = r_interval(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    assert 0.9 < low <= high <= 1 + 1e-9


def test_a_certain_score_covers_its_own_step_of_the_grid() -> None:
    certain = Score.from_probabilities((np.round(GRID, 1) == 3.0).astype(float))
    assert coverage([certain] * 4, np.array([3.0, 3.04, 3.06, 2.0])) == (0.5, 0.0)
    even = Score.from_probabilities(np.full(len(GRID), 1 / len(GRID)))
    assert coverage([even], np.array([1.0])) == (0.0, pytest.approx(3.6))
    assert coverage([even], np.array([1.2]))[0] == 1.0


def test_labels_drawn_from_the_distributions_are_covered_as_often_as_they_should() -> None:
    rng = np.random.default_rng(0)
    scores = [gaussian(mean, 0.5) for mean in rng.uniform(2.5, 3.5, 600)]
    drawn = np.array([rng.choice(GRID, p=score.probabilities) for score in scores])
    observed = calibration(scores, drawn)
    assert observed.shape == NOMINAL_COVERAGES.shape == (18,)
    assert (np.abs(observed - NOMINAL_COVERAGES - 0.03) < 0.07).all()  # whole steps hold a little more
    narrow = calibration([gaussian(score.mean, 0.1) for score in scores], drawn)
    assert narrow[-1] < 0.5


def test_ratings_are_measured_where_both_are_known() -> None:
    label = np.array([0.5, 2.0, 3.0, NAN, 4.0, 5.0])
    predicted = np.array([1.0, 2.0, 3.0, 3.0, NAN, 4.5])
    fit = measure(Ratings("m", {"mos": predicted}), Labels.of([clip_of(scores={"mos": v}) for v in label]), "mos")
    assert fit
    assert (fit.clips, fit.mae, fit.coverage) == (4, pytest.approx(0.125), None)  # 0.5 counts as 1
    assert fit.r_low <= fit.r <= fit.r_high
    assert fit.slope * 3 + fit.offset == pytest.approx(3.1, abs=0.1)


def test_labels_of_another_scale_have_no_raw_errors_and_no_coverage() -> None:
    labels = Labels.of([clip_of(scores={"mos": value}) for value in (10.0, 30.0, 55.0, 90.0)])
    scores = [gaussian(mean, 0.3) for mean in (1.5, 2.2, 3.1, 4.6)]
    fit = measure(Ratings("m", {"mos": np.array([s.mean for s in scores])}, {"mos": scores}), labels, "mos")
    assert fit
    assert (fit.mae, fit.rmse, fit.coverage, fit.width) == (None, None, None, None)
    assert fit.r > 0.99
    assert fit.mae_fit < 3
    assert not labels.chosen([0]).opinion


def test_too_few_clips_or_none_that_differ_have_no_figures() -> None:
    labels = Labels.of([clip_of(scores={"mos": value}) for value in (1.0, 2.0, 3.0)])
    assert measure(Ratings("m", {"mos": np.array([1.0, 2.0, NAN])}), labels, "mos") is None
    assert measure(Ratings("m", {"mos": np.array([2.0, 2.0, 2.0])}), labels, "mos") is None
    assert measure(Ratings("m", {"mos": np.array([1.0, 2.0, 3.0])}), labels, "loudness") is None


def test_clips_are_grouped_by_what_was_done_to_them_and_by_language() -> None:
    def heard(*kinds: str) -> tuple[HeardArtifact, ...]:
        return tuple(HeardArtifact(kind, "slight") for kind in kinds)

    known = [heard("hum", "codec"), (), heard("codec"), heard("hum", "hum"), None, heard("hum", "codec", "echo")]
    clips = [clip_of(artifacts=faults, lang="de" if i else "") for i, faults in enumerate(known)]
    assert by_kind(clips) == {"clean": [1], "hum": [3], "codec": [2], "2 kinds": [0], "3 kinds": [5]}
    assert by_language(clips) == {"unknown": [0], "de": [1, 2, 3, 4, 5]}
    assert by_language(clips[1:]) == {}


def test_a_pair_is_heard_at_the_nominal_level_of_its_reference(tmp_path: Path) -> None:
    for name, level in (("clean", -40.0), ("degraded", -46.0), ("alone", -46.0)):
        soundfile.write(tmp_path / f"{name}.wav", speech_like(1.0, 0, level), SAMPLE_RATE, subtype="FLOAT")
    paths = {name: tmp_path / f"{name}.wav" for name in ("clean", "degraded", "alone")}
    pair, anchor, alone = at_nominal_level(
        [
            clip_of(degraded=paths["degraded"], reference=paths["clean"]),
            clip_of(degraded=paths["clean"]),
            clip_of(degraded=paths["alone"]),
        ]
    )
    degraded, reference = read_pair(pair.degraded, pair.reference, pair.level_of)
    assert reference is not None
    assert (active_level(degraded), active_level(reference)) == pytest.approx((-32, -26), abs=0.1)
    heard = {sound.name: active_level(sound.wave()) for sound in sounds_of([pair, anchor, alone])}
    assert list(heard.values()) == pytest.approx([-32, -26, -46, -26], abs=0.1)
    assert nominal_gain(np.zeros(1600, np.float32)) == 1


def test_nisqa_is_measured_on_all_five_and_the_others_on_the_mos() -> None:
    columns = ("nisqa_mos", "nisqa_noisiness", "nisqa_discontinuity", "nisqa_coloration", "nisqa_loudness")
    assert set(baseline_columns(Teacher("N", columns, False, lambda *_: []))) == set(DIMENSIONS)
    named = Teacher("D", ("dnsmos_ovr", "dnsmos_sig", "dnsmos_bak"), False, lambda *_: [])
    assert baseline_columns(named) == {"mos": "dnsmos_ovr"}


def test_baselines_are_asked_at_the_level_and_with_the_reference_of_the_clip(ratings: Path) -> None:
    soundfile.write(ratings.parent / "clip0.wav", speech_like(1.5, 0, -46), SAMPLE_RATE, subtype="FLOAT")
    baseline = Teacher("T", ("level",), True, lambda degraded, reference: [active_level(degraded)])
    clips = at_nominal_level(read_ratings(ratings))
    (said,) = ask_baselines({"T": baseline}, clips)
    assert np.isfinite(said.means["mos"]).tolist() == [False, True, True, True, False]
    assert said.means["mos"][1:4] == pytest.approx(-6, abs=0.1)
    assert ask_baselines({}, clips) == []


def test_an_unknown_baseline_is_refused() -> None:
    with pytest.raises(ValueError, match="There is no baseline 'MOSNet'"):
        load_baselines(("MOSNet",))


def test_the_unseen_wordings_are_eight_that_no_training_asks() -> None:
    trained = {*SCORE_REQUESTS, *(wording for family in QUESTIONS.values() for wording in family)}
    assert len(set(UNSEEN_REQUESTS)) == 8
    assert not trained & set(UNSEEN_REQUESTS)


def test_a_wording_is_read_as_the_canonical_one_is(tiny: SpeechQualityLLM) -> None:
    waves, words = [speech_like(0.5, seed) for seed in range(2)], Vocabulary.of(tiny.model)
    usual = score_waves(tiny.model, waves, Reading.of(words, [TYPICAL]))
    assert usual.shape == (2, 5)
    several = score_waves(tiny.model, waves, request_reading(words, (SCORE_REQUESTS[0], "Well?", SCORE_REQUESTS[0])))
    np.testing.assert_allclose(several[:, :5], usual, atol=1e-4)
    np.testing.assert_allclose(several[:, 10:], usual, atol=1e-4)
    assert np.abs(several[:, 5:10] - usual).max() > 1e-4
    gaps = compare_wordings(tiny.model, waves)
    assert list(gaps) == list(UNSEEN_REQUESTS)
    assert all(0 < gap.mean <= gap.largest < 4 and gap.count == 10 for gap in gaps.values())


def test_text_without_a_score_is_counted_and_not_compared(
    tiny: SpeechQualityLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["no idea", "MOS 3.0."])
    monkeypatch.setattr("sqllm.judge.hearing.Hearing.ask", lambda *_: type("A", (), {"text": next(answers)}))
    waves = [speech_like(0.5)]
    alone, question, explanation = compare_ways_of_asking(tiny, waves).items()
    assert alone[1].largest < 1e-4
    assert (question[0], question[1].count) == ("a question about the MOS (0 of 1 parsed)", 0)
    assert explanation[0] == "the explanation (1 of 1 parsed)"
    assert explanation[1].mean == pytest.approx(abs(3.0 - score_waves(tiny.model, waves)[0, 0]), abs=1e-4)


def test_gaps_are_of_sizes() -> None:
    assert Gap.of(np.array([[-3.0, 1.0]])) == Gap(2.0, 3.0, 2)
    assert str(Gap.of(np.array([]))) == "-"


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_sounds_the_same(name: str) -> None:
    wave = buzz(1.5)
    copy = COPIES[name](wave)
    late = len(copy) - len(wave)
    assert late == {"begun 50 ms later": -800, "behind 50 ms of silence": 800}.get(name, 0)
    one, other = (wave, copy[late:]) if late > 0 else (wave[-late:], copy)
    noise = float(np.square(one - other).mean() / np.square(one).mean())
    assert noise < 0.01


@pytest.mark.parametrize("ladder", LADDERS, ids=lambda ladder: ladder.name)
def test_a_ladder_goes_from_the_clean_clip_further_and_further_away(ladder: Any) -> None:
    rungs = ladder.rungs(speech_like(1.5, level=-35))
    assert len(rungs) == len(ladder.steps)
    assert active_level(rungs[0]) == pytest.approx(-26, abs=0.5)
    away = [float(np.square(rung - rungs[0]).mean() / np.square(rungs[0]).mean()) for rung in rungs]
    assert away[-1] > 0.3
    assert falling(-np.array(away)) > 0.95
    again = ladder.rungs(speech_like(1.5, level=-35))
    assert all(np.array_equal(one, other) for one, other in zip(rungs, again, strict=True))


def test_a_climb_tells_how_far_and_how_steadily_scores_fall() -> None:
    steps = len(LADDERS[0].steps)
    steady, broken = np.linspace(4, 1, steps), np.r_[np.linspace(4, 2, steps - 2), 4.5, 3.0]
    climb = Climb.of(LADDERS[0], np.array([steady, broken]))
    assert falling(steady) == pytest.approx(1)
    assert falling(-steady) == pytest.approx(-1)
    assert falling(np.ones(steps)) == 0
    assert (climb.monotone, climb.span, climb.least_span) == (0.5, pytest.approx(2.0), pytest.approx(1.0))
    assert climb.steps[:2] == (None, 50)
    assert "MOS 4.00 to 2.00, span 2.00 (least 1.00)" in climb.line()


def test_the_report_counts_clips_with_and_without_reference(
    tiny: SpeechQualityLLM, ratings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = Teacher("near", ("near",), True, lambda degraded, reference: [float(np.abs(degraded - reference).mean())])
    monkeypatch.setattr("sqllm.judge.decoding.LONGEST_ANSWER", 4)
    monkeypatch.setattr("sqllm.evaluation.report.load_baselines", lambda names, _: {"near": near} if names else {})
    settings = EvaluateSettings(
        ratings=ratings, cache=tmp_path / "tokens", text_clips=0, conduct_clips=2, baselines=("near",)
    )
    sections = list(evaluation_report(tiny, read_ratings(ratings), settings))
    report = "\n".join(line for section in sections for line in section.lines)
    assert "### panel, 5 clips" in report
    for row in ("single-ended | 5", "single-ended | 3", "double-ended | 3"):
        assert f"| mos | ours, {row} |" in report
    assert "| mos | near | 3 |" in report
    assert "Left out here, as they need a reference: near." in report
    assert "#### Conduct on 2 clips" in report
    assert "Two runs give identical JSON." in report
    assert [section.part for section in sections] == ["model", "accuracy", "conduct"]


def test_each_mode_is_held_against_its_own_labels_and_both_against_the_double_ended_ones(
    tiny: SpeechQualityLLM, corpus: Path, tmp_path: Path
) -> None:
    own = [dataclasses.replace(c, degradation_scores={"mos": 6 - c.scores["mos"]}) for c in read_corpus(corpus)]
    views = {}
    for name, clips in (("old", read_corpus(corpus)), ("own", own)):
        settings = EvaluateSettings(cache=tmp_path / "tokens", text_clips=0)
        section = list(evaluation_report(tiny, clips, settings))[1]
        views[name] = {
            (f["clips_of"], f["model"]): f["fit"]
            for f in section.figures["figures"]
            if f["dimension"] == "mos" and f["by"] == "all"
        }
        assert sum(line.strip().startswith("Double-ended, r of the MOS is") for line in section.lines) == 1
    alone, beside, double = "ours, single-ended", "ours, double-ended", "all clips, double-ended labels"
    assert set(views["old"]) == {("all clips", alone), ("all clips", beside)}
    assert set(views["own"]) == {("all clips", alone), (double, alone), (double, beside)}
    assert views["own"]["all clips", alone] == views["old"]["all clips", alone]
    assert views["own"][double, beside]["r"] == pytest.approx(-views["old"]["all clips", beside]["r"])
    assert views["own"][double, alone]["r"] == pytest.approx(-views["old"]["all clips", alone]["r"])


def test_the_gain_of_a_reference_is_told_where_both_modes_are_measured() -> None:
    def told(model: str, dimension: str, r: float) -> Measured:
        return Measured("all", "all", model, dimension, Fit(9, r, 0, 1, 0, 0, 0, 0, 0, 1, 0))

    one, other = told("ours, single-ended", "mos", 0.941), told("ours, double-ended", "mos", 0.973)
    assert gain_of_reference([one, other]) == "Double-ended, r of the MOS is 0.973, +0.032 to single-ended."
    more = [told("ours, single-ended", "noisiness", 0.95), told("ours, double-ended", "noisiness", 0.94)]
    assert gain_of_reference([one, other, *more]).endswith("+0.011 on average over 2 scores.")
    assert gain_of_reference([one]) == gain_of_reference(more) == ""


def test_the_command_writes_tables_figures_and_pictures(
    tiny: SpeechQualityLLM, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpeechQualityLLM, "from_pretrained", lambda *_: tiny)
    monkeypatch.setattr("sqllm.evaluation.degradation_ladders.LADDERS", LADDERS[:1])
    monkeypatch.setattr("sqllm.judge.decoding.LONGEST_ANSWER", 4)
    out, words = tmp_path / "TABLE.md", ["text_clips=1", "consistency_clips=1", "artifact_clips=6", "word_clips=2"]
    words += ["answer_clips=1", f"plots={tmp_path / 'plots'}"]
    evaluate([f"corpus={corpus}", f"cache={tmp_path / 'tokens'}", f"out={out}", "nominal_level=true", *words])
    report = out.read_text()
    for text in (
        "heard with the gain that brings it to -26 dBov",
        "| loudness | ours, double-ended | 8 |",
        "| clean | 2 | - | - |",
        "| hum | 3 |",
        "| 2 kinds | 2 |",
        "| de | 4 |",
        "#### Text answers on 1 clips",
        "#### Artifacts",
        "#### Words on 2 clips",
        "| same-reference |",
        "questions of the study sheet on 1 clips",
        "#### Consistency on 1 clips and 1 references",
        "- White noise, none to -5 dB SNR: MOS",
    ):
        assert text in report
    figures = json.loads(out.with_suffix(".json").read_text(), parse_constant=pytest.fail)
    ours = figures["sets"]["X_TEST_SIM"]
    assert set(ours) == {"accuracy", "text", "artifacts", "words", "answers", "consistency"}
    assert {row["by"] for row in ours["accuracy"]["figures"]} == {"all", "kind", "language"}
    whole = [row for row in ours["accuracy"]["figures"] if row["by"] == "all"]
    assert [(row["dimension"], row["fit"]["clips"]) for row in whole] == [(d, 8) for d in DIMENSIONS for _ in range(2)]
    assert len(ours["accuracy"]["calibration"]) == 2 * len(DIMENSIONS)
    text = ours["text"]
    assert text["asked"] - text["parsed"] == len(text["unparsed"]) == len(re.findall(r"^- \w+\.wav, ", report, re.M))
    assert ours["consistency"]["ladders"][0]["steps"][0] is None
    assert len(list((tmp_path / "plots").glob("x-test-sim-ours-*-ended-*.png"))) == 4


def test_json_has_null_for_what_is_not_a_number() -> None:
    section = type("S", (), {"data_set": "s", "part": "p", "figures": {"a": NAN, "b": np.array([1.0, np.inf])}})
    assert to_json([section]) == {"sets": {"s": {"p": {"a": None, "b": [1.0, None]}}}}  # type: ignore[list-item]


def test_figures_are_not_written_over_the_tables(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"out= is for Markdown"):
        evaluate([f"out={tmp_path / 'TABLE.json'}"])
