"""`Hearing`: a clip the model has listened to once; every score, answer and listener is asked on what it remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sqllm.judge.faults import faults_of_windows, with_lost_speech
from sqllm.judge.readout import Heard, Reading, Vocabulary, read_tokens
from sqllm.judge.signal_checks import reference_notes
from sqllm.judge.understanding import understand
from sqllm.judge.wording import SAYS, SPEECHLESS_FAMILIES, Wording
from sqllm.listeners.asked_for import described_in, listener_before, listener_called
from sqllm.listeners.mapping import ScaleMapping, check_fits
from sqllm.listeners.profiles import TYPICAL, ListenerProfile, as_taught, get_profile
from sqllm.listeners.votes import LABORATORY
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import (
    DIMENSIONS,
    HeardArtifact,
    Judgement,
    ListenerNotes,
    Measures,
    ReferenceMatch,
    Score,
    Speech,
    VoteShares,
)
from sqllm.signal.audio import Clip
from sqllm.signal.measures import measure
from sqllm.signal.speech import find_speech
from sqllm.words.facts import Facts, Window
from sqllm.words.known_wordings import known_question
from sqllm.words.questions import NO_SPEECH_ANSWERS, RATIONALE_QUESTION, Question, with_listener
from sqllm.words.selection.scope import UNKNOWN_LISTENER, named_listener
from sqllm.words.selection.select import select


class NoSpeechError(ValueError):
    """A clip holds no speech, so there is nothing to rate; the message says so in a sentence."""


@dataclass(frozen=True)
class Answer:
    """An answer in the model's words: the question, the listener's profile, the text and the clip's warnings."""

    file: str
    question: str
    profile: str
    text: str
    warnings: tuple[str, ...]
    model: dict[str, str]

    def to_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "question": self.question,
            "profile": self.profile,
            "answer": self.text,
            "warnings": list(self.warnings),
            "model": dict(self.model),
        }


@dataclass(frozen=True)
class TimelinePoint:
    """The scores of one window of a long clip, from `start` to `end` in seconds."""

    start: float
    end: float
    scores: dict[str, Score]


@dataclass
class Hearing:
    """A clip in the model's memory. Made by `SpeechQualityLLM.listen`.

    `degraded` are audio tokens a window, [windows, tokens, width + BESIDE]; `reference_tokens` those of the reference,
    with what changed against it, [windows, tokens, width + BESIDE + CHANGES]; `spans` the windows in seconds, which
    leave out long stretches without `speech` (without any there are none); `alignment` says how the reference fits,
    None where there is none; `located` says how likely each of the encoder's `located_kinds` is at each moment,
    [frames, kinds] a window, where the encoder can tell. `mapping` puts the overall score on the scale of a listening
    test. Not safe to use from two threads at once.
    """

    model: SpeechQualityModel
    name: dict[str, str]
    clip: Clip
    reference: Clip | None
    spans: list[tuple[float, float]]
    degraded: Tensor
    reference_tokens: Tensor | None
    warnings: tuple[str, ...]
    speech: Speech
    alignment: ReferenceMatch | None = None
    located: list[Tensor] = field(default_factory=list, repr=False)
    mapping: ScaleMapping | None = None
    _overall: dict[str, Score] = field(default_factory=dict, repr=False)
    _heard: dict[str, list[Heard]] = field(default_factory=dict, repr=False)
    _memory: dict[int, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._vocabulary = Vocabulary.of(self.model)

    def scores(self, profile: str | ListenerProfile | None = None) -> dict[str, Score]:
        """The five scores of a listener, by dimension; of a long clip, over all windows with speech. With a `mapping`
        the overall one is on its test's scale.

        Raises `NoSpeechError` where there is none (`speech_found`), as everything does that rests on scores, and
        `ValueError` where the mapping is another listener's.
        """
        listener = self._listener(profile)
        heard = self._listen_as(listener)
        scores = {d: self._aggregate([window.scores[0][d] for window in heard]) for d in DIMENSIONS}
        return self._mapped(scores, listener, slice(None))

    def _mapped(self, scores: dict[str, Score], listener: ListenerProfile, windows: slice) -> dict[str, Score]:
        if self.mapping is None:
            return scores
        check_fits(self.mapping, describe_profile(listener), self.name.get("revision", ""))
        return scores | {"mos": self.mapping.apply(scores["mos"], self.pooled_tokens(windows))}

    def pooled_tokens(self, windows: slice = slice(None)) -> np.ndarray:
        """Mean and standard deviation of the clip's audio tokens over time, [2 (width + BESIDE)]; of several windows
        their mean, weighted by the seconds each adds.
        """
        tokens, weights = self.degraded[windows].double().cpu(), self._weights()[windows]
        pooled = torch.cat([tokens.mean(dim=1), tokens.std(dim=1)], dim=1).numpy()  # [windows, 2 (width + BESIDE)]
        return np.asarray(weights @ pooled / weights.sum())

    def overall(self, profiles: Sequence[ListenerProfile]) -> list[Score]:
        """The MOS of several listeners, all that are not known yet read in one pass; without the mapping.

        Raises `NoSpeechError` where there is no speech.
        """
        profiles = [self._listener(profile) for profile in profiles]
        unread = {repr(profile): profile for profile in profiles if repr(profile) not in self._overall}
        if unread:
            heard = self._read(Reading.of(self._vocabulary, list(unread.values()), dimensions=("mos",)))
            for number, key in enumerate(unread):
                self._overall[key] = self._aggregate([window.scores[number]["mos"] for window in heard])
        return [self._overall[repr(profile)] for profile in profiles]

    def means(self, profile: str | ListenerProfile | None = None) -> dict[str, float]:
        """What a listener is expected to score, by dimension."""
        return {name: score.mean for name, score in self.scores(profile).items()}

    def timeline(self, profile: str | ListenerProfile | None = None) -> list[TimelinePoint]:
        """The scores of each 10 s window with speech."""
        if not self.speech_found:
            return []
        listener = self._listener(profile)
        windows = zip(self.spans, self._listen_as(listener), strict=True)
        return [
            TimelinePoint(*span, self._mapped(dict(heard.scores[0]), listener, slice(row, row + 1)))
            for row, (span, heard) in enumerate(windows)
        ]

    def artifacts(self) -> tuple[HeardArtifact, ...]:
        """The faults heard in the clip (any window), with spans for what happens at moments; of a long clip the others
        have the windows they are heard in. Speech that a reference shows to be lost is among them.
        """
        if not self.speech_found:
            return ()
        encoder = self.model.encoder
        heard = self._listen_as(TYPICAL)
        faults = faults_of_windows(heard, self.spans, self.located, encoder.located_kinds, encoder.frame_rate)
        return with_lost_speech(faults, self.alignment, self.spans)

    @property
    def reference_state(self) -> str:
        """Whether a reference was given and holds the same speech: `none`, `identical`, `same` or `other`."""
        return self.alignment.state if self.alignment else "none"

    @property
    def speech_found(self) -> bool:
        """Whether there is any speech to rate."""
        return bool(self.spans)

    def rate(self, profile: str | ListenerProfile | None = None, rationale: bool = True) -> Judgement:
        """A listener's judgement: five scores, artifacts, and (`rationale`) the reason in words; none of them where
        there is no speech.
        """
        listener = self._listener(profile)
        reason = rationale and self.speech_found
        text = "".join(self.stream(RATIONALE_QUESTION, listener)) if reason else None
        scores = self.scores(listener) if self.speech_found else None
        return Judgement(
            file=self.clip.name,
            reference=self.reference.name if self.reference and self.reference_tokens is not None else None,
            seconds=self.clip.seconds,
            profile=describe_profile(listener),
            scores=scores,
            rationale=text,
            artifacts=self.artifacts(),
            speech=self.speech,
            warnings=self.warnings,
            model=self.name,
            alignment=self.alignment,
            measures=self.measures,
            conditioning=self.conditioning,
            votes=VoteShares(LABORATORY.probabilities(np.array(scores["mos"].mean))) if scores else None,
            listener=ListenerNotes(listener.asked or listener.name, listener.understood, listener.ignored),
        )

    @cached_property
    def measures(self) -> Measures:
        """What can be measured of the clip."""
        return measure(self.clip, self.speech.spans)

    @property
    def conditioning(self) -> tuple[str, ...]:
        """What was done to the clip, and to its reference, before they were heard, a sentence each."""
        heard = self.reference if self.reference_tokens is not None else None
        return (*self.clip.conditioning, *(reference_notes(heard) if heard else ()))

    def ask(self, question: str, profile: str | ListenerProfile | None = None, previous: str | None = None) -> Answer:
        """The model's answer to a question in plain words; raises `ValueError` for an empty question. `previous` is the
        question before it, which one such as "And the noise?" goes on from.
        """
        return self.answer(question, "".join(self.stream(question, profile, previous)), profile)

    def answer(self, question: str, text: str, profile: str | ListenerProfile | None = None) -> Answer:
        """What `stream` said to a question, with what belongs to it."""
        said_as = describe_profile(self._listener(profile))
        return Answer(self.clip.name, question, said_as, text, self.warnings, self.name)

    def stream(
        self, question: str, profile: str | ListenerProfile | None = None, previous: str | None = None
    ) -> Iterator[str]:
        """The answer to a question, a sentence at a time; the same words every time.

        The question is understood, the facts that answer it are selected, and they are put into words, by the LLM or
        composed; how is drawn by facts and question, so that other clips are talked about in other words. Nothing is
        said that the facts don't prove. Where no speech was found, the answer says so, unless scores are not asked for.
        """
        yield from self.say(self.understood(question, previous), profile)

    def say(self, understood: Sequence[Question], profile: str | ListenerProfile | None = None) -> Iterator[str]:
        """What `stream` says to a question that is understood."""
        if not self.speech_found and not all(asked.family in SPEECHLESS_FAMILIES for asked in understood):
            yield NO_SPEECH_ANSWERS[0]
            return
        for place, asked in enumerate(understood):
            yield from [" "] if place else []
            yield from self.answer_to(asked, profile)

    def understood(self, question: str, previous: str | None = None) -> tuple[Question, ...]:
        """What a question asks for, one thing after the other: looked up where it is in one of our own wordings, else
        read by the LLM for words, where the checkpoint has one. Raises `ValueError` for an empty question.
        """
        if not question.strip():
            raise ValueError("The question is empty.")
        if known := known_question(question):
            return (replace(known, listener=listener_before(question, previous or "")),)
        if self.model.words is None:
            return (Question("unclear", question),)
        return tuple(one.question for one in understand(self.model.words, question, previous))

    def answer_to(
        self, question: Question, profile: str | ListenerProfile | None = None, checked: bool = True
    ) -> Iterator[str]:
        """The answer to a question that is understood, a sentence at a time: worded by the LLM for words where the
        checkpoint says such answers well, else composed.

        What is not `checked` comes as it is drafted first, for those who measure drafts.
        """
        own = self._listener(profile)
        question, listener = self._asked_for(question, own)
        selected = select(self.facts(listener), question)
        told_for_whom = question.family == "listener" or listener == own
        if not told_for_whom and selected != select(self.facts(own), question):
            yield f"For {named_listener(listener.name)}: "
        request = with_listener(" ".join(question.text.split()), listener)
        wording = Wording(request, question, selected, checked)
        words = self.model.words
        if words is None or question.family not in self.model.config.extra.get(SAYS, ()):
            yield wording.composed()
        else:
            yield from wording.by_words(words)

    def facts(self, profile: str | ListenerProfile | None = None) -> Facts:
        """Everything that may be said of the clip for a listener; of one without speech only what was measured."""
        listener = self._listener(profile)
        known, hears = (self.measures, self.speech), tuple(self.model.config.artifact_kinds)
        if not self.speech_found:
            return Facts(listener.name, {}, (), *known, (), self.alignment, self._reference_measures, hears)
        windows = [Window(point.start, point.end, point.scores["mos"].mean) for point in self.timeline(listener)]
        beside = (self.alignment, self._reference_measures)
        return Facts.of(listener.name, self.scores(listener), self.artifacts(), *known, windows, *beside, hears=hears)

    @cached_property
    def _reference_measures(self) -> Measures | None:
        """What can be measured of the reference, whatever it holds."""
        if self.reference is None:
            return None
        return measure(self.reference, find_speech(self.reference.samples).spans)

    def _listener(self, profile: str | ListenerProfile | None) -> ListenerProfile:
        """A listener as this model answers for them; raises `ValueError` where it was not taught to."""
        return as_taught(get_profile(profile), self.model.config.profiles)

    def _asked_for(self, question: Question, listener: ListenerProfile) -> tuple[Question, ListenerProfile]:
        """The listener whose judgement a question wants: the one that it describes ("How would a strict expert rate
        it?", "What MOS would a lenient listener give?"), else who is asked; a question for one who is not known says so
        where it is about the listener.
        """
        who = question.listener or described_in(question.text)
        described = listener_called(who, self.model.config.profiles)
        if described is None:
            return question, listener
        if question.family != "listener":
            return question, described.profile if described.understood and self.speech_found else listener
        if not described.understood:
            return replace(question, asked=UNKNOWN_LISTENER), listener
        left_out = ", ".join(words.split(" (")[0] for words in described.ignored)
        return replace(question, asked=left_out), described.profile

    def _listen_as(self, profile: ListenerProfile) -> list[Heard]:
        """What is read of every window for a listener; faults are read with the typical one."""
        key = repr(profile)
        if key not in self._heard:
            faults = self.model.config.artifact_kinds if profile == TYPICAL else ()
            self._heard[key] = self._read(Reading.of(self._vocabulary, [profile], faults))
        return self._heard[key]

    def _read(self, reading: Reading) -> list[Heard]:
        """What a reading finds in every window."""
        if not self.speech_found:
            raise NoSpeechError(f"There is no speech in {self.clip.name or 'this clip'} to rate.")
        if len(self.spans) > 1:
            return read_tokens(self.model, reading, self.degraded, self.reference_tokens)
        with torch.inference_mode():
            hidden = self.model.continue_from(self._remember(0), reading.tree)
            logits = self.model.logits(hidden[reading.positions()])
        return [reading.read(logits, self._vocabulary, self.reference_tokens is not None)]

    def _remember(self, window: int) -> Any:
        if window not in self._memory:
            rows = slice(window, window + 1)
            reference = None if self.reference_tokens is None else self.reference_tokens[rows]
            with torch.inference_mode():
                self._memory = {window: self.model.remember(self.model.prefix(self.degraded[rows], reference))}
        return self._memory[window]

    def remember(self, profile: ListenerProfile, heard: list[Heard]) -> None:
        """Take over what was read of every window for a listener."""
        self._heard[repr(profile)] = heard

    def _weights(self) -> np.ndarray:
        """The share of each window: of the seconds that it adds, [windows]."""
        before = [0.0] + [end for _, end in self.spans]
        weights = np.array([end - max(start, heard) for (start, end), heard in zip(self.spans, before, strict=False)])
        return weights / weights.sum()

    def _aggregate(self, windows: Sequence[Score]) -> Score:
        """The mixture of the windows' distributions."""
        weighted = [w * score.probabilities for w, score in zip(self._weights(), windows, strict=True)]
        return Score.from_probabilities(np.sum(weighted, axis=0))


def describe_profile(profile: ListenerProfile) -> str:
    """A profile's name for output, with its note where it has one."""
    return f"{profile.name}: {profile.note}" if profile.note else profile.name
