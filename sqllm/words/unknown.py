"""What people ask for that is not known here: uses without a limit, and figures that are not measured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from sqllm.words.wordings.asked_slots import USES

# Words of uses that say which use it is, besides whole names; and words behind "for" that are no use.
_HEADS = frozenset(
    [
        *("podcast", "podcasts", "podcasting", "audiobook", "audiobooks", "lecture", "lectures", "mooc", "tutorial"),
        *("course", "courses", "lesson", "lessons", "class", "classes", "e-learning", "teach", "teaching", "video"),
        *("videos", "youtube", "voice-over", "voiceover", "commercial", "film", "films", "documentary", "trailer"),
        *("advert", "adverts", "tiktok", "dubbing", "dub", "broadcast", "broadcasts", "broadcasting", "radio"),
        *("television", "tv", "bbc", "announcement", "announcements", "ivr", "prompt", "prompts", "greeting"),
        *("greetings", "recognition", "recogniser", "recognizer", "asr", "transcription", "transcribe", "dictation"),
        *("whisper", "captions", "subtitles", "subtitling", "tts", "cloning", "corpus", "synthesis", "meeting"),
        *("meetings", "zoom", "teams", "conference", "webinar", "call", "calls", "callers", "telephony", "voip"),
        *("hotline", "telephone", "phone", "interview", "interviews", "voicemail", "memo", "message", "messages"),
        *("whatsapp", "telegram", "emergency", "distress", "police", "ambulance", "sos", "narration", "narrated"),
        *("audible", "spotify", "blog", "episode", "episodes", "vlog", "dataset", "data", "centre", "center", "on-air"),
        *("speech-to-text", "conferencing", "acx", "training", "book", "books", "museum"),
    ]
)
_NO_USE = frozenset(
    [
        *("this", "that", "it", "me", "you", "us", "them", "him", "her", "everyone", "everybody", "anyone", "people"),
        *("listeners", "users", "customers", "clients", "client", "customer", "boss", "use", "purpose", "now", "real"),
        *("release", "publication", "publishing", "production", "everyday", "normal", "sure", "example", "grandmother"),
        *("mother", "audience", "audiences", "ear", "ears", "listener", "user", "free", "good", "long", "money", "fun"),
        *("headphones", "quality", "noise", "speech", "voice", "most", "the", "a", "general", "most people", "once"),
    ]
)
_FOR = re.compile(
    r"\b(?:for|as|in|into)\s+(?:use (?:in|as|for)\s+)?((?:an?|the|my|our|your|his|her|some)\s+)?([a-z][a-z' -]*?)\s*"
    r"(?:,.*|\b(?:please|or not|you think)\b.*)?\W*$"
)
_QUALITY = re.compile(
    r"^(?:is (?:it|this)|does (?:it|this) have)\s+(?:an?\s+|of\s+)?([a-z][a-z -]*?)[- ](?:quality|grade|ready)\W*$"
)


def unknown_use(text: str) -> str:
    """The use that a question names and that no limit is known for, as it is called; empty where it names none, or one
    that is known.
    """
    lower = " ".join(text.lower().replace("’", "'").split())
    match = _FOR.search(lower) or _QUALITY.search(lower)
    if match is None:
        return ""
    called = match[match.lastindex or 0].strip()
    words = re.findall(r"[a-z]+(?:[-'][a-z]+)*", called)
    if not words or _is_known(lower, words) or all(word in _NO_USE for word in words) or words[-1] in _NO_USE:
        return ""
    article = match[1] if match.re is _FOR and match[1] in ("a ", "an ") else ""
    return f"{article}{called}"


def _is_known(lower: str, words: list[str]) -> bool:
    if any(name in lower for name in _whole_names()):
        return True
    spoken = re.findall(r"[a-z]+(?:-[a-z]+)*", lower)
    if _HEADS.intersection(spoken):
        return True
    return any(len(word) > 4 and get_close_matches(word, _HEADS, 1, 0.84) for word in words)


@cache
def _whole_names() -> frozenset[str]:
    names = {re.sub(r"^(?:an?|the|my|our) ", "", name.lower()) for names in USES.values() for name in names}
    return frozenset(name for name in names if len(name) > 3)


@dataclass(frozen=True)
class Unmeasured:
    """A figure that is not measured: what it is called in a sentence, and the measure or the fault nearest to it."""

    name: str
    measure: str | None = None
    fault: str | None = None


TIMBRE = "how bright, warm or thin it sounds"
_OF_TIMBRE = re.compile(
    r"^(?:is|are|was|does|do|would you (?:say|call)|isn't|doesn't)\b.*\b(?:bright|dull|warm|thin|sharp|shrill|dark|"
    r"mellow|nasal|boxy|full-bodied|crisp|rich|piercing|silky|trebly|bassy)\b(?! (?:enough )?(?:for|as|to)\b)"
)
_UNMEASURED: Mapping[str, Unmeasured] = {
    r"lufs|lkfs|integrated loudness|loudness units?|bs\.?1770|r ?128": Unmeasured("the loudness in LUFS", "level"),
    r"loudness range|lra|dynamic range|dynamics": Unmeasured("the dynamic range", "crest"),
    r"rms(?! ?and)": Unmeasured("the RMS level", "level"),
    r"true[- ]peak|dbtp|inter-?sample": Unmeasured("the true peak between samples", "peak"),
    r"dba|db ?spl|sound pressure": Unmeasured("the sound pressure", "level"),
    r"rt ?-?60|t[23]0|t60|reverb(?:eration)? time|decay time|c50|c80|drr|direct-to-reverberant": Unmeasured(
        "the RT60", None, "reverberation"
    ),
    r"echo (?:delay|path|return)|delay of the echo|erle": Unmeasured("such a delay", None, "echo"),
    r"hum frequency|frequency (?:of|is|has) the hum|50 or 60 ?hz": Unmeasured("such a frequency", None, "hum"),
    r"bit depth|how many bits|bits per sample|number of bits|word length": Unmeasured("the bit depth"),
    r"thd(?:\+n)?|sinad|enob|harmonic distortion percentage": Unmeasured("the harmonic distortion in percent"),
    r"pitch|fundamental frequency|f0|semitones?|formants?": Unmeasured("the pitch of the voice"),
    r"(?:speaking|speech|articulation) rate|words per minute|syllables per second|wpm|"
    r"how fast (?:does|do|is) (?:he|she|the (?:talker|speaker|person|voice)|they|i)\b.*": Unmeasured(
        "how fast one speaks"
    ),
    r"(?:phase|polarity)(?:[- ]\w+)?": Unmeasured("phase and polarity"),
    r"brightness|warmth|sharpness": Unmeasured(TIMBRE, "bandwidth"),
    r"spectral (?:centroid|tilt|slope|flatness)": Unmeasured("the spectrum"),
    r"shimmer|hnr|cpps?|harmonics-to-noise": Unmeasured("the steadiness of the voice"),
    r"file ?name|name of the file|file size|checksum|how many (?:bytes|megabytes)": Unmeasured(
        "the name or size of the file"
    ),
}
_MEANING = re.compile(r"\b(?:means?|meaning|stands? for|defin\w+|explain)\b|^what(?: is|'s) (?!the\b|its\b|my\b)")


def unmeasured(text: str) -> Unmeasured | None:
    """The figure that a question asks for and that is not measured; None where it asks for none, or for a meaning."""
    lower = text.lower().replace("’", "'")
    if _MEANING.search(lower) or re.search(r"\bpeaks?\b.*\brms\b", lower):
        return None
    return next((found for words, found in _UNMEASURED.items() if re.search(rf"\b(?:{words})\b", lower)), None)


def of_timbre(text: str) -> bool:
    """Whether a text asks if the sound is bright, dull, warm, thin ..."""
    return _OF_TIMBRE.search(text.lower().replace("’", "'")) is not None
