"""The page: `python app.py`, or a Gradio Space."""

from __future__ import annotations

from sqllm.ui.launch import launch

if __name__ == "__main__":
    launch()
