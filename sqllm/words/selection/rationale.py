"""Facts that a rationale, a lay description and a report rest on."""

from __future__ import annotations

from sqllm.scores import category
from sqllm.words.facts import Facts
from sqllm.words.questions import Question
from sqllm.words.selection.faults import LEAST_GAIN, MOST_FAULTS
from sqllm.words.selection.measured import NOMINAL_DBOV, level_side, over_steady_noise
from sqllm.words.selection.panel import confidence
from sqllm.words.selection.references import changes
from sqllm.words.selection.scores import CLEAN_FROM, reason
from sqllm.words.selection.selected import Selected
from sqllm.words.selection.times import timeline

MILD_FROM = 4.0  # the MOS from which a fault is only something to notice
NOISY_BELOW_DB, CLIPPED_FROM = 30.0, 0.2  # SNR and share of samples (%) that speak for noise and for clipping
LOW_BELOW = 3.5  # the score below which the weakest dimension is told


def explanatory(question: Question, facts: Facts) -> Selected:
    """The verdict with what dominates, where and how badly; what it costs, what is fine, what happens when in a long
    clip and what was measured otherwise in the reference.
    """
    said = {"mos": facts.stated("mos"), "word": facts.word("mos")}
    told = Selected("explanatory", _case(facts), said, faults=facts.faults[:MOST_FAULTS])
    if not facts.faults and facts.low:
        told = Selected("explanatory", "low", said, low=facts.low[:2])
    changed = _changes(facts)
    return told.and_then(
        timeline(facts),
        changed,
        _doubt(facts),
        None if changed else evidence(facts),
        cost(facts),
        praise(facts),
        weakest(facts),
    )


def _case(facts: Facts) -> str:
    if not facts.faults:
        if facts.mos >= MILD_FROM and facts.state in ("same", "identical"):
            return "identical" if facts.state == "identical" else "like reference"
        return reason(facts).case
    if not facts.faults[0].certain:
        return "doubted"
    if facts.mos >= MILD_FROM:
        return "mild"
    return "fault against reference" if facts.state == "same" else "fault"


def _doubt(facts: Facts) -> Selected | None:
    """How uncertain the MOS is, where it is."""
    doubt = confidence(Question("confidence", ""), facts)
    return doubt if doubt.case == "unsure" else None


def cost(facts: Facts) -> Selected | None:
    """What mending the fault that costs most would give; None where it would give nothing."""
    fault = facts.first_fix
    if fault is None or not fault.certain or round(fault.mended, 1) - facts.mos < LEAST_GAIN:
        return None
    return Selected("cost", "gain", {"mended": f"{fault.mended:.1f}"}, faults=(fault,))


def evidence(facts: Facts) -> Selected | None:
    """What was measured and speaks for the worst fault, where something does."""
    measures, fault = facts.measures, facts.faults[0] if facts.certain else None
    if fault is None or measures.active_level_dbov is None:
        return None
    if fault.kind == "background-noise" and measures.snr_db is not None and measures.snr_db < NOISY_BELOW_DB:
        over = max(measures.snr_db, over_steady_noise(measures))
        return Selected("evidence", "noise", {"snr": f"{over:.0f} dB"}) if over < NOISY_BELOW_DB else None
    if fault.kind == "band-limited" and measures.bandwidth_hz is not None:
        return Selected("evidence", "width", {"width": f"{measures.bandwidth_hz / 1000:.1f} kHz"})
    if (fault.kind, level_side(facts)) in {("too-quiet", "quiet"), ("too-loud", "loud")}:
        said = {"level": f"{measures.active_level_dbov:.1f} dBov", "usual": f"{NOMINAL_DBOV:.0f} dBov"}
        return Selected("evidence", "level", said)
    if fault.kind == "amplitude-clipping" and measures.clipped_percent >= CLIPPED_FROM:
        return Selected("evidence", "clipped", {"clipped": f"{measures.clipped_percent:.1f}%"})
    return None


def praise(facts: Facts) -> Selected | None:
    return Selected("praise", "fine", fine=facts.fine) if facts.fine else None


def weakest(facts: Facts) -> Selected | None:
    name = facts.weakest
    if facts.mean(name) >= LOW_BELOW:
        return None
    return Selected("weakest", "weakest", {"name": name, "score": facts.stated(name)})


def _changes(facts: Facts) -> Selected | None:
    """What was measured otherwise in the reference, or that nothing is."""
    if facts.state == "identical":
        return None if _case(facts) == "identical" else Selected("changes", "identical")
    measured = changes(facts)
    return Selected("changes", "measured", {"changes": " and ".join(measured)}) if measured else None


def lay(question: Question, facts: Facts) -> Selected:
    """How it is to listen to, and the two worst faults, without a term or a figure."""
    good = facts.mos >= CLEAN_FROM
    faults = facts.faults[:2]
    case = ("good" if good else "poor") + (" fault" if faults else "")
    return Selected("lay", case, {"word": category(facts.mos)}, faults=faults)


def engineer(question: Question, facts: Facts) -> Selected:
    """Kinds, severities, times and figures, and what was measured."""
    said = {"mos": facts.stated("mos"), "name": facts.weakest, "score": facts.stated(facts.weakest)}
    case = "faults" if facts.faults else "none"
    told = Selected("engineer", case, said, faults=facts.faults[:MOST_FAULTS])
    return told.and_then(measured(facts), timeline(facts), cost(facts))


def measured(facts: Facts) -> Selected | None:
    """What was measured, in a line; None where nothing was."""
    if facts.measures.active_level_dbov is None:
        return None
    return Selected("measured", "line", {"measured": facts.measures.in_words()})
