"""Facts that answer questions for a reference: whether it belongs to the clip, and what differs."""

from __future__ import annotations

from collections.abc import Iterator

from sqllm.scores import ReferenceMatch
from sqllm.words.facts import Facts
from sqllm.words.questions import Question
from sqllm.words.selection.measured import differences
from sqllm.words.selection.selected import Selected, verdict
from sqllm.words.selection.text import has, plain

MOST_DIFFERENCES = 3
LAG_FROM, DRIFT_FROM = 0.005, 0.0005  # s and share from which they are told
MATCHED_ALL = 0.995
# What is in a question that asks for more than whether clip and reference belong together, or whether anything differs.
_NOT_WHETHER = (
    r"better|worse|\w+er than|more|less|much|noisy|clipped|clean|loud|quiet|good|bad|length|speed|level|longer|shorter"
    r"|bandwidth|missing|lost|added|have|has"
)


def fit(match: ReferenceMatch) -> Iterator[Selected]:
    """How a reference of the same speech lies against the clip: lag, drift and the share that matched, where they tell
    something.
    """
    if abs(match.lag) >= LAG_FROM:
        lag = f"{abs(match.lag):.2f} s {'later' if match.lag > 0 else 'earlier'}"
        yield Selected("same-reference", "lag", {"lag": lag})
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
    closed = question.closed and not has(plain(question), _NOT_WHETHER)
    lead = verdict(match.state != "other", closed, question.negated)
    told = Selected("same-reference", match.state, verdict=lead)
    return told.and_then(*fit(match)) if match.state == "same" else told


def reference_difference(question: Question, facts: Facts) -> Selected:
    """What differs from the reference: the faults heard beside it, and what was measured of both."""
    if facts.state in ("none", "other"):
        return Selected("reference-difference", facts.state)
    if facts.state == "identical":
        lead = verdict(False, question.closed, question.negated)
        return Selected("reference-difference", "identical", verdict=lead)
    measured = changes(facts)
    asked = question.closed and not has(plain(question), _NOT_WHETHER)
    lead = verdict(bool(facts.faults or measured), asked, question.negated)
    faults = facts.faults[:MOST_DIFFERENCES]
    case = "faults" if faults else "measured" if measured else "alike"
    told = Selected("reference-difference", case, verdict=lead, faults=faults)
    if not measured:
        return told
    second = Selected("reference-difference", "also", {"changes": " and ".join(measured)})
    if not faults:
        return Selected("reference-difference", "measured", {"changes": " and ".join(measured)}, verdict=lead)
    return told.and_then(second)


def changes(facts: Facts) -> list[str]:
    """What was measured otherwise in the clip than in its reference, in words; at most three."""
    if facts.reference is None or facts.state != "same":
        return []
    return list(differences(facts.measures, facts.reference).values())[:MOST_DIFFERENCES]
