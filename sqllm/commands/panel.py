"""`sqllm panel`: what a panel of listeners would vote on clips, by simulation."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqllm.commands import shared

if TYPE_CHECKING:
    from sqllm.listeners.panel import Panel

BAR = 40  # characters of the longest bar of a histogram


def add(commands: shared.Commands) -> None:
    parser = commands.add_parser("panel", help="the votes of a simulated panel: MOS, interval, histogram, profiles")
    parser.add_argument("clips", nargs="+", metavar="clip", help="audio or video files; the same listeners hear all")
    parser.add_argument("--listeners", type=int, default=24, metavar="N", help="how many (default: 24)")
    parser.add_argument("--mix", type=Path, help="YAML file, a line a profile with its share: 'strict-expert: 0.2'")
    parser.add_argument("--seed", type=int, default=0, help="other seeds, other listeners (default: 0)")
    shared.add_reference(parser)
    shared.add_json(parser)
    shared.add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from sqllm.listeners.panel import Mix, SeatedPanel

    mix = Mix.read(arguments.mix) if arguments.mix else None
    SeatedPanel.drawn(
        mix or Mix.default(), arguments.listeners, arguments.seed
    )  # what can't be is told before a model is loaded
    clips = [shared.load(arguments, clip) for clip in arguments.clips]
    reference = shared.load(arguments, arguments.ref) if arguments.ref else None
    judge = shared.load_judge(arguments)
    panels = [judge.panel(clip, reference, arguments.listeners, mix, arguments.seed) for clip in clips]
    if arguments.json:
        shown = [panel.to_json() for panel in panels]
        print(json.dumps(shown if len(shown) > 1 else shown[0], ensure_ascii=False))
    else:
        print("\n\n".join("\n".join(_in_words(panel)) for panel in panels))


def _in_words(panel: Panel) -> Iterator[str]:
    listeners = len(panel.seats)
    if panel.mos is None or panel.interval is None or panel.expected is None:
        yield f"{panel.file}: no speech, nothing to vote on"
    else:
        low, high = panel.interval
        yield (
            f"{panel.file}: MOS {panel.mos:.2f} (95% {low:.2f} to {high:.2f}) of {_heads(listeners)}, sd of votes "
            f"{panel.std:.2f}; everybody's: {panel.expected.mean:.2f} +- {panel.expected.std:.2f}"
        )
        for point, votes in enumerate(panel.histogram, 1):
            yield f"  {point} {'#' * round(BAR * votes / max(panel.histogram)):<{BAR}} {votes}"
        for own in panel.by_profile():
            mos = "-" if own.mos is None else f"{own.mos:.2f}"
            yield f"  {own.profile:<20} {_heads(own.listeners):>14}, MOS {mos}"
        if outliers := panel.outliers():
            told = ", ".join(f"{number} ({panel.votes[number - 1]})" for number in outliers[:10])
            more = f" and {len(outliers) - 10} more" if len(outliers) > 10 else ""
            yield f"Outliers, listener (vote): {told}{more}."
    yield from (f"Note: {warning}" for warning in panel.warnings)


def _heads(listeners: int) -> str:
    return f"{listeners} listener" if listeners == 1 else f"{listeners} listeners"
