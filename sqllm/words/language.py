"""Whether a question is in English, and in which other language to ask for it.

py3langid (Lui and Baldwin, "langid.py", ACL 2012) tells languages by their byte n-grams; short questions full of typing
errors would fool it, so that a word that is English alone settles it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqllm.words.letter_case import known_words

LANGUAGES = [
    "ar",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "es",
    "fi",
    "fr",
    "he",
    "hi",
    "hu",
    "it",
    "ja",
    "ko",
    "nl",
    "no",
    "pl",
    "pt",
    "ro",
    "ru",
    "sv",
    "tr",
    "uk",
    "vi",
    "zh",
]
# The probability of not being English that is enough; for one or two plain words; where none of several is in our
# wordings.
FOREIGN, FOREIGN_WORDS, UNHEARD_OF = 0.95, 0.99, 0.9
LIKELY = 0.35  # of the likeliest language, in the last case: letters in any order are likely in none
SPANISH_MARKS = "¿¡"
# Words that are English and of none of the others, in questions.
ENGLISH = frozenset(
    [
        "the",
        "what",
        "what's",
        "whats",
        "how",
        "how's",
        "hows",
        "there",
        "there's",
        "which",
        "who",
        "whose",
        "when",
        "where",
        "why",
        "does",
        "did",
        "is",
        "it",
        "it's",
        "its",
        "are",
        "you",
        "your",
        "this",
        "that",
        "these",
        "those",
        "any",
        "and",
        "with",
        "without",
        "should",
        "would",
        "could",
        "can",
        "will",
        "have",
        "has",
        "much",
        "many",
        "good",
        "bad",
        "from",
        "for",
        "noise",
        "score",
        "scores",
        "sound",
        "sounds",
        "quality",
        "voice",
        "hear",
        "heard",
        "rate",
        "rating",
        "better",
        "worse",
        "please",
        "explain",
        "tell",
        "give",
        "show",
        "loud",
        "quiet",
        "enough",
        "plus",
        "dimensions",
        "like",
        "my",
        "me",
        "of",
        "they",
        "people",
        "speech",
        "speaker",
        "overall",
        "wrong",
        "worst",
        "best",
    ]
) - frozenset(["is", "me", "of", "did", "die"])  # Dutch, Danish and Romance words too
ASKS = {
    "ar": "يرجى طرح السؤال باللغة الإنجليزية.",
    "cs": "Zeptejte se prosím anglicky.",
    "da": "Stil venligst spørgsmålet på engelsk.",
    "de": "Bitte stellen Sie die Frage auf Englisch.",
    "el": "Παρακαλώ κάντε την ερώτηση στα αγγλικά.",
    "es": "Haga la pregunta en inglés, por favor.",
    "fi": "Esitä kysymys englanniksi, kiitos.",
    "fr": "Posez la question en anglais, s'il vous plaît.",
    "he": "אנא שאלו את השאלה באנגלית.",
    "hi": "कृपया प्रश्न अंग्रेज़ी में पूछें।",
    "hu": "Kérem, tegye fel a kérdést angolul.",
    "it": "Per favore, faccia la domanda in inglese.",
    "ja": "英語で質問してください。",
    "ko": "영어로 질문해 주세요.",
    "nl": "Stel de vraag alstublieft in het Engels.",
    "no": "Still spørsmålet på engelsk, takk.",
    "pl": "Proszę zadać pytanie po angielsku.",
    "pt": "Faça a pergunta em inglês, por favor.",
    "ro": "Vă rog să puneți întrebarea în engleză.",
    "ru": "Пожалуйста, задайте вопрос на английском языке.",
    "sv": "Ställ frågan på engelska, tack.",
    "tr": "Lütfen soruyu İngilizce sorun.",
    "uk": "Будь ласка, поставте запитання англійською.",
    "vi": "Vui lòng đặt câu hỏi bằng tiếng Anh.",
    "zh": "请用英语提问。",
}


def language_of(text: str) -> str:
    """The code of the language of a text, one of `LANGUAGES`; empty where it is English, or no language at all."""
    plain = re.sub(r"<[^>]*>|https?://\S+|[\d_/\\]+", " ", text.lower()).replace("’", "'")
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", plain)
    letters = "".join(words)
    if not letters or ENGLISH.intersection(words) or (letters.isascii() and len(letters) < 7):
        return ""
    if any(mark in text for mark in SPANISH_MARKS):
        return "es"
    shares = dict(_identifier().rank(" ".join(plain.split())))
    likeliest = max(shares, key=lambda language: shares[language])
    needed = FOREIGN_WORDS if letters.isascii() and len(words) < 3 else FOREIGN
    if len(words) > 1 and shares[likeliest] > LIKELY and not _like_ours(words):
        needed = UNHEARD_OF
    return likeliest if 1 - shares["en"] > needed else ""


def _like_ours(words: Sequence[str]) -> bool:
    """Whether a word is one of our wordings', or has its letters in another order."""
    return any("".join(sorted(word)) in _our_letters() for word in words)


@cache
def _our_letters() -> frozenset[str]:
    return frozenset("".join(sorted(word)) for word in known_words())


def ask_for_english(language: str) -> str:
    """A sentence in a language that asks for English."""
    return ASKS.get(language, "Please ask in English.")


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    return identifier
