"""`sqllm score`: clips in, a table of scores out, a row as each is made."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sqllm.commands import shared


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("score", help="score many clips: files, folders, patterns, tables")
    parser.add_argument(
        "source",
        nargs="+",
        type=Path,
        help='audio files, folders, "patterns*.wav", CSV (file[,ref][,condition][,start,end]), JSON lines, wav.scp',
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="table to write: .csv, .jsonl or .parquet")
    parser.add_argument("--resume", action="store_true", help="go on where an earlier run stopped (default: anew)")
    parser.add_argument("--faults", action="store_true", help="add the faults heard: strong codec; slight hum")
    parser.add_argument("--votes", action="store_true", help="add the shares of votes 1 to 5 to expect, and their sd")
    parser.add_argument("--rationale", action="store_true", help="add the reason in words (slower)")
    shared.add_profile(parser)
    shared.add_mapping(parser)
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.batch.columns import Layout, Wanted
    from sqllm.batch.progress import watched
    from sqllm.batch.scoring import revision_of, score_rows
    from sqllm.batch.sources import read_sources
    from sqllm.batch.summary import summarise
    from sqllm.batch.table import Kept, ScoreTable, check_kept, read_scores
    from sqllm.judge.hearing import describe_profile
    from sqllm.listeners.profiles import get_profile

    raw, profile = shared.raw_samples(arguments), get_profile(arguments.profile)
    clips = read_sources(arguments.source)
    layout = Layout.of(clips.columns, Wanted(arguments.faults, arguments.rationale, arguments.votes))
    _check_apart(arguments.out, clips.tables)
    table = ScoreTable(arguments.out, layout)
    kept = table.keep(clips.rows) if arguments.resume else Kept()
    if clips.left_out:
        print(clips.left_out, file=sys.stderr)
    for name, written in layout.renamed.items():
        print(f"Your column {name} is written as {written}: {name} is one of ours.", file=sys.stderr)
    judge = shared.load_judge(arguments)
    check_kept(arguments.out, kept, describe_profile(profile), revision_of(judge))
    rows = score_rows(judge, clips.rows, layout, profile, raw, kept.rows)
    try:
        table.write(watched(rows, len(clips.rows), kept.rows))
    except KeyboardInterrupt:
        print(f"{table.rows} of {len(clips.rows)} rows are in {table.rows_at}: --resume goes on.", file=sys.stderr)
        raise
    print("\n".join(summarise(read_scores(arguments.out))))
    print(f"Written to {arguments.out}.")


def _check_apart(out: Path, tables: Sequence[Path]) -> None:
    """Raises `ValueError` where the table to write is one of those to read."""
    if any(out.exists() and out.samefile(table) for table in tables):
        raise ValueError(f"{out} is a table to read: name another file to write.")
