"""A user's votes beside the model's scores of the same clips: what mappings are fitted to and means are combined of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from sqllm.listeners.combine import Combined, combine
from sqllm.listeners.mapping import RatedClips
from sqllm.listeners.sampling import Votes
from sqllm.listeners.votes import LABORATORY
from sqllm.planning.results import file_name

if TYPE_CHECKING:
    import pandas as pd

SCALE, MUSHRA = "mos", "mushra"
ONE_CONDITION = "all clips"


def clip_name(file: str) -> str:
    """What clips are matched by: the file's name without folder and suffix."""
    return PurePosixPath(file_name(file)).stem


@dataclass(frozen=True)
class VotedClips:
    """A table of scores with its votes: `scores` (file, condition, mos), `name` of each clip [clips], and single votes
    with the number of their clip; `unmatched` are names of clips with votes that have no score.
    """

    scores: pd.DataFrame
    votes: Votes
    unmatched: tuple[str, ...]

    @classmethod
    def of(cls, votes: pd.DataFrame, scores: pd.DataFrame) -> VotedClips:
        """Match votes on overall quality (`read_votes`) with scores (columns file, mos[, condition]) by clip.

        Conditions are the scores' where these have any, else the votes'. MUSHRA's 0 to 100 (ITU-R BS.1534) are taken as
        1 to 5, its five intervals as the five points. Raises `ValueError` with a sentence where nothing matches, or a
        clip stands in the table twice.
        """
        import pandas as pd

        if not {"file", "mos"} <= set(scores.columns):
            raise ValueError("The table of scores has no columns file and mos: make it with sqllm score.")
        rated = _overall(votes)
        if not rated["vote"].between(1, 5).all():
            raise ValueError("Votes on overall quality go from 1 to 5: other scales can't be taken.")
        scores = scores[pd.to_numeric(scores["mos"], errors="coerce").notna()].reset_index(drop=True)
        names = scores["file"].map(clip_name)
        if names.duplicated().any():
            raise ValueError(
                f"Two clips are named {names[names.duplicated()].iloc[0]}: votes are matched by file name, so that "
                "each needs its own."
            )
        voted = rated["file"].map(clip_name)
        numbers = pd.Series(names.index, names)
        known = voted.isin(names)
        if not known.any():
            raise ValueError("No clip with votes is among the scores: clips are matched by file name.")
        listeners = rated.loc[known, "listener"]
        code = np.where(listeners == "", -1, pd.factorize(listeners)[0])
        cast = Votes(numbers[voted[known]].to_numpy(int), code.astype(int), rated.loc[known, "vote"].to_numpy(float))
        conditions = _conditions(scores, rated[known], voted[known], names)
        unmatched = tuple(dict.fromkeys(voted[~known]))
        return cls(scores.assign(condition=conditions, mos=scores["mos"].astype(float)), cast, unmatched)

    def notes(self) -> list[str]:
        """What to tell of clips that didn't match."""
        if not self.unmatched:
            return []
        count = len(self.unmatched)
        return [f"{count} clip{'s' * (count > 1)} with votes have no score: {', '.join(self.unmatched[:5])}."]

    @property
    def voted(self) -> np.ndarray:
        """The numbers of the clips with votes, in order."""
        return np.unique(self.votes.clip)

    def rated(self, tokens: np.ndarray | None = None) -> RatedClips:
        """The clips with votes; `tokens` are pooled audio tokens of all clips, [clips, features].

        Where every clip has one "vote" and some are no whole points, they are MOS of votes that nobody knows the number
        of: their intervals are then unknown.
        """
        rows = self.voted
        counts = np.bincount(self.votes.clip)[rows]
        mean = np.bincount(self.votes.clip, self.votes.value)[rows] / counts
        margin = _margins(self.votes, rows, counts, mean)
        chosen = self.scores.iloc[rows]
        return RatedClips(
            chosen["mos"].to_numpy(float),
            mean,
            margin,
            chosen["condition"].to_numpy(str),
            None if tokens is None else tokens[rows],
        )

    def combined(self, borrow: bool = False) -> Combined:
        """Condition means from these votes and all scores."""
        scores = self.scores
        return combine(scores["mos"].to_numpy(float), scores["condition"].to_numpy(str), self.votes, borrow)


def _overall(votes: pd.DataFrame) -> pd.DataFrame:
    """The votes on overall quality, 1 to 5; where there are none, those of a MUSHRA test on that scale."""
    rated = votes[votes["scale"] == SCALE]
    if rated.empty:
        mushra = votes[votes["scale"] == MUSHRA]
        rated = mushra.assign(vote=1 + mushra["vote"] / 25)
    if rated.empty:
        raise ValueError("The votes hold none on overall quality.")
    return rated


def _conditions(scores: pd.DataFrame, rated: pd.DataFrame, voted: pd.Series, names: pd.Series) -> pd.Series:
    """The condition of every clip: from the scores, else from the votes, else one for all."""
    if "condition" in scores and (own := scores["condition"].fillna("").astype(str)).ne("").any():
        return own.replace("", ONE_CONDITION)
    told = dict(zip(voted, rated["condition"], strict=True))
    return names.map(lambda name: told.get(name) or ONE_CONDITION)


def _margins(votes: Votes, rows: np.ndarray, counts: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Half widths of the 95% intervals of the clips' MOS (Student's t); of a single vote by a laboratory's scatter."""
    from scipy.stats import t

    if counts.max() == 1 and (mean != np.rint(mean)).any():
        return np.full(len(rows), np.nan)
    squares = np.bincount(votes.clip, np.square(votes.value))[rows] - counts * np.square(mean)
    usual = np.sqrt(LABORATORY.variance(np.clip(mean, 1.5, 4.5)))  # a single vote of 5 doesn't mean that all agree
    several = counts > 1
    spread = np.where(several, np.sqrt(np.clip(squares, 0, None) / np.maximum(counts - 1, 1)), usual)
    return np.where(several, t.ppf(0.975, np.maximum(counts - 1, 1)), 1.96) * spread / np.sqrt(counts)


def combined_table(combined: Combined) -> pd.DataFrame:
    """A row a condition, for a CSV file."""
    import pandas as pd

    return pd.DataFrame([vars(mean) for mean in combined.conditions]).round(3)
