"""`sqllm plan`: a listening test from clips with predicted scores, in a platform's own files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sqllm.commands import shared

if TYPE_CHECKING:
    import pandas as pd


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("plan", help="a listening test of conditions: panel, clips and a platform's files")
    parser.add_argument("source", type=Path, help="table of scores (sqllm score), or what sqllm score takes")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--design", default="acr", choices=["acr", "dcr", "ccr", "p835", "p804", "mushra", "pairs"])
    parser.add_argument("--platform", default="p808", choices=["p808", "hitapp", "webmushra", "golisten"])
    parser.add_argument("--difference", type=float, default=0.3, metavar="MOS", help="to be found (default: 0.3)")
    parser.add_argument("--interval", type=float, default=0.25, metavar="MOS", help="wanted: +- this (default: 0.25)")
    parser.add_argument(
        "--listeners", type=int, metavar="N", help="plan for a panel of N (default: as many as it takes)"
    )
    parser.add_argument("--per-condition", type=int, metavar="N", help="clips of each condition (default: all)")
    parser.add_argument("--condition-pattern", metavar="REGEX", help="finds the condition in a file's name, as a group")
    parser.add_argument("--clean", type=Path, metavar="FOLDER", help="clean clips to make reference conditions of")
    parser.add_argument("--no-references", action="store_true", help="no reference conditions")
    parser.add_argument("--url", default="", help="where the clips will be served from")
    parser.add_argument("--completion-code", default="", help="shown to who has finished (default: one is made)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn (default: 0)")
    shared.add_profile(parser)
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.planning.clip_folder import ClipFolder
    from sqllm.planning.conditions import planned_test
    from sqllm.planning.designs import check_design
    from sqllm.planning.plan import Settings, make_plan, slug
    from sqllm.planning.report import write_plan

    check_design(arguments.design, arguments.platform)
    if arguments.out.exists() and (not arguments.out.is_dir() or any(arguments.out.iterdir())):
        raise ValueError(f"{arguments.out} is there already and not empty: give a folder of its own.")
    tests = planned_test(_scores_of(arguments), arguments.condition_pattern)
    settings = Settings(
        design=arguments.design,
        platform=arguments.platform,
        name=slug(arguments.out.resolve().name),
        difference=arguments.difference,
        interval=arguments.interval,
        listeners=arguments.listeners,
        per_condition=arguments.per_condition,
        url=arguments.url,
        completion_code=arguments.completion_code,
        clean=arguments.clean,
        references=not arguments.no_references,
        seed=arguments.seed,
    )
    clips = ClipFolder(arguments.out / "clips")
    print(write_plan(make_plan(tests, settings, clips), clips))
    print(f"Written to {arguments.out}: README.md says how to run it.")


def _scores_of(arguments: argparse.Namespace) -> pd.DataFrame:
    """The scores to plan with: a table that has them, else the source is scored first."""
    from sqllm.batch import list_clips, score_many
    from sqllm.listeners.profiles import get_profile
    from sqllm.planning.gate import read_scores

    if arguments.source.is_file() and "mos" in (scores := read_scores(arguments.source)):
        return scores
    table = list_clips(arguments.source)
    scored = score_many(
        shared.load_judge(arguments), table, get_profile(arguments.profile), raw=shared.raw_samples(arguments)
    )
    kept = [name for name in table.columns if name not in scored]
    return scored.join(table[kept].set_axis(scored.index))
