"""Wordings that never train, a family each: what an evaluation asks to see whether questions are understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

HELD_OUT: Mapping[str, Sequence[str]] = {
    "mos-numeric": (
        "If you had to sum up the quality in a single score, what would it be?",
        "Where on the five-point scale does this belong?",
        "How many points out of 5 does it get?",
        "What is the predicted mean opinion score?",
    ),
    "dim-numeric": (
        "How many points does it get for {name}?",
        "What would you score it on {name} alone?",
        "Where on the scale of 1 to 5 is the {name}?",
        "Leaving all else aside, how do you score {name}?",
    ),
    "dim-categorical": (
        "Which word of the scale describes the {name}?",
        "How would you label the {name}?",
        "Sum up the {name} in a word from very bad to excellent.",
        "Into which of the five categories does the {name} fall?",
    ),
    "multi-dim": (
        "Let me have the overall score and each dimension.",
        "Go through all scales one by one.",
        "What is the complete score sheet?",
        "Write down the MOS and the other four values.",
    ),
    "explanatory": (
        "What makes you rate it this way?",
        "Talk me through the quality of this recording.",
        "What are your grounds for this judgement?",
        "What do you notice when you listen to this?",
    ),
    "acceptability": (
        "Could this go out as it is?",
        "Is the sound satisfactory?",
        "Would people put up with this?",
        "Does it clear the bar?",
    ),
    "dominant": (
        "What bothers you above all?",
        "Where does most of the loss come from?",
        "What is the number one culprit?",
        "If only one fault may be named, which?",
    ),
    "presence": (
        "Could there be {x} in it?",
        "Was there {x} at any point?",
        "I wonder whether you notice {x}.",
        "Would you say that it has {x}?",
    ),
    "when": (
        "How many seconds in do I hear {x}?",
        "At which positions {is_lower} the {x}?",
        "Mark the {x} on the time line.",
        "Which passages have {x}?",
    ),
    "severity": (
        "How heavy would you call the {x}?",
        "In what measure {does} the {x} matter?",
        "{is_} the {x} a small or a big problem?",
        "What degree of {x} do you hear?",
    ),
    "noise-or-codec": (
        "What is to blame, background noise or coding?",
        "Between noise and codec, what is the bigger trouble?",
        "Did the microphone pick up noise, or did the codec do this?",
        "Would a better codec help more than less noise?",
    ),
    "use": (
        "How about {use}: would this be enough?",
        "Do you think it is up to {use}?",
        "Suppose it were for {use}. Would it do?",
        "May I hand this in for {use}?",
    ),
    "fix": (
        "What repair has priority?",
        "Where would an hour of work gain most?",
        "Which fault would you remove, and what would the score be then?",
        "How could the rating be lifted?",
    ),
    "lay": (
        "How would you put it to a child?",
        "Give me the version for people who know nothing about audio.",
        "In human words, what is it like to hear?",
        "Skip the jargon and tell me how it sounds.",
    ),
    "engineer": (
        "Give me the facts as a specialist would want them.",
        "Provide a breakdown of impairments with values.",
        "What goes into the lab protocol?",
        "Summarise it for a codec developer.",
    ),
    "same-reference": (
        "Is this the original that belongs to it?",
        "Is the talker of the reference the one in the clip?",
        "Does the clean file go with the degraded one?",
        "Are the words the same in both files?",
    ),
    "compare": (
        "If you could only have one, A or B?",
        "Set the two clips against each other.",
        "Which of these is nicer to listen to?",
        "By how many points do they differ?",
    ),
    "off-topic": (
        "Will it rain at the weekend?",
        "Who should be the next mayor?",
        "How do I reverse a string in C?",
        "What is the square root of 144?",
        "Which wine goes with fish?",
        "Name the planets of the solar system.",
        "Tell me a bedtime story.",
        "How much does a new car cost?",
        "Who painted the Mona Lisa?",
        "What is your favourite colour?",
    ),
}
