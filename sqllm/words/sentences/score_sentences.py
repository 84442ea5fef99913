"""Sentences about scores, verdicts, panels and other scales, by family and case; a slot is a fact's name.

Each begins in lower case: a "yes" or "no" may come before it.
"""

from __future__ import annotations

from sqllm.words.sentences.phrasing import Sentences

SCORES: Sentences = {
    "mos-numeric": {
        "score": (
            "MOS {mos}",
            "I would give it {mos}",
            "the MOS is {mos}",
            "{mos}",
            "the MOS is {mos}, {word} on the five-point scale",
            "MOS {mos}, which is {word}",
        )
    },
    "dim-numeric": {
        "score": (
            "{name} {score}",
            "I rate the {name} {score}",
            "the {name} is at {score}, {word} on its scale",
        )
    },
    "dim-categorical": {
        "score": ("{word}", "the {name} is {word}", "the {name} is {word}, at {score}", "{word}, with {score}")
    },
    "multi-dim": {
        "scores": (
            "MOS {mos}, noisiness {noisiness}, coloration {coloration}, discontinuity {discontinuity}, "
            "loudness {loudness}",
        )
    },
    "acceptability": {
        "enough": (
            "the MOS is {mos}, and at least {limit} will do",
            "it is acceptable: MOS {mos}, and that takes at least {limit}",
            "the MOS of {mos} is enough, as it takes at least {limit}",
        ),
        "short": (
            "the MOS is {mos}, where at least {limit} would do",
            "it is not acceptable: MOS {mos}, and that takes at least {limit}",
            "the MOS of {mos} is not enough, as it takes at least {limit}",
        ),
    },
    "use": {
        "enough": (
            "good enough for {use} with a MOS of {mos}",
            "{use} takes at least {limit} and this has MOS {mos}",
            "for {use} at least {limit} is needed, and this has MOS {mos}",
        ),
        "short": (
            "not good enough for {use} with a MOS of {mos}",
            "{use} takes at least {limit} and this has only MOS {mos}",
            "for {use} it should have at least {limit}, and it has MOS {mos}",
        ),
        "unknown": (
            "I can't tell, as I know no limit for {asked}: I know what is needed for {uses}. It has MOS {mos}, {word}",
        ),
    },
    "reason": {
        "fault": ("I hear {faults}", "the main problem is {faults}", "it suffers from {faults}"),
        "doubted": ("I hear {faults}", "if anything disturbs, it is {faults}", "the cause is {faults}"),
        "low": ("I hear {low}", "the main problem is {low}", "it suffers from {low}", "what stands out is {low}"),
        "unnamed": ("{unnamed}",),
        "clean": ("{clean}",),
        "faultless": ("{faultless}",),
    },
    "fine": {
        "fine": (
            "{praise}",
            "what is good: {praise}",
            "on the good side, {praise}",
            "{praise}: that is the best of it",
        ),
        "best": (
            "the best of it is the {name} at {score}",
            "the {name} comes off best, at {score}",
            "most is left of the {name}: {score}",
        ),
        "little": (
            "little: the best of its dimensions is {name}, and that is at {score} only",
            "not much, as even the best dimension, {name}, gets no more than {score}",
        ),
    },
    "confidence": {
        "sure": (
            "the {name} of {score} lies between {low} and {high} with a probability of {percent}",
            "I am {percent} sure that the {name} lies between {low} and {high}; my best guess is {score}",
            "fairly sure: {percent} of the probability of the {name} lies between {low} and {high}, around {score}",
        ),
        "unsure": (
            "the {name} of {score} is uncertain: it lies between {low} and {high} with a probability of {percent}",
            "I am not very sure of the {name}: {score}, but anything from {low} to {high} is likely ({percent})",
        ),
        "fault": (
            "I am {percent} sure that I hear {bare}",
            "I hear {bare}, with a probability of {percent}",
        ),
        "doubted": (
            "the probability of {fault_name} is only {percent}, so I say {bare}",
            "unsure: {bare}, with a probability of {percent}",
        ),
        "absent": (
            "I hear no {asked}: it is less likely to be there than not",
            "I would not name any {asked}, as it is more likely absent than there",
        ),
    },
    "agreement": {
        "agree": (
            "votes stay close together: {share} of listeners would vote {vote}, and {near} within one point of it",
            "about {share} of a panel would give it {vote} and {near} a vote within one point of that",
        ),
        "differ": (
            "votes would spread by {sd} points around their mean: {share} would vote {vote}, the rest otherwise, "
            "though {near} within one point of it",
            "people would differ: no more than {share} would give the most frequent vote, {vote}, and one vote lies "
            "{sd} points from the mean as a rule",
        ),
        "spread": (
            "one vote lies {sd} points from the mean as a rule: {share} would vote {vote}, and {near} within one point "
            "of it",
        ),
    },
    "listeners-needed": {
        "needed": (
            "about {needed} listeners: the mean of their votes is then good to {within}, at {percent}",
            "with {needed} listeners the mean vote is good to {within} points ({percent} interval)",
        ),
        "enough": (
            "with {listeners} listeners the mean vote is good to {width}, and {needed} are enough for {within} "
            "({percent})",
        ),
        "few": (
            "with {listeners} listeners the mean vote is good to {width} only; for {within} it takes {needed} "
            "({percent})",
        ),
    },
    "distinguishable": {
        "identical": (
            "nothing differs: clip and reference are identical",
            "clip and reference are identical, so there is nothing to tell apart",
        ),
        "told": (
            "{listeners} listeners would tell it from the original: MOS {mos} is clearly below the {top} that clean "
            "speech gets",
            "a panel of {listeners} would hear the difference, with MOS {mos} against the {top} of clean speech",
        ),
        "alike": (
            "the votes of {listeners} listeners would hardly tell it from the original: MOS {mos}, and clean speech "
            "gets {top}",
        ),
        "told without": (
            "as far as I can tell: I have no original to compare with, but MOS {mos} is clearly below the {top} "
            "that clean speech gets from {listeners} listeners",
        ),
        "alike without": (
            "as far as I can tell: I have no original to compare with, but MOS {mos} is as good as the {top} that "
            "clean speech gets from {listeners} listeners",
        ),
    },
}

_DECLINED = "on the five-point scale it has MOS {mos}"
SCALES: Sentences = {
    "other-scale": {
        "percent": (
            "{percent} of 100, if 1 to 5 is stretched to 0 to 100: that is MOS {mos} on a line, and no standard scale",
        ),
        "ten": ("{ten} of 10, if 1 to 5 is stretched to 1 to 10: that is MOS {mos} on a line, and no standard scale",),
        "stars": ("{stars} of 5 stars, from a MOS of {mos}", "I would give it {stars} stars of 5: the MOS is {mos}"),
        "grade": ("{word}, in the words of the five-point scale: MOS {mos}", "{word} is its grade, at MOS {mos}"),
        "good-or-better": (
            "about {share} of listeners would call it good or better, as votes spread around a MOS of {mos}",
            "good or better: {share}, from the votes that a panel gives around MOS {mos}",
        ),
        "poor-or-worse": (
            "about {share} of listeners would call it poor or worse, as votes spread around a MOS of {mos}",
            "poor or worse: {share}, from the votes that a panel gives around MOS {mos}",
        ),
        "sig": (
            "I can't give SIG, which I don't rate by P.835; nearest to it are coloration {coloration} and "
            "discontinuity {discontinuity}, beside MOS {mos}",
        ),
        "bak": ("I can't give BAK, which I don't rate by P.835; nearest to it is noisiness {noisiness}, MOS {mos}",),
        "ovrl": ("I can't give OVRL, which I don't rate by P.835; nearest to it is the MOS, {mos}",),
        "dmos": (
            "about {dmos}: MOS {mos} less what clean speech gets, plus 5, as for hidden references",
            "a DMOS of about {dmos}, from MOS {mos} against that of clean speech; I did not ask for degradation itself",
        ),
        "dmos declined": (f"I can't tell: a DMOS takes a reference of the same speech, and I have none; {_DECLINED}",),
        "r-factor": (
            "R is about {r}, the rating whose MOS is {mos} by the formula of G.107 for narrow band; delay is not in it",
        ),
        "r-factor declined": (
            "I can't tell: the formula of G.107 ends at a MOS of 4.5, and this has MOS {mos}, which is above",
        ),
        "mushra declined": (
            f"I can't tell: MUSHRA compares with a hidden reference and anchors that one clip has not; {_DECLINED}",
        ),
        "ccr declined": (f"I can't tell: CCR votes compare two clips, and this is one; {_DECLINED}",),
        "pesq declined": (f"I can't tell: PESQ is another model, computed with a reference; {_DECLINED}",),
        "polqa declined": (f"I can't tell: POLQA is another model, computed with a reference; {_DECLINED}",),
        "visqol declined": (f"I can't tell: ViSQOL is another model, computed with a reference; {_DECLINED}",),
        "stoi declined": (
            f"I can't tell: STOI predicts intelligibility and is computed with a reference; {_DECLINED}",
        ),
        "wer declined": (f"I can't tell: a WER takes a recogniser and the words that were said; {_DECLINED}",),
        "si-sdr declined": (f"I can't tell: SI-SDR is computed from the clean signal; {_DECLINED}",),
        "other declined": (f"I can't tell that scale; {_DECLINED}",),
    }
}
