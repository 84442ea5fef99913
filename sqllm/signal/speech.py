"""Where a clip holds speech: Silero VAD's network, run on the whole clip at once.

Silero VAD (https://github.com/snakers4/silero-vad, MIT) ships weights in its wheel; its package is not imported, as
that changes the process's number of threads. 10 s cost 15 ms on one CPU core.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.scores import Speech
from sqllm.signal.audio import SAMPLE_RATE, SILENCE_DBOV, active_level, windows
from sqllm.signal.spans import merge_spans

CHUNK, CONTEXT = 512, 64  # samples the network hears at a time, and those before that it hears again
CHUNKS_AT_ONCE = 1875  # a minute
BEGINS, GOES_ON = 0.5, 0.35  # the probabilities at which speech begins, and below which it ends
SHORTEST_SPEECH, LONGEST_BREAK = 0.25, 0.3  # s
FAINT_DBOV = -40.0  # clips of a lower active level are raised to it: the network misses what is below -55
LONGEST_PAUSE, MARGIN = 4.0, 0.3  # s without speech that are heard with it, and what is heard of longer ones
_WEIGHTS = "data/silero_vad_16k.safetensors"


def find_speech(samples: np.ndarray) -> Speech:
    """The speech in a clip, [samples] mono at 16 kHz, whatever its length; the same spans every time.

    Speech starts where the network's probability reaches .5 and ends where it stays below .35; breaks of up to .3 s
    belong to it, and what lasts less than .25 s is none.
    """
    likely = speech_probabilities(samples)
    edges = np.flatnonzero(np.diff(np.pad(likely >= GOES_ON, 1).astype(int))).reshape(-1, 2)
    chunk = CHUNK / SAMPLE_RATE
    begun = [(start * chunk, stop * chunk) for start, stop in edges.tolist() if likely[start:stop].max() >= BEGINS]
    duration = len(samples) / SAMPLE_RATE
    spans = [(start, min(stop, duration)) for start, stop in merge_spans(begun, LONGEST_BREAK)]
    return Speech(tuple(span for span in spans if span[1] - span[0] >= SHORTEST_SPEECH), duration)


def speech_probabilities(samples: np.ndarray) -> np.ndarray:
    """How likely each 32 ms of a clip are speech: [samples] at 16 kHz -> [chunks], the last one filled with zeros."""
    level = active_level(samples)
    gain = 10 ** (max(0.0, FAINT_DBOV - level) / 20) if level >= SILENCE_DBOV else 1.0
    network, heard = _network(), np.zeros(CONTEXT, np.float32)
    state: tuple[Tensor, Tensor] | None = None
    parts = []
    for start in range(0, len(samples), CHUNK * CHUNKS_AT_ONCE):
        piece = (samples[start : start + CHUNK * CHUNKS_AT_ONCE] * gain).astype(np.float32)
        piece = np.concatenate([heard, piece, np.zeros(-len(piece) % CHUNK, np.float32)])
        with torch.inference_mode():
            likely, state = network(torch.from_numpy(piece), state)
        parts.append(likely.numpy())
        heard = piece[-CONTEXT:]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def speech_windows(samples: np.ndarray, speech: Speech) -> list[tuple[int, int]]:
    """The windows (start, end) in samples that the speech of a clip, [samples], is heard in; none where there is none.

    They are `audio.windows` of the clip, but where it goes without speech for more than 4 s, they leave that out up to
    0.3 s from the speech. What is between two talkers' turns is heard; what is behind a call is not.
    """
    cut = []
    for start, end in merge_spans(speech.spans, LONGEST_PAUSE):
        first = round((start - MARGIN) * SAMPLE_RATE) if start > LONGEST_PAUSE else 0
        last = round((end + MARGIN) * SAMPLE_RATE) if speech.duration - end > LONGEST_PAUSE else len(samples)
        cut += [(first + one, first + other) for one, other in windows(samples[first:last])]
    return cut


class SileroNetwork(nn.Module):
    """The network of Silero VAD at 16 kHz, with the names of its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 258, 256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(129, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.lstm = nn.LSTM(128, 128, batch_first=True)
        self.final_conv = nn.Conv1d(128, 1, 1)

    def forward(
        self, samples: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Whole chunks with the `CONTEXT` samples before them, [CONTEXT + chunks * CHUNK], and the state that the
        chunks before left -> the probability of speech in each, [chunks], and the state.
        """
        chunks = samples.unfold(0, CONTEXT + CHUNK, CHUNK)[:, None]  # [chunks, 1, samples]
        spectra = self.stft_conv(nn.functional.pad(chunks, (0, CONTEXT), mode="reflect"))  # [chunks, 2 * bins, 4]
        frames = spectra.unflatten(1, (2, -1)).square().sum(dim=1).sqrt()  # [chunks, bins, 4]
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            frames = layer(frames).relu()
        hidden, state = self.lstm(frames.transpose(0, 2).transpose(1, 2), state)  # [1, chunks, 128]
        return self.final_conv(hidden.relu().transpose(1, 2))[0, 0].sigmoid(), state


@cache
def _network() -> SileroNetwork:
    """The network with the weights of the installed wheel `silero-vad`, loaded once a process."""
    from safetensors.torch import load_file

    package = find_spec("silero_vad")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("Finding speech needs the package silero-vad: pip install silero-vad.")
    weights = load_file(Path(package.submodule_search_locations[0]) / _WEIGHTS)
    named = {name.replace("lstm_cell.", "lstm."): value for name, value in weights.items()}
    network = SileroNetwork()
    network.load_state_dict(
        {f"{name}_l0" if name.startswith("lstm.") else name: value for name, value in named.items()}
    )
    return network.eval().requires_grad_(False)
