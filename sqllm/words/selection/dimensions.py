"""Facts that answer for the dimensions: which is lowest or highest, one of them on another scale, and one word only."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqllm.scores import DIMENSIONS
from sqllm.words.facts import Facts
from sqllm.words.questions import Question
from sqllm.words.selection.panel import on_line
from sqllm.words.selection.selected import Selected
from sqllm.words.selection.text import REFERENCE, has, plain

_DIMENSION = (
    r"dimensions?|sub-?scores?|sub-?scales?|(?:of the|which|four|five) scores?|scores? is|aspects? is|quality aspects?"
)
_LOWEST, _HIGHEST = r"worst|lowest|weakest|poorest|least", r"best|highest|strongest|greatest|most"
_WORDS: Mapping[str, str] = {
    "noisiness": r"nois\w+",
    "coloration": r"colou?r\w*|natural\w*|timbre|distort\w*",
    "discontinuity": r"discontin\w+|continu\w+|choppy|choppiness|interrupt\w*|smooth\w*",
    "loudness": r"loud\w*|volume|level",
}
_SCALE = re.compile(
    r"\b(?:1|0|one|zero) ?(?:to|-|–|and) ?(10|100|ten)\b|\bout of (10|100|ten)\b|\b(?:in) (percent)\b|/ ?(10|100)\b"
)
_ONE_WORD = re.compile(r"\b(?:one|single) word\b|^(?:is (?:it|this) )?good or bad\b")


def dimensions(question: Question, facts: Facts) -> Selected | None:
    """What a question wants of the dimensions besides one score of one of them; None for any other question."""
    text = plain(question)
    if has(text, rf"{REFERENCE}|listeners?|votes?|seconds?"):
        return None
    if has(text, "nisqa") and not any(has(text, words) for words in _WORDS.values()):
        return Selected("dimensions", "nisqa", {name: facts.stated(name) for name in DIMENSIONS})
    if has(text, r"mean|stand|explain|define"):
        return None
    low, high = has(text, _LOWEST), has(text, _HIGHEST)
    if has(text, _DIMENSION) and (low != high or has(text, r"rank|order|sort")) and not has(text, r"fix|problem|fault"):
        return _ranked("lowest" if low else "highest" if high else "order", facts)
    overall = question.dimension in (None, "mos") and not any(has(text, words) for words in _WORDS.values())
    if _ONE_WORD.search(text) and overall and question.family in ("dim-categorical", "mos-numeric", "acceptability"):
        return Selected("dimensions", "one word", {"word": facts.word("mos")})
    return _rescaled(text, facts)


def _ranked(case: str, facts: Facts) -> Selected:
    ordered = sorted(DIMENSIONS[1:], key=facts.mean)
    name = ordered[-1 if case == "highest" else 0]
    told = reversed(ordered) if case == "highest" else ordered
    said = {"name": name, "score": facts.stated(name), "list": ", ".join(f"{d} {facts.stated(d)}" for d in told)}
    return Selected("dimensions", case, said)


def _rescaled(text: str, facts: Facts) -> Selected | None:
    """A dimension that is asked for on a scale to 10 or to 100."""
    scale = _SCALE.search(text)
    name = next((name for name, words in _WORDS.items() if has(text, words)), None)
    if scale is None or name is None or has(text, r"mos|overall|quality"):
        return None
    top = 10 if any(part in ("10", "ten") for part in scale.groups() if part) else 100
    said = {"name": name, "score": facts.stated(name), "value": on_line(facts.mean(name), top)}
    said["range"] = "1 to 10" if top == 10 else "0 to 100"
    return Selected("dimensions", "rescaled", said)
