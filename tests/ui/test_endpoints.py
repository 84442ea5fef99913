"""The page's endpoints, called as a script calls them, and as tools by an MCP client."""

from __future__ import annotations

import ast
import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import av
import gradio as gr
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.profiles import PROFILES, get_profile, with_words
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import AudioError, load_clip
from sqllm.ui.api_types import path_of
from sqllm.ui.lane import NO_CLIP
from sqllm.words.questions import PRESETS
from tests.tiny import speech_like

JOBS = {"/rate", "/ask", "/compare", "/panel", "/score", "/plan", "/profiles", "/scale"}


def test_the_jobs_are_offered_to_scripts_and_nothing_else(client: Client) -> None:
    offered = client.view_api(return_format="dict")
    assert set(offered["named_endpoints"]) == JOBS
    assert offered["unnamed_endpoints"] == {}
    (returned,) = offered["named_endpoints"]["/rate"]["returns"]
    assert set(returned["type"]["properties"]["scores"]["oneOf"][1]["properties"]) == set(DIMENSIONS)


def test_rate_gives_the_judgement_of_the_judge(
    client: Client, tiny: SpeechQualityLLM, speech_file: Path, reference_file: Path
) -> None:
    clips = handle_file(speech_file), handle_file(reference_file)
    answer = client.predict(*clips, "strict-expert", "  listens in a  car ", api_name="/rate")
    profile = with_words(get_profile("strict-expert"), "listens in a car")
    assert answer == tiny.listen(speech_file, reference_file).rate(profile).to_json()


def test_rate_needs_only_a_clip(client: Client, tiny: SpeechQualityLLM, speech_file: Path) -> None:
    assert client.predict(handle_file(speech_file), api_name="/rate") == tiny.rate(speech_file).to_json()


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
    assert client.predict(handle_file(path), api_name="/rate") == tiny.rate(path).to_json()


def test_ask_gives_the_answer_of_the_judge(client: Client, tiny: SpeechQualityLLM, speech_file: Path) -> None:
    question = next(iter(PRESETS.values()))
    answer = client.predict(handle_file(speech_file), question, api_name="/ask")
    assert answer == tiny.ask(speech_file, question).to_json()


def test_compare_ranks_and_gives_the_verdict_of_the_judge_on_every_two(
    client: Client, tiny: SpeechQualityLLM, clips: list[Path]
) -> None:
    found = client.predict([handle_file(clip) for clip in clips], api_name="/compare")
    means = {letter: tiny.listen(clip).scores()["mos"].mean for letter, clip in zip("ABC", clips, strict=True)}
    assert found["ranking"] == sorted("ABC", key=lambda letter: -means[letter])
    assert [(pair["first"], pair["second"]) for pair in found["pairs"]] == [("A", "B"), ("A", "C"), ("B", "C")]
    verdict = tiny.compare(clips[0], clips[2]).to_json()
    assert found["pairs"][1]["probability_first_is_better"] == verdict["probability_a_is_better"]
    assert found["pairs"][1]["text"] == verdict["text"]


def test_panel_gives_the_votes_of_the_judges_panel(client: Client, tiny: SpeechQualityLLM, speech_file: Path) -> None:
    mix = {"typical": 2, "strict-expert": 1}
    found = client.predict(handle_file(speech_file), None, 9, mix, 3, api_name="/panel")
    assert found == tiny.panel(speech_file, listeners=9, mix=mix, seed=3).to_json()


@pytest.mark.parametrize(
    ("call", "arguments", "sentence"),
    [
        ("/compare", (["one"],), "Give 2 to 8 clips to compare, not 1"),
        ("/panel", ("one", None, 1), "A panel has 2 to"),
        ("/panel", ("one", None, 5000), "at most 1000 listeners"),
        ("/panel", ("one", None, 5, {"typical": -1}), "a number above 0"),
        ("/rate", ("one", None, "expret"), "There is no listener profile 'expret'"),
        ("/ask", ("one", "why " * 200), "longer than 500"),
        ("/ask", ("one", "  "), "empty"),
    ],
)
def test_what_can_not_be_done_is_told_in_a_sentence(
    client: Client, speech_file: Path, call: str, arguments: tuple[Any, ...], sentence: str
) -> None:
    def filled(value: Any) -> Any:
        return [filled(one) for one in value] if isinstance(value, list) else handle_file(speech_file)

    first, *others = arguments
    with pytest.raises(AppError, match=sentence):
        client.predict(filled(first), *others, api_name=call)


def test_text_named_wav_gives_the_sentence_of_the_audio_error(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not audio")
    with pytest.raises(AudioError) as told:
        load_clip(path)
    for endpoint, *question in (("/rate",), ("/ask", "What is the MOS?")):
        with pytest.raises(AppError) as problem:
            client.predict(handle_file(path), *question, api_name=endpoint)
        assert str(problem.value) == str(told.value)


def test_missing_clip_is_asked_for(client: Client) -> None:
    with pytest.raises(AppError, match=NO_CLIP):
        client.predict(None, api_name="/rate")


def test_files_that_were_not_uploaded_are_not_read(client: Client, speech_file: Path) -> None:
    with pytest.raises(AppError):
        client.predict({"path": str(speech_file)}, api_name="/rate")
    with pytest.raises(ValueError, match="Upload the file first"):
        path_of({"path": str(speech_file), "meta": {"_type": "gradio.FileData"}}, gr.File())
    with pytest.raises(ValueError, match="http address"):
        path_of(str(speech_file), gr.File())


def ask_tools(page: gr.Blocks, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """What some work finds with a session of an MCP client."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def within() -> Any:
        async with (
            streamablehttp_client(f"{page.local_url}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await work(session)

    return asyncio.run(within())


def test_the_jobs_are_tools_with_a_schema_and_a_description(page: gr.Blocks) -> None:
    tools = {tool.name: tool for tool in ask_tools(page, lambda session: session.list_tools()).tools}
    assert set(tools) == {job.strip("/") for job in JOBS - {"/profiles", "/scale"}}
    schema = tools["rate"].inputSchema
    assert schema["required"] == ["clip"]
    assert schema["properties"]["rationale"]["type"] == "boolean"
    assert all("description" in one for tool in tools.values() for one in tool.inputSchema["properties"].values())
    assert tools["rate"].description.startswith("Rate the quality of a speech clip")


def test_each_tool_gives_what_its_endpoint_gives(
    page: gr.Blocks, tiny: SpeechQualityLLM, speech_file: Path, reference_file: Path
) -> None:
    clip, reference = (
        f"data:audio/wav;base64,{base64.b64encode(path.read_bytes()).decode()}"
        for path in (speech_file, reference_file)
    )
    calls: dict[str, dict[str, Any]] = {
        "rate": {"clip": clip, "reference": reference, "rationale": False},
        "ask": {"clip": clip, "question": "What is the MOS?"},
        "compare": {"clips": [clip, reference]},
        "panel": {"clip": clip, "listeners": 5},
    }

    async def call(session: Any) -> dict[str, Any]:
        return {name: await session.call_tool(name, arguments) for name, arguments in calls.items()}

    found = ask_tools(page, call)
    assert not any(answer.isError for answer in found.values()), found
    told = {name: ast.literal_eval(answer.content[0].text) for name, answer in found.items()}
    expected = tiny.listen(speech_file, reference_file).rate(rationale=False).to_json()
    assert told["rate"]["scores"] == expected["scores"]
    assert told["ask"]["answer"] == tiny.ask(speech_file, "What is the MOS?").text
    assert {clip["letter"] for clip in told["compare"]["clips"]} == {"A", "B"}
    assert told["panel"]["votes"] == tiny.panel(speech_file, listeners=5).votes.tolist()


def test_profiles_and_scale_are_resources(page: gr.Blocks) -> None:
    async def read(session: Any) -> list[Any]:
        uris = [resource.uri for resource in (await session.list_resources()).resources]
        return [json.loads((await session.read_resource(uri)).contents[0].text) for uri in sorted(uris, key=str)]

    profiles, scale = ask_tools(page, read)
    assert list(profiles) == list(PROFILES)
    assert tuple(scale) == DIMENSIONS
    assert len(scale["mos"]["words"]) == 5


def test_score_gives_a_row_a_clip_and_plan_a_test_from_such_rows(
    client: Client, tiny: SpeechQualityLLM, clips: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_text("not audio")
    table = client.predict([handle_file(file) for file in (*clips, broken)], api_name="/score")
    assert [row["file"] for row in table["rows"]] == ["first.wav", "second.wav", "third.wav", "broken.wav"]
    assert table["rows"][0]["mos"] == round(tiny.listen(clips[0]).scores()["mos"].mean, 3)
    assert "can't be read as audio" in table["rows"][3]["error"]
    scores = tmp_path / "scores.csv"
    rows = [f"c{n}/{m}.wav,c{n},{1.5 + n}" for n in range(3) for m in range(3)]
    scores.write_text("\n".join(["file,condition,mos", *rows]))
    plan, archive = client.predict(handle_file(scores), "acr", "webmushra", api_name="/plan")
    assert [one["condition"] for one in plan["conditions"]] == ["c0", "c1", "c2"]
    assert plan["listeners"] >= 2
    assert Path(archive).name.endswith(".zip")
