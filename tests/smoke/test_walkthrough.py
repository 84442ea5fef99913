"""The page's own steps, from a corpus in the NISQA corpus's exact layout to the paper's table."""

from __future__ import annotations

import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

from sqllm.corpus.nisqa_layout import COLUMNS, INDEX_NAME
from sqllm.signal.audio import SAMPLE_RATE
from tests.tiny import save_tiny_encoder, save_tiny_llm, speech_like

ROOT = Path(__file__).parents[2]
SUBSETS = {
    "NISQA_TRAIN_SIM": 8,
    "NISQA_TRAIN_LIVE": 4,
    "NISQA_VAL_SIM": 4,
    "NISQA_VAL_LIVE": 4,
    "NISQA_TEST_FOR": 4,
    "NISQA_TEST_LIVETALK": 4,
    "NISQA_TEST_P501": 4,
}


def write_nisqa(folder: Path) -> None:
    """Clips at 48 kHz in a folder a subset, their references beside them but for LIVETALK, one index."""
    rows: list[dict[str, str]] = []
    rng = np.random.default_rng(0)
    for db, count in SUBSETS.items():
        for number in range(count):
            name, clean = f"c{number:05d}_{db.lower()}.wav", speech_like(0.6, len(rows))
            paired = not db.endswith("LIVETALK")
            kinds = {"deg": np.clip(clean * rng.uniform(0.3, 1.5), -1, 1), **({"ref": clean} if paired else {})}
            for kind, wave in kinds.items():
                (folder / db / kind).mkdir(parents=True, exist_ok=True)
                soundfile.write(folder / db / kind / name, np.repeat(wave, 3), 3 * SAMPLE_RATE, subtype="PCM_16")
            row = dict.fromkeys(COLUMNS, "")
            row |= {"db": db, "con": str(number), "file": str(number), "lang": "en", "votes": "5", "source": "x"}
            row |= {"filename_deg": name, "filepath_deg": f"{db}/deg/{name}"}
            if paired:
                row |= {"filename_ref": name, "filepath_ref": f"{db}/ref/{name}"}
            for score in ("mos", "noi", "col", "dis", "loud"):
                row |= {score: f"{rng.uniform(1, 5):.3f}", f"{score}_std": "0.8"}
            rows.append(row)
    with (folder / INDEX_NAME).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def steps() -> list[str]:
    """The commands of the page's first part."""
    text = (ROOT / "docs" / "FULL_SIZE.md").read_text(encoding="utf-8")
    block = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert block
    return block.group(1).replace("\\\n", " ").strip().splitlines()


def test_the_steps_of_the_page_lead_to_the_papers_table(tmp_path: Path) -> None:
    corpus = tmp_path / "NISQA_Corpus"
    corpus.mkdir()
    write_nisqa(corpus)
    tiny = [
        f"encoder_source={save_tiny_encoder('ast', tmp_path / 'ast')}",
        f"llm_source={save_tiny_llm(tmp_path / 'llm')}",
    ]
    tiny += ["quantize=", "audio_tokens=8", "steps=3", "device=cpu", "workers=0", "report_to="]
    for step in steps():
        words = shlex.split(step)
        assert words[0] == "python"
        more = tiny if "train.large" in words else ["device=cpu"] if "train.evaluate" in words else []
        command = [sys.executable, *words[1:], *more]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=300
        )
        if "train.check" in words:  # all that is wrong with it: a few clips are not the whole corpus
            assert done.stdout.count("of the NISQA corpus is not whole") == len(SUBSETS), done.stdout
            assert len(done.stdout.splitlines()) == 1 + 2 * len(SUBSETS), done.stdout
            continue
        assert done.returncode == 0, f"{step}\n{done.stdout[-800:]}\n{done.stderr[-1500:]}"
    for name in ("single.md", "double.md"):
        table = (tmp_path / name).read_text(encoding="utf-8")
        assert "### All clips: 12" in table
        assert "### Clips with a reference: 8" in table
        assert "paper, double-ended, AST finetuned" in table
        assert "NISQA_TEST_LIVETALK" in table


def environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}
