"""Texts put in words that are read well: opinions to agree with become questions, pretences go, and names that people
have for things of ours become ours.
"""

from __future__ import annotations

import re

_AGREE = re.compile(
    r"^(?P<said>[^?]*[^?.!,;\s])\s*(?:[.!?;,]|\s-+)\s*(?:so |and )?"
    r"(?:(?:do|don't|would|wouldn't) you (?:not )?agree(?: with (?:me|that|this))?|agreed?|am i (?:right|correct|wrong)"
    r"|is (?:that|this|it) (?:right|correct|true|fair|so|reasonable|wrong)|isn't that (?:right|so|true))\W*$",
    re.IGNORECASE,
)
_OPINION = re.compile(
    r"^(?:well|hm+|so|but|and|ok|okay)?\W*(?:(?:i|we|they|people|my \w+|others|everyone|somebody|someone)"
    r"(?:'d|'m| would| am| is| are)?\s+(?:think|thinks|believe|believes|say|says|said|guess|suppose|"
    r"feels?|finds?|claims?|sure|certain|convinced|told me)"
    r"|in (?:my|our) (?:opinion|view|ears)|to (?:me|my ears|us)|for me)(?: that)?[, ]+",
    re.IGNORECASE,
)
_OWN_SCORE = re.compile(
    r"^(?:i|we)(?:'d| would)? (?:give|rate|score|put|vote|say)(?: (?:it|this|that)| for)?(?: at| as)?(?: an?)? "
    r"(?:mos (?:of )?)?([1-5](?:[.,]\d+)?)$|^my (?:guess|score|rating|vote|estimate|mos)(?: is|:| would be)? (?:an? )?"
    r"([1-5](?:[.,]\d+)?)$",
    re.IGNORECASE,
)
_SUBJECT = r"(?:it|this|that|there|the [\w -]+?|this \w+)"
_STATED = (
    (re.compile(rf"^({_SUBJECT})(?:'s|\s+is)\s+(.+)$", re.IGNORECASE), "Is {} {}?"),
    (re.compile(rf"^({_SUBJECT})\s+are\s+(.+)$", re.IGNORECASE), "Are {} {}?"),
    (re.compile(rf"^({_SUBJECT})\s+sounds\s+(.+)$", re.IGNORECASE), "Does {} sound {}?"),
    (re.compile(rf"^({_SUBJECT})\s+(?:has|'s got|has got)\s+(.+)$", re.IGNORECASE), "Does {} have {}?"),
    (re.compile(r"^(?:i|we) (?:can )?(?:hear|notice) (.+)$", re.IGNORECASE), "Do you hear {}?"),
)
_PRETENCE = re.compile(
    r"^\W*(?:please )?(?:pretend|imagine|suppose|assume|let's (?:say|assume|pretend)|act as if)\b[^.?!]*"
    r"\b(?:it|this|that|the (?:clip|recording|score|mos|quality|audio|file|sound))"
    r"(?:'s| is| was| were| has| had| sounds?| scores?| gets?| got)\b[^.?!]*[.!:]\s+(?=\S.*\?)",
    re.IGNORECASE,
)
_MENDED = re.compile(r"\b(?:no|not|without|gone|removed|fixed|absent|away)\b|n't\b", re.IGNORECASE)
_LOST = r"(?:drop-?outs?|gaps?|cut-?outs?|interruptions?|losses|loss|breaks?|mutes?|pauses?)"
_RANKED = re.compile(
    rf"^(?:and |so )?(?:the )?(first|last|second|third|fourth|fifth|longest|shortest|biggest) ({_LOST})\W*$",
    re.IGNORECASE,
)
# What people call things that have another name in our wordings.
_OURS = (
    (re.compile(r"\bh\.?d\.?(?:[- ](?:voice|audio|quality|sound))?\b(?! ?video)", re.IGNORECASE), "wideband"),
    (re.compile(r"\b(?:rauschen|bruit|ruido|ruído|rumore|brus|ruis|szum)\b", re.IGNORECASE), "noise"),
    (re.compile(r"\btoo live\b|\blive (?:room|acoustics?)\b", re.IGNORECASE), "reverberant"),
    (re.compile(r"^(?:do|did|are) they (?:overlap\w*|talk\w* (?:over|across) .*)\W*$", re.IGNORECASE),
     "Does a second voice talk over the first?"),
    (re.compile(r"^(?:is|was) there (?:any |a )?(?:clock )?(?:drift|skew)\W*$", re.IGNORECASE),
     "Is it the same speed as the reference?"),
    (re.compile(r"^(?:does|do|did) (?:it|the clocks?|the clip|the timing) drift\W*$", re.IGNORECASE),
     "Is it the same speed as the reference?"),
    (re.compile(r"^(?:which|what) (?:itu |iso |etsi )?(?:standards?|recommendations?)\b.*$", re.IGNORECASE),
     "What does MOS mean?"),
)  # fmt: skip


def reworded(text: str) -> str:
    """A text as it is read: "I think it's noisy. Do you agree?" is "Is it noisy?", "Longest gap?" "How long is the
    longest gap?"; as it was where nothing of this kind is in it.
    """
    text = text.replace("’", "'")
    if agreed := _AGREE.match(text):
        text = _asked(agreed["said"]) or text
    if (pretence := _PRETENCE.match(text)) and not _MENDED.search(pretence[0]):
        text = text[pretence.end() :]
    if ranked := _RANKED.match(text):
        when = ranked[1].lower() not in ("longest", "shortest", "biggest")
        text = f"{'When is' if when else 'How long is'} the {ranked[1].lower()} {ranked[2]}?"
    for theirs, ours in _OURS:
        text = theirs.sub(ours, text)
    return text


def _asked(said: str) -> str:
    """A statement as a question; empty where it is none that can be turned round."""
    said = _OPINION.sub("", said.strip())
    if score := _OWN_SCORE.match(said):
        return f"Is the MOS {score[1] or score[2]}?"
    for pattern, form in _STATED:
        if match := pattern.match(said):
            return form.format(*(part[:1].lower() + part[1:] for part in match.groups()))
    return ""
