"""Sentences about faults and about what happens when, by family and case; a slot is a fact's name.

Beside facts there are slots of the faults to name: `fault` (the first one, with its place), `bare` (without), `other`
(the second, without), `faults` (all, the first with its place), `fault_name`, `severity`, `when` (its place alone).
"""

from __future__ import annotations

from sqllm.words.sentences.phrasing import Sentences

_UNKNOWN = (
    "I can't tell: that is no fault that I was trained to hear; what I can tell is that I hear {faults}",
    "I can't tell, as I don't know that fault; what I do hear is {faults}",
)
_UNKNOWN_NONE = ("I can't tell: that is no fault that I was trained to hear; none that I know stands out",)
FAULTS: Sentences = {
    "dominant": {
        "certain": ("{fault}", "the main problem is {fault}", "it is {fault}", "above all I hear {fault}"),
        "doubted": ("{fault}", "the main problem is {fault}", "it is {fault}", "if anything, it is {fault}"),
        "listed": ("I hear {faults}", "what I hear is {faults}"),
        "ranked": ("the {place} of the faults I hear is {fault}",),
        "no more": ("all I hear is {all_bare}",),
    },
    "presence": {
        "present": (
            "{faults}",
            "I hear {faults}",
            "what I hear is {faults}",
        ),
        "doubted": ("{fault}, but I am not sure", "{fault}, without being sure of it", "{fault}"),
        "absent": ("I hear no {asked}", "I notice no {asked} here", "I find no {asked}"),
        "absent level": ("it is not {off}", "the level is not {off}"),
        "unknown": _UNKNOWN,
        "unknown-none": _UNKNOWN_NONE,
    },
    "when": {
        "placed": ("{when}: {bare}", "{bare}, {when}", "I hear {bare} {when}"),
        "lasting": ("all along: {bare}", "throughout the clip, {bare}", "from beginning to end: {bare}"),
        "unknown": _UNKNOWN,
        "unknown-none": _UNKNOWN_NONE,
        "unplaced": ("I hear {bare}, but can't say when", "what I hear is {bare}, at times that I can't tell"),
        "absent level": ("at no time, it is not {off}", "the level is not {off}"),
        "absent": ("nowhere: I hear no {asked}", "at no time, I notice no {asked}", "I hear no {asked} in this clip"),
    },
    "severity": {
        "certain": (
            "the {fault_name} {is_} {severity}",
            "I would call the {fault_name} {severity}",
            "{severity}, I hear {bare}",
        ),
        "doubted": ("{bare}", "{bare}, but I am not sure"),
        "absent level": ("it is not {off}", "the level is not {off}"),
        "absent": ("I hear no {asked}", "I find no {asked}", "not at all: I notice no {asked}"),
        "unknown": _UNKNOWN,
        "unknown-none": _UNKNOWN_NONE,
    },
    "count": {
        "often": (
            "{count} times: {named}, {when_only}",
            "I count {count}, {when_only}: {named}",
        ),
        "once": ("once: {fault}", "one time only: {fault}"),
        "lasting": ("it can't be counted, as it lasts: {fault} {throughout}",),
        "unknown": _UNKNOWN,
        "unknown-none": _UNKNOWN_NONE,
        "unplaced": ("I can't tell how often: I hear {bare}, but not at which times",),
        "absent level": ("it is not {off}", "the level is not {off}"),
        "absent": ("none: I hear no {asked}", "not once: I hear no {asked}"),
        "one": ("one: {bare}", "there is one that I can name: {bare}"),
        "kinds": ("I can name {count} faults: {all_bare}", "there are {count} that I can name: {all_bare}"),
        "none": ("none that I can name", "I can't name any"),
        "doubted-only": ("none for sure, {bare}",),
    },
    "noise-or-codec": {
        "one": (
            "the {side}: {fault}",
            "the {side} weighs more: {fault}",
            "the {side}, as I hear {fault}",
        ),
        "both": ("the {side} weighs more: {fault} against {other}", "the {side}: {fault}, then {other}"),
        "noisy": (
            "the noise, going by a noisiness of {score}",
            "the noise: noisiness {score} is the lowest dimension",
        ),
        "neither": ("neither of the two disturbs here", "neither: I hear no fault of that sort"),
        "other": ("neither: the main problem is {fault}", "neither of the two, rather {fault}"),
    },
    "fix": {
        "gain": (
            "fix the {fault_name} first: that would bring it to {mended}",
            "the {fault_name} first, then it would reach {mended}",
            "start with the {fault_name}, which would raise the MOS from {mos} to {mended}",
            "remove the {fault_name}: the MOS of {mos} would become {mended}",
        ),
        "doubted": (
            "{bare}, without being sure: mended, the MOS of {mos} would become {mended}",
            "I am not sure, {bare}: without the {fault_name} the MOS would rise from {mos} to {mended}",
        ),
        "one gain": (
            "without the {fault_name} it would reach {mended}",
            "the MOS would rise from {mos} to {mended} without the {fault_name}",
        ),
        "all": (
            "with everything mended that I hear, the MOS would rise from {mos} to {mended}",
            "with all of that mended, {all_bare}, it would reach {mended}",
        ),
        "absent": ("I hear no {asked}, so there is nothing to mend", "I find no {asked} to mend"),
        "absent level": ("it is not {off}, so there is nothing to mend",),
        "little": ("mending {bare} would hardly change the MOS of {mos}",),
        "nothing": ("there is no fault to fix, at a MOS of {mos}", "nothing to mend that I can name: MOS {mos}"),
    },
    "origin": {
        "recording": (
            "more likely the recording than the network: microphone or room, as I hear {fault}",
            "I can't tell for sure, but I would look at microphone and room first, as I hear {fault}",
        ),
        "network": (
            "more likely the network or the codec than the microphone, as I hear {fault}",
            "I can't tell for sure, but I would look at network and codec first, as I hear {fault}",
        ),
        "both": (
            "both: I hear {bare}, as from microphone or room, and {other}, as from network or codec",
            "traces of both: {bare} as from the recording and {other} as from the network",
        ),
        "either": (
            "I can't tell: {fault} can come from the recording as well as from the network",
            "{fault} may come from either side, so I can't tell",
        ),
        "none": (
            "I can't tell: I hear no fault that would speak for either",
            "neither leaves a trace that I can name, so I can't tell",
        ),
    },
}

TIMES: Sentences = {
    "worst-time": {
        "window": (
            "from {from} to {to} s: MOS {there} there, {mos} over the whole clip",
            "between {from} and {to} s, where the MOS is {there} against {mos} for the whole clip",
        ),
        "constant": (
            "nowhere in particular: the lowest part, from {from} to {to} s, has MOS {there} and the whole clip {mos}",
        ),
        "moment": ("{when}, where I hear {bare}", "{when}: {bare}"),
        "whole": (
            "I can't tell: what I hear of this clip lasts, and I rate it as a whole",
            "no moment is worse than the others as far as I can tell",
        ),
    },
    "constancy": {
        "changes": (
            "it changes: MOS {there} from {from} to {to} s and {best} from {best_from} to {best_to} s",
            "the quality varies, from MOS {there} ({from} to {to} s) to {best} ({best_from} to {best_to} s)",
        ),
        "comes": ("it changes with {fault}", "the quality varies, as I hear {fault}"),
        "constant": (
            "it stays the same: its parts have MOS {worst} to {best}",
            "the quality is steady, between MOS {worst} and {best}",
        ),
        "short": (
            "as far as I can tell it is the same all through: I hear no fault that comes and goes",
            "it is steady as far as I can tell, with nothing that comes and goes",
        ),
    },
    "part": {
        "window": (
            "from {from} to {to} s the MOS is {there}, against {mos} for the whole clip",
            "that part, {from} to {to} s, has MOS {there}; the whole clip has {mos}",
        ),
        "fault": (
            "from {from} to {to} s the MOS is {there}, against {mos} for the whole clip, and I hear {all_bare}",
            "that part, {from} to {to} s, has MOS {there}, with {all_bare}; the whole clip has {mos}",
        ),
        "moments": (
            "between {from} and {to} s I hear {faults}; I rate so short a clip as a whole: MOS {mos}",
            "in that part I hear {faults}; the clip as a whole has MOS {mos}",
        ),
        "lasting": (
            "between {from} and {to} s as from beginning to end: {all_bare}; the clip as a whole has MOS {mos}",
        ),
        "whole": (
            "I hear nothing that sets {from} to {to} s apart; I rate so short a clip as a whole: MOS {mos}",
            "nothing that comes and goes between {from} and {to} s; the clip as a whole has MOS {mos}",
        ),
        "silent": ("there is no speech from {from} to {to} s, so there is nothing to rate",),
        "outside": ("the clip ends at {seconds} s",),
    },
    "timeline": {
        "changes": (
            "the quality changes: it is worst from {worst_span} s (MOS {worst}) and best from {best_span} s "
            "(MOS {best})",
            "from {worst_span} s it has MOS {worst} only, while {best_span} s has {best}",
            "over time it varies between MOS {worst} ({worst_span} s) and {best} ({best_span} s)",
        )
    },
}
