"""Finding speech: what is and what is not, whatever its level and length, and which windows it is heard in."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from sqllm.scores import Speech
from sqllm.signal import speech as module
from sqllm.signal.audio import SAMPLE_RATE, load_clip, set_level
from sqllm.signal.speech import (
    CHUNK,
    CONTEXT,
    SileroNetwork,
    find_speech,
    speech_probabilities,
    speech_windows,
)
from tests.tiny import speech_like

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "assets" / "examples").glob("*.flac"))
TIME = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
RNG = np.random.default_rng(0)


def example(name: str) -> np.ndarray:
    return next(load_clip(path).samples for path in EXAMPLES if path.stem == name)


def noisy(samples: np.ndarray, snr: float, noise: np.ndarray | None = None) -> np.ndarray:
    noise = np.random.default_rng(1).standard_normal(len(samples)) if noise is None else np.resize(noise, len(samples))
    gain = np.sqrt(np.mean(np.square(samples)) / np.mean(np.square(noise))) * 10 ** (-snr / 20)
    return (samples + gain * noise).astype(np.float32)


def dialled() -> np.ndarray:
    """DTMF: five digits a second."""
    pairs = [(low, high) for low in (697, 770, 852, 941) for high in (1209, 1336, 1477)]
    digit = (TIME * 5).astype(int) % len(pairs)
    tones = np.sin(2 * np.pi * np.array(pairs)[digit].T * TIME).sum(axis=0)
    return 0.1 * tones * (TIME * 5 % 1 < 0.6)


def played() -> np.ndarray:
    """A melody of notes with overtones that decay."""
    hertz = 220 * 2 ** (np.array([0, 4, 7, 12, 11, 7, 5, 2])[(TIME * 4).astype(int) % 8] / 12)
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    return 0.1 * sum(np.sin(k * phase) / k for k in range(1, 7)) * np.exp(-3 * (TIME * 4 % 1))


def cried() -> np.ndarray:
    """Like a baby's cry: bursts of a second at 400 to 500 Hz with strong overtones."""
    hertz = 450 + 50 * np.sin(2 * np.pi * TIME)
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    return 0.05 * sum(np.sin(k * phase) for k in (1, 2, 3, 4, 5)) * (np.sin(np.pi * TIME / 1.3) ** 2) ** 0.5


def clapped() -> np.ndarray:
    """Applause: hundreds of short bursts of noise a second."""
    claps = np.zeros(len(TIME))
    claps[np.random.default_rng(2).integers(0, len(TIME), 2400)] = 1
    return 0.05 * np.convolve(claps, np.random.default_rng(3).standard_normal(160) * np.hanning(160), "same")


NOT_SPEECH = {
    "nothing": np.zeros(len(TIME)),
    "faint noise": 1e-4 * RNG.standard_normal(len(TIME)),
    "white noise": 0.1 * RNG.standard_normal(len(TIME)),
    "rumble": np.cumsum(RNG.standard_normal(len(TIME))) * 1e-3,
    "hum": 0.1 * sum(np.sin(2 * np.pi * 50 * k * TIME) / k for k in (1, 2, 3, 5)),
    "tone": 0.1 * np.sin(2 * np.pi * 1000 * TIME),
    "sweep": 0.1 * np.sin(2 * np.pi * 100 * 40 ** (TIME / 6) * 6 / np.log(40)),
    "ringing": 0.1 * (np.sin(2 * np.pi * 440 * TIME) + np.sin(2 * np.pi * 480 * TIME)) * (TIME % 6 < 2),
    "busy": 0.1 * np.sin(2 * np.pi * 425 * TIME) * (TIME % 1 < 0.5),
    "DTMF": dialled(),
    "melody": played(),
    "cry": cried(),
    "applause": clapped(),
    "clicks": 0.5 * (RNG.random(len(TIME)) < 5e-4),
    "one burst": np.where(abs(TIME - 3) < 0.05, RNG.standard_normal(len(TIME)), 0),
    "DC": np.full(len(TIME), 0.3),
    "full-scale square wave": np.sign(np.sin(2 * np.pi * 130 * TIME)),
}


@pytest.mark.parametrize("kind", NOT_SPEECH)
def test_other_sounds_are_not_taken_for_speech(kind: str) -> None:
    assert find_speech(NOT_SPEECH[kind].astype(np.float32)).spans == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_speech_for_the_most_part(path: Path) -> None:
    assert find_speech(load_clip(path).samples).share > 0.5


def clipped(samples: np.ndarray) -> np.ndarray:
    limit = np.quantile(np.abs(samples), 0.3)
    return set_level(np.clip(samples, -limit, limit), -26)


def whispered(samples: np.ndarray) -> np.ndarray:
    """Noise instead of the voice: phases drawn anew, frame by frame."""
    import librosa

    heard = librosa.stft(samples, n_fft=400, hop_length=100)
    phases = np.exp(2j * np.pi * np.random.default_rng(4).random(heard.shape))
    return set_level(librosa.istft(np.abs(heard) * phases, hop_length=100, n_fft=400), -40)


def lossy(samples: np.ndarray) -> np.ndarray:
    """A third of the packets of 20 ms is lost."""
    lost = np.random.default_rng(5).random(len(samples) // 320 + 1) < 1 / 3
    return samples * ~np.repeat(lost, 320)[: len(samples)]


def telephone(samples: np.ndarray) -> np.ndarray:
    from scipy.signal import butter, sosfilt

    return sosfilt(butter(8, (300, 3400), "bandpass", fs=SAMPLE_RATE, output="sos"), samples)


DAMAGE = {
    "white noise at 10 dB": lambda wave: noisy(wave, 10),
    "white noise at 5 dB": lambda wave: noisy(wave, 5),
    "white noise at 0 dB": lambda wave: noisy(wave, 0),
    "rumble at 0 dB": lambda wave: noisy(wave, 0, NOT_SPEECH["rumble"]),
    "hum at -5 dB": lambda wave: noisy(wave, -5, NOT_SPEECH["hum"]),
    "applause at 5 dB": lambda wave: noisy(wave, 5, NOT_SPEECH["applause"]),
    "whispered": whispered,
    "clipped": clipped,
    "packets lost": lossy,
    "telephone band": telephone,
    "at -50 dBov": lambda wave: set_level(wave, -50),
    "at -70 dBov": lambda wave: set_level(wave, -70),
    "at +20 dBov": lambda wave: set_level(wave, 20),
    "with DC": lambda wave: wave + 0.3,
    "upside down": lambda wave: -wave,
    "slow": lambda wave: np.interp(np.arange(0, len(wave), 0.8), np.arange(len(wave)), wave),
    "fast": lambda wave: np.interp(np.arange(0, len(wave), 1.25), np.arange(len(wave)), wave),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["clean", "quiet-reference"])
def test_damaged_speech_is_speech(name: str, damage: str) -> None:
    assert find_speech(np.asarray(DAMAGE[damage](example(name)), np.float32)).seconds > 1


def test_speech_is_found_where_it_is() -> None:
    wave = example("clean")[: 4 * SAMPLE_RATE]
    quiet = np.zeros(5 * SAMPLE_RATE, np.float32)
    hiss = 1e-3 * np.random.default_rng(6).standard_normal(len(quiet)).astype(np.float32)
    for gap in (quiet, hiss):
        found = find_speech(np.concatenate([gap, wave, gap, wave, gap]))
        starts, ends = [start for start, _ in found.spans], [end for _, end in found.spans]
        assert min(starts) == pytest.approx(5, abs=0.3)
        assert max(ends) == pytest.approx(18, abs=0.3)
        assert not any(9.3 < at < 13.7 for at in (*starts, *ends))
        assert found.duration == 23


@pytest.mark.parametrize("samples", [0, 1, 100, CHUNK, CHUNK + 1, 3 * CHUNK - 1])
def test_the_shortest_clips_hold_no_speech_and_do_no_harm(samples: int) -> None:
    found = find_speech(np.full(samples, 0.01, np.float32))
    assert (found.spans, found.share) == ((), 0.0)


def test_spans_end_with_the_clip() -> None:
    wave = example("clean")[: 2 * SAMPLE_RATE + 77]
    assert find_speech(wave).spans[-1][1] <= len(wave) / SAMPLE_RATE + 0.001


def test_the_same_clip_gives_the_same_spans() -> None:
    wave = noisy(example("clean"), 0)
    assert find_speech(wave) == find_speech(wave.copy())


def test_a_long_clip_is_heard_in_blocks_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = speech_like(9.3, 1)
    whole = speech_probabilities(wave)
    monkeypatch.setattr(module, "CHUNKS_AT_ONCE", 50)
    np.testing.assert_allclose(speech_probabilities(wave), whole, atol=1e-5)


def test_the_network_is_silero_vad_whose_own_model_agrees_on_what_is_speech() -> None:
    """The wheel's TorchScript model holds other weights of the same network: with them, both give the same numbers."""
    package = find_spec("silero_vad")
    assert package
    assert package.submodule_search_locations
    theirs = torch.jit.load(Path(package.submodule_search_locations[0]) / "data" / "silero_vad.jit")
    names = {"_model.stft.forward_basis_buffer": "stft_conv.weight"}
    names |= {f"_model.encoder.{n}.reparam_conv.{p}": f"conv{n + 1}.{p}" for n in range(4) for p in ("weight", "bias")}
    names |= {f"_model.decoder.rnn.{p}_{g}": f"lstm.{p}_{g}_l0" for p in ("weight", "bias") for g in ("ih", "hh")}
    names |= {f"_model.decoder.decoder.2.{p}": f"final_conv.{p}" for p in ("weight", "bias")}
    weights = theirs.state_dict()
    ours = SileroNetwork().eval()
    ours.load_state_dict({name: weights[their] for their, name in names.items()})
    wave = torch.from_numpy(example("clean")[: 60 * CHUNK])
    with torch.inference_mode():
        mine, _ = ours(torch.nn.functional.pad(wave, (CONTEXT, 0)))
        other = [theirs(chunk[None], SAMPLE_RATE).item() for chunk in wave.split(CHUNK)]
    np.testing.assert_allclose(mine.numpy(), other, atol=1e-4)
    assert ((mine.numpy() > 0.5) == (speech_probabilities(wave.numpy()) > 0.5)).mean() > 0.9


def test_threads_are_left_as_they_are() -> None:
    """The detector's own package sets them to one when imported."""
    code = (
        "import numpy, torch; torch.set_num_threads(3); from sqllm.signal.speech import find_speech;"
        "find_speech(numpy.zeros(16000, 'float32')); import sys;"
        "assert torch.get_num_threads() == 3 and 'silero_vad' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def windows_of(seconds: float, *spans: tuple[float, float]) -> list[tuple[float, float]]:
    samples = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    cut = speech_windows(samples, Speech(spans, seconds))
    return [(start / SAMPLE_RATE, end / SAMPLE_RATE) for start, end in cut]


def test_a_clip_with_pauses_is_heard_whole() -> None:
    assert windows_of(10, (3.9, 6.1)) == [(0, 10)]
    assert windows_of(9, (0.2, 1), (4.9, 5.1)) == [(0, 9)]
    assert windows_of(24, (1, 8), (11, 23)) == [(0, 10), (10, 20), (14, 24)]


def test_long_stretches_without_speech_are_left_out_but_for_their_edges() -> None:
    assert windows_of(67, (0.1, 7)) == [(0, 7.3)]
    assert windows_of(67, (60, 66.5)) == [(59.7, 67)]
    assert windows_of(100, (10, 25), (29, 30), (60, 61)) == [(9.7, 19.7), (19.7, 29.7), (20.3, 30.3), (59.7, 61.3)]


def test_without_speech_there_are_no_windows() -> None:
    assert windows_of(67) == []
