"""`score_many`: a table of clips in, a table of scores out, a row a row, in order, also where a clip fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.profiles import ListenerProfile
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import AudioError, Clip, load_clip

if TYPE_CHECKING:
    import pandas as pd

AUDIO_SUFFIXES = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".webm", ".aac", ".aiff", ".aif"}
SCORE_COLUMNS = [*DIMENSIONS, *(f"{dimension}_std" for dimension in DIMENSIONS)]
COLUMNS = ["file", "condition", *SCORE_COLUMNS, "warnings", "error"]
CLIPS_A_BATCH = 8


def list_clips(source: Path) -> pd.DataFrame:
    """The table to score: a folder's audio files by name, or a CSV with columns file[,ref][,condition].

    Files of a CSV are taken relative to its folder. Raises `ValueError` with a sentence when there is nothing.
    """
    import pandas as pd

    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
        if not files:
            raise ValueError(f"{source} holds no audio files.")
        return pd.DataFrame({"file": [str(path) for path in files]})
    if not source.is_file():
        raise ValueError(f"There is no folder or CSV file at {source}.")
    try:
        table = pd.read_csv(source, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as problem:
        raise ValueError(f"{source} can't be read as a CSV table.") from problem
    if "file" not in table.columns:
        raise ValueError(f"{source} has no column named file (its columns: {', '.join(map(str, table.columns))}).")
    for column in ("file", "ref"):
        if column in table.columns:
            table[column] = [str(source.parent / name) if name else "" for name in table[column]]
    return table


def score_many(
    judge: SpeechQualityLLM,
    table: pd.DataFrame | Sequence[str],
    profile: str | ListenerProfile | None = None,
    rationale: bool = False,
    progress: bool = False,
) -> pd.DataFrame:
    """Score clips named by a table (columns file[, ref][, condition]) or a list of paths.

    Returns one row a row, in order: file, condition, five means, five standard deviations, warnings (joined by "; "),
    error (empty where the clip was scored), and `rationale` if wanted. A clip without speech has no scores; its
    warnings say why.
    """
    import pandas as pd
    from tqdm import tqdm

    rows = table if isinstance(table, pd.DataFrame) else pd.DataFrame({"file": list(map(str, table))})
    records = rows.to_dict("records")
    done: list[dict[str, Any]] = []
    with tqdm(total=len(records), unit="clip", disable=not progress) as bar:
        for start in range(0, len(records), CLIPS_A_BATCH):
            done += _score_batch(judge, records[start : start + CLIPS_A_BATCH], profile, rationale)
            bar.update(len(done) - bar.n)
    return pd.DataFrame(done, columns=[*COLUMNS, *(["rationale"] if rationale else [])])


def _score_batch(
    judge: SpeechQualityLLM, records: Sequence[dict[Any, Any]], profile: str | ListenerProfile | None, rationale: bool
) -> list[dict[str, Any]]:
    scored = [{"file": r["file"], "condition": r.get("condition", ""), "warnings": "", "error": ""} for r in records]
    loaded: list[tuple[dict[str, Any], Clip, Clip | None]] = []
    for row, record in zip(scored, records, strict=True):
        try:
            reference = record.get("ref")
            loaded.append((row, load_clip(record["file"]), load_clip(reference) if reference else None))
        except AudioError as problem:
            row["error"] = str(problem)
    hearings = judge.listen_many([(clip, reference) for _, clip, reference in loaded])
    for (row, _, _), hearing in zip(loaded, hearings, strict=True):
        judgement = hearing.rate(profile, rationale)
        for name, score in (judgement.scores or {}).items():
            row[name] = round(score.mean, 3)
            row[f"{name}_std"] = round(score.std, 3)
        row["warnings"] = "; ".join(judgement.warnings)
        if rationale:
            row["rationale"] = judgement.rationale
    return scored


def summarise(scored: pd.DataFrame) -> Iterator[str]:
    """Lines for the end of a run: counts, and MOS mean, sd and 95% interval, overall and a condition."""
    good = scored[scored["mos"].notna()]
    speechless = len(scored) - len(good) - int((scored["error"] != "").sum())
    without = f"; {speechless} without speech" if speechless else ""
    yield f"{len(good)} of {len(scored)} clips scored{without}."
    if good.empty:
        return
    groups = [("all clips", good["mos"])]
    if (good["condition"] != "").any():
        groups += [(str(name), group["mos"]) for name, group in good.groupby("condition")]
    for name, mos in groups:
        half = _half_interval(mos)
        yield f"{name}: MOS {mos.mean():.2f}, sd {mos.std(ddof=0):.2f}, n {len(mos)}" + half


def _half_interval(values: pd.Series) -> str:
    from scipy.stats import t

    if len(values) < 2:
        return ""
    half = float(t.ppf(0.975, len(values) - 1) * values.std() / len(values) ** 0.5)
    return f", 95% interval {values.mean() - half:.2f} to {values.mean() + half:.2f}"
