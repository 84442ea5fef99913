"""Codecs, tandems and lost packets: time axis, concealment and where the losses are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.signal import lfilter

from sqllm.corpus import codecs
from sqllm.corpus.codecs import CODECS, LOSSY, Codec, draw_losses, lose_packets, tandem, transcode
from sqllm.corpus.degradations import Wave
from sqllm.scores import SEVERITIES
from sqllm.signal.alignment import align_reference
from sqllm.signal.audio import SAMPLE_RATE, active_level, set_level
from tests.tiny import speech_like


def whispered(seconds: float, seed: int = 0) -> Wave:
    """A voice without pitch, so that its cross-correlation has one peak: [n] float32."""
    envelope = np.convolve(np.abs(speech_like(seconds, seed)), np.ones(400) / 400, "same")
    noise = np.random.default_rng(seed).normal(0, 1, len(envelope))
    return set_level(lfilter([1], [1, -1.6, 0.81], envelope * noise).astype(np.float32), -26)


def snr(clean: Wave, coded: Wave) -> float:
    return float(10 * np.log10(np.square(clean).sum() / np.square(clean - coded).sum()))


SPEECH = whispered(3.0)
BUZZ = (0.1 * np.sin(2 * np.pi * 200 * np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE)).astype(np.float32)

CODED = [(codec, rate) for codec in CODECS.values() for rate in sorted(set(sum(codec.bit_rates.values(), ())))]


@pytest.mark.parametrize(("codec", "bit_rate"), CODED, ids=[f"{codec.name}-{rate}" for codec, rate in CODED])
def test_real_codecs_change_the_signal_and_keep_its_length_and_time(codec: Codec, bit_rate: int) -> None:
    wave = whispered(1.52, 4)[:-7]
    wave[-3_200:] += wave[4_000:7_200]
    coded, spans = transcode(wave, codec, bit_rate)
    assert spans == []
    assert coded.shape == wave.shape
    assert coded.dtype == np.float32
    assert np.abs(coded - wave).max() > 1e-4
    assert active_level(coded) == pytest.approx(active_level(wave), abs=6)
    assert active_level(coded[-1_600:]) == pytest.approx(active_level(wave[-1_600:]), abs=6)
    assert abs(align_reference(wave, coded).lag) < 0.003
    assert align_reference(wave, coded).match.matched > 0.7


def test_lost_packets_are_silent_where_they_are_said_to_be_and_the_rest_is_untouched() -> None:
    lost = np.zeros(100, bool)
    lost[[20, 21, 60]] = True
    whole, _ = transcode(SPEECH, CODECS["g711-a"], 64_000)
    broken, spans = transcode(SPEECH, CODECS["g711-a"], 64_000, lost, "zero")
    starts = [(0.4, 0.44), (1.2, 1.22), (2.4, 2.44)]
    np.testing.assert_allclose(spans, starts, atol=0.002)
    inside = np.zeros(len(SPEECH), bool)
    for start, stop in spans:
        middle = broken[round(start * SAMPLE_RATE) + 64 : round(stop * SAMPLE_RATE) - 64]
        assert np.abs(middle).max() < 0.05 * np.abs(SPEECH).max()
        inside[round((start - 0.02) * SAMPLE_RATE) : round((stop + 0.02) * SAMPLE_RATE)] = True
    np.testing.assert_allclose(broken[~inside], whole[~inside], atol=1e-3)


@pytest.mark.parametrize("name", ["opus", "amr-nb"])
def test_decoders_conceal_lost_packets_by_themselves(name: str) -> None:
    broken, spans = transcode(BUZZ, CODECS[name], 12_200, np.arange(100) == 50)
    (start, stop), *_ = spans
    gap = broken[round(start * SAMPLE_RATE) : round(stop * SAMPLE_RATE)]
    assert np.sqrt(np.mean(np.square(gap))) > 0.02
    assert stop - start == pytest.approx(0.02, abs=0.005)


@pytest.mark.parametrize("name", ["g711-a", "g711-mu", "g722", "g726", "gsm-fr"])
def test_other_codecs_fill_a_lost_packet_as_they_are_told(name: str) -> None:
    lost = np.isin(np.arange(100), [50, 51, 52])
    powers = {}
    for conceal in codecs.CONCEALMENTS:
        broken, spans = transcode(BUZZ, CODECS[name], LOSSY[name][1], lost, conceal)
        np.testing.assert_allclose(spans, [(1.0, 1.06)], atol=0.003)
        start, stop = round(spans[0][0] * SAMPLE_RATE), round(spans[0][1] * SAMPLE_RATE)
        powers[conceal] = np.sqrt(np.mean(np.square(broken[start + 64 : stop - 64])))
        assert snr(BUZZ[: start - 400], broken[: start - 400]) > 6
        assert snr(BUZZ[stop + 3_200 :], broken[stop + 3_200 :]) > 6
    assert powers["zero"] < 0.005 < powers["fade"] < 0.5 * powers["repeat"]


@pytest.mark.parametrize("name", ["g722", "g726"])
def test_an_adaptive_decoder_is_still_wrong_after_a_loss_for_a_while(name: str) -> None:
    """It missed a packet, so that its predictor is not the encoder's."""
    whole, _ = transcode(SPEECH, CODECS[name], LOSSY[name][1])
    broken, spans = transcode(SPEECH, CODECS[name], LOSSY[name][1], np.arange(150) == 60, "repeat")
    after = round(spans[0][1] * SAMPLE_RATE) + 32
    assert np.abs(broken - whole)[after : after + 160].max() > 1e-4
    assert np.abs(broken - whole)[after + SAMPLE_RATE :].max() < 0.02 * np.abs(SPEECH).max()


@pytest.mark.parametrize("severity", SEVERITIES)
def test_lossy_clips_have_a_loss_in_the_speech_and_the_same_bytes_again(severity: str) -> None:
    used = set()
    for seed in range(12):
        broken, artifact = lose_packets(SPEECH, np.random.default_rng(seed), severity)
        again, _ = lose_packets(SPEECH, np.random.default_rng(seed), severity)
        np.testing.assert_array_equal(broken, again)
        assert broken.shape == SPEECH.shape
        assert artifact.kind == "packet-loss"
        assert artifact.spans
        assert all(0 <= start < stop <= 3.0 for start, stop in artifact.spans)
        spoken = [SPEECH[round(a * SAMPLE_RATE) : round(b * SAMPLE_RATE)] for a, b in artifact.spans]
        assert max(np.sqrt(np.mean(np.square(part))) for part in spoken) > 10 ** ((active_level(SPEECH) - 20) / 20)
        used.add(artifact.parameters["codec"])
    assert len(used) >= 3


def test_g726_is_worse_at_lower_rates_and_a_tandem_is_worse_than_either_codec() -> None:
    rates = [16_000, 24_000, 32_000, 40_000]
    narrow = transcode(SPEECH, CODECS["g711-mu"], 64_000)[0]
    quality = [snr(narrow, transcode(SPEECH, CODECS["g726"], rate)[0]) for rate in rates]
    assert quality == sorted(quality)
    assert quality[-1] > quality[0] + 10
    gsm, _ = transcode(narrow, CODECS["gsm-fr"], 13_000)
    both, _ = transcode(gsm, CODECS["g726"], 16_000)
    assert snr(narrow, both) < min(snr(narrow, gsm), quality[0])


@pytest.mark.parametrize("severity", SEVERITIES)
def test_tandems_name_both_codecs_and_keep_length_time_and_bytes(severity: str) -> None:
    for seed in range(4):
        coded, artifact = tandem(SPEECH, np.random.default_rng(seed), severity)
        np.testing.assert_array_equal(coded, tandem(SPEECH, np.random.default_rng(seed), severity)[0])
        names = artifact.parameters["codec"].split("+")
        assert (artifact.kind, artifact.severity, artifact.spans) == ("codec", severity, [])
        assert set(names) <= set(CODECS)
        assert len(names) == len(artifact.parameters["bit_rate"]) == 2
        assert any(severity in CODECS[name].bit_rates for name in names)
        assert coded.shape == SPEECH.shape
        assert coded.dtype == np.float32
        assert abs(align_reference(SPEECH, coded).lag) < 0.002


@pytest.mark.parametrize("name", CODECS)
def test_silence_stays_quiet_and_very_short_clips_keep_their_length(name: str) -> None:
    codec = CODECS[name]
    bit_rate = min(rate for rates in codec.bit_rates.values() for rate in rates)
    silent, spans = transcode(np.zeros(4_800, np.float32), codec, bit_rate, np.arange(15) == 2)
    assert np.abs(silent).max() < 2e-3
    assert len(silent) == 4_800
    assert spans
    short, _ = transcode(SPEECH[8_000:12_801], codec, bit_rate)
    assert len(short) == 4_801
    assert np.isfinite(short).all()


@pytest.mark.parametrize("severity", SEVERITIES)
def test_silent_and_short_clips_lose_packets_too(severity: str) -> None:
    for wave in (np.zeros(8_000, np.float32), SPEECH[8_000:12_800]):
        for seed in range(3):
            broken, artifact = lose_packets(wave, np.random.default_rng(seed), severity)
            assert len(broken) == len(wave)
            assert artifact.spans


@pytest.mark.parametrize(("rate", "burst"), [(0.02, 1.0), (0.1, 3.0), (0.3, 2.0)])
def test_losses_have_their_rate_and_burst_length(rate: float, burst: float) -> None:
    lost = draw_losses(np.random.default_rng(0), 60_000, rate, burst)
    runs = [len(list(run)) for state, run in itertools.groupby(lost.tolist()) if state]
    assert lost.mean() == pytest.approx(rate, rel=0.12)
    assert np.mean(runs) == pytest.approx(burst, rel=0.1)
