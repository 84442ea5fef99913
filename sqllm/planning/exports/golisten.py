"""Go Listen (golisten.ucd.ie, github.com/QxLabIreland/listening-test): the test as the JSON that its server stores.

The server keeps an uploaded clip under the MD5 of its bytes, so that a test's addresses are known before its upload.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqllm.planning.plan import Comparison, Plan, Stimulus

KIND = {"acr": "acr-test", "mushra": "mushra-test", "pairs": "ab-test"}
RADIO, DESCRIPTION = 1, 3  # SurveyControlType
HEADER, QUESTION, EXAMPLE, TRAINING = 0, 1, 2, 3  # TestItemType


def write(plan: Plan, folder: Path) -> str:
    """Write `golisten.json` and the clips under the server's names; returns how to run them."""
    uploads = folder / "audio_files"
    uploads.mkdir(exist_ok=True)
    items = [_item(plan, "header", HEADER, "Listening test"), _training(plan, folder)]
    items += _examples(plan, folder)
    code = f"Thank you. Your completion code is {plan.code}: enter it where you came from, then hand in."
    items.append(_item(plan, "code", QUESTION, "The end", questionControl=_control(DESCRIPTION, code)))
    test = {
        "name": plan.settings.name,
        "description": f"A test of {len(plan.tests.conditions)} conditions ({plan.design.title}).",
        "items": items,
        "settings": {"isIndividual": True, "isTimed": True},
    }
    text = json.dumps(test, indent=1, ensure_ascii=False)
    (folder / "golisten.json").write_text(text, encoding="utf-8")
    return _readme(plan, KIND[plan.design.name])


def _item(plan: Plan, key: str, kind: int, title: str, **parts: Any) -> dict[str, Any]:
    return {"id": str(uuid5(NAMESPACE_URL, f"{plan.settings.name}/{key}")), "type": kind, "title": title, **parts}


def _control(kind: int, question: str, **parts: Any) -> dict[str, Any]:
    return {"type": kind, "question": question, "value": None, **parts}


def _media(folder: Path, file: str) -> dict[str, Any]:
    """A clip as the server knows it; copied under the name that an upload would give it."""
    clip = folder / "clips" / file
    name = file
    if clip.is_file():
        name = hashlib.md5(clip.read_bytes(), usedforsecurity=False).hexdigest() + clip.suffix
        shutil.copyfile(clip, folder / "audio_files" / name)
    return {"filename": file, "src": f"/static2/audio_files/{name}", "value": ""}


def _training(plan: Plan, folder: Path) -> dict[str, Any]:
    told = "Use headphones in a quiet place. These clips span what you will hear, from the worst to the best."
    if plan.traps:
        told += " Where a clip breaks off and you hear beeps, give as many points as there are beeps."
    example = {
        "medias": [_media(folder, clip.file) for clip in plan.training],
        "fields": [_control(DESCRIPTION, told)],
    }
    return _item(plan, "training", TRAINING, "Before you begin", example=example)


def _examples(plan: Plan, folder: Path) -> list[dict[str, Any]]:
    shown = [item for session in plan.sessions for item in session]
    if plan.design.name == "mushra":
        clips = [clip for clip in shown if isinstance(clip, Stimulus)]
        sources = dict.fromkeys(clip.source for clip in clips)
        return [_mushra(plan, folder, source, [c for c in clips if c.source == source]) for source in sources]
    checks = [check.stimulus for check in (*plan.gold[:2], *plan.traps[:2])]
    return [_example(plan, folder, number, item) for number, item in enumerate([*shown, *checks], 1)]


def _example(plan: Plan, folder: Path, number: int, item: Stimulus | Comparison) -> dict[str, Any]:
    settings = {"requireClipEnded": True}
    if isinstance(item, Comparison):
        medias = [_media(folder, item.first.file), _media(folder, item.second.file)]
        fields = [_control(RADIO, "Which is better?", options=["A", "B"], required=True)]
    else:
        medias = [_media(folder, item.file)]
        fields = [_control(DESCRIPTION, plan.design.scales[0].question + " ...")]
    example = {"medias": medias, "fields": fields, "tags": item.key, "settings": settings}
    return _item(plan, f"{number}/{item.key}", EXAMPLE, f"Clip {number}", example=example)


def _mushra(plan: Plan, folder: Path, source: str, clips: Sequence[Stimulus]) -> dict[str, Any]:
    """One recording in all conditions beside its reference, which is hidden among them once more."""
    reference = clips[0].reference
    example = {
        "medias": [_media(folder, file) for file in (*(clip.file for clip in clips), reference)],
        "mediaRef": _media(folder, reference),
        "fields": [_control(DESCRIPTION, "Rate every clip against the reference.")],
        "tags": source,
        "settings": {"randomMedia": True},
    }
    return _item(plan, source, EXAMPLE, source, example=example)


def _readme(plan: Plan, kind: str) -> str:
    return f"""\
## Running it with Go Listen

On a server of your own (github.com/QxLabIreland/listening-test, `docker-compose up`), copy the folder `audio_files`
into `static2` of its backend and store the test; the same calls work at golisten.ucd.ie with your account, where each
clip is uploaded instead (`-F audioFile=@CLIP` to `/api/upload-file`, which answers with the address that is in the
file already):

    curl -c jar SERVER/api/login; XSRF=$(awk '/_xsrf/ {{print $7}}' jar)
    curl -b jar -c jar -H "X-Xsrftoken: $XSRF" -d '{{"email": "YOU", "password": "..."}}' SERVER/api/login
    curl -b jar -H "X-Xsrftoken: $XSRF" -d @golisten.json SERVER/api/{kind}

All clips are in one test, in the plan's order, session after session; {plan.listeners} listeners take it. The last page
shows the completion code `{plan.code}`. The answers' CSV ("download responses") is read by `sqllm fit` and
`sqllm combine`.
"""
