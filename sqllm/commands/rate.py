"""`sqllm rate`: five scores, their uncertainty and the reason, of a clip or several."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqllm.commands import shared

if TYPE_CHECKING:
    from sqllm.scores import Judgement


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("rate", help="five scores, their uncertainty and the reason, of a clip or several")
    parser.add_argument("clip", nargs="+", help="audio or video file (WAV, FLAC, MP3, Ogg/Opus, M4A, WebM ...)")
    parser.add_argument("--no-rationale", action="store_true", help="scores only, faster")
    shared.add_reference(parser)
    shared.add_json(parser)
    shared.add_profile(parser)
    shared.add_mapping(parser)
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.listeners.profiles import get_profile
    from sqllm.signal.audio import AudioError

    reference = shared.load(arguments, arguments.ref) if arguments.ref else None
    profile, judge = get_profile(arguments.profile), None
    found: list[dict[str, object]] = []
    failed = False
    for path in arguments.clip:
        try:
            clip = shared.load(arguments, path)
        except AudioError as problem:
            if len(arguments.clip) == 1:
                raise
            failed = True
            print(problem, file=sys.stderr)
            continue
        judge = judge or shared.load_judge(arguments)
        judgement = judge.rate(clip, reference, profile, not arguments.no_rationale)
        if not arguments.json:
            print("\n".join([*[""] * bool(found), *_in_words(judgement)]), flush=True)
        found.append(judgement.to_json())
    if arguments.json:
        print(json.dumps(found if len(arguments.clip) > 1 else found[0], ensure_ascii=False))
    if failed:
        sys.exit(2)


def _in_words(judgement: Judgement) -> Sequence[str]:
    from sqllm.scores import DIMENSION_WORDS, describe

    lines = [f"{judgement.file}, {judgement.seconds:.1f} s, {judgement.speech}, {judgement.profile} listener"]
    if judgement.listener:
        lines += [f"Listener: {cause}" for cause in judgement.listener.understood]
        if judgement.listener.ignored:
            lines.append(f"Ignored of what was said about the listener: {'; '.join(judgement.listener.ignored)}")
    if judgement.alignment and (fit := judgement.alignment.text()):
        lines.append(fit)
    for name, score in (judgement.scores or {}).items():
        low, high = score.interval()
        lines.append(
            f"  {DIMENSION_WORDS[name][0]:<16}{score.mean:4.2f} +- {score.std:.2f}  ({low:.1f} to {high:.1f})  "
            f"{describe(name, score.mean)}"
        )
    if judgement.votes is not None:
        shares = ", ".join(f"{point}: {share:.0%}" for point, share in enumerate(judgement.votes.probabilities, 1))
        lines.append(f"Votes of people to expect: {shares} (sd {judgement.votes.std:.2f})")
    if judgement.rationale is not None:
        lines.append(judgement.rationale)
    if judgement.artifacts:
        lines.append("Heard: " + ", ".join(f"{a.severity} {a.kind}" for a in judgement.artifacts))
    if judgement.measures is not None:
        lines.append(f"Measured: {judgement.measures.in_words()}")
    return [*lines, *(f"Note: {warning}" for warning in judgement.warnings)]
