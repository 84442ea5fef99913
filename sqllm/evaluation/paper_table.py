"""The paper's table (arXiv 2512.08238) for one of our models: per task family, dimension and mode, beside its figures.

A model of the paper's prompt is asked in text and its answers are parsed; one that asks the audio first is read from
probabilities, so that it always answers. All is compared on the same clips, with the parse rate beside each figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.metrics import FEWEST, Ratings, fit_figures, read_token_set
from sqllm.evaluation.score_parser import ParseError, parse_category, parse_score, parse_scores
from sqllm.evaluation.tables import markdown_table
from sqllm.features.token_set import TokenSet
from sqllm.model.question_first import answer_questions
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import CATEGORIES, DIMENSIONS, category, clamp
from sqllm.words.paper_tasks import Task, task_of

ASKED_AT_ONCE = 32
ROWS = (
    ("mos-numeric", "mos"),
    *(("dim-numeric", dimension) for dimension in DIMENSIONS[1:]),
    *(("dim-categorical", dimension) for dimension in DIMENSIONS[1:]),
    ("multi-dim", "mos"),
    ("explanatory", "mos"),
)
# Pearson r / MAE on the NISQA test sets, by mode and encoder, as the paper's released logs have them.
PAPER_COLUMNS = ("AST frozen", "AST finetuned", "Whisper frozen")
PAPER = {
    "single-ended": {
        ("mos-numeric", "mos"): (".771/.513", ".777/.491", ""),
        ("dim-numeric", "noisiness"): (".700/.533", ".711/.575", ""),
        ("dim-numeric", "coloration"): (".638/.549", ".688/.478", ""),
        ("dim-numeric", "discontinuity"): (".644/.701", ".749/.594", ""),
        ("dim-numeric", "loudness"): (".564/.603", ".757/.436", ""),
        ("multi-dim", "mos"): (".785/.531", ".761/.497", ""),
        ("explanatory", "mos"): (".765/.533", ".797/.477", ""),
    },
    "double-ended": {
        ("mos-numeric", "mos"): (".817/.476", ".855/.420", ".831/.466"),
        ("dim-numeric", "noisiness"): (".727/.506", ".809/.405", ".598/.689"),
        ("dim-numeric", "coloration"): (".535/.661", ".607/.554", ".442/.691"),
        ("dim-numeric", "discontinuity"): (".428/.781", ".818/.468", ".482/.781"),
        ("dim-numeric", "loudness"): (".525/.775", ".787/.409", ".431/.768"),
        ("multi-dim", "mos"): (".842/.438", ".879/.401", ".817/.535"),
        ("explanatory", "mos"): (".830/.523", ".882/.392", ".824/.441"),
    },
}
# Pearson r of the MOS as published, per file unless said otherwise. None is known of UniVERSA on these sets.
TEST_SETS = ("NISQA_TEST_FOR", "NISQA_TEST_LIVETALK", "NISQA_TEST_P501")
OTHERS = {
    "NISQA v2": (".88", ".70", ".89"),
    "WhiSQA (more training data)": (".94", ".88", ".93"),
    "wav2vec2-based MultiGauss": (".917", ".913", ".943"),
    "SCOREQ (means of conditions where there are such)": (".97", ".86", ".96"),
    "SpeechQualityLLM, single-ended": (".822", ".663", ".834"),
    "SpeechQualityLLM, double-ended": (".852", "-", ".859"),
}


@dataclass(frozen=True)
class Answers:
    """What a model answers in one mode: a value a clip for each of `ROWS` (a category's number in dim-categorical),
    not a number where none could be parsed.
    """

    mode: str
    values: Mapping[tuple[str, str], np.ndarray]

    def chosen(self, rows: Sequence[int]) -> Answers:
        """The answers on some clips."""
        return Answers(self.mode, {row: values[list(rows)] for row, values in self.values.items()})


def parse_answer(task: Task, dimension: str, text: str) -> float:
    """What an answer states of a dimension: a score, or the number of its category; not a number where it can't be
    parsed.
    """
    try:
        if task.family == "dim-categorical":
            return float(CATEGORIES.index(parse_category(text)))
        if task.family == "multi-dim":
            return parse_scores(text)[dimension]
        return parse_score(text, dimension)
    except ParseError:
        return float("nan")


def ask_tasks(model: SpeechQualityModel, tokens: TokenSet, with_reference: bool) -> Answers:
    """A model's parsed answers to every task on every clip, greedily; with a progress bar."""
    from tqdm import tqdm

    width = tokens.degraded.shape[-1]
    values = {}
    for family, dimension in tqdm(ROWS, desc="asking", unit="task", mininterval=5):
        task, said = task_of(family, dimension), []
        for start in range(0, len(tokens), ASKED_AT_ONCE):
            rows = slice(start, start + ASKED_AT_ONCE)
            degraded = tokens.degraded[rows]
            reference = tokens.reference[rows, :, :width] if with_reference else None
            texts = answer_questions(model, [task.question] * len(degraded), degraded, reference)
            said += [parse_answer(task, dimension, text) for text in texts]
        values[family, dimension] = np.array(said)
    return Answers(_mode(with_reference), values)


def read_tasks(model: SpeechQualityModel, tokens: TokenSet, with_reference: bool) -> Answers:
    """What a model that asks the audio first says: its scores, read from probabilities, stand for every family."""
    read = Ratings.of("ours", read_token_set(model, tokens, with_reference)).means
    categories = {d: np.array([float(CATEGORIES.index(category(score))) for score in read[d]]) for d in DIMENSIONS}
    means = {(f, d): categories[d] if f == "dim-categorical" else read[d] for f, d in ROWS}
    return Answers(_mode(with_reference), means)


def _mode(with_reference: bool) -> str:
    return "double-ended" if with_reference else "single-ended"


def answers_of(model: SpeechQualityModel, tokens: TokenSet) -> list[Answers]:
    """Single-ended answers on all clips and, where some have a reference, double-ended ones, not a number elsewhere."""
    ask = ask_tasks if model.config.prompt == "question-first" else read_tasks
    found, paired = [ask(model, tokens, False)], np.flatnonzero(tokens.with_reference().numpy())
    if len(paired):
        few = ask(model, tokens.chosen(paired.tolist()), True)
        spread = {row: np.full(len(tokens), np.nan) for row in ROWS}
        for row, values in few.values.items():
            spread[row][paired] = values
        found.append(Answers(few.mode, spread))
    return found


def paper_report(
    name: str, clips: Sequence[CorpusClip], answers: Sequence[Answers], beside: Sequence[Ratings] = ()
) -> Iterator[str]:
    """The Markdown of a model's tables: all clips alone, those with a reference in both modes, and the MOS a test set.

    `beside` are what published models say of the same clips.
    """
    everything, paired = list(range(len(clips))), [row for row, clip in enumerate(clips) if clip.reference]
    yield f"## The paper's table: {name}"
    yield "\nr / MAE (parsed); of dim-categorical the share of right categories among the parsed ones."
    for title, rows in (("All clips", everything), ("Clips with a reference", paired)):
        shown = [one.chosen(rows) for one in answers if one.mode == "single-ended" or rows is paired]
        if rows:
            yield f"\n### {title}: {len(rows)}\n"
            named = [(f"ours, {one.mode}", one) for one in shown]
            yield from task_table([clips[row] for row in rows], named, [one.chosen(rows) for one in beside])
    yield "\n### MOS on each test set, r per file\n"
    yield from _set_table(clips, answers, beside)


def task_table(
    clips: Sequence[CorpusClip], named: Sequence[tuple[str, Answers]], beside: Sequence[Ratings] = ()
) -> list[str]:
    """A row a task; ours by name, the published models that ran here, and the paper's figures on its own 712 or 480
    clips.
    """
    ours, answers = [name for name, _ in named], [one for _, one in named]
    modes = list(dict.fromkeys(one.mode for one in answers))
    papers = [f"paper, {mode}, {column}" for mode in modes for column in PAPER_COLUMNS if _has(mode, column)]
    rows = []
    for family, dimension in ROWS:
        cells = [_cell(family, dimension, one.values[family, dimension], clips) for one in answers]
        able = family in ("mos-numeric", "dim-numeric")
        cells += [
            _cell(family, dimension, one.means[dimension], clips) if able and dimension in one.means else "-"
            for one in beside
        ]
        known = [PAPER[mode].get((family, dimension)) for mode in modes]
        for mode, figures in zip(modes, known, strict=True):
            pairs = zip(PAPER_COLUMNS, figures or [""] * len(PAPER_COLUMNS), strict=True)
            cells += [figure or "-" for column, figure in pairs if _has(mode, column)]
        rows.append([f"{family}, {dimension}", *cells])
    return markdown_table(("task", *ours, *(one.model for one in beside), *papers), rows)


def _has(mode: str, column: str) -> bool:
    place = PAPER_COLUMNS.index(column)
    return any(figures[place] for figures in PAPER[mode].values())


def _cell(family: str, dimension: str, said: np.ndarray, clips: Sequence[CorpusClip]) -> str:
    """r / MAE or the share of right categories, of the clips that have the label; and how many answers were parsed."""
    labels = np.array([clip.scores.get(dimension, np.nan) for clip in clips])
    known = np.isfinite(labels)
    parsed = known & np.isfinite(said)
    count = f"({int(parsed.sum())} of {int(known.sum())})"
    if family == "dim-categorical":
        truth = np.array([CATEGORIES.index(category(clamp(label))) for label in labels[parsed]])
        return f"{float(np.mean(truth == said[parsed])):.1%} {count}" if parsed.any() else f"- {count}"
    if parsed.sum() < FEWEST or np.ptp(said[parsed]) < 1e-9 or np.ptp(labels[parsed]) < 1e-9:
        return f"- {count}"
    figures = fit_figures(said[parsed], np.clip(labels[parsed], 1, 5))
    return f"{figures['r']:.3f} / {figures['mae']:.3f} {count}"


def _set_table(clips: Sequence[CorpusClip], answers: Sequence[Answers], beside: Sequence[Ratings]) -> list[str]:
    """A row a model, a column a test set: r of the MOS; the published figures stand below."""
    sets = sorted({clip.db for clip in clips})
    said = {f"ours, {one.mode}": one.values["mos-numeric", "mos"] for one in answers}
    said |= {f"{one.model}, run here": one.means["mos"] for one in beside}
    rows = []
    for model, values in said.items():
        cells = []
        for name in sets:
            chosen = [row for row, clip in enumerate(clips) if clip.db == name]
            cells.append(_cell("mos-numeric", "mos", values[chosen], [clips[row] for row in chosen]))
        rows.append([model, *cells])
    for model, figures in OTHERS.items():
        published = dict(zip(TEST_SETS, figures, strict=True))
        rows.append([f"{model}, published", *(published.get(name, "-") for name in sets)])
    return markdown_table(("model", *sets), rows)
