"""Fit the weights that tell speech at a wrong speed, and say how often they do, on other speakers.

    python -m train.speed SPEECH NOISE OUT.json

SPEECH holds an `index.csv` with columns file and speaker; NOISE is a folder of noise recordings. A clip a speaker (of
speakers with more than 20, ten) is taken; two thirds of the speakers are fitted to, the others make the table.
OUT.json is what `sqllm/signal/speed_weights.json` holds. About five minutes on one core.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32


def choose(folder: Path) -> tuple[list[Path], list[Path]]:
    """Files to fit to, and files of other speakers to measure on."""
    by_speaker: dict[str, list[Path]] = {}
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_speaker.setdefault(row["speaker"], []).append(folder / row["file"])
    fitted: list[Path] = []
    others: list[Path] = []
    for speaker, files in by_speaker.items():
        taken = files[:: len(files) // 10] if len(files) > 20 else files[:1]
        (others if crc32(speaker.encode()) % 3 == 0 else fitted).extend(taken)
    return fitted, others


def main(arguments: Sequence[str]) -> int:
    """Run the command: its help, or the fit."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    if len(arguments) != 3 or not (Path(arguments[0]) / "index.csv").is_file():
        print("Give two folders and a file: python -m train.speed SPEECH NOISE OUT.json", file=sys.stderr)
        return 2
    from sqllm.training.speed_fit import make_clips, save_weights

    noise = sorted(Path(arguments[1]).rglob("*.flac"))
    fitted, others = choose(Path(arguments[0]))
    weights = make_clips(fitted, noise, seed=0).fit()
    save_weights(weights, Path(arguments[2]))
    print("\n".join(make_clips(others, noise, seed=1).lines(weights)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
