"""Labels of listeners who hear a clip otherwise: each on the scale of what they are used to.

The chain between the clip and the listener (`ListenerProfile.hear`) is none of the clip's faults. What teachers say of
the clip through it is therefore held against what they say of the clean recording through it: a clip to which nothing
was done gets what an average listener gives the clean recording as it is, and the worst one 1, in straight lines

    label = top - (T(chain(clean)) - T(chain(clip))) x stretch,   stretch = (top - 1) / (T(chain(clean)) - 1).

T is fused from NISQA v2, its mean over two beginnings, and PESQ against the clean recording through the same chain,
which steadies it: NISQA v2 alone moves by .13 with where it begins, and the stretch doubles that. A clip that comes out
better than its clean recording (a denoiser's) is raised by half the difference. The stretch is 2.5 at most: where a
chain hides a dimension nearly whole (noise in a street), it would make labels of chance.

For ears with a hearing loss half of the overall score is HASQI's (`hearing_aid_quality`), which knows what such an ear
can't hear but averages over a clip, so that it hardly hears a lost word; coloration and discontinuity go half of the
way with it, as in `fusion`. There NISQA v2 is heard from one beginning.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sqllm.corpus.degradations import Wave
from sqllm.corpus.fusion import EXPLAINED_SHARE, LEVEL_SHARE, fuse, level_cost, loudness_of_level
from sqllm.corpus.hearing_aid_quality import hasqi
from sqllm.corpus.teachers import ask_all, load_teacher, load_teachers
from sqllm.listeners.profiles import PROFILES, ListenerProfile
from sqllm.scores import DIMENSIONS, LOWEST, clamp
from sqllm.signal.audio import active_level

MOST_STRETCH, RAISED = 2.5, 0.5
LEAST_TOP = 3.0  # of MOS: a clean recording that teachers put below it is misjudged
# The power that leaves no bias against fused labels for normal hearing on 100 simulated clips: r .84, mean error .48.
HASQI_POWER, HASQI_SHARE = 0.8, 0.5
PESQ_TOP, VISQOL_TOP = 4.644, 5.0  # of a clip that is its reference
BEGINNINGS = (0, 320)  # samples: half a window of NISQA v2 apart
Scores = dict[str, float]


def label_listeners(
    degraded: Wave,
    clean: Wave,
    figures: Mapping[str, float],
    nisqa_weights: Path | None = None,
    names: Collection[str] | None = None,
) -> dict[str, Scores]:
    """The labels of all listeners who hear otherwise (or of `names`), by profile: five scores 1-5 each, before the
    listener's own habits.

    `degraded` and `clean` are [n] float32 at 16 kHz, aligned; `figures` are those of the fused
    teachers on the clip as it is, which tell what its level costs. Raises
    `ValueError` where NISQA v2 gives the clean recording no scores, and `ImportError` with how to install what is
    missing.
    """
    if names is not None and not names:
        return {}
    wanted = [p for p in PROFILES.values() if p.hears_otherwise and (names is None or p.name in names)]
    top, cost = _typical(clean, nisqa_weights), level_cost(figures)
    return {profile.name: _label(profile, degraded, clean, top, cost, nisqa_weights) for profile in wanted}


def _typical(clean: Wave, weights: Path | None) -> Scores:
    """What the typical listener gives the clean recording."""
    teachers = load_teachers(("NISQA v2", "Distill-MOS in one window"), weights)
    figures = ask_all(teachers, clean) | {"pesq": PESQ_TOP, "visqol": VISQOL_TOP, "active_level": active_level(clean)}
    scores = _complete(fuse(figures).scores)
    return {name: max(value, LEAST_TOP) if name == "mos" else value for name, value in scores.items()}


def _label(
    profile: ListenerProfile,
    degraded: Wave,
    clean: Wave,
    top: Mapping[str, float],
    cost: float,
    weights: Path | None,
) -> Scores:
    through = profile.hear(clean)
    begin = (0,) if profile.audiogram else BEGINNINGS
    heard = _with_level(_heard(profile.hear(degraded), through, cost, begin, weights), degraded)
    if profile.full_band:
        return _rounded(heard)
    intact = _with_level(_heard(through, None, 0.0, begin, weights), clean)
    scores = {name: on_own_scale(heard[name], intact[name], top[name]) for name in DIMENSIONS}
    if profile.audiogram:
        by_ear = clamp(mos_of_hasqi(hasqi(clean, degraded, profile.audiogram), top["mos"]) - cost)
        scores = _with_mos(scores, scores["mos"] + HASQI_SHARE * (by_ear - scores["mos"]))
    return _rounded(scores)


def on_own_scale(heard: float, intact: float, top: float) -> float:
    """A score 1-5 on a listener's own scale: `heard` and `intact` are the teachers' of the clip and of the clean
    recording through the chain, `top` what the clean recording deserves. It rises with `heard`.
    """
    lost = intact - heard
    stretch = min(MOST_STRETCH, (top - LOWEST) / max(intact - LOWEST, 1e-6)) if lost > 0 else RAISED
    return clamp(top - lost * stretch)


def mos_of_hasqi(quality: float, top: float) -> float:
    """MOS 1-5 from HASQI 0-1: `top` for a clip that is its reference, 1 at nought, by a power between."""
    return clamp(LOWEST + (top - LOWEST) * max(quality, 0.0) ** HASQI_POWER)


def _heard(samples: Wave, clean: Wave | None, cost: float, beginnings: Sequence[int], weights: Path | None) -> Scores:
    """The teachers' scores of what reaches a listener; without `clean` it is the clean recording itself. `cost` is that
    of the level in MOS, which PESQ is deaf to.
    """
    nisqa = load_teacher("NISQA v2", weights)
    hearings = [nisqa(samples[first:]) for first in beginnings]
    figures = {name: sum(one[name] for one in hearings) / len(hearings) for name in hearings[0]}
    figures["nisqa_mos_nominal"] = figures["nisqa_mos"] + cost
    figures |= {"pesq": PESQ_TOP} if clean is None else load_teacher("PESQ")(samples, clean)
    return _complete(fuse(figures).scores)


def _complete(scores: Scores) -> Scores:
    if set(scores) != set(DIMENSIONS) or not all(map(math.isfinite, scores.values())):
        raise ValueError("NISQA v2 gives what a listener hears no scores")
    return scores


def _with_mos(scores: Scores, mos: float) -> Scores:
    """Scores with another MOS: coloration and discontinuity go half of the way, by what they lack to 5."""
    worst = min(scores[name] for name in ("noisiness", "coloration", "discontinuity"))
    shift = EXPLAINED_SHARE * (mos - scores["mos"]) / max(5 - worst, 1e-6)
    moved = {name: clamp(scores[name] + shift * (5 - scores[name])) for name in ("coloration", "discontinuity")}
    return scores | moved | {"mos": mos}


def _with_level(scores: Scores, samples: Wave) -> Scores:
    """Scores whose loudness goes by the clip's own level, as in `fusion`."""
    by_level = loudness_of_level(active_level(samples))
    return scores | {"loudness": scores["loudness"] + LEVEL_SHARE * (by_level - scores["loudness"])}


def _rounded(scores: Scores) -> Scores:
    return {name: round(value, 3) for name, value in scores.items()}
