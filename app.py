"""The page: `python app.py`, or a Gradio Space."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

# Gradio reads this when it is imported; with analytics on, it calls its makers at every start.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

if TYPE_CHECKING:
    from sqllm.judge.judge import SpeechQualityLLM


def load_judge() -> SpeechQualityLLM:
    """The embedded default judge."""
    from sqllm.judge.judge import SpeechQualityLLM

    return SpeechQualityLLM.from_pretrained()


def main() -> None:
    """Build the page, load the model behind it, and serve it (address and port: `$GRADIO_SERVER_NAME`, `_PORT`)."""
    from sqllm.ui.page import build_page, launch_settings

    build_page(load_judge, load_early=True).launch(**launch_settings())


if __name__ == "__main__":
    main()
