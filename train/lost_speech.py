"""Measure how lost speech is found beside a reference: cut onsets, muted seconds and lost words, alone or with more.

    python -m train.lost_speech speech=DIR noise=DIR [pairs=280] [seed=1] [split=TEST] [out=TABLE.md]

Speech and noise are folders as `train.alignment` takes them. A quarter of the pairs has lost nothing. Prints Markdown:
how many losses are found at their place (overlap of half), by what else was done to the clip.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sqllm.training.settings import run_command
from train.alignment import print_table


def measure(arguments: Sequence[str]) -> None:
    """Print (and write) the table."""
    from sqllm.evaluation.lost_speech import lost_speech_table, make_lost_pairs, measure_lost_speech

    print_table(arguments, make_lost_pairs, lambda pairs: lost_speech_table(measure_lost_speech(pairs)))


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], measure)
