"""`SpeechQualityLLM`: the judge that Python users, the command line and the page talk to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqllm.judge.compare import COMPARE_QUESTION, Preference, prefer
from sqllm.judge.hearing import Answer, Hearing
from sqllm.judge.listening import hear_many
from sqllm.judge.polling import ask_panel
from sqllm.listeners.mapping import ScaleMapping, check_fits
from sqllm.listeners.panel import Mix, Panel, SeatedPanel
from sqllm.listeners.profiles import ListenerProfile
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import Judgement
from sqllm.signal.audio import Clip, load_clip

Source = str | os.PathLike[str] | bytes | Clip


class SpeechQualityLLM:
    """A listening model that rates clips and answers questions about them.

    >>> judge = SpeechQualityLLM.from_pretrained()
    >>> judge.rate("clip.wav", reference="clean.wav").scores["mos"].mean
    """

    def __init__(self, model: SpeechQualityModel, name: dict[str, str], mapping: ScaleMapping | None = None) -> None:
        self.model, self.name, self.mapping = model, name, mapping

    @classmethod
    def from_pretrained(
        cls, source: str | os.PathLike[str] | None = None, device: str | None = None, quantize: str | None = None
    ) -> SpeechQualityLLM:
        """Load a checkpoint: the embedded default, a folder, or a Hub id.

        `device`: "cpu", "cuda" ...; by default a GPU where there is one. `quantize="nf4"` loads the LLM in 4
        bits, "bf16" in bfloat16: for large ones on a GPU; scores then move in their second decimal.
        Raises `sqllm.model.base_llm.CheckpointError` with a sentence when there is none, and `ValueError` with one when
        the device is not there.
        """
        from sqllm.model.base_llm import CheckpointError
        from sqllm.model.checkpoint import load_checkpoint

        model, name = load_checkpoint(source, device, quantize)
        if model.config.prompt != "audio-first":
            raise CheckpointError(
                f"{name['name']} was trained on the paper's prompt, the question first: measure it by "
                "train.evaluate ... paper=true, or train one with prompt=audio-first to rate with."
            )
        return cls(model, name)

    def with_mapping(self, mapping: ScaleMapping) -> SpeechQualityLLM:
        """The same judge, whose overall scores are on the scale of a listening test: `load_mapping("mapping.json")`, as
        `sqllm fit` writes it.

        Raises `ValueError` with a sentence where it was fitted to another model.
        """
        check_fits(mapping, mapping.profile, self.name.get("revision", ""))
        revision = f"{self.name['revision']}-{mapping.name}"
        return SpeechQualityLLM(self.model, self.name | {"revision": revision}, mapping)

    def listen(self, clip: Source, reference: Source | None = None) -> Hearing:
        """Decode and encode a clip (and its reference) once, for as many questions as wanted.

        Raises `sqllm.AudioError` with a sentence when a file can't be rated.
        """
        return self.listen_many([(clip, reference)])[0]

    def listen_many(self, pairs: Sequence[tuple[Source, Source | None]]) -> list[Hearing]:
        """`listen` for several clips with their references, encoded together."""
        clips = [(_as_clip(clip), None if reference is None else _as_clip(reference)) for clip, reference in pairs]
        return [replace(heard, mapping=self.mapping) for heard in hear_many(self.model, self.name, clips)]

    def rate(
        self,
        clip: Source | Hearing,
        reference: Source | None = None,
        profile: str | ListenerProfile | None = None,
        rationale: bool = True,
    ) -> Judgement:
        """The judgement of a listener (default: the typical one) on a clip or on what was listened to before."""
        return self._hearing(clip, reference).rate(profile, rationale)

    def ask(
        self,
        clip: Source | Hearing,
        question: str,
        reference: Source | None = None,
        profile: str | ListenerProfile | None = None,
    ) -> Answer:
        """The answer to a question about a clip, in the model's words."""
        return self._hearing(clip, reference).ask(question, profile)

    def compare(
        self,
        first: Source | Hearing,
        second: Source | Hearing,
        question: str = COMPARE_QUESTION,
        profile: str | ListenerProfile | None = None,
    ) -> Preference:
        """Which of two clips a listener prefers, by how much and why: clip A and clip B."""
        return prefer(self._hearing(first, None), self._hearing(second, None), question, profile)

    def panel(
        self,
        clip: Source | Hearing,
        reference: Source | None = None,
        listeners: int = 24,
        mix: Mix | Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> Panel:
        """The votes of a simulated panel: listeners drawn from a mix of profiles ({"typical": 0.7, "strict-expert":
        0.3}; default: `Mix.default` of what the model was taught), the same people for every clip that is asked about
        with the same seed.

        The clip is encoded once and every profile read once, all in one pass; the rest is arithmetic. Raises
        `ValueError` for fewer than two listeners or a mix that is none.
        """
        mixed = (
            mix if isinstance(mix, Mix) else Mix.of(mix) if mix is not None else Mix.default(self.model.config.profiles)
        )
        return ask_panel(self._hearing(clip, reference), SeatedPanel.drawn(mixed, listeners, seed))

    def _hearing(self, clip: Source | Hearing, reference: Source | None) -> Hearing:
        return clip if isinstance(clip, Hearing) else self.listen(clip, reference)


def _as_clip(source: Source) -> Clip:
    return source if isinstance(source, Clip) else load_clip(source)
