"""The words that `free_text` knows, as regular expressions that begin at the beginning of a word."""

from __future__ import annotations

import re
from collections.abc import Mapping


def _any(*words: str) -> str:
    """One pattern of several; `*` is any ending, and a word without one ends there."""
    return "|".join(re.sub(r"(?<!\\w)\*", r"\\w*", word) + ("" if word.endswith("*") else r"\b") for word in words)


THINGS: Mapping[str, str] = {
    "noisiness": _any(
        *("nois*", "hiss*", "hum", "hums", "humming", "buzz*", "rustl*", "static", "crackl*", "clicks?", "pops?"),
        *("rumbl*", "babbl*", "background*", "whir*", "whistl*", "silence"),
        "sounds? (?:besides?|behind|except|other than)",
    ),
    "discontinuity": _any(
        *("gaps?", "drop.?outs?", "dropped words?", "stutter*", "interrupt*", "chopp*", "cut.?outs?", "break.?ups?"),
        *("(?:lost|missing|cut) (?:words?|syllables?|packets?|speech)", "glitch*", "holes?", "breaks", "jitter*"),
        *(
            "skips?",
            "skipping",
            "(?:words?|syllables?) (?:are|is|go|going|get) (?:missing|lost|cut)",
            "cuts",
            "packet.?loss*",
        ),
        *("(?:words?|syllables?) (?:drop|vanish|disappear)*", "every break", "breaks? in", "without (?:any |a )?break"),
    ),
    "coloration": _any(
        *("muffl*", "tinn*", "distort*", "colou?r*", "metallic*", "codec*", "robot*", "dull*", "boom*", "artifact*"),
        *("artefact*", "compress*", "reverb*", "echo*", "timbre*", "narrow.?band", "unnatural*", "clipping"),
    ),
    "loudness": _any(
        *("quiet (?:speech|voices?|recordings?|talkers?|calls?)", "too (?:quiet|loud|soft)", "loud*", "volume"),
        *("faint*", "level (?:jumps?|changes?)"),
    ),
}
MINDS = _any(
    *(
        "hat(?:e|es|ed|ing)",
        "(?:can'?t|cannot|can (?:hardly|barely)) (?:stand|bear|take|tolerate|abide|concentrate|focus|relax|cope)",
        "sensitive",
        "allergic",
        "annoy*",
    ),
    *("irritat*", "bother*", "disturb*", "upset*", "dislik*", "detest*", "loath*", "despis*", "minds?", "minding"),
    *("cares?", "caring", "fuss*", "picky", "intoleran*", "distract*", "complain*", "nervous", "objects?"),
    *("notices?", rf"hears every(?= (?:{'|'.join(THINGS.values())}))", "put off", "fear*", "aware of"),
    *("spoil*", "ruin*", "unbearabl*", "painful*", "furious", r"rag(?:es?|ing) (?:about|at|over)"),
    *("attentive", "matters?", "(?:no|zero) (?:patience|tolerance)", "enem(?:y|ies) of"),
    *(r"driv\w+ (?:[\w']+ ){0,3}(?:mad|crazy|nuts)", r"(?:get|grat)\w* on (?:[\w']+ ){0,3}nerves?"),
    r"(?:want|need|expect|demand)\w* (?:no|silence|(?:\w+ )?without)",
)
FORGIVES = _any(
    *("ignor*", "toleran*", "tolerat*", "accept*", "forgiv*", "indifferen*", "used to", "(?:fine|ok|okay) with"),
    *("immun*", "put(?:s|ting)? up with", "likes?", "loves?", "enjoy*", "overlook*", "unfazed", "relaxed about"),
    *("insensitive", "happy with", "fans? of", "accustomed", "shrug*", "unbothered", "undisturbed", "lives? with"),
    *("deaf to", "(?:is|are) (?:fine|ok|okay)", "no (?:problem|issue|matter|worry)"),
)
NOT = (
    r"\b(?:"
    + _any(
        *("not", "no", "never", "unlikely", "neither", "(?:does|do|is|are|was|wo|would)n'?t", "hardly", "barely"),
        *("rarely", "scarcely", "without", "(?:cannot|can'?t) be", "free of"),
    )
    + ")"
)
TURNS_BEFORE = _any("can'?t", "cannot", "unable", "fails?", "less", "least")
TURNS_BEHIND = _any("neither", "nothing", "less than", "little", "least")
STRONG = _any(
    *("very", "extreme*", "really", "hate*", "can'?t", "cannot", "loath*", "detest*", "allergic", "absolutely"),
    *("terribl*", "highly", "far more"),
)
ALTOGETHER = _any("at all", "never", "immun*", "completely", "totally")
SLIGHT = _any("slight*", "a (?:little|bit)", "somewhat", "rather", "fairly", "mild*", "quite")
STRICT = _any(
    *("forgives? (?:nothing|no)", r"takes? (?:[\w']+ )?amiss", r"marks? (?:[\w']+ )?down"),
    *("trained (?:listener|ear|to)*", "finds? (?:all |every )?faults?"),
    *("severely", "severe$", "severe (?:and |but )?(?:trained|listener|judge)*"),
    *("strict*", "critical*", "critics?", "demanding", "severe (?:judg*|rat*|expert|critic)", "expert*", "picky"),
    *("pedant*", "harsh*", "(?:audio|sound|studio|acoustic*) (?:engineer|professional)s?", "fuss[yi]*", "audiophile*"),
    *("merciless*", "golden ears?", "hard.to.please", "high standards?", "perfectionist*", "choosy", "exacting"),
    "rates? (?:low|hard|strict)*",
)
LENIENT = _any(
    *("lenient*", "easy.?going", "easily (?:pleased|satisfied)", "generous*", "forgiving", "uncritical*"),
    *("undemanding", "kind (?:rater|judge)", "rates? (?:high|kind|generous)*", "tolerant", "low standards?"),
    *("content (?:as|with|if|when)", "kindly", r"gives? (?:\w+ )?(?:five stars|(?:top|full) marks)(?! only)"),
    *(r"(?:hardly|barely) listens? for", "easy.to.please"),
    *("happy with (?:almost )?(?:anything|everything)", "patient", "casual listener", "good.natured"),
)
_DEAF = (
    r"(?!packet|frame|speech|word|signal|data|quality)(?:\w+ )?"
    r"(?:deaf\w*|hard.of.hearing|hearing.?(?:loss|impair\w*|trouble|problem\w*)|impaired hearing|sensorineural loss"
    r"|loss(?= (?:at|above|in|of) (?:the )?(?:high|treble|hearing)|\s?$| is rating))"
)
# The profile that hears so; what stands first is looked for first.
HEARS: Mapping[str, str] = {
    "severe-hearing-loss": _any(
        f"(?:sever\\w*|profound\\w*|nearly|almost|practically|very|stone|steep\\w*) {_DEAF}",
        *("deaf as a post", "hears? almost nothing", r"(?:little|no|hardly any) hearing (?:left|above|at all)"),
        r"(?:very little|(?:next to|almost) no|hardly any) hearing(?! \w)",
        *(r"ears? (?:[\w']+ ){0,3}(?:nearly|almost|all but) gone", "power aids?", "strong(?:est)? (?:hearing.?)?aids?"),
        r"(?:hardly|barely) hears? (?:\w+ ){1,3}at all",
    ),
    "mild-hearing-loss": _any(
        f"(?:slight\\w*|mild\\w*|a (?:little|bit)|somewhat|partly|partially|early|beginning) {_DEAF}",
        *("hears? (?:a (?:little|bit) )?less", "small hearing.?aids?", "misses (?:soft|faint|quiet|high)"),
        r"hearing (?:\w+ )?(?:weaken|fad|declin|worsen)\w* (?:a (?:little|bit)|slightly|somewhat)",
        r"lost (?:some|a (?:little|bit)|part)(?: of)?(?: (?:his|her|their|the))? hearing",
        r"ears? (?:[\w']+ ){0,3}a (?:little|bit) dull",
    ),
    "hearing-impaired": _any(
        *("deaf*", "hard.of.hearing", "hearing.?(?:loss|impair*|aids?|trouble|problem*)", "impaired hearing"),
        r"(?:no longer|unable to|can'?t|cannot|hardly|barely|do(?:es)?n'?t) hears? (?:\w+ )?(?:well|much|high|treble)",
        *("presbycusis", "cochlea*", "hear(?:s|ing)? (?:badly|poorly)", "hearing is (?:bad|poor|weak|failing)"),
        *("(?:bad|poor|weak|reduced|diminished|damaged) hearing", "sensorineural"),
        *(
            r"hearing \w+ (?:weaken|fad|declin)*",
            r"hearing (?:got|gets|is getting|has become|became) (?:worse|bad|poor)",
        ),
        *(r"ears? (?:is|are) (?:\w+ )?(?:damaged|bad|poor|weak|failing|dull)", r"lost (?:\w+ ){0,3}hearing"),
        r"(?:can'?t|cannot|unable to) (?:follow|understand) (?:[\w']+ ){1,3}without",
    ),
    "laptop-speaker": _any(
        *("laptops?", "notebooks?", "macbooks?", "built.?in speakers?", "computer speakers?"),
        *("(?:thin|small|portable) computers?", r"(?:loud)?speakers? (?:\w+ ){0,2}built in*"),
    ),
    "street-noise": _any(
        *("streets?", "traffic", "outdoors?", "(?:busy|main) roads?", "roads?", "bus stops?", "in the city"),
        "(?:in|on) (?:an?|the|their|his|her|my) (?:noisy )?(?:bus|car|train|tram|subway)",
        *("commut*", "walking", "crowd*", "driving", "vehicles?", "passing cars?"),
        *("airports?", "stations?", "underground", "metro"),
        r"(?:noisy|loud) (?:\w+ )?(?:places?|rooms?|offices?|wards?|cars?|bus|pubs?|bars?|caf\w+|factory)",
    ),
    "phone-speaker": _any(
        *("(?:tele)?phones?", "handsets?", "landlines?", "mobiles?", "cell ?phones?", "smartphones?", "earpieces?"),
        *("narrow.?band", "telephony", "passes no bass", "speaker.?phones?"),
    ),
    "quiet-headphones": _any(
        *("head.?phones?", "ear.?(?:buds?|phones?)", "in.?ears", "(?:quiet|silent) room", "at night"),
        *("studio monitors?", "late night", "quiet (?:place|office|study|surroundings)"),
    ),
}
HEARS_WELL = (
    rf"{NOT}(?: \w+)? (?:deaf|hard.of.hearing|hearing.?(?:loss|impair))|\b(?:normal|good|perfect) (?:hearing|ears)\b"
    r"|\bhearing is (?:fine|good|normal|perfect|ok)\b"
)
SPLIT = r"[,;.:!?()\n]+|\b(?:but|yet|though|although|who|while|whereas|however)\b"
_SAY_NOTHING = (
    *("an?", "the", "is", "are", "am", "i", "he", "she", "they", "it", "this", "that", "and", "or", "nor", "my", "his"),
    *("her", "their", "listeners?", "people", "person", "someone", "somebody", "one", "user", "rater", "with", "of"),
    *("to", "for", "in", "on", "at", "also", "like", "just", "by", "about", "from", "gets?"),
)
FILLERS = rf"\b(?:{'|'.join(_SAY_NOTHING)})\b"
ASIDE = (
    r"\b(?:behind|around|between|more|less|than|most|others?|all|when|does|do|me|us|them|voices?|speech|sounds?|tones?|late|uses?|using"
    + (r"|hears?|hearing|listen\w*|too|old|cheap|small|good|noisy|much|so|be|only|easily|any|it)\b")
)


def search(pattern: str, text: str) -> re.Match[str] | None:
    """Where a pattern first begins with a word of a text."""
    return re.search(rf"\b(?:{pattern})", text)
