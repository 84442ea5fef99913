"""The page in a process of its own, as `python app.py` starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served_page() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The page's address and process, once it gives its first answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    root, address = Path(__file__).resolve().parent.parent, f"http://127.0.0.1:{port}/"
    page = subprocess.Popen(
        [sys.executable, "app.py"], cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while page.poll() is None:
            try:
                urllib.request.urlopen(address, timeout=5).read()
                break
            except OSError:
                time.sleep(0.1)
        yield address, page
    finally:
        page.terminate()
        page.wait()
