"""`sqllm rate`: five scores, their uncertainty and the reason for one clip."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqllm.commands import shared

if TYPE_CHECKING:
    from sqllm.scores import Judgement


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("rate", help="five scores, their uncertainty and the reason for one clip")
    parser.add_argument("clip", help="audio or video file (WAV, FLAC, MP3, Ogg/Opus, M4A, WebM ...)")
    parser.add_argument("--no-rationale", action="store_true", help="scores only, faster")
    shared.add_reference(parser)
    shared.add_json(parser)
    shared.add_profile(parser)
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.listeners.profiles import get_profile

    clip = shared.load(arguments, arguments.clip)
    reference = shared.load(arguments, arguments.ref) if arguments.ref else None
    profile = get_profile(arguments.profile)
    judgement = shared.load_judge(arguments).rate(clip, reference, profile, not arguments.no_rationale)
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
