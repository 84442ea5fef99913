"""Put a checkpoint to the truth table: clean clips with known damage in three strengths, read in both modes.

    python -m train.truth train/configs/truth.yaml speech=DIR[,DIR...] [model=CHECKPOINT] [out=TABLE.md]

Prints Markdown: in how many series the MOS falls with every strength, how often the damage is rightly named, how often
something else is, and how many clean clips are blamed; then a row for each of 24 kinds of damage. `out=TABLE.md` also
writes `TABLE.csv`, a row a reading. Settings and their meaning: `train/configs/truth.yaml`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqllm.training.settings import read_settings, run_command


@dataclass(frozen=True)
class TruthSettings:
    """Which talkers (those that a corpus of the same shares has in TEST), how many of them, and which model."""

    speech: tuple[Path, ...]
    held_out: tuple[str, ...] = ()
    val_share: float = 0.07
    test_share: float = 0.1
    talkers: int = 6
    seed: int = 1
    model: Path | None = None
    out: Path | None = None
    device: str = ""
    threads: int = 0


def table_of_truth(arguments: Sequence[str]) -> None:
    """Print (and write) the table."""
    import torch
    from tqdm import tqdm

    from sqllm.corpus.builder import CorpusPlan, gather_sources
    from sqllm.evaluation.truth_damages import DAMAGES
    from sqllm.evaluation.truth_table import choose_clean, read_truth, truth_report
    from sqllm.judge.judge import SpeechQualityLLM

    settings = read_settings(TruthSettings, arguments)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    shares = settings.val_share, settings.test_share
    plan = CorpusPlan(settings.speech, (), 0, 0, settings.talkers, settings.seed, None, settings.held_out, *shares)
    clean = choose_clean(gather_sources(plan)["TEST"].talkers, settings.talkers, settings.seed)
    judge = SpeechQualityLLM.from_pretrained(settings.model, settings.device)
    groups = tqdm(read_truth(judge, clean), "readings", len(clean) * (1 + len(DAMAGES)), mininterval=5)
    readings = [reading for group in groups for reading in group]
    lines = truth_report(readings, judge.model.config.artifact_kinds)
    print("\n".join(lines))
    if settings.out:
        settings.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with settings.out.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(asdict(readings[0])), lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(one) | {"kinds": "+".join(one.kinds), "mos": round(one.mos, 3)} for one in readings)


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], table_of_truth)
