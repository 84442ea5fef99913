"""What truth answers to a question: composed from notes, so that whoever reads the notes can give the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqllm.scores import BRIEF_KINDS, HeardArtifact, category
from sqllm.words.notes import NotedFault, Notes
from sqllm.words.questions import ACCEPTABLE_MOS, CODEC_KINDS, NOISE_KINDS, USES, Question
from sqllm.words.sentences.phrasing import capital, fault_name, fault_phrase, pick, series, times_of
from sqllm.words.sentences.rationales import CLEAN_FROM, engineer_report, lay_description, rationale
from sqllm.words.wordings.verdicts import CLEAN, LOW, NO_FAULT, UNNAMED

if TYPE_CHECKING:
    import numpy as np


_NUMERIC = ("MOS {mos}.", "I would give it {mos}.", "The MOS is {mos}.", "{mos}")
_DIMENSION = ("{name} {slot}.", "I rate the {name} {slot}.", "{slot}")
_CATEGORICAL = ("{category}", "The {name} is {category}.")
_WILL_DO = (
    "Yes, good enough for {use} with a MOS of {mos}.",
    "Yes, {use} takes at least {limit} and this has MOS {mos}.",
)
_WILL_NOT_DO = (
    "No, not good enough for {use} with a MOS of {mos}.",
    "No, {use} takes at least {limit} and this has MOS {mos}.",
)
_REASON = ("I hear {first}.", "The main problem is {first}.", "It suffers from {first}.", "What stands out is {first}.")
_DOUBTED_REASON = ("I hear {first}.", "The cause is {first}.", "What stands out is {first}.")
_DOMINANT = ("{first}.", "The main problem is {first}.", "It is {first}.", "Above all I hear {first}.")
_ABSENT = ("No, I hear no {x}.", "No, I notice no {x} here.", "No, there is no sign of {x}.")
_NOWHERE = ("Nowhere: I hear no {x}.", "At no time, I notice no {x}.", "I hear no {x} in this clip.")
_NOT_BAD = ("I hear no {x}.", "There is no sign of {x}.", "Not at all: I notice no {x}.")
_LASTING = ("All along: {fault}.", "Throughout the clip, {fault}.", "From beginning to end: {fault}.")
_UNPLACED = ("I hear {fault}, but can't say when.", "I notice {fault}, at times that I can't tell.")
_SEVERITY = (
    "The {name} is {severity}.",
    "{severity}: {fault}.",
    "I would call the {name} {severity}.",
    "{severity}, I hear {fault}.",
)
_WORSE = ("{side}: {fault}.", "{side} weighs more: {fault}.", "{side}, as I hear {fault}.")
_WORSE_OF_BOTH = ("{side} weighs more: {fault} against {other}.", "{side}: {fault}, then {other}.")
_NEITHER = ("Neither: the main problem is {first}.", "Neither of the two, rather {first}.")
_NEITHER_CLEAN = ("Neither of the two disturbs here.", "Neither: I hear no fault of that sort.")
_NOISY = ("The noise, going by a noisiness of {score}.", "The noise: noisiness {score} is the lowest dimension.")
_FIX = (
    "Fix the {name} first: that would bring it to {mended}.",
    "The {name} first, then it would reach {mended}.",
    "Start with the {name}, which would raise the MOS from {mos} to {mended}.",
    "Remove the {name}: the MOS of {mos} would become {mended}.",
)
_LITTLE_TO_FIX = ("Mending the {name} would hardly change the MOS of {mos}.",)
_NOTHING_TO_FIX = ("There is no fault to fix, at a MOS of {mos}.", "Nothing to mend that I can name: MOS {mos}.")
_REFERENCE_ANSWERS = {
    "none": (
        "There is no reference to compare with.",
        "I was given no reference.",
        "No reference came with this clip.",
    ),
    "same": (
        "Yes, the reference holds the same speech.",
        "Yes, it is the same talker and sentence.",
        "Yes, clip and reference belong together.",
    ),
    "other": (
        "No, the reference holds other speech.",
        "No, it is not the same speech.",
        "No, clip and reference do not belong together.",
    ),
}
POINTERS = (
    "I can only judge how this clip sounds: ask me about its quality.",
    "That is outside what I do. I listen to speech quality, so ask me about this recording.",
    "Sorry, I only rate speech quality. You could ask me for the MOS of this clip.",
    "I can't help with that, but I can tell you how this clip sounds.",
    "My subject is speech quality. Ask me what is wrong with this clip, for example.",
    "I know about the sound of speech only. Would you like a rating of this clip?",
)

Composer = Callable[[Question, Notes, "np.random.Generator"], str]


def compose_answer(
    question: Question,
    scores: Mapping[str, float],
    artifacts: Sequence[HeardArtifact],
    rng: np.random.Generator,
    reference: str = "none",
) -> str:
    """What truth answers: `scores` are the listener's own (1-5), `artifacts` the faults that are known of the clip, and
    `reference` is `none`, `same` (speech) or `other`. Comparisons are composed by `sqllm.words.sentences.comparisons`.
    """
    return _COMPOSERS[question.family](question, Notes.of(scores, artifacts, reference), rng)


def _mos(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    return pick(rng, _NUMERIC).format(mos=f"{notes.mos:.1f}")


def _dimension(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    name = str(question.dimension)
    templates = _DIMENSION if question.family == "dim-numeric" else _CATEGORICAL
    score = notes.scores[name]
    return capital(pick(rng, templates).format(name=name, slot=f"{score:.1f}", category=category(score)))


def _all_scores(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    return f"{notes.stated_scores}."


def short_reason(notes: Notes, rng: np.random.Generator) -> str:
    """One sentence: the first two faults, or what is low, or that nothing is."""
    if notes.faults:
        said = [fault_phrase(fault, rng, placed=index == 0) for index, fault in enumerate(notes.faults[:2])]
        templates = _REASON if notes.faults[0].certain else _DOUBTED_REASON
        return capital(pick(rng, templates).format(first=series(said)))
    if notes.low:
        return capital(pick(rng, _REASON).format(first=series([LOW[name] for name in notes.low[:2]])))
    if notes.mos < CLEAN_FROM:
        return f"{pick(rng, UNNAMED)}."
    return f"{pick(rng, CLEAN if len(notes.fine) == 4 else NO_FAULT)}."


def _acceptability(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    yes = notes.mos >= ACCEPTABLE_MOS
    return f"{'Yes' if yes else 'No'}, with a MOS of {notes.mos:.1f}. {short_reason(notes, rng)}"


def _use(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    use = str(question.use)
    verdict = pick(rng, _WILL_DO if use in notes.uses else _WILL_NOT_DO)
    said = verdict.format(use=use, limit=f"{USES[use]:.1f}", mos=f"{notes.mos:.1f}")
    return f"{said} {short_reason(notes, rng)}"


def _explanation(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    return rationale(notes, rng)


def _dominant(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    if not notes.faults:
        return short_reason(notes, rng)
    return capital(pick(rng, _DOMINANT).format(first=fault_phrase(notes.faults[0], rng)))


def asked_faults(question: Question, notes: Notes) -> list[NotedFault]:
    """The noted faults that a question asks for, by importance."""
    return [fault for fault in notes.faults if fault.kind in question.kinds]


def _without_article(asked: str) -> str:
    return asked.removeprefix("a ")


def _presence(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    found = asked_faults(question, notes)
    if not found:
        return pick(rng, _ABSENT).format(x=_without_article(question.asked))
    said = series([fault_phrase(fault, rng, placed=False) for fault in found[:2]])
    times = times_of(found[0], rng) if len(found) == 1 else ""
    if not found[0].certain:
        return f"{capital(said)}{', ' if times else ''}{times}."
    return f"Yes, {said}{', ' if times else ''}{times}."


def _when(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    found = asked_faults(question, notes)
    if not found:
        return pick(rng, _NOWHERE).format(x=_without_article(question.asked))
    fault = next((fault for fault in found if fault.times), found[0])
    named = fault_phrase(fault, rng, placed=False)
    if not fault.times:
        return pick(rng, _UNPLACED if fault.kind in BRIEF_KINDS else _LASTING).format(fault=named)
    return capital(f"{times_of(fault, rng)}: {named}.")


def _severity(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    found = asked_faults(question, notes)
    if not found:
        return pick(rng, _NOT_BAD).format(x=_without_article(question.asked))
    fault = found[0]
    named = fault_phrase(fault, rng, placed=False)
    if not fault.certain:
        return f"{capital(named)}."
    return capital(pick(rng, _SEVERITY).format(name=fault_name(fault), severity=fault.severity, fault=named))


def _noise_or_codec(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    sides = [("The noise", NOISE_KINDS), ("The codec", CODEC_KINDS)]
    found = [(side, fault) for fault in notes.faults for side, kinds in sides if fault.kind in kinds]
    if not found:
        if notes.low[:1] == ("noisiness",):
            return pick(rng, _NOISY).format(score=f"{notes.scores['noisiness']:.1f}")
        if not notes.faults:
            return pick(rng, _NEITHER_CLEAN)
        return pick(rng, _NEITHER).format(first=fault_phrase(notes.faults[0], rng))
    side, worst = found[0]
    other = next((fault for named, fault in found if named != side), None)
    said = fault_phrase(worst, rng)
    if other is None:
        return pick(rng, _WORSE).format(side=side, fault=said)
    return pick(rng, _WORSE_OF_BOTH).format(side=side, fault=said, other=fault_phrase(other, rng))


def _fix(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    if notes.fix is None:
        return pick(rng, _NOTHING_TO_FIX).format(mos=f"{notes.mos:.1f}")
    kind, mended = notes.fix
    templates = _FIX if mended > notes.mos else _LITTLE_TO_FIX
    return pick(rng, templates).format(name=fault_name(kind), mended=f"{mended:.1f}", mos=f"{notes.mos:.1f}")


def _lay(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    return lay_description(notes, rng)


def _engineer(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    return engineer_report(notes, rng)


def _same_reference(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    return pick(rng, _REFERENCE_ANSWERS[notes.reference])


def _off_topic(question: Question, notes: Notes, rng: np.random.Generator) -> str:
    return pick(rng, POINTERS)


_COMPOSERS: Mapping[str, Composer] = {
    "mos-numeric": _mos,
    "dim-numeric": _dimension,
    "dim-categorical": _dimension,
    "multi-dim": _all_scores,
    "explanatory": _explanation,
    "acceptability": _acceptability,
    "dominant": _dominant,
    "presence": _presence,
    "when": _when,
    "severity": _severity,
    "noise-or-codec": _noise_or_codec,
    "use": _use,
    "fix": _fix,
    "lay": _lay,
    "engineer": _engineer,
    "same-reference": _same_reference,
    "off-topic": _off_topic,
}
