"""`sqllm score`: a table of clips in, a table of scores out."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sqllm.commands import shared


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("score", help="score a folder, or the files of a CSV (file[,ref][,condition])")
    parser.add_argument("source", type=Path, help="folder of audio files or CSV file")
    parser.add_argument("-o", "--out", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--rationale", action="store_true", help="add the reason in words (slower)")
    shared.add_profile(parser)
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.batch import list_clips, read_scores, score_rows, summarise, write_scores
    from sqllm.listeners.profiles import get_profile
    from sqllm.signal.folder import left_out

    raw = shared.raw_samples(arguments)
    table, profile = list_clips(arguments.source), get_profile(arguments.profile)
    _check_target(arguments.out)
    if arguments.source.is_dir() and (others := left_out(arguments.source)):
        print(others, file=sys.stderr)
    judge, watched = shared.load_judge(arguments), sys.stderr.isatty()
    rows = score_rows(judge, table.to_dict("records"), profile, arguments.rationale, watched, raw)
    write_scores(arguments.out, rows, arguments.rationale)
    print("\n".join(summarise(read_scores(arguments.out))))
    print(f"Written to {arguments.out}.")


def _check_target(out: Path) -> None:
    """Raises `ValueError` where a table can't be written there, before anything is scored."""
    if out.is_dir():
        raise ValueError(f"{out} is a folder: name a file in it, such as {out / 'scores.csv'}.")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent} to write to.")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise ValueError(f"{out} can't be written: you have no permission.")
