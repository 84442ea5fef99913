"""`sqllm compare`: which of two clips is better, by how much and why."""

from __future__ import annotations

import argparse
import json
import sys

from sqllm.commands import shared


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("compare", help="which of two clips is better, by how much and why")
    parser.add_argument("first", metavar="A", help="audio file")
    parser.add_argument("second", metavar="B", help="audio file")
    shared.add_json(parser)
    shared.add_profile(parser)
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.listeners.profiles import get_profile

    first, second = shared.load(arguments, arguments.first), shared.load(arguments, arguments.second)
    profile = get_profile(arguments.profile)
    preference = shared.load_judge(arguments).compare(first, second, profile=profile)
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
