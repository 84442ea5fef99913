"""What a question names among faults and sounds: kinds that the model hears, sounds that it can't tell from others; and
whether the thing asked is the thing computed, which alone takes a yes or no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from sqllm.scores import ARTIFACT_KINDS
from sqllm.words.facts import Facts
from sqllm.words.questions import LEVEL_KINDS, Question
from sqllm.words.selection.measured import NARROWEST_WIDE_HERTZ, WIDEST_NARROW_HERTZ
from sqllm.words.selection.selected import Selected, verdict
from sqllm.words.selection.text import NEGATIVE, REFERENCE, has, plain
from sqllm.words.wordings.asked_faults import ADJECTIVES, GROUPS, VERBS
from sqllm.words.wordings.fault_nouns import NOUNS
from sqllm.words.wordings.faults import ASKED, SHARED, UNDERSTOOD, UNDERSTOOD_SHARED

# Sounds that are told from no others, as they are called in an answer. What is heard of them has a kind or none.
SOUNDS: Mapping[str, str] = {
    "wind": r"wind|windy",
    "a whistle": r"whistl\w*",
    "music": r"music|melody|song|singing|piano|guitar",
    "a beep": r"beeps?|beeping|bleeps?|pings?",
    "tones": r"tones(?! of)|a tone(?! of)|dtmf|sine",
    "a siren": r"sirens?|alarms?",
    "ringing": r"ringing|ringtones?|a phone ring\w*|bells?",
    "animals": r"dogs?|barks?|barking|cats?|birds?|birdsong|animals?|insects?|crickets?",
    "rain": r"rain|raining|water|thunder|waves",
    "traffic": r"traffic|cars?|trucks?|trains?|aircraft|planes?|motorcycles?",
    "a fan": r"fans?|air.?con\w*|ventilat\w*|computer noise",
    "a machine": r"engines?|motors?|machines?|machinery|drill\w*|construction",
    "a keyboard": r"keyboards?|typing|mouse clicks?",
    "comfort noise": r"comfort noise",
    "white noise": r"(?:white|pink|brown|gaussian) noise|white or|or white",
    "footsteps": r"footsteps?|steps|doors?",
    "laughter": r"laugh\w*|applause|clapping|cheer\w*",
    "coughing": r"cough\w*|sneez\w*|sniff\w*",
    "breathing": r"breath|breaths|breathing|breathy",
    "children": r"bab(?:y|ies)|child|children|kids?|crying",
    "sibilance": r"sibilan\w*|plosives?|lip smacks?|mouth noises?",
    "feedback": r"feedback|howl\w*|larsen",
    "sidetone": r"sidetone",
    "a watermark": r"watermarks?",
}
_FOR_SOUNDS = frozenset(
    {"presence", "when", "severity", "count", "speech-share", "part", "constancy", "cannot-tell", "noise-or-codec"}
)
_NO_SOUND = re.compile(rf"musical noise|reverb|(?:like|as|than) (?:in )?a\b|{REFERENCE}|fit for|good enough for|do for")
_HOW_MANY_TALK = re.compile(
    r"\bhow many (?:people|persons|voices|talkers|speakers)\b(?!.*\b(?:vote|listen|rate|would|need|give|agree)\w*)"
)
LEVEL_WORDS = (
    r"loud\w*|quiet\w*|level\w*|volume|soft\w*|faint\w*|low|high|gain|hear|heard|audible|weak|hot|db\w*|blar\w+"
    r"|deafen\w+|strain\w*|whisper\w*|shout\w*|under-?recorded|strong|blast\w*|earsplitting|turn\w*"
)
# What may stand in a question besides the fault that it asks for, so that a yes or no answers it and nothing else.
_FILLERS = frozenset(
    re.findall(
        r"[\w'-]+",
        "is are was were isn't aren't wasn't am be been there any some a an the this that these it its it's in of on "
        "for from at by with to and or not no do does did doesn't don't didn't can can't could would will i you we one "
        "people listener listeners hear heard notice noticed detect detected find found perceive spot audible "
        "noticeable present here anywhere clip recording file audio sound sounds sounding signal sample track speech "
        "voice talker speaker call line track yes please so well ok okay and but also really actually tell me whether "
        "if check does has have had got contain contains containing show shows suffer suffers suffering affected "
        "damaged disturbed degraded spoiled spoilt spoil spoils ruined harmed hurt contaminated corrupted free clean "
        "without lacking exhibit exhibits include includes feature features get gets become happen happens occur "
        "occurs going problem problems issue issues trouble suspect right wrong say think believe sign signs trace "
        "traces evidence hint kind sort type form all ever indeed still even just now then at you're your my what "
        "about anything something during words word listen up did exist exists was up as answer true false correct "
        "dry artifact artifacts artefact artefacts distortion effect effects degradation impairment fault faults",
    )
)
_STRONG = frozenset({"lot", "lots", "much", "many", "too", "strong", "heavy", "severe", "loud", "bad", "annoying"})
_PART = re.compile(r"[a-z][\w'-]*")


@cache
def _kinds_by_word() -> tuple[re.Pattern[str], Mapping[str, tuple[str, ...]]]:
    """Every word for a fault, as one pattern, the longest first, and the kinds that it means."""
    found: dict[str, tuple[str, ...]] = {}
    for table in (NOUNS, ADJECTIVES, VERBS):
        for name, words in table.items():
            if name not in ("faults", "another fault"):
                found |= {_bare(word): GROUPS.get(name, (name,)) for word in words}
    for table in (ASKED, UNDERSTOOD):
        found |= {_bare(word): (kind,) for kind, words in table.items() for word in words}
    found |= {_bare(word): kinds for word, kinds in {**SHARED, **UNDERSTOOD_SHARED}.items()}
    found = {word: kinds for word, kinds in found.items() if word not in ("clip", "peak")}  # "in the clip"
    longest = sorted(found, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])"), found


def _bare(word: str) -> str:
    return re.sub(r"^(?:an?|the|too much|too) (?=\w{4})", "", word.lower())


def named_kinds(text: str) -> tuple[str, ...]:
    """The kinds that a text names in words of `wordings`; none where it names none."""
    pattern, kinds = _kinds_by_word()
    return tuple(dict.fromkeys(kind for match in pattern.finditer(text) for kind in kinds[match.group()]))


def _rest(text: str) -> list[str]:
    """The words of a text that are neither a fault's nor fillers."""
    left = _kinds_by_word()[0].sub(" ", text)
    return [word for word in _PART.findall(left) if word.strip("'-") not in _FILLERS]


def corrected(question: Question, facts: Facts) -> Question:
    """A question for a fault with the kinds that its own words name, where they were read as another fault; a question
    for what is dry as one for what is not reverberant.
    """
    text = plain(question)
    if question.family == "fix" and re.search(r"\b(?:noise (?:reduc|suppress|cancel)|denois)\w*", text):
        return replace(question, kinds=("background-noise", "hum"), asked="noise")
    if question.family not in ("presence", "severity", "when", "count") or not question.kinds:
        return question
    if has(text, "dry") and not named_kinds(text):
        wet = bool(NEGATIVE.search(text))
        return replace(question, kinds=("reverberation",), asked="reverberation", negated=not wet, doubted=wet)
    named = named_kinds(text)
    if named and not {*named} & {*question.kinds}:
        return replace(question, kinds=named, asked="", negated=False, doubted=question.doubted or question.negated)
    return question


def sound(question: Question, facts: Facts) -> Selected | None:
    """For a sound that is told from no other: that, and what is heard."""
    if question.family not in _FOR_SOUNDS:
        return None
    if question.kinds == ("interference",) and "interference" in facts.hears:
        return None  # a model that was taught it knows wind and beeps by this name
    text = plain(question)
    named = next((name for name, words in SOUNDS.items() if has(text, words)), None)
    if named is None or _NO_SOUND.search(text):
        return None
    if question.family == "speech-share" and has(text, r"how much|share|speech"):
        return None
    if facts.certain:
        return Selected("sound", "heard", {"sound": named}, faults=facts.certain[:1])
    return Selected("sound", "nothing", {"sound": named})


def talkers(question: Question, facts: Facts) -> Selected | None:
    """How many people talk, as far as a second voice is heard or not."""
    if not _HOW_MANY_TALK.search(plain(question)):
        return None
    if "competing-speaker" not in facts.hears:
        return None
    found = next((fault for fault in facts.faults if fault.kind == "competing-speaker"), None)
    if found is None:
        return Selected("talkers", "one", absent=("competing-speaker",))
    return Selected("talkers", "more" if found.certain else "doubted", faults=(found,))


def unheard(question: Question, facts: Facts) -> Selected | None:
    """For a fault that this model does not listen for, or that was read into a question which names none."""
    if question.family not in ("presence", "when", "severity", "count", "confidence") or not question.kinds:
        return None
    listened = {*question.kinds} & {*facts.hears}
    alien = {*question.kinds} <= {*LEVEL_KINDS} and question.text.strip(" ?") and not has(plain(question), LEVEL_WORDS)
    if (listened or {*question.kinds} >= {*ARTIFACT_KINDS}) and not alien:
        return None
    family = "presence" if question.family == "confidence" else question.family
    return Selected(family, "unknown", faults=facts.faults[:1]) if facts.faults else Selected(family, "unknown-none")


def measured_fault(question: Question, facts: Facts) -> Selected | None:
    """For clipping and a narrow band: what was measured decides, whatever was heard."""
    if question.family not in ("presence", "measurement", "acceptability"):
        return None
    text = plain(question)
    if has(text, rf"{REFERENCE}|how|what|which|when|where|why"):
        return None
    if question.kinds == ("amplitude-clipping",) or (question.measure == "clipping" and question.closed):
        return _clipped(question, text, facts)
    if (
        question.kinds == ("band-limited",)
        or question.measure == "bandwidth"
        or has(text, r"hd voice|wide ?band|narrow ?band")
    ):
        return _width(question, text, facts)
    return None


def _clipped(question: Question, text: str, facts: Facts) -> Selected | None:
    """Clipped samples that are measured are there, heard or not."""
    share = facts.measures.clipped_percent
    heard = tuple(fault for fault in facts.faults if fault.kind == "amplitude-clipping")
    decided = question.closed and not question.doubted and not has(text, r"hear|heard|audible|notice\w*")
    said = {"clipped": f"{share:.1f}%"}
    if heard and share >= 0.05:
        lead = verdict(True, decided and heard[0].certain, question.negated)
        return Selected("measured-fault", "clipped heard", said, faults=heard, verdict=lead)
    if share < 0.05 or heard:
        lead = verdict(False, decided and not heard and not NEGATIVE.search(text))
        said |= {"within": "0.2 points"}
        return None if question.kinds else Selected("measurement", "clipping", said, verdict=lead)
    lead = verdict(True, decided and share >= 0.2, question.negated)
    return Selected("measured-fault", "clipped unheard", said, verdict=lead)


def _width(question: Question, text: str, facts: Facts) -> Selected | None:
    """A band that ends below that of wideband speech is limited, heard as such or not."""
    width = facts.measures.bandwidth_hz
    if not question.closed or facts.measures.active_level_dbov is None:
        return None
    if has(text, r"super-?.?wide ?band|full.?band|ultra\w*"):
        return Selected("measured-fault", "beyond hearing")
    heard = any(fault.kind == "band-limited" for fault in facts.faults)
    wide = width is None or width >= NARROWEST_WIDE_HERTZ
    said = {"width": "7.4 kHz or more" if width is None else f"{width / 1000:.1f} kHz"}
    plainly = not NEGATIVE.search(text) and not has(text, "or")
    if limit := re.search(r"(\d+(?:[.,]\d+)?) ?k?hz", text):
        asked = float(limit[1].replace(",", ".")) * (1 if re.search(r"\d ?hz", text) else 1000)
        near = width is not None and abs(width - asked) <= 300
        decided = plainly and has(text, r"limited|ends?|stops?|cut|low.?pass\w*")
        return Selected("measured-fault", "width", said, verdict=verdict(near, decided))
    if has(text, r"hd(?: voice)?|wide ?band|full bandwidth"):
        return Selected("measured-fault", "width", said, verdict=verdict(wide, plainly))
    if has(text, r"narrow ?band|telephone (?:band\w*|quality|sound)|phone.like"):
        narrow = width is not None and width <= WIDEST_NARROW_HERTZ
        return Selected("measured-fault", "width", said, verdict=verdict(narrow, plainly))
    if wide or heard:
        if question.kinds or not width:
            return None
        return Selected("measurement", "bandwidth", said | {"within": "300 Hz"})
    decided = not question.doubted and not _rest(text)
    return Selected("measured-fault", "width", said, verdict=verdict(True, decided, question.negated))


# Of closed questions of other families, what has to be named in them for a yes or no.
_NAMES: Mapping[str, str] = {
    "constancy": r"same|constan\w+|stead\w+|stable|uniform\w*|consisten\w+|even|var\w+|chang\w+|fluctuat\w+|throughout"
    r"|all (?:through|along|the (?:way|time))|stationary|homogen\w+|whole|unchang\w+|drift\w*|come and go"
    r"|differ\w*|everywhere|equally|beginning to end|start to (?:end|finish)|worse|better"
    r"|deteriorat\w+|degrad\w+|improv\w+",
    "speech-share": r"speech|speak\w*|spoken|talk\w*|voices?|say\w*|words?|silent|empty|anyone|anybody|someone"
    r"|hear",
    "same-reference": rf"same|match\w*|belong\w*|fits?|correspond\w*|together|right|correct|pair\w*|identical"
    rf"|{REFERENCE}",
}
_OTHER_THING: Mapping[str, str] = {
    "constancy": r"phase\w*|polarity|volume|level|loud\w*|periodic\w*|inverted|louder|than",
    "speech-share": r"mask\w*|noise\w*|music|silence|drown\w*|cover\w*|pause\w*|how|much|many"
    r"|clear\w*|good|bad|understand\w*|hate\w*|offensive|abusive|swear\w*|language",
    "acceptability": r"frequenc\w*|treble|bass|highs|lows|thin|sharp|bright|dull|dark|tinny|nasal|boxy|warm|delay\w*"
    r"|latency|pitch\w*|accent|pronounc\w*",
    "same-reference": r"better|worse|noisy|clipped|louder|longer|speed|length|more|less|bandwidth",
}


def decides(question: Question, facts: Facts) -> bool:
    """Whether a yes or no to a question's family is one to its text: nothing else stands in it. Of what is not there
    at all there is not much, either.
    """
    text = plain(question)
    if len(text) < 3:
        return True  # made without words
    if question.family == "presence":
        named = bool(named_kinds(text)) or has(text, "dry") or {*question.kinds} >= {*ARTIFACT_KINDS}
        there = any(fault.kind in question.kinds for fault in facts.faults)
        rest = [word for word in _rest(text) if there or word not in _STRONG]
        return bool(question.kinds) and named and not rest
    words, other = _NAMES.get(question.family), _OTHER_THING.get(question.family)
    return (words is None or has(text, words)) and not has(text, other or "$^")
