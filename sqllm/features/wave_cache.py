"""The sounds of a corpus in memory, for an encoder whose convolutions train: heard a little otherwise every time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.features.feature_cache import FRAME_SAMPLES, Sound
from sqllm.model.encoders.base import pad_batch

FAST = 3200  # samples, and parts of it, of which a Fourier transform is fast


@dataclass
class WaveStore:
    """Waves of sounds, [samples] float16 each: two gigabytes hold 18 hours."""

    waves: dict[Sound, np.ndarray] = field(default_factory=dict)

    def fill(self, sounds: Iterable[Sound]) -> None:
        """Read what is not there yet, with a progress bar."""
        from tqdm import tqdm

        missing = [sound for sound in sounds if sound not in self.waves]
        with ThreadPoolExecutor() as pool:
            for sound, wave in zip(missing, tqdm(pool.map(Sound.wave, missing), "reading", len(missing)), strict=True):
                self.waves[sound] = wave.astype(np.float16)

    def samples(self, sound: Sound) -> int:
        return len(self.waves[sound])

    def batch(self, sounds: Sequence[Sound], skipped: Sequence[int] = ()) -> tuple[Tensor, Tensor]:
        """Some sounds, padded with zeros: [batch, samples] float32, and their lengths [batch].

        `skipped`: how many frames of each are left out at its beginning, as if the clip began later.
        """
        starts = [FRAME_SAMPLES * count for count in skipped] or [0] * len(sounds)
        return pad_batch([self.waves[sound][start:] for sound, start in zip(sounds, starts, strict=True)])


def disguised(waves: Tensor, lengths: Tensor, stretch: float, angles: Tensor) -> tuple[Tensor, Tensor]:
    """Waves [batch, samples] played `stretch` times as long, lower in pitch as much, with the phase of all their
    partials turned by `angles` (radians, [batch]); and their lengths, [batch].
    """
    waves = nn.functional.pad(waves, (0, -waves.shape[1] % FAST))
    count = waves.shape[1]
    stretched = FAST // 50 * round(50 * stretch * count / FAST)
    turned = torch.fft.rfft(waves) * torch.polar(torch.ones_like(angles), angles)[:, None]
    return torch.fft.irfft(turned, stretched) * (stretched / count), (lengths * stretched / count).long()
