"""What the LLM's words follow before they are checked: the notes they are written behind, or the audio itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import torch

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.answer_quality import Share
from sqllm.evaluation.assessor_swap import another_of_each
from sqllm.evaluation.contradictions import contradictions, in_spans, near
from sqllm.evaluation.spoken_claims import false_claims
from sqllm.evaluation.tables import markdown_table
from sqllm.features.read_pair import read_alone
from sqllm.judge.decoding import tell
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.wording import SAYS
from sqllm.listeners.profiles import TYPICAL
from sqllm.signal.audio import Clip
from sqllm.words.claims import claims
from sqllm.words.questions import RATIONALE_QUESTION, TAUGHT_FAMILIES, Question, draw_question, with_listener

ANSWERS = 3  # a clip, beside its rationale; families take turns
FACTS = ("scores", "faults", "times")


@dataclass(frozen=True)
class Followed:
    """Facts that texts state and that only one of two clips can have given: of the notes' clip, of the audio's, or of
    neither. What fits both does not count.
    """

    notes: int
    audio: int
    neither: int

    @classmethod
    def of(cls, fits: Sequence[tuple[bool, bool]]) -> Followed:
        """Of facts that fit (the notes' clip, the audio's)."""
        counted = Counter(fits)
        return cls(counted[True, False], counted[False, True], counted[False, False])

    def __str__(self) -> str:
        return f"{self.notes} / {self.audio} / {self.neither}"


@dataclass(frozen=True)
class Swapped:
    """Drafts with the audio (or the notes) of another clip: how many are word for word what they were before, the facts
    they state, by kind, and how many contradict the notes' clip and the audio's.
    """

    moved: str
    unchanged: Share
    followed: Mapping[str, Followed]
    against_notes: Share
    against_audio: Share

    def cells(self) -> list[str]:
        """A row of the table."""
        facts = [str(self.followed[fact]) for fact in FACTS]
        return [self.moved, str(self.unchanged), *facts, str(self.against_notes), str(self.against_audio)]


@dataclass(frozen=True)
class Drafts:
    """Figures of rationales and of answers to understood questions in unseen wordings. `refused` are first drafts that
    claim something against the facts, by what they belong to, and `shown` the texts that still do when they are shown,
    both by `spoken_claims`; `reasons` counts what is wrong with the drafts; `swaps` tell what drafts follow when notes
    and audio are of two clips.
    """

    clips: int
    refused: Mapping[str, Share]
    shown: Mapping[str, Share]
    reasons: Mapping[str, int]
    swaps: Sequence[Swapped]

    def lines(self) -> list[str]:
        """The figures as Markdown."""
        heads = ("of another clip", "same words as before", *(f"{fact}: notes' / audio's / neither" for fact in FACTS))
        heads = (*heads, "contradict the notes", "contradict the audio's clip")
        reasons = ", ".join(f"{reason} ({count})" for reason, count in self.reasons.items()) or "nothing"
        return [
            f"\n#### First drafts on {self.clips} clips\n",
            *(f"- {kind}: {share} first drafts are against the facts." for kind, share in self.refused.items()),
            *(f"- {kind}: {share} texts are when shown." for kind, share in self.shown.items()),
            f"- What is wrong with first drafts: {reasons}.",
            "\nDrafts behind the notes of one clip and the audio of another, unchecked:\n",
            *markdown_table(heads, [swap.cells() for swap in self.swaps]),
        ]


def measure_drafts(judge: SpeechQualityLLM, clips: Sequence[CorpusClip], seed: int = 0) -> Drafts:
    """Ask for a rationale and some answers a clip: as they are drafted and shown, and with the audio or the notes of
    another clip; with a progress bar. Clips that no speech is heard in are left out; two have to stay.
    """
    from tqdm import tqdm

    rng = np.random.default_rng(seed)
    listened = [(clip, judge.listen(Clip(read_alone(clip.degraded, clip.level_of)))) for clip in clips]
    heard = [(clip, hearing) for clip, hearing in listened if hearing.speech_found]
    others = another_of_each(len(heard), seed)
    refused: dict[str, list[bool | None]] = {"Rationales": [], "Answers": []}
    shown: dict[str, list[bool | None]] = {kind: [] for kind in refused}
    wrong: Counter[str] = Counter()
    pairs: dict[str, list[tuple[str, str, Hearing, Hearing]]] = {"the audio": [], "the notes": []}
    for row, (clip, own) in enumerate(tqdm(heard, desc="drafting", unit="clip", mininterval=5)):
        other = heard[others[row]][1]
        families = [TAUGHT_FAMILIES[(row * ANSWERS + turn) % len(TAUGHT_FAMILIES)] for turn in range(ANSWERS)]
        asked = [draw_question(rng, family, clip.faults(), held_out=True) for family in families]
        for question in (Question("explanatory", RATIONALE_QUESTION), *asked):
            kind = "Rationales" if question.text == RATIONALE_QUESTION else "Answers"
            faulty = false_claims(first_draft(own, question), question, own.facts())
            refused[kind].append(bool(faulty))
            wrong.update({claim.split()[0] for claim in faulty})
            shown[kind].append(bool(false_claims("".join(own.answer_to(question)), question, own.facts())))
            drafted = draft(own, own, question.text)
            pairs["the audio"].append((drafted, draft(other, own, question.text), own, other))
            pairs["the notes"].append((drafted, draft(own, other, question.text), other, own))
    return Drafts(
        len(heard),
        {kind: Share.of(grades) for kind, grades in refused.items()},
        {kind: Share.of(grades) for kind, grades in shown.items()},
        dict(wrong.most_common()),
        [swapped(moved, texts) for moved, texts in pairs.items()],
    )


def first_draft(heard: Hearing, question: Question) -> str:
    """An answer as it is drafted first, unchecked; of the LLM that listens also where such answers are composed."""
    if not heard.model.config.extra.get(SAYS):
        return draft(heard, heard, question.text)
    return "".join(heard.answer_to(question, checked=False))


def draft(audio: Hearing, noted: Hearing, question: str) -> str:
    """The first draft of an answer, unchecked: behind the audio of one clip and what was noted of the same or of
    another.
    """
    model = audio.model
    request, noticed = with_listener(" ".join(question.split()), TYPICAL), noted.noted().text()
    asked, seed = audio.question_tokens(request, noticed), crc32((request + noticed).encode())
    with torch.inference_mode():
        cache = model.remember(model.prefix(audio.typical_tokens()))
    return "".join(tell(model, cache, asked, seed))


def stated_facts(text: str, notes: Hearing, audio: Hearing) -> Iterator[tuple[str, tuple[bool, bool]]]:
    """Each score, fault and time that a text states, and whether it fits the notes' clip and the audio's."""
    said, sides = claims(text), (notes, audio)
    for dimension, value in said.scores.items():
        yield "scores", _both(near(value, side.means()[dimension]) for side in sides)
    for claim in said.faults:
        if claim.present and claim.dimension is None:  # else a low score would do
            kinds = ({artifact.kind for artifact in side.artifacts()} for side in sides)
            yield "faults", _both(bool(heard & {*claim.kinds}) for heard in kinds)
    for time in said.times:
        spans = ([span for artifact in side.artifacts() for span in artifact.spans] for side in sides)
        yield "times", _both(in_spans(time, those) for those in spans)


def _both(fits: Iterator[bool]) -> tuple[bool, bool]:
    return next(fits), next(fits)


def swapped(moved: str, texts: Sequence[tuple[str, str, Hearing, Hearing]]) -> Swapped:
    """What drafts follow: each text before and after the swap, with the notes' clip and the audio's."""
    facts = [fact for _, text, notes, audio in texts for fact in stated_facts(text, notes, audio)]
    return Swapped(
        moved,
        Share.of([before == after for before, after, *_ in texts]),
        {kind: Followed.of([fits for name, fits in facts if name == kind]) for kind in FACTS},
        Share.of([bool(_against(text, notes)) for _, text, notes, _ in texts]),
        Share.of([bool(_against(text, audio)) for _, text, _, audio in texts]),
    )


def _against(text: str, heard: Hearing) -> list[str]:
    return contradictions(text, heard.means(), heard.artifacts(), heard.reference_state)
