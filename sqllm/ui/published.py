"""Files that the page makes for the browser: pictures and sounds, served and swept like uploads."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from gradio.blocks import Block
from gradio.processing_utils import save_bytes_to_cache

from sqllm.signal.audio import SAMPLE_RATE


def publish(owner: Block, data: bytes, name: str) -> str:
    """The path of new contents in the component's cache; they go with its uploads. Same contents, same path."""
    path = save_bytes_to_cache(data, name, owner.GRADIO_CACHE)
    owner.temp_files.add(path)
    return path


def address(path: str) -> str:
    """Where the browser finds a published file, seen from the page itself."""
    return f"gradio_api/file={path}"


def publish_sound(owner: Block, samples: np.ndarray, name: str) -> str:
    """The address of a clip as every browser plays it: [n] at 16 kHz as 16-bit FLAC."""
    import soundfile

    data = io.BytesIO()
    soundfile.write(data, np.clip(samples, -1, 1), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return address(publish(owner, data.getvalue(), f"{Path(name).stem or 'clip'}.flac"))
