"""The label of a clip beside its reference: the top where nothing differs, the floor, lost speech, and its columns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from sqllm.corpus import degradations as damage
from sqllm.corpus import timing
from sqllm.corpus.degradations import Artifact
from sqllm.corpus.fusion import DOUBLE_VOICES, REFERENCE_TEACHERS, beside, fuse, fuse_beside, without_lost_speech
from sqllm.corpus.teachers import TEACHERS
from sqllm.scores import DIMENSIONS
from sqllm.signal.differences import find_differences
from tests.tiny import sentence

Damage = Callable[[np.ndarray, np.random.Generator, str], tuple[np.ndarray, Artifact]]
TOP = {"pesq": 4.644, "visqol": 5.0}  # of a clip against itself


def figures_of(mos: float, level: float = -26.0, **more: float) -> dict[str, float]:
    """What teachers say of a clip of which nothing but the MOS is known."""
    known = {f"nisqa_{name}{late}": mos for name in DIMENSIONS for late in ("", "_later")}
    return known | {"nisqa_mos_nominal": mos, "distillmos_whole": 0.7 * mos + 1.3, "active_level": level} | TOP | more


@pytest.mark.parametrize("mos", [1.8, 2.6, 3.4, 4.2, 4.9])
@pytest.mark.parametrize("level", [-31.0, -26.0, -22.0])
def test_a_clip_that_is_its_reference_is_at_the_top_however_good_the_recording(mos: float, level: float) -> None:
    figures = figures_of(mos, level, nisqa_mos_nominal=mos + 0.2)
    assert fuse_beside(figures, figures).scores == dict.fromkeys(DIMENSIONS, 5.0)
    assert fuse(figures).scores["mos"] < 4.97


@pytest.mark.parametrize("mos", [3.0, 4.0, 4.6])
def test_a_clip_that_hardly_differs_is_close_to_the_top(mos: float) -> None:
    reference = figures_of(mos)
    near, further = (fuse_beside(figures_of(mos - d, pesq=4.64 - d, visqol=5 - d), reference) for d in (0.05, 0.3))
    assert all(score > 4.85 for score in near.scores.values())
    assert all(further.scores[name] < near.scores[name] - 0.05 for name in DIMENSIONS)


@pytest.mark.parametrize("name", ["nisqa_mos", "distillmos_whole", "pesq"])
def test_a_better_figure_never_lowers_it(name: str) -> None:
    reference = figures_of(4.3)
    mos = [fuse_beside(figures_of(3.0) | {name: value}, reference).scores["mos"] for value in np.linspace(0.5, 5, 19)]
    assert all(later >= earlier - 1e-12 for earlier, later in itertools.pairwise(mos))
    assert mos[-1] > mos[0]


def test_the_worst_stays_the_worst_and_a_bad_recording_stretches_twofold_at_most() -> None:
    worst = figures_of(1.0, pesq=1.0, visqol=1.0, distillmos_whole=1.0)
    assert fuse_beside(worst, figures_of(4.5)).scores["mos"] == pytest.approx(1.0, abs=0.15)
    assert [beside(1.0, best) for best in (4.5, 3.0, 2.0, 1.0)] == pytest.approx([1.0, 1.0, 3.0, 5.0])
    assert beside(4.8, 4.2) == 5.0
    assert math.isnan(beside(math.nan, 4.0))
    assert math.isnan(beside(4.0, math.nan))


def test_those_who_know_the_reference_weigh_more_than_in_the_single_ended_label() -> None:
    reference, heard = figures_of(4.3), figures_of(4.3) | {"pesq": 1.5}
    assert fuse(heard).scores["mos"] - fuse_beside(heard, reference).scores["mos"] > 0.5


def test_half_of_what_a_level_costs_is_taken_from_those_who_are_deaf_to_it() -> None:
    reference = figures_of(4.3)
    as_loud, quiet = figures_of(3.0, pesq=3.0), figures_of(3.0, -45.0, pesq=3.0, nisqa_mos_nominal=3.7)
    one, other = (fuse_beside(figures, reference).scores for figures in (as_loud, quiet))
    weights = {name: voice.weight for name, voice in DOUBLE_VOICES.items()}
    stretch = 4 / (0.98 * 4.3 - 0.04 - 1)  # of Distill-MOS
    lost = 0.35 * (weights["PESQ"] + weights["Distill-MOS"] * stretch) / sum(weights.values())
    assert other["mos"] == pytest.approx(one["mos"] - lost, abs=0.02)
    assert other["loudness"] < one["loudness"] - 0.5
    still = fuse_beside(quiet, reference | {"nisqa_mos_nominal": 5.0}).scores  # as much is due to the reference's own
    assert still["mos"] == pytest.approx(one["mos"])


def test_without_figures_of_the_reference_the_measures_speak_alone() -> None:
    assert fuse_beside({"pesq": 2.84}, {}).scores == {"mos": pytest.approx(3.0, abs=0.01)}
    assert fuse_beside({"nisqa_mos": 3.0}, {}).scores == {}
    assert set(REFERENCE_TEACHERS) < set(TEACHERS)


CLEAN = sentence(6.0)


@pytest.mark.parametrize("way", [damage.clip_time, timing.mute_stretch])
def test_the_share_of_speech_that_was_cut_out_is_that_which_is_missing(way: Damage) -> None:
    shares = []
    for seed in range(8):
        clip, artifact = way(CLEAN, np.random.default_rng(seed), "moderate")
        shares.append((timing.share_lost(CLEAN, [artifact]), find_differences(clip, CLEAN).share_lost))
    made, measured = np.array(shares).T
    assert (made > 0).all()
    assert np.abs(made - measured).mean() < 0.05
    assert np.corrcoef(made, measured)[0, 1] > 0.8


def test_only_speech_is_lost_and_only_where_it_was_cut_out() -> None:
    def share(kind: str, *spans: tuple[float, float]) -> float:
        return timing.share_lost(CLEAN, [Artifact(kind, "strong", list(spans))])

    assert share("time-clipping", (0.0, 6.0)) == 1
    assert share("time-clipping", (0.0, 3.0), (1.0, 3.0)) == share("time-clipping", (0.0, 3.0)) < 1
    assert share("time-clipping") == share("echo", (0.0, 6.0)) == share("time-warp", (1.0, 2.0)) == 0


INTACT = dict.fromkeys(DIMENSIONS, 4.8)


def test_where_no_speech_is_lost_nothing_changes() -> None:
    assert without_lost_speech(INTACT, 0.0) == INTACT
    assert without_lost_speech({}, 0.5) == {}


def test_the_more_speech_is_lost_the_lower_continuity_and_mos_and_nothing_else() -> None:
    shares = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
    kept = [without_lost_speech(INTACT, share) for share in shares]
    for name in ("mos", "discontinuity"):
        assert all(later[name] < earlier[name] for earlier, later in itertools.pairwise(kept))
        assert 1 <= kept[-1][name] < 1.3
        assert kept[1][name] > 4.5
    assert all(one[name] == 4.8 for one in kept for name in ("noisiness", "coloration", "loudness"))


@pytest.mark.parametrize(
    ("share", "nisqa", "pesq", "mos", "continuity"),
    [(0.1, (4.64, 4.03), 2.95, 3.6, 3.3), (0.2, (4.47, 3.96), 2.20, 2.7, 2.3), (0.4, (4.45, 4.06), 1.56, 1.7, 1.45)],
)
def test_a_muted_stretch_costs_what_gaps_of_its_share_cost_that_are_heard(
    share: float, nisqa: tuple[float, float], pesq: float, mos: float, continuity: float
) -> None:
    """What the teachers said of clean speech with one stretch muted, the clean clip at the top; and the mean of what
    NISQA v2 says of gaps of .3 s and PESQ of the stretch, on the same scale.
    """
    heard = figures_of(nisqa[0], pesq=pesq)
    heard |= dict.fromkeys(("nisqa_discontinuity", "nisqa_discontinuity_later"), nisqa[1])
    label = fuse_beside(heard, figures_of(5.0), share).scores
    assert label["mos"] == pytest.approx(mos, abs=0.5)
    assert label["discontinuity"] == pytest.approx(continuity, abs=0.1)


def test_a_loss_that_was_heard_is_not_taken_off_twice() -> None:
    for share in (0.02, 0.1, 0.3):
        best = without_lost_speech(INTACT, share)["discontinuity"]
        choppy = INTACT | {"mos": 2.0, "discontinuity": best - 0.3}
        assert without_lost_speech(choppy, share) == choppy
        half = without_lost_speech(INTACT | {"discontinuity": (4.8 + best) / 2}, share)["mos"]
        assert without_lost_speech(INTACT, share)["mos"] < half < 4.8


def test_a_noisy_clip_that_lost_speech_is_worse_than_a_noisy_one() -> None:
    noisy = INTACT | {"mos": 2.2, "noisiness": 1.8}
    assert 1 < without_lost_speech(noisy, 0.2)["mos"] < 1.8
