"""A listening study that asks people whether a rationale fits its clip, for webMUSHRA, and what they answered.

Every clip meets three rationales: the model's own, the one it gave to another clip, and the one that it gives most
often. Pages are shuffled and named by number; which rationale stands on which page is in `key.csv`, for later.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
import soundfile
import yaml

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.features.read_pair import read_alone
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.signal.audio import SAMPLE_RATE, Clip
from sqllm.words.questions import RATIONALE_QUESTION

TEST_ID = "rationale_fit"
CONFIG_NAME, KEY_NAME = f"{TEST_ID}.yaml", "key.csv"
OWN, OTHER, CONSTANT = "own", "of another clip", "constant"
FITS, FITS_NOT = "fits", "does not fit"
INSTRUCTIONS = (
    "You will hear short clips of speech, each with a sentence or two about how it sounds. Listen to the clip, then "
    "say whether the words fit what you heard. Please use headphones."
)
README = f"""# Does the rationale fit the clip?

1. Copy `configs/{CONFIG_NAME}` and `configs/resources/{TEST_ID}` into the same folders of a copy of
   [webMUSHRA](https://github.com/audiolabs/webMUSHRA), and serve it (PHP 5 to 7).
2. Send people to `...?config={CONFIG_NAME}`. Answers gather in `results/{TEST_ID}/lss.csv`.
3. `python -m train.evaluate CONFIG.yaml study=THIS_FOLDER study_results=lss.csv` prints the share of fits of each
   kind of rationale, with its 95% interval. Keep `{KEY_NAME}` from the people who listen.
"""


def write_study(
    judge: SpeechQualityLLM, clips: Sequence[CorpusClip], folder: Path, count: int = 20, seed: int = 0
) -> None:
    """Write a study about `count` of the clips that hold speech, drawn by `seed`: configuration, clips as WAV, and key.

    Raises `ValueError` when there are fewer than two such clips, or when the folder holds a study already.
    """
    if (folder / KEY_NAME).exists():
        raise ValueError(f"{folder} holds a study already: choose another folder.")
    rng = np.random.default_rng(seed)
    spoken = [clip for clip in clips if clip.speech]
    if len(spoken) < 2:
        raise ValueError("A study needs two clips with speech or more.")
    chosen = [spoken[row] for row in rng.permutation(len(spoken))[:count]]
    waves = [read_alone(clip.degraded, clip.level_of) for clip in chosen]
    texts = [judge.ask(Clip(wave), RATIONALE_QUESTION).text for wave in waves]
    sounds = folder / "configs" / "resources" / TEST_ID
    sounds.mkdir(parents=True, exist_ok=True)
    for number, wave in enumerate(waves):
        soundfile.write(sounds / f"{number:03d}.wav", wave, SAMPLE_RATE, subtype="PCM_16")
    trials = _draw_trials(texts, rng)
    config = yaml.safe_dump(_config(trials), sort_keys=False, allow_unicode=True, width=120)
    (folder / "configs" / CONFIG_NAME).write_text(config, encoding="utf-8")
    (folder / "README.md").write_text(README, encoding="utf-8")
    with (folder / KEY_NAME).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["trial", "clip", "rationale", "text"])
        for trial, (number, kind, text) in enumerate(trials):
            writer.writerow([_trial_name(trial), chosen[number].degraded.name, kind, text])


def _draw_trials(texts: Sequence[str], rng: np.random.Generator) -> list[tuple[int, str, str]]:
    """The number of a clip, the kind of a rationale and its text, a trial each, shuffled."""
    constant = Counter(texts).most_common(1)[0][0]
    others = np.roll(np.arange(len(texts)), 1)  # the order of the clips is drawn: any other clip will do
    trials = [
        trial
        for number, text in enumerate(texts)
        for trial in ((number, OWN, text), (number, OTHER, texts[others[number]]), (number, CONSTANT, constant))
    ]
    return [trials[row] for row in rng.permutation(len(trials))]


def _trial_name(trial: int) -> str:
    return f"trial{trial:03d}"


def _config(trials: Sequence[tuple[int, str, str]]) -> dict[str, object]:
    """The configuration, with the keys that webMUSHRA's own examples have."""
    stars = {"img": "star_off.png", "imgSelected": "star_on.png", "imgHigherResponseSelected": "star_off.png"}
    images = {key: f"configs/resources/images/{name}" for key, name in stars.items()}
    pages: list[object] = [
        {
            "type": "likert_single_stimulus",
            "id": _trial_name(trial),
            "name": "Do these words fit the clip?",
            "content": f"<p>{escape(text)}</p>",
            "mustRate": True,
            "mustPlayback": "ended",
            "stimuli": {"C1": f"configs/resources/{TEST_ID}/{number:03d}.wav"},
            "response": [{"value": value, "label": value.capitalize(), **images} for value in (FITS, FITS_NOT)],
        }
        for trial, (number, _, text) in enumerate(trials)
    ]
    first = {"type": "generic", "id": "welcome", "name": "Welcome", "content": f"<p>{INSTRUCTIONS}</p>"}
    last = {
        "type": "finish",
        "name": "Thank you",
        "content": "Thank you for listening.",
        "showResults": False,
        "writeResults": True,
    }
    return {
        "testname": "Do the words fit the clip?",
        "testId": TEST_ID,
        "bufferSize": 2048,
        "stopOnErrors": True,
        "showButtonPreviousPage": False,
        "remoteService": "service/write.php",
        "pages": [first, ["random", *pages], last],
    }


def read_study(folder: Path, results: Path) -> list[str]:
    """The share of fits of each kind of rationale, with its 95% interval (Wilson), a line each.

    Raises `ValueError` when the results are not of this study.
    """
    from scipy.stats import binomtest

    with (folder / KEY_NAME).open(newline="", encoding="utf-8") as file:
        kinds = {row["trial"]: row["rationale"] for row in csv.DictReader(file)}
    with results.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"trial_id", "stimuli_rating"} <= rows[0].keys():
        raise ValueError(f"{results} is not a lss.csv of webMUSHRA: it lacks trial_id or stimuli_rating.")
    answers = [(kinds.get(row["trial_id"]), row["stimuli_rating"].strip().lower() == FITS) for row in rows]
    if any(kind is None for kind, _ in answers):
        raise ValueError(f"{results} has trials that {folder / KEY_NAME} does not know: it is of another study.")
    lines = []
    for kind in (OWN, OTHER, CONSTANT):
        said = [fits for one, fits in answers if one == kind]
        if said:
            interval = binomtest(sum(said), len(said)).proportion_ci(method="wilson")
            share = sum(said) / len(said)
            lines.append(f"{kind}: {share:.1%} of {len(said)} fit [{interval.low:.1%}, {interval.high:.1%}]")
    return lines
