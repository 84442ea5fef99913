"""Label a corpus anew for the listeners who hear it otherwise, each on the scale of what they are used to.

    python -m train.listeners corpus=DIR [nisqa_weights=DIR] [split=TRAIN] [clips=N] [profiles=NAME,NAME] [workers=-1]

For corpora that were made before a listener came to be, or before the listener was another: `train.simulate` gives all
labels by itself. The corpus needs references and teachers' figures, as ours have. Writes `profile_scores` of
`truth.jsonl`; what is done is kept in `listeners.jsonl` beside it, from which the same command goes on after a kill.
Of clips that can't be labelled the old labels are taken away.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqllm.training.settings import read_settings, run_command

DONE_NAME = "listeners.jsonl"


@dataclass(frozen=True)
class ListenerSettings:
    """Which clips of which corpus to label (`clips`: so many at most, 0: all), for whom, and on how many cores."""

    corpus: Path
    nisqa_weights: Path | None = None
    split: str = ""
    clips: int = 0
    profiles: tuple[str, ...] = ()
    workers: int = -1


def relabel(arguments: Sequence[str]) -> None:
    """Label the clips that the settings name and write the truth anew; prints what failed and the seconds a clip."""
    from joblib import Parallel, delayed
    from tqdm import tqdm

    from sqllm.corpus.nisqa_layout import read_rows, split_of, write_truth

    settings = read_settings(ListenerSettings, arguments)
    rows = read_rows(settings.corpus)
    wanted = [
        row
        for row, truth in rows
        if row.get("filepath_ref") and truth.get("speech", True) and settings.split in ("", split_of(row["db"]))
    ][: settings.clips or None]
    done = _read_done(settings.corpus / DONE_NAME)
    todo = [row for row in wanted if row["filepath_deg"] not in done]
    results = Parallel(n_jobs=settings.workers, return_as="generator_unordered", batch_size=4)(
        delayed(_label)(settings, row) for row in todo
    )
    with (settings.corpus / DONE_NAME).open("a", encoding="utf-8") as file:
        for result in tqdm(results, total=len(todo), desc="clips", unit="clip", mininterval=2):
            done[result["file"]] = result
            file.write("\n" + json.dumps(result, sort_keys=True))
            file.flush()
    truths = [
        {**truth, "file": row["filepath_deg"], "profile_scores": _merged(truth, done.get(row["filepath_deg"]))}
        for row, truth in rows
    ]
    write_truth(settings.corpus, truths)
    failed = [f"{result['file']}: {result['error']}" for result in done.values() if "error" in result]
    spent = [result["seconds"] for result in done.values() if "seconds" in result]
    mean = sum(spent) / max(1, len(spent))
    print("\n".join([*failed, f"{len(spent)} clips labelled, {len(failed)} failed; {mean:.2f} s of CPU a clip."]))


def _merged(truth: Any, result: dict[str, Any] | None) -> dict[str, Any]:
    """A clip's labels by profile with what was found anew; none where that failed."""
    if result is None:
        return dict(truth.get("profile_scores", {}))
    return {} if "error" in result else {**truth.get("profile_scores", {}), **result["profile_scores"]}


def _label(settings: ListenerSettings, row: dict[str, str]) -> dict[str, Any]:
    """The labels of one clip, in a process of its own; a failure is returned as its message."""
    import time

    from sqllm.corpus.listener_labels import label_listeners
    from sqllm.features.read_pair import read_whole

    began = time.process_time()
    try:
        degraded, clean = (read_whole(settings.corpus / row[name]) for name in ("filepath_deg", "filepath_ref"))
        figures = {name: float(row[name]) for name in ("nisqa_mos", "nisqa_mos_nominal") if row.get(name)}
        labels = label_listeners(degraded, clean, figures, settings.nisqa_weights, settings.profiles or None)
    except Exception as problem:
        return {"file": row["filepath_deg"], "error": f"{type(problem).__name__}: {problem}"}
    return {"file": row["filepath_deg"], "profile_scores": labels, "seconds": round(time.process_time() - began, 3)}


def _read_done(path: Path) -> dict[str, dict[str, Any]]:
    """What an earlier run has done; a last line cut short by a kill is left out."""
    done = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            result = json.loads(line)
        except json.JSONDecodeError:
            continue
        done[result["file"]] = result
    return done


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:], relabel)
