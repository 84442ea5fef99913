"""Tables of scores and clips on disk to plan with: made here, no model runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from sqllm.planning.conditions import PlannedTest, planned_test

SIX = (1.5, 2.3, 2.9, 3.4, 3.9, 4.5)
RATE = 16000


def scores(means=SIX, clips: int = 10, spread: float = 0.2, seed: int = 0, folder: str = "") -> pd.DataFrame:
    """A table as `sqllm score` writes it: `clips` recordings in a condition for each of `means`."""
    rng = np.random.default_rng(seed)
    rows = []
    for number, mean in enumerate(means):
        for source in range(clips):
            mos = float(np.clip(mean + rng.normal(0, spread), 1, 5))
            dimensions = {"noisiness": mos, "coloration": min(5.0, mos + 0.3), "discontinuity": 4.6, "loudness": 4.4}
            rows.append(
                {
                    "file": f"{folder}c{number}_s{source}.wav",
                    "ref": f"{folder}s{source}.wav",
                    "condition": f"c{number}",
                    "mos": mos,
                    **dimensions,
                    "mos_std": 0.3,
                }
            )
    return pd.DataFrame(rows)


def planned(means=SIX, clips: int = 10, spread: float = 0.2, seed: int = 0) -> PlannedTest:
    return planned_test(scores(means, clips, spread, seed))


def on_disk(folder: Path, means=SIX, clips: int = 10) -> Path:
    """Clips of a second and their clean references in a folder, and the table of their scores; returns the table."""
    rng = np.random.default_rng(1)
    table = scores(means, clips, folder=f"{folder}/")
    envelope = np.repeat(rng.random(20), RATE // 20)
    for name in {*table["file"], *table["ref"]}:
        wave = 0.2 * envelope * rng.standard_normal(RATE)
        soundfile.write(name, np.clip(wave, -1, 1), RATE)
    table.to_csv(folder / "scores.csv", index=False)
    return folder / "scores.csv"
