"""A visitor of the page in headless Chromium. Pictures of it go to `$SQLLM_SCREENSHOTS`, if that is set."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from sqllm.scores import DIMENSIONS

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 120_000  # ms
# Inside components of Gradio 6.31, where a page can't mend them: the button that adds files holds the chooser, and the
# picture of a sound scrolls.
GRADIOS_OWN = (
    'nested-interactive: <button class="icon-button',
    'scrollable-region-focusable: <div class="scroll" part="scroll"',
)


class Visit:
    """An open page that notes every host it asks and every error it has."""

    def __init__(self, browser: Any, address: str, width: int, scheme: str, **settings: Any) -> None:
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        self.page = browser.new_page(
            viewport={"width": width, "height": 800}, color_scheme=scheme, **({"locale": "en-US"} | settings)
        )
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.hosts.add(urlparse(request.url).hostname or ""))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(address)
        self.page.locator("#rate").wait_for()
        self.page.wait_for_function("window.sqllmFresh !== undefined")  # what runs once the page is there

    def _note(self, told: Any) -> None:
        """An error on the console; that Chromium can't draw a file it can't play is none of the page's."""
        if told.type == "error" and not told.text.startswith("Waveform load error"):
            self.errors.append(told.text)

    def open_tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()

    def upload(self, box: str, path: Path) -> None:
        """Put a file into one of the boxes for sound."""
        chooser = self.page.locator(f"#{box} input[type=file]")
        chooser.set_input_files(path)
        chooser.wait_for(state="detached")

    def add_files(self, box: str, *paths: Path) -> None:
        """Put files into one of the boxes for files of any kind."""
        self.page.locator(f"#{box} input[type=file]").set_input_files(paths)
        self.page.locator(f"#{box} [data-testid=download-link]").nth(len(paths) - 1).wait_for()

    def rate(self, clip: Path, reference: Path | None = None) -> None:
        """Upload, press Rate, and wait until the reason is written."""
        self.upload("clip", clip)
        if reference is not None:
            self.upload("reference", reference)
        self.press_rate()

    def press_rate(self) -> None:
        # Pressed in the very moment when the pictures' stream ends, the answer can be lost by Gradio's client.
        self.page.wait_for_timeout(500)
        self.page.locator("#rate").click()
        self.page.locator("#report .sq-report[aria-busy=false]").wait_for()

    def try_example(self, kind: str) -> None:
        self.page.locator("#examples").get_by_text(kind, exact=True).click()
        self.page.locator("#desk .sq-desk").wait_for()

    def drop(self, clip: Path) -> None:
        """Drag a file onto the box of the clip."""
        dropped = self.page.evaluate_handle(
            "([name, bytes]) => {const files = new DataTransfer();"
            " files.items.add(new File([new Uint8Array(bytes)], name)); return files}",
            [clip.name, list(clip.read_bytes())],
        )
        self.page.locator("#clip button[aria-dropeffect]").dispatch_event("drop", {"dataTransfer": dropped})
        self.page.locator("#clip input[type=file]").wait_for(state="detached")

    def ask(self, preset: str) -> str:
        """Choose a preset question, press Ask, and give the answer's text once it is written."""
        before = self.page.locator("#answer .sq-answer").count()
        self.page.get_by_role("button", name=preset).click()
        self.page.locator("#ask").click()
        self.page.locator("#answer .sq-answer").nth(before).wait_for()
        self.page.locator("#answer .sq-writing").wait_for(state="detached")
        return str(self.page.locator("#answer .sq-words").first.inner_text())

    def scores(self) -> dict[str, tuple[float, float]]:
        """Mean and standard deviation of each dimension, as a reader sees them."""
        texts = {d: self.page.locator(f"#report [data-dimension={d}] .sq-number").inner_text() for d in DIMENSIONS}
        numbers = {d: [float(n) for n in re.findall(r"\d\.\d\d", text)] for d, text in texts.items()}
        return {d: (mean, std) for d, (mean, std) in numbers.items()}

    def settle(self) -> None:
        """Wait until nothing is on its way: what Gradio still fills is faint, and what comes fades in."""
        self.page.wait_for_function(
            "!document.querySelector('.eta-bar')"
            " && [...document.querySelectorAll('.pending:not(button)')].every((one) =>"
            " getComputedStyle(one).opacity === '1')"
            " && document.getAnimations().every((one) =>"
            " one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)"
        )

    def sideways(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def violations(self) -> list[str]:
        """What axe-core finds that is serious or worse: rule and first place of each."""
        from axe_playwright_python.sync_playwright import Axe

        self.settle()
        found = Axe().run(self.page).response["violations"]
        serious: Sequence[Any] = [one for one in found if one["impact"] in ("serious", "critical")]
        told = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in serious]
        return [one for one in told if not one.startswith(GRADIOS_OWN)]

    def picture(self, name: str) -> None:
        folder = os.environ.get("SQLLM_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
