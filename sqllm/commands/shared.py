"""What several commands take, and how they come by clips and a judge."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqllm.judge.judge import SpeechQualityLLM
    from sqllm.signal.audio import Clip
    from sqllm.signal.decode import RawSamples

Commands = argparse._SubParsersAction  # what `add_subparsers` gives; argparse has no public name for it


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_reference(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ref", help="clean reference of the clip")


def add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", help="a listener's name, words that describe one, or a YAML file")


def add_mapping(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mapping", metavar="JSON", help="put MOS on your listeners' scale (sqllm fit)")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Which judge, where it computes, and what files without a header hold."""
    parser.add_argument("--model", help="checkpoint folder or Hub id (default: the embedded one)")
    parser.add_argument("--device", help="cpu, cuda ... (default: a GPU where there is one)")
    parser.add_argument("--quantize", choices=["nf4", "bf16"], help="load the LLM in 4 bits, or in bfloat16")
    parser.add_argument("--raw-rate", type=int, metavar="HZ", help="rate of files without a header (one channel)")
    parser.add_argument("--raw-format", default="s16le", metavar="F", help="their samples (default: s16le)")


def raw_samples(arguments: argparse.Namespace) -> RawSamples | None:
    """What files without a header hold, if that was said."""
    from sqllm.signal.decode import RawSamples

    return RawSamples(arguments.raw_rate, arguments.raw_format) if arguments.raw_rate is not None else None


def load(arguments: argparse.Namespace, path: str) -> Clip:
    """A clip that was named on the command line."""
    from sqllm.signal.audio import load_clip

    return load_clip(path, raw=raw_samples(arguments))


def load_judge(arguments: argparse.Namespace) -> SpeechQualityLLM:
    """The judge that was asked for, without a progress bar."""
    from transformers.utils.logging import disable_progress_bar

    from sqllm.judge.judge import SpeechQualityLLM
    from sqllm.listeners.mapping import load_mapping

    mapping = load_mapping(arguments.mapping) if getattr(arguments, "mapping", None) else None
    disable_progress_bar()
    judge = SpeechQualityLLM.from_pretrained(arguments.model, arguments.device, arguments.quantize)
    return judge.with_mapping(mapping) if mapping else judge


def check_target(out: Path) -> None:
    """Raises `ValueError` where a file can't be written there, before any work is done."""
    if out.is_dir():
        raise ValueError(f"{out} is a folder: name a file in it.")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent} to write to.")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise ValueError(f"{out} can't be written: you have no permission.")
