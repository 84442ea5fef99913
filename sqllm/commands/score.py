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
    parser.add_argument(
        "--engine", choices=("local", "ray"), default="local", help="ray: on a pool of actors (extra ray)"
    )
    parser.add_argument("--actors", type=int, default=1, metavar="N", help="of --engine ray, a model each (default: 1)")
    parser.add_argument("--rationale", action="store_true", help="add the reason in words (slower)")
    shared.add_profile(parser)
    shared.add_mapping(parser)
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    if arguments.engine == "ray":
        run_on_ray(arguments)
        return
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


def run_on_ray(arguments: argparse.Namespace) -> None:
    """Score on a pool of actors: local or remote manifests in, a table out, and what more actors would do."""
    from functools import partial

    from sqllm.batch.columns import Layout, Wanted
    from sqllm.batch.ray_engine import RayOptions, check_installed, score_with_ray
    from sqllm.batch.remote import read_any_sources
    from sqllm.batch.summary import summarise
    from sqllm.batch.table import check_target, read_scores
    from sqllm.listeners.profiles import get_profile
    from sqllm.model.device import choose_device

    check_installed()
    check_target(arguments.out)
    raw, profile = shared.raw_samples(arguments), get_profile(arguments.profile)
    clips = read_any_sources([_as_given(source) for source in arguments.source])
    _check_apart(arguments.out, clips.tables)
    layout = Layout.of(clips.columns, Wanted(arguments.faults, arguments.rationale, arguments.votes))
    on_gpu = choose_device(arguments.device)[0].type == "cuda"
    options = RayOptions(arguments.actors, gpus=1.0 if on_gpu else 0.0)
    loader = partial(shared.load_judge, arguments)
    rate = score_with_ray(loader, clips.rows, layout, arguments.out, options, profile, raw, arguments.resume)
    print("\n".join([*summarise(read_scores(arguments.out)), *rate.lines()]))
    print(f"Written to {arguments.out}.")


def _as_given(source: Path) -> str:
    """A source as it was typed: a path keeps one slash of a protocol's two."""
    head, slash, rest = str(source).partition(":/")
    return f"{head}://{rest}" if slash and not rest.startswith("/") and len(head) > 1 else str(source)


def _check_apart(out: Path, tables: Sequence[Path]) -> None:
    """Raises `ValueError` where the table to write is one of those to read."""
    if any(out.exists() and out.samefile(table) for table in tables):
        raise ValueError(f"{out} is a table to read: name another file to write.")
