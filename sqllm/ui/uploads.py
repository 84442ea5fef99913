"""What the page lets through: every file, as the command line does, whatever type a browser gives it."""

from __future__ import annotations

import json

from sqllm.signal.formats import AUDIO_SUFFIXES

# Gradio's audio boxes take files of type audio/* only: a browser calls WebM, MP4 and MOV video, and has no type at all
# for AMR or CAF. Here the file chooser is told of every suffix, and what is chosen passes as audio of an unnamed kind:
# the decoder knows what it is, and says so in a sentence where it is none.
_SCRIPT = """
() => {
  const suffixes = SUFFIXES;
  const inBox = (event) => event.target instanceof Element && event.target.closest("#clip, #reference");
  const passes = (file) => file.type.startsWith("audio/");
  const asAudio = (files) => {
    const passed = new DataTransfer();
    for (const file of files)
      passed.items.add(passes(file) ? file : new File([file], file.name, {type: "audio/x-unnamed"}));
    return passed;
  };
  document.addEventListener("click", (event) => {
    if (inBox(event) && event.target.matches("input[type=file]"))
      event.target.accept = ["audio/*", "video/*", ...suffixes].join(",");
  }, true);
  document.addEventListener("change", (event) => {
    if (inBox(event) && event.target.matches("input[type=file]") && ![...event.target.files].every(passes))
      event.target.files = asAudio(event.target.files).files;
  }, true);
  document.addEventListener("drop", (event) => {
    if (!inBox(event) || [...event.dataTransfer.files].every(passes)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dataTransfer = asAudio(event.dataTransfer.files);
    event.target.dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer}));
  }, true);
}
"""


def upload_script() -> str:
    """JavaScript for Gradio to run when the page opens."""
    return _SCRIPT.replace("SUFFIXES", json.dumps(sorted(AUDIO_SUFFIXES)))
