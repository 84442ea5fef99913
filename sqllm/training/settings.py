"""Recipes: a YAML file read into a frozen dataclass, with `key=value` arguments of the command line over it."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

Settings = TypeVar("Settings")


def read_settings(kind: type[Settings], arguments: Sequence[str]) -> Settings:
    """Settings from the arguments of a command line, `CONFIG.yaml [key=value ...]`.

    Raises `ValueError` with a sentence for an unknown key or a value of the wrong type.
    """
    values: dict[str, Any] = {}
    for argument in arguments:
        if "=" in argument:
            key, _, text = argument.partition("=")
            values[key] = yaml.safe_load(text)
        else:
            values |= yaml.safe_load(Path(argument).read_text(encoding="utf-8")) or {}
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise ValueError(f"Unknown setting {', '.join(unknown)}; known are {', '.join(hints)}.")
    typed = {key: _typed(key, value, hints[key]) for key, value in values.items()}
    required = (f for f in dataclasses.fields(kind) if f.default is f.default_factory is dataclasses.MISSING)  # type: ignore[arg-type]
    missing = [f.name for f in required if f.name not in typed]
    if missing:
        raise ValueError(f"Missing setting {', '.join(missing)} (give it as {missing[0]}=...).")
    return kind(**typed)


def _typed(key: str, value: Any, hint: Any) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        return None if value is None else _typed(key, value, options[0])
    if value is None:  # `key=""`, as a shell hands it over
        empty = typing.get_origin(hint) or hint
        if empty in (str, tuple):
            return empty()
        raise ValueError(f"Setting {key} must not be empty.")
    if typing.get_origin(hint) is tuple:
        items = value if isinstance(value, list) else str(value).split(",")
        return tuple(_typed(key, item, typing.get_args(hint)[0]) for item in items)
    if hint is Path:
        return Path(str(value)).expanduser()
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is float and isinstance(value, str):  # YAML 1.1 reads 1e-3 as text
        try:
            return float(value)
        except ValueError:
            pass
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise ValueError(f"Setting {key} must be of type {hint.__name__}, not {value!r}.")
    return value


def run_command(usage: str | None, arguments: Sequence[str], run: typing.Callable[[Sequence[str]], None]) -> None:
    """Run a recipe's command: its module docstring for `--help` or nothing, a sentence and exit 2 for a wrong call."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage)
        return
    try:
        run(arguments)
    except (ValueError, FileNotFoundError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
