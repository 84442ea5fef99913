"""Short-time spectra, sorted into bands as ears do, and what changed in them against a reference."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, set_level

HIGHEST_HERTZ = 7350  # what lies above tells how a file was resampled, not how it sounds
BANDS = 48  # on the mel scale
REGIONS = 8  # of the spectrum, six bands each
CHANGES = 2 * REGIONS
_FLOOR, _CHANGE_FLOOR = 1e-9, 1e-7  # powers: -90 dB, and what counts in speech at -26 dBov, -70 dB
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


def changes(degraded: np.ndarray, reference: np.ndarray, tokens: int) -> Tensor:
    """What there is more, and what there is less, than in the reference, in regions of the spectrum: [tokens, CHANGES].

    Mean differences of band energies in 15 dB, of a clip and its aligned reference, [samples] each, both at -26 dBov.
    """
    both = [torch.from_numpy(np.ascontiguousarray(set_level(wave, NOMINAL_DBOV))) for wave in (degraded, reference)]
    energies = scaled_energy(band_power(spectra(torch.stack(both))), _CHANGE_FLOOR)
    difference = (energies[0] - energies[1]).unflatten(1, (REGIONS, -1))
    more, less = (part.clamp(min=0).mean(dim=2) for part in (difference, -difference))
    return nn.functional.adaptive_avg_pool1d(torch.cat([more, less], dim=1).T[None], tokens)[0].T


def with_changes(tokens: Tensor, degraded: np.ndarray, reference: np.ndarray) -> Tensor:
    """A reference's tokens [tokens, width] with what changed against it behind them: [tokens, width + CHANGES]."""
    return torch.cat([tokens, changes(degraded, reference, len(tokens)).to(tokens)], dim=1)


def unchanged(tokens: Tensor) -> Tensor:
    """Audio tokens [..., width] as those of a reference against which nothing changed: [..., width + CHANGES]."""
    return nn.functional.pad(tokens, (0, CHANGES))


@cache
def _mel_filters() -> Tensor:
    """Triangular filters: [161 bins, BANDS]."""
    from transformers.audio_utils import mel_filter_bank

    return torch.from_numpy(mel_filter_bank(161, BANDS, 0.0, HIGHEST_HERTZ, SAMPLE_RATE, mel_scale="htk")).float()
