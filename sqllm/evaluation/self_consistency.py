"""Whether a judge agrees with itself: however it is asked, in whatever copy, and step by step as a clip gets worse."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.evaluation.degradation_ladders import Climb, climb_all
from sqllm.evaluation.score_parser import ParseError, parse_score
from sqllm.features.read_pair import read_alone
from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.judge.readout import Reading, Vocabulary, add_score_block, read_tokens
from sqllm.listeners.habits import Habits
from sqllm.listeners.profiles import TYPICAL
from sqllm.model.encoders.base import pad_batch
from sqllm.model.prompt_tree import ROOT, PromptTree
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import DIMENSIONS, Score
from sqllm.signal.audio import SAMPLE_RATE, WINDOW_SECONDS, Clip, load_clip
from sqllm.signal.changes import unchanged
from sqllm.signal.decode import decode_here
from sqllm.words.questions import QUESTIONS, RATIONALE_QUESTION, SCORE_BLOCKS, SCORE_REQUESTS

# Ways to ask for the scores that no training knows; `SCORE_REQUESTS[0]` is the one that reads.
UNSEEN_REQUESTS = (
    "Assess how this sounds.",
    "Tell me how good this audio is.",
    "Evaluate what you just heard.",
    "What marks does this speech deserve?",
    "Act as a listening panel and grade the sample.",
    "Could you grade the sound of this file?",
    "I would like your opinion scores for this audio.",
    "Fill in the rating form for what you heard.",
)
MOS_QUESTION = QUESTIONS["mos-numeric"][0]
COPY_RATE = 48_000
OPUS_BIT_RATE, MP3_BIT_RATE = 128_000, 256_000
SHIFT_SECONDS = 0.05
BATCH = 8

Wave = np.ndarray


@dataclass(frozen=True)
class Gap:
    """Absolute differences of scores: their mean, the largest, and how many there are."""

    mean: float
    largest: float
    count: int

    @classmethod
    def of(cls, differences: np.ndarray) -> Gap:
        size = np.abs(np.asarray(differences, dtype=float)).ravel()
        return cls(float(size.mean()), float(size.max()), size.size) if size.size else cls(np.nan, np.nan, 0)

    def __str__(self) -> str:
        return f"{self.mean:.3f} (largest {self.largest:.3f})" if self.count else "-"


@dataclass(frozen=True)
class Consistency:
    """What was found on `clips` clips and their `references`, each counted once.

    `asked`: the MOS of one pass of five scores against the MOS asked for in another way, by way. `wordings`: the five
    scores asked for in unseen wordings against the canonical one, by wording. `copies`: the five scores of copies that
    sound the same against the clip's, by copy. `own_reference`: mean MOS of references beside themselves, and the
    lowest, None without references. `ladders`: the MOS on ladders of one degradation, from clean references.
    """

    clips: int
    references: int
    asked: Mapping[str, Gap]
    wordings: Mapping[str, Gap]
    copies: Mapping[str, Gap]
    own_reference: tuple[float, float] | None
    ladders: Sequence[Climb]

    def lines(self) -> list[str]:
        """The figures as a Markdown list."""
        worst = max(self.wordings, key=lambda wording: self.wordings[wording].mean)
        mean = np.mean([gap.mean for gap in self.wordings.values()])
        asked = "; ".join(f"{way} {gap}" for way, gap in self.asked.items())
        copies = "; ".join(f"{name} {gap}" for name, gap in self.copies.items())
        largest = max(gap.largest for gap in self.wordings.values())
        lines = [
            f"\n#### Consistency on {self.clips} clips and {self.references} references\n",
            f"- MOS of the five-score pass, mean difference to: {asked}.",
            f"- Scores asked for in {len(self.wordings)} unseen wordings, mean difference: {mean:.3f} (largest "
            f'{largest:.3f}); the worst on average is "{worst}" with {self.wordings[worst].mean:.3f}.',
            f"- Scores of copies, mean difference: {copies}.",
        ]
        if self.own_reference:
            lines.append("- Reference as its own degraded clip: MOS {:.2f}, lowest {:.2f}.".format(*self.own_reference))
        return [*lines, *(climb.line() for climb in self.ladders)]


def measure_consistency(judge: SpeechQualityLLM, clips: Sequence[CorpusClip]) -> Consistency:
    """Measure on some clips; those with a reference show what needs a clean one. With progress bars."""
    waves = [read_alone(clip.degraded, clip.level_of) for clip in clips]
    references = {clip.reference: clip.level_of for clip in clips if clip.reference}
    clean = [read_alone(reference, level_of) for reference, level_of in references.items()]
    return Consistency(
        len(clips),
        len(clean),
        compare_ways_of_asking(judge, waves),
        compare_wordings(judge.model, waves),
        compare_copies(judge.model, waves),
        _own_reference(judge.model, clean) if clean else None,
        climb_all(clean, lambda rungs: score_waves(judge.model, rungs)[:, 0]),
    )


def score_waves(
    model: SpeechQualityModel, waves: Sequence[Wave], reading: Reading | None = None, paired: bool = False
) -> np.ndarray:
    """Means of the five scores of waves of up to 10 s: [waves, 5], or [waves, 5 listeners' scores ...] of a reading.

    `paired` takes each wave for its own reference too.
    """
    reading = reading or Reading.of(Vocabulary.of(model), [TYPICAL])
    rows: list[list[float]] = []
    for start in range(0, len(waves), BATCH):
        with torch.inference_mode():
            tokens = model.audio_tokens(*pad_batch(list(waves[start : start + BATCH])))
        for heard in read_tokens(model, reading, tokens, unchanged(tokens) if paired else None, BATCH):
            rows.append([score.mean for scores in heard.scores for score in scores.values()])
    return np.array(rows)


def compare_ways_of_asking(judge: SpeechQualityLLM, waves: Sequence[Wave]) -> dict[str, Gap]:
    """The MOS of the five-score pass against: its block alone, a question answered in words, and the explanation."""
    from tqdm import tqdm

    vocabulary = Vocabulary.of(judge.model)
    mos_alone = request_reading(vocabulary, SCORE_REQUESTS[:1], DIMENSIONS[:1])
    together, alone = score_waves(judge.model, waves)[:, 0], score_waves(judge.model, waves, mos_alone)[:, 0]
    said: dict[str, list[float]] = {"a question about the MOS": [], "the explanation": []}
    for wave in tqdm(waves, desc="asking", unit="clip"):
        heard = judge.listen(Clip(wave))
        for way, question in zip(said, (MOS_QUESTION, RATIONALE_QUESTION), strict=True):
            said[way] += _gap_of_text(heard, question)
    ways = {f"{way} ({len(gaps)} of {len(waves)} parsed)": Gap.of(np.array(gaps)) for way, gaps in said.items()}
    return {"the MOS alone": Gap.of(alone - together)} | ways


def _gap_of_text(heard: Hearing, question: str) -> list[float]:
    """What a text answer's MOS is off from the MOS that is read, one number; none where it states no MOS, or without
    speech.
    """
    if not heard.speech_found:
        return []
    read: Score = heard.scores()["mos"]
    try:
        return [parse_score(heard.ask(question).text, "mos") - read.mean]
    except ParseError:
        return []


def request_reading(vocabulary: Vocabulary, requests: Sequence[str], dimensions: Sequence[str] = DIMENSIONS) -> Reading:
    """A reading that asks the typical listener for scores in several wordings: one `scores` entry a wording."""
    tree, asked = PromptTree(), []
    for request in requests:
        stem = tree.add(vocabulary.stem(request), ROOT)
        asked.append({d: add_score_block(tree, vocabulary, stem, SCORE_BLOCKS[d][0]) for d in dimensions})
    return Reading(tree, tuple(asked), {}, (Habits(),) * len(asked))


def compare_wordings(model: SpeechQualityModel, waves: Sequence[Wave]) -> dict[str, Gap]:
    """The five scores asked for in unseen wordings against the canonical one, by wording."""
    reading = request_reading(Vocabulary.of(model), (SCORE_REQUESTS[0], *UNSEEN_REQUESTS))
    scores = score_waves(model, waves, reading).reshape(len(waves), -1, len(DIMENSIONS))  # [clips, wordings, 5]
    return {name: Gap.of(scores[:, 1 + i] - scores[:, 0]) for i, name in enumerate(UNSEEN_REQUESTS)}


def compare_copies(model: SpeechQualityModel, waves: Sequence[Wave]) -> dict[str, Gap]:
    """The five scores of copies that sound the same against the clip's, by copy."""
    from tqdm import tqdm

    original = score_waves(model, waves)
    return {
        name: Gap.of(score_waves(model, [copy(wave) for wave in waves]) - original)
        for name, copy in tqdm(COPIES.items(), desc="copies", unit="copy")
    }


def _own_reference(model: SpeechQualityModel, clean: Sequence[Wave]) -> tuple[float, float]:
    mos = score_waves(model, clean, paired=True)[:, 0]
    return float(mos.mean()), float(mos.min())


def _at_copy_rate(wave: Wave) -> Wave:
    import soxr

    return np.asarray(soxr.resample(wave, SAMPLE_RATE, COPY_RATE, quality="VHQ"), np.float32)


def _resampled(wave: Wave) -> Wave:
    """A 48 kHz copy in floating point, as a WAV file that is read again."""
    return _by_soundfile(_at_copy_rate(wave), COPY_RATE, "WAV", "FLOAT")


def _flac(wave: Wave) -> Wave:
    """A copy in 16-bit FLAC, 16 kHz."""
    return _by_soundfile(np.clip(wave, -1, 1), SAMPLE_RATE, "FLAC", "PCM_16")


def _by_soundfile(wave: Wave, rate: int, container: str, subtype: str) -> Wave:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=container, subtype=subtype)
    return load_clip(file.getvalue(), decode=decode_here).samples


def _encoded(wave: Wave, encoder: str, container: str, bit_rate: int) -> Wave:
    """A 48 kHz copy by a lossy codec of PyAV, in its file format, read again and cut to the clip's length."""
    import av

    file = io.BytesIO()
    samples = np.clip(_at_copy_rate(wave), -1, 32767 / 32768)
    with av.open(file, "w", format=container) as writer:
        stream: Any = writer.add_stream(encoder, rate=COPY_RATE, layout="mono", bit_rate=bit_rate)
        resampler = av.AudioResampler(stream.format, "mono", COPY_RATE, stream.frame_size or None)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = COPY_RATE, 0
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            writer.mux(stream.encode(piece))
        writer.mux(stream.encode(None))
    return load_clip(file.getvalue(), decode=decode_here).samples[: len(wave)]


def _opus(wave: Wave) -> Wave:
    return _encoded(wave, "libopus", "ogg", OPUS_BIT_RATE)


def _mp3(wave: Wave) -> Wave:
    return _encoded(wave, "libmp3lame", "mp3", MP3_BIT_RATE)


def _begun_later(wave: Wave) -> Wave:
    """The recording begins 50 ms later."""
    return wave[round(SHIFT_SECONDS * SAMPLE_RATE) :]


def _behind_silence(wave: Wave) -> Wave:
    """50 ms later, behind digital silence, no longer than a window."""
    return np.pad(wave, (round(SHIFT_SECONDS * SAMPLE_RATE), 0))[: round(WINDOW_SECONDS * SAMPLE_RATE)]


COPIES: Mapping[str, Callable[[Wave], Wave]] = {
    "48 kHz": _resampled,
    "FLAC": _flac,
    "Opus 128 kbit/s": _opus,
    "MP3 256 kbit/s": _mp3,
    "begun 50 ms later": _begun_later,
    "behind 50 ms of silence": _behind_silence,
}
