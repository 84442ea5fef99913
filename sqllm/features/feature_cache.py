"""What the fixed lower part of the compact encoder makes of every clip, kept on disk.

The convolutions are nine tenths of the encoder's cost: with their maps at hand, training the transformer above them,
or listening to a corpus again with a changed one, takes minutes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.features.read_pair import read_pair
from sqllm.model.device import training_precision
from sqllm.model.encoders.base import pad_batch
from sqllm.model.encoders.compact import MAP_WIDTH, CompactEncoder
from sqllm.signal.spectra import HIGHEST_HERTZ

FRAME_SAMPLES = 320


def fingerprint(module: nn.Module) -> bytes:
    """A hash of a module's weights as a checkpoint stores them, in float16: what was heard before it was saved, and
    after it was loaded, is the same.
    """
    key = hashlib.sha256()
    for weight in module.state_dict().values():
        stored = weight.detach().cpu()
        key.update((stored.half() if stored.is_floating_point() else stored).numpy().tobytes())
    return key.digest()


@dataclass(frozen=True)
class Sound:
    """A clip to listen to, or a clip's reference aligned to it; `level_of` as in `CorpusClip`."""

    clip: Path
    reference: Path | None = None
    level_of: Path | None = None

    @classmethod
    def of(cls, clip: CorpusClip, reference: bool = False) -> Sound:
        """A clip, or its `reference`, at the level at which both are heard."""
        return cls(clip.degraded, clip.reference if reference else None, clip.level_of)

    @property
    def name(self) -> str:
        size = self.clip.stat().st_size
        level = f" at the level of {self.level_of}" if self.level_of else ""
        return f"{self.clip} {size}" + (f" {self.reference}" if self.reference else "") + level

    def read(self) -> tuple[np.ndarray, np.ndarray | None]:
        """The first 10 s of the clip and, of a reference, of that too, aligned to the clip: [samples] each."""
        return read_pair(self.clip, self.reference, self.level_of)

    def wave(self) -> np.ndarray:
        """The first 10 s of what sounds, [samples]."""
        clip, aligned = self.read()
        return clip if aligned is None else aligned


def sounds_of(clips: Sequence[CorpusClip]) -> list[Sound]:
    """All that is heard of some clips: every clip, and every reference beside its clip."""
    return [*map(Sound.of, clips), *(Sound.of(clip, reference=True) for clip in clips if clip.reference)]


@dataclass
class MapStore:
    """Maps as float16 in one growing file with an index beside it; goes on where an earlier run stopped."""

    encoder: CompactEncoder
    folder: Path
    places: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # name -> first row, rows, samples

    def __post_init__(self) -> None:
        weights = fingerprint(self.encoder.convolutions).hex()[:12]
        self.data = self.folder / f"maps-{weights}-{HIGHEST_HERTZ}-{MAP_WIDTH}.f16"
        self.index = self.data.with_suffix(".jsonl")
        rows = self._rows()
        if self.index.is_file():
            for line in self.index.read_text(encoding="utf-8").split("\n"):
                try:
                    name, first, count, samples = json.loads(line or "[]")
                except ValueError:  # a line cut by a kill
                    continue
                if first + count <= rows:
                    self.places[name] = (first, count, samples)

    def fill(self, sounds: Iterable[Sound], batch: int = 8) -> None:
        """Listen to what is not there yet on the encoder's device, in training precision, with a progress bar."""
        from tqdm import tqdm

        missing = [sound for sound in sounds if sound.name not in self.places]
        missing.sort(key=lambda sound: sound.clip.stat().st_size)
        if not missing:
            return
        self.encoder.eval()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data.touch()
        rows = self._rows()
        with self.data.open("r+b") as data, self.index.open("a", encoding="utf-8") as index:
            data.seek(rows * 2 * MAP_WIDTH)
            for start in tqdm(range(0, len(missing), batch), desc="convolving", unit="batch", mininterval=5):
                chosen = missing[start : start + batch]
                waveforms, lengths = pad_batch([sound.wave() for sound in chosen])
                with torch.inference_mode(), training_precision(self.encoder.device):
                    maps = self.encoder.lower(waveforms.to(self.encoder.device)).half().cpu()
                lines = []
                for sound, clip, length in zip(chosen, maps, lengths.tolist(), strict=True):
                    count = min(len(clip), length // FRAME_SAMPLES + 10)  # the tail that is heard, and some behind it
                    data.write(clip[:count].numpy().tobytes())
                    lines.append(json.dumps([sound.name, rows, count, length]))
                    self.places[sound.name] = (rows, count, length)
                    rows += count
                data.flush()
                index.write("\n" + "\n".join(lines))
                index.flush()

    def _rows(self) -> int:
        """How many maps of frames are on disk."""
        return self.data.stat().st_size // (2 * MAP_WIDTH) if self.data.is_file() else 0

    def samples(self, sound: Sound) -> int:
        return self.places[sound.name][2]

    def batch(self, sounds: Sequence[Sound], skipped: Sequence[int] = ()) -> tuple[Tensor, Tensor]:
        """Maps of some sounds, padded with zeros: [batch, frames, MAP_WIDTH] float32, and their lengths in samples.

        `skipped`: how many frames of each are left out at its beginning, as if the clip began later.
        """
        starts = skipped or [0] * len(sounds)
        places = [self.places[sound.name] for sound in sounds]
        maps = torch.zeros(len(sounds), max(count for _, count, _ in places), MAP_WIDTH)
        for row, ((first, count, _), start) in enumerate(zip(places, starts, strict=True)):
            count -= start
            stored = np.fromfile(self.data, np.float16, count * MAP_WIDTH, offset=(first + start) * MAP_WIDTH * 2)
            maps[row, :count] = torch.from_numpy(stored.reshape(count, MAP_WIDTH)).float()
        lengths = [samples - start * FRAME_SAMPLES for (*_, samples), start in zip(places, starts, strict=True)]
        return maps, torch.tensor(lengths)
