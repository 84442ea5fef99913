"""Audio encoders behind one interface: a clip of up to 10 s in, frames of a fixed rate and width out.

    frames, counts = encoder(waveforms, lengths)
    [batch, samples], [batch] -> [batch, frames, width], [batch]

`waveforms` are mono 16 kHz float32, padded with zeros behind their `lengths`; `counts` is how many frames of each
clip are real. A clip's frames do not depend on what else is in its batch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from sqllm.model.config import EncoderParts
from sqllm.model.encoders.base import TAIL_SECONDS, AudioEncoder, pad_behind
from sqllm.model.weights import fill
from sqllm.scores import LOCATED_KINDS
from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.spectra import BANDS, HIGHEST_HERTZ, band_power, scaled_energy, spectra

# Of the compact encoder's fixed part, a frame of 20 ms: the convolutions' maps, and levels and bands of its halves.
MAP_WIDTH = 1024 + 2 + 2 * BANDS
UNLIKELY = -2.0  # log odds of a fault that nothing is known of
LEAK = 0.1  # of leaky rectifiers, as in Distill-MOS
PARTS_KEY = "encoder_parts"  # in the metadata of an encoder's safetensors


class CompactEncoder(AudioEncoder):
    """The trunk of Distill-MOS (Stahl & Gamper 2025, MIT): complex spectrogram, 6 convolutions, 7 transformer layers.

    Distill-MOS peak-normalises every clip and so can't hear its level; here the transformer is given every frame's
    level too. Nothing is heard above 7.35 kHz, where resampling filters fall: without that a 48 kHz copy of a file
    moved Distill-MOS by .17 on average. 50 frames a second.

    Three small parts can be added (`train.tune` teaches them): an ear beside the convolutions, for what these, made for
    one overall score, do not pass on; and on the transformer's features a locator, which tells when artifacts happen,
    and an assessor, whose opinion of every frame teaches the transformer what listening is about.
    """

    frame_rate, features = 50.0, 200
    channels = (2, 64, 64, 128, 256, 256, 256)

    def __init__(self, parts: EncoderParts = EncoderParts()) -> None:  # noqa: B008 (it is frozen)
        super().__init__()
        self.width = self.features
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(zip(self.channels, self.channels[1:], strict=False)):
            last = index == len(self.channels) - 2
            stride = (2 if index else 1, 2 if last else 1)
            layers += [nn.Conv2d(before, after, 3, stride=stride, padding=(0, 1)), nn.LeakyReLU(LEAK)]
        self.convolutions = nn.Sequential(*layers)
        self.norm_input = nn.BatchNorm1d(1024)
        self.norm_transformer = nn.BatchNorm1d(1024)
        self.project = nn.Linear(1024, self.features)
        self.level = nn.utils.skip_init(nn.Linear, 2, self.features, bias=False)
        nn.init.zeros_(self.level.weight)  # as Distill-MOS; `train.tune` teaches it
        # torch.relu, not "relu": PyTorch's fused path for inference, which "relu" takes, is half as fast on a CPU.
        layer = nn.TransformerEncoderLayer(
            self.features, 8, 2 * self.features, dropout=0.0, activation=torch.relu, batch_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, 7, enable_nested_tensor=False)
        self.norm_output = nn.BatchNorm1d(self.features)
        self.ear: Ear | None = None
        self.locator: nn.Sequential | None = None
        self.located_kinds: tuple[str, ...] = ()
        self.assessor: nn.Sequential | None = None
        if parts.ear:
            self.add_ear()
        if parts.locator:
            self.add_locator(parts.locator)
        if parts.opinions:
            self.add_assessor(parts.opinions)

    @property
    def parts(self) -> EncoderParts:
        return EncoderParts(self.ear is not None, self.located_kinds, self.opinions)

    @property
    def opinions(self) -> int:
        """How many opinions the assessor has of every frame; 0 without one."""
        return 0 if self.assessor is None else self.assessor.get_parameter("3.bias").numel()

    def add_ear(self) -> Ear:
        """Give the encoder a fresh ear, which says nothing before it is taught."""
        self.ear = Ear(self.features)
        return self.ear

    def add_locator(self, kinds: Sequence[str] = LOCATED_KINDS) -> nn.Sequential:
        """Give the encoder a head that tells when artifacts of some kinds happen: a fresh one, in which the kinds that
        an earlier one knew are located as before.
        """
        before, known = self.locator, self.located_kinds
        self.locator, self.located_kinds = _head(self.features, 128, len(kinds)), tuple(kinds)
        if before is not None:
            _take_over(self.locator, before, {kinds.index(kind): known.index(kind) for kind in {*kinds} & {*known}})
        return self.locator

    def add_assessor(self, opinions: int, before: Mapping[int, int] | None = None) -> nn.Sequential:
        """Give the encoder a fresh head that has so many opinions of every frame. Those that an earlier one had,
        `before` says which as which, begin as they were.
        """
        old, self.assessor = self.assessor, _head(self.features, 256, opinions)
        if old is not None and before:
            _take_over(self.assessor, old, before)
        return self.assessor

    def locate(self, frames: Tensor) -> Tensor | None:
        return None if self.locator is None else self.locator(frames)

    def assess(self, frames: Tensor) -> Tensor | None:
        """What the assessor says of the encoder's frames: [..., width] -> [..., opinions]."""
        return None if self.assessor is None else self.assessor(frames)

    def train(self, mode: bool = True) -> CompactEncoder:
        """Train the weights, but keep the statistics of the batch normalisations."""
        super().train(mode)
        for norm in (self.norm_input, self.norm_transformer, self.norm_output):
            norm.eval()
        return self

    def forward(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return self.upper(self.lower(waveforms), lengths)

    def lower(self, waveforms: Tensor) -> Tensor:
        """The convolutions, nine tenths of the cost, with levels and bands behind them: [batch, samples] -> maps
        [batch, frames, MAP_WIDTH].
        """
        peaks = waveforms.abs().amax(dim=1, keepdim=True) + 1e-8
        waveforms = pad_behind(waveforms, 2 * TAIL_SECONDS)
        heard = spectra(waveforms / peaks)
        maps = self.convolutions(self._compress(heard)).flatten(1, 2).transpose(1, 2)
        beside = self._levels(waveforms, maps.shape[1]), self._bands(heard * peaks[..., None, None], maps.shape[1])
        return torch.cat([maps, *(part.to(maps) for part in beside)], dim=2)

    def upper(self, maps: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The transformer on the maps: [batch, frames, MAP_WIDTH], samples a clip [batch] -> frames, counts."""
        maps, levels, bands = maps.split([MAP_WIDTH - 2 - 2 * BANDS, 2, 2 * BANDS], dim=2)
        frames = self.norm_transformer(self.norm_input(maps.transpose(1, 2))).transpose(1, 2)
        frames = self.project(frames) + self.level(levels)
        if self.ear is not None:
            frames = frames + self.ear(bands)
        frames = frames + sinusoids(frames.shape[1], self.features).to(frames)
        heard = torch.div(lengths + round(TAIL_SECONDS * SAMPLE_RATE), 320, rounding_mode="floor")
        padding = torch.arange(frames.shape[1], device=frames.device)[None] >= heard[:, None]
        frames = self.transformer(frames, src_key_padding_mask=padding)
        frames = self.norm_output(frames.transpose(1, 2)).transpose(1, 2)
        counts = torch.div(lengths, 320, rounding_mode="floor").clamp(min=1)
        return frames, counts

    @staticmethod
    def _compress(spectra: Tensor) -> Tensor:
        """Magnitudes to the power .3, nothing from `HIGHEST_HERTZ` on: [batch, 161 bins, frames, 2] -> [batch, 2, 161
        bins, frames].
        """
        magnitude = spectra.square().sum(dim=-1, keepdim=True).sqrt().clamp(min=1e-12)
        spectra = (magnitude.pow(0.3) * spectra / magnitude).permute(0, 3, 1, 2)
        heard = torch.arange(spectra.shape[2], device=spectra.device) * (SAMPLE_RATE / 320) < HIGHEST_HERTZ
        return spectra * heard[:, None]

    @staticmethod
    def _levels(waveforms: Tensor, frames: int) -> Tensor:
        """Energies of the two halves of each frame of 20 ms, scaled as `beside_frames` does: [batch, frames, 2]."""
        power = nn.functional.pad(waveforms, (0, frames * 320 - waveforms.shape[1])).square()
        return scaled_energy(power.unflatten(1, (frames, 2, 160)).mean(dim=3))

    @staticmethod
    def _bands(spectra: Tensor, frames: int) -> Tensor:
        """Energies in mel bands of the two halves of each frame of 20 ms, scaled as `beside_frames` does: [batch,
        frames, 2 * BANDS].
        """
        power = band_power(spectra)
        power = nn.functional.pad(power, (0, 0, 0, 2 * frames - power.shape[1]))
        return scaled_energy(power).unflatten(1, (frames, 2)).flatten(2)

    def queries(self) -> list[str]:
        """Names of the fused query, key and value projections (PyTorch keeps them in one matrix)."""
        return [name for name, _ in self.named_parameters() if ".in_proj_" in name]

    @classmethod
    def from_distillmos(cls, path: Path) -> CompactEncoder:
        """The trunk with the weights of the `distillmos` wheel's `distill_mos_v7.pt`."""
        published = torch.load(path, map_location="cpu", weights_only=True)["model"]
        renamed = {}
        prefixes = {
            "cnn.cnn.": "convolutions.",
            "transformer_pool_attn.norm_input.": "norm_input.",
            "transformer_pool_attn.transformer.norm.": "norm_transformer.",
            "transformer_pool_attn.transformer.linear_proj.": "project.",
            "transformer_pool_attn.transformer.transformer_encoder.": "transformer.",
            "transformer_pool_attn.norm_trans.": "norm_output.",
        }
        for name, value in published.items():
            for old, new in prefixes.items():
                if name.startswith(old):
                    renamed[new + name.removeprefix(old)] = value
        encoder = cls()
        # Distill-MOS does not hear the level, and no more does a new encoder.
        encoder.load_state_dict(renamed | {"level.weight": encoder.level.weight})
        return encoder

    def save(self, path: Path) -> None:
        """Write all weights, and which parts they are of, for `from_tuned`."""
        from safetensors.torch import save_file

        kept = {name: weight.contiguous() for name, weight in self.state_dict().items()}
        save_file(kept, path, {PARTS_KEY: json.dumps(self.parts.to_json())})

    @classmethod
    def from_tuned(cls, path: Path) -> CompactEncoder:
        """The encoder that `save` wrote (`train.tune` does); raises `ValueError` for other files."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                metadata = file.metadata() or {}
                weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dictionary)
        except SafetensorError as problem:
            raise ValueError(f"{path} is broken: it is no whole safetensors file.") from problem
        if PARTS_KEY not in metadata:
            raise ValueError(f"{path} does not say which parts of an encoder it holds: make it anew by train.tune.")
        try:
            encoder = cls(EncoderParts.from_json(json.loads(metadata[PARTS_KEY])))
            fill(encoder.state_dict(), weights)
        except ValueError as problem:
            raise ValueError(f"{path} does not hold the encoder that it says: {problem}.") from problem
        return encoder


class Ear(nn.Module):
    """Four convolutions on mel bands every 10 ms: [batch, frames, 2 * BANDS] -> [batch, frames, features] of 20 ms."""

    channels = (1, 16, 32, 64, 64)

    def __init__(self, features: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(zip(self.channels, self.channels[1:], strict=False)):
            stride = (2 if index == 1 else 1, 2)
            convolution = nn.Conv2d(before, after, 3, stride=stride, padding=1)
            nn.init.kaiming_normal_(convolution.weight, a=LEAK)
            layers += [convolution, nn.LeakyReLU(LEAK)]
        self.convolutions = nn.Sequential(*layers)
        heard = self.channels[-1] * BANDS // 2**4
        self.norm = nn.LayerNorm(heard)
        self.project = nn.Linear(heard, features)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)

    def forward(self, bands: Tensor) -> Tensor:
        heard = self.convolutions(bands.unflatten(2, (2, BANDS)).flatten(1, 2)[:, None])  # [batch, channels, frames, 3]
        return self.project(self.norm(heard.transpose(1, 2).flatten(2)))


def _head(width: int, hidden: int, outputs: int) -> nn.Sequential:
    """Two layers on every frame: [..., width] -> [..., outputs]."""
    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, outputs))


@torch.no_grad()
def _take_over(head: nn.Sequential, old: nn.Sequential, rows: Mapping[int, int]) -> None:
    """Let a head begin as an old one: its hidden layer, and of its outputs the `rows`, by their place in the old one.
    The others, faults that are new to it, are said to be unlikely in every frame at first.
    """
    weights, taught = head.state_dict(), old.state_dict()
    last = f"{len(head) - 1}."
    for name, weight in weights.items():
        if not name.startswith(last):
            weight.copy_(taught[name])
            continue
        weight.fill_(UNLIKELY if name.endswith("bias") else 0.0)
        for row, before in rows.items():
            weight[row] = taught[name][before]


def sinusoids(count: int, width: int, base: float = 768.0) -> Tensor:
    """Sinusoidal positions of Distill-MOS, [1, count, width]."""
    position = torch.arange(count).unsqueeze(1)
    scale = torch.exp(torch.arange(0, width, 2) * (-math.log(base) / width))
    table = torch.zeros(1, count, width)
    table[0, :, 0::2] = torch.sin(position * scale)
    table[0, :, 1::2] = torch.cos(position * scale)
    return table
