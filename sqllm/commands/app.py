"""`sqllm app`: the page, on which clips are rated in a browser."""

from __future__ import annotations

import argparse
from functools import partial

from sqllm.commands import shared


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("app", help="serve the page, on which clips are rated in a browser")
    parser.add_argument("--host", help="address to serve at; 0.0.0.0: on every network (default: this machine alone)")
    parser.add_argument("--port", type=int, help="port to serve at (default: the first free one from 7860 on)")
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.ui.launch import launch

    load_judge = partial(shared.load_judge, arguments)
    if arguments.model is not None:  # a wrong one is told here, before there is a page
        judge = load_judge()
        launch(lambda: judge, arguments.host, arguments.port)
    else:
        launch(load_judge, arguments.host, arguments.port)
