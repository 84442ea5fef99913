"""How much the sharpest instant of every audio token stands out: clicks and pops, which spectra of 20 ms smear."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn

from sqllm.signal.audio import SAMPLE_RATE

_INSTANT = 8  # samples, half a millisecond
_AROUND = 41  # instants, 20 ms
_HIGH_PASS_HERTZ, _TAPS = 4000, 31  # speech has few edges above
_FLOOR = 1e-5  # of the clip's mean power: -50 dB


def sharpness(waveform: Tensor, tokens: int) -> Tensor:
    """(dB - 15) / 10 by which the loudest half millisecond above 4 kHz of every token exceeds the median of the 20 ms
    around it: [samples] -> [tokens]. Half of speech is below 0, its sharpest at 1; a clip of under 50 ms has none.
    """
    if len(waveform) < SAMPLE_RATE // 20:
        return torch.full((tokens,), -1.5, device=waveform.device)
    high = nn.functional.conv1d(waveform.float()[None, None], _high_pass().to(waveform.device))[0, 0]
    power = high[: len(high) // _INSTANT * _INSTANT].square().unflatten(0, (-1, _INSTANT)).mean(dim=1)
    floor = _FLOOR * waveform.float().square().mean() + 1e-9
    around = nn.functional.pad(power[None], (_AROUND // 2,) * 2, mode="reflect")[0].unfold(0, _AROUND, 1)
    above = 10 * torch.log10((power + floor) / (around.median(dim=1).values + floor))
    return (nn.functional.adaptive_max_pool1d(above[None], tokens)[0] - 15) / 10


@cache
def _high_pass() -> Tensor:
    from scipy.signal import firwin

    return torch.from_numpy(firwin(_TAPS, _HIGH_PASS_HERTZ, pass_zero="highpass", fs=SAMPLE_RATE)).float()[None, None]
