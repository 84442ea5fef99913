"""What is shown of an answer beside what was drafted: claims against the facts, and how long it takes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.answer_quality import Share
from sqllm.evaluation.question_sheet import SheetQuestion, read_sheet
from sqllm.evaluation.spoken_claims import false_claims
from sqllm.features.read_pair import read_alone
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import Clip
from sqllm.words.questions import Question

KINDS = ("Rationales", "Answers")
MOST_EXAMPLES = 5


@dataclass(frozen=True)
class Spoken:
    """One answer: to which question, as it was drafted first (the composed one where no LLM words it) and as shown, the
    claims of both that are against the facts, and the seconds until its first words and its end.
    """

    question: Question
    draft: str
    shown: str
    false_drafted: Sequence[str]
    false_shown: Sequence[str]
    first_words: float
    end: float

    @property
    def kind(self) -> str:
        return KINDS[0] if self.question.family == "explanatory" else KINDS[1]


@dataclass(frozen=True)
class ShownAnswers:
    """Figures of all questions of the study sheet put to some clips, by kind of text: the share that is against the
    facts as drafted first and as shown, and of drafts shown as they are; medians of the seconds to the first words and
    to the end, understanding included, once a clip is rated.
    """

    clips: int
    questions: int
    drafted: Mapping[str, Share]
    shown: Mapping[str, Share]
    kept: Mapping[str, Share]
    seconds: Mapping[str, tuple[float, float]]
    reasons: Mapping[str, int]
    examples: Sequence[str]

    @classmethod
    def of(cls, clips: int, questions: int, spoken: Sequence[Spoken]) -> ShownAnswers:
        """The figures of some answers."""
        by_kind = {kind: [one for one in spoken if one.kind == kind] for kind in KINDS}
        wrong = [one for one in spoken if one.false_shown]
        reasons = Counter(" ".join(claim.split()[:2]) for one in spoken for claim in one.false_drafted)
        return cls(
            clips,
            questions,
            {kind: Share.of([bool(one.false_drafted) for one in some]) for kind, some in by_kind.items()},
            {kind: Share.of([bool(one.false_shown) for one in some]) for kind, some in by_kind.items()},
            {kind: Share.of([one.draft == one.shown for one in some]) for kind, some in by_kind.items()},
            {
                kind: (
                    float(np.median([one.first_words for one in some])),
                    float(np.median([one.end for one in some])),
                )
                for kind, some in by_kind.items()
                if some
            },
            dict(reasons.most_common()),
            tuple(f"{one.question.text} {one.shown} ({', '.join(one.false_shown)})" for one in wrong[:MOST_EXAMPLES]),
        )

    def lines(self) -> list[str]:
        """The figures as Markdown."""
        reasons = ", ".join(f"{reason} ({count})" for reason, count in self.reasons.items()) or "nothing"
        return [
            f"\n#### Answers to {self.questions} questions of the study sheet on {self.clips} clips\n",
            *(
                f"- {kind}: {self.drafted[kind]} are against the facts as drafted first, {self.shown[kind]} as shown; "
                f"{self.kept[kind]} are shown as drafted. First words after {first:.2f} s, the end after {end:.2f} s."
                for kind, (first, end) in self.seconds.items()
            ),
            f"- Wrong with first drafts: {reasons}.",
            *(f"- Shown against the facts: {example}" for example in self.examples),
        ]


def measure_shown(
    judge: SpeechQualityLLM, clips: Sequence[CorpusClip], sheet: Sequence[SheetQuestion] | None = None
) -> ShownAnswers:
    """Put every question of the study sheet to every clip; with a progress bar. Clips without speech are left out."""
    from tqdm import tqdm

    sheet = read_sheet() if sheet is None else sheet
    hearings = [judge.listen(Clip(read_alone(clip.degraded, clip.level_of))) for clip in clips]
    heard = [hearing for hearing in hearings if hearing.speech_found]
    for hearing in heard:
        hearing.facts()
    asked = [(hearing, one) for hearing in heard for one in sheet]
    spoken = [
        answer
        for hearing, one in tqdm(asked, desc="asking", unit="question", mininterval=5)
        for answer in speak(hearing, one.text, one.previous)
    ]
    return ShownAnswers.of(len(heard), len(sheet), spoken)


def speak(hearing: Hearing, text: str, previous: str | None = None) -> list[Spoken]:
    """The answers to all that a text asks; reading it counts towards the first."""
    start = time.perf_counter()
    spoken = []
    for question in hearing.understood(text, previous):
        pieces, first = [], None
        for piece in hearing.answer_to(question):
            first = first or (time.perf_counter() - start if piece.strip() else None)
            pieces.append(piece)
        end = time.perf_counter() - start
        shown, facts = "".join(pieces), hearing.facts()
        draft = "".join(hearing.answer_to(question, checked=False))
        false = (false_claims(draft, question, facts), false_claims(shown, question, facts))
        spoken.append(Spoken(question, draft, shown, *false, first or end, end))
        start = time.perf_counter()
    return spoken
