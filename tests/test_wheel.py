"""The package as others get it: the wheel of this checkout, installed elsewhere and used in an empty folder."""

from __future__ import annotations

import csv
import json
import os
import re
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import sqllm

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "assets" / "examples"
PATIENCE = 90  # seconds


@dataclass(frozen=True)
class Installed:
    """A wheel, the environment that it is installed in, and an empty folder to work in."""

    wheel: Path
    environment: Path
    desk: Path

    @property
    def site(self) -> Path:
        return Path(sysconfig.get_path("purelib", "venv", {"base": str(self.environment)}))

    def start(self, command: str, *words: str) -> subprocess.Popen[str]:
        program = [str(self.environment / "bin" / command), *words]
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.Popen(
            program,
            cwd=self.desk,
            env=variables | {"HF_HUB_OFFLINE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str, *words: str) -> tuple[int, str, str]:
        """(Exit code, stdout, stderr) of a command of the environment."""
        process = self.start(command, *words)
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err


def pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built and installed without a network. What the package needs is borrowed from the environment of the tests: it
    comes behind the new one's own packages, and without its `.pth` files, so that the checkout is out of reach.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    there = Installed(wheel, folder / "environment", folder / "desk")
    there.desk.mkdir()
    venv.create(there.environment)
    pip("--python", str(there.environment / "bin" / "python"), "install", "--no-index", "--no-deps", str(wheel))
    (there.site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return there


@pytest.fixture(scope="module")
def metadata(installed: Installed) -> Message:
    with zipfile.ZipFile(installed.wheel) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        return Parser().parsestr(wheel.read(name).decode())


def pinned(file: str) -> dict[str, str]:
    """Package and version of every line of a requirements file."""
    return dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE))


def test_nothing_else_is_installed_or_imported(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"sqllm", "train", f"sqllm-{sqllm.__version__}.dist-info"}
    program = "import sqllm, train; print(sqllm.__file__); print(train.__file__); print(sqllm.__version__)"
    _, out, _ = installed.run("python", "-c", program)
    site = installed.site
    assert out.split() == [str(site / "sqllm/__init__.py"), str(site / "train/__init__.py"), sqllm.__version__]


@pytest.mark.checkpoint
def test_an_example_is_rated(installed: Installed) -> None:
    clip = installed.site / "sqllm" / "assets" / "examples" / "noise.flac"
    code, out, err = installed.run("sqllm", "rate", str(clip), "--no-rationale", "--json")
    assert (code, err) == (0, "")
    with (ROOT / "tests" / "conformance.csv").open(newline="", encoding="utf-8") as file:
        (stored,) = (row for row in csv.DictReader(file) if row["file"].endswith("/noise.flac"))
    scores = {name: score["mean"] for name, score in json.loads(out)["scores"].items()}
    assert scores == pytest.approx({name: float(stored[name]) for name in scores}, abs=0.02)
    assert not list(installed.desk.iterdir())


def test_help_comes_within_a_second(installed: Installed) -> None:
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        code, out, _ = installed.run("sqllm", "--help")
        seconds.append(time.perf_counter() - begun)
        assert code == 0
        assert "app" in out
    assert min(seconds) < 1


@pytest.fixture
def address(installed: Installed) -> Iterator[str]:
    """Where `sqllm app` answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = installed.start("sqllm", "app", "--port", str(port))
    try:
        for _ in range(PATIENCE * 5):
            assert server.poll() is None, server.communicate()
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.communicate()


def fetch(url: str, body: dict[str, object] | None = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return bytes(answer.read())


def filled_by_example(address: str, config: dict[str, Any], number: int) -> list[bytes]:
    """The clips that the page gets when that example is pressed, by the calls that the page makes."""
    (function,) = (d["id"] for d in config["dependencies"] if d["api_name"] == "load_example")
    session = f"visitor{number}"
    call = {"fn_index": function, "data": [number], "session_hash": session}
    fetch(f"{address}/gradio_api/queue/join", call)
    events = fetch(f"{address}/gradio_api/queue/data?session_hash={session}").decode().split("data: ")[1:]
    (done,) = (event for event in map(json.loads, events) if event["msg"] == "process_completed")
    return [fetch(f"{address}/gradio_api/file={box['value']['path']}") for box in done["output"]["data"]]


def test_the_page_shows_the_examples_and_fills_its_boxes_with_them(address: str) -> None:
    assert b"SpeechQualityLLM" in fetch(address)
    config = json.loads(fetch(f"{address}/config"))
    (shown,) = (part["props"]["samples"] for part in config["components"] if part["type"] == "dataset")
    with (EXAMPLES / "index.csv").open(newline="", encoding="utf-8") as file:
        listed = [[row["file"], row["reference"]] for row in csv.DictReader(file)]
    assert shown == listed
    for number in (0, len(listed) - 1):
        there = [(EXAMPLES / name).read_bytes() for name in listed[number]]
        assert filled_by_example(address, config, number) == there


def test_the_recipes_find_their_settings(installed: Installed) -> None:
    configs = installed.site / "train" / "configs"
    for path in (ROOT / "train" / "configs").iterdir():
        assert (configs / path.name).read_bytes() == path.read_bytes()
    code, out, _ = installed.run("python", "-m", "train.simulate", "--help")
    assert code == 0
    assert f"{configs} and holds ablations.yaml, compact.yaml" in out
    code, out, err = installed.run("python", "-m", "train.simulate", "simulate.yaml", "noise=.")
    assert (code, out, err) == (2, "", "Missing setting speech (give it as speech=...).\n")


def test_what_the_wheel_asks_for_holds_what_is_pinned(metadata: Message) -> None:
    for extra, file in (("", "requirements.txt"), ("train", "requirements-dev.txt")):
        pins = pinned("requirements.txt") | pinned(file)
        asked = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
        mine = [need for need in asked if (need.marker is None) == (not extra)]
        assert mine
        for need in mine:
            assert {part.operator for part in need.specifier} == {">=", "<"}, need
            assert pins[need.name.replace("huggingface-hub", "huggingface_hub")] in need.specifier, need


def test_the_metadata_names_the_licence_of_every_part(metadata: Message, installed: Installed) -> None:
    licences = metadata["License-Expression"].split(" AND ")
    assert licences == ["Apache-2.0", "CC-BY-NC-SA-4.0", "MIT", "CC-BY-SA-3.0"]
    folder = installed.site / f"sqllm-{sqllm.__version__}.dist-info" / "licenses"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == set(
        metadata.get_all("License-File", [])
    )
    table = (folder / "LICENSE.md").read_text(encoding="utf-8")
    assert all(re.sub(r"^CC-(.*)-", r"CC \1 ", licence) in table for licence in licences)


def test_the_space_runs_what_is_pinned_under_these_licences() -> None:
    matter = dict(re.findall(r"^(\w+): (.+)$", (ROOT / "README.md").read_text(encoding="utf-8").split("---")[1], re.M))
    expression = re.search(r'^license = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert expression
    assert matter["sdk_version"] == pinned("requirements.txt")["gradio"]
    assert matter["license_name"] == expression[1].lower().replace(" ", "-")
    assert (ROOT / matter["license_link"]).is_file()
    assert (ROOT / matter["app_file"]).is_file()
