"""Try the speech detector on forty kinds of sound, made and recorded, and print a table of what it takes for speech.

    python -m train.speech speech=DIR,DIR noise=DIR music=DIR [clips=10]

`speech`: folders of clean speech, with an index.csv (file, speaker, lang) or of one talker each, such as Asterisk's
prompts; 12 talkers at least. `noise`: recordings named by kind (baby-cry-01.flac, dog-bark-03.flac ...). `music`: such
as Debian's asterisk-moh-opsound-wav. Debian's espeak-ng has to be installed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqllm.training.settings import read_settings, run_command


@dataclass(frozen=True)
class SpeechSettings:
    """Where the recordings are, and how many clips of each kind to make."""

    speech: tuple[Path, ...]
    noise: Path
    music: Path
    clips: int = 10


def try_sounds(arguments: Sequence[str]) -> None:
    """Print the table."""
    from tqdm import tqdm

    from sqllm.evaluation.speech_sounds import Recordings
    from sqllm.evaluation.speech_table import measure_speech_detection, table

    settings = read_settings(SpeechSettings, arguments)
    recordings = Recordings.of(settings.speech, settings.noise, settings.music)
    found = list(tqdm(measure_speech_detection(recordings, settings.clips), desc="sounds", unit="kind"))
    print("\n".join(table(found)))


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], try_sounds)
