"""What terms mean, a sentence each; of a score, with the clip's own."""

from __future__ import annotations

from sqllm.words.sentences.phrasing import Sentences

_FAULT_TERMS = {
    "background-noise": "background noise is sound behind the voice that does not belong to it, such as traffic",
    "hum": "hum is a low tone from the mains or from badly shielded wiring",
    "competing-speaker": "a competing speaker is somebody else who talks at the same time",
    "packet-loss": "packet loss means that pieces of the speech never arrive, so that sounds are missing or made up",
    "time-clipping": "time clipping means that beginnings, ends or whole words are cut away",
    "amplitude-clipping": "clipping means that peaks are too high for the equipment and are cut off, which rasps",
    "codec": "codec distortion comes about where speech is coded with too few bits",
    "noise-suppression": "noise suppression removes noise, and parts of the voice with it where it goes too far",
    "band-limited": "a band limitation means that high or low frequencies are missing, as on an old telephone",
    "reverberation": "reverberation is the sound of the room that goes on behind each word",
    "echo": "echo is the voice coming back a moment later",
    "too-quiet": "a low level means that the speech is too quiet to follow with ease",
    "too-loud": "a high level means that the speech is louder than is pleasant",
    "clicks": "clicks are short sounds like those of a scratched record",
    "interference": "interference is another sound that breaks in, such as static or a beep",
    "time-warp": "time warping means that the speech runs faster or slower than it was spoken",
    "unknown": "this is a disturbance that I hear but have no name for",
    "level-change": "a level change means that the speech suddenly gets louder or quieter",
}
_MEASURE_TERMS = {
    "level": "the active level is the level while there is speech (P.56), in dB from full scale",
    "snr": "the signal-to-noise ratio says by how many dB the speech lies over the steady noise",
    "noise-floor": "the noise floor is the level of the steady noise, in dB from full scale",
    "bandwidth": "the bandwidth is the frequency at which the sound ends",
    "clipping": "clipping means that peaks are too high for the equipment and are cut off, which rasps",
    "dc": "DC is a constant offset in the samples, which should not be there",
    "gaps": "gaps are places where the sound is gone between sounds",
    "peak": "the peak is the largest sample, in dB from full scale",
    "crest": "the crest factor is how far the peak lies over the active level, in dB",
}
_SCALE_TERMS = {
    "mushra": "MUSHRA is a test in which several versions are compared with a reference and anchors, from 0 to 100",
    "percent": "0 to 100 is the scale from 1 to 5 stretched on a line; no standard says so",
    "ten": "1 to 10 is the scale from 1 to 5 stretched on a line; no standard says so",
    "stars": "stars are the MOS, to half a star",
    "grade": "a grade is the word of the scale: bad, poor, fair, good or excellent",
    "good-or-better": "good or better is the share of listeners who vote 4 or 5",
    "poor-or-worse": "poor or worse is the share of listeners who vote 1 or 2",
    "sig": "SIG rates the speech signal alone, without its background (P.835)",
    "bak": "BAK rates the background alone (P.835)",
    "ovrl": "OVRL rates speech and background together (P.835)",
    "dmos": "a DMOS says how audible the degradation against a reference is, and 5 is not at all",
    "ccr": "CCR votes say how much better or worse one clip is than another, from -3 to 3",
    "r-factor": "R is the rating of a connection by the E-model (G.107), from 0 to 100",
    "pesq": "PESQ is a model that compares a clip with its reference (P.862)",
    "polqa": "POLQA is a model that compares a clip with its reference (P.863)",
    "visqol": "ViSQOL is a model that compares a clip with its reference",
    "stoi": "STOI predicts from clip and reference how well words are understood",
    "wer": "the WER is the share of words that a recogniser gets wrong",
    "si-sdr": "SI-SDR says by how many dB the clean signal lies over all that differs from it",
}
TERMS: Sentences = {
    "term": {
        "mos": (
            "the MOS is the mean of listeners' votes from 1, bad, to 5, excellent (P.800); this clip has {score}",
            "MOS stands for mean opinion score: 1 is bad, 5 is excellent; this clip has {score}",
        ),
        "noisiness": ("noisiness says how little noise is heard: 5 is none, 1 is very noisy; this clip has {score}",),
        "coloration": (
            "coloration says how natural the voice sounds: 5 is natural, 1 is very distorted; this clip has {score}",
        ),
        "discontinuity": (
            "discontinuity says how whole the speech is: 5 is without interruptions, 1 is very choppy; this clip has "
            "{score}",
        ),
        "loudness": ("loudness says how pleasant the level is: 5 is best, 1 is worst; this clip has {score}",),
        **{term: (said,) for term, said in {**_FAULT_TERMS, **_SCALE_TERMS, **_MEASURE_TERMS}.items()},
        "clipping": (_MEASURE_TERMS["clipping"],),
        "number": ("scores go from 1 to 5: 1 is bad, 2 poor, 3 fair, 4 good and 5 excellent",),
        **{
            f"number {figure}": (f"a {figure} is {word} on the scale from 1, bad, to 5, excellent",)
            for figure, word in zip(range(1, 6), ("bad", "poor", "fair", "good", "excellent"), strict=True)
        },
        "category": ("the words stand for scores: 1 is bad, 2 poor, 3 fair, 4 good and 5 excellent",),
        "interval": ("the interval holds the score with a probability of 90%, as far as I can tell",),
        "votes": ("votes are whole points from 1 to 5 that single listeners give; their mean is the MOS",),
        "severity": ("a severity says how strongly a fault is heard: slight, moderate or strong",),
        "reference": ("a reference is the same speech as it was before anything was done to it",),
        "listener": ("a listener is whose ears and habits the scores stand for, such as a strict expert",),
    }
}
