"""Start the page: what `sqllm app` and a Space's `app.py` share."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqllm.cores import share_cores
from sqllm.ui.zero_gpu import on_zero_gpu

if TYPE_CHECKING:
    from sqllm.judge.judge import SpeechQualityLLM


def load_default_judge() -> SpeechQualityLLM:
    """The embedded default judge."""
    from sqllm.judge.judge import SpeechQualityLLM

    return SpeechQualityLLM.from_pretrained()


def launch(
    load_judge: Callable[[], SpeechQualityLLM] = load_default_judge, host: str | None = None, port: int | None = None
) -> None:
    """Build the page, load the model behind it, and serve it until the program is stopped.

    Without `host` and `port` at `$GRADIO_SERVER_NAME`, else 127.0.0.1, and `$GRADIO_SERVER_PORT`, else the first free
    port from 7860 on. Raises `ValueError` where the page can't be served there.
    """
    share_cores()
    # Gradio reads this when it is imported; with analytics on, it calls its makers at every start.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    if on_zero_gpu():
        import spaces  # noqa: F401 (it has to come before torch)
    host = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    _check_address(host, port)
    from sqllm.ui.page import build_page, launch_settings

    build_page(load_judge, load_early=True).launch(server_name=host, server_port=port, **launch_settings())


def _check_address(host: str, port: int | None) -> None:
    """Gradio would try a hundred ports on a host that is not there, a second each."""
    where = f"The page can't be served at {host}" + ("" if port is None else f", port {port}")
    if port is not None and not 0 < port < 2**16:
        raise ValueError(f"{where}: ports go from 1 to 65535.")
    try:
        family, *_, address = socket.getaddrinfo(host.strip("[]"), port or 0, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as problem:
        reason = str(problem.strerror).split(" (")[0]
        raise ValueError(f"{where} ({reason}): give another --host or --port.") from problem
