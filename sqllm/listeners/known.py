"""The listeners that come with the program. Every name, wording and cause stands here."""

from __future__ import annotations

from sqllm.listeners.habits import Habits
from sqllm.listeners.listener import TYPICAL_NAME, ListenerProfile

TYPICAL = ListenerProfile(
    TYPICAL_NAME, "Typical listener", who="An average listener with normal hearing, who hears the clip as it is."
)
NOISE_SENSITIVE = ListenerProfile(
    "noise-sensitive",
    "Noise-sensitive listener",
    who="Minds noise behind the voice far more than most people do.",
    habits=Habits({"noisiness": 1.4}),
)
DROPOUT_SENSITIVE = ListenerProfile(
    "dropout-sensitive",
    "Listener who minds gaps",
    who="Minds lost words, gaps and stuttering far more than most people do.",
    habits=Habits({"discontinuity": 1.4}),
)
STRICT_EXPERT = ListenerProfile(
    "strict-expert",
    "Strict expert",
    who="A trained engineer who punishes every fault, up to half a point below others.",
    habits=Habits(strictness=1.0),
)
LENIENT = ListenerProfile(
    "lenient",
    "Lenient listener",
    who="Is content as long as the words come across, and forgives slight faults.",
    habits=Habits(strictness=-0.8),
)
MILD_LOSS = ListenerProfile(
    "mild-hearing-loss",
    "Mild hearing loss, hearing aid",
    who="Wears a hearing aid for a mild loss (audiogram N2): soft high sounds are hard to hear without it.",
    wordings=(
        "The listener has a mild hearing loss and wears a hearing aid.",
        "Answer for someone who hears a little less than others, with an N2 audiogram.",
        "Imagine a person with slight hearing trouble who wears an aid.",
        "The person listening is a bit hard of hearing.",
        "A listener with a slight loss at high frequencies is rating.",
        "Judge it as one who misses soft high sounds would, with a small hearing aid in.",
        "The rater has a mild sensorineural loss.",
        "For an ear that has become a little dull, with an aid.",
    ),
    held_out=(
        "This listener's hearing has weakened a little with age.",
        "Rate as a slightly deaf person with a hearing aid would.",
        "The listener has lost some hearing, not much of it.",
    ),
    chain="ears-N2",
    audiogram="N2",
)
HEARING_IMPAIRED = ListenerProfile(
    "hearing-impaired",
    "Moderate hearing loss, hearing aid",
    who="Wears a hearing aid for a moderate loss (audiogram N3): can't follow a conversation without it.",
    wordings=(
        "The listener has a moderate hearing loss.",
        "Answer for a hearing-impaired person with an N3 audiogram.",
        "Imagine someone who is hard of hearing, mostly at high frequencies.",
        "The person listening has impaired hearing.",
        "A listener who needs a hearing aid for conversation is rating.",
        "Judge it as one would whose ears are clearly damaged, with aids in both.",
        "The rater has a moderate sensorineural loss.",
        "For ears that miss half of what is said, with hearing aids.",
    ),
    held_out=(
        "This listener can't follow talk without hearing aids.",
        "Rate as someone with clearly reduced hearing would.",
        "The listener is fairly deaf and wears aids.",
    ),
    chain="ears-N3",
    audiogram="N3",
)
SEVERE_LOSS = ListenerProfile(
    "severe-hearing-loss",
    "Severe hearing loss, hearing aid",
    who="Wears a strong hearing aid for a severe, steeply falling loss (audiogram S3): high sounds are all but gone.",
    wordings=(
        "The listener has a severe hearing loss and wears a strong hearing aid.",
        "Answer for someone who is nearly deaf at high frequencies, with an S3 audiogram.",
        "Imagine a person who hears almost nothing without aids.",
        "The person listening is severely hard of hearing.",
        "A listener with a steep and severe loss is rating.",
        "Judge it as one would who has next to no hearing above 1 kHz, with the strongest aids.",
        "The rater has a severe sensorineural loss.",
        "For ears that are nearly gone, with power aids.",
    ),
    held_out=(
        "This listener is almost deaf and relies on powerful aids.",
        "Rate as someone with very little hearing left would.",
        "The listener hardly hears high tones at all, even with aids.",
    ),
    chain="ears-S3",
    audiogram="S3",
)
HANDSET = ListenerProfile(
    "phone-speaker",
    "Narrow-band handset",
    who="Is used to a telephone handset that passes 300 to 3400 Hz, and rates what comes through it.",
    wordings=(
        "The listener hears it on a phone.",
        "It is played through a telephone handset, 300 to 3400 Hz.",
        "Answer for someone on a narrow-band phone line.",
        "Imagine listening through a small phone speaker.",
        "The person rating holds an old telephone to the ear.",
        "Judge it at the end of an ordinary telephone call, not a wideband one.",
        "The rater listens through a handset of the plain telephone network.",
        "For an ear at a small loudspeaker that passes no bass and no treble.",
    ),
    held_out=(
        "This listener is on the telephone.",
        "Rate it as it sounds from a landline receiver.",
        "It comes out of a phone's earpiece with a narrow band.",
    ),
    chain="handset",
)
LAPTOP = ListenerProfile(
    "laptop-speaker",
    "Laptop loudspeakers",
    who="Is used to a laptop's loudspeakers: nothing below 250 Hz, and a box that rings.",
    wordings=(
        "The listener hears it from a laptop's loudspeakers.",
        "It is played through small built-in computer speakers.",
        "Answer for someone who listens on a notebook without headphones.",
        "Imagine the sound of a laptop on the desk.",
        "The person rating sits in front of a laptop.",
        "Judge it as it is heard from a thin computer without bass.",
        "The rater uses the loudspeakers that are built into the computer.",
        "For somebody in a video call without a headset, on laptop sound.",
    ),
    held_out=(
        "This listener plays it on a notebook's tiny speakers.",
        "Rate it as it sounds from a portable computer.",
        "It comes out of the speakers of a laptop in a meeting.",
    ),
    chain="laptop",
)
STREET = ListenerProfile(
    "street-noise",
    "In a noisy street",
    who="Listens beside traffic, which hides slight faults and soft speech.",
    wordings=(
        "The listener stands in a noisy street.",
        "Answer for someone who listens beside traffic.",
        "Imagine hearing it outdoors with cars passing by.",
        "There is traffic noise where the listener is.",
        "The person rating walks along a busy road.",
        "Judge it as one hears it with the noise of vehicles around.",
        "The rater is outside, among traffic.",
        "For somebody on foot in a loud city street.",
    ),
    held_out=(
        "This listener waits at a bus stop by a main road.",
        "Rate it as it sounds amid passing cars.",
        "The listener's surroundings are loud with traffic.",
    ),
    chain="street",
)
HEADPHONES = ListenerProfile(
    "quiet-headphones",
    "Headphones in a quiet room",
    who="Listens over good headphones in a quiet room, where slight noise and colouring are noticed sooner.",
    habits=Habits({"noisiness": 1.15, "coloration": 1.15}),
)
PROFILES: dict[str, ListenerProfile] = {
    profile.name: profile
    for profile in (
        TYPICAL,
        NOISE_SENSITIVE,
        DROPOUT_SENSITIVE,
        STRICT_EXPERT,
        LENIENT,
        MILD_LOSS,
        HEARING_IMPAIRED,
        SEVERE_LOSS,
        HANDSET,
        LAPTOP,
        STREET,
        HEADPHONES,
    )
}
