"""What was done to the simulated clips of the NISQA corpus, from the parameters that it lists of each.

`NISQA_TRAIN_SIM_file.csv`, and that of every other simulated subset, has a row a clip with the columns of the corpus's
own simulation: "x" or a name where a degradation was applied, else "-", and numbers beside it. Ratios are in dB, edges
of bands in Hz, levels in dBov, lost frames of codecs from 0 to 1 and of time clipping in percent.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from sqllm.corpus.severity import severity_of_residue, worst_at_most
from sqllm.scores import SEVERITIES, HeardArtifact

TABLES = "NISQA_*_SIM*_file.csv"
NOT_APPLIED = ("", "-", "nan", "no", "skip", "noloss")
NOMINAL_LEVEL = -26.0  # dBov
CODECS = (1, 2, 3)  # a call runs through up to three
NARROW_CODECS = ("amrnb", "g711")
# kbit/s of a codec up to which it is heard so; more is not. g711 and g722 are as the network made them.
CODEC_RATES = {
    "amrnb": {"strong": 5.2, "moderate": 7.4, "slight": 12.2},
    "amrwb": {"strong": 6.6, "moderate": 8.85, "slight": 15.85},
    "evs": {"strong": 5.9, "moderate": 8.0, "slight": 13.2},
    "opus": {"strong": 9.0, "moderate": 14.0, "slight": 24.0},
}
MODES = {  # kbit/s of the modes 1, 2, ...; that of Opus is its rate
    "amrnb": (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2),
    "amrwb": (6.6, 8.85, 12.65, 14.25, 15.85, 18.25, 19.85, 23.05, 23.85),
    "evs": (5.9, 7.2, 8.0, 9.6, 13.2, 16.4, 24.4, 32.0, 48.0, 64.0, 96.0, 128.0),
}

Row = Mapping[str, str]


def read_parameters(folder: Path) -> dict[str, tuple[HeardArtifact, ...]]:
    """The faults of every clip whose parameters a corpus lists, by `filepath_deg`; their moments are not told."""
    found: dict[str, tuple[HeardArtifact, ...]] = {}
    for table in sorted({*folder.glob(TABLES), *folder.glob(f"*/{TABLES}")}):
        with table.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file, restval=""):
                if "codec1" in row and row.get("filepath_deg"):
                    found[row["filepath_deg"]] = faults_of(row)
    return found


def faults_of(row: Row) -> tuple[HeardArtifact, ...]:
    """What is heard of a row's parameters, each kind once, as severe as the worst of them."""
    worst: dict[str, str] = {}
    for kind, severity in _heard(row):
        if severity and SEVERITIES.index(severity) >= SEVERITIES.index(worst.get(kind, SEVERITIES[0])):
            worst[kind] = severity
    return tuple(HeardArtifact(kind, severity, ()) for kind, severity in worst.items())


def _heard(row: Row) -> Iterator[tuple[str, str]]:
    """Kind and severity of each thing that was done; an empty severity where it is not heard."""
    for applied, ratio in (("wbgn", "wbgn_snr"), ("bgn", "bgn_snr")):
        if _is_applied(row, applied):
            yield "background-noise", _told(_number(row, ratio), severity_of_residue)
    if _is_applied(row, "p50mnru"):  # noise in step with the speech, as coarse quantisation makes it
        yield "codec", _told(_number(row, "p50_q"), severity_of_residue)
    if _is_applied(row, "filter"):
        yield "band-limited", _of_band(_number(row, "bp_low") or 0.0, _number(row, "bp_high") or 24_000.0)
    if _is_applied(row, "arb_filter"):
        rated = _number(row, "col")  # how badly, its listeners tell
        yield "unknown", _told(rated, lambda score: _at_most(score, strong=2.2, moderate=3.2, slight=4.0))
    if _is_applied(row, "timeclipping"):
        yield "time-clipping", _told(_number(row, "tc_fer"), lambda lost: _from(lost / 100))
    if _is_applied(row, "clipping"):  # the threshold, of the largest sample
        threshold = _number(row, "cl_th")
        yield "amplitude-clipping", _told(threshold, lambda top: _at_most(top, strong=0.08, moderate=0.2, slight=0.5))
    yield from _of_level(row)
    yield from _of_codecs(row)


def _of_level(row: Row) -> Iterator[tuple[str, str]]:
    """The level that a clip ends at."""
    for applied, level in (("asl_out", "asl_out_level"), ("asl_in", "asl_in_level")):
        if _is_applied(row, applied):
            above = (_number(row, level) or NOMINAL_LEVEL) - NOMINAL_LEVEL
            yield "too-quiet", _at_most(above, strong=-22.0, moderate=-14.0, slight=-9.0)
            yield "too-loud", _at_most(-above, strong=-14.0, moderate=-10.0, slight=-7.5)
            return


def _of_codecs(row: Row) -> Iterator[tuple[str, str]]:
    for number in CODECS:
        codec = row.get(f"codec{number}", "").strip().lower()
        if codec in NOT_APPLIED:
            continue
        rate = _number(row, f"bMode{number}")
        if codec in MODES and rate is not None:
            rate = MODES[codec][min(max(int(rate), 1), len(MODES[codec])) - 1]
        if codec in CODEC_RATES:
            yield "codec", _told(rate, partial(worst_at_most, limits=CODEC_RATES[codec]))
        if codec in NARROW_CODECS:
            yield "band-limited", "moderate"
        if _is_applied(row, f"plcMode{number}"):
            yield "packet-loss", _told(_number(row, f"FER{number}"), _from)


def _of_band(low: float, high: float) -> str:
    """Of the edges in Hz; what lies beyond 7 kHz is not heard at 16 kHz."""
    wide = _at_most(high, strong=2_600.0, moderate=4_000.0, slight=7_000.0)
    deep = _at_most(-low, strong=-800.0, moderate=-350.0, slight=-150.0)
    return max(wide, deep, key=lambda severity: SEVERITIES.index(severity) if severity else -1)


def _from(lost: float) -> str:
    """Of the share of frames that are lost."""
    return _at_most(-lost, strong=-0.12, moderate=-0.04, slight=-0.001)


def _at_most(value: float, **limits: float) -> str:
    return worst_at_most(value, limits)


def _told(value: float | None, severity: Callable[[float], str]) -> str:
    """The severity of a number; that in the middle where the number is not listed."""
    return SEVERITIES[1] if value is None else severity(value)


def _is_applied(row: Row, column: str) -> bool:
    return row.get(column, "").strip().lower() not in NOT_APPLIED


def _number(row: Row, column: str) -> float | None:
    text = row.get(column, "").strip()
    return None if text.lower() in NOT_APPLIED else float(text)
