"""What changed in a clip against its aligned reference, for every audio token."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.signal.audio import NOMINAL_DBOV, set_level
from sqllm.signal.spectra import band_power, scaled_energy, spectra

REGIONS = 8  # of the spectrum, six bands each
DISTURBANCES = 3  # of the loudness in all bands, of what was added, of what is lost
CHANGES = 2 * REGIONS + 2 * DISTURBANCES
_FLOOR = 1e-7  # a power: -70 dB, what counts in speech at -26 dBov
_LOUDNESS = 0.23  # Zwicker's exponent
_POWERED_DOWN = 1e-3  # of the loudest frame's power: quieter ones are no speech
_MOST_EQUALISED, _LEAST_GAIN, _MOST_GAIN = 100.0, 3e-4, 5.0  # powers, as in ITU-T P.862
_MASKED = 0.25  # of the softer loudness: a difference below is not heard
# Exponent of the ratio of powers by which what is added counts; below the least as nothing, above the most as that.
_ADDED, _LEAST_ADDED, _MOST_ADDED = 1.2, 3.0, 12.0
_SCALES = (3.0, 1.0, 5.0)  # bring the disturbances of usual damages to like sizes


def changes(degraded: np.ndarray, reference: np.ndarray, tokens: int) -> Tensor:
    """What changed in a clip against its aligned reference, [samples] each, both at -26 dBov: [tokens, CHANGES].

    What there is more, and what there is less, in regions of the spectrum (mean differences of band energies in 15 dB);
    how disturbed the loudness is; and how disturbed it is in the whole clip, the same in every token. All 0 in a copy.
    """
    both = [torch.from_numpy(np.ascontiguousarray(set_level(wave, NOMINAL_DBOV))) for wave in (degraded, reference)]
    power = band_power(spectra(torch.stack(both)))
    energies = scaled_energy(power, _FLOOR)
    difference = (energies[0] - energies[1]).unflatten(1, (REGIONS, -1))
    more, less = (part.clamp(min=0).mean(dim=2) for part in (difference, -difference))
    disturbed = _pooled(_disturbances(power).pow(6), tokens).pow(1 / 6)  # the worst of a while is what is remembered
    whole = disturbed.square().mean(dim=0).sqrt().expand_as(disturbed)
    return torch.cat([_pooled(torch.cat([more, less], dim=1), tokens), disturbed, whole], dim=1)


def _pooled(frames: Tensor, tokens: int) -> Tensor:
    """Means over time: [frames, n] -> [tokens, n]."""
    return nn.functional.adaptive_avg_pool1d(frames.T[None], tokens)[0].T


def _disturbances(power: Tensor) -> Tensor:
    """How much the loudness of a clip is disturbed, by what was added, and by what is lost: [frames, DISTURBANCES].

    The two band powers, [2, frames, BANDS], are a clip's and its reference's. As ITU-T P.862 has it: a steady filter
    is partly forgiven and a gain wholly, small differences are masked, and what is added counts for itself.
    """
    clip, reference = power
    frame_power = reference.sum(dim=1)
    spoken = frame_power >= _POWERED_DOWN * frame_power.max()
    filtered = (clip[spoken].mean(dim=0) + _FLOOR) / (reference[spoken].mean(dim=0) + _FLOOR)
    reference = reference * filtered.clamp(1 / _MOST_EQUALISED, _MOST_EQUALISED)
    expected_power = reference.sum(dim=1) + 10 * _FLOOR
    gain = expected_power / (clip.sum(dim=1) + 10 * _FLOOR)
    clip = clip * gain.clamp(_LEAST_GAIN, _MOST_GAIN)[:, None]
    loud, expected = ((part + _FLOOR).div(1e-4).pow(_LOUDNESS) for part in (clip, reference))
    masked = _MASKED * (torch.minimum(loud, expected) - (_FLOOR / 1e-4) ** _LOUDNESS)
    more, less = ((part - masked).clamp(min=0) for part in (loud - expected, expected - loud))
    ratio = ((clip + 2 * _FLOOR) / (reference + 2 * _FLOOR)).pow(_ADDED)
    added = (more + less) * torch.where(ratio < _LEAST_ADDED, 0, ratio.clamp(max=_MOST_ADDED))
    weight = (expected_power / 1e-3).pow(-0.04)[:, None]
    parts = (_rms(more + less), added.mean(dim=1), _rms(less))
    return torch.stack(parts, dim=1) * weight * torch.tensor(_SCALES).to(power)


def _rms(bands: Tensor) -> Tensor:
    return bands.square().mean(dim=1).sqrt()


def with_changes(tokens: Tensor, degraded: np.ndarray, reference: np.ndarray) -> Tensor:
    """A reference's tokens [tokens, width] with what changed against it behind them: [tokens, width + CHANGES]."""
    return torch.cat([tokens, changes(degraded, reference, len(tokens)).to(tokens)], dim=1)


def unchanged(tokens: Tensor) -> Tensor:
    """Audio tokens [..., width] as those of a reference against which nothing changed: [..., width + CHANGES]."""
    return nn.functional.pad(tokens, (0, CHANGES))
