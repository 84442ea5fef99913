"""The walls of the house, read from the imports: arrows between rooms only go down."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sqllm

PACKAGE = Path(sqllm.__file__).parent
LONGEST_FILE = 400

# What each room may use of the others, and no more.
ROOMS: dict[str, set[str]] = {
    "scores": set(),
    "resources": set(),
    "cores": set(),
    "signal": {"scores"},
    "listeners": {"scores", "signal"},
    "model": {"scores", "resources", "signal"},
    "words": {"scores", "listeners"},
    "judge": {"scores", "signal", "listeners", "model", "words"},
    "manifest": {"signal"},
    "planning": {"scores", "signal", "listeners"},
    "batch": {"scores", "signal", "listeners", "judge", "manifest"},
    "ui": {
        "scores",
        "resources",
        "cores",
        "signal",
        "manifest",
        "listeners",
        "model",
        "words",
        "judge",
        "planning",
        "batch",
    },
    "commands": {"scores", "signal", "listeners", "model", "judge", "batch", "planning", "ui"},
    "cli": {"cores", "signal", "model", "commands"},
    "corpus": {"scores", "signal", "listeners", "model"},
    "features": {"scores", "signal", "model", "corpus"},
    "evaluation": {"scores", "signal", "listeners", "model", "words", "judge", "corpus", "features"},
    "training": {
        "scores",
        "resources",
        "signal",
        "listeners",
        "model",
        "words",
        "judge",
        "corpus",
        "features",
        "evaluation",
    },
}
RATES = ("signal", "listeners", "model", "words", "judge")
TEACHES_OR_MEASURES = {"corpus", "features", "training", "evaluation", "ui"}


def room_of(module: str) -> str:
    """The room of `sqllm.room.file`, or the file's own name where it stands in the hall."""
    return module.split(".")[1]


def modules() -> list[str]:
    paths = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
    return [".".join(("sqllm", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in paths]


def imported_by(module: str) -> Iterator[str]:
    """The modules of ours that a module's code imports, anywhere in it."""
    path = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ("sqllm", "train"):
            yield from (
                (f"{node.module}.{name.name}" for name in node.names) if node.module == "sqllm" else [node.module]
            )
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] in ("sqllm", "train"))


@pytest.mark.parametrize("module", modules())
def test_a_room_uses_only_the_rooms_below_it(module: str) -> None:
    room = room_of(module)
    used = {room_of(other) for other in imported_by(module) if other != "sqllm.__version__"}
    assert used - {room} <= ROOMS[room]
    assert not any(other.startswith("train") for other in imported_by(module))


def test_what_rates_never_imports_what_teaches_or_measures_it() -> None:
    for room in RATES:
        assert not ROOMS[room] & TEACHES_OR_MEASURES


def test_rooms_are_on_floors() -> None:
    """No two rooms use each other, however far around."""
    left = dict(ROOMS)
    while left:
        free = [room for room, used in left.items() if not used & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for room in free:
            del left[room]


@pytest.mark.parametrize("module", modules())
def test_a_file_holds_one_job(module: str) -> None:
    path = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
