"""The page's two endpoints, called as a script calls them, and what the page says when something is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.profiles import get_profile, with_words
from sqllm.model.base_llm import CheckpointError
from sqllm.scores import HeardArtifact
from sqllm.signal.audio import SAMPLE_RATE, AudioError, load_clip
from sqllm.words.questions import NO_SPEECH_ANSWERS, PRESETS
from tests.tiny import sentence, speech_like

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from sqllm.ui.page import build_page, launch_settings
from sqllm.ui.rate_tab import EXAMPLES, NO_CLIP, JudgeLane, RateTab, read_examples
from sqllm.ui.report import report, spectrograms_html


@pytest.fixture(scope="module")
def page(tiny: SpeechQualityLLM) -> Iterator[gr.Blocks]:
    blocks = build_page(lambda: tiny)
    settings = {"server_name": "127.0.0.1", "prevent_thread_lock": True, "quiet": True}
    blocks.launch(**(launch_settings() | settings))
    yield blocks
    blocks.close(verbose=False)


@pytest.fixture(scope="module")
def client(page: gr.Blocks) -> Client:
    return Client(page.local_url, verbose=False, analytics_enabled=False)


@pytest.fixture
def tab(tiny: SpeechQualityLLM) -> RateTab:
    return RateTab(JudgeLane(lambda: tiny))


@pytest.fixture
def reference_file(tmp_path: Path) -> Path:
    path = tmp_path / "reference.wav"
    soundfile.write(path, speech_like(), SAMPLE_RATE, subtype="FLOAT")
    return path


def last(results: Iterator[tuple[Any, Any]]) -> tuple[Any, Any]:
    return list(results)[-1]


def test_only_rate_and_ask_are_offered_to_scripts(client: Client) -> None:
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/rate", "/ask"}
    assert client.view_api(return_format="dict")["unnamed_endpoints"] == {}


def test_rate_endpoint_gives_the_judgement_of_the_judge(
    client: Client, tiny: SpeechQualityLLM, speech_file: Path, reference_file: Path
) -> None:
    clips = handle_file(speech_file), handle_file(reference_file)
    answer, html = client.predict(*clips, "strict-expert", "  listens in a  car ", api_name="/rate")
    profile = with_words(get_profile("strict-expert"), "listens in a car")
    judgement = tiny.listen(speech_file, reference_file).rate(profile)
    assert answer == judgement.to_json()
    assert judgement.scores
    assert f"{judgement.scores['mos'].mean:.2f}" in html


def test_rate_endpoint_needs_only_a_clip(client: Client, tiny: SpeechQualityLLM, speech_file: Path) -> None:
    answer, _ = client.predict(handle_file(speech_file), api_name="/rate")
    assert answer == tiny.rate(speech_file).to_json()


@pytest.mark.parametrize(("name", "codec"), [("phone.m4a", "aac"), ("phone.mp4", "aac"), ("browser.webm", "libopus")])
def test_recordings_of_phones_and_browsers_are_rated_as_they_are(
    client: Client, tiny: SpeechQualityLLM, tmp_path: Path, name: str, codec: str
) -> None:
    path = tmp_path / name
    with av.open(path, "w") as container:
        stream: Any = container.add_stream(codec, rate=48_000, layout="mono")
        samples = np.repeat(speech_like(2.0), 3)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 48_000
        for part in (frame, None):
            container.mux(stream.encode(part))
    answer, _ = client.predict(handle_file(path), api_name="/rate")
    assert answer == tiny.rate(path).to_json()


def test_ask_endpoint_gives_the_answer_of_the_judge(client: Client, tiny: SpeechQualityLLM, speech_file: Path) -> None:
    question = next(iter(PRESETS.values()))
    answer, _ = client.predict(handle_file(speech_file), question, api_name="/ask")
    assert answer == tiny.ask(speech_file, question).to_json()


def test_silent_clip_is_judged_as_the_judge_does(tab: RateTab, tiny: SpeechQualityLLM, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(SAMPLE_RATE * 2), SAMPLE_RATE)
    answer, html = last(tab.rate(str(path)))
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
    assert "Spectrograms of the clip and its reference" in spectrograms_html(str(late), str(clean))
    assert "Spectrogram of the clip" in spectrograms_html(str(late), str(other))


def test_report_has_the_measured_facts(tiny: SpeechQualityLLM, speech_file: Path) -> None:
    judgement = tiny.rate(speech_file, rationale=False)
    assert judgement.measures is not None
    html = report(judgement, "")
    assert f"<dt>Active level</dt><dd>{judgement.measures.active_level_dbov:.1f} dBov</dd>" in html
    assert "<dt>Clipped samples</dt><dd>0.0%</dd>" in html


def test_report_shows_names_and_words_as_text_only(tiny: SpeechQualityLLM, speech_file: Path) -> None:
    faults = (HeardArtifact("packet-loss", "strong", tuple((t, t + 0.25) for t in range(6))),)
    judgement = replace(tiny.rate(speech_file, rationale=False), file="<img src=x>.wav", artifacts=faults)
    html = report(judgement, "<b>bold</b>")
    assert "<img" not in html
    assert "<b>bold" not in html
    assert "<b>Packet loss</b> strong, 0.0–0.2 s, 1.0–1.2 s, 2.0–2.2 s, 3.0–3.2 s and 2 more" in html


def test_text_named_wav_gives_the_sentence_of_the_audio_error(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not audio")
    with pytest.raises(AudioError) as told:
        load_clip(path)
    for call in (("/rate",), ("/ask", "What is the MOS?")):
        endpoint, *question = call
        with pytest.raises(AppError) as problem:
            client.predict(handle_file(path), *question, api_name=endpoint)
        assert str(problem.value) == str(told.value)
    assert str(told.value).split("(")[0] in spectrograms_html(str(path), None).replace("&#x27;", "'")


def test_missing_clip_is_asked_for(client: Client) -> None:
    with pytest.raises(AppError, match=NO_CLIP):
        client.predict(None, api_name="/rate")


@pytest.mark.parametrize(("question", "sentence"), [("  ", "empty"), ("why " * 200, "longer than 500")])
def test_question_that_can_not_be_asked_is_told(tab: RateTab, speech_file: Path, question: str, sentence: str) -> None:
    with pytest.raises(gr.Error, match=sentence):
        last(tab.ask(str(speech_file), question))


def test_missing_checkpoint_is_told_and_tried_again(tiny: SpeechQualityLLM, speech_file: Path) -> None:
    loads: Iterator[Any] = iter([CheckpointError("There is no checkpoint."), tiny])

    def load() -> SpeechQualityLLM:
        if not isinstance(found := next(loads), SpeechQualityLLM):
            raise found
        return found

    tab = RateTab(JudgeLane(load))
    with pytest.raises(gr.Error, match="no checkpoint"):
        last(tab.rate(str(speech_file)))
    assert last(tab.rate(str(speech_file)))[0]["scores"]


class CountingJudge:
    """A judge that counts how often it listens."""

    def __init__(self, judge: SpeechQualityLLM) -> None:
        self.judge, self.listened = judge, 0

    def listen(self, *sources: Any) -> Any:
        self.listened += 1
        return self.judge.listen(*sources)


def test_question_after_a_rating_does_not_listen_again(tiny: SpeechQualityLLM, speech_file: Path) -> None:
    judge = CountingJudge(tiny)
    tab = RateTab(JudgeLane(lambda: judge))  # type: ignore[arg-type, return-value]
    last(tab.rate(str(speech_file)))
    last(tab.ask(str(speech_file), "What is the MOS?"))
    assert judge.listened == 1


def test_file_with_new_contents_under_the_old_name_is_heard_anew(tiny: SpeechQualityLLM, speech_file: Path) -> None:
    tab = RateTab(JudgeLane(lambda: tiny))
    last(tab.rate(str(speech_file)))
    soundfile.write(speech_file, speech_like(2.0, seed=5), SAMPLE_RATE)
    assert last(tab.rate(str(speech_file)))[0] == tiny.rate(speech_file).to_json()


def test_lane_remembers_only_the_last_clips(tiny: SpeechQualityLLM, tmp_path: Path) -> None:
    judge = CountingJudge(tiny)
    lane = JudgeLane(lambda: judge, remembered=2)  # type: ignore[arg-type, return-value]
    paths = [str(tmp_path / f"{seed}.wav") for seed in range(3)]
    for seed, path in enumerate(paths):
        soundfile.write(path, speech_like(1.0, seed), SAMPLE_RATE)
        lane.listen(path, None)
    lane.listen(paths[2], None)
    assert judge.listened == 3
    lane.listen(paths[0], None)
    assert judge.listened == 4


def test_abandoned_answer_leaves_the_next_one_untouched(
    tab: RateTab, tiny: SpeechQualityLLM, speech_file: Path
) -> None:
    answers = tab.ask(str(speech_file), "What is the MOS?")
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert last(tab.rate(str(speech_file)))[0] == tiny.rate(speech_file).to_json()


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
