"""Vocoders: what they keep of speech, and what they make up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sqllm.corpus import vocoders
from sqllm.corpus.codecs import CODECS, transcode
from sqllm.corpus.degradations import Wave
from sqllm.corpus.vocoders import CODEC2_RATES, code_by_codec2, codec2, vocode
from sqllm.scores import SEVERITIES
from sqllm.signal.audio import SAMPLE_RATE, active_level, load_clip
from tests.corpus.test_codecs import SPEECH, snr

TALK = load_clip(Path(__file__).parents[2] / "assets" / "examples" / "clean.flac").samples[8_000:56_000]


@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_vocoder_keeps_time_level_and_band_and_makes_the_waveform_up(severity: str) -> None:
    made = [vocode(SPEECH, np.random.default_rng(3), severity) for _ in range(2)]
    (coded, artifact), (again, _) = made
    np.testing.assert_array_equal(coded, again)
    assert coded.shape == SPEECH.shape
    assert coded.dtype == np.float32
    assert active_level(coded) == pytest.approx(active_level(SPEECH), abs=0.5)
    assert snr(SPEECH, coded) < 3
    envelope, clean = (np.convolve(np.abs(wave), np.ones(800) / 800, "same") for wave in (coded, SPEECH))
    assert np.corrcoef(envelope, clean)[0, 1] > 0.9
    power = np.square(np.abs(np.fft.rfft(coded)))
    above = np.fft.rfftfreq(len(coded), 1 / SAMPLE_RATE) > artifact.parameters["band_limit"] + 100
    assert power[above].sum() < 0.01 * power.sum()
    assert (artifact.kind, artifact.severity, artifact.spans) == ("codec", severity, [])


def envelope(wave: Wave) -> np.ndarray:
    """Loudness every millisecond, over 20 ms."""
    return np.log10(np.convolve(np.square(wave, dtype=np.float64), np.ones(320) / 320, "same")[::16] + 1e-7)


@pytest.mark.parametrize("bit_rate", sorted({rate for rates in CODEC2_RATES.values() for rate in rates}))
def test_codec2_keeps_length_time_and_level_and_makes_the_waveform_up(bit_rate: int) -> None:
    pytest.importorskip("pycodec2")
    coded = codec2(TALK, bit_rate)
    assert coded.shape == TALK.shape
    assert coded.dtype == np.float32
    assert active_level(coded) == pytest.approx(active_level(TALK), abs=0.1)
    assert snr(TALK, coded) < 3
    clean, heard = (envelope(wave) - envelope(wave).mean() for wave in (TALK, coded))
    lags = np.arange(-60, 61)
    alike = [float(np.dot(np.roll(clean, lag), heard)) for lag in lags]
    assert abs(lags[int(np.argmax(alike))]) <= 4
    assert max(alike) > 0.8 * np.sqrt(np.dot(clean, clean) * np.dot(heard, heard))


def test_codec2_is_worse_at_lower_rates_and_than_a_telephone() -> None:
    pytest.importorskip("pycodec2")
    telephone = transcode(TALK, CODECS["g711-mu"], 64_000)[0]
    distances = [
        float(np.abs(envelope(telephone) - envelope(wave)).mean())
        for wave in (TALK, codec2(TALK, 3_200), codec2(TALK, 700))
    ]
    assert distances[0] < distances[1] < distances[2]


@pytest.mark.parametrize("severity", SEVERITIES)
def test_codec2_gives_the_same_bytes_again_and_says_how(severity: str) -> None:
    pytest.importorskip("pycodec2")
    (coded, artifact), (again, _) = (code_by_codec2(TALK, np.random.default_rng(1), severity) for _ in range(2))
    np.testing.assert_array_equal(coded, again)
    assert artifact.parameters["bit_rate"] in CODEC2_RATES[severity]
    silent, _ = code_by_codec2(np.zeros(4_801, np.float32), np.random.default_rng(1), severity)
    assert len(silent) == 4_801
    assert np.abs(silent).max() < 2e-3


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocoders, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pycodec2.*sqllm\[train\]"):
        codec2(TALK, 700)
