"""The sound files of a planned test: the designer's own clips under telling names, and what is made of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np


def read_native(path: str | Path) -> tuple[np.ndarray, int]:
    """A clip's samples [n] in mono at its own rate, and the rate: reference conditions keep the band of their source.

    What libsndfile can't read comes at 16 kHz. Raises `AudioError` where nothing can read it.
    """
    import soundfile

    from sqllm.signal.audio import SAMPLE_RATE, load_clip

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return samples.mean(axis=1), int(rate)
    except (soundfile.LibsndfileError, OSError):
        return load_clip(str(path)).samples, SAMPLE_RATE


@dataclass
class ClipFolder:
    """A folder that clips are copied to or made in; `missing` are clips that weren't there to be copied."""

    folder: Path
    missing: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def copy(self, source: str, name: str) -> str:
        """Copy a clip under a name of ours and its own suffix; returns that name, also where the clip is missing."""
        target = self.folder / (name + (Path(source).suffix.lower() or ".wav"))
        if not Path(source).is_file():
            if source not in self.missing:
                self.missing.append(source)
        elif not target.exists():
            shutil.copyfile(source, target)
        return target.name

    def write(self, wave: np.ndarray, rate: int, name: str) -> str:
        """Write a clip that was made, as 16-bit WAV; returns its name."""
        import soundfile

        target = self.folder / f"{name}.wav"
        soundfile.write(target, np.clip(wave, -1, 1), rate, subtype="PCM_16")
        return target.name


@lru_cache(maxsize=8)
def cached(path: str) -> tuple[np.ndarray, int]:
    """`read_native` of a clip that is used several times."""
    return read_native(path)
