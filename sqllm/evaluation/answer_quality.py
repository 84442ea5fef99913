"""How good a judge's words are: right, varied, and true to what it hears."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.answer_grading import comparison_is_right, is_right
from sqllm.evaluation.score_parser import ParseError, parse_score
from sqllm.evaluation.spoken_claims import SpokenGrades, false_claims, grade_spoken
from sqllm.evaluation.tables import markdown_table
from sqllm.features.read_pair import read_alone
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import Clip
from sqllm.words.questions import COMPARE, HELD_OUT, RATIONALE_QUESTION, TAUGHT_FAMILIES, Question, draw_question

OPENING_WORDS = 3
FAR_APART = 0.5  # MOS between two clips that a listener can't confuse


@dataclass(frozen=True)
class Share:
    """How many of some are right."""

    right: int
    count: int

    @classmethod
    def of(cls, grades: Sequence[bool | None]) -> Share:
        """Of grades, of which None does not count."""
        known = [grade for grade in grades if grade is not None]
        return cls(sum(known), len(known))

    def __str__(self) -> str:
        return f"{self.right / self.count:.1%} of {self.count}" if self.count else "-"


@dataclass(frozen=True)
class Words:
    """Figures of rationales and answers to understood questions. `contradicted` and `spoken` grade what is said against
    the facts; `by_own` and `by_truth` grade answers to unseen wordings of every family by
    what the judge itself heard, and by the truth (its scores are the judge's own: their errors are measured elsewhere).
    """

    clips: int
    distinct: int
    openings: int
    contradicted: int
    stated_gap: float
    spoken: SpokenGrades
    by_own: Mapping[str, Share]
    by_truth: Mapping[str, Share]
    far_pairs: Share
    swapped: Share
    told_pairs: Share

    def lines(self) -> list[str]:
        """The figures as Markdown."""
        rows = [[family, str(self.by_own[family]), str(self.by_truth[family])] for family in self.by_own]
        return [
            f"\n#### Words on {self.clips} clips\n",
            f"- Rationales: {self.distinct} distinct, {self.openings} distinct openings ({OPENING_WORDS} words); "
            f"{self.contradicted} claim something against the facts; stated against read MOS "
            f"{self.stated_gap:.3f}.",
            f"- Claims against the facts that were selected from: in {self.spoken}.",
            f"- Pairs more than {FAR_APART} MOS apart: the better one is told in {self.far_pairs}; the verdict flips "
            f"with the clips in {self.swapped}; the words say the same in {self.told_pairs}.",
            "\nAnswers to unseen wordings:\n",
            *markdown_table(("family", "right by what was heard", "right by the truth"), rows),
        ]


def measure_words(judge: SpeechQualityLLM, clips: Sequence[CorpusClip], seed: int = 0) -> Words:
    """Ask for a rationale and an unseen wording of every family a clip, and compare neighbours; with a progress bar.

    Clips have to hold speech and all five scores; those in which none is found are left out.
    """
    from tqdm import tqdm

    rng = np.random.default_rng(seed)
    hearings = [judge.listen(Clip(read_alone(clip.degraded, clip.level_of))) for clip in clips]
    clips = [clip for clip, hearing in zip(clips, hearings, strict=True) if hearing.speech_found]
    heard = [hearing for hearing in hearings if hearing.speech_found]
    texts, wrong, gaps, said = [], 0, [], []
    own: dict[str, list[bool | None]] = {family: [] for family in TAUGHT_FAMILIES}
    true: dict[str, list[bool | None]] = {family: [] for family in TAUGHT_FAMILIES}
    for clip, hearing in zip(clips, tqdm(heard, desc="asking", unit="clip", mininterval=5), strict=True):
        scores = hearing.means()
        facts, asked = hearing.facts(), Question("explanatory", RATIONALE_QUESTION)
        texts.append("".join(hearing.answer_to(asked)))
        wrong += bool(false_claims(texts[-1], asked, facts))
        with contextlib.suppress(ParseError):
            gaps.append(abs(parse_score(texts[-1], "mos") - scores["mos"]))
        for family in TAUGHT_FAMILIES:
            question = draw_question(rng, family, clip.faults(), held_out=True)
            answer = "".join(hearing.answer_to(question))
            said.append((answer, question, facts))
            own[family].append(is_right(question, answer, scores, hearing.artifacts()))
            true[family].append(is_right(question, answer, scores, clip.faults()))
    openings = {" ".join(text.split()[:OPENING_WORDS]).lower() for text in texts}
    far, swapped, told = _compare(judge, clips, heard)
    return Words(
        len(clips),
        len(set(texts)),
        len(openings),
        wrong,
        float(np.mean(gaps)) if gaps else float("nan"),
        grade_spoken(said),
        {family: Share.of(grades) for family, grades in own.items()},
        {family: Share.of(grades) for family, grades in true.items()},
        far,
        swapped,
        told,
    )


def _compare(
    judge: SpeechQualityLLM, clips: Sequence[CorpusClip], heard: Sequence[Hearing]
) -> tuple[Share, Share, Share]:
    """Neighbours that are far apart: whether the verdict is right, flips when they are swapped, and is what is said."""
    right, flips, told = [], [], []
    wordings = HELD_OUT[COMPARE]
    for number, (one, other) in enumerate(pairwise(range(len(clips)))):
        gap = clips[one].scores["mos"] - clips[other].scores["mos"]
        if abs(gap) <= FAR_APART:
            continue
        question = wordings[number % len(wordings)]
        forth, back = (
            judge.compare(heard[one], heard[other], question),
            judge.compare(heard[other], heard[one], question),
        )
        right.append(forth.better == ("A" if gap > 0 else "B"))
        flips.append(back.better == {"A": "B", "B": "A"}.get(forth.better or "", "same"))
        told.append(comparison_is_right(forth.text, heard[one].means()["mos"], heard[other].means()["mos"]))
    return Share.of(right), Share.of(flips), Share.of(told)
