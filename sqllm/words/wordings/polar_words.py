"""Words that say which way a question is asked: for a family's plain question, or for its opposite.

Phrases of several words come first where one holds another. Endings are taken off before words are looked up
(`words.polarity`), so that "annoy" stands for "annoying" and "annoyed" too.
"""

from __future__ import annotations

from collections.abc import Mapping

# What turns the word behind it round; and what does so as a part of a word, or behind one ("echo-free").
NEGATORS = frozenset(
    "not no never nothing nobody none without lack lacks lacking devoid cannot neither nor hardly free absent gone "
    "vanished disappeared rid spared unaffected untouched clear below beyond".split()
)
NEGATING_PHRASES = ("rule out", "ruled out", "anything but", "far from", "safe from", "clean of", "clean from")
BEHIND = frozenset("free absent gone vanished disappeared".split())  # they turn what stands before them round

GOOD = frozenset(
    "good great fine ok okay acceptable accept adequate sufficient suffice usable useable decent tolerable tolerate "
    "passable pass perfect excellent satisfactory satisfied satisfy content happy pleasant pleased enjoy "
    "enjoyable nice comfortable suitable suited fit professional reasonable respectable presentable bearable "
    "listenable serviceable ready approve approved alright worth worthy clean clear natural "
    "smooth steady crisp flawless spotless pristine intact undamaged perfectly recommend commendable solid "
    "well meet meets reach clears suits impress impressive convincing qualify qualifies sound-proof fault-free usably "
    "sharp undistorted unimpaired transparent lovely superb cut-it effortless effortlessly easy easily".split()
)
BAD = frozenset(
    "bad poor awful terrible horrible lousy crap crappy garbage rubbish trash junk unusable unacceptable useless "
    "annoy irritate irritating disturb bother tire tired tiring tiresome fatigue fatiguing weary exhausting painful "
    "hurt unpleasant ugly reject refuse refused complain complaint hopeless insufficient inadequate unsuitable unfit "
    "substandard fail failure disappoint unsatisfactory intolerable unbearable unlistenable unprofessional dreadful "
    "dire shoddy mediocre amateurish disaster mess disgrace embarrass suck stink scrap discard delete bin "
    "re-record rerecord re-recording rerecording redo redone retake discarded withdraw repeat dump problem "
    "problematic issue trouble wrong damaged degraded broken faulty defective unhappy dissatisfied dissatisfying angry "
    "grating nasty offensive offputting off-putting jarring strenuous stressful worse hate dislike unnatural unclean "
    "unclear worthless weak rotten harsh atrocious abysmal pathetic ghastly worn grim appalling unworthy objectionable "
    "distracting distract obtrusive intrusive shabby miserable criticise criticize ashamed replaced".split()
)
BAD_PHRASES = (
    "hang up",
    "switch off",
    "switch it off",
    "turn off",
    "turn it off",
    "turned down",
    "put off",
    "put people off",
    "fall short",
    "falls short",
    "give up",
    "walk away",
    "drive people away",
    "throw away",
    "throw it away",
    "throw it out",
    "thrown out",
    "stop listening",
    "record it again",
    "record this again",
    "record again",
    "recorded anew",
    "do it again",
    "another take",
    "a better recording",
    "a new recording",
    "below standard",
    "below par",
    "too low",
    "not good enough",
    "no good",
    "get on my nerves",
    "wear me out",
    "skip it",
    "low quality",
    "quite low",
    "really low",
    "unacceptably low",
)
GOOD_PHRASES = (
    "put up with",
    "live with",
    "good to go",
    "up to scratch",
    "up to par",
    "up to standard",
    "up to snuff",
    "make the cut",
    "make the grade",
    "cut it",
    "make do",
    "high quality",
)

# What one does with a clip that will do.
ACTIONS = frozenset(
    "use used keep kept publish published release released ship send sent deliver submit upload post air accept play "
    "give hand sign go run put take do stay leave done".split()
)

# Of other families: what asks for the plain question, and what for its opposite.
PLAIN: Mapping[str, frozenset[str]] = {
    "intelligibility": frozenset(
        "understand understood understandable intelligible comprehensible comprehend follow clear clearly easy easily "
        "legible audible decipherable plain distinct catch".split()
    ),
    "constancy": frozenset(
        "same constant constantly steady stable consistent uniform even unchanged unchanging equally hold homogeneous "
        "unvarying throughout regular".split()
    ),
    "confidence": frozenset(
        "sure certain confident reliable trust trustworthy right correct accurate dependable safe precise exact "
        "convinced".split()
    ),
    "agreement": frozenset("agree same unanimous consensus alike accord agreed concur".split()),
    "distinguishable": frozenset("tell distinguish hear notice difference differ spot detect distinguishable".split()),
    "same-reference": frozenset("same match matches fit fits belong right correct identical".split()),
    "speech-share": frozenset("speech talk talking speak speaking voice speaker talker someone somebody".split()),
}
OPPOSITE: Mapping[str, frozenset[str]] = {
    "intelligibility": frozenset(
        "hard difficult tough tricky impossible struggle strain effort guess unintelligible incomprehensible unclear "
        "garbled mumbled slurred indistinct unfollowable concentrate misunderstand mishear miss trouble difficulty "
        "muddy mushy mangled fight fail".split()
    ),
    "constancy": frozenset(
        "change vary varying fluctuate drift uneven inconsistent deteriorate degrade improve worse better decline "
        "waver differ different unstable unsteady variable swing wander worsen".split()
    ),
    "confidence": frozenset(
        "unsure uncertain doubt doubtful wrong mistaken guess guessing unreliable inaccurate off shaky".split()
    ),
    "agreement": frozenset(
        "disagree differ divided split argue controversial divisive disagreement debatable diverge quarrel dispute "
        "contentious polarising polarizing".split()
    ),
    "distinguishable": frozenset(
        "transparent indistinguishable identical inaudible same mistake mistaken negligible lossless undetectable imperceptible "
        "unnoticed fool".split()
    ),
    "same-reference": frozenset(
        "wrong different other another mismatch mismatched unrelated mixed mix swap swapped".split()
    ),
    "speech-share": frozenset("empty silent silence blank mute soundless".split()),
}
# Of a level: what asks whether it is off on a side, and whether it is not.
LEVEL_OFF: Mapping[str, frozenset[str]] = {
    "too-quiet": frozenset("quiet soft low faint weak silent inaudible far".split()),
    "too-loud": frozenset("loud high hot strong deafening blaring".split()),
    "both": frozenset("wrong off bad problem poor inappropriate extreme".split()),
}
LEVEL_RIGHT: Mapping[str, frozenset[str]] = {
    "too-quiet": frozenset("loud high strong sufficient adequate enough hear audible".split()),
    "too-loud": frozenset("quiet soft low".split()),
    "both": frozenset(
        "right ok okay fine good appropriate correct normal comfortable suitable adequate proper optimal alright well "
        "ideal nominal pleasant".split()
    ),
}
