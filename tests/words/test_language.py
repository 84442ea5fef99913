"""Which language a question is in."""

from __future__ import annotations

import numpy as np
import pytest

from sqllm.training.asked_questions import Asker, all_wordings
from sqllm.words.language import ASKS, LANGUAGES, ask_for_english, language_of
from sqllm.words.understanding import UNCLEAR


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Ist das gut genug für einen Podcast?"),
        ("de", "Wie laut ist es?"),
        ("fr", "Y a-t-il du bruit ?"),
        ("fr", "Pourquoi ?"),
        ("es", "¿Hay ruido de fondo?"),
        ("it", "C'è rumore di fondo?"),
        ("pt", "Qual é a qualidade do áudio?"),
        ("nl", "Hoe goed is de kwaliteit?"),
        ("pl", "Jaka jest jakość nagrania?"),
        ("ru", "Какое качество записи?"),
        ("zh", "音质怎么样?"),
        ("ja", "雑音はありますか?"),
        ("ko", "잡음이 있나요?"),
        ("tr", "Bu kayıt yeterince iyi mi?"),
    ],
)
def test_other_languages_are_told(language: str, text: str) -> None:
    assert language_of(text) == language
    assert language_of(text.lower()) == language


def test_english_with_slips_is_english() -> None:
    rng, asker = np.random.default_rng(0), Asker.of(all_wordings())
    asked = [lesson for lesson in (asker.draw(rng) for _ in range(3000)) if lesson.choices["family"] != UNCLEAR]
    assert np.mean([bool(language_of(lesson.text)) for lesson in asked]) < 0.002


@pytest.mark.parametrize(
    "text", ["", "?", "MOS?", "12.5", "😀😀", "SNR", "https://example.com/aufnahme", "wtf", "naïve café noise?"]
)
def test_what_is_no_language_is_taken_for_english(text: str) -> None:
    assert language_of(text) == ""


def test_every_language_but_english_asks_in_its_own_words() -> None:
    assert set(ASKS) == set(LANGUAGES) - {"en"}
    assert len(set(ASKS.values())) == len(ASKS)
    assert all(ask_for_english(language) == ASKS[language] for language in ASKS)
    assert ask_for_english("xx") == "Please ask in English."
