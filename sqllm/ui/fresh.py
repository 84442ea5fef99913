"""Results of an old clip never stand beside a new one: what is shown says which files it is of.

The browser knows at once that a clip has changed, and a rating of the one before may still be under way. `fresh.js`
keeps the key of the files that are there now; whatever comes for others is taken away again.
"""

from __future__ import annotations

import json
from html import escape


def fresh(empty: str) -> str:
    """The script of a component that holds keyed results, run whenever it is drawn: what is of other files gives way to
    `empty`.
    """
    return f'watch("value", () => {{ if (!sqllmFresh.fits(element)) props.value = {json.dumps(empty)}; }});'


def clip_key(*files: str | None) -> str:
    """The key of what belongs to these files of the page."""
    return "|".join(file or "" for file in files)


def keyed(key: str, html: str) -> str:
    """Results that are of certain files."""
    return f"<div {key_mark(key)}>{html}</div>"


def key_mark(key: str) -> str:
    """A key as an attribute."""
    return f'data-key="{escape(key)}"'
