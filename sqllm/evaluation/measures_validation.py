"""Measures held against the truth: made from real speech, with known level, noise, band, clipping and gaps.

Levels are measured against a sample-by-sample transcript of ITU-T G.191's speech voltmeter; speech whose own noise,
clipping or band edge would hide what is done to it is left out, and counted.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from sqllm.scores import Measures
from sqllm.signal.audio import SAMPLE_RATE, Clip, frame_energies, load_clip, set_level
from sqllm.signal.measures import measure
from sqllm.signal.spans import spans_of_frames

LONGEST_SECONDS = 12
SNRS = (0, 10, 20, 30, 40)
CUT_OFFS = (3400, 4000, 5500, 7000)
CLIPPED_PERCENT = (0.0, 0.1, 0.5, 1.0, 3.0, 10.0)
LARGE_RATE = 48_000


@dataclass
class ErrorTable:
    """Errors by what was done, and the bound that each is held to."""

    errors: dict[str, list[float]] = field(default_factory=dict)
    bounds: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, bound: float, error: float | None) -> None:
        """One clip's error; None where nothing was measured, which counts as out of bounds."""
        self.errors.setdefault(name, []).append(float("nan") if error is None else error)
        self.bounds[name] = bound

    def within(self, name: str) -> float:
        """The share of clips within the bound, 0-1."""
        values = np.abs(self.errors[name])
        return float(np.mean(np.nan_to_num(values, nan=np.inf) <= self.bounds[name] + 1e-9))

    def lines(self) -> Iterator[str]:
        """The table in Markdown."""
        yield "| made signal | clips | bound | within | mean error | 95% of errors below | largest | not told |"
        yield "|---|---|---|---|---|---|---|---|"
        for name, values in self.errors.items():
            known = np.array([value for value in values if not np.isnan(value)])
            figures = (known.mean(), np.quantile(np.abs(known), 0.95), np.abs(known).max()) if len(known) else [0.0] * 3
            shown = " | ".join(f"{figure:.2f}" for figure in figures)
            missing = len(values) - len(known)
            yield f"| {name} | {len(values)} | {self.bounds[name]:g} | {self.within(name):.1%} | {shown} | {missing} |"


def validate(speech: Sequence[Path], noise: Sequence[Path], seed: int = 0) -> ErrorTable:
    """Every measure on made signals from each speech file, with noise drawn from the files (by kind, the name's
    beginning); the same table for the same seed.
    """
    table, random = ErrorTable(), np.random.default_rng(seed)
    for path in speech:
        clean = set_level(load_clip(path).samples[: LONGEST_SECONDS * SAMPLE_RATE], -26)
        clean = clean / max(1.0, float(np.abs(clean).max()))
        own = measure(Clip(clean))
        if own.active_level_dbov is None:
            continue
        _levels(table, clean)
        _noises(table, clean, own, noise, random)
        _bands(table, clean, own)
        _clipping(table, clean)
        _gaps(table, clean, own, random)
    return table


def voltmeter(samples: np.ndarray) -> float:
    """ITU-T G.191's `speech_voltmeter`, sample by sample as its C does it, in dBov (-100 for silence)."""
    decay, hangover = np.exp(-1 / (SAMPLE_RATE * 0.03)), int(0.2 * SAMPLE_RATE + 0.5)
    thresholds = [2.0 ** (power - 15) for power in range(15)]
    active, hung = [0] * 15, [hangover] * 15
    first = second = 0.0
    for sample in np.abs(samples.astype(np.float64)).tolist():
        first = decay * first + (1 - decay) * sample
        second = decay * second + (1 - decay) * first
        for index, threshold in enumerate(thresholds):
            if second >= threshold:
                active[index], hung[index] = active[index] + 1, 0
            elif hung[index] < hangover:
                active[index], hung[index] = active[index] + 1, hung[index] + 1
            else:
                break  # higher thresholds were passed no later
    energy = float(np.square(samples, dtype=np.float64).sum())
    before: tuple[float, float] | None = None
    for count, threshold in zip(active, thresholds, strict=True):
        if not count:
            break
        level = 10 * np.log10(energy / count)
        distance = level - 20 * np.log10(threshold)
        if distance <= 15.9:
            if before is None:
                break
            share = (before[1] - 15.9) / (before[1] - distance)
            return float(before[0] + share * (level - before[0]))
        before = level, distance
    return -100.0


def _levels(table: ErrorTable, clean: np.ndarray) -> None:
    for dbov in (-50, -26, -16):
        clip = (clean * np.float32(10 ** ((dbov + 26) / 20)))[: 4 * SAMPLE_RATE]
        found = measure(Clip(clip)).active_level_dbov
        table.add("active level, dB", 0.5, None if found is None else found - voltmeter(clip))


def _noises(
    table: ErrorTable, clean: np.ndarray, own: Measures, files: Sequence[Path], random: np.random.Generator
) -> None:
    """Made and recorded noise, by how steady it is; the truth includes the noise that the speech came with."""
    level, kept = own.active_level_dbov or 0.0, 10 ** (own.noise_floor_dbov / 10)
    spoken = spans_of_frames(frame_energies(clean) > level - 30, 50)
    drawn = ["white", "pink", *[str(path) for path in random.permutation(np.array(files, dtype=object))[:6]]]
    for name in drawn:
        noise = _noise(name, len(clean), random)
        if noise is None:
            continue
        kind = _steadiness(noise)
        for snr in SNRS:
            if own.noise_floor_dbov > level - snr - 6:
                continue
            mixed = clean + noise * np.float32(10 ** ((level - snr) / 20))
            truth = level - 10 * np.log10(10 ** ((level - snr) / 10) + kept)
            clip = Clip(mixed.astype(np.float32))
            for known, spans in (("", None), (", speech known", spoken)):
                found = measure(clip, spans).snr_db
                table.add(f"SNR {snr} dB, {kind} noise{known}, dB", 2, None if found is None else found - truth)


def _steadiness(noise: np.ndarray) -> str:
    """By the standard deviation of the level of 50 ms: up to 1.5 dB, up to 4 dB, more."""
    spread = float(np.std(frame_energies(noise, 0.05)))
    return "steady" if spread <= 1.5 else "unsteady" if spread <= 4 else "bursts of"


def _noise(name: str, length: int, random: np.random.Generator) -> np.ndarray | None:
    """Noise of power 1: [length]; None where a recording is mostly pauses."""
    if name in ("white", "pink"):
        wave = random.standard_normal(length)
        if name == "pink":
            spectrum = np.fft.rfft(wave)
            hertz = np.arange(len(spectrum)) * SAMPLE_RATE / length
            wave = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 50)), length)
    else:
        wave = load_clip(name).samples[: 40 * SAMPLE_RATE].astype(np.float64)
        wave = np.tile(wave, 1 + length // len(wave))
        start = int(random.integers(0, len(wave) - length + 1))
        wave = wave[start : start + length]
    power = float(np.mean(np.square(wave)))
    return wave / np.sqrt(power) if power > 1e-9 else None


def _bands(table: ErrorTable, clean: np.ndarray, own: Measures) -> None:
    """Steep low-passes, and a lower sampling rate on the way; speech with an edge of its own is left out."""
    import soxr
    from scipy.signal import firwin, oaconvolve

    if own.bandwidth_hz is not None:
        table.add("speech as it is: band edge named", 0, 1)
        return
    table.add("speech as it is: band edge named", 0, 0)
    for hertz in CUT_OFFS:
        filtered = oaconvolve(clean, firwin(255, hertz, fs=SAMPLE_RATE), "same")
        low = soxr.resample(soxr.resample(clean, SAMPLE_RATE, 2 * hertz, "VHQ"), 2 * hertz, SAMPLE_RATE, "VHQ")
        for how, wave, truth in (("filter", filtered, hertz), ("resampled", low, 0.957 * hertz)):  # where 6 dB are lost
            kept = np.round(wave * 32768) / 32768
            found = measure(Clip(kept.astype(np.float32))).bandwidth_hz
            table.add(f"band to {hertz} Hz, {how}, Hz", 300, None if found is None else found - truth)


def _clipping(table: ErrorTable, clean: np.ndarray) -> None:
    """Clipped at 16 kHz, in a file of 48 kHz, and at 48 kHz before it was resampled, each turned down by 4.3 dB."""
    import soxr

    wide = soxr.resample(clean, SAMPLE_RATE, LARGE_RATE, "VHQ")
    for percent in CLIPPED_PERCENT:
        for how, wave in (("at 16 kHz", clean), ("in a file of 48 kHz", wide), ("resampled since", wide)):
            ceiling = float(np.quantile(np.abs(wave), 1 - percent / 100))
            kept = (np.round(np.clip(wave, -ceiling, ceiling) * (0.61 / ceiling) * 32768) / 32768).astype(np.float32)
            truth = 100 * float(np.mean(np.abs(wave) >= ceiling)) if percent else 0.0
            if how == "in a file of 48 kHz":
                clip = load_clip(_wav(kept, LARGE_RATE))
            else:
                rate = SAMPLE_RATE if how == "at 16 kHz" else LARGE_RATE
                clip = Clip(kept if rate == SAMPLE_RATE else soxr.resample(kept, rate, SAMPLE_RATE, "VHQ"))
            table.add(f"clipped {percent:g}%, {how}, points", 0.2, measure(clip).clipped_percent - truth)


def _wav(samples: np.ndarray, rate: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _gaps(table: ErrorTable, clean: np.ndarray, own: Measures, random: np.random.Generator) -> None:
    """Up to three muted stretches in the midst of speech; the error is the worst edge's. Natural pauses are no gaps."""
    table.add("speech as it is: gaps", 0, len(own.gaps))
    loud = np.flatnonzero(np.abs(clean) > 0.05)
    loud = loud[(loud > 0.3 * SAMPLE_RATE) & (loud < len(clean) - 0.7 * SAMPLE_RATE)]
    if own.gaps or not len(loud):
        return
    spans: list[tuple[int, int]] = []
    for start in random.permutation(loud)[:50]:
        end = int(start) + int(random.integers(320, 4800))
        if all(end + 1600 < other[0] or start > other[1] + 1600 for other in spans) and np.abs(clean[end]) > 0.02:
            spans.append((int(start), end))
        if len(spans) == 3:
            break
    gapped = clean.copy()
    for start, end in spans:
        gapped[start:end] = 0
    found = measure(Clip(gapped)).gaps
    truth = np.array(sorted(spans)) / SAMPLE_RATE
    exact = np.abs(np.array(found) - truth).max() if len(found) == len(spans) else None
    table.add("gaps: worst edge, s", 0.02, exact)
