"""`sqllm ask`: a question about one clip."""

from __future__ import annotations

import argparse
import json
import sys

from sqllm.commands import shared


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("ask", help="ask a question about one clip")
    parser.add_argument("clip", help="audio file")
    parser.add_argument("question", help='such as "What is wrong with it?"')
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
    answer = shared.load_judge(arguments).ask(clip, arguments.question, reference, profile)
    print(json.dumps(answer.to_json(), ensure_ascii=False) if arguments.json else answer.text)
    for warning in () if arguments.json else answer.warnings:
        print(f"Note: {warning}", file=sys.stderr)
