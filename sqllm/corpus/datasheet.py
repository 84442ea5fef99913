"""The data sheet of a corpus: what it holds, how its labels compare with people's ratings, and clips to listen to."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from sqllm.corpus.datasheet_render import NOTHING, PASS, SHORT, Listening, Table, histogram, page, severity_bars
from sqllm.corpus.human_ratings import RatingSummary, correlation, human_ratings, summarise
from sqllm.corpus.nisqa_layout import COLUMNS, DEGRADATION_COLUMNS, SCORE_COLUMNS, SIMULATED, read_rows, split_of
from sqllm.corpus.sources import SPLITS
from sqllm.corpus.validate import Record, as_number, drawn_sources, find_leaks
from sqllm.scores import ARTIFACT_KINDS, SEVERITIES

ALLOWED = {"mean": 0.25, "sd": 0.15, "r": 0.10}  # how far from people's ratings still passes
LISTENED = 20
NAMED_SPANS = 6
INTACT = 4.9


@dataclass(frozen=True)
class CorpusContents:
    """A corpus as the sheet sees it: index and truth, [clips] seconds, and the labels of the clips with speech, alone
    (`labels`), beside their references (`double_labels`) and others.
    """

    folder: Path
    records: Sequence[Record]
    seconds: np.ndarray
    labels: Mapping[str, np.ndarray]
    double_labels: Mapping[str, np.ndarray]
    extra_labels: Mapping[str, np.ndarray]

    @classmethod
    def read(cls, folder: Path) -> CorpusContents:
        """Read a corpus; raises `FileNotFoundError` when it has no index, `ValueError` when it lists no clip."""
        records = read_rows(folder)
        if not records:
            raise ValueError(f"The index of {folder} lists no clip.")
        seconds = np.array([_seconds(folder / row["filepath_deg"]) for row, _ in records])
        spoken = [row for row, truth in records if truth.get("speech", True)]

        def column(name: str) -> np.ndarray:
            values = (as_number(row.get(name)) for row in spoken)
            return np.array([np.nan if value is None else value for value in values])

        def known(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {name: values for name, values in columns.items() if np.isfinite(values).any()}

        own = {*COLUMNS, *DEGRADATION_COLUMNS.values(), *(f"{name}_std" for name in DEGRADATION_COLUMNS.values())}
        return cls(
            folder,
            records,
            seconds,
            {dimension: column(name) for dimension, name in SCORE_COLUMNS.items()},
            known({dimension: column(name) for dimension, name in DEGRADATION_COLUMNS.items()}),
            known({name: column(name) for name in records[0][0] if name and name not in own}),
        )

    def by_split(self) -> dict[str, list[int]]:
        """Which clips belong to TRAIN, VAL, TEST and, where a split has any, to no split; and all of them."""
        places: dict[str, list[int]] = {split: [] for split in SPLITS}
        for place, (row, _) in enumerate(self.records):
            places.setdefault(split_of(row["db"]) or "no split", []).append(place)
        return {name: found for name, found in places.items() if found} | {"all": list(range(len(self.records)))}


def write_datasheet(folder: Path, out: Path | None = None, seed: int = 0) -> Path:
    """Write the data sheet of a corpus into `out` (its own `datasheet/` if not given); returns the page's path.

    `index.html` opens from disk: figures lie beside it, clips are links to the corpus's own files, so that both have
    to stay where they are. `datasheet.md` holds the same tables. `seed` draws the clips to listen to.
    Raises `FileNotFoundError` when there is no index, `ValueError` when it lists no clip.
    """
    out = out or folder / "datasheet"
    contents = CorpusContents.read(folder)
    out.mkdir(parents=True, exist_ok=True)
    ours, people = summarise("this corpus", contents.labels), human_ratings()
    tables = [
        _clips_table(contents),
        _languages_table(contents),
        _comparison_table(ours, people, _draw_histograms(ours, people, out)),
        _correlation_table(ours, people),
        *_double_tables(contents),
        *_teacher_tables(contents),
        *_artifact_tables(contents, out),
        _leaks_table(folder),
    ]
    tiles = _tiles(contents)
    title = "Data sheet"  # without the folder's name: the same corpus has the same sheet
    raters = "teachers (models)" if contents.records[0][0]["db"].startswith(SIMULATED) else "people"
    databases = ", ".join(dict.fromkeys(row["db"] for row, _ in contents.records))
    lead = f"{databases}. Labels by {raters}, on the scale of 1 to 5, 5 = best."
    (out / "index.html").write_text(page(title, lead, tiles, tables, _listening(contents, out, seed)), encoding="utf-8")
    counted = "; ".join(f"{name} {value}" for name, value in tiles.items())
    sections = "\n\n".join(table.to_markdown() for table in tables)
    (out / "datasheet.md").write_text(f"# {title}\n\n{lead}\n\n{counted}.\n\n{sections}\n", encoding="utf-8")
    return out / "index.html"


def _tiles(contents: CorpusContents) -> dict[str, str]:
    everything = _sources(contents, range(len(contents.records)))
    counts = {name: _count(everything[name]) for name in ("talkers", "languages", "noises", "rooms")}
    return {"clips": f"{len(contents.records):,}", "hours": f"{contents.seconds.sum() / 3600:.1f}"} | counts


def _sources(contents: CorpusContents, places: Sequence[int]) -> dict[str, set[str]]:
    """The talkers, languages, noises and rooms of some clips."""
    names: dict[str, set[str]] = {"talkers": set(), "noises": set(), "rooms": set(), "languages": set()}
    for row, truth in (contents.records[place] for place in places):
        for kind, drawn in drawn_sources(row, truth).items():
            names[kind] |= drawn
        names["languages"] |= {row["lang"]} if row.get("lang") else set()
    return names


def _clips_table(contents: CorpusContents) -> Table:
    rows = []
    for name, places in contents.by_split().items():
        sources = _sources(contents, places)
        without_speech = sum(not contents.records[place][1].get("speech", True) for place in places)
        seconds = f"{contents.seconds[places].sum():,.0f}"
        counts = [_count(sources[kind]) for kind in ("talkers", "languages", "noises", "rooms")]
        rows.append((name, f"{len(places):,}", f"{without_speech:,}", seconds, *counts))
    note = (
        "How many clips a split has, how many of them hold no speech, and how many talkers, noise recordings and rooms "
        f"were drawn for it. {NOTHING}: the corpus does not tell."
    )
    head = ("split", "clips", "no speech", "seconds", "talkers", "languages", "noises", "rooms")
    return Table("Clips and sources", note, head, rows, {})


def _languages_table(contents: CorpusContents) -> Table:
    return _counted(
        contents,
        "Languages",
        "Clips by language, as the index states it.",
        "language",
        lambda row, _: [row.get("lang") or "not stated"],
    )


def _counted(contents: CorpusContents, title: str, note: str, what: str, names: Callable[..., Sequence[str]]) -> Table:
    """A table of how many clips of each split have each of the names that `names(row, truth)` gives them."""
    splits = contents.by_split()
    counts = {
        s: Counter(n for place in places for n in names(*contents.records[place])) for s, places in splits.items()
    }
    rows = [(name, *(f"{counts[split][name]:,}" for split in splits)) for name in sorted(counts["all"])]
    return Table(title, note, (what, *splits), rows, {})


def _draw_histograms(
    ours: Mapping[str, RatingSummary], people: Mapping[str, RatingSummary], out: Path
) -> dict[str, str]:
    """Write a histogram a dimension; the files' names and what they show."""
    for name, summary in ours.items():
        histogram(name, summary, people[name]).savefig(out / f"{name}.png")
    return {f"{name}.png": f"Histogram of {name}: this corpus as bars, people's ratings as a line" for name in ours}


def _comparison_table(
    ours: Mapping[str, RatingSummary], people: Mapping[str, RatingSummary], figures: Mapping[str, str]
) -> Table:
    """What is judged first, then the dimensions' means and spreads, which hang on a test set's few conditions."""

    def row(name: str, here: float, there: float, allowed: float = np.inf) -> tuple[str, ...]:
        verdict = NOTHING if np.isinf(allowed) else PASS if abs(here - there) <= allowed else SHORT
        return (name, _figure(here), _figure(there), verdict)

    rows = []
    if "mos" in ours:
        rows.append(row("mos, mean", ours["mos"].mean, people["mos"].mean, ALLOWED["mean"]))
        rows.append(row("mos, sd", ours["mos"].sd, people["mos"].sd, ALLOWED["sd"]))
    others = [name for name in ours if name != "mos"]
    for name in others if "mos" in ours else ():
        rows.append(row(f"{name}, r", ours["mos"].correlations[name], people["mos"].correlations[name], ALLOWED["r"]))
    for name in others:
        rows.append(row(f"{name}, mean", ours[name].mean, people[name].mean))
        rows.append(row(f"{name}, sd", ours[name].sd, people[name].sd))
    note = (
        "Labels of the clips with speech beside people's ratings of the NISQA corpus: the MOS of NISQA_TRAIN_SIM "
        "(10,000 clips), the dimensions and their correlations r to the MOS of its three test sets (712 clips). "
        f"A mean within {ALLOWED['mean']} of people's passes, a standard deviation within {ALLOWED['sd']}, a "
        f"correlation within {ALLOWED['r']}; the dimensions' means and spreads are for orientation."
    )
    return Table("Labels against people's ratings", note, ("figure", "here", "people", "verdict"), rows, figures)


def _correlation_table(ours: Mapping[str, RatingSummary], people: Mapping[str, RatingSummary]) -> Table:
    def cell(one: str, other: str) -> str:
        if one == other:
            return NOTHING
        return f"{_figure(ours[one].correlations[other])} ({_figure(people[one].correlations[other])})"

    rows = [(one, *(cell(one, other) for other in ours)) for one in ours]
    note = "Pearson's r between the labels of the clips with speech; in brackets that of people's ratings."
    return Table("Correlations between the labels", note, ("", *ours), rows, {})


def _double_tables(contents: CorpusContents) -> list[Table]:
    """The labels of clips beside their references, where the index holds any."""
    rows = []
    for name, values in contents.double_labels.items():
        known, single = values[np.isfinite(values)], contents.labels[name]
        intact = f"{np.mean(known >= INTACT):.0%}"
        means = (_figure(known.mean()), _figure(np.nanmean(single)), _figure(known.std()), _figure(np.nanstd(single)))
        rows.append(
            (DEGRADATION_COLUMNS[name], f"{len(known):,}", *means, _figure(correlation(values, single)), intact)
        )
    note = (
        "dmos, dnoi, dcol, ddis and dloud rate a clip beside its reference, as in degradation category rating (ITU-T "
        "P.800, Annex D): 5 where nothing differs. Mean and standard deviation, in brackets those of the same clips "
        f"rated alone; Pearson's r between the two; and the share of clips at {INTACT} or above."
    )
    head = ("label", "clips", "mean", "(alone)", "sd", "(alone)", "r", "intact")
    return [Table("Double-ended labels", note, head, rows, {})] if rows else []


def _teacher_tables(contents: CorpusContents) -> list[Table]:
    """How the other teachers' labels go together, where the index holds any."""
    if not contents.extra_labels:
        return []
    labels = {SCORE_COLUMNS[name]: values for name, values in contents.labels.items()} | dict(contents.extra_labels)
    rows = []
    for name, values in contents.extra_labels.items():
        known = values[np.isfinite(values)]
        against = [NOTHING if other == name else _figure(correlation(values, labels[other])) for other in labels]
        rows.append((name, f"{len(known):,}", _figure(known.mean()), _figure(known.std()), *against))
    note = "Further labels in the index: clips, mean, standard deviation, and Pearson's r to every other label."
    return [Table("Other teachers", note, ("label", "clips", "mean", "sd", *labels), rows, {})]


def _artifact_tables(contents: CorpusContents, out: Path) -> list[Table]:
    """Counts of artifacts by kind, severity and split, and of artifacts a clip, where the truth is told."""
    if not any("artifacts" in truth for _, truth in contents.records):
        return []
    splits = contents.by_split()
    counts = {
        name: Counter((a["kind"], a["severity"]) for p in places for a in contents.records[p][1].get("artifacts", ()))
        for name, places in splits.items()
    }
    cells = [(name, severity) for name in splits for severity in SEVERITIES]
    rows = [(kind, *(f"{counts[name][kind, severity]:,}" for name, severity in cells)) for kind in ARTIFACT_KINDS]
    severity_bars({k: {s: counts["all"][k, s] for s in SEVERITIES} for k in ARTIFACT_KINDS}).savefig(
        out / "artifacts.png"
    )
    done = Table(
        "What was done to the clips",
        "Clips with each kind of artifact, by split and severity; a clip may have several.",
        ("kind", *(f"{name} {severity}" for name, severity in cells)),
        rows,
        {"artifacts.png": "Clips with each kind of artifact, stacked by severity"},
    )
    several = _counted(
        contents,
        "Artifacts a clip",
        "Clips by how many kinds of artifact they have.",
        "artifacts",
        lambda _, truth: [str(len(truth.get("artifacts", ()))) if truth.get("speech", True) else "no speech"],
    )
    return [done, several]


def _leaks_table(folder: Path) -> Table:
    note = "Talkers, noises, rooms and references that are in two splits: what is learned would be tested on itself."
    return Table(
        "Shared between the splits", note, ("found",), [(leak,) for leak in find_leaks(folder)] or [("nothing",)], {}
    )


def _listening(contents: CorpusContents, out: Path, seed: int) -> list[Listening]:
    """Clips drawn at random, in the index's order."""
    count = len(contents.records)
    drawn = sorted(random.Random(seed).sample(range(count), min(LISTENED, count)))
    return [_to_listen_to(contents, place, out) for place in drawn]


def _to_listen_to(contents: CorpusContents, place: int, out: Path) -> Listening:
    row, truth = contents.records[place]

    def link(path: str) -> str:
        return Path(os.path.relpath(contents.folder.resolve() / path, out.resolve())).as_posix()

    about = [split_of(row["db"]) or row["db"], row.get("lang"), row.get("source"), f"{contents.seconds[place]:.1f} s"]
    scores = {name: as_number(row.get(column)) for name, column in SCORE_COLUMNS.items()}
    return Listening(
        Path(row["filepath_deg"]).name,
        " · ".join(str(part) for part in about if part),
        link(row["filepath_deg"]),
        link(row["filepath_ref"]) if row.get("filepath_ref") else None,
        {name: value for name, value in scores.items() if value is not None},
        _what_was_done(row, truth),
    )


def _what_was_done(row: Mapping[str, str], truth: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if not truth.get("speech", True):
        return [("no speech", "", "")]
    if "artifacts" not in truth:
        return [(row.get("con_description") or "not told", "", "")]
    done = []
    for artifact in truth["artifacts"]:
        values = ", ".join(f"{name} {_parameter(value)}" for name, value in artifact.get("parameters", {}).items())
        details = [values, _name_spans(artifact.get("spans", ()))]
        done.append((artifact["kind"], artifact["severity"], "; ".join(filter(None, details))))
    return done or [("clean", "", "")]


def _name_spans(spans: Sequence[Sequence[float]]) -> str:
    named = ", ".join(f"{start:.2f}–{stop:.2f} s" for start, stop in spans[:NAMED_SPANS])
    return named + (f" and {len(spans) - NAMED_SPANS} more" if len(spans) > NAMED_SPANS else "")


def _parameter(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _seconds(path: Path) -> float:
    """A file's length; 0 where it can't be read (`check_corpus` names those)."""
    try:
        return float(soundfile.info(path).duration)
    except (soundfile.SoundFileError, OSError):
        return 0.0


def _count(names: set[str]) -> str:
    return f"{len(names):,}" if names else NOTHING


def _figure(value: float) -> str:
    return NOTHING if np.isnan(value) else f"{value:.2f}"
