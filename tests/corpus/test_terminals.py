"""Devices and terminals: gain control, band, noise reference unit, jitter buffer and voice switch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import correlate, lfilter

from sqllm.corpus import terminals as capture
from sqllm.corpus.degradations import Artifact, Wave
from sqllm.corpus.terminals import DEVICE_SEVERITIES, DEVICES, find_onsets
from sqllm.scores import SEVERITIES
from sqllm.signal.audio import SAMPLE_RATE, active_level, frame_energies, set_level

WORDS = [(0.3, 0.8), (1.2, 1.7), (2.1, 2.9)]


def words(floor: float = -70.0) -> Wave:
    """Three words in 3 s (voice and breath, no silence inside) over noise at `floor` dBov: [n] float32."""
    rng = np.random.default_rng(0)
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    envelope = sum(((time >= start) & (time < stop)).astype(float) for start, stop in WORDS)
    voice = 0.3 * np.sign(np.sin(2 * np.pi * (110 + 20 * np.sin(3 * time)) * time)) + rng.normal(0, 1, len(time))
    speech = set_level(lfilter([1], [1, -1.4, 0.8], voice * envelope).astype(np.float32), -26)
    return speech + (10 ** (floor / 20) * rng.normal(0, 1, len(time))).astype(np.float32)


SPEECH = words()
Damage = Callable[[Wave, np.random.Generator, str], tuple[Wave, Artifact]]
STEPS: dict[str, tuple[Damage, str]] = {
    "agc": (capture.pump_gain, "level-change"),
    "device": (capture.limit_device, "band-limited"),
    "mnru": (capture.add_mnru, "codec"),
    "jitter": (capture.jitter_time, "packet-loss"),
    "voice-switch": (capture.clip_onsets, "time-clipping"),
}


def samples(span: tuple[float, float]) -> slice:
    return slice(round(span[0] * SAMPLE_RATE), round(span[1] * SAMPLE_RATE))


def outside(spans: list[tuple[float, float]], margin: int = 16) -> np.ndarray:
    mask = np.ones(len(SPEECH), bool)
    for span in spans:
        part = samples(span)
        mask[max(0, part.start - margin) : part.stop + margin] = False
    return mask


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("step", STEPS)
def test_steps_keep_length_and_time_and_are_the_same_again(step: str, severity: str) -> None:
    damage, kind = STEPS[step]
    before = SPEECH.copy()
    damaged, artifact = damage(SPEECH, np.random.default_rng(3), severity)
    np.testing.assert_array_equal(SPEECH, before)
    assert damaged.shape == SPEECH.shape
    assert damaged.dtype == np.float32
    assert np.isfinite(damaged).all()
    assert (artifact.kind, artifact.severity) == (kind, severity)
    assert all(0 <= start < stop <= 3.0 for start, stop in artifact.spans)
    assert np.abs(damaged - SPEECH).max() > 1e-3
    again, same = damage(SPEECH, np.random.default_rng(3), severity)
    assert damaged.tobytes() == again.tobytes()
    assert artifact == same
    lag = int(np.argmax(correlate(damaged, SPEECH, method="fft"))) - len(SPEECH) + 1
    assert abs(lag) <= SAMPLE_RATE // 1000


@pytest.mark.parametrize("step", STEPS)
def test_a_stronger_severity_does_more_damage(step: str) -> None:
    damage, _ = STEPS[step]
    errors = []
    for severity in SEVERITIES:
        results = [damage(SPEECH, np.random.default_rng(seed), severity) for seed in range(8)]
        damaged = [wave for wave, _ in results]
        if step in ("agc", "device"):  # what they do is in the spectrum and the contour, not in the waveform
            errors.append(np.mean([np.abs(contour(wave) - contour(SPEECH)).mean() for wave in damaged]))
        elif step == "jitter":  # a late clip is as wrong as a very late one, sample by sample
            errors.append(np.mean([sum(stop - start for start, stop in artifact.spans) for _, artifact in results]))
        else:
            errors.append(np.mean([np.square(wave - SPEECH).mean() for wave in damaged]))
    assert errors == sorted(errors)
    assert errors[2] > 1.5 * errors[0]


def contour(wave: Wave) -> np.ndarray:
    """Levels (dB) in time and in frequency."""
    spectrum = np.abs(np.fft.rfft(wave))[: 24_000 // 240 * 240].reshape(-1, 240)
    return np.concatenate([frame_energies(wave, 0.05), 20 * np.log10(np.sqrt(np.square(spectrum).mean(axis=1)) + 1e-3)])


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_silence_and_very_short_clips_pass(step: str, severity: str) -> None:
    damage, _ = STEPS[step]
    for wave in (np.zeros(16_000, np.float32), SPEECH[4_000:8_801], SPEECH[4_800:6_400]):
        for seed in range(3):
            damaged, artifact = damage(wave, np.random.default_rng(seed), severity)
            assert damaged.shape == wave.shape
            assert np.isfinite(damaged).all()
            assert all(0 <= a < b <= len(wave) / SAMPLE_RATE + 1e-9 for a, b in artifact.spans)
            if not wave.any():
                assert np.abs(damaged).max() == 0


@pytest.mark.parametrize("severity", SEVERITIES)
def test_gain_control_raises_the_noise_of_pauses_and_keeps_the_speech(severity: str) -> None:
    noisy = words(-55)
    pumped, artifact = capture.pump_gain(noisy, np.random.default_rng(1), severity)
    gain = frame_energies(pumped, 0.05) - frame_energies(noisy, 0.05)
    pause = np.mean(gain[38:42])  # 1.9 to 2.1 s, just before the third word
    speech = np.mean(gain[48:56])
    assert artifact.parameters["gain"] * 0.4 < pause - speech < artifact.parameters["gain"] + 1
    assert active_level(pumped) == pytest.approx(active_level(noisy), abs=0.5)
    onset, settled = gain[42], np.mean(gain[50:56])
    assert onset > settled


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_has_its_response_whatever_the_talker(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "DEVICE_SEVERITIES", {"slight": (device,)})
    noise = (0.05 * np.random.default_rng(0).normal(0, 1, 10 * SAMPLE_RATE)).astype(np.float32)
    limited, artifact = capture.limit_device(noise, np.random.default_rng(2), "slight")
    assert artifact.parameters == {"device": device}
    before, after = (np.abs(np.fft.rfft(wave)) ** 2 for wave in (noise, limited))
    points = [hertz for hertz, gain in DEVICES[device].items() if gain > -15 and hertz >= 200]
    measured = [
        10 * np.log10(after[(h - 8) * 10 : (h + 8) * 10].sum() / before[(h - 8) * 10 : (h + 8) * 10].sum())
        for h in points
    ]
    wanted = [DEVICES[device][hertz] for hertz in points]
    np.testing.assert_allclose(np.array(measured) - np.mean(measured), np.array(wanted) - np.mean(wanted), atol=2.5)


def test_every_severity_has_devices_and_every_device_a_severity() -> None:
    assert set(DEVICE_SEVERITIES) == set(SEVERITIES)
    assert {device for devices in DEVICE_SEVERITIES.values() for device in devices} == set(DEVICES)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_noise_reference_unit_has_its_signal_to_noise_ratio(severity: str) -> None:
    noisy, artifact = capture.add_mnru(SPEECH, np.random.default_rng(0), severity)
    ratio = 10 * np.log10(np.square(SPEECH).sum() / np.square(noisy - SPEECH).sum())
    assert ratio == pytest.approx(artifact.parameters["mnru_q"], abs=0.3)
    pause = slice(28_000, 33_000)
    assert np.abs(noisy[pause]).max() < 1e-2  # the noise follows the speech, so that pauses stay quiet


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("splice", ["stretch", "slip"])
def test_a_jitter_buffer_falls_behind_and_is_on_time_again(severity: str, splice: str) -> None:
    seeds = [
        seed
        for seed in range(12)
        if capture.jitter_time(SPEECH, np.random.default_rng(seed), severity)[1].parameters["splice"] == splice
    ]
    assert seeds
    for seed in seeds[:3]:
        late, artifact = capture.jitter_time(SPEECH, np.random.default_rng(seed), severity)
        changes = artifact.parameters["changes"]
        assert changes >= 2
        assert changes % 2 == 0
        assert 0.01 <= artifact.parameters["longest"] <= 0.06
        assert artifact.parameters["concealment"] == "jitter"
        first, last = artifact.spans[0], artifact.spans[-1]
        np.testing.assert_array_equal(late[: samples(first).start - 8], SPEECH[: samples(first).start - 8])
        np.testing.assert_array_equal(late[samples(last).stop + 16 :], SPEECH[samples(last).stop + 16 :])
        if len(artifact.spans) == 2:
            delay = round(artifact.parameters["longest"] * SAMPLE_RATE)
            between = slice(samples(first).stop + 16, samples(last).start - 16)
            np.testing.assert_array_equal(late[between], SPEECH[between.start - delay : between.stop - delay])
        if splice == "slip":
            assert np.mean(late[samples(first)] == 0) > 0.95


def test_onsets_are_found_where_words_begin_with_and_without_noise() -> None:
    for floor in (-90.0, -70.0, -50.0, -42.0):
        np.testing.assert_allclose(find_onsets(words(floor)) / SAMPLE_RATE, [0.3, 1.2, 2.1], atol=0.011)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_voice_switch_takes_the_beginnings_of_words_and_nothing_else(severity: str) -> None:
    for seed in range(4):
        clipped, artifact = capture.clip_onsets(SPEECH, np.random.default_rng(seed), severity)
        assert len(artifact.spans) == artifact.parameters["onsets"]
        for start, stop in artifact.spans:
            assert min(abs(start - word) for word, _ in WORDS) < 0.011
            assert stop - start == pytest.approx(artifact.parameters["late"], rel=0.32)
            part = samples((start, stop))
            assert np.abs(clipped[part.start : part.stop - 8]).max() == 0
            assert np.sqrt(np.square(SPEECH[part]).mean()) > 0.01
        np.testing.assert_array_equal(clipped[outside(artifact.spans)], SPEECH[outside(artifact.spans)])
