"""The page: its look, its settings, and what stands on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.ui.rate_tab import JudgeLane, build_rate_tab
from sqllm.ui.uploads import upload_script

TITLE = "SpeechQualityLLM"
LARGEST_UPLOAD = "100mb"
LONGEST_QUEUE = 32
CACHE_SECONDS = (900, 3600)  # how often uploads are swept, and how old they get
# Fonts of the reader's own system: a page that fetches none tells nobody who reads it.
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
MONOSPACED = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

HEADER = """
<header class="sq-header">
<h1>SpeechQualityLLM</h1>
<p>Rates a speech clip as a careful listener would: five scores, how sure they are, and why.</p>
</header>
"""

ABOUT = """
- **Scores** run from 1 to 5, and 5 is best in every dimension: a noisiness of 5 means that no noise is heard.
- **±** is one standard deviation of what the model thinks possible; the band holds 90% of it.
- The clip is heard at 16 kHz: nothing above 7.35 kHz counts. A long clip is heard in windows of 10 s.
- A **reference** is the same speech before it was degraded. It need not be lined up with the clip.
- Uploads are deleted from the server after about an hour.
"""

CSS = """
.gradio-container { --sq-accent: #0f766e; --sq-quiet: #5b6675; max-width: 1180px !important; margin: 0 auto; }
.dark .gradio-container, .dark.gradio-container { --sq-accent: #2dd4bf; --sq-quiet: #9aa6b5; }
.sq-bare, .sq-bare .html-container, .sq-bare .prose { padding: 0 !important; }
.sq-header { padding-top: 12px; }
.sq-header h1 { font-size: 1.75rem; font-weight: 650; letter-spacing: -0.02em; line-height: 1.2; margin: 0; }
.sq-header p { color: var(--sq-quiet); margin: 4px 0 0; font-size: 1rem; }
.sq-columns { gap: 28px; }
.sq-report, .sq-answer { font-size: 0.95rem; line-height: 1.5; }
.sq-report h2 { font-size: 0.95rem; font-weight: 600; margin: 18px 0 4px; }
.sq-about, .sq-hint { color: var(--sq-quiet); font-size: 0.85rem; margin: 0 0 10px; overflow-wrap: anywhere; }
.sq-scores { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 12px; }
.sq-score { border: 1px solid var(--border-color-primary); border-radius: 10px; padding: 12px 14px;
  background: var(--block-background-fill); font-variant-numeric: tabular-nums; }
.sq-score[data-dimension="mos"] { grid-column: 1 / -1; }
.sq-line { display: flex; justify-content: space-between; gap: 12px; }
.sq-word { color: var(--sq-accent); font-weight: 600; text-align: right; }
.sq-number { font-size: 1.5rem; font-weight: 650; letter-spacing: -0.01em; line-height: 1.3; }
.sq-score[data-dimension="mos"] .sq-number { font-size: 2.4rem; }
.sq-std { font-size: 1rem; font-weight: 400; color: var(--sq-quiet); letter-spacing: 0; }
.sq-scale { position: relative; height: 8px; border-radius: 4px; margin: 8px 0 4px;
  background: color-mix(in srgb, var(--sq-quiet) 20%, transparent); }
.sq-band { position: absolute; top: 0; bottom: 0; border-radius: 4px; opacity: 0.4; background: var(--sq-accent); }
.sq-mark { position: absolute; top: -3px; bottom: -3px; width: 4px; margin-left: -2px; border-radius: 2px;
  background: var(--sq-accent); }
.sq-ends { color: var(--sq-quiet); font-size: 0.8rem; }
.sq-words { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; min-height: 1.5em; }
.sq-writing::after { content: "▍"; color: var(--sq-accent); }
.sq-warnings { list-style: none; margin: 0 0 12px; padding: 10px 14px; border-radius: 10px;
  border: 1px solid #d9a441; background: color-mix(in srgb, #d9a441 14%, transparent); }
.sq-faults { list-style: none; display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0 0; padding: 0; }
.sq-faults li { border: 1px solid var(--border-color-primary); border-radius: 999px; padding: 2px 12px; margin: 0; }
.sq-measures { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); column-gap: 28px; margin: 0;
  font-size: 0.85rem; font-variant-numeric: tabular-nums; }
.sq-measures div { display: flex; justify-content: space-between; gap: 12px; padding: 3px 0;
  border-bottom: 1px solid var(--border-color-primary); }
.sq-measures dt { color: var(--sq-quiet); }
.sq-measures dd { margin: 0; text-align: right; }
#examples { border-radius: 0; }
.sq-picture { display: block; width: 100%; height: auto; margin: 0; }
.sq-ask { align-items: flex-end; gap: 12px; }
.sq-presets { gap: 8px; flex-wrap: wrap; }
.sq-presets button { flex: 0 0 auto; border-radius: 999px; font-weight: 400; padding: 4px 12px; }
.sq-answer { border-left: 3px solid var(--sq-accent); padding: 2px 0 2px 14px; }
.sq-answer .sq-about { margin-bottom: 2px; }
.sq-drop .wrap[data-upload-density] { min-height: 150px; padding: 28px 0 8px; }
@media (min-width: 820px) { .sq-inputs { position: sticky; top: 16px; align-self: flex-start; } }
.gradio-container .main.app { padding: 16px clamp(14px, 4vw, 32px) !important; }
"""


def build_page(judge_loader: Callable[[], SpeechQualityLLM], load_early: bool = False) -> gr.Blocks:
    """The page, to be launched with `launch_settings()`.

    `judge_loader` is called once, at the first rating or (`load_early`) at once in the background.
    """
    lane = JudgeLane(judge_loader)
    if load_early:
        lane.load_early()
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=CACHE_SECONDS) as page:
        gr.HTML(HEADER, elem_classes="sq-bare")
        build_rate_tab(lane)
        with gr.Accordion("What do the numbers mean?", open=True):
            gr.Markdown(ABOUT)
    return page.queue(max_size=LONGEST_QUEUE, default_concurrency_limit=1)


def launch_settings() -> dict[str, Any]:
    """What `gr.Blocks.launch` needs for this page's look and for serving strangers."""
    theme = gr.themes.Base(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        radius_size=gr.themes.sizes.radius_lg,
        font=FONTS,
        font_mono=MONOSPACED,
    ).set(
        block_radius="10px",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
    )
    return {
        "theme": theme,
        "css": CSS,
        "js": upload_script(),
        "max_file_size": LARGEST_UPLOAD,
        "allowed_paths": [],
        "show_error": False,
        "footer_links": ["api", "gradio"],
        "run_history": False,
        "enable_monitoring": False,
        "mcp_server": False,
        "ssr_mode": False,
        "pwa": False,
    }
