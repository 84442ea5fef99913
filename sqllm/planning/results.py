"""Votes of a finished test, from the files of the platforms, as one tidy table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from sqllm.planning.designs import DESIGNS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("listener", "file", "condition", "scale", "vote")
P808_SCALES = {
    "col": "coloration",
    "disc": "discontinuity",
    "loud": "loudness",
    "noise": "noisiness",
    "reverb": "reverberation",
    "sig": "signal",
    "bak": "background",
    "ovrl": "mos",
}
LISTENER_NAMES = ("listener", "worker", "workerid", "subject", "rater", "participant", "user", "session_uuid")
KNOWN = (
    "a P.808 toolkit's *_votes_per_clip.csv or *_all_votes_per_clip.csv, a HITApp server's answers, webMUSHRA's or Go "
    "Listen's CSV, or columns file,vote or file,listener,vote"
)


def read_votes(path: Path, key: Path | None = None) -> pd.DataFrame:
    """One vote a row: listener ("" where the file doesn't say), file (its name), condition ("" where not known), scale
    ("mos", "signal", ... "mushra", "preference") and vote.

    `path` is any of: `*_votes_per_clip*.csv` and `*_all_votes_per_clip.csv` of the P.808 toolkit, the answers of a
    HITApp server to our page, webMUSHRA's mushra, lss, lms and paired_comparison CSV, Go Listen's, or plain columns
    file,vote or file,listener,vote[,condition][,scale]. `key` is the plan's clips.csv: with it, files and conditions
    are those of the designer. Raises `ValueError` with a sentence where it is none of these.
    """
    import pandas as pd

    table = _read(path)
    reader = next((read for fits, read in READERS if fits(table)), None)
    if reader is None:
        raise ValueError(f"{path} holds no votes that are known here: {KNOWN}.")
    votes = reader(table).reindex(columns=list(COLUMNS))
    votes["vote"] = pd.to_numeric(votes["vote"], errors="coerce")
    votes = votes[votes["vote"].notna()].reset_index(drop=True)
    if votes.empty:
        raise ValueError(f"{path} holds no votes.")
    for column in COLUMNS[:-1]:
        votes[column] = votes[column].fillna("").astype(str)
    return votes if key is None else _with_key(votes, key)


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise ValueError(f"There are no votes at {path}.")
    try:
        table = pd.read_csv(path, dtype=str, sep=None, engine="python", encoding="utf-8-sig", keep_default_na=False)
    except (ValueError, pd.errors.ParserError, UnicodeDecodeError) as problem:
        raise ValueError(f"{path} can't be read as CSV.") from problem
    if len(table.columns) > 1 and table.columns[1] == "Tags":  # Go Listen's first line holds its tags
        table = pd.read_csv(path, dtype=str, header=None, encoding="utf-8-sig", keep_default_na=False)
    else:
        table.columns = [str(name).strip() for name in table.columns]
    return table


def _has(*names: str) -> Callable[[pd.DataFrame], bool]:
    return lambda table: set(names) <= {str(name).lower() for name in table.columns}


def file_name(address: str) -> str:
    """A clip's name: what stands last in its path or address."""
    return PurePosixPath(str(address).replace("\\", "/").split("?")[0]).name


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(COLUMNS))


def _p808_wide(table: pd.DataFrame) -> pd.DataFrame:
    """`file_url, n, MOS[_SCALE], ..., vote_1, vote_2 ...`: a clip a row, listeners not named."""
    scale = "mos"
    for name in table.columns:
        if match := re.fullmatch(r"std_(\w+)", str(name)):
            scale = P808_SCALES.get(match.group(1).lower(), match.group(1).lower())
    votes = [name for name in table.columns if re.fullmatch(r"vote_\d+", str(name))]
    condition = _condition_column(table)
    return _frame(
        [
            {
                "file": file_name(row["file_url"]),
                "condition": row[condition] if condition else "",
                "scale": scale,
                "vote": row[name],
            }
            for row in table.to_dict("records")
            for name in votes
        ]
    )


def _condition_column(table: pd.DataFrame) -> str | None:
    lower = {str(name).lower(): str(name) for name in table.columns}
    return next((lower[name] for name in ("condition", "condition_num", "condition_name") if name in lower), None)


def _p808_long(table: pd.DataFrame) -> pd.DataFrame:
    """`workerid, file, vote, question_type[, condition]`: a vote a row."""
    condition = _condition_column(table)
    rows = []
    for row in table.to_dict("records"):
        kind = str(row.get("question_type", "")).lower().removeprefix("mos").removeprefix("_")
        rows.append(
            {
                "listener": row["workerid"],
                "file": file_name(row["file"]),
                "condition": row[condition] if condition else "",
                "scale": P808_SCALES.get(kind, "mos"),
                "vote": row["vote"],
            }
        )
    return _frame(rows)


def _hitapp(table: pd.DataFrame) -> pd.DataFrame:
    """Answers to our page: `WorkerId`, and of every clip `Answer.qN_clip` and `Answer.qN_SCALE`."""
    rows = []
    for row in table.to_dict("records"):
        for name, clip in row.items():
            match = re.fullmatch(r"Answer\.q(\d+)_clip", str(name))
            if not match or not clip:
                continue
            prefix = f"Answer.q{match.group(1)}_"
            rows += [
                {"listener": row["WorkerId"], "file": clip, "scale": str(other).removeprefix(prefix), "vote": vote}
                for other, vote in row.items()
                if str(other).startswith(prefix) and other != name
            ]
    return _frame(rows)


def _listener(table: pd.DataFrame) -> pd.Series:
    lower = {str(name).lower().replace("_", ""): name for name in table.columns}
    found = [lower[name.replace("_", "")] for name in LISTENER_NAMES if name.replace("_", "") in lower]
    if found:
        return table[found[0]]
    import pandas as pd

    return pd.Series("", table.index)


def _mushra(table: pd.DataFrame) -> pd.DataFrame:
    """webMUSHRA's mushra.csv; `file` is the stimulus, for the hidden reference and anchors with its trial before it."""
    hidden = table["rating_stimulus"].isin(["reference", "anchor35", "anchor70"])
    return table.assign(
        listener=_listener(table),
        file=table["rating_stimulus"].where(~hidden, table["trial_id"] + "/" + table["rating_stimulus"]),
        condition=table["rating_stimulus"].where(hidden, ""),
        scale="mushra",
        vote=table["rating_score"],
    )


def _likert(table: pd.DataFrame) -> pd.DataFrame:
    """webMUSHRA's lss.csv and lms.csv: the page's id is the design, whose scales come in order."""
    ratings = [name for name in table.columns if re.fullmatch(r"stimuli_rating\d*", str(name))]
    rows = []
    for listener, row in zip(_listener(table), table.to_dict("records"), strict=True):
        design = DESIGNS.get(str(row["trial_id"]))
        scales = [scale.name for scale in design.scales] if design else ["mos"]
        if len(scales) < len(ratings):
            scales = [f"scale{number}" for number in range(1, len(ratings) + 1)]
        name = str(row["stimuli"]).removesuffix("-pair")
        rows += [
            {"listener": listener, "file": name, "scale": scale, "vote": str(row[rating]).strip()}
            for scale, rating in zip(scales, ratings, strict=False)
        ]
    return _frame(rows)


def _paired(table: pd.DataFrame) -> pd.DataFrame:
    """webMUSHRA's paired_comparison.csv: 1 where the reference was told from the other, 0 where not."""
    answers = {"correct": 1, "incorrect": 0}
    return table.assign(
        listener=_listener(table), file=table["trial_id"], scale="told-apart", vote=table["choice_answer"].map(answers)
    )


def _golisten(table: pd.DataFrame) -> pd.DataFrame:
    """Go Listen's CSV: a line of tags (our names of the clips), for MUSHRA one of sound files, a header, then rows."""
    tags, rest = list(table.iloc[0]), table.iloc[1:]
    names = tags
    if rest.iloc[0, 1] == "Sound filename":
        names, rest = [PurePosixPath(name).stem for name in rest.iloc[0]], rest.iloc[1:]
    mushra = names is not tags
    rows = []
    for number, row in enumerate(rest.iloc[1:].itertuples(index=False), 1):
        for name, value in zip(names[2:], list(row)[2:], strict=False):
            if not name or value == "":
                continue
            preferred = {"A": 1, "B": 2}.get(value)
            scale = "mushra" if mushra else "mos" if preferred is None else "preference"
            rows.append({"listener": str(number), "file": name, "scale": scale, "vote": preferred or value})
    return _frame(rows)


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Columns file,vote or file,listener,vote[,condition][,scale], in any case."""
    table = table.rename(columns={name: str(name).lower() for name in table.columns})
    if "vote" not in table:
        table = table.rename(columns={"mos": "vote", "score": "vote", "rating": "vote"})
    named = table.assign(listener=_listener(table), file=table["file"].map(file_name))
    return named if "scale" in named else named.assign(scale="mos")


def _is_golisten(table: pd.DataFrame) -> bool:
    return len(table) > 2 and table.shape[1] > 2 and str(table.iloc[0, 1]) == "Tags"


READERS: tuple[tuple[Callable[[pd.DataFrame], bool], Callable[[pd.DataFrame], pd.DataFrame]], ...] = (
    (_has("file_url", "vote_1"), _p808_wide),
    (_has("workerid", "file", "vote"), _p808_long),
    (_has("workerid", "answer.q0_clip"), _hitapp),
    (_has("trial_id", "rating_stimulus", "rating_score"), _mushra),
    (_has("trial_id", "stimuli"), _likert),
    (_has("trial_id", "choice_answer"), _paired),
    (_is_golisten, _golisten),
    (_has("file", "vote"), _plain),
)


def _with_key(votes: pd.DataFrame, key: Path) -> pd.DataFrame:
    """Files and conditions of the designer for the names that the plan gave them; others keep theirs."""
    import pandas as pd

    plan = pd.read_csv(key, dtype=str, keep_default_na=False)
    names = [PurePosixPath(name).stem for name in plan["name"]]
    files, conditions = dict(zip(names, plan["file"], strict=True)), dict(zip(names, plan["condition"], strict=True))
    stems = votes["file"].map(lambda name: PurePosixPath(name).stem)
    return votes.assign(
        condition=[
            conditions.get(stem) or condition for stem, condition in zip(stems, votes["condition"], strict=True)
        ],
        file=[files.get(stem) or file for stem, file in zip(stems, votes["file"], strict=True)],
    )


@dataclass(frozen=True)
class Agreement:
    """Votes against predictions: Pearson's r and RMSE over `count` clips or conditions."""

    count: int
    r: float
    rmse: float


def against_prediction(votes: pd.DataFrame, scores: pd.DataFrame, by: str = "file") -> Agreement:
    """How well predicted MOS (columns file, condition, mos) agree with mean votes on "mos", by "file" or "condition".

    Clips are matched by name without folder and suffix. Raises `ValueError` where fewer than three have both.
    """

    rated = votes[votes["scale"] == "mos"].assign(name=lambda t: t["file"].map(lambda f: PurePosixPath(f).stem))
    known = scores.assign(name=scores["file"].map(lambda file: PurePosixPath(file_name(file)).stem))
    both = known.merge(rated.groupby("name")["vote"].mean().rename("voted"), on="name")
    if by == "condition":
        both = both.groupby("condition")[["mos", "voted"]].mean().reset_index()
    if len(both) < 3:
        raise ValueError(f"Only {len(both)} of the votes' clips have a prediction: three are needed to compare.")
    predicted, voted = both["mos"].to_numpy(float), both["voted"].to_numpy(float)
    r = float(np.corrcoef(predicted, voted)[0, 1]) if np.ptp(predicted) > 0 and np.ptp(voted) > 0 else float("nan")
    return Agreement(len(both), r, float(np.sqrt(np.mean(np.square(predicted - voted)))))


__all__ = ["Agreement", "against_prediction", "file_name", "read_votes"]
