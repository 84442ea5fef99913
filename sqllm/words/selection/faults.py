"""Facts that answer questions for faults: which, whether, when, how bad, how often, and what to mend."""

from __future__ import annotations

from sqllm.scores import ARTIFACT_KINDS
from sqllm.words.facts import Facts, FaultFact
from sqllm.words.questions import CODEC_KINDS, NOISE_KINDS, Question
from sqllm.words.selection.scores import reason
from sqllm.words.selection.selected import POSSIBLY, Selected, verdict
from sqllm.words.wordings.asked_faults import GROUPS
from sqllm.words.wordings.faults import ASKED, NAMES, SHARED

MOST_FAULTS = 3
MOST_FIXES = 4  # told one after the other
LEAST_GAIN = 0.1  # MOS from which a repair is told to gain something
# Where a fault comes from, as a rule; what is in neither can come from both.
RECORDING_KINDS = frozenset(
    {"background-noise", "hum", "competing-speaker", "reverberation", "amplitude-clipping", "too-quiet", "too-loud"}
)
NETWORK_KINDS = frozenset({"packet-loss", "codec", "time-warp"})
PLACES = {2: "second", 3: "third", 4: "fourth"}
TOO = {"too-quiet": "too quiet", "too-loud": "too loud"}
_KNOWN_WORDS = {word for words in ASKED.values() for word in words} | {*SHARED, *GROUPS}


def asks_for_any(question: Question) -> bool:
    """Whether faults in general are asked for."""
    return {*question.kinds} >= {*ARTIFACT_KINDS}


def asked_words(question: Question) -> str:
    """What a question asks for, in words of ours: "drop-outs", else the kinds' names."""
    if asks_for_any(question):
        return "fault"
    if question.asked in _KNOWN_WORDS:
        return question.asked.removeprefix("a ").removeprefix("an ")
    return " or ".join(NAMES[kind] for kind in question.kinds)


def asked_faults(question: Question, facts: Facts) -> tuple[FaultFact, ...]:
    """The faults heard that a question asks for, by importance."""
    return tuple(fault for fault in facts.faults if fault.kind in question.kinds)


def dominant(question: Question, facts: Facts) -> Selected:
    if not facts.faults:
        return reason(facts)
    if question.each or question.how_many is not None:
        return Selected("dominant", "listed", faults=facts.faults[: question.how_many])
    if question.rank is not None:
        return _ranked(question.rank, facts)
    return Selected("dominant", "certain" if facts.faults[0].certain else "doubted", faults=facts.faults[:1])


def _ranked(rank: int, facts: Facts) -> Selected:
    """The fault in a place among the worst, or that there are not so many."""
    if rank > len(facts.faults):
        return Selected("dominant", "no more", faults=facts.faults)
    said = {"place": PLACES[rank]}
    return Selected("dominant", "ranked", said, faults=facts.faults[rank - 1 : rank])


def _absent(family: str, question: Question, lead: str = "") -> Selected:
    """That what is asked for is not heard; a level that is right is not "too quiet"."""
    off = [TOO[kind] for kind in question.kinds if kind in TOO]
    if len(off) == len(question.kinds):
        said = {"off": " or ".join(off)}
        return Selected(family, "absent level", said, absent=question.kinds, verdict=lead)
    return Selected(family, "absent", {"asked": asked_words(question)}, absent=question.kinds, verdict=lead)


def _unknown(family: str, facts: Facts) -> Selected:
    """For a fault that this model was not trained to hear."""
    return Selected(family, "unknown", faults=facts.faults[:1]) if facts.faults else Selected(family, "unknown-none")


def presence(question: Question, facts: Facts) -> Selected:
    found = asked_faults(question, facts)
    if not question.kinds:
        return _unknown("presence", facts)
    if not found:
        return _absent("presence", question, verdict(False, True, question.negated))
    if not found[0].certain:
        return Selected("presence", "doubted", faults=found[:1], verdict=POSSIBLY)
    sure = tuple(fault for fault in found if fault.certain)[:2]
    return Selected("presence", "present", faults=sure, verdict=verdict(True, True, question.negated))


def when(question: Question, facts: Facts) -> Selected:
    if not question.kinds:
        return _unknown("when", facts)
    found = asked_faults(question, facts)
    if not found:
        return _absent("when", question)
    fault = next((fault for fault in found if fault.spans), found[0])
    case = "placed" if fault.spans else "lasting" if fault.placed else "unplaced"
    return Selected("when", case, faults=(fault,))


def severity(question: Question, facts: Facts) -> Selected:
    found = asked_faults(question, facts)
    if not question.kinds:
        return _unknown("severity", facts)
    if not found:
        return _absent("severity", question)
    return Selected("severity", "certain" if found[0].certain else "doubted", faults=found[:1])


def count(question: Question, facts: Facts) -> Selected:
    """How often a fault happens; of faults in general, how many kinds are heard."""
    if not question.kinds:
        return _unknown("count", facts)
    if asks_for_any(question):
        sure = facts.certain
        said = {"count": str(len(sure))}
        case = "none" if not facts.faults else "doubted-only" if not sure else "one" if len(sure) == 1 else "kinds"
        return Selected("count", case, said, faults=sure or facts.faults[:1])
    found = asked_faults(question, facts)
    if not found:
        return _absent("count", question)
    fault = next((fault for fault in found if fault.count), found[0])
    if not fault.count:
        return Selected("count", "lasting" if fault.placed else "unplaced", faults=(fault,))
    return Selected("count", "once" if fault.count == 1 else "often", {"count": str(fault.count)}, faults=(fault,))


def noise_or_codec(question: Question, facts: Facts) -> Selected:
    sides = [("noise", NOISE_KINDS), ("codec", CODEC_KINDS)]
    found = [(side, fault) for fault in facts.faults for side, kinds in sides if fault.kind in kinds]
    if found:
        side, worst = found[0]
        other = tuple(fault for named, fault in found if named != side)[:1]
        return Selected("noise-or-codec", "both" if other else "one", {"side": side}, faults=(worst, *other))
    if facts.low[:1] == ("noisiness",):
        return Selected("noise-or-codec", "noisy", {"score": facts.stated("noisiness")})
    if not facts.faults:
        return Selected("noise-or-codec", "neither")
    return Selected("noise-or-codec", "other", faults=facts.faults[:1])


def fix(question: Question, facts: Facts) -> Selected:
    """What mending a fault would give: the one that is asked for, else the one that costs most."""
    if facts.faults and question.all_at_once:
        said = {"mos": facts.stated("mos"), "mended": f"{facts.mended_wholly:.1f}"}
        return Selected("fix", "all", said, faults=facts.faults)
    if facts.faults and question.each:
        first, *more = (_one_fix(fault, facts) for fault in facts.faults[:MOST_FIXES])
        return first.and_then(*more)
    chosen = bool(question.kinds) and not asks_for_any(question)
    fault = next(iter(asked_faults(question, facts)), None) if chosen else facts.first_fix
    if fault is None and chosen:
        return _absent("fix", question)
    if fault is None:
        return Selected("fix", "nothing", {"mos": facts.stated("mos")})
    said = {"mos": facts.stated("mos"), "mended": f"{fault.mended:.1f}"}
    if float(said["mended"]) - facts.mos < LEAST_GAIN:
        return Selected("fix", "little", {"mos": said["mos"]}, faults=(fault,))
    case = ("one gain" if chosen else "gain") if fault.certain else "doubted"
    return Selected("fix", case, said, faults=(fault,))


def _one_fix(fault: FaultFact, facts: Facts) -> Selected:
    """What mending one of several faults would give."""
    said = {"mos": facts.stated("mos"), "mended": f"{fault.mended:.1f}"}
    return Selected("fix", "one gain" if fault.certain else "doubted", said, faults=(fault,))


def origin(question: Question, facts: Facts) -> Selected:
    """Microphone and room, or network and codec: by where faults like those heard come from, as a rule."""
    sure = (facts.certain or facts.faults)[:MOST_FAULTS]
    if not sure:
        return Selected("origin", "none")
    recording = tuple(fault for fault in sure if fault.kind in RECORDING_KINDS)
    network = tuple(fault for fault in sure if fault.kind in NETWORK_KINDS)
    if recording and network:
        return Selected("origin", "both", faults=(recording[0], network[0]))
    if recording or network:
        return Selected("origin", "recording" if recording else "network", faults=(recording or network)[:1])
    return Selected("origin", "either", faults=sure[:1])
