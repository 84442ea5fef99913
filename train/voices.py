"""Speak clean clips with the synthesisers of Debian, for `train.simulate` to take beside recorded speech.

    python -m train.voices out=DIR [clips=208] [seed=1]

Writes FLAC files and `index.csv` (file, speaker, lang, seconds); then `speech=RECORDED,DIR` has 26 talkers more. Their
share of a corpus is that of the talkers: a tenth of 240. Needs espeak-ng, flite and Festival with two voices:
apt-get install espeak-ng flite festival festvox-kallpc16k festvox-us-slt-hts
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqllm.training.settings import read_settings, run_command


@dataclass(frozen=True)
class VoicesSettings:
    """Where the clips go, and how many to speak: the 26 voices take turns."""

    out: Path
    clips: int = 208
    seed: int = 1


def speak(arguments: Sequence[str]) -> None:
    """Speak and write."""
    from sqllm.corpus.synthetic_voices import write_voices

    settings = read_settings(VoicesSettings, arguments)
    rows = write_voices(settings.out, settings.clips, settings.seed)
    print(f"{len(rows)} clips of {len({row['speaker'] for row in rows})} voices are in {settings.out}.")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], speak)
