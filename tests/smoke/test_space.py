"""The files that a Space gets, set up from its requirements alone: it starts and rates, on both kinds of hardware."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "assets" / "examples" / "noise.flac"
PATIENCE = 180  # s


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git keeps, with an environment of what `requirements.txt` names and nothing else."""
    folder = tmp_path_factory.mktemp("space") / "app"
    for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).strip("\0").split("\0"):
        if (ROOT / name).is_file():  # not one that is being moved
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    venv.create(folder.parent / "env", with_pip=True)
    pip: list[Path | str] = [folder.parent / "env" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", folder / "requirements.txt"], check=True)
    return folder


@contextmanager
def started(space: Path, **variables: str) -> Iterator[Client]:
    """A client of the Space's app, once the page is there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GRADIO"))} | variables
    environment |= {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    with (space.parent / "log.txt").open("w") as log:
        app = subprocess.Popen(
            [space.parent / "env" / "bin" / "python", "app.py"], cwd=space, env=environment, stdout=log, stderr=log
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/config", app, space.parent / "log.txt")
            yield Client(f"http://127.0.0.1:{port}", verbose=False, analytics_enabled=False)
        finally:
            app.terminate()
            app.wait()


def wait_for(address: str, app: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(PATIENCE):
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            assert app.poll() is None, log.read_text()
            time.sleep(1)
    raise AssertionError(log.read_text())


def test_copy_of_the_space_rates_on_both_kinds_of_hardware_alike(space: Path) -> None:
    front = (space / "README.md").read_text(encoding="utf-8").split("---")[1]
    assert f"sdk_version: {pinned(space, 'gradio')}" in front
    with started(space) as client:
        alone = client.predict(handle_file(EXAMPLE), api_name="/rate")
    assert 1 <= alone["scores"]["mos"]["mean"] <= 5
    assert alone["rationale"]
    stand_in = space.parent / "packages"
    stand_in.mkdir()
    shutil.copy2(ROOT / "tests" / "zero_gpu_stand_in.py", stand_in / "spaces.py")
    with started(space, SPACES_ZERO_GPU="true", PYTHONPATH=str(stand_in)) as client:
        assert json.dumps(client.predict(handle_file(EXAMPLE), api_name="/rate")) == json.dumps(alone)


def pinned(space: Path, package: str) -> str:
    lines = (space / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return next(line.split("==")[1] for line in lines if line.startswith(f"{package}=="))
