"""Measured facts of made signals: level, noise, bandwidth, clipping, gaps; the same every time, and fast."""

from __future__ import annotations

import io
import json
import time

import numpy as np
import pytest
import soundfile
import soxr
from scipy.signal import firwin, oaconvolve

from sqllm.evaluation.measures_validation import validate, voltmeter
from sqllm.scores import Measures
from sqllm.signal.audio import SAMPLE_RATE, Clip, load_clip
from sqllm.signal.measures import measure
from sqllm.ui.examples import EXAMPLES
from tests.tiny import speech_like


def measured(samples: np.ndarray, speech: list[tuple[float, float]] | None = None) -> Measures:
    return measure(Clip(samples.astype(np.float32)), speech)


def wav(samples: np.ndarray, rate: int, subtype: str = "PCM_16") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


@pytest.fixture(scope="module")
def spoken() -> np.ndarray:
    """Seven seconds of real speech at -26.7 dBov."""
    return load_clip(EXAMPLES / "clean.flac").samples


def steady_noise(length: int, dbov: float) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(length) * 10 ** (dbov / 20)


@pytest.mark.parametrize("gain", [1, 0.1, 0.01])
def test_the_active_level_is_that_of_the_standards_own_program(spoken: np.ndarray, gain: float) -> None:
    clip = gain * spoken[: 3 * SAMPLE_RATE]
    assert measured(clip).active_level_dbov == pytest.approx(voltmeter(clip), abs=0.02)


def test_pauses_leave_the_active_level_and_lower_the_activity(spoken: np.ndarray) -> None:
    alone, padded = measured(spoken), measured(np.concatenate([spoken, np.zeros(10 * SAMPLE_RATE)]))
    assert padded.active_level_dbov == pytest.approx(alone.active_level_dbov, abs=0.2)
    assert padded.activity < 0.5 * alone.activity


@pytest.mark.parametrize("snr", [0, 10, 20, 30, 40])
def test_the_signal_to_noise_ratio_is_within_2_db_in_steady_noise(spoken: np.ndarray, snr: float) -> None:
    level = measured(spoken).active_level_dbov
    assert level is not None
    found = measured(spoken + steady_noise(len(spoken), level - snr))
    assert found.snr_db == pytest.approx(snr, abs=2)
    assert found.noise_floor_dbov == pytest.approx(level - snr, abs=2)


def test_digital_silence_around_noisy_speech_does_not_hide_the_noise(spoken: np.ndarray) -> None:
    noisy, quiet = spoken + steady_noise(len(spoken), -45), np.zeros(3 * SAMPLE_RATE)
    assert measured(np.concatenate([quiet, noisy, quiet])).snr_db == pytest.approx(18.3, abs=2)


def test_noise_that_comes_and_goes_counts_with_its_mean_where_speech_is_known(spoken: np.ndarray) -> None:
    level = measured(spoken).active_level_dbov
    assert level is not None
    clip = np.concatenate([np.zeros(3 * SAMPLE_RATE), spoken])
    pulse = np.repeat(np.random.default_rng(1).uniform(0, 1, 200) > 0.7, 800)[: len(clip)]
    noise = steady_noise(len(clip), 0) * pulse
    noise *= 10 ** ((level - 5) / 20) / np.sqrt(np.mean(np.square(noise)))
    steady, known = measured(clip + noise).snr_db, measured(clip + noise, [(3.0, 10.0)]).snr_db
    assert known == pytest.approx(5, abs=3)
    assert steady is not None
    assert steady > 15


@pytest.mark.parametrize("make", [lambda n: np.zeros(n), lambda n: steady_noise(n, -30)])
def test_without_anything_that_stands_out_there_is_no_ratio(make) -> None:
    assert measured(make(4 * SAMPLE_RATE)).snr_db is None


@pytest.mark.parametrize("hertz", [3400, 4000, 5500, 7000])
def test_the_bandwidth_is_where_a_filter_ends_it(spoken: np.ndarray, hertz: float) -> None:
    filtered = oaconvolve(spoken, firwin(255, hertz, fs=SAMPLE_RATE), "same")
    assert measured(filtered).bandwidth_hz == pytest.approx(hertz, abs=300)


@pytest.mark.parametrize(("rate", "hertz"), [(8000, 3830), (11025, 5280)])
def test_a_file_of_48_khz_that_holds_less_is_told(spoken: np.ndarray, rate: int, hertz: float) -> None:
    low = soxr.resample(spoken, SAMPLE_RATE, rate, "VHQ")
    clip = load_clip(wav(soxr.resample(low, rate, 48_000, "VHQ"), 48_000))
    assert measure(clip).bandwidth_hz == pytest.approx(hertz, abs=300)


def test_wide_speech_has_no_band_edge(spoken: np.ndarray) -> None:
    assert measured(spoken).bandwidth_hz is None


@pytest.mark.parametrize("percent", [0.3, 1, 5])
@pytest.mark.parametrize("turned_to", [1.0, 0.4])
@pytest.mark.parametrize("rate", [SAMPLE_RATE, 44_100])
def test_clipping_is_found_at_any_ceiling_and_rate(
    spoken: np.ndarray, percent: float, turned_to: float, rate: int
) -> None:
    wave = soxr.resample(spoken, SAMPLE_RATE, rate)
    ceiling = np.quantile(np.abs(wave), 1 - percent / 100)
    clip = load_clip(wav(np.clip(wave, -ceiling, ceiling) * turned_to / ceiling * 0.999, rate))
    assert measure(clip).clipped_percent == pytest.approx(percent, abs=0.2)


def test_clipping_on_one_side_and_beside_dc_counts(spoken: np.ndarray) -> None:
    ceiling = np.quantile(spoken, 0.99)
    clip = load_clip(wav(np.minimum(spoken, ceiling) + 0.1, SAMPLE_RATE))
    assert measure(clip).clipped_percent == pytest.approx(1, abs=0.2)


def test_clipping_before_resampling_is_found_within_a_quarter(spoken: np.ndarray) -> None:
    wide = soxr.resample(spoken, SAMPLE_RATE, 48_000)
    ceiling = np.quantile(np.abs(wide), 0.98)
    again = soxr.resample(np.clip(wide, -ceiling, ceiling), 48_000, SAMPLE_RATE)
    assert measured(again / ceiling * 0.8).clipped_percent == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_U8", "ULAW", "ALAW", "FLOAT"])
def test_speech_at_full_scale_is_not_clipped(spoken: np.ndarray, subtype: str) -> None:
    clip = load_clip(wav(spoken / np.abs(spoken).max(), SAMPLE_RATE, subtype))
    assert measure(clip).clipped_percent == 0


@pytest.mark.parametrize("hertz", [50, 440, 997])
def test_a_tone_is_not_clipped(hertz: float) -> None:
    tone = 0.99 * np.sin(2 * np.pi * hertz * np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE)
    assert measure(load_clip(wav(tone, SAMPLE_RATE))).clipped_percent == 0


def test_muted_stretches_are_told_with_their_times(spoken: np.ndarray) -> None:
    loud = np.flatnonzero(np.abs(spoken) > 0.15)
    starts = [int(loud[np.searchsorted(loud, second * SAMPLE_RATE)]) for second in (1, 3, 5)]
    clip = spoken.copy()
    for start, seconds in zip(starts, (0.04, 0.2, 1.0), strict=True):
        clip[start : start + round(seconds * SAMPLE_RATE)] = 0
    found = measured(clip).gaps
    assert [start for start, _ in found] == pytest.approx([start / SAMPLE_RATE for start in starts], abs=0.01)
    # the end is exact where speech goes on at once; here it may be in a pause of its own
    assert [end - start for start, end in found] == pytest.approx([0.04, 0.2, 1.0], abs=0.15)


def test_a_gap_in_background_noise_is_one_and_a_gap_at_48_khz_is_as_exact(spoken: np.ndarray) -> None:
    noisy = soxr.resample(spoken + steady_noise(len(spoken), -50), SAMPLE_RATE, 48_000)
    noisy[2 * 48_000 : round(2.3 * 48_000)] = 0
    found = measure(load_clip(wav(noisy, 48_000))).gaps
    assert np.array(found) == pytest.approx(np.array([[2.0, 2.3]]), abs=0.01)


def test_sudden_muting_that_leaves_a_rest_is_a_gap(spoken: np.ndarray) -> None:
    loud = np.flatnonzero(np.abs(spoken) > 0.2)
    start = int(loud[len(loud) // 2])
    end = int(loud[np.searchsorted(loud, start + 3000)])
    muted = spoken.copy()
    muted[start:end] *= 0.003
    assert np.array(measured(muted).gaps) == pytest.approx(np.array([[start, end]]) / SAMPLE_RATE, abs=0.01)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*-reference.flac")), ids=lambda path: path.stem)
def test_natural_pauses_are_no_gaps(file) -> None:
    assert measure(load_clip(file)).gaps == ()


def test_silence_around_speech_is_no_gap(spoken: np.ndarray) -> None:
    quiet = np.zeros(SAMPLE_RATE)
    assert measured(np.concatenate([quiet, spoken, quiet])).gaps == ()


@pytest.mark.parametrize(
    "samples",
    [np.zeros(1600), np.ones(1600), np.full(20, 0.5), steady_noise(1600, -95), np.eye(1, 4000)[0]],
    ids=["silence", "constant", "20 samples", "dither", "a click"],
)
def test_what_is_hardly_a_clip_is_measured_too(samples: np.ndarray) -> None:
    content = json.dumps(measured(samples).to_json(), allow_nan=False)
    assert json.loads(content)["gaps"] == []


def test_measures_are_those_of_the_formula() -> None:
    wave = 0.5 * np.sign(np.sin(np.arange(2 * SAMPLE_RATE) * 0.3)) + 0.25
    found = measured(wave)
    assert found.dc == pytest.approx(0.25, abs=0.001)
    assert found.peak_dbov == pytest.approx(20 * np.log10(0.75), abs=0.001)
    assert found.active_level_dbov == pytest.approx(20 * np.log10(0.5), abs=0.1)


def test_a_long_clip_is_measured_in_pieces_as_a_short_one_is(spoken: np.ndarray) -> None:
    noisy = spoken + steady_noise(len(spoken), -50)
    short, long = measured(noisy), measured(np.tile(noisy, 20))
    assert long.active_level_dbov == pytest.approx(short.active_level_dbov, abs=0.3)
    assert long.snr_db == pytest.approx(short.snr_db, abs=0.5)
    assert long.noise_floor_dbov == pytest.approx(short.noise_floor_dbov, abs=0.5)


def test_measuring_is_fast_and_gives_the_same_twice() -> None:
    clip = Clip(speech_like(10))
    first, started = measure(clip), time.process_time()
    assert measure(clip) == first
    assert time.process_time() - started < 0.2  # 15 ms when nothing else runs


def test_the_line_of_facts() -> None:
    facts = Measures(-26.08, 0.8, -44.2, 18.1, 3410, 0.04, 0, ((1.0, 1.3),), 15, -11, 7, "WAV", 16_000, 1)
    assert (
        facts.in_words()
        == "-26.1 dBov active, SNR 18 dB, 3.4 kHz wide, 0.0% clipped, sound gone in 1 place (0.30 s), 16 kHz mono WAV"
    )


def test_validation_holds_what_it_promises_on_an_example() -> None:
    table = validate([EXAMPLES / "clean.flac"], [])
    assert all(table.within(name) == 1 for name in table.errors if "resampled since" not in name), list(table.lines())
