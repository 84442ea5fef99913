"""What the buttons of the Rate tab do, and what the page shows of a judgement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import soundfile

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.scores import HeardArtifact
from sqllm.signal.audio import SAMPLE_RATE
from sqllm.ui.about_tab import FIGURES
from sqllm.ui.cards import measures_html, report
from sqllm.ui.downloads import Rated
from sqllm.ui.examples import EXAMPLES, read_examples
from sqllm.ui.fresh import clip_key
from sqllm.ui.i18n import LANGUAGES, words
from sqllm.ui.page import launch_settings
from sqllm.ui.questions_panel import PURPOSES, WORDINGS, Exchange, History
from sqllm.ui.rate_tab import RateTab
from sqllm.words.questions import NO_SPEECH_ANSWERS
from tests.tiny import sentence

ROOT = Path(__file__).resolve().parents[2]


def last(results: Iterator[tuple[Any, ...]]) -> tuple[Any, ...]:
    return list(results)[-1]


def test_silent_clip_is_judged_as_the_judge_does(tab: RateTab, tiny: SpeechQualityLLM, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(SAMPLE_RATE * 2), SAMPLE_RATE)
    html, _, _, answer, _ = last(tab.rate(str(path)))
    assert answer == tiny.rate(path).to_json()
    assert answer["warnings"]
    assert all(warning in html for warning in answer["warnings"])
    assert answer["scores"] is None
    assert NO_SPEECH_ANSWERS[0] in html
    assert "sq-scores" not in html
    assert "Faults heard" not in html
    assert "no speech in 2.0 s" in html


def test_report_without_warnings_has_no_warning_box(tiny: SpeechQualityLLM, speech_file: Path) -> None:
    judgement = tiny.rate(speech_file, rationale=False)
    assert not judgement.warnings
    assert f"speech in {judgement.speech.seconds:.1f} of 3.0 s" in report(judgement, "")
    assert "sq-warnings" not in report(judgement, "")


def test_report_tells_how_the_reference_fits_and_nothing_of_one_that_was_refused(
    tiny: SpeechQualityLLM, tmp_path: Path
) -> None:
    clean, late, other = (tmp_path / name for name in ("clean.wav", "late.wav", "other.wav"))
    speech = sentence(4, 1)
    for path, samples in ((clean, speech), (late, np.pad(0.5 * speech, (8_000, 0))), (other, sentence(4, 2))):
        soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    fitting = report(tiny.listen(late, clean).rate(rationale=False), "")
    assert "with clean.wav" in fitting
    assert "The reference is 0.50 s early; " in fitting
    refused = report(tiny.listen(late, other).rate(rationale=False), "")
    assert "other.wav" not in refused
    assert refused.lower().count("reference") == 1


def test_another_listener_is_held_against_the_typical_one(tab: RateTab, speech_file: Path) -> None:
    html = last(tab.rate(str(speech_file), None, "strict-expert", "in a car"))[0]
    assert html.count("sq-typical") == 5
    assert "Strict expert" in html
    assert "Understood: " in html
    typical = last(tab.rate(str(speech_file)))[0]
    assert "sq-typical" not in typical
    assert "sq-who" not in typical


def test_listener_is_changed_only_for_the_clip_that_was_rated(tab: RateTab, speech_file: Path) -> None:
    rated = last(tab.rate(str(speech_file)))[-1]
    assert rated.key == clip_key(str(speech_file), None)
    again = last(tab.listen_as(rated, str(speech_file), None, "phone-speaker", ""))
    assert again[-1].judgement.profile == "phone-speaker"
    other = last(tab.listen_as(rated, "another.wav", None, "phone-speaker", ""))
    assert all("__type__" in one for one in other)


def test_measured_facts_are_shown(tiny: SpeechQualityLLM, speech_file: Path) -> None:
    measures = tiny.rate(speech_file, rationale=False).measures
    assert measures is not None
    html = measures_html(measures)
    assert f"<dt>Active level</dt><dd>{measures.active_level_dbov:.1f} dBov</dd>" in html
    assert "<dt>Clipped samples</dt><dd>0.0%</dd>" in html


def test_names_and_words_are_text_only(tiny: SpeechQualityLLM, speech_file: Path) -> None:
    faults = (HeardArtifact("packet-loss", "strong", tuple((t, t + 0.25) for t in range(6))),)
    judgement = replace(tiny.rate(speech_file, rationale=False), file="<img src=x>.wav", artifacts=faults)
    html = report(judgement, "<b>bold</b>")
    assert "<img" not in html
    assert "<b>bold" not in html
    assert "<b>Packet loss</b> strong, 0.0–0.2 s, 1.0–1.2 s, 2.0–2.2 s, 3.0–3.2 s and 2 more" in html
    assert "<script" not in Exchange("<script>", "x", "<script>").html(False)


@pytest.mark.parametrize(("question", "sentence"), [("  ", "empty"), ("why " * 200, "longer than 500")])
def test_question_that_can_not_be_asked_is_told(tab: RateTab, speech_file: Path, question: str, sentence: str) -> None:
    with pytest.raises(gr.Error, match=sentence):
        last(tab.ask(History(), str(speech_file), question))


def test_answers_stay_with_their_clip(tab: RateTab, speech_file: Path, reference_file: Path) -> None:
    _, answer, history = last(tab.ask(History(), str(speech_file), "What is the MOS?"))
    html, _, history = last(tab.ask(history, str(speech_file), "Is there any hum?"))
    assert html.index("Is there any hum?") < html.index("What is the MOS?")
    assert answer["answer"] in html.replace("&#x27;", "'")
    html, _, history = last(tab.ask(history, str(reference_file), "How noisy is it?"))
    assert "What is the MOS?" not in html
    assert len(history.exchanges) == 1


def test_the_next_question_goes_on_from_the_last_as_it_was_understood() -> None:
    asked = Exchange("Is it acceptable?", "Typical listener", "No.", understood="Is it acceptable for my deaf uncle?")
    assert History().plus(asked).previous == "Is it acceptable for my deaf uncle?"
    assert History().plus(Exchange("Why?", "Typical listener")).previous == "Why?"


def test_a_question_outside_is_answered_with_what_to_ask_instead() -> None:
    told = Exchange("Who won?", "Typical listener", "I can only judge how this clip sounds.", outside=True)
    assert told.html(writing=False).count("data-question") == 3
    assert "data-question" not in told.html(writing=True)


@pytest.mark.parametrize("kind", ["json", "png", "html"])
def test_rating_is_taken_away_as_a_file(tab: RateTab, speech_file: Path, kind: str) -> None:
    *_, answer, rated = last(tab.rate(str(speech_file), None, "strict-expert"))
    path = Path(tab.save(kind, rated, History(), str(speech_file), None))
    assert path.name == f"speech.{kind}"
    data = path.read_bytes()
    if kind == "json":
        assert json.loads(data) == answer
    elif kind == "png":
        assert data.startswith(b"\x89PNG")
    else:
        assert answer["rationale"] in data.decode().replace("&#x27;", "'")
        assert b"http" not in data.replace(b"data:image", b"")
    with pytest.raises(gr.Error, match="Rate the clip first"):
        tab.save(kind, Rated(), History(), str(speech_file), None)
    with pytest.raises(gr.Error, match="Rate the clip first"):
        tab.save(kind, rated, History(), "another.wav", None)


def test_desk_of_a_link_is_kept_and_that_of_new_files_is_drawn(tab: RateTab, speech_file: Path) -> None:
    desk = tab.show(str(speech_file), None, None)
    assert "sq-desk" in desk
    assert tab.show(str(speech_file), None, desk) == desk
    assert "once there is a clip" in tab.show(None, None, desk)


def test_abandoned_answer_leaves_the_next_one_untouched(
    tab: RateTab, tiny: SpeechQualityLLM, speech_file: Path
) -> None:
    answers = tab.ask(History(), str(speech_file), "What is the MOS?")
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert last(tab.rate(str(speech_file)))[3] == tiny.rate(speech_file).to_json()


def test_presets_are_all_worded() -> None:
    named = [name for names in PURPOSES.values() for name in names]
    assert len(set(named)) == len(named)
    assert set(named) <= set(WORDINGS)


def test_every_word_of_the_page_is_in_every_language() -> None:
    for language in LANGUAGES:
        assert words()[language].keys() == words()["en"].keys()
        assert all(text and text.strip() for text in words()[language].values()), language


def test_figures_on_the_page_are_those_of_the_results() -> None:
    results = (ROOT / "docs" / "RESULTS.md").read_text(encoding="utf-8")
    for cells in FIGURES.values():
        assert all(cell in results for cell in cells)


def test_examples_are_read_from_the_index_and_missing_files_left_out(tmp_path: Path, speech_file: Path) -> None:
    assert read_examples(tmp_path / "nothing") == []
    lines = ("file,reference,kind", "speech.wav,speech.wav,packet-loss", "speech.wav,,hum", "gone.wav,,codec")
    (tmp_path / "index.csv").write_text("\n".join(lines), encoding="utf-8")
    path = str(speech_file)
    assert read_examples(tmp_path) == [(path, path, "Packet loss"), (path, None, "Hum")]


def test_example_files_outlive_the_sweep_of_uploads(page: gr.Blocks) -> None:
    kept = {path for block in page.blocks.values() for path in getattr(block, "keep_in_cache", ())}
    names = {Path(path).name for path in kept}
    examples = {Path(clip).name for clip, _, _ in read_examples(EXAMPLES)}
    assert len(examples) == 8
    assert examples <= names


def test_page_is_set_up_for_strangers(page: gr.Blocks) -> None:
    assert page.max_file_size == 100 * 1024 * 1024
    assert page.allowed_paths == []
    assert page._queue.max_size == 32
    assert page.delete_cache is not None
    lanes = {fn.api_name: (fn.concurrency_id, fn.concurrency_limit) for fn in page.fns.values()}
    assert lanes["rate"] == lanes["ask"] == ("model", 1)


def test_page_brings_no_fonts_from_elsewhere() -> None:
    theme = launch_settings()["theme"]
    assert theme._stylesheets == []
    assert theme._font_css == []
