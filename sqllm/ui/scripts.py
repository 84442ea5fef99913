"""The scripts that run when the page opens."""

from __future__ import annotations

import json
from pathlib import Path

from sqllm.signal.formats import AUDIO_SUFFIXES


def page_script() -> str:
    """JavaScript for Gradio to run when the page opens: `fresh.js`, and `uploads.js`, which lets every file through.

    Gradio's audio boxes take files of type audio/* only: a browser calls WebM, MP4 and MOV video, and has no type at
    all for AMR or CAF. There the file chooser is told of every suffix, and what is chosen passes as audio of an unnamed
    kind: the decoder knows what it is, and says so in a sentence where it is none.
    """
    uploads = _read("uploads.js").replace("SUFFIXES", json.dumps(sorted(AUDIO_SUFFIXES)))
    return f"() => {{ ({_read('fresh.js')})(); ({uploads})(); }}"


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").strip()
