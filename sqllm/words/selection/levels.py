"""Facts about levels that a question names more exactly than "is the level right": by how many dB, which way it has to
go, whether it is steady, and the level of the noise.
"""

from __future__ import annotations

import re

from sqllm.words.facts import Facts
from sqllm.words.questions import Question
from sqllm.words.selection.measured import NOMINAL_DBOV, level_side
from sqllm.words.selection.selected import Selected, verdict
from sqllm.words.selection.text import NEGATIVE, REFERENCE, has, plain

NOISE = ("background-noise", "hum")
_LEVEL = (
    r"level|volume|loudness|gain|loud\w*|quiet\w*|soft\w*|faint\w*|low|high|raise\w*|lower\w*|boost\w*|amplif\w+"
    r"|turn\w*"
)
_HOW_MUCH = re.compile(
    r"\bhow (?:many|much) (?:db|decibels?|gain|louder|quieter|softer|more|less|amplification|attenuation|too)\b"
    r"|\bby how (?:many|much)\b|\bhow far\b.*\b(?:level|dbov|dbfs|db)\b|\bwhat gain\b|\bgain\b.*\b(?:need|apply|set)"
    r"|\bhow much\b.*\b(?:raise|lower|boost|attenuate|amplify|turn (?:it )?(?:up|down))\b"
)
_LOUDER = (
    r"louder|raised|raise|boost\w*|amplif\w+|turn(?:ed)? (?:it )?up|turning up|more (?:gain|level|volume)|increased?"
    r"|higher"
)
_QUIETER = (
    r"quieter|softer|lowered|lower|turn(?:ed)? (?:it )?down|turning down|attenuat\w+|less (?:gain|level|volume|loud)"
    r"|reduced?|decreased?"
)
_NEEDS = r"needs?|should|must|ought|has to|have to|want|require\w*|do i|shall"
_STEADY = r"steady|constant|stable|even|consistent|uniform|same|unchanging|level throughout"
_UNSTEADY = (
    r"chang\w+|var\w+|fluctuat\w+|jump\w*|drift\w*|unsteady|uneven|swing\w*|pump\w*|fad\w+|unstable|inconsistent"
)
_COVERS = r"mask\w*|drown\w*|bury|buries|cover\w*|overpower\w*|louder than the (?:speech|voice|talker)"
_TARGET = re.compile(r"(-\d+(?:[.,]\d+)?)\s*db")


def decibels_off(question: Question, facts: Facts) -> Selected | None:
    """By how many dB the level is off what is usual, or off a level that the question names."""
    text, level = plain(question), facts.measures.active_level_dbov
    if not _HOW_MUCH.search(text) or not has(text, f"{_LEVEL}|db|decibels?") or has(text, f"{REFERENCE}|noise|snr"):
        return None
    if has(text, r"listeners?|people|votes?|mos|score|points?") or level is None:
        return None
    named = _TARGET.search(text)
    target = float(named[1].replace(",", ".")) if named else NOMINAL_DBOV
    away = target - level
    said = {"level": f"{level:.1f} dBov", "away": f"{abs(away):.1f} dB", "usual": f"{target:g} dBov"}
    case = "raise" if away > 0 else "lower"
    if abs(away) < 0.05:
        case = "there"
    elif not named and level_side(facts) == "right":
        case = f"right {case}"
    return Selected("decibels", case, said)


def needs_level(question: Question, facts: Facts) -> tuple[str, ...]:
    """The fault of level that a question supposes by the way in which the level should go: louder is for too quiet."""
    text = plain(question)
    if not has(text, _NEEDS) or has(text, r"enough|too|than"):
        return ()
    louder, quieter = has(text, _LOUDER), has(text, _QUIETER)
    return () if louder == quieter else ("too-quiet",) if louder else ("too-loud",)


def steadiness(question: Question, facts: Facts) -> Selected | None:
    """Whether the level stays the same, where that is what is asked."""
    text = plain(question)
    steady, unsteady = has(text, _STEADY), has(text, _UNSTEADY)
    if not has(text, r"level|volume|loudness|gain") or not (steady or unsteady) or "level-change" not in facts.hears:
        return None
    if has(text, rf"{REFERENCE}|noise|background|listeners?|how|when|where|why|which|score"):
        return None
    found = next((fault for fault in facts.faults if fault.kind == "level-change"), None)
    decided = question.closed and not NEGATIVE.search(text) and steady != unsteady and (not found or found.certain)
    lead = verdict((found is None) == steady, decided)
    if found is None:
        return Selected("steady-level", "steady", absent=("level-change",), verdict=lead)
    return Selected("steady-level", "changes" if found.certain else "doubted", faults=(found,), verdict=lead)


def noise_level(question: Question, facts: Facts) -> Selected | None:
    """How loud the noise is, where a question about loudness is about the noise and not about the speech."""
    text = plain(question)
    of_noise = re.search(r"\b(?:noise|background|hiss|hum)\b", text)
    if (
        of_noise
        and has(text, rf"{_COVERS}")
        and question.family in ("speech-share", "presence", "severity", "level-verdict")
    ):
        return _noise(facts)
    if not of_noise or not has(text, r"loud\w*|quiet\w*|soft\w*|faint\w*|low|high|volume|level|silent|strong|weak"):
        return None
    if question.family not in ("level-verdict", "severity", "presence", "speech-share") or has(
        text, rf"{REFERENCE}|speech|voice|jump\w*"
    ):
        return None
    if question.family in ("presence", "speech-share") and not re.search(
        r"\b(?:is|are) the (?:noise|background|hiss|hum)\b", text
    ):
        return None
    return _noise(facts)


def _noise(facts: Facts) -> Selected | None:
    measures = facts.measures
    if measures.active_level_dbov is None:
        return None
    said = {"floor": f"{measures.noise_floor_dbov:.0f} dBov"}
    below = measures.active_level_dbov - measures.noise_floor_dbov
    said["below"] = f"{below:.0f} dB"
    heard = tuple(fault for fault in facts.faults if fault.kind in NOISE)[:1]
    return Selected("noise-level", "heard" if heard else "unheard", said, faults=heard, absent=() if heard else NOISE)
