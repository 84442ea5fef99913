"""What faults are called: in questions, in answers by severity, and to a lay person."""

from __future__ import annotations

from collections.abc import Mapping

Phrases = Mapping[str, Mapping[str, tuple[str, ...]]]

# The name that answers use behind "the".
NAMES: Mapping[str, str] = {
    "background-noise": "background noise",
    "hum": "hum",
    "competing-speaker": "second voice",
    "packet-loss": "packet loss",
    "time-clipping": "time clipping",
    "amplitude-clipping": "clipping",
    "codec": "codec distortion",
    "noise-suppression": "noise suppression",
    "band-limited": "band limitation",
    "reverberation": "reverberation",
    "echo": "echo",
    "too-quiet": "low level",
    "too-loud": "high level",
    "level-change": "level change",
    "clicks": "clicks",
    "interference": "interference",
    "time-warp": "time warping",
    "unknown": "disturbance without a name",
}

# What people ask for. A last word in -s (not -ss) is a plural.
ASKED: Mapping[str, tuple[str, ...]] = {
    "background-noise": ("background noise", "noise behind the voice", "ambient noise", "surrounding noise"),
    "hum": ("hum", "mains hum", "humming", "electrical hum"),
    "competing-speaker": ("a second voice", "other talkers", "competing speech", "a background talker"),
    "packet-loss": ("packet loss", "lost packets", "missing packets", "dropped packets"),
    "time-clipping": ("time clipping", "cut-outs", "missing syllables", "muted stretches"),
    "amplitude-clipping": ("clipping", "amplitude clipping", "clipped peaks", "overload distortion"),
    "codec": ("codec distortion", "codec artifacts", "coding artifacts", "compression artifacts"),
    "noise-suppression": (
        "noise-suppression artifacts",
        "noise suppression",
        "denoiser artifacts",
        "noise-reduction artifacts",
    ),
    "band-limited": ("band limitation", "a narrow band", "muffled sound", "missing high frequencies"),
    "reverberation": ("reverberation", "reverb", "room sound", "room reflections"),
    "echo": ("echo", "echoes", "talker echo", "a delayed copy of the voice"),
    "too-quiet": ("low level", "low volume", "insufficient volume", "quiet speech"),
    "too-loud": ("high level", "excessive volume", "overly loud speech", "excessive loudness"),
    "level-change": ("level changes", "level jumps", "volume changes", "loudness jumps"),
    "clicks": ("clicks", "pops", "crackling", "clicking sounds"),
    "interference": ("interference", "wind noise", "bursts of static", "beeps"),
    "time-warp": ("time warping", "time stretching", "wow and flutter", "a wrong speed"),
    "unknown": ("a strange disturbance", "damage without a name", "an odd effect", "an unusual distortion"),
}

# Words for more than one kind: whichever of them is there is meant.
SHARED: Mapping[str, tuple[str, ...]] = {
    "drop-outs": ("packet-loss", "time-clipping"),
    "gaps": ("packet-loss", "time-clipping"),
    "noise": ("background-noise", "hum"),
    "distortion": ("amplitude-clipping", "codec", "noise-suppression"),
    "level problems": ("too-quiet", "too-loud", "level-change"),
}

# Understood in answers, besides the words above.
UNDERSTOOD: Mapping[str, tuple[str, ...]] = {
    "background-noise": ("background hiss", "hiss", "hissing", "static"),
    "hum": ("buzz", "buzzing", "hums"),
    "amplitude-clipping": ("clipped", "overdriven", "overload"),
    "competing-speaker": (
        "second voice",
        "second talker",
        "another voice",
        "another talker",
        "competing speaker",
        "competing talker",
    ),
    "packet-loss": ("lost packet", "packet losses", "packet drops"),
    "time-clipping": ("cut-out", "muted stretch", "missing syllable"),
    "codec": ("codec", "coding distortion"),
    "noise-suppression": ("denoising", "over-suppression"),
    "band-limited": (
        "narrow band",
        "band-limited",
        "band limiting",
        "narrow-band",
        "narrowband",
        "limited bandwidth",
        "muffled",
    ),
    "reverberation": ("reverberant", "room reverb"),
    "too-quiet": ("too quiet",),
    "too-loud": ("too loud",),
    "level-change": ("level change", "level jump", "gain pumping", "pumping"),
    "clicks": ("click", "pop", "crackle", "crackles"),
    "interference": ("interfering sound", "interfering sounds", "wind gusts", "gusts of wind", "static bursts"),
    "time-warp": ("time warp", "warped", "stretched", "flutter", "wow"),
    "unknown": ("can't name", "cannot name", "unknown disturbance"),
}
UNDERSTOOD_SHARED: Mapping[str, tuple[str, ...]] = {
    word: SHARED[plural]
    for word, plural in {
        "drop-out": "drop-outs",
        "dropout": "drop-outs",
        "dropouts": "drop-outs",
        "gap": "gaps",
        "interruptions": "gaps",
        "level problem": "level problems",
    }.items()
}

# What of the kinds with places is counted: singular and plural.
COUNTED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "packet-loss": (("packet loss", "packet losses"), ("drop-out", "drop-outs"), ("lost packet", "lost packets")),
    "time-clipping": (("cut-out", "cut-outs"), ("drop-out", "drop-outs"), ("gap", "gaps")),
    "level-change": (("level change", "level changes"), ("level jump", "level jumps")),
    "clicks": (("click", "clicks"), ("pop", "pops")),
    "interference": (("burst of interference", "bursts of interference"), ("interfering sound", "interfering sounds")),
    "time-warp": (("stretched piece", "stretched pieces"), ("warped piece", "warped pieces")),
}
COUNTED_SEVERITY: Mapping[str, tuple[str, ...]] = {
    "slight": ("slight", "small"),
    "moderate": ("clear", "noticeable"),
    "strong": ("severe", "heavy"),
}
SEVERITY_WORDS: Mapping[str, tuple[str, ...]] = {
    "slight": ("slight", "slightly", "faint", "faintly", "mild", "light", "minor", "small", "weak", "little", "few"),
    "moderate": ("moderate", "moderately", "medium", "clear", "clearly", "audible", "noticeable"),
    "strong": ("strong", "strongly", "heavy", "heavily", "severe", "severely", "harsh", "loud", "bad", "badly"),
}

PHRASES: Phrases = {
    "background-noise": {
        "slight": ("faint background noise", "light background noise", "a little noise behind the voice"),
        "moderate": ("clearly audible background noise", "noticeable background noise", "clear noise behind the voice"),
        "strong": ("strong background noise", "heavy background noise", "loud noise behind the voice"),
    },
    "hum": {
        "slight": ("a faint hum", "a slight mains hum", "weak humming"),
        "moderate": ("a clear hum", "an audible mains hum", "noticeable humming"),
        "strong": ("a loud hum", "a strong mains hum", "heavy humming"),
    },
    "competing-speaker": {
        "slight": ("another voice faintly behind the talker", "a faint second voice", "a weak background talker"),
        "moderate": ("a second voice in the background", "a clear second voice", "another voice beside the talker"),
        "strong": ("another talker speaking over the first", "a loud second voice", "a strong competing voice"),
    },
    "packet-loss": {
        "slight": ("a few lost packets", "slight packet loss", "light packet loss"),
        "moderate": ("repeated packet loss", "moderate packet loss", "noticeable packet loss"),
        "strong": ("heavy packet loss", "severe packet loss", "strong packet loss"),
    },
    "time-clipping": {
        "slight": ("a short cut-out or two", "slight time clipping", "a few missing syllables"),
        "moderate": ("several cut-outs", "moderate time clipping", "noticeable time clipping"),
        "strong": ("many cut-outs", "severe time clipping", "heavily chopped speech"),
    },
    "amplitude-clipping": {
        "slight": ("slight clipping on the peaks", "mild clipping", "slight overload distortion"),
        "moderate": ("audible clipping", "clearly clipped peaks", "noticeable overload distortion"),
        "strong": ("harsh clipping", "heavy clipping", "severe overload distortion"),
    },
    "codec": {
        "slight": ("slight codec colouring", "slight coding artifacts", "mild codec distortion"),
        "moderate": ("audible codec distortion", "noticeable coding artifacts", "clear codec artifacts"),
        "strong": ("strong codec distortion", "heavy coding artifacts", "severe codec artifacts"),
    },
    "noise-suppression": {
        "slight": ("light traces of noise suppression", "slight denoiser artifacts", "mild noise suppression"),
        "moderate": (
            "audible noise-suppression artifacts",
            "noticeable denoiser artifacts",
            "moderate noise suppression",
        ),
        "strong": ("speech damaged by noise suppression", "severe denoiser artifacts", "heavy noise suppression"),
    },
    "band-limited": {
        "slight": ("slightly dull sound", "a slight band limitation", "a little less treble than usual"),
        "moderate": ("a narrow telephone-like band", "clearly muffled sound", "a noticeable band limitation"),
        "strong": ("a very narrow band", "badly muffled sound", "a severe band limitation"),
    },
    "reverberation": {
        "slight": ("a little room sound", "slight reverberation", "light reverberation"),
        "moderate": ("clear reverberation", "noticeable reverberation", "clearly audible room sound"),
        "strong": ("heavy reverberation", "strong reverberation", "very strong room sound"),
    },
    "echo": {
        "slight": ("a faint echo", "a slight echo", "a weak echo"),
        "moderate": ("a clear echo", "a noticeable echo", "an audible echo"),
        "strong": ("a strong echo", "a loud echo", "a severe echo"),
    },
    "too-quiet": {
        "slight": ("a somewhat low level", "slightly quiet speech", "a volume a little too low"),
        "moderate": ("a level that is too low", "clearly quiet speech", "a volume that is too low"),
        "strong": ("a level far too low", "barely audible speech", "a volume far too low"),
    },
    "too-loud": {
        "slight": ("a rather high level", "slightly loud speech", "a volume a little too high"),
        "moderate": ("a level that is too high", "clearly too loud speech", "a volume that is too high"),
        "strong": ("a level far too high", "uncomfortably loud speech", "a volume far too high"),
    },
    "level-change": {
        "slight": ("a small change of level", "a slight level change", "a slight volume jump"),
        "moderate": ("a clear change of level", "a noticeable level change", "a clear volume jump"),
        "strong": ("a large change of level", "a severe level change", "a heavy volume jump"),
    },
    "clicks": {
        "slight": ("a few faint clicks", "slight clicking", "a light crackle"),
        "moderate": ("clear clicks", "noticeable pops", "audible crackling"),
        "strong": ("loud clicks", "heavy crackling", "harsh pops"),
    },
    "interference": {
        "slight": ("faint interference", "slight interference", "a weak interfering sound"),
        "moderate": ("clear interference", "noticeable interference", "a clear interfering sound"),
        "strong": ("strong interference", "heavy interference", "a loud interfering sound"),
    },
    "time-warp": {
        "slight": ("slight time warping", "a slightly unsteady speed", "mild time stretching"),
        "moderate": ("noticeable time warping", "a clearly unsteady speed", "clear time stretching"),
        "strong": ("severe time warping", "a badly unsteady speed", "heavy time stretching"),
    },
    "unknown": {
        "slight": ("a slight disturbance I can't name", "something slightly odd that I can't name"),
        "moderate": ("a clear disturbance I can't name", "something clearly odd that I can't name"),
        "strong": ("a strong disturbance I can't name", "something badly wrong that I can't name"),
    },
}

# The same for people who know none of these words, as clauses.
LAY: Phrases = {
    "background-noise": {
        "slight": ("you can just hear something going on behind the voice",),
        "moderate": ("there is a fair amount of noise around the voice",),
        "strong": ("loud noise gets in the way of the voice",),
    },
    "hum": {
        "slight": ("a low buzz is just audible",),
        "moderate": ("a low buzz goes along with the voice",),
        "strong": ("a loud buzz lies over everything",),
    },
    "competing-speaker": {
        "slight": ("somebody else can just be heard talking",),
        "moderate": ("somebody else is talking at the same time",),
        "strong": ("somebody else talks right over the voice",),
    },
    "packet-loss": {
        "slight": ("a sound gets lost here and there",),
        "moderate": ("bits of words go missing",),
        "strong": ("the connection keeps breaking up",),
    },
    "time-clipping": {
        "slight": ("the voice cuts out for a moment",),
        "moderate": ("the voice cuts out several times",),
        "strong": ("the voice cuts out all the time",),
    },
    "amplitude-clipping": {
        "slight": ("loud words crackle a little",),
        "moderate": ("loud words crackle and rasp",),
        "strong": ("the voice is rough and broken as from an overdriven speaker",),
    },
    "codec": {
        "slight": ("the voice sounds a touch artificial",),
        "moderate": ("the voice sounds artificial, as on a mediocre internet call",),
        "strong": ("the voice sounds like a robot's",),
    },
    "noise-suppression": {
        "slight": ("the clean-up of the sound left small marks on the voice",),
        "moderate": ("the clean-up of the sound makes the voice watery",),
        "strong": ("the clean-up of the sound swallows parts of the voice",),
    },
    "band-limited": {
        "slight": ("the voice is a bit dull",),
        "moderate": ("it sounds like an old telephone",),
        "strong": ("it sounds as if heard through a wall or a tin can",),
    },
    "reverberation": {
        "slight": ("you can tell that there is a room around the talker",),
        "moderate": ("the talker seems to sit in a bare room",),
        "strong": ("it sounds like somebody far away in a big hall",),
    },
    "echo": {
        "slight": ("the voice comes back very softly",),
        "moderate": ("the voice comes back a moment later",),
        "strong": ("the voice comes back almost as loud a moment later",),
    },
    "too-quiet": {
        "slight": ("it is a bit quiet",),
        "moderate": ("it is too quiet to follow with ease",),
        "strong": ("it is so quiet that you must strain to hear it",),
    },
    "too-loud": {
        "slight": ("it is a bit loud",),
        "moderate": ("it is louder than is comfortable",),
        "strong": ("it is so loud that it hurts",),
    },
    "level-change": {
        "slight": ("the voice gets a little quieter for a while",),
        "moderate": ("the voice gets clearly quieter for a while",),
        "strong": ("the voice suddenly gets very quiet for a while",),
    },
    "clicks": {
        "slight": ("there is a faint crackle now and then",),
        "moderate": ("it clicks and pops",),
        "strong": ("loud clicks and pops get in the way",),
    },
    "interference": {
        "slight": ("some other sound can just be heard at times",),
        "moderate": ("other sounds break in at times",),
        "strong": ("loud sounds break in over the voice",),
    },
    "time-warp": {
        "slight": ("the voice is not quite steady in its speed",),
        "moderate": ("the voice speeds up and slows down",),
        "strong": ("the voice is drawn out and rushed as on a broken tape",),
    },
    "unknown": {
        "slight": ("something is a little odd about the sound",),
        "moderate": ("something is clearly odd about the sound",),
        "strong": ("something is very wrong with the sound",),
    },
}

# Of what happens once or twice in a clip.
LAY_FEW: Mapping[str, tuple[str, ...]] = {
    "packet-loss": ("a bit of a word goes missing",),
    "time-clipping": ("the voice breaks off for a moment",),
}

NUMBER_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
