"""Where clips come from: folders of clean speech and of noise, split so that no speaker or noise file is shared."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import numpy as np

from sqllm.signal.audio import SAMPLE_RATE, load_clip
from sqllm.signal.decode import decode_here
from sqllm.signal.formats import AUDIO_SUFFIXES

SPLITS = ("TRAIN", "VAL", "TEST")


@dataclass(frozen=True)
class SourceFile:
    """A recording to draw from: who speaks (or which noise it is) and in which language."""

    path: Path
    speaker: str
    lang: str


def list_recordings(folder: Path) -> list[SourceFile]:
    """The audio files under a folder, by its `index.csv` (file, speaker, lang) or, without one, by sub-folder."""
    index = folder / "index.csv"
    if index.is_file():
        with index.open(newline="", encoding="utf-8") as file:
            return [
                SourceFile(folder / row["file"], row.get("speaker") or row["file"], row.get("lang") or "")
                for row in csv.DictReader(file)
            ]
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    return [SourceFile(path, path.relative_to(folder).parts[0], "") for path in paths]


def assign_split(name: str, lang: str, held_out: Sequence[str], val_share: float, test_share: float) -> str:
    """The split of a speaker or noise file: `held_out` patterns (of names or languages) are TEST, the rest by hash."""
    if any(fnmatch(name, pattern) or fnmatch(lang, pattern) for pattern in held_out):
        return "TEST"
    draw = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32
    if draw < test_share:
        return "TEST"
    return "VAL" if draw < test_share + val_share else "TRAIN"


@lru_cache(maxsize=512)
def read_recording(path: Path) -> np.ndarray:
    """Samples of a recording, mono 16 kHz."""
    return load_clip(path, decode=decode_here).samples


def draw_utterance(files: Sequence[SourceFile], rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Clean speech of one speaker, at most `seconds` long: part of a long recording, or short ones joined by pauses."""
    speech: list[np.ndarray] = []
    length, wanted = 0, round(seconds * SAMPLE_RATE)
    while length < 0.6 * wanted and len(speech) < 24:
        piece = read_recording(files[int(rng.integers(len(files)))].path)
        if len(piece) > wanted - length:
            start = int(rng.integers(len(piece) - (wanted - length) + 1))
            piece = piece[start : start + wanted - length]
        pause = np.zeros(int(rng.uniform(0.15, 0.5) * SAMPLE_RATE), np.float32)
        speech += [piece, pause]
        length += len(piece) + len(pause)
    return np.concatenate(speech[:-1])[:wanted]


def draw_noise(file: SourceFile, rng: np.random.Generator, samples: int) -> np.ndarray:
    """A stretch of recorded noise of the wanted length, repeated where the recording is shorter."""
    noise = read_recording(file.path)
    return np.resize(np.roll(noise, -int(rng.integers(len(noise)))), samples)
