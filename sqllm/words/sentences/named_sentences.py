"""Sentences about what a question names itself: the reference, single drop-outs, decibels, parts, figures, sounds."""

from __future__ import annotations

from sqllm.words.sentences.phrasing import Sentences
from sqllm.words.sentences.scope_sentences import MEASURED

_ASPECTS: Sentences = {
    "against-reference": {
        "level alike": ("the level is that of the reference, {level} of active speech against {other}",),
        "level more": ("the clip is {away} louder than its reference: {level} of active speech against {other}",),
        "level less": ("the clip is {away} quieter than its reference: {level} of active speech against {other}",),
        "noise alike": ("the clip is no noisier than its reference: a noise floor of {floor} against {other}",),
        "noise more": ("the clip is noisier than its reference: a noise floor of {floor} against {other}",),
        "noise less": ("the clip is less noisy than its reference: a noise floor of {floor} against {other}",),
        "width alike": ("the bandwidth is that of the reference: {width} against {other}",),
        "width more": ("the clip is wider than its reference: {width} against {other}",),
        "width less": ("the clip is narrower than its reference: {width} against {other}",),
        "length alike": ("clip and reference are of one length: {seconds} against {other}",),
        "length more": ("the clip is {away} longer than its reference: {seconds} against {other}",),
        "length less": ("the clip is {away} shorter than its reference: {seconds} against {other}",),
        "speed alike": ("I find no change of speed against the reference",),
        "speed more": ("the clip runs {drift} faster than its reference",),
        "speed less": ("the clip runs {drift} slower than its reference",),
        "clipped alike": ("the reference has as many clipped samples: {clipped} here, {other} there",),
        "clipped more": ("more is clipped than in the reference: {clipped} of the samples here, {other} there",),
        "clipped less": ("less is clipped than in the reference: {clipped} of the samples here, {other} there",),
        "lag alike": ("clip and reference are in time",),
        "lag more": ("most of the clip comes {lag} later than in its reference",),
        "lag less": ("most of the clip comes {lag} earlier than in its reference",),
    },
    "of-reference": {
        **{
            case: tuple(f"in the reference, {template}" for template in templates)
            for case, templates in MEASURED["measurement"].items()
        },
        "unrated": ("I rated the clip and not its reference: give me the reference as a clip to have it rated",),
        "unknown": ("I can't tell, as nothing was measured of the reference",),
    },
}
_LOSSES: Sentences = {
    "cut-out": {
        "once": ("about {cut} of the reference are cut out, near {at}",),
        "often": ("about {cut} of the reference are cut out at {count} places, the first near {at}",),
    },
    "added": {"some": ("where the reference is silent, there is sound in {places}: {list}",)},
    "losses": {
        "nothing lost": (
            "nothing is lost: I find no speech of the reference that is gone from the clip, and no drop-outs",
        ),
        "covered": (
            "I find no speech of the reference that is gone, though I hear drop-outs in {places}, {total} in all: "
            "{list}",
        ),
        "share": ("{share} of the reference's speech is gone, {total} in {places}: {list}",),
        "share alone": ("that is {share} of its speech",),
        "share cut": (
            "{share} of the reference's speech is gone, what is cut out included; where the clip goes on without it, "
            "{total} in {places}: {list}",
        ),
        "share packets": (
            "I can't tell a rate of packets; what I can tell is that {share} of the reference's speech is gone, "
            "{total} in {places}: {list}",
        ),
        "share concealed": (
            "{share} of the reference's speech is gone with nothing in its place; I hear drop-outs in {places}, "
            "{total} in all, filled ones included: {list}",
        ),
        "share packets concealed": (
            "I can't tell a rate of packets; what I can tell is that {share} of the reference's speech is gone with "
            "nothing in its place, and that I hear drop-outs in {places}, {total} in all: {list}",
        ),
        "none": ("I hear no drop-outs",),
        "unknown speech": (
            "without a reference I can't tell how much speech is gone; what I can tell is that I hear drop-outs in "
            "{places}, {total} in all: {list}",
        ),
        "unknown packets": (
            "I can't tell a rate of packets; what I can tell is that I hear drop-outs in {places}, {total} in all: "
            "{list}",
        ),
        "longest": ("the longest of the drop-outs lasts about {length}: {span}",),
        "shortest": ("the shortest of the drop-outs lasts about {length}: {span}",),
        "first": ("the first of the drop-outs is at {span}, about {length} long",),
        "last": ("the last of the drop-outs is at {span}, about {length} long",),
        "nth": ("the {nth} of the drop-outs is at {span}, about {length} long",),
        "two": (
            "the {nth} of the drop-outs lasts about {length}, {span}, and the {other_nth} about {other_length}, "
            "{other_span}",
        ),
        "only": ("there is one drop-out, about {length} long: {span}",),
        "total": ("the drop-outs last about {total} together, in {places}: {list}",),
        "each": ("drop-outs in {places}, {total} in all: {list}",),
        "steps": ("the drop-outs in {places} begin between {least} and {most} s after each other: {list}",),
        "inside": ("between {from} and {to} s I hear drop-outs in {places}: {list}",),
        "none inside": ("between {from} and {to} s I hear no drop-outs",),
        "pause": ("the longest of {count} stretches without speech lasts {length}: {span}",),
        "no pause": ("there is no stretch without speech that I could tell",),
    },
}
_LEVELS: Sentences = {
    "decibels": {
        "raise": ("raise it by {away}: it has {level} of active speech, and {usual} is wanted",),
        "lower": ("lower it by {away}: it has {level} of active speech, and {usual} is wanted",),
        "right raise": ("it needs none, as the level is right: {level}, which is {away} below {usual}",),
        "right lower": ("it needs none, as the level is right: {level}, which is {away} above {usual}",),
        "there": ("by none: it has {level} of active speech, and {usual} is wanted",),
    },
    "steady-level": {
        "steady": ("the level is steady: I hear no level changes",),
        "changes": ("the level is not steady: I hear {fault}",),
        "doubted": ("the level may not be steady: {fault}, without being sure",),
    },
    "noise-level": {
        "heard": ("the noise floor is at {floor}, {below} below the speech, and I hear {fault}",),
        "unheard": ("the noise floor is at {floor}, {below} below the speech, and I hear no noise",),
    },
    "measured-fault": {
        "clipped heard": ("{clipped} of the samples are clipped, and I hear {fault}",),
        "clipped unheard": ("{clipped} of the samples are clipped, though I don't hear it",),
        "width": ("the sound ends at {width}", "its bandwidth is {width}"),
        "beyond hearing": ("I can't tell: I listen up to 8 kHz only",),
    },
}
_PARTS: Sentences = {
    "windows": {
        "below": ("the MOS is below {limit} in {count} of {all} windows: {list}",),
        "above": ("the MOS reaches {limit} in {count} of {all} windows: {list}",),
        "below none": ("the MOS is below {limit} in none of the {all} windows",),
        "above none": ("the MOS reaches {limit} in none of the {all} windows",),
    },
    "best-time": {
        "window": ("from {from} to {to} s: MOS {there} there, {mos} over the whole clip",),
        "constant": (
            "nowhere in particular: the highest part, from {from} to {to} s, has MOS {there} and the whole clip {mos}",
        ),
        "whole": ("I can't tell: I rate so short a clip as a whole, with MOS {mos}",),
    },
    "parts": {
        "better": ("MOS {one} from {one_span} is better than {other} from {other_span}",),
        "worse": ("MOS {one} from {one_span} is worse than {other} from {other_span}",),
        "alike": ("both are about the same: MOS {one} from {one_span} and {other} from {other_span}",),
        "whole": ("I can't tell: I rate so short a clip as a whole, with MOS {mos}",),
    },
}
_FIGURES: Sentences = {
    "listeners-for": {
        "width": (
            "about {needed} listeners for a mean vote that is good to ±{width} ({percent}), as one vote lies {sd} "
            "points from the mean as a rule",
        ),
        "difference": (
            "about {needed} listeners for each of two clips that are {gap} apart ({percent}), as one vote lies {sd} "
            "points from the mean as a rule",
        ),
    },
    "votes": {
        "one": ("about {share} of listeners would vote {vote}, as votes spread around a MOS of {mos}",),
        "more": ("about {share} of listeners would vote {vote} or more, as votes spread around a MOS of {mos}",),
        "less": ("about {share} of listeners would vote {vote} or less, as votes spread around a MOS of {mos}",),
    },
    "odds": {
        "above": ("with a probability of {percent} it is above {limit}; my best guess is {score}",),
        "below": ("with a probability of {percent} it is below {limit}; my best guess is {score}",),
    },
    "dimensions": {
        "lowest": ("the {name} is lowest, at {score}; from there up: {list}",),
        "highest": ("the {name} is highest, at {score}; from there down: {list}",),
        "order": ("from the lowest up: {list}",),
        "rescaled": ("the {name} of {score} is {value}, if 1 to 5 is stretched to {range}; no standard says so",),
        "one word": ("{word}",),
        "nisqa": (
            "I can't give NISQA, which is another model with the same five dimensions; mine are MOS {mos}, noisiness "
            "{noisiness}, coloration {coloration}, discontinuity {discontinuity}, loudness {loudness}",
        ),
    },
}
_SCOPE: Sentences = {
    "talkers": {
        "one": ("one, as far as I can tell: I hear no second voice",),
        "more": ("more than one: I hear {fault}",),
        "doubted": ("one for sure, {fault}",),
    },
    "sound": {
        "heard": ("I can't tell {sound} from other sounds; what I can tell is that I hear {fault}",),
        "nothing": ("I can't tell {sound} from other sounds, and no fault that I know stands out",),
    },
    "long-enough": {
        "enough": ("it is long enough to be rated: {seconds} with {speech} of speech",),
        "short": ("scores of so short a clip are uncertain: {seconds} with {speech} of speech",),
    },
    "caution": {"short": ("scores of a clip of {seconds} are uncertain",)},
}
NAMED: Sentences = {**_ASPECTS, **_LOSSES, **_LEVELS, **_PARTS, **_FIGURES, **_SCOPE}
