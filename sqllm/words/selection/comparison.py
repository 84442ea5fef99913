"""Facts that tell which of two clips is better, by how much and why."""

from __future__ import annotations

from dataclasses import replace

from sqllm.words.comparison import MOST_NOTED, SAME_WITHIN, ComparedIn, Comparison
from sqllm.words.facts import Facts
from sqllm.words.selection.selected import NO, YES, Selected

LEVELS_SAME_WITHIN = 1.0  # dB


def compare(first: Facts, second: Facts, asked: ComparedIn | None = None) -> Selected:
    """The verdict on clips A (`first`) and B, what pulls the worse one down and what is left to say of the better; of
    what a question `asked` compares, that alone.
    """
    asked = asked or ComparedIn()
    if asked.about == "level":
        return _levels(first, second, asked)
    if asked.about != "mos":
        return _dimension(first, second, asked)
    told = _overall(first, second)
    pair = Comparison.of(first.mos, second.mos)
    return replace(told, verdict=_verdict(asked, "" if pair.same else pair.worse))


def _verdict(asked: ComparedIn, less: str) -> str:
    """Yes or no to a question that claims something of a clip, where `less` is the one with the lower figure; to one
    that asks why, no where it is not so.
    """
    if not asked.clip:
        return ""
    true = bool(less) and (asked.clip == less) == asked.worse
    return (YES if true else NO) if asked.closed else "" if true else NO


def _dimension(first: Facts, second: Facts, asked: ComparedIn) -> Selected:
    """Which of the clips is worse in a dimension."""
    scores = {"A": first.mean(asked.about), "B": second.mean(asked.about)}
    less, more = sorted(scores, key=lambda letter: scores[letter])
    same = scores[more] - scores[less] < SAME_WITHIN
    said = {
        "name": asked.about,
        "clip": less,
        "other": more,
        "low": f"{scores[less]:.2f}",
        "high": f"{scores[more]:.2f}",
    }
    lead = _verdict(asked, "" if same else less)
    return Selected("compare", f"same {asked.about}" if same else asked.about, said, verdict=lead)


def _levels(first: Facts, second: Facts, asked: ComparedIn) -> Selected:
    """Which of the clips is louder, as measured."""
    one, other = first.measures.active_level_dbov, second.measures.active_level_dbov
    if one is None or other is None:
        return _overall(first, second)
    levels = {"A": one, "B": other}
    less, more = sorted(levels, key=lambda letter: levels[letter])
    same = levels[more] - levels[less] < LEVELS_SAME_WITHIN
    said = {"clip": more, "other": less, "high": f"{levels[more]:.1f} dBov", "low": f"{levels[less]:.1f} dBov"}
    said |= {"gap": f"{levels[more] - levels[less]:.1f} dB"}
    return Selected("compare", "same level" if same else "level", said, verdict=_verdict(asked, "" if same else less))


def _overall(first: Facts, second: Facts) -> Selected:
    pair = Comparison.of(first.mos, second.mos)
    sides = {"A": first, "B": second}
    said = {"better": pair.better, "worse": pair.worse, "high": f"{pair.high:.2f}", "low": f"{pair.low:.2f}"}
    if pair.same:
        return Selected("compare", "same" if pair.gap else "equal", said).and_then(
            *(_side(sides[letter], letter, "same") for letter in (pair.better, pair.worse) if sides[letter].certain)
        )
    told = Selected("compare", "better", said | {"gap": f"{pair.gap:.2f}"})
    return told.and_then(
        _side(sides[pair.worse], pair.worse, "worse"), _side(sides[pair.better], pair.better, "better")
    )


def _side(facts: Facts, letter: str, side: str) -> Selected:
    """What is heard of one of the clips."""
    if facts.faults:
        return Selected("compare", f"{side} faults", {"clip": letter}, faults=facts.faults[:MOST_NOTED])
    if facts.low:
        return Selected("compare", f"{side} low", {"clip": letter}, low=facts.low[:MOST_NOTED])
    return Selected("compare", f"{side} none", {"clip": letter})
