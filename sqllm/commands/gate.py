"""`sqllm gate`: scores against a baseline; exit code 1 when a condition is worse."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sqllm.commands import shared


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("gate", help="scores against a baseline: exit code 1 when a condition is worse")
    parser.add_argument("scores", type=Path, help="table of scores (sqllm score)")
    parser.add_argument("--baseline", type=Path, required=True, help="the table to hold them against")
    parser.add_argument("--tolerance", type=float, default=0.1, metavar="MOS", help="allowed drop (default: 0.1)")
    parser.add_argument("--summary", type=Path, help="Markdown file to add the result to")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.planning.gate import gate, read_scores

    found = gate(read_scores(arguments.scores), read_scores(arguments.baseline), arguments.tolerance)
    print(found.markdown())
    if arguments.summary is not None:
        with arguments.summary.open("a", encoding="utf-8") as file:
            file.write(found.markdown() + "\n")
    if not found.passed:
        sys.exit(1)
