"""The page's jobs for programs: named endpoints, JSON in and out, which are tools of the MCP server too."""

# Annotations stay what they are here, not text: Gradio reads what is returned from them.
import json
from collections.abc import Callable
from typing import Any, Literal, cast

import gradio as gr
from gradio.blocks import Block
from gradio.data_classes import FileData, FileDataDict

from sqllm.batch.columns import Wanted
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.panel import Mix, SeatedPanel
from sqllm.listeners.profiles import PROFILES, TYPICAL
from sqllm.planning.conditions import planned_test
from sqllm.scores import DIMENSION_WORDS
from sqllm.ui.api_types import (
    AnswerJson,
    ComparisonJson,
    ConditionJson,
    PanelJson,
    PlanJson,
    RatingJson,
    ScoresTableJson,
    UploadedFile,
    path_of,
)
from sqllm.ui.batch_files import gather
from sqllm.ui.batch_run import condition_means, run_batch
from sqllm.ui.comparison import FEWEST, MOST, ClipComparison, compare_clips
from sqllm.ui.lane import THE_JUDGE, JudgeLane, Listened, check_length, errors_in_words, listener_profile
from sqllm.ui.plan_steps import plan_json, plan_settings, scores_of_table, write_archive
from sqllm.ui.published import publish

MOST_LISTENERS = 1000


class Endpoints:
    """The jobs as functions; their docstrings and types are what an API's or a tool's user reads."""

    def __init__(self, lane: JudgeLane, owner: Block) -> None:
        self.lane, self.owner = lane, owner

    def _listen(self, clip: UploadedFile, reference: UploadedFile | None = None) -> Listened:
        paths = [path_of(file, self.owner) for file in (clip, reference) if file is not None or file is clip]
        return self.lane.listen(*paths)

    def rate(
        self,
        clip: UploadedFile,
        reference: UploadedFile | None = None,
        profile: str = TYPICAL.name,
        note: str = "",
        rationale: bool = True,
    ) -> RatingJson:
        """Rate the quality of a speech clip as a listener would: MOS, noisiness, coloration, discontinuity, loudness.

        All scores run from 1 to 5 and 5 is best. Faults heard and what was measured come along.

        Args:
            clip: audio or video file with speech
            reference: the same speech before it was degraded; it need not be lined up
            profile: who listens: typical, noise-sensitive, strict-expert, hearing-impaired or phone-speaker
            note: more about the listener in free words
            rationale: whether the reason is put into words, which takes longer
        """
        with errors_in_words():
            listener = listener_profile(profile, note)
            heard = self._listen(clip, reference)
            return cast(RatingJson, self.lane.run(Hearing.rate, heard, listener, rationale).to_json())

    def ask(
        self,
        clip: UploadedFile,
        question: str,
        reference: UploadedFile | None = None,
        profile: str = TYPICAL.name,
        note: str = "",
    ) -> AnswerJson:
        """Ask anything about the quality of a speech clip, in plain English: "Would this pass in a business call?".

        Args:
            clip: audio or video file with speech
            question: about this clip's quality, faults, measured facts, or what it is good enough for
            reference: the same speech before it was degraded
            profile: who listens: typical, noise-sensitive, strict-expert, hearing-impaired or phone-speaker
            note: more about the listener in free words
        """
        with errors_in_words():
            check_length(question, "question")
            listener = listener_profile(profile, note)
            heard = self._listen(clip, reference)
            return cast(AnswerJson, self.lane.run(Hearing.ask, heard, question, listener).to_json())

    def compare(self, clips: list[UploadedFile], profile: str = TYPICAL.name) -> ComparisonJson:
        """Compare two to eight speech clips: a ranking, and for every two which is better, how surely, and why.

        Args:
            clips: audio or video files with speech, of the same sentence or not
            profile: who listens: typical, noise-sensitive, strict-expert, hearing-impaired or phone-speaker
        """
        with errors_in_words():
            if not FEWEST <= len(clips or []) <= MOST:
                raise ValueError(f"Give {FEWEST} to {MOST} clips to compare, not {len(clips or [])}.")
            listener, heard = listener_profile(profile, None), tuple(self._listen(clip) for clip in clips)
            *_, found = self.lane.stream(compare_clips, heard, listener)
            return cast(ComparisonJson, cast(ClipComparison, found).to_json())

    def panel(
        self,
        clip: UploadedFile,
        reference: UploadedFile | None = None,
        listeners: int = 24,
        mix: dict[str, float] | None = None,
        seed: int = 0,
    ) -> PanelJson:
        """Ask a simulated panel to vote on a speech clip: MOS with its 95% interval, histogram, single votes.

        Args:
            clip: audio or video file with speech
            reference: the same speech before it was degraded
            listeners: how many, 2 to 1000
            mix: shares of profiles, such as {"typical": 3, "strict-expert": 1}; default: four in five typical
            seed: other seeds, other listeners; the same seed brings the same people to every clip
        """
        with errors_in_words():
            if listeners > MOST_LISTENERS:
                raise ValueError(f"A panel of the page has at most {MOST_LISTENERS} listeners, not {listeners}.")
            SeatedPanel.drawn(Mix.of(mix) if mix else Mix.default(), listeners, seed)
            heard = self._listen(clip, reference)
            asked = self.lane.run(SpeechQualityLLM.panel, THE_JUDGE, heard, None, listeners, mix or None, seed)
            return cast(PanelJson, asked.to_json())

    def score(
        self,
        files: list[UploadedFile],
        profile: str = TYPICAL.name,
        faults: bool = True,
        votes: bool = False,
        rationale: bool = False,
    ) -> ScoresTableJson:
        """Score many speech clips: a row a clip, also one that fails, and the mean of every condition.

        Args:
            files: clips, zip archives of clips (folders are conditions), or clips and a table (CSV: file,ref,condition)
            profile: who listens: typical, noise-sensitive, strict-expert, hearing-impaired or phone-speaker
            faults: whether the faults heard are written
            votes: whether the shares of people's votes to expect are written
            rationale: whether the reason is put into words, which takes far longer
        """
        with errors_in_words():
            listener, paths = listener_profile(profile, None), [path_of(file, self.owner) for file in files or []]
            gathered = gather(paths, self.owner)
            *_, run = run_batch(self.lane, gathered, listener, Wanted(faults, rationale, votes))
            means = [cast(ConditionJson, vars(one)) for one in condition_means(run.rows)]
            return {"rows": run.told(), "conditions": means, "notes": list(gathered.notes)}

    def plan(
        self,
        scores: UploadedFile,
        design: Literal["acr", "dcr", "ccr", "p835", "p804", "mushra", "pairs"] = "acr",
        platform: Literal["p808", "hitapp", "webmushra", "golisten"] = "p808",
        difference: float = 0.5,
        interval: float = 0.3,
        listeners: int = 0,
        per_condition: int = 0,
    ) -> tuple[PlanJson, FileDataDict]:
        """Plan a listening test from a table of scores: how many listeners, which clips, and a platform's files.

        Args:
            scores: CSV with file, condition and mos, as the endpoint score or the command sqllm score gives it
            design: acr, dcr, ccr, p835, p804, mushra or pairs
            platform: p808, hitapp, webmushra or golisten
            difference: between two conditions that is to be found, in MOS
            interval: half width wanted of the 95% intervals of conditions, in MOS
            listeners: how many; 0: as many as difference and interval take
            per_condition: clips of each condition; 0: all
        """
        with errors_in_words():
            tests = planned_test(scores_of_table(path_of(scores, self.owner)))
            settings = plan_settings(design, platform, difference, interval, listeners, per_condition)
            written = write_archive(tests, settings)
            path = publish(self.owner, written.archive, "listening-test.zip")
            archive = cast(FileDataDict, FileData(path=path, orig_name="listening-test.zip").model_dump())
            return cast(PlanJson, plan_json(written)), archive


@gr.mcp.resource("sqllm://profiles", mime_type="text/plain")
def profiles() -> str:
    """The listener profiles by name, with what each stands for, as JSON."""
    return json.dumps({name: {"title": one.title, "about": one.who} for name, one in PROFILES.items()}, indent=1)


@gr.mcp.resource("sqllm://scale", mime_type="text/plain")
def scale() -> str:
    """The scale: for each dimension its name and the words of 1 to 5, as JSON; 5 is best in every dimension."""
    return json.dumps({key: {"name": name, "words": words} for key, (name, words) in DIMENSION_WORDS.items()}, indent=1)


def add_endpoints(lane: JudgeLane) -> None:
    """Offer all of them on the current `gr.Blocks`."""
    jobs = Endpoints(lane, gr.File(visible=False))  # the owner of what is fetched
    for job in (jobs.rate, jobs.ask, jobs.compare, jobs.panel):
        _offer(job, concurrency_id="model", concurrency_limit=1)
    _offer(jobs.score, concurrency_id="batch", concurrency_limit=2)
    _offer(jobs.plan, concurrency_id="plan", concurrency_limit=2)
    for resource in (profiles, scale):
        _offer(resource)


def _offer(job: Callable[..., Any], **settings: Any) -> None:
    gr.events.api(job, api_name=job.__name__, **settings)
