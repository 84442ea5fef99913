"""Facts that answer questions for what is measured: level, noise, bandwidth, clipping, the file, and the speech in it.

How certain a figure is stands beside it (`scores.Measures`, `evaluation.measures_validation`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from sqllm.scores import Measures
from sqllm.words.facts import Facts
from sqllm.words.questions import Question
from sqllm.words.selection.selected import Selected, verdict

# Speech is set to -26 dBov where nobody says otherwise (ITU-T P.56 with P.800 and P.830); where too quiet and too loud
# begin is where the loudness that listeners give starts to fall (`corpus.degradations`: slight faults of level).
NOMINAL_DBOV, QUIET_BELOW_DBOV, LOUD_ABOVE_DBOV = -26.0, -34.0, -20.0
PLEASANT_FROM = 3.5  # the loudness score from which a level is not called off
FEW_DECIBELS = 0.1
UNSTEADY_DB = 3.0  # by which what pauses hold exceeds the steady noise, from where on it is no steady noise
CERTAIN_SNR = 40.0  # dB up to which it is certain to 2 dB
WIDE_HERTZ = 7400.0
# Between 300 and 3,400 Hz is narrow band, up to 7 kHz wide band (ITU-T G.712 and G.722), both to what is
# certain of a width.
WIDEST_NARROW_HERTZ, NARROWEST_WIDE_HERTZ = 4300.0, 6400.0


def measurement(question: Question, facts: Facts) -> Selected:
    """A measured figure with its unit and how certain it is; where another was asked for, that it is another."""
    if question.instead:
        return _instead(question, facts)
    return Selected("measurement", *figure_of(question.measure or "level", facts.measures))


def figure_of(measure: str, measures: Measures) -> tuple[str, dict[str, str]]:
    """The case in which a measure is told, and its figures."""
    found = _MEASURED.get(measure, _level)(measures)
    if measure == "snr" and found and "within" not in found:
        return "snr unsteady" if "steady" in found else "snr beyond", found
    return f"{measure}{'' if found else ' not known'}", found


def _instead(question: Question, facts: Facts) -> Selected:
    """That a figure is not measured, and the measure, or the fault, that is nearest to it."""
    told = Selected("unmeasured", "near" if question.measure else "far", {"figure": question.instead})
    heard = tuple(fault for fault in facts.faults if fault.kind in question.kinds)[:1]
    if question.measure:
        return told.and_then(measurement(replace(question, instead=""), facts))
    return told.and_then(Selected("unmeasured", "heard", faults=heard)) if heard else told


def _level(m: Measures) -> dict[str, str]:
    return {} if m.active_level_dbov is None else {"level": f"{m.active_level_dbov:.1f} dBov", "within": "0.1 dB"}


def _snr(m: Measures) -> dict[str, str]:
    """The ratio, certain in steady noise; else both ends: with all that pauses hold, and over steady noise."""
    if m.snr_db is None:
        return {}
    if (steady := over_steady_noise(m)) - m.snr_db > UNSTEADY_DB:
        return {"snr": m.snr_in_words(), "steady": f"{steady:.0f} dB"}
    return {"snr": m.snr_in_words()} | ({"within": "2 dB"} if m.snr_db <= CERTAIN_SNR else {})


def over_steady_noise(m: Measures) -> float:
    """By how many dB the active level lies over the noise that is always there."""
    return -math.inf if m.active_level_dbov is None else m.active_level_dbov - m.noise_floor_dbov


def _noise_floor(m: Measures) -> dict[str, str]:
    return {"floor": f"{m.noise_floor_dbov:.0f} dBov", "within": "2 dB"}


def _bandwidth(m: Measures) -> dict[str, str]:
    return {} if m.bandwidth_hz is None else {"width": f"{m.bandwidth_hz / 1000:.1f} kHz", "within": "300 Hz"}


def _clipping(m: Measures) -> dict[str, str]:
    return {"clipped": f"{m.clipped_percent:.1f}%", "within": "0.2 points"}


def _dc(m: Measures) -> dict[str, str]:
    return {"dc": f"{100 * m.dc:.1f}%".replace("-0.0", "0.0")}


def _gaps(m: Measures) -> dict[str, str]:
    if not m.gaps:
        return {}
    lost = sum(end - start for start, end in m.gaps)
    return {"count": str(len(m.gaps)), "lost": f"{lost:.2f} s", "first": f"{m.gaps[0][0]:.1f} s"}


def _crest(m: Measures) -> dict[str, str]:
    return {} if m.crest_db is None else {"crest": f"{m.crest_db:.1f} dB", "within": "0.1 dB"}


def _peak(m: Measures) -> dict[str, str]:
    return {"peak": f"{m.peak_dbov:.1f} dBov"}


def _duration(m: Measures) -> dict[str, str]:
    return {"seconds": f"{m.seconds:.1f} s"}


def _format(m: Measures) -> dict[str, str]:
    return {"source": m.source_in_words()} if m.format else {}


def _sample_rate(m: Measures) -> dict[str, str]:
    return {"rate": f"{m.rate_hz / 1000:g} kHz"}


def _channels(m: Measures) -> dict[str, str]:
    return {"channels": {1: "mono", 2: "stereo"}.get(m.channels, f"{m.channels} channels")}


_MEASURED: Mapping[str, Callable[[Measures], dict[str, str]]] = {
    "level": _level,
    "snr": _snr,
    "noise-floor": _noise_floor,
    "bandwidth": _bandwidth,
    "clipping": _clipping,
    "dc": _dc,
    "gaps": _gaps,
    "crest": _crest,
    "peak": _peak,
    "duration": _duration,
    "format": _format,
    "sample-rate": _sample_rate,
    "channels": _channels,
}


def level_side(facts: Facts) -> str:
    """Whether the clip is too `quiet`, too `loud` or `right`: the listener's loudness and the faults heard say whether
    the level is off, the measured level says on which side.
    """
    level, heard = facts.measures.active_level_dbov, {f.kind for f in facts.faults if f.certain}
    if level is None:
        return "quiet"
    if "too-quiet" in heard and level < NOMINAL_DBOV:
        return "quiet"
    if "too-loud" in heard and level > NOMINAL_DBOV:
        return "loud"
    if level < QUIET_BELOW_DBOV and facts.mean("loudness") < PLEASANT_FROM:
        return "quiet"
    return "loud" if level > LOUD_ABOVE_DBOV and facts.mean("loudness") < PLEASANT_FROM else "right"


def level_verdict(question: Question, facts: Facts) -> Selected:
    """Whether the level is too low or too high, as asked for; and where it is, in dB from what is usual."""
    level, side = facts.measures.active_level_dbov, level_side(facts)
    if level is None:
        return Selected("level-verdict", "silent")
    asked = {"too-quiet": "quiet", "too-loud": "loud"}
    plain = side in {asked.get(kind, "") for kind in question.kinds or tuple(asked)}
    away = level - NOMINAL_DBOV
    said = {"level": f"{level:.1f} dBov", "loudness": facts.stated("loudness"), "usual": f"{NOMINAL_DBOV:.0f} dBov"}
    if side != "right" and abs(away) >= FEW_DECIBELS:
        said["away"] = f"{abs(away):.1f} dB"
    if side == "right" and facts.mean("loudness") < PLEASANT_FROM:
        side = "level right"
    return Selected("level-verdict", side, said, verdict=verdict(plain, question.closed, question.negated))


def speech_share(question: Question, facts: Facts) -> Selected:
    """Whether there is speech, and how much."""
    speech = facts.speech
    said = {
        "speech": f"{speech.seconds:.1f} s",
        "seconds": f"{speech.duration:.1f} s",
        "share": f"{100 * speech.share:.0f}%",
    }
    lead = verdict(bool(speech.spans), question.closed, question.negated)
    return Selected("speech-share", "some" if speech.spans else "none", said if speech.spans else {}, verdict=lead)


def differences(clip: Measures, reference: Measures) -> dict[str, str]:
    """What was measured of a clip and is otherwise in its reference, by more than the measures are certain to."""
    found: dict[str, str] = {}
    one, other = clip.active_level_dbov, reference.active_level_dbov
    if one is not None and other is not None and abs(one - other) >= 1.0:
        found["level"] = f"a level {abs(one - other):.1f} dB {'higher' if one > other else 'lower'}"
    narrow, wide = clip.bandwidth_hz, reference.bandwidth_hz or WIDE_HERTZ
    if narrow is not None and wide - narrow > 600:
        found["width"] = f"a bandwidth of {narrow / 1000:.1f} instead of {wide / 1000:.1f} kHz"
    if clip.noise_floor_dbov - reference.noise_floor_dbov >= 6 and clip.noise_floor_dbov > -80:
        found["noise"] = (
            f"a noise floor of {clip.noise_floor_dbov:.0f} instead of {reference.noise_floor_dbov:.0f} dBov"
        )
    if clip.clipped_percent - reference.clipped_percent >= 0.5:
        found["clipped"] = f"{clip.clipped_percent:.1f}% clipped samples instead of {reference.clipped_percent:.1f}%"
    return found
