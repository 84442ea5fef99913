"""Choosing speech data by its quality: steps for curation pipelines (NeMo Curator, `datasets`, Ray Data, plain Python).

    keep = QualityFilter(mos=3.5, noisiness=3.0)      # least scores that an entry has to have
    kept = [entry for entry in manifest if keep(entry)]            # entries with audio_filepath (or file ...)
    annotate = QualityAnnotator()                     # adds mos ... loudness, and error, to entries
    rows = annotate.many(manifest)                    # a batch at once; `Dataset.map(annotate)` goes one by one
    kept = [row for row in rows if keep.passes(row)]  # what is annotated needs no second hearing
    score = keep.score_document("clip.wav")           # NeMo Curator's pair of a document filter
    keep.keep_document(score)

An entry that can't be read or holds no speech has no scores: it is not kept, and `error` says why.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from sqllm.batch.columns import SCORE_COLUMNS
from sqllm.batch.scoring import score_many
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.manifest import FILE_NAMES, REF_NAMES
from sqllm.scores import DIMENSIONS

Entry = Mapping[str, Any]


class QualityAnnotator:
    """Adds scores to entries of a manifest; `judge` is one that is loaded already, else the default or `model`."""

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        device: str | None = None,
        profile: str | None = None,
        judge: SpeechQualityLLM | None = None,
    ) -> None:
        self.judge = judge or SpeechQualityLLM.from_pretrained(model, device)
        self.profile = profile

    def __call__(self, entry: Entry) -> dict[str, Any]:
        """One entry with its scores."""
        return self.many([entry])[0]

    def many(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        """Entries with their scores (None without) and `error`, in their order."""
        import pandas as pd

        places = [{"file": _named(entry, FILE_NAMES), "ref": _named(entry, REF_NAMES)} for entry in entries]
        scored = score_many(self.judge, pd.DataFrame(places, columns=["file", "ref"], dtype=object), self.profile)
        rows = scored.astype(object).where(scored.notna(), None).to_dict("records")
        return [
            {**entry, **{name: row[name] for name in SCORE_COLUMNS}, "error": _why(row)}
            for entry, row in zip(entries, rows, strict=True)
        ]


class QualityFilter(QualityAnnotator):
    """Keeps entries whose scores reach the least ones that are named: QualityFilter(mos=3.5, loudness=3).

    Raises `ValueError` for a score that there is not.
    """

    def __init__(self, judge: SpeechQualityLLM | None = None, model: str | None = None, **least: float) -> None:
        if unknown := sorted(least.keys() - set(DIMENSIONS)):
            raise ValueError(f"There is no score {unknown[0]}; name some of {', '.join(DIMENSIONS)}, as in mos=3.5.")
        super().__init__(model, judge=judge)
        self.least = least or {"mos": 3.0}

    def __call__(self, entry: Entry) -> bool:  # type: ignore[override]
        """Whether an entry is kept."""
        return self.passes(self.many([entry])[0])

    def passes(self, row: Entry) -> bool:
        """Whether an annotated entry is kept."""
        scores = {name: row.get(name) for name in self.least}
        return all(score is not None and score >= self.least[name] for name, score in scores.items())

    def score_document(self, path: str) -> float:
        """By how much the worst of the named scores is above its least: below 0 where the clip is not kept."""
        (row,) = self.many([{"file": path}])
        gaps = [-5.0 if row[name] is None else row[name] - least for name, least in self.least.items()]
        return float(min(gaps))

    def keep_document(self, score: float) -> bool:
        """Whether a clip of that score is kept."""
        return score >= 0


def _named(entry: Entry, names: Sequence[str]) -> Any:
    return next((entry[name] for name in names if entry.get(name)), None)


def _why(row: Mapping[Any, Any]) -> str:
    """Why an entry has no scores; empty where it has."""
    return "" if row["mos"] is not None else str(row["error"] or row["warnings"])
