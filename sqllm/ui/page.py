"""The page: its tabs, its look, and its settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.ui.about_tab import build_about_tab
from sqllm.ui.batch_tab import build_batch_tab
from sqllm.ui.compare_tab import build_compare_tab
from sqllm.ui.endpoints import add_endpoints
from sqllm.ui.i18n import t, translations
from sqllm.ui.lane import JudgeLane
from sqllm.ui.live_tab import build_live_tab
from sqllm.ui.plan_tab import build_plan_tab
from sqllm.ui.rate_tab import build_rate_tab
from sqllm.ui.scripts import page_script

TITLE = "SpeechQualityLLM"
LARGEST_UPLOAD = "100mb"
LONGEST_QUEUE = 32
CACHE_SECONDS = (900, 3600)  # how often uploads are swept, and how old they get
AUTH_VARIABLE = "SQLLM_AUTH"  # "name:password", several with commas between
# Fonts of the reader's own system: a page that fetches none tells nobody who reads it.
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
MONOSPACED = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

HEADER = """
<header class="sq-header">
<h1>SpeechQualityLLM</h1>
<p>Rates a speech clip as a careful listener would: five scores, how sure they are, and why.</p>
</header>
"""

NUMBERS = """
- **Scores** run from 1 to 5, and 5 is best in every dimension: a noisiness of 5 means that no noise is heard.
- **±** is one standard deviation of what the model thinks possible; the band holds 90% of it.
- The clip is heard at 16 kHz: nothing above 7.35 kHz counts. A long clip is heard in windows of 10 s.
- A **reference** is the same speech before it was degraded. It need not be lined up with the clip.
- Uploads are deleted from the server after about an hour, and a copied link ends with them.
"""


def build_page(judge_loader: Callable[[], SpeechQualityLLM], load_early: bool = False) -> gr.Blocks:
    """The page, to be launched with `launch_settings()`.

    `judge_loader` is called once, at the first rating or (`load_early`) at once in the background.
    """
    lane = JudgeLane(judge_loader)
    if load_early:
        lane.load_early()
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=CACHE_SECONDS) as page:
        add_endpoints(lane)  # before the tabs, so that no event of theirs takes an endpoint's name
        gr.HTML(HEADER, elem_classes="sq-bare")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(t("tab_rate"), id="rate"):
                build_rate_tab(lane)
                with gr.Accordion(t("numbers"), open=False):
                    gr.Markdown(NUMBERS)
            with gr.Tab(t("tab_compare"), id="compare"):
                build_compare_tab(lane)
            with gr.Tab(t("tab_batch"), id="batch"):
                run = build_batch_tab(lane)
            with gr.Tab(t("tab_plan"), id="plan"):
                build_plan_tab(run)
            with gr.Tab(t("tab_live"), id="live"):
                if lane.forked:  # a second of sound is too little to borrow a GPU for
                    gr.Markdown(t("live_elsewhere"))
                else:
                    build_live_tab(lane)
            with gr.Tab(t("tab_about"), id="about") as about:
                build_about_tab(lane, about)
    return page.queue(max_size=LONGEST_QUEUE, default_concurrency_limit=1)


def launch_settings() -> dict[str, Any]:
    """What `gr.Blocks.launch` needs for this page's look and for serving strangers.

    Raises `ValueError` where `$SQLLM_AUTH` is no list of names and passwords.
    """
    folder = Path(__file__).parent
    theme = gr.themes.Base(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        radius_size=gr.themes.sizes.radius_lg,
        font=FONTS,
        font_mono=MONOSPACED,
    ).set(
        block_radius="10px",
        color_accent="*primary_700",
        body_text_color_subdued="*neutral_500",
        link_text_color="*primary_700",
        link_text_color_hover="*primary_800",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_800",
    )
    return {
        "theme": theme,
        "css": "\n".join((folder / name).read_text(encoding="utf-8") for name in ("page.css", "cards.css")),
        "js": page_script(),
        "i18n": translations(),
        "auth": logins(os.environ.get(AUTH_VARIABLE, "")),
        "max_file_size": LARGEST_UPLOAD,
        "allowed_paths": [],
        "show_error": False,
        "footer_links": ["api", "gradio"],
        "run_history": False,
        "enable_monitoring": False,
        "mcp_server": find_spec("mcp") is not None,
        "ssr_mode": False,
        "pwa": False,
    }


def logins(text: str) -> list[tuple[str, str]] | None:
    """Names and passwords from "name:password,name:password"; None for an empty text, which lets everybody in.

    Raises `ValueError` where an entry is no such pair: a page that was meant to be closed does not open.
    """
    if not text.strip():
        return None
    pairs = [tuple(entry.strip().split(":", 1)) for entry in text.split(",")]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise ValueError(f"{AUTH_VARIABLE} is to hold name:password, several with commas between.")
    return [(pair[0], pair[1]) for pair in pairs]
