"""Check a corpus in the NISQA layout, downloaded or simulated: what it holds, what is missing, what its splits share.

    python -m train.check FOLDER

Prints a line for each subset and a sentence for each problem; ends with 0 when there is none, with 2 otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from sqllm.corpus.nisqa_layout import read_rows
from sqllm.corpus.validate import as_number, check_corpus, find_leaks, group_by_subset


def summary(folder: Path) -> Iterator[str]:
    """A line for each subset: how many clips, how many with a reference, and their mean MOS."""
    yield f"{'subset':<22}{'clips':>8}{'with reference':>16}{'mean MOS':>10}"
    for name, rows in group_by_subset(row for row, _ in read_rows(folder)).items():
        ratings = [mos for row in rows if (mos := as_number(row.get("mos"))) is not None]
        mean = f"{np.mean(ratings):.2f}" if ratings else "-"
        paired = sum(bool(row.get("filepath_ref")) for row in rows)
        yield f"{name:<22}{len(rows):>8,}{paired:>16,}{mean:>10}"


def check(folder: Path) -> int:
    """Print the summary and the problems of a corpus; the exit status."""
    problems = check_corpus(folder)
    with suppress(FileNotFoundError, ValueError, KeyError):  # what check_corpus has said in a sentence
        print("\n".join(summary(folder)))
        problems += find_leaks(folder)
    print("\n".join(problems or ["Nothing is missing or wrong."]))
    return 2 if problems else 0


def main(arguments: Sequence[str]) -> int:
    """Run the command: its help, or the check of the one folder that is named."""
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    if len(arguments) != 1:
        print("Give one folder: python -m train.check FOLDER", file=sys.stderr)
        return 2
    return check(Path(arguments[0]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
