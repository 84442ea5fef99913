"""Clean speech from synthesisers of Debian, as a folder that `train.simulate` takes beside recorded speech.

Voices of espeak-ng (formants; GPL), Flite (units and statistics of recorded voices; BSD-like) and Festival (diphones
and HMMs; BSD-like). What they speak are sentences of our own, so that the clips are free of anybody's rights in a text.
"""

from __future__ import annotations

import csv
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sqllm.corpus.degradations import Wave
from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, active_level, load_clip, set_level

SENTENCES_NAME = "spoken_sentences.txt"
PACKAGES = {"espeak-ng": "espeak-ng", "flite": "flite", "festival": "festival festvox-kallpc16k festvox-us-slt-hts"}
PAUSE_SECONDS = (0.25, 0.6)  # between the sentences of a clip


@dataclass(frozen=True)
class Voice:
    """A synthesiser's voice: its own name there, the language of its sentences, and its pace (1: as usual)."""

    engine: str
    voice: str
    lang: str
    pace: float = 1.0

    @property
    def speaker(self) -> str:
        """A name for the talker, the same wherever it is used: "espeak-ng_en-gb+m3"."""
        return f"{self.engine}_{self.voice}"

    def say(self, text: str) -> Wave:
        """A text spoken at -26 dBov: [n] float32 at 16 kHz; raises `ValueError` where the synthesiser is missing."""
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "spoken.wav"
            command, stdin = self._command(text, out)
            try:
                subprocess.run(command, input=stdin.encode(), capture_output=True, check=True)
            except FileNotFoundError as problem:
                raise ValueError(
                    f"{self.engine} is not installed (apt-get install {PACKAGES[self.engine]})."
                ) from problem
            except subprocess.CalledProcessError as problem:
                raise ValueError(f"{self.engine} has no voice {self.voice} (apt-get install its package).") from problem
            return set_level(_trimmed(load_clip(out).samples), NOMINAL_DBOV)

    def _command(self, text: str, out: Path) -> tuple[list[str], str]:
        """What to run, and what it reads from its input."""
        if self.engine == "espeak-ng":
            return ["espeak-ng", "-v", self.voice, "-s", str(round(165 * self.pace)), "-w", str(out), text], ""
        if self.engine == "flite":
            stretch = f"duration_stretch={1 / self.pace:.2f}"
            return ["flite", "-voice", self.voice, "--setf", stretch, "-t", text, "-o", str(out)], ""
        return ["text2wave", "-eval", f"(voice_{self.voice})", "-o", str(out)], text


def _trimmed(spoken: Wave) -> Wave:
    """Speech without the silence before and behind it, but for 50 ms."""
    loud = np.flatnonzero(np.abs(spoken) > 10 ** ((active_level(spoken) - 40) / 20))
    if not len(loud):
        return spoken
    margin = round(0.05 * SAMPLE_RATE)
    return spoken[max(0, loud[0] - margin) : loud[-1] + margin]


VOICES = (
    *(Voice("espeak-ng", f"en-us+{kind}", "en") for kind in ("m3", "f2", "m7")),
    *(Voice("espeak-ng", f"en-gb+{kind}", "en", 0.9) for kind in ("f4", "m1")),
    Voice("espeak-ng", "en-gb-scotland+m5", "en", 1.1),
    *(Voice("espeak-ng", f"de+{kind}", "de") for kind in ("m4", "f3")),
    *(Voice("espeak-ng", f"fr-fr+{kind}", "fr") for kind in ("m2", "f5")),
    *(Voice("espeak-ng", f"es+{kind}", "es", 1.1) for kind in ("m6", "f1")),
    *(Voice("espeak-ng", f"it+{kind}", "it") for kind in ("m8", "f2")),
    Voice("espeak-ng", "nl+f4", "nl"),
    Voice("espeak-ng", "pt-br+m4", "pt"),
    Voice("espeak-ng", "sv+m5", "sv"),
    Voice("espeak-ng", "pl+f3", "pl"),
    Voice("espeak-ng", "tr+m2", "tr"),
    Voice("espeak-ng", "ru+m3", "ru"),
    *(Voice("flite", name, "en", pace) for name, pace in (("kal16", 1.0), ("awb", 0.95), ("rms", 1.0), ("slt", 1.1))),
    *(Voice("festival", name, "en") for name in ("kal_diphone", "cmu_us_slt_arctic_hts")),
)


def sentences(lang: str) -> list[str]:
    """What a voice of a language speaks."""
    text = Path(__file__).with_name(SENTENCES_NAME).read_text(encoding="utf-8")
    pairs = [line.split("\t", 1) for line in text.splitlines()]
    return [sentence for language, sentence in pairs if language == lang]


def speak_clips(clips: int, seed: int) -> Iterator[tuple[Voice, int, Wave]]:
    """`clips` clips of two sentences each, every voice in turn, with their number within the voice."""
    for number in range(clips):
        voice, take = VOICES[number % len(VOICES)], number // len(VOICES)
        rng = np.random.default_rng([seed, number])
        first, second = rng.choice(sentences(voice.lang), 2, replace=False).tolist()
        pause = np.zeros(round(float(rng.uniform(*PAUSE_SECONDS)) * SAMPLE_RATE), np.float32)
        yield voice, take, np.concatenate([voice.say(first), pause, voice.say(second)])


def write_voices(out: Path, clips: int, seed: int) -> list[dict[str, object]]:
    """Write the clips as FLAC and `index.csv` (file, speaker, lang, seconds) into a folder; the rows of the index."""
    import soundfile

    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for voice, take, wave in speak_clips(clips, seed):
        name = f"{voice.speaker}_{take:02}.flac"
        soundfile.write(out / name, wave, SAMPLE_RATE, subtype="PCM_16")
        seconds = round(len(wave) / SAMPLE_RATE, 2)
        rows.append({"file": name, "speaker": voice.speaker, "lang": voice.lang, "seconds": seconds})
    with (out / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows
