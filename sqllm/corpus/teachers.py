"""Teachers: published models whose figures, fused by `sqllm.corpus.fusion`, label simulated clips.

A teacher takes a degraded clip and its aligned reference, both [n] float32 at 16 kHz, and gives a figure a column.
Nothing is loaded before `load_teachers`, every model once a process, and each rates on one thread: the corpus is built
by a process a core.
"""

from __future__ import annotations

import contextlib
import io
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, set_level

Wave = np.ndarray
Rate = Callable[[Wave, Any], Sequence[float]]

# torchmetrics' order; the licence of the weights (CC BY-NC-SA 4.0) follows the labels.
_NISQA_ORDER = ("mos", "noisiness", "discontinuity", "coloration", "loudness")
LATER_SECONDS = (0.0125, 0.025, 0.0375)
DNSMOS_SECONDS = 9.01
PLCMOS_RATERS = 15

# Why a published model gives no figure: a clip too short or too long for it, silence, no utterance found.
_FAILURES = (ArithmeticError, AssertionError, LookupError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Teacher:
    """A published model, loaded: `columns` names the figures that `rate` gives, the overall quality first."""

    name: str
    columns: tuple[str, ...]
    needs_reference: bool
    rate: Rate

    def __call__(self, degraded: Wave, reference: Wave | None = None) -> dict[str, float]:
        """Figures of a clip, each not a number where the teacher lacks a reference or fails.

        `degraded` and `reference` are [n] float32 at 16 kHz, of the same length and aligned
        (`sqllm.signal.alignment.align_reference`).
        """
        figures: Sequence[float] = [np.nan] * len(self.columns)
        if reference is not None or not self.needs_reference:
            with contextlib.suppress(*_FAILURES):
                figures = self.rate(np.ascontiguousarray(degraded), reference)
        return {name: float(value) for name, value in zip(self.columns, figures, strict=True)}


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _nisqa(weights: Path | None) -> Callable[[Wave], list[float]]:
    """NISQA v2 (Mittag et al. 2021) by torchmetrics: the five scores of a clip, not clamped (they go slightly below 1).

    `weights` is a folder that holds `nisqa.tar`; without it torchmetrics downloads it to `~/.torchmetrics/NISQA`.
    """
    import torch
    import torchmetrics.functional.audio.nisqa as nisqa

    if weights is not None:
        if not (weights / "nisqa.tar").is_file():
            raise FileNotFoundError(f"There is no nisqa.tar in {weights}.")
        nisqa.NISQA_DIR = str(weights.resolve())

    def score(samples: Wave) -> list[float]:
        with torch.inference_mode(), _one_thread():
            heard = torch.from_numpy(np.ascontiguousarray(samples))
            return nisqa.non_intrusive_speech_quality_assessment(heard, SAMPLE_RATE).tolist()

    return score


def _load_nisqa(weights: Path | None) -> Rate:
    score = _nisqa(weights)
    return lambda degraded, reference: score(degraded)


def _load_nisqa_later(weights: Path | None) -> Rate:
    """NISQA v2's five scores of the clip begun `LATER_SECONDS` later, on average.

    It hears a spectrum every 10 ms, in windows 40 ms apart: where they fall moves its discontinuity by .2 on average
    and its MOS by .13 (simulated calls), as much as a clearly audible fault, though nobody hears the difference.
    """
    score = _nisqa(weights)
    firsts = [round(seconds * SAMPLE_RATE) for seconds in LATER_SECONDS]
    return lambda degraded, reference: np.mean([score(degraded[first:]) for first in firsts], axis=0).tolist()


def _load_nisqa_nominal(weights: Path | None) -> Rate:
    """NISQA v2's MOS of the clip brought to -26 dBov: what it has more than as it is, the level costs."""
    score = _nisqa(weights)
    return lambda degraded, reference: score(set_level(degraded, NOMINAL_DBOV))[:1]


def _distillmos() -> Any:
    """Distill-MOS (Stahl and Gamper 2025) as published."""
    # The package imports torchaudio for its own command line only, and prints where its weights lie. The stand-in is
    # taken away again, as it would break whoever asks later whether torchaudio is there.
    missing = find_spec("torchaudio") is None
    if missing:
        sys.modules["torchaudio"] = types.ModuleType("torchaudio")
    try:
        from distillmos import ConvTransformerSQAModel
    finally:
        if missing:
            del sys.modules["torchaudio"]
    with contextlib.redirect_stdout(io.StringIO()):
        return ConvTransformerSQAModel().eval()


def _load_distillmos(weights: Path | None) -> Rate:
    """Distill-MOS as shipped: windows of 7.68 s a second apart, each peak-normalised."""
    import torch

    model = _distillmos()

    def rate(degraded: Wave, reference: Wave | None) -> Sequence[float]:
        with torch.inference_mode(), _one_thread():
            return [float(model(torch.from_numpy(degraded)[None]))]

    return rate


def _load_distillmos_whole(weights: Path | None) -> Rate:
    """Distill-MOS in one window as long as the clip: the same but for .004 in r, and four times faster.

    Its positions are plain sinusoids, so that they can be drawn for any number of frames.
    """
    import torch

    from sqllm.model.encoders.compact import sinusoids

    model = _distillmos()
    listener = model.transformer_pool_attn
    positions = listener.transformer.position_encoding

    def rate(degraded: Wave, reference: Wave | None) -> Sequence[float]:
        with torch.inference_mode(), _one_thread():
            heard = torch.from_numpy(degraded)[None]
            frames = model.cnn(heard / (heard.abs().max() + 1e-8)).transpose(1, 2)
            positions.pe = sinusoids(frames.shape[1], positions.pe.shape[2])
            return [1 + 4 * float(listener(frames))]

    return rate


def _onnx_model(path: Path) -> Callable[[dict[str, Wave]], Any]:
    """A network's first output; raises `ValueError` for an input that it does not take."""
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(inputs: dict[str, Wave]) -> Any:
        try:
            return session.run(None, inputs)[0]
        except (Fail, InvalidArgument) as problem:
            raise ValueError(str(problem)) from problem

    return run


def _load_dnsmos(weights: Path | None) -> Rate:
    """DNSMOS P.835 (Reddy et al. 2022): overall, signal and background, by the network and polynomials of speechmos.

    As there, a clip is repeated up to 9.01 s and heard in windows of that length, a second apart. The P.808 network of
    that package, which nobody asks here, is left out.
    """
    import speechmos

    model = _onnx_model(Path(speechmos.__path__[0]) / "dnsmos_models" / "sig_bak_ovr.onnx")
    overall, signal, background = (
        (-0.06766283, 1.11546468, 0.04602535),
        (-0.08397278, 1.22083953, 0.0052439),
        (-0.13166888, 1.60915514, -0.39604546),
    )
    width = int(DNSMOS_SECONDS * SAMPLE_RATE)

    def rate(degraded: Wave, reference: Wave | None) -> Sequence[float]:
        samples = np.clip(degraded, -1, 1)
        while len(samples) < width:
            samples = np.concatenate([samples, samples])
        starts = range(0, len(samples) - width + 1, SAMPLE_RATE)
        raw = np.array([model({"input_1": samples[None, s : s + width]})[0] for s in starts])
        columns = zip((overall, signal, background), raw.T[[2, 0, 1]], strict=True)
        return [float(np.polyval(polynomial, values).mean()) for polynomial, values in columns]

    return rate


def _load_plcmos(weights: Path | None) -> Rate:
    """PLCMOS v2 (Diener et al. 2023): how well lost packets are concealed.

    The published model draws 15 random raters a clip; here they are the same 15 for every clip, so that a clip always
    has one figure.
    """
    from speechmos.plcmos import PLCMOS

    package = PLCMOS()
    model = _onnx_model(package.model_path)
    raters = np.random.default_rng(0).normal(size=(PLCMOS_RATERS, 1, 64)).astype(np.float32)

    def rate(degraded: Wave, reference: Wave | None) -> Sequence[float]:
        heard = package.stft_transform(np.clip(degraded, -1, 1)).astype(np.float32)[None, None]
        votes = [model({"degraded_audio": heard, "rater_embed": rater}) for rater in raters]
        return [float(np.mean(votes))]

    return rate


def _load_pesq(weights: Path | None) -> Rate:
    """PESQ-WB (ITU-T P.862.2), 1.04-4.64: deaf to the level and to a constant delay."""
    from pesq import PesqError, pesq

    def rate(degraded: Wave, reference: Wave | None) -> Sequence[float]:
        value = pesq(SAMPLE_RATE, reference, degraded, "wb", on_error=PesqError.RETURN_VALUES)
        return [float(value) if value > 0 else np.nan]

    return rate


def _load_visqol(weights: Path | None) -> Rate:
    """ViSQOL v3 in speech mode (Chinen et al. 2020), 1-5: similarity of spectrograms, deaf to the level.

    By its polynomial: the lattice model comes with an optional package and is not monotonic.
    """
    import numba
    from visqol import VisqolApi
    from visqol.patch_creator import RmsVad, VadPatchCreator
    from visqol.visqol_manager import PATCH_SIZE_SPEECH

    class PatchCreator(VadPatchCreator):
        """The package's own to the bit, without its Python loop over the samples: a sixth of ViSQOL's time."""

        def _get_voice_activity(self, signal: Any, start: int, total: int, frame: int) -> list[float]:
            detector = RmsVad()
            samples = np.clip(signal.data[start : start + total] * 32768, -32768, 32767).astype(np.int16)
            for chunk in samples[: len(samples) // frame * frame].reshape(-1, frame):
                detector.process_chunk(chunk)
            return detector.get_vad_results()

    model = VisqolApi()
    model.create(mode="speech", use_lattice_model=False)
    model._manager.patch_creator = PatchCreator(PATCH_SIZE_SPEECH)

    def rate(degraded: Wave, reference: Wave | None) -> Sequence[float]:
        numba.set_num_threads(1)
        assert reference is not None
        return [
            model.measure_from_arrays(reference.astype(np.float64), degraded.astype(np.float64), SAMPLE_RATE).moslqo
        ]

    return rate


_NISQA_COLUMNS = tuple(f"nisqa_{name}" for name in _NISQA_ORDER)
_LATER_COLUMNS = tuple(f"{column}_later" for column in _NISQA_COLUMNS)
_DNSMOS_COLUMNS = ("dnsmos_ovr", "dnsmos_sig", "dnsmos_bak")
_DISTILLMOS = "pip install --no-deps distillmos==0.9.1 xls-r-sqa==0.1.0"
_OF_PIP = "pip install 'sqllm[train]'"
# name -> loader, columns, whether it needs the reference, how to install it
_KNOWN: dict[str, tuple[Callable[[Path | None], Rate], tuple[str, ...], bool, str]] = {
    "NISQA v2": (_load_nisqa, _NISQA_COLUMNS, False, _OF_PIP),
    "NISQA v2 begun later": (_load_nisqa_later, _LATER_COLUMNS, False, _OF_PIP),
    "Distill-MOS": (_load_distillmos, ("distillmos",), False, _DISTILLMOS),
    "Distill-MOS in one window": (_load_distillmos_whole, ("distillmos_whole",), False, _DISTILLMOS),
    "DNSMOS": (_load_dnsmos, _DNSMOS_COLUMNS, False, _OF_PIP),
    "PLCMOS": (_load_plcmos, ("plcmos",), False, _OF_PIP),
    "PESQ": (_load_pesq, ("pesq",), True, _OF_PIP),
    "ViSQOL": (_load_visqol, ("visqol",), True, _OF_PIP),
    "NISQA v2 at -26 dBov": (_load_nisqa_nominal, ("nisqa_mos_nominal",), False, _OF_PIP),
}
TEACHERS = tuple(_KNOWN)


@cache
def load_teacher(name: str, nisqa_weights: Path | None = None) -> Teacher:
    """The teacher of a name in `TEACHERS`, loaded once a process.

    Raises `ValueError` for an unknown name, `ImportError` with how to install it when its package is missing, and
    `FileNotFoundError` when `nisqa_weights` holds no `nisqa.tar`.
    """
    if name not in _KNOWN:
        raise ValueError(f"There is no teacher {name!r}; known are {', '.join(TEACHERS)}.")
    load, columns, needs_reference, install = _KNOWN[name]
    try:
        return Teacher(name, columns, needs_reference, load(nisqa_weights))
    except ImportError as problem:
        raise ImportError(f"{name} needs the package {problem.name}: {install}.", name=problem.name) from problem


def load_teachers(names: Sequence[str] = TEACHERS, nisqa_weights: Path | None = None) -> list[Teacher]:
    """The teachers of some names, loaded; raises as `load_teacher` does."""
    return [load_teacher(name, nisqa_weights) for name in names]


def ask_all(teachers: Sequence[Teacher], degraded: Wave, reference: Wave | None = None) -> dict[str, float]:
    """The figures of several teachers on a clip, by column."""
    return {column: value for teacher in teachers for column, value in teacher(degraded, reference).items()}
