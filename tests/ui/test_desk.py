"""The listening desk: pictures and sounds on one axis, faults where they are."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import soundfile
from PIL import Image

from sqllm.judge.hearing import TimelinePoint
from sqllm.scores import DIMENSIONS, HeardArtifact, Score
from sqllm.signal.audio import SAMPLE_RATE, Clip
from sqllm.ui.desk import clips_desk, desk_html, pair_desk
from sqllm.ui.pictures import SINE_DBOV, difference_image, levels_image, levels_of, top_of
from tests.tiny import sentence, tone

NOISE = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)


def path_in(address: str) -> Path:
    return Path(address.removeprefix("gradio_api/file="))


def test_levels_are_in_dbov() -> None:
    level = levels_of(tone(1000.0).numpy()[0]).max()
    assert level == pytest.approx(SINE_DBOV, abs=0.3)


def test_one_colour_means_one_level_in_all_pictures() -> None:
    loud, quiet = levels_of(NOISE), levels_of(0.1 * NOISE)
    top = top_of([loud, quiet])
    steps = [np.asarray(Image.open(io.BytesIO(levels_image(level, top))), float) for level in (loud, quiet)]
    assert np.median(steps[0] - steps[1]) == pytest.approx(20 / 0.5, abs=2)


def test_difference_is_black_where_nothing_changed_and_warm_where_there_is_more() -> None:
    levels = levels_of(NOISE)
    image = Image.open(io.BytesIO(difference_image(levels + 20, levels, 0.0))).convert("RGB")
    red, _, blue = np.asarray(image, float).reshape(-1, 3).mean(axis=0)
    assert red > blue + 20
    same = Image.open(io.BytesIO(difference_image(levels, levels, 0.0))).convert("RGB")
    assert np.asarray(same).max() < 40


def test_reference_lies_on_the_clips_time_axis_and_one_of_other_speech_is_left_out() -> None:
    speech = sentence(4, 1)
    late = Clip(np.pad(0.5 * speech, (8_000, 0)), "late.wav")
    desk = pair_desk(gr.HTML(), late, Clip(speech, "clean.wav"), "key")
    assert [track.name for track in desk.tracks] == ["Clip", "Reference", "Difference"]
    assert {track.seconds for track in desk.tracks} == {late.seconds}
    sounds = [soundfile.read(path_in(track.sound))[0] for track in desk.tracks[:2]]
    assert len(sounds[0]) == len(sounds[1])
    assert np.corrcoef(*sounds)[0, 1] > 0.99
    other = pair_desk(gr.HTML(), late, Clip(sentence(4, 2), "other.wav"), "key")
    assert [track.name for track in other.tracks] == ["Clip"]


def test_faults_are_buttons_where_they_happen() -> None:
    faults = (HeardArtifact("packet-loss", "strong", ((1.0, 1.5),)), HeardArtifact("hum", "slight"))
    html = replace(clips_desk(gr.HTML(), [("Clip", Clip(sentence(4, 1)))], "key"), faults=faults).html()
    assert 'data-at="1.000" data-until="1.500" style="left:25.000%;width:12.500%"' in html
    assert 'aria-label="Play packet loss, 1.0 to 1.5 s"' in html
    assert 'aria-label="Play hum, all along"' in html
    assert html.count("sq-marked") == 1


def test_long_clips_have_their_scores_over_time() -> None:
    desk = clips_desk(gr.HTML(), [("Clip", Clip(sentence(4, 1)))], "key")
    points = tuple(TimelinePoint(t, t + 2.0, {d: Score(3 + t / 2, 0.2) for d in DIMENSIONS}) for t in (0.0, 2.0))
    html = replace(desk, timeline=points).html()
    assert re.findall(r"--share:([\d.]+)", html) == ["0.500", "0.750"]
    assert "2 to 4 s: MOS 4.0, noisiness 4.0" in html
    assert "sq-window" not in desk.html()


def test_names_are_text_only() -> None:
    html = clips_desk(gr.HTML(), [("<b>x</b>", Clip(sentence(4, 1), "<i>.wav"))], 'a"b').html()
    assert "<b>x" not in html
    assert 'data-key="a&quot;b"' in html


def test_what_can_not_be_shown_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not audio")
    assert "can&#x27;t be read as audio" in desk_html(gr.HTML(), str(path), None, "key")
    assert "once there is a clip" in desk_html(gr.HTML(), None, None, "")
