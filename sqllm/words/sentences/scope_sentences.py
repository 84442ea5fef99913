"""Sentences about measures, references, listeners, and what sound can't tell, by family and case."""

from __future__ import annotations

from sqllm.words.sentences.phrasing import Sentences

MEASURED: Sentences = {
    "measurement": {
        "level": (
            "the active speech level is {level}, to {within}",
            "{level} while there is speech, by P.56 and to {within}",
        ),
        "level not known": ("I can't tell: the clip is silent",),
        "snr": (
            "the signal-to-noise ratio is {snr}, to about {within}",
            "SNR {snr}, measured to about {within} in steady noise",
        ),
        "snr beyond": (
            "the signal-to-noise ratio is {snr}, so high that it is uncertain",
            "SNR {snr}, with so little noise that it can't be measured well",
        ),
        "snr unsteady": (
            "the signal-to-noise ratio is about {snr} with all that the pauses hold, which may be breath and faint "
            "speech, and {steady} over the steady noise alone",
        ),
        "snr not known": ("I can't tell the signal-to-noise ratio of this clip",),
        "noise-floor": (
            "the noise floor is at {floor}, to about {within}",
            "{floor} of steady noise, measured to about {within}",
        ),
        "bandwidth": (
            "the sound ends at {width}, to about {within}",
            "it is {width} wide, to about {within}",
        ),
        "bandwidth not known": ("7.4 kHz or more: wider than I can measure",),
        "clipping": (
            "{clipped} of the samples are clipped, to {within}",
            "clipped samples: {clipped}, to {within}",
        ),
        "dc": ("the DC offset is {dc} of full scale", "DC: {dc} of full scale"),
        "gaps": (
            "{count} measured, {lost} in all, the first at {first}",
            "I measure {count} places where the sound is gone, {lost} in all, the first at {first}",
        ),
        "gaps not known": ("no gap was measured: the sound is nowhere gone between sounds",),
        "crest": (
            "the peak lies {crest} over the active level, to {within}",
            "a crest factor of {crest}, to {within}",
        ),
        "crest not known": ("I can't tell: the clip is silent",),
        "peak": ("the peak is at {peak}", "its largest sample is at {peak}"),
        "duration": ("it lasts {seconds}", "the clip is {seconds} long"),
        "format": ("it is {source}", "the file is {source}"),
        "format not known": ("I can't tell: it did not come from a file",),
        "sample-rate": ("the file has {rate}; I listen at 16 kHz", "it is sampled at {rate}, and heard at 16 kHz"),
        "channels": ("it is {channels}", "the file is {channels}"),
    },
    "level-verdict": {
        "quiet": (
            "it is too quiet: {level} of active speech, {away} below the usual {usual}, and loudness {loudness}",
            "the level is too low, with {level} of active speech ({away} below {usual}) and loudness {loudness}",
        ),
        "loud": (
            "it is too loud: {level} of active speech, {away} above the usual {usual}, and loudness {loudness}",
            "the level is too high, with {level} of active speech ({away} above {usual}) and loudness {loudness}",
        ),
        "right": (
            "the level is right: {level} of active speech, where {usual} is usual, and loudness {loudness}",
            "the level is as it should be: {level} of active speech ({usual} is usual), loudness {loudness}",
        ),
        "level right": (
            "the level itself is right, {level} of active speech where {usual} is usual, though its loudness gets "
            "{loudness} only",
        ),
        "silent": ("the clip is silent, so there is no level to judge",),
    },
    "speech-share": {
        "some": (
            "there is speech in {speech} of {seconds}, {share} of the clip",
            "{share} of the clip is speech: {speech} of {seconds}",
        ),
        "none": ("I hear no speech here, so there is nothing to rate",),
    },
}

REFERENCES: Sentences = {
    "same-reference": {
        "none": (
            "there is no reference to compare with",
            "I was given no reference",
            "no reference came with this clip",
        ),
        "identical": (
            "the reference is identical with the clip: nothing was changed",
            "clip and reference are identical",
        ),
        "same": (
            "the reference holds the same speech",
            "it is the same talker and sentence",
            "clip and reference belong together",
        ),
        "lag": ("the clip comes {lag} than its reference",),
        "lag mostly": ("most of the clip comes {lag} than its reference",),
        "drift": ("the clip runs {drift} than its reference",),
        "matched": ("{matched} of the speech matched",),
        "other": (
            "the reference holds other speech, so I rate the clip without it",
            "it is not the same speech, so I rate the clip without it",
            "clip and reference do not belong together",
        ),
    },
    "reference-difference": {
        "none": ("I can't tell: there is no reference to compare with", "I was given no reference, so I can't tell"),
        "other": (
            "I can't tell: the reference holds other speech",
            "the reference holds other speech, so I can't tell what was changed",
        ),
        "identical": (
            "nothing differs: clip and reference are identical",
            "clip and reference are identical, nothing was changed",
        ),
        "faults": (
            "against the reference I hear {faults}",
            "what changed against the reference is {faults}",
            "compared with the reference, {faults} came in",
        ),
        "measured": (
            "against the reference the clip has {changes}",
            "measured against the reference, the clip has {changes}",
        ),
        "also": ("measured against the reference: {changes}", "what was measured against the reference: {changes}"),
        "alike": ("I hear no change against the reference", "clip and reference sound alike to me"),
    },
    "changes": {
        "identical": ("clip and reference are identical: nothing was changed", "it is identical with its reference"),
        "measured": ("measured against the reference: {changes}", "against the reference, it has {changes}"),
    },
}

_INSTEAD = "what I can tell is the quality: MOS {mos}, {word}"
_HEARD = "what I can tell is that I hear {fault}"
_CANNOT = {
    "sex": "I can't tell whether a man or a woman is talking",
    "age": "I can't tell how old the talker is",
    "words": "I can't tell what is said, as I listen to the sound and not to the words",
    "language": "I can't tell the language, as I listen to the sound and not to the words",
    "emotion": "I can't tell how the talker feels",
    "codec-name": "I can't tell which codec was used",
    "device": "I can't tell which device it was recorded with",
    "place": "I can't tell where it was recorded",
    "who": "I can't tell who is talking",
    "cause": "I can't tell the cause from the sound alone",
    "date": "I can't tell when it was recorded",
    "delay": "I can't tell the delay of a call from one side of it",
    "other": "I can't tell that from the sound",
}
CANNOT_TELL: Sentences = {
    "cannot-tell": {
        **{topic: (f"{said}; {_INSTEAD}",) for topic, said in _CANNOT.items()},
        **{f"{topic} fault": (f"{said}; {_HEARD}",) for topic, said in _CANNOT.items()},
    },
    "intelligibility": {
        "hindered": (
            "I can't tell how many words are understood, which takes people who write them down; what I can tell is "
            "that I hear {fault}, which makes it harder",
        ),
        "free": (
            "I can't tell how many words are understood, which takes people who write them down; what I can tell is "
            "that nothing I hear covers the words, and the quality is {word}, MOS {mos}",
        ),
    },
    "synthetic": {
        "unknown": (
            "I can't tell a synthetic voice from a real one, as I was not trained on that; what I can tell is the "
            "quality: MOS {mos}, {word}",
        )
    },
    "listener": {
        "listener": (
            "this is how {listener} would rate it: MOS {mos}, {word}",
            "I answer for {listener}: MOS {mos}, {word}",
        ),
        "partly": ("this is how {listener} would rate it, {left} left out: MOS {mos}, {word}",),
        "unknown": (
            "I was not taught how that listener rates; what I can tell is how {listener} would rate it: MOS {mos}, "
            "{word}",
        ),
    },
    "off-topic": {
        "pointer": ("{pointer}",),
        "help": (
            "ask me for the MOS or one of the dimensions, for faults and when they happen, whether it will do for a "
            "use, what to mend first, or what is measured, such as level, SNR and bandwidth",
        ),
    },
    "other-language": {"english": ("{ask}",)},
    "unclear": {
        "unclear": (
            "I am not sure what you ask; what I can tell is the quality: MOS {mos}, {word}",
            "I did not understand the question; what I can tell is that it has MOS {mos}, {word}",
        )
    },
}

POINTERS = (
    "I can only judge how this clip sounds: ask me about its quality",
    "that is outside what I do: I listen to speech quality, so ask me about this recording",
    "sorry, I only rate speech quality: you could ask me for the MOS of this clip",
    "I can't help with that, but I can tell you how this clip sounds",
    "my subject is speech quality: ask me what is wrong with this clip, for example",
    "I know about the sound of speech only: would you like a rating of this clip?",
)
