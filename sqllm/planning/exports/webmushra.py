"""webMUSHRA (github.com/audiolabs/webMUSHRA): a YAML file a session, and one that tells which listener takes which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqllm.planning.clip_folder import ClipFolder, cached
from sqllm.planning.designs import Scale
from sqllm.planning.plan import Comparison, Plan, Stimulus
from sqllm.planning.references import joined

MOST_CONDITIONS, LONGEST = 12, 12.0  # what a page may hold to follow BS.1534


def write(plan: Plan, folder: Path) -> str:
    """Write `test_NN.yaml`, and for pairs `tell_apart_NN.yaml`; returns how to run them."""
    clips = ClipFolder(folder / "clips")
    tests = {}
    for number, session in enumerate(plan.sessions, 1):
        tests[f"test_{number:02d}"] = _pages(plan, number - 1, clips)
        if plan.design.name == "pairs":
            tests[f"tell_apart_{number:02d}"] = [_tell_apart(plan, session)]
    for name, pages in tests.items():
        (folder / f"{name}.yaml").write_text(as_yaml(_document(plan, name, pages)), encoding="utf-8")
    return _readme(plan, list(tests))


def as_yaml(document: dict[str, Any]) -> str:
    """YAML in the part of the language that webMUSHRA's parser reads: no folded lines, no list begun behind a dash."""
    import yaml

    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10**6)
    return re.sub(r"^( *)- - ", r"\1-\n\1  - ", text, flags=re.MULTILINE)


def place(plan: Plan, file: str) -> str:
    """A clip's path as webMUSHRA sees it, from its root."""
    return f"configs/resources/{plan.settings.name}/{file}"


def _document(plan: Plan, name: str, pages: list[dict[str, Any]]) -> dict[str, Any]:
    thanks = f"Thank you. Your completion code is <b>{plan.code}</b>: enter it where you came from."
    listener = {"type": "text", "label": "Your name or number", "name": "listener"}
    finish = {
        "type": "finish",
        "name": "The end",
        "content": "Press the button to hand in your answers; then your completion code appears.",
        "popupContent": thanks,
        "showResults": False,
        "writeResults": True,
        "questionnaire": [listener],
    }
    return {
        "testname": "Listening test",
        "testId": f"{plan.settings.name}-{name}",
        "bufferSize": 2048,
        "stopOnErrors": True,
        "showButtonPreviousPage": False,
        "remoteService": "service/write.php",
        "pages": [*_training(plan), ["random", *pages], finish],
    }


def _training(plan: Plan) -> list[dict[str, Any]]:
    """A page to read and the training clips to hear, from the worst to the best."""
    listed = "".join(f"<p><audio controls src='{place(plan, clip.file)}'></audio></p>" for clip in plan.training)
    trap = (
        "<p>Where a clip breaks off and you hear beeps, give as many points as there are beeps.</p>"
        if plan.traps
        else ""
    )
    content = (
        "<p>Use headphones in a quiet place; set the level with these clips and leave it there. They span what you "
        f"will hear, from the worst to the best.</p>{trap}{listed}"
    )
    return [{"type": "generic", "id": "training", "name": "Before you begin", "content": content}]


def _pages(plan: Plan, number: int, clips: ClipFolder) -> list[dict[str, Any]]:
    session = plan.sessions[number]
    if plan.design.name == "mushra":
        return [_mushra(plan, source, session) for source in dict.fromkeys(clip.source for clip in _single(session))]
    stimuli = {}
    for item in session:
        if isinstance(item, Comparison):
            stimuli[item.key] = place(plan, _join(clips, item.first.file, item.second.file, item.key))
        elif plan.design.by_reference:
            stimuli[item.key] = place(plan, _join(clips, item.reference, item.file, f"{item.key}-pair"))
        else:
            stimuli[item.key] = place(plan, item.file)
    stimuli |= {check.key: place(plan, check.file) for check in plan.checks(number)}
    scales = [_response(scale) for scale in plan.design.scales]
    return [
        {
            "type": "likert_single_stimulus",
            "id": plan.design.name,
            "name": "How is it?",
            "content": "<br>".join(scale.question + " ..." for scale in plan.design.scales),
            "mustRate": True,
            "mustPlayback": "ended",
            "stimuli": stimuli,
            "response": scales[0] if len(scales) == 1 else scales,
        }
    ]


def _single(session: Sequence[Stimulus | Comparison]) -> list[Stimulus]:
    return [item for item in session if isinstance(item, Stimulus)]


def _response(scale: Scale) -> list[dict[str, Any]]:
    return [{"value": scale.lowest + step, "label": answer} for step, answer in enumerate(scale.answers)]


def _join(clips: ClipFolder, first: str, second: str, name: str) -> str:
    """Two clips in one file, the second at the first's rate; the name alone where they aren't there."""
    paths = [clips.folder / first, clips.folder / second]
    if not all(path.is_file() for path in paths):
        return f"{name}.wav"
    (one, rate), (other, its_rate) = cached(str(paths[0])), cached(str(paths[1]))
    if its_rate != rate:
        import soxr

        other = soxr.resample(other, its_rate, rate)
    return clips.write(joined(one, other, rate), rate, name)


def _mushra(plan: Plan, source: str, session: Sequence[Stimulus | Comparison]) -> dict[str, Any]:
    """One recording in all conditions, with hidden reference and the low-pass anchors, which the page makes itself."""
    chosen = [clip for clip in _single(session) if clip.source == source]
    follows = len(chosen) + 3 <= MOST_CONDITIONS and all(clip.seconds <= LONGEST for clip in chosen)
    return {
        "type": "mushra",
        "id": source,
        "name": "How good is each?",
        "content": "Rate every clip against the reference.",
        "showWaveform": False,
        "enableLooping": True,
        "strict": follows,
        "reference": place(plan, chosen[0].reference),
        "createAnchor35": True,
        "createAnchor70": True,
        "randomize": True,
        "showConditionNames": False,
        "stimuli": {clip.key: place(plan, clip.file) for clip in chosen},
    }


def _tell_apart(plan: Plan, session: Sequence[Stimulus | Comparison]) -> dict[str, Any]:
    """The first pair of a session as ABX, which webMUSHRA's own paired comparison is: told apart at all?"""
    pair = next(item for item in session if isinstance(item, Comparison))
    return {
        "type": "paired_comparison",
        "id": pair.key,
        "name": "Which of the two is the reference?",
        "unforced": "",
        "content": "One of A and B is the reference.",
        "showWaveform": False,
        "enableLooping": True,
        "reference": place(plan, pair.first.file),
        "stimuli": {pair.second.key: place(plan, pair.second.file)},
    }


def _readme(plan: Plan, names: Sequence[str]) -> str:
    addresses = "\n".join(f"   - `?config={name}.yaml`" for name in names)
    each = "mushra.csv" if plan.design.name == "mushra" else "lss.csv"
    apart = (
        "\nwebMUSHRA's own paired comparison asks which of two clips is the reference: `tell_apart_*.yaml` put that "
        "question for pairs of the plan. The preference itself (`test_*.yaml`) is asked without a reference, of two "
        "clips in one file.\n"
        if plan.design.name == "pairs"
        else ""
    )
    return f"""\
## Running it with webMUSHRA

1. Copy the folder `clips` to `configs/resources/{plan.settings.name}` and the `.yaml` files to `configs` of your
   webMUSHRA (`docker-compose up` in its folder serves it at port 8000).
2. Each file is one session in which every condition occurs equally often. {plan.listeners} listeners take each; a
   listener may take several, in another order each:
{addresses}
3. Who hands in sees the completion code `{plan.code}` (set your own with --completion-code, e.g. the one Prolific gives
   you). The name or number they enter tells listeners apart in the results.
4. Results are in `results/{plan.settings.name}-test_NN/{each}`: `sqllm fit` and `sqllm combine` read them.
{apart}"""
