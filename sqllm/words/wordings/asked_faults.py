"""Which words for faults mean several kinds, and the adjectives and verbs that people ask with, by what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Words for several kinds, by the name under which they are told; "faults" are all.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "drop-outs": ("packet-loss", "time-clipping"),
    "noise": ("background-noise", "hum"),
    "distortion": ("amplitude-clipping", "codec", "noise-suppression"),
    "level problems": ("too-quiet", "too-loud", "level-change"),
    "a robotic sound": ("codec", "noise-suppression", "packet-loss"),
    "faults": (),
    "another fault": (),  # one that has no kind
}

ADJECTIVES: Mapping[str, Sequence[str]] = {
    "background-noise": ("hissy", "windy", "full of background noise", "noisy in the background", "staticky"),
    "hum": ("hummy", "buzzy", "full of hum"),
    "competing-speaker": ("disturbed by other people talking", "overlaid with another voice"),
    "packet-loss": ("hit by packet loss", "damaged by lost packets", "broken by the network"),
    "time-clipping": ("cut off", "chopped off", "clipped at the start of words"),
    "amplitude-clipping": ("clipped", "overdriven", "overloaded", "overmodulated", "saturated", "peaking"),
    "codec": ("badly compressed", "over-compressed by a codec", "squashed by a codec", "badly encoded"),
    "noise-suppression": ("over-processed", "over-denoised", "watery", "watery from denoising", "underwatery"),
    "band-limited": ("muffled", "tinny", "dull", "narrowband", "band-limited", "boxy", "thin", "bassless", "dark"),
    "reverberation": ("reverberant", "roomy", "boomy", "hollow", "like in a bathroom", "too distant", "too wet"),
    "echo": ("echoey", "echoing", "full of echo"),
    "too-quiet": ("too soft", "too faint", "under-recorded", "hard to hear because it is low"),
    "too-loud": ("deafening", "blaring", "painfully loud", "too hot"),
    "level-change": ("uneven in volume", "fluctuating in level", "pumping", "unsteady in level", "fading in and out"),
    "clicks": ("crackly", "clicky", "full of clicks", "poppy"),
    "interference": ("disturbed by a mobile phone", "interfered with"),
    "time-warp": ("sped up", "slowed down", "warped in time", "wobbly in speed"),
    "drop-outs": ("choppy", "broken up", "patchy", "stuttering", "interrupted", "glitchy", "jumpy", "discontinuous"),
    "noise": ("noisy", "noisy at all", "contaminated by noise"),
    "distortion": ("distorted", "harsh", "rough", "scratchy", "raspy", "fuzzy", "gritty"),
    "a robotic sound": ("robotic", "metallic", "artificial sounding", "like a robot", "synthetic-ish from processing"),
    "faults": ("damaged", "faulty", "degraded", "impaired"),
}

VERBS: Mapping[str, Sequence[str]] = {
    "background-noise": ("hiss",),
    "hum": ("hum", "buzz"),
    "competing-speaker": ("get talked over by somebody else",),
    "packet-loss": ("lose packets", "drop packets"),
    "time-clipping": ("swallow words", "cut off words", "lose syllables"),
    "amplitude-clipping": ("clip", "overload", "distort on the peaks", "peak"),
    "echo": ("echo", "echo back"),
    "level-change": ("jump in volume", "fade", "pump", "change in level", "get louder and quieter"),
    "clicks": ("crackle", "click", "pop"),
    "time-warp": ("speed up or slow down", "wobble in speed"),
    "drop-outs": ("drop out", "cut out", "break up", "stutter", "skip", "cut in and out", "go silent mid-word"),
    "distortion": ("distort",),
    "faults": ("go wrong",),
}
