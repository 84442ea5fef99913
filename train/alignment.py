"""Measure the alignment of references on made pairs: true ones under every damage, and other speech.

    python -m train.alignment speech=DIR noise=DIR [pairs=300] [seed=1] [split=TEST] [out=TABLE.md]

Speech and noise are folders of recordings, by `index.csv` (file, speaker, lang) or a folder a talker; half of the
talkers and noises are TEST, the others VAL. A third of the pairs are others: another talker, another sentence of the
same one, noise alone. Prints Markdown: how many references are kept and refused, and how right the lags are, by damage
(`sqllm.evaluation.alignment_damages`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqllm.training.settings import read_settings, run_command

if TYPE_CHECKING:
    from sqllm.evaluation.alignment_pairs import Sources

Pair = TypeVar("Pair")


@dataclass(frozen=True)
class AlignmentSettings:
    """What to make pairs of, and how many."""

    speech: Path
    noise: Path
    pairs: int = 300
    seed: int = 1
    split: str = "TEST"
    out: Path | None = None


def measure(arguments: Sequence[str]) -> None:
    """Print (and write) the table."""
    from sqllm.evaluation.alignment_pairs import alignment_table, make_pairs, measure_alignment

    print_table(arguments, make_pairs, lambda pairs: alignment_table(measure_alignment(pairs)))


def print_table(
    arguments: Sequence[str],
    make: Callable[[Sources, int, int], Iterable[Pair]],
    table_of: Callable[[Iterable[Pair]], list[str]],
) -> None:
    """Make pairs of clips and references as the settings ask for, and print (and write) the table of them."""
    from tqdm import tqdm

    from sqllm.evaluation.alignment_pairs import Sources

    settings = read_settings(AlignmentSettings, arguments)
    sources = Sources.of(settings.speech, settings.noise, settings.split)
    lines = table_of(tqdm(make(sources, settings.pairs, settings.seed), total=settings.pairs, unit="pair"))
    print("\n".join(lines))
    if settings.out:
        settings.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], measure)
