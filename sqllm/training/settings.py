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

from sqllm.resources import configs_folder

Settings = TypeVar("Settings")
CONFIGS = Path("train", "configs")  # as recipes and their texts name it, wherever it lies


def read_settings(kind: type[Settings], arguments: Sequence[str]) -> Settings:
    """Settings from the arguments of a command line, `CONFIG.yaml [key=value ...]`.

    Raises `ValueError` with a sentence for a file that is missing or not YAML, an unknown key or a value of the wrong
    type.
    """
    values: dict[str, Any] = {}
    for argument in arguments:
        if "=" in argument:
            key, _, text = argument.partition("=")
            values[key] = yaml.safe_load(text)
        else:
            values |= _read_config(find_config(argument))
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


def find_config(name: str) -> Path:
    """The settings file that a command line names: a path, else, wherever the recipes lie, one that comes with them, as
    `simulate.yaml` or `train/configs/simulate.yaml`. Raises `ValueError` where there is neither.
    """
    path, folder = Path(name), configs_folder()
    if path.is_file():
        return path
    if path.parent in (Path(), CONFIGS) and (folder / path.name).is_file():
        return folder / path.name
    raise ValueError(
        f"There is no settings file {name}; those that come with the recipes are {', '.join(config_names())}."
    )


def config_names() -> list[str]:
    """The settings files that come with the recipes."""
    return sorted(path.name for path in configs_folder().glob("*.yaml"))


def _read_config(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise ValueError(f"{path} is not a YAML file.") from problem
    if not isinstance(values, dict):
        raise ValueError(f"{path} must hold settings, a line each: `key: value`.")
    return values


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
    """Run a recipe's command: its module docstring and where the settings files lie for `--help` or nothing, a sentence
    and exit 2 for a wrong call or a package that is not installed (`sqllm[train]`).
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage)
        print(f"{CONFIGS} is {configs_folder()} and holds {', '.join(config_names())}:")
        print("found from any folder that has no file of that name, also without the path. Copy one to change it.")
        return
    try:
        run(arguments)
    except (ValueError, FileNotFoundError, ImportError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
