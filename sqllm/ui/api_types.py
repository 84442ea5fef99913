"""The JSON that the endpoints take and give, as types: Gradio makes their schemas of these."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

from gradio.blocks import Block
from gradio.data_classes import FileDataMeta
from gradio.processing_utils import save_base64_to_cache, save_url_to_cache
from gradio.utils import get_upload_folder, is_in_or_equal

from sqllm.ui.lane import NO_CLIP


class UploadedFile(TypedDict):
    """A file that was uploaded to this page: what `gradio_client.handle_file` makes of a path or an address."""

    path: str
    meta: FileDataMeta


class ScoreJson(TypedDict):
    """A score, its standard deviation, and the ends of its 90% interval, 1 to 5."""

    mean: float
    std: float
    low: float
    high: float


class ScoresJson(TypedDict):
    """The five scores; 5 is best in each."""

    mos: ScoreJson
    noisiness: ScoreJson
    coloration: ScoreJson
    discontinuity: ScoreJson
    loudness: ScoreJson


class ArtifactJson(TypedDict):
    """A fault heard: its kind, "slight", "moderate" or "strong", and its moments in seconds (none: all along)."""

    kind: str
    severity: str
    spans: list[list[float]]


class RatingJson(TypedDict):
    """A judgement; `scores` and `rationale` are null where there is no speech."""

    file: str
    reference: str | None
    seconds: float
    profile: str
    scores: ScoresJson | None
    votes: dict[str, Any] | None
    rationale: str | None
    artifacts: list[ArtifactJson]
    speech: dict[str, Any]
    alignment: dict[str, Any] | None
    measures: dict[str, Any] | None
    conditioning: list[str]
    warnings: list[str]
    model: dict[str, str]


class AnswerJson(TypedDict):
    """The answer to a question."""

    file: str
    question: str
    profile: str
    answer: str
    warnings: list[str]
    model: dict[str, str]


class PairJson(TypedDict):
    """Two clips, by their letters: which is better, by how much, how surely, and why."""

    first: str
    second: str
    difference: ScoreJson | None
    probability_first_is_better: float | None
    better: str | None
    text: str


class ComparedJson(TypedDict):
    """A clip among others."""

    letter: str
    file: str
    scores: ScoresJson | None
    artifacts: list[ArtifactJson]
    warnings: list[str]


class ComparisonJson(TypedDict):
    """Clips held against each other; `ranking` holds their letters from the best on."""

    profile: str
    clips: list[ComparedJson]
    ranking: list[str]
    pairs: list[PairJson]
    model: dict[str, str]


class PanelJson(TypedDict):
    """What a panel votes: the MOS with its 95% interval over listeners, single votes and who gave them."""

    file: str
    listeners: int
    seed: int
    mos: float | None
    low: float | None
    high: float | None
    std: float | None
    histogram: list[int]
    expected: ScoreJson | None
    profiles: list[dict[str, Any]]
    votes: list[int]
    seats: list[str]
    outliers: list[int]
    warnings: list[str]
    model: dict[str, str]


class ConditionJson(TypedDict):
    """The mean MOS of a condition's clips, with its 95% interval over clips."""

    name: str
    clips: int
    mos: float
    low: float
    high: float


class ScoresTableJson(TypedDict):
    """A row a clip, as `sqllm score` writes it; `error` says why one could not be read."""

    rows: list[dict[str, Any]]
    conditions: list[ConditionJson]
    notes: list[str]


class PlanJson(TypedDict):
    """A listening test in numbers, and `summary` in words."""

    design: str
    platform: str
    conditions: list[dict[str, Any]]
    listeners: int
    for_difference: int | None
    for_interval: int | None
    sessions: int
    votes: int
    minutes: float
    minutes_each: float
    pairs: list[dict[str, Any]]
    training: list[str]
    gold: list[str]
    traps: list[str]
    notes: list[str]
    summary: str


def path_of(file: UploadedFile | str | None, owner: Block) -> str:
    """The path of an uploaded file; what comes as text, as tools of an MCP server send it, is fetched to the owner's
    cache: a data address, or an http address that anybody can reach.

    Raises `ValueError` for none, and for a path that was not uploaded here.
    """
    if isinstance(file, str):
        return _fetched(file, owner)
    path = file.get("path") if isinstance(file, dict) else None
    if not path:
        raise ValueError(NO_CLIP)
    if not is_in_or_equal(Path(path).resolve(), Path(get_upload_folder()).resolve()):
        raise ValueError("Upload the file first: only files that were uploaded to this page are read.")
    return path


def _fetched(text: str, owner: Block) -> str:
    if text.startswith("data:"):
        path = save_base64_to_cache(text, owner.GRADIO_CACHE)
    elif text.startswith(("http://", "https://")):
        path = save_url_to_cache(text, owner.GRADIO_CACHE)
    else:
        raise ValueError("Give a file as an http address or as data:audio/wav;base64,...")
    owner.temp_files.add(path)
    return path
