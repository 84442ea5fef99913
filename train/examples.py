"""Make the example clips of `assets/examples` from the prompts of Debian's asterisk-core-sounds-en-g722.

    python -m train.examples prompts=/usr/share/asterisk/sounds/en_US_f_Allison out=assets/examples

Writes a degraded clip and its reference for each kind, and index.csv (file, reference, kind).
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sqllm.corpus import degradations as damage
from sqllm.corpus.codecs import CODECS, draw_losses, transcode
from sqllm.corpus.degradations import Rng, Wave
from sqllm.corpus.sources import read_recording
from sqllm.signal.audio import SAMPLE_RATE, set_level
from sqllm.training.settings import read_settings, run_command

REFERENCE_DBOV = -26.0
LONGEST_SECONDS = 7.0


@dataclass(frozen=True)
class ExampleSettings:
    """Where the prompts are and where the examples go."""

    prompts: Path
    out: Path = Path("assets/examples")


def _noise(wave: Wave, rng: Rng) -> Wave:
    return damage.mix_at_snr(wave, damage.coloured_noise(rng, len(wave)), 22)


def _packet_loss(wave: Wave, rng: Rng) -> Wave:
    return transcode(wave, CODECS["g722"], 64_000, draw_losses(rng, 1000, 0.17, 2.5), "zero")[0]


def _narrow_band(wave: Wave, rng: Rng) -> Wave:
    from scipy.signal import butter, sosfilt

    sections = butter(8, (400, 2800), btype="bandpass", fs=SAMPLE_RATE, output="sos")
    return set_level(sosfilt(sections, wave).astype(np.float32), REFERENCE_DBOV)


def _clipping(wave: Wave, rng: Rng) -> Wave:
    return damage.clip_amplitude(wave, rng, "strong")[0]


def _codec(wave: Wave, rng: Rng) -> Wave:
    return transcode(wave, CODECS["amr-nb"], 4_750)[0]


def _reverberation(wave: Wave, rng: Rng) -> Wave:
    return damage.add_reverberation(wave, rng, "moderate", range(3000, 3010))[0]


def _quiet(wave: Wave, rng: Rng) -> Wave:
    return set_level(wave, -56)


# kind: (prompt that is spoken, what happens to it)
EXAMPLES: dict[str, tuple[str, Callable[[Wave, Rng], Wave]]] = {
    "clean": ("vm-review", lambda wave, rng: wave),
    "noise": ("vm-opts", _noise),
    "packet-loss": ("queue-periodic-announce", _packet_loss),
    "narrow-band": ("vm-instructions", _narrow_band),
    "clipping": ("demo-enterkeywords", _clipping),
    "codec": ("dir-instr", _codec),
    "reverberation": ("tt-allbusy", _reverberation),
    "quiet": ("vm-newuser", _quiet),
}


def make_examples(arguments: Sequence[str]) -> None:
    """Write the clips, their references and the index."""
    import soundfile

    settings = read_settings(ExampleSettings, arguments)
    settings.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (kind, (prompt, degrade)) in enumerate(EXAMPLES.items()):
        speech = read_recording(settings.prompts / f"{prompt}.g722")[: round(LONGEST_SECONDS * SAMPLE_RATE)]
        clean = set_level(speech, REFERENCE_DBOV)
        degraded = np.clip(degrade(clean, np.random.default_rng([11, number])), -1, 1)
        row = {"file": f"{kind}.flac", "reference": f"{kind}-reference.flac", "kind": kind}
        for name, samples in ((row["file"], degraded), (row["reference"], clean)):
            soundfile.write(settings.out / name, samples, SAMPLE_RATE, subtype="PCM_16")
        rows.append(row)
    with (settings.out / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["file", "reference", "kind"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} examples in {settings.out}.")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], make_examples)
