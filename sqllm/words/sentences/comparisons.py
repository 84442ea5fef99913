"""Which of two clips is better, by how much and why: swapping the clips swaps the letters and nothing else."""

from __future__ import annotations

from sqllm.words.sentences.phrasing import Sentences

COMPARISONS: Sentences = {
    "compare": {
        "better": (
            "{better} is better by {gap}: MOS {high} against {low}",
            "{better} sounds better, MOS {high} against {low}, which is {gap} more",
            "I prefer {better}: it is {gap} above {worse}, MOS {high} against {low}",
            "{better} wins by {gap}, with a MOS of {high} against {low}",
            "listeners would prefer {better}, by {gap} (MOS {high} against {low})",
            "{better} has MOS {high}, while {worse} gets {low}, a lead of {gap}",
        ),
        "same": (
            "they are about the same: {better} has MOS {high}, while {worse} gets {low}",
            "about the same, with MOS {high} for {better} and {low} for {worse}",
            "hardly any difference: {better} has MOS {high}, while {worse} gets {low}",
        ),
        "equal": ("they are about the same, both at MOS {high}", "about the same: MOS {high} each"),
        "worse faults": (
            "{clip} suffers from {all_bare}",
            "in {clip} I hear {all_bare}",
            "what pulls {clip} down is {all_bare}",
        ),
        "worse low": ("{clip} suffers from {low}", "in {clip} I hear {low}", "what pulls {clip} down is {low}"),
        "worse none": ("nothing in particular pulls {clip} down", "in {clip} no single fault stands out"),
        "better faults": (
            "{clip} has only {all_bare}",
            "in {clip} I still hear {all_bare}",
            "{clip} shows {all_bare}",
        ),
        "better low": ("in {clip} I still hear {low}", "{clip} shows {low}"),
        "better none": ("{clip} has no fault that I can name", "in {clip} nothing disturbs in particular"),
        "noisiness": ("{clip} is noisier: noisiness {low} against {high}, where 5 is without noise",),
        "coloration": ("{clip} sounds less natural: coloration {low} against {high}, where 5 is natural",),
        "discontinuity": ("{clip} is more interrupted: discontinuity {low} against {high}, where 5 is whole",),
        "same noisiness": ("they are about the same in noisiness: {low} and {high}",),
        "same coloration": ("they are about the same in coloration: {low} and {high}",),
        "same discontinuity": ("they are about the same in discontinuity: {low} and {high}",),
        "level": ("{clip} is louder by {gap}: {high} of active speech against {low}",),
        "same level": ("they are about as loud: {high} and {low} of active speech",),
        "one clip": ("I have one clip only: to compare two, give me both",),
        "same faults": ("in {clip} I hear {all_bare}", "{clip} has {all_bare}"),
    }
}
