"""Put a checkpoint to the truth table: clean clips with known damage in three strengths, read in both modes.

    python -m train.truth train/configs/truth.yaml speech=DIR[,DIR...] out=TABLE.md [model=CHECKPOINT]

Prints and writes Markdown: in how many series the MOS falls with every strength, how often the damage is rightly
named, how often something else is, and how many clean clips are blamed; then a row for each of 24 kinds of damage.
Every reading goes to `TABLE.jsonl` as it is made; going on after a kill is the same command again. Settings and their
meaning: `train/configs/truth.yaml`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqllm.training.settings import read_settings, run_command


@dataclass(frozen=True)
class TruthSettings:
    """Which talkers (those that a corpus of the same shares has in TEST), how many of them, and which model."""

    speech: tuple[Path, ...]
    out: Path
    held_out: tuple[str, ...] = ()
    val_share: float = 0.07
    test_share: float = 0.1
    talkers: int = 6
    seed: int = 1
    model: Path | None = None
    device: str = ""
    threads: int = 0


def table_of_truth(arguments: Sequence[str]) -> None:
    """Print (and write) the table."""
    import torch
    from tqdm import tqdm

    from sqllm.corpus.builder import CorpusPlan, gather_sources
    from sqllm.evaluation.truth_damages import DAMAGES, INTACT
    from sqllm.evaluation.truth_table import ReadingStore, choose_clean, group_key, read_truth, truth_report
    from sqllm.judge.judge import SpeechQualityLLM

    settings = read_settings(TruthSettings, arguments)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    shares = settings.val_share, settings.test_share
    plan = CorpusPlan(settings.speech, (), 0, 0, settings.talkers, settings.seed, None, settings.held_out, *shares)
    clean = choose_clean(gather_sources(plan)["TEST"].talkers, settings.talkers, settings.seed)
    judge = SpeechQualityLLM.from_pretrained(settings.model, settings.device)
    store = ReadingStore(settings.out.with_suffix(".jsonl"), judge.name["revision"])
    stored = {group_key(group): group for group in store.groups()}
    groups = [(one.talker, name) for one in clean for name in (INTACT, *(damage.name for damage in DAMAGES))]
    missing = sum(key not in stored for key in groups)
    for group in tqdm(read_truth(judge, clean, DAMAGES, stored), "readings", missing, mininterval=5):
        store.append(group)
        stored[group_key(group)] = group
    readings = [reading for key in groups for reading in stored[key]]
    lines = truth_report(readings, judge.model.config.artifact_kinds)
    print("\n".join(lines))
    settings.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], table_of_truth)
