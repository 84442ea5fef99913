"""Facts that answer what sound can't tell, what words mean, who listens, and what is not about the clip."""

from __future__ import annotations

import re

from sqllm.words.facts import Facts
from sqllm.words.language import ask_for_english
from sqllm.words.questions import Question
from sqllm.words.selection.scores import reason
from sqllm.words.selection.selected import Selected, verdict
from sqllm.words.selection.text import NEGATIVE, has, plain

# What can be told instead, by what can't: faults of these kinds.
INSTEAD = {
    "codec-name": frozenset({"codec", "band-limited"}),
    "device": frozenset({"background-noise", "hum", "amplitude-clipping", "band-limited", "reverberation"}),
    "place": frozenset({"background-noise", "competing-speaker", "reverberation"}),
    "delay": frozenset({"echo"}),
    "words": frozenset({"packet-loss", "time-clipping"}),
}
# What makes words hard to understand.
HINDERS_WORDS = frozenset({"packet-loss", "time-clipping", "background-noise", "competing-speaker", "reverberation"})

SHORT_SECONDS = 1.0  # below which scores are told to be uncertain
_BITS = r"bit ?depth|how many bits|bit ?rate|bits per (?:sample|second)|kbit\w*|kbps|file size|sha\w*|checksum"
_HELP = re.compile(
    r"^(?:help(?: me)?|what (?:can|could|may|should) (?:i|we) ask(?: you)?|what (?:can|do) you (?:do|know|tell me)"
    r"|what questions (?:can|may) i ask|how does this work|options|commands|usage|examples?)\W*(?:please)?\W*$"
)

LISTENERS = {
    "typical": "a typical listener",
    "noise-sensitive": "a listener who is sensitive to noise",
    "dropout-sensitive": "a listener who is sensitive to gaps",
    "strict-expert": "a strict expert",
    "lenient": "a lenient listener",
    "mild-hearing-loss": "a listener with a mild hearing loss",
    "hearing-impaired": "a listener with a hearing loss",
    "severe-hearing-loss": "a listener with a severe hearing loss",
    "phone-speaker": "a listener with a phone speaker",
    "laptop-speaker": "a listener with a laptop's speakers",
    "street-noise": "a listener in a noisy street",
    "quiet-headphones": "a listener with headphones in a quiet room",
}


UNKNOWN_LISTENER = "unknown"  # as `asked`: the question is for a listener whom the model was not taught


def named_listener(name: str) -> str:
    """The words for a listener of whom a profile's name is known."""
    return LISTENERS.get(name, "a listener as you described")


def quality(facts: Facts) -> dict[str, str]:
    return {"mos": facts.stated("mos"), "word": facts.word("mos")}


def cannot_tell(question: Question, facts: Facts) -> Selected:
    """What is asked for can't be told; what can be is the quality, and the faults that are nearest to the question."""
    kinds = INSTEAD.get(question.topic or "", frozenset())
    near = tuple(fault for fault in facts.certain if fault.kind in kinds)[:1]
    if question.topic == "cause":
        near = facts.certain[:1]
    topic = question.topic or "other"
    return Selected("cannot-tell", f"{topic}{' fault' if near else ''}", {} if near else quality(facts), faults=near)


def intelligibility(question: Question, facts: Facts) -> Selected:
    """Declined: how many words are understood takes people who write them down. What hinders understanding is told."""
    hinders = tuple(fault for fault in facts.certain if fault.kind in HINDERS_WORDS)[:1]
    case = "hindered" if hinders else "free"
    return Selected("intelligibility", case, {} if hinders else quality(facts), faults=hinders)


def synthetic(question: Question, facts: Facts) -> Selected:
    return Selected("synthetic", "unknown", quality(facts))


def listener(question: Question, facts: Facts) -> Selected:
    """For whom the scores are; a listener whom a user described is not described again."""
    named = named_listener(facts.listener)
    case = "unknown" if question.asked == UNKNOWN_LISTENER else "partly" if question.asked else "listener"
    left = {"left": question.asked} if case == "partly" else {}
    return Selected("listener", case, {"listener": named, **quality(facts), **left})


def term(question: Question, facts: Facts) -> Selected:
    """What a word or a figure means; the clip's own figure where it has one."""
    name = question.term or "mos"
    if name in facts.scores:
        return Selected("term", name, {"score": facts.stated(name)})
    if name == "number" and question.number is not None and 1 <= question.number <= 5:
        return Selected("term", f"number {min(5, max(1, round(question.number)))}")
    return Selected("term", name)


def off_topic(question: Question, facts: Facts) -> Selected:
    return Selected("off-topic", "pointer")


def one_clip(question: Question, facts: Facts) -> Selected:
    """A comparison that is asked of one clip."""
    return Selected("compare", "one clip")


def other_language(question: Question, facts: Facts) -> Selected:
    """A sentence in the language that was asked in."""
    return Selected("other-language", "english", {"ask": ask_for_english(question.asked)})


def unclear(question: Question, facts: Facts) -> Selected:
    return Selected("unclear", "unclear", quality(facts)).and_then(reason(facts))


def help_wanted(question: Question, facts: Facts) -> Selected | None:
    """What can be asked, for who asks that."""
    return Selected("off-topic", "help") if _HELP.search(plain(question)) else None


def long_enough(question: Question, facts: Facts) -> Selected | None:
    """Whether a clip holds enough speech to be rated, where that is asked."""
    text = plain(question)
    if not has(text, r"long enough|too short|enough speech|short for") or has(text, r"reference|sentence|list"):
        return None
    enough = min(facts.seconds, facts.speech.seconds) >= SHORT_SECONDS
    plainly = question.closed and not NEGATIVE.search(text)
    lead = verdict(enough, plainly, has(text, r"too short"))
    said = {"seconds": f"{facts.seconds:.1f} s", "speech": f"{facts.speech.seconds:.1f} s"}
    return Selected("long-enough", "enough" if enough else "short", said, verdict=lead)


def caution(facts: Facts) -> Selected:
    """That so short a clip is rated without certainty."""
    return Selected("caution", "short", {"seconds": f"{facts.seconds:.1f} s"})


def file_details(question: Question, facts: Facts) -> Selected | None:
    """Of a file's bits nothing is known."""
    asked = question.family in ("count", "measurement", "cannot-tell", "unclear", "speech-share")
    return Selected("cannot-tell", "other", quality(facts)) if asked and has(plain(question), _BITS) else None
