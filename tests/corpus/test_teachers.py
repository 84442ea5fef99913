"""Teachers and their fusion: what is missing, what is better, what the label's spread says, the table."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sqllm.corpus import teachers
from sqllm.corpus.fusion import FUSED_TEACHERS, VOICES, fuse, level_cost, vote_std
from sqllm.corpus.teachers import TEACHERS, Teacher, load_teacher, load_teachers
from sqllm.evaluation.baselines import load_baselines
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE, active_level
from tests.tiny import speech_like
from train.teachers import (
    TeacherSettings,
    ask_teachers,
    chosen_elsewhere,
    measure_teachers,
    rated_clips,
    unrated_references,
)

NAN = math.nan
FIGURES = {
    "nisqa_mos": 3.0,
    "nisqa_mos_nominal": 3.0,
    "nisqa_noisiness": 2.5,
    "nisqa_coloration": 3.5,
    "nisqa_discontinuity": 4.5,
    "nisqa_loudness": 4.0,
    "distillmos_whole": 3.4,
    "pesq": 2.3,
    "visqol": 3.9,
}
OVERALL = ("nisqa_mos", "distillmos_whole", "pesq", "visqol")


def test_visqol_is_that_of_its_package() -> None:
    from visqol import VisqolApi

    rng = np.random.default_rng(0)
    clean = speech_like(3.0)
    degraded = (clean + rng.normal(0, 0.01, len(clean))).astype(np.float32)
    published = VisqolApi()
    published.create(mode="speech", use_lattice_model=False)
    wanted = published.measure_from_arrays(clean.astype(float), degraded.astype(float), SAMPLE_RATE).moslqo
    assert load_teacher("ViSQOL")(degraded, clean) == {"visqol": wanted}
    assert 1 < wanted < 5


def test_a_teacher_that_fails_or_lacks_the_reference_gives_no_number() -> None:
    def rate(degraded: np.ndarray, reference: np.ndarray | None) -> list[float]:
        if not len(degraded):
            raise ValueError("no utterance")
        return [3.0, 4.0]

    teacher = Teacher("T", ("one", "two"), True, rate)
    wave = np.zeros(9, np.float32)
    assert teacher(wave, wave) == {"one": 3.0, "two": 4.0}
    assert all(math.isnan(value) for value in teacher(wave).values())
    assert all(math.isnan(value) for value in teacher(wave[:0], wave).values())


def test_nisqa_is_heard_from_later_beginnings(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    def score(samples: np.ndarray) -> list[float]:
        begun.append(int(samples[0]))
        return [samples[0] / 100, 2.0, 3.0, 4.0, 5.0]

    monkeypatch.setattr(teachers, "_nisqa", lambda weights: score)
    teacher = Teacher("T", teachers._LATER_COLUMNS, False, teachers._load_nisqa_later(None))
    figures = teacher(np.arange(16_000, dtype=np.float32))
    assert begun == [200, 400, 600]
    assert figures["nisqa_mos_later"] == 4.0
    assert set(figures) == {f"nisqa_{name}_later" for name in DIMENSIONS}


def test_a_label_is_the_mean_of_four_hearings_and_the_level_cost_of_the_first_two() -> None:
    later = {f"nisqa_{name}_later": FIGURES[f"nisqa_{name}"] + 0.4 for name in DIMENSIONS}
    steadied = FIGURES | {f"nisqa_{name}": FIGURES[f"nisqa_{name}"] + 0.3 for name in DIMENSIONS}
    steadied["nisqa_mos_nominal"] = steadied["nisqa_mos"]
    assert fuse(FIGURES | later).scores == pytest.approx(fuse(steadied).scores)
    assert fuse(FIGURES | {name: NAN for name in later}).scores == fuse(FIGURES).scores


def test_an_unknown_teacher_is_refused() -> None:
    with pytest.raises(ValueError, match="There is no teacher 'MOSNet'; known are NISQA v2, NISQA v2 begun later"):
        load_teacher("MOSNet")


@pytest.fixture
def without_pesq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pesq", None)
    teachers.load_teacher.cache_clear()


@pytest.mark.usefixtures("without_pesq")
def test_a_missing_package_is_named_with_how_to_install_it() -> None:
    with pytest.raises(ImportError, match=r"PESQ needs the package pesq: pip install 'sqllm\[train\]'\."):
        load_teachers(("PESQ",))
    with pytest.raises(ValueError, match=r"PESQ needs the package pesq"):
        load_baselines(("PESQ",))


def test_missing_weights_are_named(tmp_path: Path) -> None:
    pytest.importorskip("torchmetrics")
    with pytest.raises(FileNotFoundError, match=r"There is no nisqa\.tar in"):
        load_teacher("NISQA v2", tmp_path)


@pytest.mark.parametrize(("name", "package"), [("PESQ", "pesq"), ("ViSQOL", "visqol")])
def test_measures_with_a_reference_hear_noise_and_the_clean_clip(name: str, package: str) -> None:
    pytest.importorskip(package)
    clean = speech_like(2.0)
    noise = np.random.default_rng(0).normal(0, 0.02, len(clean)).astype(np.float32)
    teacher = load_teacher(name)
    assert load_teacher(name) is teacher
    (column,) = teacher.columns
    best, worse, worst = (teacher(clean + gain * noise, clean)[column] for gain in (0, 0.3, 3))
    assert 4.5 < best <= 5
    assert 1 <= worst < worse < best
    assert math.isnan(teacher(clean)[column])
    assert load_baselines((name,))[name](clean, clean)[column] == best


@pytest.mark.parametrize("name", ["DNSMOS", "PLCMOS"])
def test_a_clip_always_has_the_same_figure(name: str) -> None:
    pytest.importorskip("speechmos")
    pytest.importorskip("onnxruntime")
    teacher = load_teacher(name)
    clip = speech_like(1.0)
    first = teacher(clip)
    assert tuple(first) == teacher.columns
    assert all(1 <= value <= 5 for value in first.values())
    assert teacher(clip) == first


def test_a_clip_too_short_for_a_teacher_has_no_figure() -> None:
    pytest.importorskip("speechmos")
    pytest.importorskip("onnxruntime")
    assert math.isnan(load_teacher("PLCMOS")(speech_like(0.05))["plcmos"])


@pytest.mark.parametrize("count", range(1, len(OVERALL) + 1))
def test_any_teacher_may_be_missing(count: int) -> None:
    for chosen in itertools.combinations(OVERALL, count):
        figures = {name: value if name in chosen or name not in OVERALL else NAN for name, value in FIGURES.items()}
        fused = fuse(figures)
        assert 2.5 < fused.scores["mos"] < 3.5
        assert set(fused.scores) == (set(DIMENSIONS) if "nisqa_mos" in chosen else {"mos"})
        assert fused.scores.keys() == fused.stds.keys()


def test_without_any_teacher_there_is_no_label() -> None:
    assert fuse({}).scores == fuse({"nisqa_mos": NAN, "dnsmos_ovr": 3.0}).scores == {}


@pytest.mark.parametrize("name", OVERALL)
def test_a_better_figure_never_lowers_the_fused_mos(name: str) -> None:
    rng = np.random.default_rng(4)
    for _ in range(40):
        others = {column: rng.uniform(0.8, 5) if rng.random() < 0.8 else NAN for column in FIGURES}
        mos = [fuse(others | {name: value}).scores["mos"] for value in np.linspace(0.5, 5, 19)]
        assert all(later >= earlier - 1e-12 for earlier, later in itertools.pairwise(mos))
        assert mos[-1] > mos[0] or name in ("pesq", "visqol")


def test_every_score_is_on_the_scale_whatever_the_figures() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        fused = fuse({name: rng.uniform(-1, 7) for name in FIGURES})
        assert set(fused.scores) == set(DIMENSIONS)
        assert all(1 <= score <= 5 for score in fused.scores.values())
        assert all(0 < std < 2.5 for std in fused.stds.values())


def test_a_clip_that_is_its_own_reference_is_helped_by_it_and_not_made_perfect() -> None:
    alone = FIGURES | {"nisqa_mos": 4.2, "nisqa_mos_nominal": 4.2, "distillmos_whole": 4.0, "pesq": NAN, "visqol": NAN}
    paired = alone | {"pesq": 4.64, "visqol": 5.0}
    assert fuse(alone).scores["mos"] < fuse(paired).scores["mos"] < 4.7


def test_the_kinder_of_the_measures_with_a_reference_speaks() -> None:
    both = fuse(FIGURES | {"pesq": 1.1}).scores["mos"]
    assert both == fuse(FIGURES | {"pesq": NAN}).scores["mos"] == fuse(FIGURES | {"pesq": 1.5}).scores["mos"]


def test_what_the_level_costs_is_taken_from_those_who_are_deaf_to_it() -> None:
    quiet = FIGURES | {"nisqa_mos": 2.0}
    assert level_cost(quiet) == pytest.approx(1.0)
    assert level_cost({"nisqa_mos": 2.0}) == level_cost(FIGURES | {"nisqa_mos": 3.4}) == 0
    assert fuse(quiet).scores["mos"] == pytest.approx(fuse(FIGURES).scores["mos"] - 1)


def test_votes_spread_most_in_the_middle_and_labels_more_where_teachers_disagree() -> None:
    assert vote_std(3) > vote_std(2) > vote_std(1) > 0
    assert vote_std(2) == pytest.approx(vote_std(4))
    figures = {"nisqa_mos": 3.0, "distillmos_whole": 3.4}
    spreads = [fuse(figures | {"visqol": value}) for value in (3.78, 4.3, 4.8)]
    assert all(a.disagreement < b.disagreement for a, b in itertools.pairwise(spreads))
    assert vote_std(3, 0.8) > vote_std(3, 0.2) > vote_std(3)
    assert fuse(figures).stds["mos"] == vote_std(fuse(figures).scores["mos"], fuse(figures).disagreement)
    assert fuse({"nisqa_mos": 3.0}).disagreement == 0


def test_what_the_others_hear_goes_to_the_dimensions_that_lack_something() -> None:
    worse = fuse(FIGURES | {"distillmos_whole": 1.5, "pesq": 1.1, "visqol": 2.5}).scores
    better = fuse(FIGURES | {"distillmos_whole": 4.5, "pesq": 4.0, "visqol": 4.8}).scores
    for scores, sign in ((worse, -1), (better, 1)):
        moved = {name: sign * (scores[name] - FIGURES[f"nisqa_{name}"]) for name in DIMENSIONS if name != "mos"}
        assert moved["coloration"] > moved["discontinuity"] > 0
        assert moved["noisiness"] == moved["loudness"] == 0
    flawless = dict.fromkeys(FIGURES, 5.0) | {"pesq": 1.0, "visqol": 1.0, "distillmos_whole": 1.0}
    assert fuse(flawless).scores["coloration"] == 5


def test_the_fused_teachers_are_those_with_a_voice() -> None:
    assert set(FUSED_TEACHERS) < set(TEACHERS)
    assert {column for voice in VOICES.values() for column in voice.maps} == set(OVERALL)


@pytest.fixture
def rated(tmp_path: Path) -> Path:
    """Two sets of eight clips, the first with a reference that is rated too, and figures that follow the ratings."""
    lines, kept = ["file,ref,set,overall"], ["file,nisqa_mos,distillmos_whole,pesq"]
    for group, number in itertools.product("ab", range(8)):
        name = f"{group}{number}.wav"
        soundfile.write(tmp_path / name, speech_like(0.3, number), SAMPLE_RATE)
        lines.append(f"{name},{'a7.wav' if group == 'a' else ''},{group},{1.2 + number / 2}")
        kept.append(f"{name},{1 + number / 2},{1.5 + (number ^ 1) / 3},{1.2 + number / 3 if group == 'a' else 'nan'}")
    (tmp_path / "index.csv").write_text("\n".join(lines))
    (tmp_path / "figures.csv").write_text("\n".join(kept))
    return tmp_path / "index.csv"


def test_a_rated_reference_is_an_anchor(rated: Path) -> None:
    clips = rated_clips(rated)
    assert [clip.name for clip in clips if clip.anchor] == ["a7.wav"]
    assert {clip.reference for clip in clips if clip.group == "a"} == {rated.parent / "a7.wav"}
    assert {clip.reference for clip in clips if clip.group == "b"} == {None}


def test_teachers_are_asked_once(rated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def rate(degraded: np.ndarray, reference: np.ndarray | None) -> list[float]:
        asked.append(reference is not None and len(reference) == len(degraded))
        return [3.5]

    monkeypatch.setattr("train.teachers.load_teachers", lambda *_: [Teacher("T", ("distillmos_whole",), False, rate)])
    settings = TeacherSettings(rated, figures=rated.parent / "asked.csv")
    first = ask_teachers(rated_clips(rated), settings)
    assert asked == [True] * 8 + [False] * 8
    assert ask_teachers(rated_clips(rated), settings) == first == [{"distillmos_whole": 3.5}] * 16
    assert len(asked) == 16


def test_teachers_hear_references_at_the_nominal_level_and_the_clips_beside_them(
    rated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, levels = rated.parent, []

    def rate(degraded: np.ndarray, reference: np.ndarray | None) -> list[float]:
        levels.append((active_level(degraded), None if reference is None else active_level(reference)))
        return [3.5]

    soundfile.write(folder / "a7.wav", speech_like(0.3, 7, -46), SAMPLE_RATE, subtype="FLOAT")
    soundfile.write(folder / "a0.wav", 0.5 * speech_like(0.3, 7, -46), SAMPLE_RATE, subtype="FLOAT")
    soundfile.write(folder / "b0.wav", speech_like(0.3, 0, -46), SAMPLE_RATE, subtype="FLOAT")
    monkeypatch.setattr("train.teachers.load_teachers", lambda *_: [Teacher("T", ("plcmos",), False, rate)])
    clips = {clip.name: clip for clip in rated_clips(rated)}
    few = [clips[name] for name in ("a7.wav", "a0.wav", "b0.wav")]
    ask_teachers(few, TeacherSettings(rated))
    assert levels == [pytest.approx((-26, -26), abs=0.1), pytest.approx((-32, -26), abs=0.1), (levels[2][0], None)]
    assert levels[2][0] == pytest.approx(-46, abs=0.1)
    levels.clear()
    ask_teachers(few, TeacherSettings(rated, nominal_level=False))
    assert [one for one, _ in levels] == pytest.approx([-46, -52, -46], abs=0.1)


def test_the_table_has_a_row_a_teacher_and_a_column_a_set(rated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = rated.parent
    measure_teachers([f"ratings={rated}", f"figures={folder / 'figures.csv'}", f"out={folder / 'TABLE.md'}"])
    table = (folder / "TABLE.md").read_text()
    assert capsys.readouterr().out == table
    assert "| figure | a (8) | a, no anchors (7) | b (8) |" in table
    assert "| nisqa_mos | 1.000 / 1.000 / 0.000 |" in table
    assert table.splitlines()[5].startswith("| distillmos_whole | 0.9")
    assert "| pesq | 1.000 / 1.000 / 0.000 | 1.000 / 1.000 / 0.000 | - |" in table
    assert "**fused**" in table
    double = next(line for line in table.splitlines() if line.startswith("| **double-ended** |"))
    assert double.endswith("| - |")
    assert "weights chosen on the other sets | - | - | - |" in table.replace("fused, weights", "")
    assert "dimension" not in table


def paired_sets(folder: Path) -> Path:
    """Two sets of eight clips beside a reference of their own that nobody rated; PESQ follows the first, NISQA v2 the
    second, and the second's continuity is rated too.
    """
    lines, kept = ["file,ref,set,overall,discontinuity"], ["file,nisqa_mos,distillmos_whole,pesq,visqol"]
    for group, number in itertools.product("ab", range(8)):
        rating, other = 1.2 + number / 2, 1.2 + (number * 5 % 8) / 2
        nisqa, pesq = (other, rating) if group == "a" else (rating, other)
        lines.append(f"{group}{number}.wav,{group}-clean.wav,{group},{rating},{rating if group == 'b' else ''}")
        kept.append(f"{group}{number}.wav,{nisqa},2.5,{pesq},3.0")
    kept += [f"{group}-clean.wav,4.8,4.5,4.6,5.0" for group in "ab"]
    (folder / "index.csv").write_text("\n".join(lines))
    (folder / "figures.csv").write_text("\n".join(kept))
    return folder / "index.csv"


def test_references_that_nobody_rated_are_asked_about_and_stand_in_no_set(tmp_path: Path) -> None:
    clips = rated_clips(paired_sets(tmp_path))
    clean = unrated_references(clips)
    assert [clip.name for clip in clean] == ["a-clean.wav", "b-clean.wav"]
    assert all(clip.anchor and clip.degraded == clip.reference for clip in clean)
    assert {clip.reference_name for clip in clips} == {clip.name for clip in clean}


def test_weights_for_a_set_are_chosen_on_the_others(tmp_path: Path) -> None:
    ratings = paired_sets(tmp_path)
    clips = rated_clips(ratings)
    asked = [*clips, *unrated_references(clips)]
    figures = ask_teachers(asked, TeacherSettings(ratings, figures=tmp_path / "figures.csv"))
    known = {clip.name: one for clip, one in zip(asked, figures, strict=True)}
    mos, chosen = chosen_elsewhere(clips, known)
    weights = {name: dict(cell.rsplit(" ", 1) for cell in told.split(", ")) for name, told in chosen.items()}
    assert weights["a"]["PESQ"] == "0.5"  # of no use to b
    assert weights["b"]["PESQ"] == "2"
    assert np.isfinite(mos).all()


def test_the_dimensions_that_were_rated_have_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ratings = paired_sets(tmp_path)
    kept = (tmp_path / "figures.csv").read_text().splitlines()
    more = ",".join(f"nisqa_{name}" for name in DIMENSIONS[1:])
    rows = [f"{row},3,3,{4.5 if 'clean' in row else 1 + number % 8 / 3},3" for number, row in enumerate(kept[1:])]
    (tmp_path / "figures.csv").write_text("\n".join([f"{kept[0]},{more}", *rows]))
    measure_teachers([f"ratings={ratings}", f"figures={tmp_path / 'figures.csv'}"])
    told = capsys.readouterr().out
    assert "| dimension | b (8) |" in told
    assert "| discontinuity, nisqa | 1.000 / 1.000 / 0.000 |" in told
    assert "| discontinuity, double-ended | " in told
    assert "| noisiness, single-ended | - |" in told
    assert "- without a: Distill-MOS " in told


def test_loudness_follows_the_level_on_both_sides() -> None:
    figures = dict.fromkeys((f"nisqa_{name}" for name in DIMENSIONS), 3.0)
    loudness = {level: fuse(figures | {"active_level": level}).scores["loudness"] for level in (-50.0, -26.0, -8.0)}
    assert loudness[-26.0] > loudness[-8.0] > loudness[-50.0] >= 1
    assert fuse(figures).scores["loudness"] == 3.0


def test_one_window_hears_what_many_hear() -> None:
    pytest.importorskip("xls_r_sqa")  # distillmos itself wants torchaudio, which is not needed
    clip = speech_like(9.0)
    whole = load_teacher("Distill-MOS in one window")(clip)["distillmos_whole"]
    assert whole == pytest.approx(load_teacher("Distill-MOS")(clip)["distillmos"], abs=0.3)
