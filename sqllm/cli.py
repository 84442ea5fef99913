"""The command line: `sqllm rate`, `ask`, `compare`, `score`, `plan`, `gate`, `app`.

Errors are one line on stderr and exit code 2; `gate` exits with 1 where a condition is worse.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqllm import __version__

if TYPE_CHECKING:
    import pandas as pd

    from sqllm.judge.judge import SpeechQualityLLM
    from sqllm.scores import Judgement
    from sqllm.signal.audio import Clip
    from sqllm.signal.decode import RawSamples

LICENCES = """\
code: Apache-2.0
default checkpoint, weights trained on NISQA v2's labels: CC BY-NC-SA 4.0 (not for commercial use)
its audio trunk, from Distill-MOS: MIT
speech detector, Silero VAD: MIT
base LLM SmolLM2-135M-Instruct: Apache-2.0
example clips, from Asterisk's prompts: CC BY-SA 3.0"""


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point of the console script."""
    arguments = _parser().parse_args(argv)
    if arguments.version:
        print(f"sqllm {__version__}")
        if arguments.verbose:
            print(LICENCES)
        return
    if not arguments.command:
        _parser().print_help()
        return
    _quieten()
    from sqllm.model.base_llm import CheckpointError
    from sqllm.signal.audio import AudioError

    try:
        arguments.run(arguments)
    except (AudioError, CheckpointError, ValueError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sqllm", description="What a careful listener would say about a speech clip.")
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("--verbose", action="store_true", help="with --version: the licence of every part")
    commands = parser.add_subparsers(dest="command", metavar="rate | ask | compare | score | plan | gate | app")

    rate = commands.add_parser("rate", help="five scores, their uncertainty and the reason for one clip")
    rate.add_argument("clip", help="audio or video file (WAV, FLAC, MP3, Ogg/Opus, M4A, WebM ...)")
    rate.add_argument("--no-rationale", action="store_true", help="scores only, faster")
    rate.set_defaults(run=_rate)

    ask = commands.add_parser("ask", help="ask a question about one clip")
    ask.add_argument("clip", help="audio file")
    ask.add_argument("question", help='such as "What is wrong with it?"')
    ask.set_defaults(run=_ask)

    compare = commands.add_parser("compare", help="which of two clips is better, by how much and why")
    compare.add_argument("first", metavar="A", help="audio file")
    compare.add_argument("second", metavar="B", help="audio file")
    compare.set_defaults(run=_compare)

    score = commands.add_parser("score", help="score a folder, or the files of a CSV (file[,ref][,condition])")
    score.add_argument("source", type=Path, help="folder of audio files or CSV file")
    score.add_argument("-o", "--out", type=Path, required=True, help="CSV file to write")
    score.add_argument("--rationale", action="store_true", help="add the reason in words (slower)")
    score.set_defaults(run=_score)

    plan = _add_plan(commands)
    _add_gate(commands)

    app = commands.add_parser("app", help="serve the page, on which clips are rated in a browser")
    app.add_argument("--host", help="address to serve at; 0.0.0.0: on every network (default: this machine alone)")
    app.add_argument("--port", type=int, help="port to serve at (default: the first free one from 7860 on)")
    app.set_defaults(run=_app)

    for command in (rate, ask):
        command.add_argument("--ref", help="clean reference of the clip")
    for command in (rate, ask, compare):
        command.add_argument("--json", action="store_true", help="print one JSON object")
    for command in (rate, ask, compare, score, plan):
        command.add_argument("--profile", help="a listener's name, or words that describe one")
    for command in (rate, ask, compare, score, plan, app):
        command.add_argument("--model", help="checkpoint folder or Hub id (default: the embedded one)")
        command.add_argument("--device", help="cpu, cuda ... (default: a GPU where there is one)")
        command.add_argument("--quantize", choices=["nf4"], help="load the LLM in 4 bits")
        command.add_argument("--raw-rate", type=int, metavar="HZ", help="rate of files without a header (one channel)")
        command.add_argument("--raw-format", default="s16le", metavar="F", help="their samples (default: s16le)")
    return parser


def _add_plan(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    plan = commands.add_parser("plan", help="a listening test of conditions: panel, clips and a platform's files")
    plan.add_argument("source", type=Path, help="table of scores (sqllm score), or what sqllm score takes")
    plan.add_argument("-o", "--out", type=Path, required=True, help="folder to write to")
    plan.add_argument("--design", default="acr", choices=["acr", "dcr", "ccr", "p835", "p804", "mushra", "pairs"])
    plan.add_argument("--platform", default="p808", choices=["p808", "hitapp", "webmushra", "golisten"])
    plan.add_argument("--difference", type=float, default=0.3, metavar="MOS", help="to be found (default: 0.3)")
    plan.add_argument("--interval", type=float, default=0.25, metavar="MOS", help="wanted: +- this (default: 0.25)")
    plan.add_argument("--listeners", type=int, metavar="N", help="plan for a panel of N (default: as many as it takes)")
    plan.add_argument("--per-condition", type=int, metavar="N", help="clips of each condition (default: all)")
    plan.add_argument("--condition-pattern", metavar="REGEX", help="finds the condition in a file's name, as a group")
    plan.add_argument("--clean", type=Path, metavar="FOLDER", help="clean clips to make reference conditions of")
    plan.add_argument("--no-references", action="store_true", help="no reference conditions")
    plan.add_argument("--url", default="", help="where the clips will be served from")
    plan.add_argument("--completion-code", default="", help="shown to who has finished (default: one is made)")
    plan.add_argument("--seed", type=int, default=0, help="of all that is drawn (default: 0)")
    plan.set_defaults(run=_plan)
    return plan


def _add_gate(commands: argparse._SubParsersAction) -> None:
    gate = commands.add_parser("gate", help="scores against a baseline: exit code 1 when a condition is worse")
    gate.add_argument("scores", type=Path, help="table of scores (sqllm score)")
    gate.add_argument("--baseline", type=Path, required=True, help="the table to hold them against")
    gate.add_argument("--tolerance", type=float, default=0.1, metavar="MOS", help="allowed drop (default: 0.1)")
    gate.add_argument("--summary", type=Path, help="Markdown file to add the result to")
    gate.set_defaults(run=_gate)


def _quieten() -> None:
    """Keep libraries' notices off the terminal: stdout is for results, stderr for our own sentences."""
    import logging
    import os
    import warnings

    warnings.filterwarnings("ignore")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    logging.disable(logging.WARNING)


def _raw(arguments: argparse.Namespace) -> RawSamples | None:
    """What files without a header hold, if that was said."""
    from sqllm.signal.decode import RawSamples

    return RawSamples(arguments.raw_rate, arguments.raw_format) if arguments.raw_rate is not None else None


def _load(arguments: argparse.Namespace, path: str) -> Clip:
    from sqllm.signal.audio import load_clip

    return load_clip(path, raw=_raw(arguments))


def _judge(arguments: argparse.Namespace) -> SpeechQualityLLM:
    from transformers.utils.logging import disable_progress_bar

    from sqllm.judge.judge import SpeechQualityLLM

    disable_progress_bar()
    return SpeechQualityLLM.from_pretrained(arguments.model, arguments.device, arguments.quantize)


def _rate(arguments: argparse.Namespace) -> None:
    from sqllm.listeners.profiles import get_profile

    clip = _load(arguments, arguments.clip)
    reference = _load(arguments, arguments.ref) if arguments.ref else None
    profile = get_profile(arguments.profile)
    judgement = _judge(arguments).rate(clip, reference, profile, not arguments.no_rationale)
    if arguments.json:
        print(json.dumps(judgement.to_json(), ensure_ascii=False))
    else:
        print("\n".join(_in_words(judgement)))


def _in_words(judgement: Judgement) -> Sequence[str]:
    from sqllm.scores import DIMENSION_WORDS, describe

    lines = [f"{judgement.file}, {judgement.seconds:.1f} s, {judgement.speech}, {judgement.profile} listener"]
    if judgement.alignment and (fit := judgement.alignment.text()):
        lines.append(fit)
    for name, score in (judgement.scores or {}).items():
        low, high = score.interval()
        lines.append(
            f"  {DIMENSION_WORDS[name][0]:<16}{score.mean:4.2f} +- {score.std:.2f}  ({low:.1f} to {high:.1f})  "
            f"{describe(name, score.mean)}"
        )
    if judgement.rationale is not None:
        lines.append(judgement.rationale)
    if judgement.artifacts:
        lines.append("Heard: " + ", ".join(f"{a.severity} {a.kind}" for a in judgement.artifacts))
    if judgement.measures is not None:
        lines.append(f"Measured: {judgement.measures.in_words()}")
    return [*lines, *(f"Note: {warning}" for warning in judgement.warnings)]


def _ask(arguments: argparse.Namespace) -> None:
    from sqllm.listeners.profiles import get_profile

    clip = _load(arguments, arguments.clip)
    reference = _load(arguments, arguments.ref) if arguments.ref else None
    profile = get_profile(arguments.profile)
    answer = _judge(arguments).ask(clip, arguments.question, reference, profile)
    print(json.dumps(answer.to_json(), ensure_ascii=False) if arguments.json else answer.text)
    for warning in () if arguments.json else answer.warnings:
        print(f"Note: {warning}", file=sys.stderr)


def _compare(arguments: argparse.Namespace) -> None:
    from sqllm.listeners.profiles import get_profile

    first, second = _load(arguments, arguments.first), _load(arguments, arguments.second)
    profile = get_profile(arguments.profile)
    preference = _judge(arguments).compare(first, second, profile=profile)
    if arguments.json:
        print(json.dumps(preference.to_json(), ensure_ascii=False))
        return
    for letter, file, mos in zip("AB", preference.files, preference.mos, strict=True):
        print(f"{letter}  {mos.mean:4.2f} +- {mos.std:.2f}  {file}" if mos else f"{letter}  no speech     {file}")
    if preference.difference is not None:
        better = "About the same" if preference.better == "same" else f"{preference.better} is better"
        print(
            f"{better}: A - B = {preference.difference.mean:+.2f}, "
            f"A better with probability {preference.probability:.2f}."
        )
    print(preference.text)
    for warning in preference.warnings:
        print(f"Note: {warning}", file=sys.stderr)


def _score(arguments: argparse.Namespace) -> None:
    from sqllm.batch import list_clips, read_scores, score_rows, summarise, write_scores
    from sqllm.listeners.profiles import get_profile
    from sqllm.signal.folder import left_out

    raw = _raw(arguments)
    table, profile = list_clips(arguments.source), get_profile(arguments.profile)
    _check_target(arguments.out)
    if arguments.source.is_dir() and (others := left_out(arguments.source)):
        print(others, file=sys.stderr)
    judge, watched = _judge(arguments), sys.stderr.isatty()
    rows = score_rows(judge, table.to_dict("records"), profile, arguments.rationale, watched, raw)
    write_scores(arguments.out, rows, arguments.rationale)
    print("\n".join(summarise(read_scores(arguments.out))))
    print(f"Written to {arguments.out}.")


def _check_target(out: Path) -> None:
    """Raises `ValueError` where a table can't be written there, before anything is scored."""
    if out.is_dir():
        raise ValueError(f"{out} is a folder: name a file in it, such as {out / 'scores.csv'}.")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent} to write to.")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise ValueError(f"{out} can't be written: you have no permission.")


def _plan(arguments: argparse.Namespace) -> None:
    from sqllm.planning.clip_folder import ClipFolder
    from sqllm.planning.conditions import planned_test
    from sqllm.planning.designs import check_design
    from sqllm.planning.plan import Settings, make_plan, slug
    from sqllm.planning.report import write_plan

    check_design(arguments.design, arguments.platform)
    if arguments.out.exists() and (not arguments.out.is_dir() or any(arguments.out.iterdir())):
        raise ValueError(f"{arguments.out} is there already and not empty: give a folder of its own.")
    tests = planned_test(_scores_of(arguments), arguments.condition_pattern)
    settings = Settings(
        design=arguments.design,
        platform=arguments.platform,
        name=slug(arguments.out.resolve().name),
        difference=arguments.difference,
        interval=arguments.interval,
        listeners=arguments.listeners,
        per_condition=arguments.per_condition,
        url=arguments.url,
        completion_code=arguments.completion_code,
        clean=arguments.clean,
        references=not arguments.no_references,
        seed=arguments.seed,
    )
    clips = ClipFolder(arguments.out / "clips")
    print(write_plan(make_plan(tests, settings, clips), clips))
    print(f"Written to {arguments.out}: README.md says how to run it.")


def _scores_of(arguments: argparse.Namespace) -> pd.DataFrame:
    """The scores to plan with: a table that has them, else the source is scored first."""
    from sqllm.batch import list_clips, score_many
    from sqllm.listeners.profiles import get_profile
    from sqllm.planning.gate import read_scores

    if arguments.source.is_file() and "mos" in (scores := read_scores(arguments.source)):
        return scores
    table = list_clips(arguments.source)
    scored = score_many(_judge(arguments), table, get_profile(arguments.profile), raw=_raw(arguments))
    kept = [name for name in table.columns if name not in scored]
    return scored.join(table[kept].set_axis(scored.index))


def _gate(arguments: argparse.Namespace) -> None:
    from sqllm.planning.gate import gate, read_scores

    found = gate(read_scores(arguments.scores), read_scores(arguments.baseline), arguments.tolerance)
    print(found.markdown())
    if arguments.summary is not None:
        with arguments.summary.open("a", encoding="utf-8") as file:
            file.write(found.markdown() + "\n")
    if not found.passed:
        sys.exit(1)


def _app(arguments: argparse.Namespace) -> None:
    from sqllm.ui.launch import launch

    load_judge = partial(_judge, arguments)
    if arguments.model is not None:  # a wrong one is told here, before there is a page
        judge = load_judge()
        launch(lambda: judge, arguments.host, arguments.port)
    else:
        launch(load_judge, arguments.host, arguments.port)


if __name__ == "__main__":
    main()
