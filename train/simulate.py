"""Make a corpus of degraded speech with truth and labels, in the NISQA layout.

    python -m train.simulate train/configs/simulate.yaml speech=DIR[,DIR...] noise=DIR out=DIR clips=N seed=S

Going on after a kill is the same command again. Settings and their meaning: `train/configs/simulate.yaml`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from sqllm.corpus.builder import CorpusPlan, build_corpus, gather_sources, split_summary
from sqllm.corpus.datasheet import write_datasheet
from sqllm.corpus.validate import find_leaks
from sqllm.training.settings import read_settings, run_command


@dataclass(frozen=True)
class SimulateSettings(CorpusPlan):
    """A corpus plan, where to put the corpus, and on how many cores to make it (-1: all)."""

    out: Path = Path("corpus")
    workers: int = -1


def simulate(arguments: Sequence[str]) -> None:
    """Build the corpus that the settings describe; lists at the end what could not be made, and writes a data sheet.

    Raises `ValueError` when a talker, a noise, a room or a recording is in two splits.
    """
    settings = read_settings(SimulateSettings, arguments)
    plan = CorpusPlan(**{field.name: getattr(settings, field.name) for field in fields(CorpusPlan)})
    print("\n".join(split_summary(gather_sources(plan))))
    started = time.monotonic()
    failed = build_corpus(plan, settings.out, settings.workers)
    print("\n".join([*failed, f"Corpus in {settings.out}: {len(failed)} clips failed."]))
    print(f"{time.monotonic() - started:.0f} s. Data sheet: {write_datasheet(settings.out)}")
    leaks = find_leaks(settings.out)
    if leaks:
        raise ValueError("\n".join(["The splits of this corpus share what they must not:", *leaks]))


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], simulate)
