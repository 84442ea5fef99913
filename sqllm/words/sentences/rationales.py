"""Rationales: the verdict with its reasons, for listeners, for lay people and for engineers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from sqllm.scores import CATEGORIES
from sqllm.words.facts import FaultFact
from sqllm.words.selection.selected import Selected, seconds, span_text, told_moments
from sqllm.words.sentences.phrasing import (
    DOUBT,
    Sentences,
    capital,
    fault_phrase,
    pick,
    sentence,
    series,
)
from sqllm.words.wordings.faults import LAY, LAY_FEW
from sqllm.words.wordings.verdicts import CLEAN, LAY_VERDICTS, LIKE_REFERENCE, LOW, NO_FAULT, UNNAMED

if TYPE_CHECKING:
    import numpy as np

Clause = Callable[[Selected, "np.random.Generator"], str]
Composer = Callable[[Selected, "np.random.Generator", Clause], str]

PLACED_FAULTS = 2  # told with their places
_VERDICTS = (
    "MOS {mos}, {word}",
    "{word} quality, MOS {mos}",
    "the quality is {word}, a MOS of {mos}",
    "I give this a MOS of {mos}, {word}",
    "overall {word}, MOS {mos}",
    "a panel would call this {word} (MOS {mos})",
    "on the five-point scale this is {word}, MOS {mos}",
    "this lands at a MOS of {mos}, {word}",
    "my verdict is {word} with a MOS of {mos}",
    "a clip of {word} quality, MOS {mos}",
    "{word}: MOS {mos}",
    "listeners would settle on {word}, a MOS of {mos}",
)
_FAULT = (
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
    "this clip is dominated by {first}",
    "above everything else I hear {first}",
)
_ONE_SENTENCE = (
    "{first} pulled this down to a MOS of {mos}, {word}",
    "{first} cost this clip its quality: MOS {mos}, {word}",
    "with {first}, this gets no more than a MOS of {mos}, {word}",
    "because of {first}, I call it {word}, MOS {mos}",
    "{first} left this at MOS {mos}, {word}",
    "given {first}, a panel would say {word}, MOS {mos}",
)
_REFERENCE = (
    "what changed against the reference is {first}",
    "against the reference I hear {first}",
    "the reference has none of what hurts here, {first}",
    "compared with the reference, {first} came in",
    "the way from the reference to this clip added {first}",
)
_REASONS: Mapping[str, tuple[str, ...]] = {
    "fault": _FAULT,
    "fault against reference": (*_FAULT[:5], *_REFERENCE, *_REFERENCE),
    "doubted": (
        "I hear {first}",
        "what hurts is {first}",
        "the cause is {first}",
        "the one thing I can name is {first}",
        "without being sure, I would name {first}",
        "what stands out is {first}",
        "if there is a fault, it is {first}",
    ),
    "mild": (
        "all there is to notice is {first}",
        "a careful ear finds {first}",
        "the one blemish is {first}",
        "I detect {first}",
        "only {first} can be heard against it",
        "{first} took a little off the top",
    ),
    "low": (
        "what lowers it is {low}",
        "the sore point is {low}",
        "I mark it down for {low}",
        "it falls short because of {low}",
    ),
    "unnamed": UNNAMED,
    "clean": CLEAN,
    "faultless": NO_FAULT,
    "like reference": (*LIKE_REFERENCE, *NO_FAULT),
    "identical": (
        "clip and reference are identical: nothing was changed",
        "nothing was changed, as clip and reference are identical",
        "it is identical with its reference",
    ),
}
_RESTS = (
    "{rest} came on top",
    "I also hear {rest}",
    "next to it I hear {rest}",
    "less so, I hear {rest}",
    "add to that {rest}",
    "beside it I hear {rest}",
)
EXTRAS: Sentences = {
    "cost": {
        "gain": (
            "without the {fault_name} it would reach {mended}",
            "mending the {fault_name} would bring it to {mended}",
            "free of the {fault_name} it could reach {mended}",
            "take away the {fault_name} and it would rise to {mended}",
            "were it not for the {fault_name}, it would get {mended}",
        )
    },
    "praise": {"fine": ("{praise}", "what is fine: {praise}", "on the good side, {praise}")},
    "weakest": {
        "weakest": (
            "the weakest scale is {name} at {score}",
            "lowest of the four dimensions is {name} at {score}",
            "of the dimensions, {name} is lowest at {score}",
        )
    },
    "measured": {"line": ("measured: {measured}",)},
    "evidence": {
        "noise": ("the signal-to-noise ratio is {snr}", "the speech lies {snr} over the steady noise"),
        "width": ("the sound ends at {width}", "the band is {width} wide"),
        "level": (
            "the active level is {level}, where {usual} is usual",
            "its active level is {level} ({usual} is usual)",
        ),
        "clipped": ("{clipped} of the samples are clipped", "clipped samples: {clipped}"),
    },
}
_ALWAYS = ("timeline", "changes", "confidence")  # told where they are selected
_OFTEN: Mapping[str, float] = {"evidence": 0.5, "cost": 0.75, "praise": 0.6, "weakest": 0.25}
MOST_EXTRAS = 2
FEW = 2  # times up to which a fault is not said to come again and again


def rationale(selected: Selected, rng: np.random.Generator, clause: Clause) -> str:
    """Two to five sentences: the MOS, what dominates, where and how badly, what it costs and what is fine, what happens
    when in a long clip, and where it is unsure.
    """
    told, extras = _tail(selected, rng, clause)
    if not selected.faults:
        reason = pick(rng, _REASONS[selected.case]).format(low=series([LOW[d] for d in selected.low] or [""]))
        parts = [reason, _verdict(selected, rng)] if rng.random() < 0.5 else [_verdict(selected, rng), reason]
        return _sentences([*parts, *told, *(extras if selected.case not in ("clean", "identical") else [])])
    first, rest = _named(selected, rng)
    shape = rng.random()
    if shape < 0.25 and selected.case.startswith("fault"):
        said = pick(rng, _ONE_SENTENCE).format(first=first, **selected.facts)
        more = [pick(rng, _RESTS).format(rest=rest)] if rest else []
        return _sentences([said, *more, *told, *extras])
    template = pick(rng, _REASONS[selected.case])
    reason, verdict = template.format(first=first), _verdict(selected, rng)
    joined = bool(rest) and template.endswith("{first}") and rng.random() < 0.5
    reason += f", then {rest}" if joined else ""
    more = [pick(rng, _RESTS).format(rest=rest)] if rest and not joined else []
    if shape < 0.5:
        return _sentences([verdict, reason, *more, *told, *extras])
    if shape < 0.75:
        return _sentences([reason, *more, verdict, *told, *extras])
    if shape < 0.88 and extras:
        return _sentences([extras[0], verdict, reason, *more, *told, *extras[1:]])
    return _sentences(["; ".join([reason, *more]), *told, verdict, *extras])


def _named(selected: Selected, rng: np.random.Generator) -> tuple[str, str]:
    """The first fault, and the others in a row; those that weigh most with their places."""
    said = [fault_phrase(fault, rng, placed=index < PLACED_FAULTS) for index, fault in enumerate(selected.faults)]
    return said[0], series(said[1:]) if said[1:] else ""


def _verdict(selected: Selected, rng: np.random.Generator) -> str:
    return pick(rng, _VERDICTS).format(**selected.facts)


def _tail(selected: Selected, rng: np.random.Generator, clause: Clause) -> tuple[list[str], list[str]]:
    """What is told of what happens when and of the reference, and some of what else there is to say."""
    told = [clause(part, rng) for part in selected.then if part.family in _ALWAYS]
    known = [part for part in selected.then if part.family not in _ALWAYS]
    others = [part for part in known if rng.random() < _OFTEN.get(part.family, 1.0)] or known[:1]
    return told, [clause(part, rng) for part in others[:MOST_EXTRAS]]


def _sentences(parts: list[str]) -> str:
    return " ".join(sentence(part) for part in parts if part)


_LAY: Mapping[str, tuple[str, ...]] = {
    "poor fault": (
        "{verdict}: {faults}.",
        "{verdict}, because {faults}.",
        "{Faults}. {Verdict}.",
        "{verdict}. {Faults}.",
    ),
    "good fault": ("{verdict}, though {faults}.", "{verdict}, even if {faults}.", "{Faults}. {Verdict} all the same."),
    "good": ("{verdict}: {clean}.", "{verdict}, because {clean}.", "{Clean}. {Verdict}."),
    "poor": ("{verdict}: {unnamed}.", "{verdict}, but {unnamed}."),
}
_LAY_CLEAN = ("the voice is clear and close", "nothing gets in the way of the voice", "you hear every word with ease")
_LAY_UNNAMED = ("it is hard to say why", "nothing sticks out")


def lay_description(selected: Selected, rng: np.random.Generator, clause: Clause) -> str:
    """How it is to listen to, and the two worst faults, without a term or a figure."""
    verdict = pick(rng, LAY_VERDICTS[CATEGORIES.index(selected.facts["word"])])
    faults = " and ".join(pick(rng, lay_phrases(fault)) for fault in selected.faults)
    words = {"verdict": verdict, "faults": faults, "clean": pick(rng, _LAY_CLEAN), "unnamed": pick(rng, _LAY_UNNAMED)}
    words |= {name.capitalize(): capital(text) for name, text in words.items()}
    return capital(pick(rng, _LAY[selected.case]).format(**words))


def lay_phrases(fault: FaultFact) -> tuple[str, ...]:
    """Every way to name a fault to a lay person, as a clause."""
    few = LAY_FEW.get(fault.kind) if 0 < fault.count <= FEW else None
    return tuple(("" if fault.certain else "perhaps ") + phrase for phrase in few or LAY[fault.kind][fault.severity])


_ENGINEER: Mapping[str, tuple[str, ...]] = {
    "faults": (
        "MOS {mos}, {name} lowest at {score}. Artifacts: {details}.",
        "Artifacts by weight: {details}. MOS {mos}, {name} lowest at {score}.",
        "Impairments: {details}. Overall MOS {mos}; weakest dimension {name} at {score}.",
        "Diagnosis: {details}. MOS {mos}; {name} is the weakest at {score}.",
        "MOS {mos}. Found: {details}. Lowest dimension: {name} at {score}.",
    ),
    "none": (
        "MOS {mos}, {name} lowest at {score}. No artifacts found.",
        "No impairment detected. Overall MOS {mos}; weakest dimension {name} at {score}.",
        "Diagnosis: no degradation identified. MOS {mos}; {name} is the weakest at {score}.",
    ),
}


def engineer_report(selected: Selected, rng: np.random.Generator, clause: Clause) -> str:
    """Kinds, severities, times and figures, and what was measured."""
    details = ", ".join(technical(fault) for fault in selected.faults)
    report = pick(rng, _ENGINEER[selected.case]).format(details=details, **selected.facts)
    more = [clause(part, rng) for part in selected.then]
    return " ".join([report, *(sentence(said) for said in more)])


def technical(fault: FaultFact) -> str:
    """ "packet loss (strong, 11 times from 1.2 s on)"; the times themselves where they are few."""
    detail = fault.severity
    if told := told_moments(fault):
        detail += f", at {series(told)} s"
    elif fault.moments:
        detail += f", {fault.count} times from {seconds(fault.moments[0][0])} s on"
    elif fault.stretches:
        detail += f", from {' and from '.join(span_text(span) for span in fault.stretches[:3])} s"
    return f"{'' if fault.certain else DOUBT}{fault.kind.replace('-', ' ')} ({detail})"


COMPOSERS: Mapping[str, Composer] = {
    "explanatory": rationale,
    "lay": lay_description,
    "engineer": engineer_report,
}


def templates(part: Selected) -> tuple[str, ...]:
    """Every template of which a rationale, a lay description or a report is made."""
    if part.family == "lay":
        words = _LAY_CLEAN if part.case == "good" else _LAY_UNNAMED if part.case == "poor" else ()
        return (*_LAY[part.case], *LAY_VERDICTS[CATEGORIES.index(part.facts["word"])], *words)
    if part.family == "engineer":
        return _ENGINEER[part.case]
    single = _ONE_SENTENCE if part.case.startswith("fault") else ()
    return (*_VERDICTS, *_REASONS[part.case], *single, *(_RESTS if len(part.faults) > 1 else ()))


def detail_texts(part: Selected, fault: FaultFact) -> Iterator[str]:
    """What a lay description or a report says of a fault."""
    if part.family == "lay":
        yield from lay_phrases(fault)
    if part.family == "engineer":
        yield technical(fault)
