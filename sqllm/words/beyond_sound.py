"""What is asked that no score and no fault answers: another language or length, what is said and by whom, how votes
spread, uses that nobody knows a limit for.
"""

from __future__ import annotations

import re

from sqllm.words.questions import Question
from sqllm.words.unknown import unknown_use

_CONTENT = re.compile(
    r"\b(?:hate speech|profan\w*|swear\w*|curs(?:e|es|ing)|offensive|obscen\w*|insult\w*|abus(?:e|ive)|threat\w*|"
    r"personal (?:data|information|details)|pii|keywords?|(?:account|card|phone|telephone) numbers?)\b"
)
_NOT_UNDERSTOOD = ("presence", "speech-share", "measurement", "level-verdict", "off-topic", "unclear", "term")
_IDENTITY = re.compile(
    r"^(?i:is|was|isn't) (?:it|this|that|he|she|the (?:talker|speaker|voice|person))(?: that of| the voice of)? "
    r"(?:[A-Z][a-z]+\.? ){1,2}[A-Z][a-z]+(?: (?:speaking|talking|here))?\W*$"
)
_OF_MEANING = re.compile(r"\bmean(?:s|ing)?\b|stands? for|\bsays?\b|\bknow\b|explain|defin")
_SPREAD = re.compile(r"\b(?:standard deviations?|std\.?(?: ?dev\w*)?|variance|sd)\b", re.IGNORECASE)
_DELAY = re.compile(r"\b(?:delay|latency)\b")
_UNREFERENCED = re.compile(r"\bwithout (?:the |its |a |any )?reference\b")
_STEADY = re.compile(r"\b(?:all the time|all along|throughout)\b")
_UNSTEADY = re.compile(rf"\b(?:comes? and go(?:es)?|on and off|intermittent\w*)\b|{_STEADY.pattern}")
_WILL_DO = re.compile(
    r"\b(?:pass|serve|qualif\w+|hold up|stand up|accept\w*|usable|suitable|suited|admissible|fit|work|do)\b.*"
    r"\b(?:as|for|in)\b"
)
_ORIGINAL = re.compile(r"\b(?:originals?|references?|clean|real|genuine|source|live|undamaged|untouched|master)\b")
_LANGUAGES = {
    **{"german": "de", "french": "fr", "spanish": "es", "italian": "it", "dutch": "nl", "portuguese": "pt"},
    **{"polish": "pl", "russian": "ru", "turkish": "tr", "czech": "cs", "swedish": "sv", "danish": "da"},
    **{"japanese": "ja", "korean": "ko", "chinese": "zh", "arabic": "ar"},
}
_IN_LANGUAGE = re.compile(
    rf"^(?:and |now |please |say (?:it|that) |answer )*in ({'|'.join(_LANGUAGES)})\b[ ,]*(?:please)?\W*$"
)
_SHORTER = re.compile(
    r"^(?:and |now |please |a bit |much |even |make it |say it |keep it |be )*"
    r"(?:shorter|brief(?:ly|er)?|in (?:short|brief)|tl;?dr|more concise(?:ly)?|concise(?:ly)?)[ ,]*(?:please)?\W*$"
)
_LONGER = re.compile(
    r"^(?:and |now |please |a bit |much |even |give me |tell me |say |can you )*"
    r"(?:longer|more details?|in (?:more )?detail|elaborate|more technical(?:ly)?)[ ,]*(?:please)?\W*$"
)


def in_other_words(question: Question) -> Question:
    """A wish for the answer in another language, shorter or with more in it."""
    lower = question.text.lower().strip()
    if language := _IN_LANGUAGE.match(lower):
        return Question("other-language", question.text, asked=_LANGUAGES[language[1]])
    if _SHORTER.match(lower):
        return Question("mos-numeric", question.text)
    return Question("engineer", question.text) if _LONGER.match(lower) else question


def beyond_sound(question: Question) -> Question:
    """What is said, who says it, what the other end hears; how votes spread; whether it will do where nobody knows."""
    lower = question.text.lower()
    if _IDENTITY.match(question.text):
        return Question("cannot-tell", question.text, topic="who", closed=True)
    if _CONTENT.search(lower) and question.family in _NOT_UNDERSTOOD:
        return Question("cannot-tell", question.text, topic="words", closed=True)
    if question.family == "origin" and _DELAY.search(lower):
        return Question("cannot-tell", question.text, topic="delay")
    if question.family == "fix" and _UNREFERENCED.search(lower):
        return Question("cannot-tell", question.text, topic="other")
    if asks_for_spread(question.text) and question.family in _NOT_UNDERSTOOD and not _OF_MEANING.search(lower):
        return Question("agreement", question.text)
    for_use = question.family == "distinguishable" and _WILL_DO.search(lower) and not _ORIGINAL.search(lower)
    if for_use and (asked := unknown_use(question.text)):
        return Question("use", question.text, closed=question.closed, asked=asked)
    if question.family == "presence" and _UNSTEADY.search(lower) and question.kinds:
        steady = _STEADY.search(lower) is not None
        return Question("constancy", question.text, kinds=question.kinds, closed=question.closed, negated=not steady)
    return question


def asks_for_spread(text: str) -> bool:
    """Whether a text asks for a standard deviation or a variance."""
    return _SPREAD.search(text) is not None
