"""The page's own words in English, German, Spanish, French and Chinese; the browser's language chooses.

What the model says is English, and so are the reports: their words are checked against facts in that language only.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

LANGUAGES = ("en", "de", "es", "fr", "zh")
_TABLE = Path(__file__).with_name("words.csv")


@cache
def words() -> dict[str, dict[str, str]]:
    """The words by language and key, from `words.csv`: a line a key, a column a language."""
    with _TABLE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {language: {row["key"]: row[language] for row in rows} for language in LANGUAGES}


@cache
def translations() -> gr.I18n:
    """What `gr.Blocks.launch` hands to the browser."""
    return gr.I18n(**words())


def t(key: str) -> Any:
    """A word of the page, translated where it is shown; Gradio takes it wherever it takes text.

    Raises `KeyError` where there is none of that key.
    """
    if key not in words()["en"]:
        raise KeyError(key)
    return translations()(key)
