"""Build a corpus: every clip made and labelled from its own seed, on all cores, resumable, in the NISQA layout."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sqllm.corpus.call_chain import Sources, list_artifacts, make_clip
from sqllm.corpus.degradations import Artifact, Wave
from sqllm.corpus.fusion import FUSED_TEACHERS, REFERENCE_TEACHERS, Fused, fuse, fuse_beside
from sqllm.corpus.listener_labels import label_listeners
from sqllm.corpus.nisqa_layout import DEGRADATION_COLUMNS, SCORE_COLUMNS, SIMULATED, write_index
from sqllm.corpus.severity import TOP, severity_of_noisiness
from sqllm.corpus.sources import SPLITS, assign_split, list_recordings
from sqllm.corpus.teachers import ask_all, load_teacher
from sqllm.corpus.timing import share_lost
from sqllm.listeners.profiles import PROFILES
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE, active_level

ROOMS_PER_SPLIT = {"TRAIN": range(0, 60), "VAL": range(1000, 1020), "TEST": range(2000, 2030)}
PROGRESS_NAME = "made.jsonl"
LEAST_CLEAN_MOS = 2.0  # that NISQA v2 gives the clean recording of a voice that it knows


@dataclass(frozen=True)
class CorpusPlan:
    """Everything that decides a corpus's bytes. Folders of speech and noise are listed by `sources.list_recordings`.

    `clips`, `val_clips` and `test_clips` are counts; `held_out` are names of speakers or languages that are only
    used for testing (patterns such as `ru*`); `val_share` and `test_share` are shares of the other speakers and of
    the noise files. Each clip is labelled for `listeners_per_clip` of the listeners who hear otherwise, drawn anew (0:
    for all; -1: for none). `more_teachers` give figures beside those that are fused, on a share of the clips.
    """

    speech: tuple[Path, ...]
    noise: tuple[Path, ...]
    clips: int
    val_clips: int
    test_clips: int
    seed: int
    nisqa_weights: Path | None = None
    held_out: tuple[str, ...] = ()
    val_share: float = 0.08
    test_share: float = 0.1
    not_speech_share: float = 0.02
    more_teachers: tuple[str, ...] = ()
    more_teachers_share: float = 1.0
    listeners_per_clip: int = 2

    def count(self, split: str) -> int:
        return {"TRAIN": self.clips, "VAL": self.val_clips, "TEST": self.test_clips}[split]


@lru_cache(maxsize=1)
def gather_sources(plan: CorpusPlan) -> dict[str, Sources]:
    """The talkers, noises and rooms of each split; raises `ValueError` when a wanted split has no talker."""
    talkers: dict[str, dict[str, list[Any]]] = {split: defaultdict(list) for split in SPLITS}
    noises: dict[str, list[Any]] = {split: [] for split in SPLITS}
    by_speaker: dict[str, list[Any]] = defaultdict(list)
    for folder in plan.speech:
        for file in list_recordings(folder):
            by_speaker[file.speaker].append(file)
    for speaker, files in by_speaker.items():
        drawn = {assign_split(speaker, f.lang, plan.held_out, plan.val_share, plan.test_share) for f in files}
        # A speaker of two languages, one of them held out, is for testing altogether.
        talkers["TEST" if "TEST" in drawn else drawn.pop()][speaker] = files
    for folder in plan.noise:
        for file in list_recordings(folder):
            noises[assign_split(file.path.name, "", (), plan.val_share, plan.test_share)].append(file)
    for split in SPLITS:
        if plan.count(split) and not talkers[split]:
            raise ValueError(f"No talker is left for {split}: give more speakers, or other shares and held_out names.")
    return {split: Sources(dict(talkers[split]), noises[split], ROOMS_PER_SPLIT[split]) for split in SPLITS}


def _make_one(plan: CorpusPlan, out: Path, split: str, number: int) -> dict[str, Any]:
    """Make, label and write one clip; a failure is returned as its message."""
    import soundfile

    name = f"{split.lower()}_{number:06d}.wav"
    try:
        rng = np.random.default_rng([plan.seed, SPLITS.index(split), number])
        made = make_clip(gather_sources(plan)[split], rng, plan.not_speech_share)
        soundfile.write(out / "deg" / name, made.degraded, SAMPLE_RATE, subtype="PCM_16")
        soundfile.write(out / "ref" / name, made.reference, SAMPLE_RATE, subtype="PCM_16")
        degraded, _ = soundfile.read(out / "deg" / name, dtype="float32")
        level = active_level(degraded)
        figures = {"active_level": level}
        if made.drop is not None:  # of the measures it is the dearest
            figures["visqol"] = TOP - made.drop
        more = plan.more_teachers if rng.random() < plan.more_teachers_share else ()
        names = [name for name in (*FUSED_TEACHERS, *more) if name != "ViSQOL" or made.drop is None]
        figures |= _figures(plan, names, degraded, made.reference)
        lost = share_lost(made.reference, [*made.artifacts, *made.inaudible]) if made.speech else 0.0
        known = _reference_figures(plan, out / "ref" / name, degraded, figures) if made.speech else {}
        label, double = fuse(figures), fuse_beside(figures, known, lost) if made.speech else Fused({}, {}, 0.0)
        if made.speech and is_strange_voice(known):
            label = double  # a teacher that takes the clean voice for damage tells only what was lost of it
        if set(label.scores) != set(DIMENSIONS):
            raise ValueError("NISQA v2 gives this clip no scores")
        applied = [*made.artifacts, *made.inaudible]
        recorded = recorded_noise(plan.nisqa_weights, made.reference, applied) if made.speech else []
        listeners = _draw_listeners(plan.listeners_per_clip, rng) if made.speech else []
        heard = label_listeners(degraded, made.reference, figures, plan.nisqa_weights, listeners)
    except Exception as problem:
        return {"split": split, "number": number, "error": f"{type(problem).__name__}: {problem}"}
    row: dict[str, object] = {
        "db": f"{SIMULATED}{split}_SIM",
        "con": number,
        "file": number,
        "con_description": list_artifacts(made.artifacts) if made.speech else "no speech",
        "filename_deg": name,
        "filename_ref": name,
        "source": made.talker,
        "lang": made.lang,
        "votes": 1,
        "filepath_deg": f"deg/{name}",
        "filepath_ref": f"ref/{name}",
    }
    row |= {column: round(label.scores[dimension], 3) for dimension, column in SCORE_COLUMNS.items()}
    row |= {f"{column}_std": round(label.stds[dimension], 3) for dimension, column in SCORE_COLUMNS.items()}
    row |= {DEGRADATION_COLUMNS[dimension]: round(score, 3) for dimension, score in double.scores.items()}
    row |= {f"{DEGRADATION_COLUMNS[dimension]}_std": round(std, 3) for dimension, std in double.stds.items()}
    row |= {name: round(value, 3) for name, value in figures.items() if np.isfinite(value)}
    row["parameters"] = json.dumps({artifact.kind: artifact.parameters for artifact in applied}, sort_keys=True)
    truth = {
        "file": f"deg/{name}",
        "speech": made.speech,
        "artifacts": [artifact.to_json() for artifact in made.artifacts],
        "inaudible": [artifact.to_json() for artifact in made.inaudible],
        "recorded": [artifact.to_json() for artifact in recorded],
        "lost": round(lost, 4),
        "reference_figures": {name: round(value, 3) for name, value in known.items() if np.isfinite(value)},
        "drawn": made.drawn.to_json(),
        "profile_scores": heard,
    }
    return {"split": split, "number": number, "row": row, "truth": truth}


def _reference_figures(
    plan: CorpusPlan, reference: Path, degraded: Wave, figures: Mapping[str, float]
) -> dict[str, float]:
    """What the teachers say of a reference, as it was written; `figures` where it is the clip itself."""
    import soundfile

    clean, _ = soundfile.read(reference, dtype="float32")
    if np.array_equal(clean, degraded):
        return dict(figures)
    return _figures(plan, REFERENCE_TEACHERS, clean, None) | {"active_level": active_level(clean)}


def _draw_listeners(count: int, rng: np.random.Generator) -> list[str]:
    """The listeners who hear otherwise that a clip is labelled for: each costs as much as making the clip."""
    names = [profile.name for profile in PROFILES.values() if profile.hears_otherwise]
    return [str(name) for name in rng.choice(names, max(0, count or len(names)), replace=False)]


def recorded_noise(nisqa_weights: Path | None, reference: Wave, applied: Sequence[Artifact]) -> list[Artifact]:
    """The noise that a clean recording came with: not all of them are clean. None where noise was added or taken away.

    A listener who does not have the reference can't tell it from added noise. NISQA v2 takes some voices for damaged,
    clean as they are (espeak-ng's get a MOS of 1.5): what it says of their noise is not believed.
    """
    if {artifact.kind for artifact in applied} & {"background-noise", "noise-suppression"}:
        return []
    heard = load_teacher("NISQA v2", nisqa_weights)(reference)
    if is_strange_voice(heard):
        return []
    noisiness = heard["nisqa_noisiness"]
    severity = severity_of_noisiness(noisiness)
    return [Artifact("background-noise", severity, [], {"noisiness": round(noisiness, 3)})] if severity else []


def is_strange_voice(heard: Mapping[str, float]) -> bool:
    """Whether NISQA v2, by what it says of a clean recording, takes its voice for damage that no noise explains."""
    return heard["nisqa_mos"] < min(LEAST_CLEAN_MOS, heard["nisqa_noisiness"] - 0.5)


def _figures(plan: CorpusPlan, names: Sequence[str], degraded: Wave, reference: Wave | None) -> dict[str, float]:
    return ask_all([load_teacher(name, plan.nisqa_weights) for name in names], degraded, reference)


def build_corpus(plan: CorpusPlan, out: Path, workers: int = -1) -> list[str]:
    """Make the corpus into `out`, going on where an earlier run stopped; returns what failed, one line a clip.

    The same plan gives the same bytes, whatever the number of workers.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    gather_sources(plan)
    for folder in ("deg", "ref"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    _check_same_plan(plan, out)
    made = _read_progress(out / PROGRESS_NAME)
    wanted = [(split, number) for split in SPLITS[::-1] for number in range(plan.count(split))]
    todo = [key for key in wanted if key not in made]
    # Every clip has a length of its own, and so would every kernel that oneDNN keeps: workers would grow until joblib
    # takes them for leaking and starts new ones, which costs half a minute each.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    results = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=4)(
        delayed(_make_one)(plan, out, *key) for key in todo
    )
    with (out / PROGRESS_NAME).open("a", encoding="utf-8") as progress:
        for result in tqdm(results, total=len(todo), desc="clips", unit="clip", mininterval=2):
            made[result["split"], result["number"]] = result
            if "error" not in result:
                # The newline comes first, so that a line cut short by a kill spoils no other.
                progress.write("\n" + json.dumps(result, sort_keys=True))
                progress.flush()
    done = [made[key] for key in sorted(wanted, key=lambda key: (SPLITS.index(key[0]), key[1]))]
    good = [result for result in done if "error" not in result]
    write_index(out, [result["row"] for result in good], [result["truth"] for result in good])
    _write_progress(out / PROGRESS_NAME, made)
    return [f"{r['split']} {r['number']}: {r['error']}" for r in done if "error" in r]


def _check_same_plan(plan: CorpusPlan, out: Path) -> None:
    """Counts may change (every clip has its own seed), nothing else."""
    path = out / "plan.json"
    fixed = {name: value for name, value in vars(plan).items() if not name.endswith("clips")}
    text = json.dumps(fixed, default=str, indent=1, sort_keys=True)
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise ValueError(f"{out} holds a corpus of another plan: choose another folder or delete it.")
    path.write_text(text, encoding="utf-8")


def _read_progress(path: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """The results of an earlier run; a last line cut short by a kill is left out."""
    made = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            result = json.loads(line)
        except json.JSONDecodeError:
            continue
        made[result["split"], result["number"]] = result
    return made


def _write_progress(path: Path, made: dict[tuple[str, int], dict[str, Any]]) -> None:
    """All results in order: workers finish as they come, and the same corpus is to be the same bytes."""
    ordered = [made[key] for key in sorted(made, key=lambda key: (SPLITS.index(key[0]), key[1]))]
    whole = path.with_suffix(".new")
    whole.write_text("".join(f"{json.dumps(r, sort_keys=True)}\n" for r in ordered if "error" not in r), "utf-8")
    whole.replace(path)


def split_summary(sources: dict[str, Sources]) -> Sequence[str]:
    """One line a split: how many talkers, recordings and noises it draws from."""
    return [
        f"{split}: {len(s.talkers)} talkers, {sum(map(len, s.talkers.values()))} recordings, {len(s.noises)} noises"
        for split, s in sources.items()
    ]
