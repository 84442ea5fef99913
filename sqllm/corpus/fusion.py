"""Fusion: the labels of a clip, alone and beside its reference, from the figures of teachers (`sqllm.corpus.teachers`).

The rules, whose constants are below. `python -m train.teachers` measures them on speech that people rated.

Single-ended (`fuse`): how good the clip is, as in absolute category rating.

1. MOS is a weighted mean of three voices: NISQA v2 counts 1, Distill-MOS a half, and those who know the reference a
   half. Each figure is first brought to NISQA v2's scale (absolute category rating, as in the NISQA corpus) by a
   first-order map and clamped to 1-5. A voice that is missing or failed is left out; the maps keep the mean in place.
   NISQA v2's figures are means of four hearings that begin within 40 ms, as each alone depends on where it begins.
2. PESQ and ViSQOL are one voice, and the kinder of the two speaks: where a full-reference measure fails (a moved
   talker's time axis, a neural codec's fine structure) it hears damage that people do not, hardly ever the reverse.
3. Distill-MOS, PESQ and ViSQOL are deaf to the level. What it costs is what NISQA v2 gives more once the clip is
   brought to -26 dBov; that is taken from their figures before the mean.
4. DNSMOS and PLCMOS are not fused: each is good at what it was made for, noise suppression and concealment, and
   follows people less well than NISQA v2 elsewhere.
5. A reference that is the clip itself counts as any other: PESQ and ViSQOL say that nothing was done to the
   recording, NISQA v2 and Distill-MOS say how good the recording is.
6. The dimensions are NISQA v2's. Half of the difference between the fused MOS and NISQA v2's goes to coloration and
   discontinuity, to each by what it lacks to 5, relative to the worst of them and noisiness, so that a clip that lacks
   nothing there is not blamed. Noisiness stays: moved, it followed people's ratings of the background less well.
   Loudness is two fifths of what the clip's own active level says: NISQA v2 alone lowers the loudness of every bad
   clip (r .85 to the MOS on simulated calls, where people's ratings of the NISQA corpus have .60; mixed so, .73).
7. The standard deviation is that of one listener's vote about the label: the votes' own spread, the teachers'
   disagreement and an error that they have in common, as if independent.

Double-ended (`fuse_beside`): how much of the reference is left, as in degradation category rating (ITU-T P.800, Annex
D). A clip that is its reference is at the top, however good the recording, and one that hardly differs close to it.

1. PESQ counts as much as NISQA v2, Distill-MOS half as much, ViSQOL not at all: people follow it less where it differs
   from PESQ, neural codecs aside. Chosen near equal weights of NISQA v2 and PESQ, which do best on telephony and on
   enhanced speech that is not in the table; every set left out in turn, the others choose weights as good to .01.
2. Teachers that don't know the reference are asked about it too: the clip loses what it has less, stretched so that
   what the reference got becomes 5 and 1 stays 1 (at most twofold: beside a bad recording 1 is not reached). The
   dimensions and what the level says are brought to that scale too, and then move as above. Half of what the level
   costs NISQA v2 is taken from the others: people miss all of it in a clip that is too quiet and nothing else, and
   hardly any where a codec has hurt it more (nisqa-p501: r .875 with half, .864 with all; -bgn: .938, .927).
3. Speech that is missing is not heard as such where it was cut out cleanly: with one muted stretch of a fifth of the
   speech NISQA v2 is still at 4.5 on this scale and continuity at 4.0, with as much in gaps of .3 s, which it hears, at
   3.0 and 2.2; PESQ is at 2.3 with the one stretch (clean speech of six talkers). Continuity is no better than NISQA
   v2's on the gaps, 1 + 4 exp(-5.5 s) where the share s is lost, and the MOS above 1 loses 1 - exp(-5 s) of itself as
   far as continuity was too good: a muted stretch of 10% to 40% then ends within .5 of the mean of the two. Teachers
   that heard the gaps have taken it off already (people, too, rate many short gaps lower: 3.5 and 1.9 where 2% and 20%
   of all 20 ms frames were zeroed). Where nothing is lost, nothing changes. The share is that which was cut out of the
   corpus's clip (`sqllm.corpus.timing.share_lost`), not what is measured at an alignment: noise can hide a loss from
   measurement, and a time axis that was bent feigns one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqllm.corpus.teachers import LATER_SECONDS
from sqllm.scores import DIMENSIONS, clamp

EXPLAINED_SHARE = 0.5
LEVEL_SHARE = 0.4
# Loudness of speech by its level: 4.4 within 3 dB of -26 dBov (ITU-T P.56's usual level), less .11 a dB beyond that.
BEST_LOUDNESS, USUAL_DBOV, FREE_DECIBELS, LOST_A_DECIBEL = 4.4, -26.0, 3.0, 0.11

# Variance of the votes on a clip of some MOS: VOTE_SPREAD * (MOS - 1) * (5 - MOS), the form of Hossfeld et al. (QoMEX
# 2011); least squares on the 712 clips of the NISQA corpus's three test sets (24-29 votes a clip; RMSE of the standard
# deviation .14).
VOTE_SPREAD = 0.176
# RMSE of the fused MOS after a first-order fit on P.835 files and conditions, less the sampling error of their votes:
# .10 and .24.
COMMON_ERROR = 0.2


@dataclass(frozen=True)
class Voice:
    """Teachers that speak as one, the kindest of them: `maps` has a first-order map (slope, offset) a column.

    What does not `know_reference` says the same of a clip alone and beside its reference.
    """

    weight: float
    maps: Mapping[str, tuple[float, float]]
    hears_level: bool = False
    knows_reference: bool = False

    def speak(self, figures: Mapping[str, float], level_cost: float) -> float:
        """The voice's MOS, 1-5, from figures that are all finite; not a number where none of its teachers spoke."""
        cost = 0.0 if self.hears_level else level_cost
        heard = [
            slope * figures[name] + offset - cost for name, (slope, offset) in self.maps.items() if name in figures
        ]
        return clamp(max(heard)) if heard else math.nan


# The maps give each teacher NISQA v2's mean and standard deviation on the 78 clips of a P.835 test (no rating enters).
VOICES = {
    "NISQA v2": Voice(1.0, {"nisqa_mos": (1.0, 0.0)}, hears_level=True),
    "Distill-MOS": Voice(0.5, {"distillmos_whole": (1.40, -1.86)}),
    "with a reference": Voice(0.5, {"pesq": (1.19, 0.16), "visqol": (1.38, -2.23)}, knows_reference=True),
}
DOUBLE_VOICES = {
    "NISQA v2": VOICES["NISQA v2"],
    "Distill-MOS": VOICES["Distill-MOS"],
    "PESQ": Voice(1.0, {"pesq": (1.11, -0.154)}, knows_reference=True),  # its own range, 1.04-4.64, is 1-5
}
MOST_STRETCHED = 2.0
DOUBLE_LEVEL_SHARE = 0.5
LOST_CONTINUITY, LOST_MOS = 5.5, 5.0  # how fast either falls with the share of speech that is lost
FUSED_TEACHERS = (
    "NISQA v2",
    "NISQA v2 begun later",
    "NISQA v2 at -26 dBov",
    "Distill-MOS in one window",
    "PESQ",
    "ViSQOL",
)
REFERENCE_TEACHERS = FUSED_TEACHERS[:4]  # those that don't know the reference are asked about it too


@dataclass(frozen=True)
class Fused:
    """A clip's label: five scores and the standard deviation of a listener's vote about each, on the scale 1-5.

    `disagreement` is the weighted standard deviation of the voices, 0 where one speaks alone. What no teacher knows is
    left out: `scores` is empty without any teacher and holds the MOS alone without NISQA v2.
    """

    scores: dict[str, float]
    stds: dict[str, float]
    disagreement: float


def fuse(figures: Mapping[str, float], voices: Mapping[str, Voice] = VOICES) -> Fused:
    """The label of a clip from its teachers' figures, by column; columns may lack or be not a number.

    Example:
        >>> fuse({"nisqa_mos": 3.2, "pesq": float("nan")}).scores
        {'mos': 3.2}
    """
    known, cost = _known(figures)
    spoken = {name: voice.speak(known, cost) for name, voice in voices.items()}
    return _fused(spoken, voices, _heard_dimensions(known), _level_loudness(known))


def fuse_beside(
    figures: Mapping[str, float],
    reference: Mapping[str, float],
    lost: float = 0.0,
    voices: Mapping[str, Voice] = DOUBLE_VOICES,
) -> Fused:
    """The double-ended label of a clip from its teachers' figures and those of its reference, by column, as for `fuse`;
    `lost` is the share of the reference's speech that is missing, 0 to 1.
    """
    (known, whole), (best, usual) = _known(figures), _known(reference)
    cost = DOUBLE_LEVEL_SHARE * max(0.0, whole - usual)
    spoken = {
        name: voice.speak(known, cost)
        if voice.knows_reference
        else beside(voice.speak(known, cost), voice.speak(best, 0.0))
        for name, voice in voices.items()
    }
    heard, top = _heard_dimensions(known), _heard_dimensions(best)
    dimensions = {name: beside(heard[name], top[name]) for name in heard if name in top}
    by_level = beside(_level_loudness(known), _level_loudness(best))
    fused = _fused(spoken, voices, dimensions, by_level)
    scores = without_lost_speech(fused.scores, lost)
    return Fused(
        scores, {name: vote_std(score, fused.disagreement) for name, score in scores.items()}, fused.disagreement
    )


def beside(score: float, best: float) -> float:
    """A score, 1-5, on the scale on which what the reference got, `best`, is 5 and 1 stays 1; not a number where one
    isn't known.
    """
    if math.isnan(score) or math.isnan(best):
        return math.nan
    stretched = 4 / (best - 1) if best > 1 else math.inf
    return clamp(5 - (best - score) * min(MOST_STRETCHED, stretched))


def _known(figures: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """The figures that are numbers, NISQA v2's as means over its hearings, and what the level costs."""
    known = {name: value for name, value in figures.items() if math.isfinite(value)}
    return known | _steadied(known), level_cost(known)


def _fused(
    spoken: Mapping[str, float], voices: Mapping[str, Voice], dimensions: Mapping[str, float], by_level: float
) -> Fused:
    """The label from what the voices say, NISQA v2's dimensions (none or all five) and the loudness by level alone."""
    heard = [(voices[name].weight, mos) for name, mos in spoken.items() if voices[name].weight and not math.isnan(mos)]
    if not heard:
        return Fused({}, {}, 0.0)
    mos, disagreement = _mean_and_spread(heard)
    scores = {"mos": mos} | _moved(dimensions, mos, by_level)
    return Fused(scores, {name: vote_std(score, disagreement) for name, score in scores.items()}, disagreement)


def without_lost_speech(scores: Mapping[str, float], lost: float) -> dict[str, float]:
    """Scores, 1-5, of a clip whose reference has speech that the clip has not, `lost` as a share of 0 to 1, less what
    that costs and those who gave the scores did not miss.
    """
    kept = dict(scores)
    if lost > 0 and "mos" in scores:
        best = 1 + 4 * math.exp(-LOST_CONTINUITY * lost)
        heard = scores.get("discontinuity", 5.0)
        unmissed = max(0.0, heard - best) / (5 - best)
        kept["mos"] = 1 + (scores["mos"] - 1) * (1 - unmissed * (1 - math.exp(-LOST_MOS * lost)))
        if "discontinuity" in scores:
            kept["discontinuity"] = min(heard, best)
    return kept


def level_cost(figures: Mapping[str, float]) -> float:
    """What the clip's level costs in MOS, 0 or more, by NISQA v2 as it is and at -26 dBov; 0 where it is not known.

    Both begin at the same sample, so that where it is has no part in the difference.
    """
    if not {"nisqa_mos", "nisqa_mos_nominal"} <= figures.keys():
        return 0.0
    return max(0.0, clamp(figures["nisqa_mos_nominal"]) - clamp(figures["nisqa_mos"]))


def loudness_of_level(dbov: float) -> float:
    """The loudness score, 1-5, that speech of an active level in dBov deserves by that level alone."""
    return clamp(BEST_LOUDNESS - LOST_A_DECIBEL * max(0.0, abs(dbov - USUAL_DBOV) - FREE_DECIBELS))


def vote_std(score: float, disagreement: float = 0.0) -> float:
    """Standard deviation of one listener's vote about a label (1-5) on which the teachers disagree that much."""
    return math.sqrt(VOTE_SPREAD * (score - 1) * (5 - score) + disagreement**2 + COMMON_ERROR**2)


def _steadied(figures: Mapping[str, float]) -> dict[str, float]:
    """NISQA v2's columns as means over all hearings: the one of the whole clip and those that begin later."""
    later = len(LATER_SECONDS)
    return {
        f"nisqa_{name}": (figures[f"nisqa_{name}"] + later * figures[f"nisqa_{name}_later"]) / (1 + later)
        for name in DIMENSIONS
        if {f"nisqa_{name}", f"nisqa_{name}_later"} <= figures.keys()
    }


def _mean_and_spread(heard: Sequence[tuple[float, float]]) -> tuple[float, float]:
    total = sum(weight for weight, _ in heard)
    mean = sum(weight * value for weight, value in heard) / total
    return mean, math.sqrt(sum(weight * (value - mean) ** 2 for weight, value in heard) / total)


def _heard_dimensions(figures: Mapping[str, float]) -> dict[str, float]:
    """NISQA v2's five scores, 1-5; none where one is not known."""
    if not {f"nisqa_{name}" for name in DIMENSIONS} <= figures.keys():
        return {}
    return {name: clamp(figures[f"nisqa_{name}"]) for name in DIMENSIONS}


def _level_loudness(figures: Mapping[str, float]) -> float:
    """The loudness that the clip's active level alone deserves; not a number where it is not known."""
    return loudness_of_level(figures["active_level"]) if "active_level" in figures else math.nan


def _moved(heard: Mapping[str, float], mos: float, by_level: float) -> dict[str, float]:
    """NISQA v2's four dimensions, two of them moved by what the other teachers add to its MOS; none where they are not
    known.
    """
    if not heard:
        return {}
    scores = {name: score for name, score in heard.items() if name != "mos"}
    worst = min(scores[name] for name in ("noisiness", "coloration", "discontinuity"))
    if worst < 5:
        shift = EXPLAINED_SHARE * (mos - heard["mos"]) / (5 - worst)
        for name in ("coloration", "discontinuity"):
            scores[name] = clamp(scores[name] + shift * (5 - scores[name]))
    if not math.isnan(by_level):
        scores["loudness"] += LEVEL_SHARE * (by_level - scores["loudness"])
    return scores
