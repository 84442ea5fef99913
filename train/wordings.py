"""Fit the linear reader of questions that stands beside the LLM for words, after the wordings have changed.

    python -m train.wordings OUT.npz [LESSONS]

Two minutes on one core for 360,000 lessons. The file that comes with the package is `sqllm/words/reader.npz`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

LESSONS = 360_000


def fit_wordings(arguments: Sequence[str]) -> None:
    """Fit it to the wordings that train, and write it."""
    import numpy as np

    from sqllm.training.reader_fit import fit_reader
    from sqllm.training.word_lessons import split_wordings

    out, lessons = arguments[0], int(arguments[1]) if len(arguments) > 1 else LESSONS
    reader = fit_reader(split_wordings()[0], lessons)
    np.savez_compressed(out, allow_pickle=False, **vars(reader))
    print(f"Fitted to {lessons} lessons; written to {out}.")


if __name__ == "__main__":
    from sqllm.training.settings import run_command

    run_command(__doc__, sys.argv[1:], fit_wordings)
