"""Facts that answer questions for a reference: whether it belongs to the clip, and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqllm.scores import ReferenceMatch
from sqllm.words.facts import Facts
from sqllm.words.known_wordings import known_question
from sqllm.words.questions import Question
from sqllm.words.selection.measured import differences
from sqllm.words.selection.selected import Selected, verdict
from sqllm.words.selection.text import asks_alike, has, plain

MOST_DIFFERENCES = 3
LAG_FROM, DRIFT_FROM = 0.005, 0.0005  # s and share from which they are told
MATCHED_ALL = 0.995
# What is in a question that asks for more than whether clip and reference belong together, or whether anything differs.
_NOT_WHETHER = (
    r"better|worse|\w+er than|more|less|much|noisy|clipped|loud|quiet|good|bad|length|speed|level|longer|shorter"
    r"|bandwidth|missing|lost|added|have|has"
)


def cut_out(match: ReferenceMatch | None) -> Selected | None:
    """What of the reference is cut out of the clip; None where nothing is."""
    if match is None or not match.removed:
        return None
    said = {"cut": f"{match.seconds_removed:.1f} s", "at": f"{match.removed[0][0]:.1f} s"}
    return Selected(
        "cut-out", "once" if len(match.removed) == 1 else "often", said | {"count": str(len(match.removed))}
    )


def fit(match: ReferenceMatch) -> Iterator[Selected]:
    """How a reference of the same speech lies against the clip: lag, drift and the share that matched, where they tell
    something.
    """
    if abs(match.lag) >= LAG_FROM:
        lag = f"{abs(match.lag):.2f} s {'later' if match.lag > 0 else 'earlier'}"
        yield Selected("same-reference", "lag mostly" if match.removed else "lag", {"lag": lag})
    if cut := cut_out(match):
        yield cut
    if abs(match.drift) >= DRIFT_FROM:
        drift = f"{100 * abs(match.drift):.1f}% {'slower' if match.drift > 0 else 'faster'}"
        yield Selected("same-reference", "drift", {"drift": drift})
    if match.matched < MATCHED_ALL:
        yield Selected("same-reference", "matched", {"matched": f"{100 * match.matched:.0f}%"})


def same_reference(question: Question, facts: Facts) -> Selected:
    """Whether clip and reference hold the same speech."""
    match = facts.match
    if match is None:
        return Selected("same-reference", "none")
    asks = not has(plain(question), f"{_NOT_WHETHER}|how|what|where|when|why|which")
    closed = asks or known_question(question.text) is not None
    lead = verdict(match.state != "other", closed, question.negated)
    told = Selected("same-reference", match.state, verdict=lead)
    return told.and_then(*fit(match)) if match.state == "same" else told


def reference_difference(question: Question, facts: Facts) -> Selected:
    """What differs from the reference: the faults heard beside it, and what was measured of both."""
    if facts.state in ("none", "other"):
        return Selected("reference-difference", facts.state)
    if facts.state == "identical":
        lead = verdict(False, question.closed, asks_alike(question))
        return Selected("reference-difference", "identical", verdict=lead)
    measured = changes(facts)
    asked = question.closed and not has(plain(question), _NOT_WHETHER)
    differs = bool(facts.faults or measured or (facts.match and facts.match.removed))
    lead = verdict(differs, asked, asks_alike(question))
    faults = facts.faults[:MOST_DIFFERENCES]
    cut = cut_out(facts.match)
    if cut and not faults and not measured:
        return replace(cut, verdict=lead)
    case = "faults" if faults else "measured" if measured else "alike"
    told = Selected("reference-difference", case, verdict=lead, faults=faults).and_then(cut)
    if not measured:
        return told
    second = Selected("reference-difference", "also", {"changes": " and ".join(measured)})
    if not faults:
        changed = {"changes": " and ".join(measured)}
        return Selected("reference-difference", "measured", changed, verdict=lead).and_then(cut)
    return told.and_then(second)


def changes(facts: Facts) -> list[str]:
    """What was measured otherwise in the clip than in its reference, in words; at most three."""
    if facts.reference is None or facts.state != "same":
        return []
    return list(differences(facts.measures, facts.reference).values())[:MOST_DIFFERENCES]
