"""What a few votes of your own are worth, on rated sets: `sqllm fit` and `sqllm combine` held against the other votes.

    python -m train.own_votes ratings=SHARED/human/index.csv sets=p835-48k,p835-16k,nisqa-p501 cache=WORK/cache

`ratings`: a table file,ref,set,overall,votes,std,condition. Of each set, mappings are fitted to `voted` clips drawn
`draws` times and held against the rest; and condition means are combined of few votes, `resamplings` times.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqllm.training.settings import read_settings, run_command

DESIGNS = ((2, 1), (2, 3), (3, 2), (3, 5))  # clips of each condition, votes on each


@dataclass(frozen=True)
class OwnVotesSettings:
    """The rated sets, and how much to draw."""

    ratings: Path
    sets: tuple[str, ...] = ("p835-48k", "p835-16k", "nisqa-p501")
    cache: Path = Path("tokens")
    nominal_level: bool = True
    voted: tuple[int, ...] = (20, 50)
    draws: int = 50
    resamplings: int = 500
    model: Path | None = None
    device: str = ""


def study_own_votes(arguments: Sequence[str]) -> None:
    """Print both tables."""
    from sqllm.evaluation.own_votes_study import COMBINE_HEAD, FIT_HEAD, combine_worth, fit_worth, read_rated_sets
    from sqllm.judge.judge import SpeechQualityLLM

    settings = read_settings(OwnVotesSettings, arguments)
    judge = SpeechQualityLLM.from_pretrained(settings.model, settings.device)
    sets = list(read_rated_sets(judge, settings.ratings, settings.sets, settings.cache, settings.nominal_level))
    print("\n".join(("", *COMBINE_HEAD)), flush=True)
    for rated in sets:
        for clips, each in DESIGNS:
            if clips <= rated.clips_a_condition:
                for borrow in (False, True):
                    print(combine_worth(rated, clips, each, borrow, settings.resamplings).row(), flush=True)
    print("\n".join(("", *FIT_HEAD)), flush=True)
    for rated in sets:
        for voted in settings.voted:
            if voted < len(rated.mos) - 5:
                print(fit_worth(rated, voted, settings.draws).row(), flush=True)


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], study_own_votes)
