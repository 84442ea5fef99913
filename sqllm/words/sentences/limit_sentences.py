"""Sentences about scores beside figures that are asked about, and about what is not known or not measured."""

from __future__ import annotations

from sqllm.words.sentences.phrasing import Sentences

_SURELY = "it lies between {low} and {high} with a probability of {percent}"
LIMITS: Sentences = {
    "limit": {
        "above": ("the {name} of {score} is above {limit}", "with {score} the {name} is above {limit}"),
        "below": ("the {name} of {score} is below {limit}", "with {score} the {name} is below {limit}"),
        "score": ("the {name} is {score}", "it has {name} {score}"),
        "above surely": (f"the {{name}} of {{score}} is above {{limit}}, and {_SURELY}",),
        "below surely": (f"the {{name}} of {{score}} is below {{limit}}, and {_SURELY}",),
        "score surely": (f"the {{name}} is {{score}}, and {_SURELY}",),
    },
    "unmeasured": {
        "near": (
            "I don't measure {figure}, but something near to it",
            "{figure} is not what I measure; near to it is this",
        ),
        "far": ("I don't measure {figure}", "I can't tell {figure}, which I don't measure"),
        "heard": ("what I hear is {fault}",),
    },
}
