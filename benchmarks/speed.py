"""Seconds a 10 s clip takes: ours and published models in one process, in turn, medians and ratios to Distill-MOS.

    python -m benchmarks.speed                              # everything but NISQA v2
    python -m benchmarks.speed --nisqa FOLDER --rounds 9    # FOLDER holds nisqa.tar
    python -m benchmarks.speed --only "scores,sentence,Distill-MOS" --busy   # with a neighbour that spins on every core

Absolute times drift with the machine; what is to be compared are the ratios of one run. Published models need the
packages of requirements-dev.txt.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.page import served_page
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.listening import read_together
from sqllm.listeners.profiles import TYPICAL
from sqllm.resources import assets_folder
from sqllm.signal.audio import SAMPLE_RATE, Clip, load_clip

SECONDS = 10.0
BATCH = 100
UNIT = "Distill-MOS"
QUESTION = "Honestly, would my boss put up with this on the phone?"  # none of ours: it has to be understood

Work = Callable[[], object]


def clip_of(seed: int) -> Clip:
    """10 s of speech with noise of its own, so that nothing is known from the clip before."""
    speech = np.concatenate(
        [load_clip(str(assets_folder() / "examples" / f"{n}.flac")).samples for n in ("clean", "codec")]
    )
    start = seed * 997 % (len(speech) - round(SECONDS * SAMPLE_RATE))
    samples = speech[start : start + round(SECONDS * SAMPLE_RATE)]
    noise = np.random.default_rng(seed).standard_normal(len(samples)).astype(np.float32)
    return Clip((samples + 1e-4 * noise).astype(np.float32), f"{seed}.wav")


class Ours:
    """Our jobs, each on a clip that was not heard before."""

    def __init__(self, judge: SpeechQualityLLM) -> None:
        self.judge, self._seed = judge, 0
        self.first_words = float("nan")

    def next(self) -> Clip:
        self._seed += 1
        return clip_of(self._seed)

    def works(self) -> dict[str, Callable[[], Work]]:
        """By name, what makes a job ready: only what it gives back is timed."""
        return {
            "scores": lambda: self._prepared(lambda clip: self.judge.listen(clip).scores()),
            "sentence": lambda: self._prepared(lambda clip: self.judge.rate(clip)),
            "first words": lambda: self._prepared(self._first_words),
            "follow-up question": lambda: self._heard(lambda heard: heard.ask(QUESTION)),
            "other listener": lambda: self._heard(lambda heard: heard.scores("phone-speaker")),
            "panel of 24": lambda: self._prepared(lambda clip: self.judge.panel(clip, listeners=24)),
        }

    def _prepared(self, job: Callable[[Clip], object]) -> Work:
        clip = self.next()
        return lambda: job(clip)

    def _heard(self, job: Callable) -> Work:
        heard = self.judge.listen(self.next())
        heard.rate()
        return lambda: job(heard)

    def _first_words(self, clip: Clip) -> object:
        heard = self.judge.listen(clip)
        heard.scores()
        return next(iter(heard.stream("Explain the rating.")))

    def batch(self) -> float:
        """Seconds a clip of a batch of 100, scores alone."""
        clips = [self.next() for _ in range(BATCH)]
        begun = time.perf_counter()
        for start in range(0, BATCH, 8):
            heard = self.judge.listen_many([(clip, None) for clip in clips[start : start + 8]])
            read_together(heard, TYPICAL, faults=False)
            for one in heard:
                one.scores()
        return (time.perf_counter() - begun) / BATCH


def published(names: list[str], nisqa: Path | None) -> dict[str, Callable[[], Work]]:
    """The published models that are installed, as jobs on one clip."""
    from sqllm.evaluation.baselines import load_baselines

    found: dict[str, Callable[[], Work]] = {}
    samples = clip_of(0).samples
    for name in names:
        try:
            model = load_baselines((name,), nisqa)[name]
        except (ValueError, OSError) as problem:
            print(f"{name} is left out: {problem}", file=sys.stderr)
            continue
        found[name] = partial(partial, model, samples)
    return found


def seconds_until_ready() -> float:
    """From `python app.py` to the page's first answer."""
    begun = time.perf_counter()
    with served_page():
        return time.perf_counter() - begun


@contextmanager
def neighbour(wanted: bool) -> Iterator[None]:
    """Processes that keep every core busy."""
    spinning = (
        [multiprocessing.Process(target=_spin, daemon=True) for _ in range(os.cpu_count() or 1)] if wanted else []
    )
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.terminate()


def _spin() -> None:
    while True:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--nisqa", type=Path, help="folder with nisqa.tar")
    parser.add_argument("--only", help="names with commas between, of the table's first column")
    parser.add_argument("--busy", action="store_true", help="with a process that spins on every core")
    arguments = parser.parse_args()
    ours = Ours(SpeechQualityLLM.from_pretrained(device="cpu"))
    names = [UNIT, "DNSMOS", *(["NISQA v2"] if arguments.nisqa else [])]
    works = ours.works() | published(names, arguments.nisqa)
    if arguments.only:
        works = {name: work for name, work in works.items() if name in arguments.only.split(",")}
    times: dict[str, list[float]] = {name: [] for name in works}
    with neighbour(arguments.busy):
        for number in range(arguments.rounds + 1):
            for name, ready in works.items():
                work = ready()
                begun = time.perf_counter()
                work()
                if number:  # the first round warms up
                    times[name].append(time.perf_counter() - begun)
        if not arguments.only:
            times[f"batch of {BATCH}, a clip"] = [ours.batch()]
    if not arguments.only:
        times["page ready"] = [seconds_until_ready()]
    _tell(times)


def _tell(times: dict[str, list[float]]) -> None:
    unit = median(times[UNIT]) if times.get(UNIT) else float("nan")
    print("| job, 10 s clip | seconds | of Distill-MOS as shipped |\n|---|---:|---:|")
    for name, taken in times.items():
        print(f"| {name} | {median(taken):.3f} | {median(taken) / unit:.2f} |")
    print(f"\nPeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB, with all models in it.")


if __name__ == "__main__":
    main()
