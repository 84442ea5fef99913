"""First drafts: counted as they are decoded, and held beside the clip of their notes and that of their audio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sqllm.corpus.nisqa_layout import CorpusClip, read_corpus
from sqllm.evaluation import first_drafts
from sqllm.evaluation.answer_quality import Share
from sqllm.evaluation.first_drafts import ANSWERS, Followed, draft, measure_drafts, stated_facts, swapped
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.scores import DIMENSIONS, HeardArtifact, stated
from sqllm.signal.audio import Clip
from sqllm.words.notes import Notes
from sqllm.words.questions import Question
from tests.tiny import speech_like, tiny_judge, write_corpus


class Known:
    """A clip of which is known what is heard."""

    def __init__(self, mos: float, *artifacts: HeardArtifact) -> None:
        self.mos, self.heard, self.reference_state = mos, artifacts, "none"

    def means(self) -> dict[str, float]:
        return dict.fromkeys(DIMENSIONS, self.mos)

    def artifacts(self) -> tuple[HeardArtifact, ...]:
        return self.heard


def facts(text: str, notes: Any, audio: Any) -> dict[str, list[tuple[bool, bool]]]:
    found: dict[str, list[tuple[bool, bool]]] = {}
    for kind, fits in stated_facts(text, notes, audio):
        found.setdefault(kind, []).append(fits)
    return found


def test_facts_are_of_the_clip_that_they_fit() -> None:
    notes = Known(2.0, HeardArtifact("packet-loss", "strong", ((1.0, 1.2), (3.0, 3.1))))
    audio = Known(4.0, HeardArtifact("hum", "slight"))
    assert facts("MOS 2.1, noisiness 4.0, loudness 3.0.", notes, audio) == {
        "scores": [(True, False), (False, True), (False, False)]
    }
    assert facts("Strong packet loss near 1.1 s, and a faint hum.", notes, audio) == {
        "faults": [(True, False), (False, True)],
        "times": [(True, False)],
    }
    assert facts("There is no hum and no packet loss.", notes, audio) == {}


def test_what_fits_both_clips_or_only_one_is_counted() -> None:
    followed = Followed.of([(True, False)] * 3 + [(True, True)] * 5 + [(False, True), (False, False)])
    assert (followed.notes, followed.audio, followed.neither) == (3, 1, 1)
    assert str(followed) == "3 / 1 / 1"


def talking(judge: SpeechQualityLLM, count: int) -> list[Hearing]:
    heard = (judge.listen(Clip(speech_like(2.0, seed))) for seed in range(6, 60))
    return [hearing for hearing in heard if hearing.speech_found][:count]


def test_a_draft_is_the_answer_where_nothing_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqllm.judge.wording.unproven", lambda *_: [])
    judge = tiny_judge()
    judge.model.nucleus = 0.8
    own, other = talking(judge, 2)
    asked = "What is the MOS of this clip?"
    text = draft(own, own, asked)
    assert text == own.ask(asked).text
    assert text == first_drafts.first_draft(own, Question("mos-numeric", asked, "mos"))
    monkeypatch.setattr(other, "noted", lambda: Notes.of(dict.fromkeys(DIMENSIONS, 1.5), []))
    assert draft(own, other, asked) != text


@pytest.fixture
def clips(tmp_path: Path) -> list[CorpusClip]:
    return read_corpus(write_corpus(tmp_path, [1.5] * 4, ("TEST",)), "TEST")


def test_refused_drafts_and_what_is_shown_are_counted_apart(
    tiny: SpeechQualityLLM, clips: list[CorpusClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hearing, "speech_found", True)
    monkeypatch.setattr(first_drafts, "draft", lambda audio, noted, question: f"MOS {noted.means()['mos'] - 1.5:.1f}.")
    monkeypatch.setattr(Hearing, "answer_to", lambda heard, _: iter([f"MOS {stated(heard.means()['mos'])}."]))
    drafts = measure_drafts(tiny, clips)
    assert (drafts.refused["Rationales"].right, drafts.refused["Rationales"].count) == (4, 4)
    assert (drafts.refused["Answers"].right, drafts.refused["Answers"].count) == (4 * ANSWERS, 4 * ANSWERS)
    assert drafts.shown["Rationales"].right == drafts.shown["Answers"].right == 0
    assert drafts.reasons == {"MOS": 4 * (1 + ANSWERS)}


def test_words_that_only_repeat_their_notes_are_told_from_words_that_listen() -> None:
    one, other = Known(2.0, HeardArtifact("hum", "strong")), Known(4.0)
    notes: Any = swapped("the audio", [("MOS 2.0, a loud hum.", "MOS 2.0, a loud hum.", one, other)])  # type: ignore[list-item]
    assert (notes.unchanged, notes.followed["scores"], notes.followed["faults"]) == (
        Share(1, 1),
        Followed(1, 0, 0),
        Followed(1, 0, 0),
    )
    assert (notes.against_notes, notes.against_audio) == (Share(0, 1), Share(1, 1))
    audio: Any = swapped("the audio", [("MOS 2.0, a loud hum.", "MOS 4.0.", one, other)])  # type: ignore[list-item]
    assert (audio.unchanged, audio.followed["scores"]) == (Share(0, 1), Followed(0, 1, 0))
    assert (audio.against_notes, audio.against_audio) == (Share(1, 1), Share(0, 1))
