"""`sqllm combine`: condition means from few votes and many scores, with intervals that hold."""

from __future__ import annotations

import argparse
from pathlib import Path

from sqllm.commands import shared


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("combine", help="condition means with intervals, from few votes and many scores")
    parser.add_argument("scores", type=Path, help="table of scores of all clips, with conditions (sqllm score)")
    parser.add_argument("votes", type=Path, help="CSV of votes on some of the clips, drawn at random in each condition")
    parser.add_argument("-o", "--out", type=Path, required=True, help="CSV file to write, a row a condition")
    parser.add_argument(
        "--borrow", action="store_true", help="lean on other conditions too: narrower, right on average over conditions"
    )
    parser.add_argument("--key", type=Path, help="clips.csv of the plan, where the votes have its names")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.batch.table import read_scores
    from sqllm.planning.own_votes import VotedClips, combined_table
    from sqllm.planning.results import read_votes

    shared.check_target(arguments.out)
    voted = VotedClips.of(read_votes(arguments.votes, arguments.key), read_scores(arguments.scores))
    combined = voted.combined(arguments.borrow)
    combined_table(combined).to_csv(arguments.out, index=False)
    for one in combined.conditions:
        about = f"{one.votes} votes on {one.voted} of {one.clips} clips"
        if one.voted:
            alone = f"votes alone {one.votes_mean:.2f} ({one.votes_low:.2f} to {one.votes_high:.2f})"
            print(f"{one.condition}: MOS {one.mean:.2f} (95% {one.low:.2f} to {one.high:.2f}), {about}; {alone}")
        elif arguments.borrow:
            print(f"{one.condition}: MOS {one.mean:.2f} (95% {one.low:.2f} to {one.high:.2f}) without votes")
        else:
            print(f"{one.condition}: no votes; the scores say {one.predicted:.2f}")
    print("\n".join([*voted.notes(), combined.in_words(), f"Written to {arguments.out}."]))
