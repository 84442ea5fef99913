"""Rationales: the verdict with its reasons, for listeners, for lay people and for engineers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqllm.scores import CATEGORIES, category, describe
from sqllm.words.notes import LOW_BELOW, NotedFault, Notes
from sqllm.words.sentences.phrasing import capital, count_word, fault_name, fault_phrase, indefinite, pick, series
from sqllm.words.wordings.faults import LAY
from sqllm.words.wordings.verdicts import CLEAN, FINE, LAY_VERDICTS, LIKE_REFERENCE, LOW, NO_FAULT, NONE_FOUND, UNNAMED

if TYPE_CHECKING:
    import numpy as np

MOST_FAULTS = 3
CLEAN_FROM = 3.5  # the MOS from which a clip without a known fault is not called poor
MILD_FROM = 4.0  # the MOS from which a fault is only something to notice
_VERDICTS = (
    "MOS {mos}, {word}",
    "{Word} quality, MOS {mos}",
    "the quality is {word}, a MOS of {mos}",
    "I give this a MOS of {mos}, {word}",
    "overall {word}, MOS {mos}",
    "a panel would call this {word} (MOS {mos})",
    "on the five-point scale this is {word}, MOS {mos}",
    "this lands at a MOS of {mos}, {word}",
    "my verdict is {word} with a MOS of {mos}",
    "{a_word} clip, MOS {mos}",
    "{word}: MOS {mos}",
    "listeners would settle on {word}, a MOS of {mos}",
)
_REASONS = (
    "what hurts most is {first}",
    "the verdict rests on {first}",
    "the main problem is {first}",
    "what stands out is {first}",
    "it suffers from {first}",
    "I hear {first}",
    "listeners would first complain about {first}",
    "most of the loss comes from {first}",
    "the ear is caught by {first}",
    "what a listener notices first is {first}",
    "{first} decided this",
    "{first} did the damage",
)
_DOUBTED_REASONS = (
    "I hear {first}",
    "what hurts is {first}",
    "the cause is {first}",
    "the one thing I can name is {first}",
    "without being sure, I would name {first}",
    "what stands out is {first}",
    "if there is a fault, it is {first}",
)
_MILD_REASONS = (
    "all there is to notice is {first}",
    "a careful ear finds {first}",
    "the one blemish is {first}",
    "I detect {first}",
    "only {first} can be heard against it",
    "{first} took a little off the top",
)
_RESTS = (
    "{rest} came on top",
    "I also hear {rest}",
    "next to it I hear {rest}",
    "less so, I hear {rest}",
    "add to that {rest}",
    "beside it I hear {rest}",
)
_REFERENCE_REASONS = (
    "what changed against the reference is {first}",
    "against the reference I hear {first}",
    "the reference has none of what hurts here, {first}",
    "compared with the reference, {first} came in",
    "the way from the reference to this clip added {first}",
)
_ONE_SENTENCE = (
    "{first} pulled this down to a MOS of {mos}, {word}",
    "{first} cost this clip its quality: MOS {mos}, {word}",
    "with {first}, this gets no more than a MOS of {mos}, {word}",
    "because of {first} I call it {word}, MOS {mos}",
    "{first} left this at MOS {mos}, {word}",
    "given {first}, a panel would say {word}, MOS {mos}",
)
_COSTS = (
    "without the {name} it would reach {mended}",
    "mending the {name} would bring it to {mended}",
    "free of the {name} it could reach {mended}",
    "take away the {name} and it would rise to {mended}",
    "were it not for the {name}, it would get {mended}",
)
_WEAKEST = (
    "the weakest scale is {name} at {score}",
    "lowest of the four dimensions is {name} at {score}",
    "of the dimensions, {name} is lowest at {score}",
)
_LOWS = (
    "what lowers it is {low}",
    "the sore point is {low}",
    "I mark it down for {low}",
    "it falls short because of {low}",
)


def rationale(notes: Notes, rng: np.random.Generator) -> str:
    """One to three sentences: the MOS, what dominates and when, what is fine, and what the worst fault costs."""
    if not notes.faults:
        return _faultless(notes, rng)
    faults = [fault_phrase(fault, rng, placed=index == 0) for index, fault in enumerate(notes.faults[:MOST_FAULTS])]
    first, rest = faults[0], series(faults[1:]) if faults[1:] else ""
    more = _extra(notes, rng)
    shape = rng.random()
    if shape < 0.25 and notes.mos < MILD_FROM and notes.faults[0].certain:
        said = pick(rng, _ONE_SENTENCE).format(first=first, **_verdict_words(notes))
        return _sentences([said, pick(rng, _RESTS).format(rest=rest) if rest else more])
    template = pick(rng, _reasons(notes, rng))
    reason = template.format(first=first)
    apart = bool(rest) and not (template.endswith("{first}") and rng.random() < 0.5)
    if rest and not apart:
        reason += f", then {rest}"
    last = pick(rng, _RESTS).format(rest=rest) if apart else more
    verdict = _verdict(notes, rng)
    if shape < 0.5:
        return _sentences([verdict, reason, last])
    if shape < 0.7:
        return _sentences([reason, last, verdict])
    if shape < 0.85:
        return _sentences([reason, verdict, last])
    return _sentences([f"{reason}; {last}", verdict] if apart else [more, verdict, reason])


def _reasons(notes: Notes, rng: np.random.Generator) -> tuple[str, ...]:
    if not notes.faults[0].certain:
        return _DOUBTED_REASONS
    if notes.reference == "same" and rng.random() < 0.5:
        return _REFERENCE_REASONS
    return _MILD_REASONS if notes.mos >= MILD_FROM else _REASONS


def _faultless(notes: Notes, rng: np.random.Generator) -> str:
    """Where no fault is known: what is low, if anything; what clean speech sounds like, if it is clean."""
    verdict = _verdict(notes, rng)
    if notes.low:
        reason = pick(rng, _LOWS).format(low=series([LOW[name] for name in notes.low[:MOST_FAULTS]]))
    elif notes.mos < CLEAN_FROM:
        reason = pick(rng, UNNAMED)
    elif notes.reference == "same" and notes.mos >= MILD_FROM and rng.random() < 0.5:
        reason = pick(rng, LIKE_REFERENCE)
    else:
        reason = pick(rng, CLEAN if len(notes.fine) == 4 else NO_FAULT)
    fine = _fine(notes, rng) if rng.random() < 0.6 else ""
    parts = [reason, verdict, fine] if rng.random() < 0.5 else [verdict, reason, fine]
    return _sentences(parts if reason not in CLEAN else parts[:2])


def _extra(notes: Notes, rng: np.random.Generator) -> str:
    """What is fine, what mending would give, or the weakest dimension; empty where there is none to say."""
    fine, mended = _fine(notes, rng), _cost(notes, rng)
    drawn = rng.random()
    if drawn < 0.4 and fine:
        return fine
    if drawn < 0.8 and mended:
        return mended
    if drawn < 0.95 and notes.scores[notes.weakest] < LOW_BELOW:
        return pick(rng, _WEAKEST).format(name=notes.weakest, score=f"{notes.scores[notes.weakest]:.1f}")
    return fine


def _fine(notes: Notes, rng: np.random.Generator) -> str:
    names = list(notes.fine)
    if not names:
        return ""
    chosen = rng.permutation(len(names))[: int(rng.integers(1, 3))]
    return series([pick(rng, FINE[names[int(i)]]) for i in chosen])


def _cost(notes: Notes, rng: np.random.Generator) -> str:
    if notes.fix is None or notes.fix[1] <= notes.mos:
        return ""
    return pick(rng, _COSTS).format(name=fault_name(notes.fix[0]), mended=f"{notes.fix[1]:.1f}")


def _verdict_words(notes: Notes) -> dict[str, str]:
    word = describe("mos", notes.mos).lower()
    return {"mos": f"{notes.mos:.1f}", "word": word, "Word": capital(word), "a_word": indefinite(word)}


def _verdict(notes: Notes, rng: np.random.Generator) -> str:
    return pick(rng, _VERDICTS).format(**_verdict_words(notes))


def _sentences(parts: list[str]) -> str:
    return " ".join(f"{capital(part)}." for part in parts if part)


_LAY_JOINS = ("{verdict}: {faults}.", "{verdict}, because {faults}.", "{Faults}. {verdict}.", "{verdict}. {Faults}.")
_LAY_BUTS = ("{verdict}, though {faults}.", "{verdict}, even if {faults}.", "{Faults}. {verdict} all the same.")
_LAY_CLEAN = ("the voice is clear and close", "nothing gets in the way of the voice", "you hear every word with ease")
_LAY_UNNAMED = ("it is hard to say why", "nothing sticks out, it just sounds poor")


def lay_description(notes: Notes, rng: np.random.Generator) -> str:
    """How it is to listen to, and the two worst faults, without a term or a figure."""
    verdict = pick(rng, LAY_VERDICTS[CATEGORIES.index(category(notes.mos))])
    clauses = [f"{'' if f.certain else 'perhaps '}{LAY[f.kind][f.severity][0]}" for f in notes.faults[:2]]
    if not clauses:
        clauses = [pick(rng, _LAY_CLEAN if notes.mos >= CLEAN_FROM else _LAY_UNNAMED)]
    faults = " and ".join(clauses)
    template = pick(rng, _LAY_JOINS)
    if notes.mos >= CLEAN_FROM and notes.faults:
        template = pick(rng, _LAY_BUTS)
    return template.format(verdict=verdict, faults=faults, Faults=capital(faults))


_ENGINEER = (
    "MOS {mos}, {weak} lowest at {low}. Artifacts: {faults}.",
    "Artifacts by weight: {faults}. MOS {mos}, {weak} lowest at {low}.",
    "Impairments: {faults}. Overall MOS {mos}; weakest dimension {weak} at {low}.",
    "Diagnosis: {faults}. MOS {mos}; {weak} is the weakest at {low}.",
    "MOS {mos}. Found: {faults}. Lowest dimension: {weak} at {low}.",
)


def engineer_report(notes: Notes, rng: np.random.Generator) -> str:
    """Kinds, severities, times and figures."""
    faults = ", ".join(_technical(fault, not index) for index, fault in enumerate(notes.faults[:MOST_FAULTS]))
    weak = notes.weakest
    report = pick(rng, _ENGINEER).format(
        mos=f"{notes.mos:.1f}",
        weak=weak,
        low=f"{notes.scores[weak]:.1f}",
        faults=faults or pick(rng, NONE_FOUND[:3]),
    )
    cost = _cost(notes, rng) if rng.random() < 0.4 else ""
    return f"{report} {_sentences([cost])}".strip()


def _technical(fault: NotedFault, listed: bool) -> str:
    """ "packet loss (strong, eleven times from 1.2 s on)"; the times themselves where they are few and `listed`."""
    detail = fault.severity
    if fault.more or (fault.count > 1 and not listed):
        detail += f", {count_word(fault.count)} times from {fault.times[0]:.1f} s on"
    elif fault.times:
        detail += f", at {series([f'{time:.1f}' for time in fault.times])} s"
    return f"{'' if fault.certain else 'possibly '}{fault.kind.replace('-', ' ')} ({detail})"
