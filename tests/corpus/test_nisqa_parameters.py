"""What was done to the NISQA corpus's simulated clips, from its tables of parameters."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sqllm.corpus.nisqa_layout import COLUMNS, INDEX_NAME, read_corpus
from sqllm.corpus.nisqa_parameters import faults_of

APPLIED = [
    "filter",
    "timeclipping",
    "wbgn",
    "p50mnru",
    "bgn",
    "clipping",
    "arb_filter",
    "asl_in",
    "asl_out",
    "codec1",
    "codec2",
    "codec3",
]
APPLIED += ["plcMode1", "plcMode2", "plcMode3"]
NUMBERS = [
    "wbgn_snr",
    "bgn_snr",
    "tc_fer",
    "tc_nburst",
    "cl_th",
    "bp_low",
    "bp_high",
    "p50_q",
    "bMode1",
    "bMode2",
    "bMode3",
    "FER1",
    "FER2",
    "FER3",
]
NUMBERS += ["asl_in_level", "asl_out_level"]
CLEAN = dict.fromkeys(APPLIED, "-") | dict.fromkeys(NUMBERS, "") | {"col": "3.0"}


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({}, {}),
        ({"wbgn": "x", "wbgn_snr": "12"}, {"background-noise": "strong"}),
        ({"bgn": "bgn_file", "bgn_snr": "30"}, {"background-noise": "slight"}),
        ({"bgn": "x", "bgn_snr": "45"}, {}),
        ({"filter": "bandpass", "bp_low": "500", "bp_high": "2500"}, {"band-limited": "strong"}),
        ({"filter": "lowpass", "bp_high": "3800"}, {"band-limited": "moderate"}),
        ({"filter": "highpass", "bp_low": "200"}, {"band-limited": "slight"}),
        ({"filter": "lowpass", "bp_high": "12000"}, {}),
        ({"timeclipping": "x", "tc_fer": "20", "tc_nburst": "3"}, {"time-clipping": "strong"}),
        ({"timeclipping": "x", "tc_fer": "2"}, {"time-clipping": "slight"}),
        ({"clipping": "x", "cl_th": "0.05"}, {"amplitude-clipping": "strong"}),
        ({"clipping": "x", "cl_th": "0.15"}, {"amplitude-clipping": "moderate"}),
        ({"asl_in": "x", "asl_in_level": "-46"}, {"too-quiet": "moderate"}),
        ({"asl_in": "x", "asl_in_level": "-46", "asl_out": "x", "asl_out_level": "-26"}, {}),
        ({"asl_out": "x", "asl_out_level": "-12"}, {"too-loud": "strong"}),
        ({"codec1": "evs", "bMode1": "7", "plcMode1": "noloss"}, {}),
        (
            {"codec1": "opus", "bMode1": "6", "plcMode1": "bursty", "FER1": "0.15"},
            {"codec": "strong", "packet-loss": "strong"},
        ),
        ({"codec1": "amrwb", "bMode1": "9", "plcMode1": "random", "FER1": "0.06"}, {"packet-loss": "moderate"}),
        (
            {"codec1": "amrnb", "bMode1": "8", "codec2": "g711", "bMode2": "1"},
            {"codec": "slight", "band-limited": "moderate"},
        ),
        ({"arb_filter": "x", "col": "2.0"}, {"unknown": "strong"}),
        ({"p50mnru": "x", "p50_q": "10"}, {"codec": "strong"}),
        ({"p50mnru": "x", "p50_q": ""}, {"codec": "moderate"}),
    ],
)
def test_parameters_are_told_as_faults(parameters: dict[str, str], wanted: dict[str, str]) -> None:
    assert {fault.kind: fault.severity for fault in faults_of(CLEAN | parameters)} == wanted


def test_corpus_as_it_is_unpacked_knows_what_was_done_to_its_simulated_clips(tmp_path: Path) -> None:
    names = {"NISQA_TRAIN_SIM": "NISQA_TRAIN_SIM/deg/c00001.wav", "NISQA_TRAIN_LIVE": "NISQA_TRAIN_LIVE/deg/c00001.wav"}
    rows = [dict.fromkeys(COLUMNS, "") | {"db": db, "filepath_deg": name, "mos": "2"} for db, name in names.items()]
    write(tmp_path / INDEX_NAME, rows)
    listed = rows[0] | CLEAN | {"clipping": "x", "cl_th": "0.01"}
    write(tmp_path / "NISQA_TRAIN_SIM" / "NISQA_TRAIN_SIM_file.csv", [listed])
    simulated, live = read_corpus(tmp_path)
    assert [(fault.kind, fault.severity) for fault in simulated.faults()] == [("amplitude-clipping", "strong")]
    assert live.artifacts is None


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
