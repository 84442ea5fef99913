"""The command line, `sqllm COMMAND ...`: puts the commands together, and turns what goes wrong into a sentence.

Errors are one line on stderr and exit code 2; `gate` exits with 1 where a condition is worse.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from sqllm import __version__
from sqllm.commands import app, ask, combine, compare, fit, gate, panel, plan, rate, score
from sqllm.cores import share_cores

COMMANDS = (rate, ask, compare, score, panel, fit, combine, plan, gate, app)  # in the order of the help

BROKEN_PIPE = 141  # the exit code of a command that the shell reports as ended by SIGPIPE

LICENCES = """\
code: Apache-2.0
default checkpoint, weights trained on NISQA v2's labels: CC BY-NC-SA 4.0 (not for commercial use)
its audio trunk, from Distill-MOS: MIT
speech detector, Silero VAD: MIT
base LLM SmolLM2-135M-Instruct: Apache-2.0
example clips, from Asterisk's prompts: CC BY-SA 3.0"""


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point of the console script."""
    share_cores()
    try:
        try:
            _main(argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough, as `head` does
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        sys.exit(BROKEN_PIPE)


def _main(argv: Sequence[str] | None) -> None:
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
    commands = parser.add_subparsers(dest="command")
    for command in COMMANDS:
        command.add(commands)
    commands.metavar = " | ".join(commands.choices)
    return parser


def _quieten() -> None:
    """Keep libraries' notices off the terminal: stdout is for results, stderr for our own sentences."""
    import logging
    import os
    import warnings

    warnings.filterwarnings("ignore")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    logging.disable(logging.WARNING)


if __name__ == "__main__":
    main()
