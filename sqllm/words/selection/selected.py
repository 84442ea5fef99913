"""What was selected to answer a question: the few facts that the answer may state, and the line that is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqllm.words.facts import FaultFact, Span
from sqllm.words.wordings.faults import NAMES

MOST_TIMES = 4  # told one by one; of more, how many there are, from when to when
YES, NO, POSSIBLY = "yes", "no", "possibly"


@dataclass(frozen=True)
class Selected:
    """The facts of one answer. `family` and `case` say which sentences tell them (`words.sentences`).

    `facts` are figures and words by the name of the slot they fill in a sentence; `faults` the faults to name, the
    first of them first; `absent` the kinds that were asked for and are not heard; `fine` and `low` dimensions to praise
    and to mark down. `verdict` is how a closed question is answered, empty where it is none. `then` are further
    sentences.
    """

    family: str
    case: str
    facts: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[FaultFact, ...] = ()
    absent: tuple[str, ...] = ()
    fine: tuple[str, ...] = ()
    low: tuple[str, ...] = ()
    verdict: str = ""
    then: tuple[Selected, ...] = ()

    def parts(self) -> Iterator[Selected]:
        """This and all that follows."""
        yield self
        for more in self.then:
            yield from more.parts()

    def and_then(self, *more: Selected | None) -> Selected:
        """The same with further sentences; None adds nothing."""
        return replace(self, then=(*self.then, *(part for part in more if part)))

    def without_verdict(self) -> Selected:
        """The same facts, without a yes or no."""
        verdict = self.verdict if self.verdict == POSSIBLY else ""
        return replace(self, verdict=verdict, then=tuple(part.without_verdict() for part in self.then))

    def text(self) -> str:
        """One line, behind which the answer is written."""
        return f"Facts: {'; '.join(part.line() for part in self.parts())}.\n"

    def line(self) -> str:
        """This part of the line: "use no; mos 2.6; limit 3.0; strong packet loss at 2.1, 4.7 s"."""
        said = [" ".join(word for word in (self.family, self.case, self.verdict) if word)]
        said += [f"{name.replace('_', ' ')} {value}" for name, value in self.facts.items()]
        said += [fault_line(fault) for fault in self.faults]
        if self.absent:
            said.append(f"no {' or '.join(NAMES[kind] for kind in self.absent)}")
        said += [f"fine {', '.join(self.fine)}"] if self.fine else []
        said += [f"low {', '.join(self.low)}"] if self.low else []
        return "; ".join(said)


def verdict(plain: bool, closed: bool, negated: bool = False) -> str:
    """How a closed question is answered whose family's plain question has the answer `plain`."""
    return "" if not closed else YES if plain != negated else NO


def seconds(time: float) -> str:
    """A time as words state it: "2.1"."""
    return f"{time:.1f}"


def span_text(span: Span) -> str:
    """ "20.0 to 30.0"."""
    return f"{seconds(span[0])} to {seconds(span[1])}"


def told_moments(fault: FaultFact) -> tuple[str, ...]:
    """The moments that are told one by one; none of more than `MOST_TIMES`, or where two would be told alike."""
    told = tuple(seconds(start) for start, _ in fault.moments)
    return told if len(told) <= MOST_TIMES and len(set(told)) == len(told) else ()


def fault_line(fault: FaultFact) -> str:
    """ "possibly strong packet loss at 2.1, 4.7 s"; "strong hum from 20.0 to 30.0 s"."""
    words = f"{'' if fault.certain else 'possibly '}{fault.severity} {NAMES[fault.kind]}"
    if moments := told_moments(fault):
        return f"{words} at {', '.join(moments)} s"
    if fault.moments:
        return f"{words} {fault.count} times from {seconds(fault.moments[0][0])} to {seconds(fault.moments[-1][0])} s"
    if fault.stretches:
        told = [f"from {span_text(span)} s" for span in fault.stretches[:MOST_TIMES]]
        more = f" in {len(fault.stretches)} parts" if len(fault.stretches) > MOST_TIMES else ""
        return f"{words}{more} {', '.join(told)}"
    return f"{words} {'all along' if fault.placed else 'at times not known'}"
