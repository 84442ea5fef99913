"""`sqllm fit`: a mapping of scores to your own listeners' votes, and whether to trust it."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqllm.commands import shared

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

CLIPS_A_BATCH = 8


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("fit", help="a mapping of scores to your listeners' votes on 20 to 200 clips")
    parser.add_argument("votes", type=Path, help="CSV of votes: P.808's, webMUSHRA's, or file[,listener],vote")
    parser.add_argument("scores", type=Path, help="table of scores (sqllm score); or the clips, which may fit better")
    parser.add_argument("-o", "--out", type=Path, required=True, help="mapping.json to write")
    parser.add_argument("--key", type=Path, help="clips.csv of the plan, where the votes have its names")
    shared.add_profile(parser)
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.judge.hearing import describe_profile
    from sqllm.listeners.fit_report import fit_report
    from sqllm.listeners.mapping import MAPPED
    from sqllm.listeners.profiles import get_profile
    from sqllm.planning.own_votes import VotedClips
    from sqllm.planning.results import read_votes

    votes, profile = read_votes(arguments.votes, arguments.key), get_profile(arguments.profile)
    shared.check_target(arguments.out)
    scores, tokens = _scores(arguments, votes)
    revision = _only(scores, "revision")
    if MAPPED in revision:
        raise ValueError(
            "These scores were mapped already: fit to scores as they come (sqllm score without --mapping)."
        )
    voted = VotedClips.of(votes, scores)
    report = fit_report(voted.rated(None if tokens is None else tokens[scores["mos"].notna()]))
    listener = (
        describe_profile(profile) if tokens is not None else _only(scores, "profile") or describe_profile(profile)
    )
    replace(report.mapping, profile=listener, revision=revision).save(arguments.out, report.about())
    print("\n".join([*voted.notes(), *report.lines(), "", f"Written to {arguments.out}."]))


def _only(scores: pd.DataFrame, column: str) -> str:
    """What a column says of all rows; "" where there is none, or it says several things."""
    told = set(scores[column].dropna().astype(str)) - {""} if column in scores else set()
    return told.pop() if len(told) == 1 else ""


def _scores(arguments: argparse.Namespace, votes: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray | None]:
    """The table of scores; of clips, the scores of those with votes and their pooled audio tokens."""
    import numpy as np
    import pandas as pd

    from sqllm.batch import list_clips
    from sqllm.batch.table import read_scores
    from sqllm.planning.own_votes import clip_name
    from sqllm.signal.audio import AudioError, load_clip

    with suppress(ValueError):  # not a table of scores: maybe one of clips
        if "mos" in (scores := read_scores(arguments.scores)):
            return scores, None
    wanted = set(votes["file"].map(clip_name))
    table = list_clips(arguments.scores)
    if {"start", "end"} & set(table.columns):
        raise ValueError("Clips that are parts of files can't be matched with votes: give a file each.")
    table = table[table["file"].map(clip_name).isin(wanted)].reset_index(drop=True)
    if table.empty:
        raise ValueError("No clip with votes is among the clips: they are matched by file name.")
    judge, raw = shared.load_judge(arguments), shared.raw_samples(arguments)
    mos, tokens = [np.nan] * len(table), {}
    for row, record in enumerate(table.to_dict("records")):
        reference = load_clip(record["ref"], raw=raw) if record.get("ref") else None
        try:
            heard = judge.listen(load_clip(record["file"], raw=raw), reference)
        except AudioError as problem:
            raise ValueError(f"{problem} Take it out of the votes.") from problem
        if heard.speech_found:
            mos[row] = heard.scores(arguments.profile)["mos"].mean
            tokens[row] = heard.pooled_tokens()
    if not tokens:
        raise ValueError("None of the clips with votes holds speech: there is nothing to fit.")
    width = len(next(iter(tokens.values())))
    pooled = np.array([tokens.get(row, np.zeros(width)) for row in range(len(table))])
    scored = table.assign(mos=mos, revision=judge.name.get("revision", ""))
    return pd.DataFrame(scored), pooled
