"""Vocoders: what they send are a few figures a frame, from which speech is made up anew.

Waveforms are [n] float32, mono, 16 kHz; the output has the length, the time axis and the level of the input.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import numpy as np

from sqllm.corpus.degradations import Artifact, Rng, Wave, within
from sqllm.signal.audio import SAMPLE_RATE, active_level, set_level

CODEC2_RATES = {"slight": (3_200,), "moderate": (3_200, 2_400), "strong": (1_600, 1_400, 1_300, 1_200, 700)}  # bit/s
CODEC2_HERTZ, CODEC2_FRAME = 8_000, 320  # the longest of its frames, in samples
CODEC2_DELAYS = {700: 0.026}  # s, by the envelopes of what goes in and comes out; the other rates have one delay
CODEC2_DELAY = 0.017


def code_by_codec2(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """Codec 2 (Rowe, 2010; LGPL): a sinusoidal model of the voice, narrow band, in 700 to 3,200 bit/s, as radio
    amateurs send it.
    """
    bit_rate = int(rng.choice(CODEC2_RATES[severity]))
    return codec2(wave, bit_rate), Artifact("codec", severity, [], {"codec": "codec2", "bit_rate": bit_rate})


def codec2(wave: Wave, bit_rate: int) -> Wave:
    """A clip through Codec 2 at one of its bit rates; raises `ImportError` where pycodec2 is not installed."""
    import soxr

    if find_spec("pycodec2") is None:
        raise ImportError("Codec 2 needs pycodec2: pip install 'sqllm[train]'.")
    delay = round(CODEC2_DELAYS.get(bit_rate, CODEC2_DELAY) * CODEC2_HERTZ)
    narrow = soxr.resample(wave, SAMPLE_RATE, CODEC2_HERTZ)
    padded = np.pad(narrow, (0, delay + -(len(narrow) + delay) % CODEC2_FRAME))
    loud = np.round(np.clip(padded, -1, 1) * 32_767).astype(np.int16)
    # Its decoder draws phases from a generator that belongs to the process and can't be seeded: each clip gets a
    # process of its own, so that the same clip gives the same bytes.
    command = [sys.executable, "-c", _CODEC2_PROCESS, str(bit_rate)]
    coded = subprocess.run(command, input=loud.tobytes(), stdout=subprocess.PIPE, check=True).stdout
    decoded = np.frombuffer(coded, np.int16)[delay : delay + len(narrow)].astype(np.float32) / 32_768
    wide = soxr.resample(decoded, CODEC2_HERTZ, SAMPLE_RATE)
    return set_level(np.pad(wide, (0, max(0, len(wave) - len(wide))))[: len(wave)], active_level(wave))


_CODEC2_PROCESS = """
import sys
import numpy as np
from pycodec2 import Codec2
codec = Codec2(int(sys.argv[1]))
frames = np.frombuffer(sys.stdin.buffer.read(), np.int16).reshape(-1, codec.samples_per_frame())
sys.stdout.buffer.write(b"".join(codec.decode(codec.encode(frame)).tobytes() for frame in frames))
"""


def vocode(wave: Wave, rng: Rng, severity: str) -> tuple[Wave, Artifact]:
    """As a vocoder of a few kbit/s, neural ones among them: what is sent are energies of mel bands in coarse steps, and
    the waveform is made up anew with phases that only fit them (Griffin-Lim), which sounds metallic and smeared.
    """
    import librosa

    bands = round(within(rng, severity, {"slight": (110, 160), "moderate": (56, 110), "strong": (24, 56)}))
    step = within(rng, severity, {"slight": (0.5, 2), "moderate": (1, 4), "strong": (2, 6)})
    top = within(rng, severity, {"slight": (6_500, 8_000), "moderate": (5_000, 8_000), "strong": (3_600, 8_000)})
    rounds = {"slight": 32, "moderate": 16, "strong": 8}[severity]
    hop, size = round(SAMPLE_RATE * rng.uniform(0.006, 0.012)), 1024
    spectra = librosa.stft(wave, n_fft=size, hop_length=hop, win_length=640)
    filters = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=size, n_mels=bands, fmax=top, norm=None)
    filters /= np.maximum(filters.sum(axis=1, keepdims=True), 1e-9)
    sent = librosa.amplitude_to_db(filters @ np.abs(spectra), amin=1e-6, top_db=80)
    heard = librosa.db_to_amplitude(step * np.round(sent / step))
    magnitudes = filters.T @ heard / np.maximum(filters.sum(axis=0), 1e-9)[:, None]
    seed = int(rng.integers(2**31))
    made_up = librosa.griffinlim(
        magnitudes, n_iter=rounds, hop_length=hop, win_length=640, n_fft=size, length=len(wave), random_state=seed
    )
    parameters = {"codec": "vocoder", "bands": bands, "step": step, "band_limit": top, "hop": hop}
    return set_level(made_up.astype(np.float32), active_level(wave)), Artifact("codec", severity, [], parameters)
