"""Memory of the page's process over many requests, each with a clip of its own: a rating with its reason.

python -m benchmarks.memory --requests 500
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

import soundfile
from gradio_client import Client, handle_file

from benchmarks.page import served_page
from benchmarks.speed import clip_of
from sqllm.signal.audio import SAMPLE_RATE

TOLD = (1, 20, 100, 250, 500, 1000, 2000)  # after so many requests


def memory(process: int) -> tuple[float, float]:
    """What a process holds now, and the most that it has held, in GB."""
    status = Path(f"/proc/{process}/status").read_text()
    held = dict(re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status))
    return int(held["VmRSS"]) / 1e6, int(held["VmHWM"]) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=500)
    requests = parser.parse_args().requests
    print("| requests | GB held | GB at most |\n|---:|---:|---:|")
    with served_page() as (address, page), tempfile.TemporaryDirectory() as folder:
        client = Client(address, verbose=False, analytics_enabled=False)
        for number in range(1, requests + 1):
            path = Path(folder) / f"{number}.wav"
            soundfile.write(path, clip_of(number).samples, SAMPLE_RATE)
            client.predict(handle_file(path), api_name="/rate")
            path.unlink()
            if number in (*TOLD, requests):
                held, most = memory(page.pid)
                print(f"| {number} | {held:.2f} | {most:.2f} |", flush=True)


if __name__ == "__main__":
    main()
