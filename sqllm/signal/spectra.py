"""Short-time spectra, sorted into bands as ears do."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn

from sqllm.signal.audio import SAMPLE_RATE

HIGHEST_HERTZ = 7350  # what lies above tells how a file was resampled, not how it sounds
BANDS = 48  # on the mel scale
_FLOOR = 1e-9  # a power: -90 dB
_HALF_WINDOW = 80.0  # the sum of half a window: a tone at full scale has this magnitude


def spectra(waveforms: Tensor) -> Tensor:
    """Spectra of 20 ms every 10 ms, real and imaginary: [batch, samples] -> [batch, 161 bins, frames, 2]."""
    padded = nn.functional.pad(waveforms, (80, 80), mode="reflect")
    window = torch.hann_window(320, device=waveforms.device)
    return torch.view_as_real(torch.stft(padded, 320, 160, window=window, center=False, return_complex=True))


def band_power(heard: Tensor) -> Tensor:
    """Power in mel bands up to `HIGHEST_HERTZ`, 1 being a tone at full scale: spectra [batch, bins, frames, 2] ->
    [batch, frames, BANDS].
    """
    power = heard.square().sum(dim=-1).transpose(1, 2) / _HALF_WINDOW**2
    return power @ _mel_filters().to(power)


def scaled_energy(power: Tensor, floor: float = _FLOOR) -> Tensor:
    """(dBov + 40) / 15 of mean squares, floored."""
    return (10 * torch.log10(power + floor) + 40) / 15


@cache
def _mel_filters() -> Tensor:
    """Triangular filters: [161 bins, BANDS]."""
    from transformers.audio_utils import mel_filter_bank

    return torch.from_numpy(mel_filter_bank(161, BANDS, 0.0, HIGHEST_HERTZ, SAMPLE_RATE, mel_scale="htk")).float()
